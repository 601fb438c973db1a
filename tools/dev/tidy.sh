#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Runs clang-tidy (.clang-tidy) over lpc's sources with the compile commands of a build.
#
# usage: tools/dev/tidy.sh [--build build/release] [files...]      default: every source that the build compiles
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=build/release
if [ "${1:-}" = --build ]; then
  build=$2
  shift 2
fi
if [ ! -f "$build/compile_commands.json" ]; then
  echo "error: there is no $build/compile_commands.json: configure and build first, headers are generated there" >&2
  exit 2
fi
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(git ls-files 'runtime/*.cpp' 'lib/*.cpp' 'dialects/*.cpp' 'tools/*.cpp')
status=0
for file in "${files[@]}"; do
  "$(llvm-config-22 --bindir)/clang-tidy" -p "$build" --quiet --warnings-as-errors='*' "$file" 2>/dev/null || status=1
done
exit $status
