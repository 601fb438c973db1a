#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compares docs/generated with what the build generates from TableGen, docs/Pipelines.md with the pipelines in the code,
# and the tables of docs/Formats.md with what `lpc formats` prints. With --update: copies what is made there.
#
# usage: tools/dev/check_docs.sh [--update] [build folder, default build/release]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

update=no
if [ "${1:-}" = --update ]; then
  update=yes
  shift
fi
dir=${1:-build/release}
ninja -C "$dir" lpc-docs >/dev/null
made=$dir/docs/generated
pipelines=$dir/docs/Pipelines.md
tools/dev/gen_pipelines.py "$dir/bin/lpc-opt" "$pipelines"
formats=$dir/docs/Formats.md
tools/dev/gen_formats.py "$dir/bin/lpc" docs/Formats.md "$formats"

if [ "$update" = yes ]; then
  rm -rf docs/generated
  cp -R "$made" docs/generated
  cp "$pipelines" docs/Pipelines.md
  cp "$formats" docs/Formats.md
  exit 0
fi
if ! diff -r -q docs/generated "$made" >&2 || ! diff -q docs/Pipelines.md "$pipelines" >&2 ||
  ! diff docs/Formats.md "$formats" >&2; then
  echo "check_docs: docs/generated, docs/Pipelines.md or docs/Formats.md is not what the build makes; run tools/dev/check_docs.sh --update $dir" >&2
  exit 1
fi
