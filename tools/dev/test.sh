#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Sets up, builds and runs every test of lpc: unit tests and oracle tests (ctest), lit, the layout and documentation
# checks, and ONNX's node tests. All of them run even if one fails; the exit code is 1 if any failed.
#
# usage: tools/dev/test.sh [--preset release|dev|asan-ubsan] [--no-conformance]
# LPC_REQUIRE_SHARED=1: a test that would be skipped because the shared models are missing is a failure.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

preset=release
conformance=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --preset) preset=${2:?--preset needs a name}; shift 2 ;;
    --no-conformance) conformance=no; shift ;;
    -h|--help) sed -n '3,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test.sh: unknown argument '$1' (try --help)" >&2; exit 2 ;;
  esac
done

start=$SECONDS
tools/dev/setup.sh --preset "$preset" || exit 1
dir=build/$preset
jobs=$(nproc)
failed=()
lines=()

# step <name> <regular expression of its closing lines> <command...>
step() {
  local name=$1 closing=$2 log=$dir/test-logs/$1.log began=$SECONDS
  shift 2
  mkdir -p "$dir/test-logs"
  echo "== $name"
  if "$@" 2>&1 | tee "$log"; then
    lines+=("$name: ok, $((SECONDS - began)) s")
  else
    failed+=("$name")
    lines+=("$name: FAILED, $((SECONDS - began)) s")
  fi
  while read -r line; do lines+=("    $line"); done < <(grep -E "$closing" "$log")
}

# A unit test that needs the shared models skips itself when they are missing; the log of ctest shows it.
unit_tests() {
  ctest --test-dir "$dir" -j "$jobs" --output-on-failure || return 1
  [ "${LPC_REQUIRE_SHARED:-}" = 1 ] || return 0
  if grep -E '\[  SKIPPED \]' "$dir/Testing/Temporary/LastTest.log"; then
    echo "ctest: tests were skipped although LPC_REQUIRE_SHARED is set"
    return 1
  fi
}

lit_tests() {
  "$(llvm-config-22 --bindir)/lit" -sv -j "$jobs" "$dir/test"
}

step layout 'check_layout:' python3 tools/dev/check_layout.py
step docs 'check_docs:' tools/dev/check_docs.sh "$dir"
step ctest 'tests passed' unit_tests
step lit '^ *(Passed|Failed|Unsupported|Unresolved|Expectedly Failed|Unexpectedly Passed|Total Discovered Tests) *:' lit_tests
if [ "$conformance" = yes ]; then
  step conformance '[0-9]+ passed, [0-9]+ failed|quantization cases' \
    .venv/bin/python test/conformance/run_onnx_node_tests.py --lpc "$dir/bin/lpc" --jobs "$jobs"
fi

echo
echo "== summary ($((SECONDS - start)) s)"
printf '%s\n' "${lines[@]}"
if [ ${#failed[@]} -gt 0 ]; then
  echo "FAILED: ${failed[*]}"
  exit 1
fi
echo "all tests passed"
