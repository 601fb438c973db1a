#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compares docs/generated with what the build generates from TableGen, and docs/Pipelines.md with the pipelines in the
# code. With --update: copies what is made there.
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

if [ "$update" = yes ]; then
  rm -rf docs/generated
  cp -R "$made" docs/generated
  cp "$pipelines" docs/Pipelines.md
  exit 0
fi
if ! diff -r -q docs/generated "$made" >&2 || ! diff -q docs/Pipelines.md "$pipelines" >&2; then
  echo "check_docs: docs/generated or docs/Pipelines.md is not what the build makes; run tools/dev/check_docs.sh --update $dir" >&2
  exit 1
fi
