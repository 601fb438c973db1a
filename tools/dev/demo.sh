#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Sets up and builds lpc, compiles the digits network in float and in int8, runs both on the 540 test images, and prints
# accuracy, size and time side by side.
#
# usage: tools/dev/demo.sh [--preset release|dev|asan-ubsan]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

preset=release
if [ "${1:-}" = --preset ]; then
  preset=${2:?--preset needs a name}
elif [ $# -gt 0 ]; then
  sed -n '3,6s/^# \{0,1\}//p' "$0"
  exit 2
fi

tools/dev/setup.sh --preset "$preset"
lpc=build/$preset/bin/lpc
out=build/$preset/demo
model=examples/digits/digits_resnet.onnx
data=examples/digits/digits.npz
mkdir -p "$out"

run() {
  echo "\$ $*" >&2
  "$@"
}

# seconds <file for stdout> <command...>: wall-clock seconds of the command.
seconds() {
  local to=$1 began ended
  shift
  began=$(date +%s%N)
  run "$@" >"$to"
  ended=$(date +%s%N)
  awk -v ns=$((ended - began)) 'BEGIN { printf "%.2f", ns / 1e9 }'
}

declare -A compile_s eval_s accuracy bytes
for kind in float int8; do
  flags=()
  if [ $kind = int8 ]; then
    flags=(--weights int8/channel --activations int8 --calib "$data:x=calib_x")
  fi
  compile_s[$kind]=$(seconds "$out/compile-$kind.log" "$lpc" compile "$model" "${flags[@]}" -o "$out/$kind.so")
  eval_s[$kind]=$(seconds "$out/eval-$kind.log" \
    "$lpc" eval "$out/$kind.so" --data "$data" --input x=test_x --labels test_y)
  accuracy[$kind]=$(sed -n 's/.*accuracy \([0-9.]* %\).*/\1/p' "$out/eval-$kind.log")
  bytes[$kind]=$(stat -c %s "$out/$kind.so")
done

row() { printf '%-26s %14s %14s\n' "$@"; }
echo
row "digits_resnet, 540 images" float int8
row accuracy "${accuracy[float]}" "${accuracy[int8]}"
row "size of the .so (bytes)" "${bytes[float]}" "${bytes[int8]}"
row "time to compile (s)" "${compile_s[float]}" "${compile_s[int8]}"
row "time to evaluate (s)" "${eval_s[float]}" "${eval_s[int8]}"
echo
echo "The compiled models are $out/float.so and $out/int8.so."
