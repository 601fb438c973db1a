// RUN: lpc-opt %s --lpc-prove-accumulators -verify-diagnostics
// A stated width that the sums exceed is an error that gives the bound.

func.func @too_narrow(%x: tensor<?x64x!lp.int8>, %w: tensor<64x10x!lp.int8>) -> tensor<?x10xf32> {
  // expected-error @below {{the accumulator needs 22 bits for sums in [-1040384, 1048576], but has 16: use narrower formats or smaller groups}}
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<16>>} : (tensor<?x64x!lp.int8>, tensor<64x10x!lp.int8>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}
