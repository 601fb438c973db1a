#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Formats lpc's C and C++ files. With --check: changes nothing, lists what is not formatted, exit code 1 if anything is.
#
# usage: tools/dev/format.sh [--check] [files...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

mode=(-i)
if [ "${1:-}" = --check ]; then
  mode=(--dry-run -Werror)
  shift
fi
if [ $# -gt 0 ]; then
  files=("$@")
else
  mapfile -t files < <(git ls-files -co --exclude-standard '*.h' '*.cpp' '*.c')
fi
[ ${#files[@]} -eq 0 ] || exec "$(llvm-config-22 --bindir)/clang-format" "${mode[@]}" "${files[@]}"
