// RUN: split-file %s %t
// RUN: not %build_dir/unit/lpc-eval %t/gather.mlir 2>&1 | FileCheck %s --check-prefix=GATHER
// RUN: not %build_dir/unit/lpc-eval %t/hidden-one.mlir 2>&1 | FileCheck %s --check-prefix=ONE
// RUN: not %build_dir/unit/lpc-eval %t/overflow.mlir 2>&1 | FileCheck %s --check-prefix=OVERFLOW
// RUN: not %build_dir/unit/lpc-eval %t/unknown.mlir 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not %build_dir/unit/lpc-eval %t/inputs.mlir 2>&1 | FileCheck %s --check-prefix=INPUTS
// RUN: not %build_dir/unit/lpc-eval %t/assert.mlir 2>&1 | FileCheck %s --check-prefix=ASSERT

//--- gather.mlir
// GATHER: error: 'nn.gather' op index 4 is outside of axis 0, which has size 2
func.func @main() -> tensor<1xf32> {
  %x = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %i = nn.constant dense<4> : tensor<1xi64>
  %y = nn.gather %x, %i {axis = 0} : (tensor<2xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

//--- hidden-one.mlir
// ONE: error: 'nn.binary' op an operand has size 1 in dimension 0, unknown in its type, where another has 2; nn.broadcast is needed
func.func @main() -> tensor<2xf32> {
  %x = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %o = nn.constant dense<[1.0]> : tensor<1xf32>
  %d = tensor.cast %o : tensor<1xf32> to tensor<?xf32>
  %y = nn.binary add %x, %d : (tensor<2xf32>, tensor<?xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

//--- overflow.mlir
// OVERFLOW: error: 'lp.matmul' op a sum does not fit the 8-bit accumulator, so that the proof of its width was wrong
func.func @main() -> tensor<1x1xf32> {
  %x = nn.constant dense<100.0> : tensor<1x2xf32>
  %w = nn.constant dense<1.0> : tensor<2x1xf32>
  %s = nn.constant dense<1.0> : tensor<1x1xf32>
  %a = lp.quantize %x scales(%s) {scale = #lp.scale<[*, *]>} : tensor<1x2xf32>, (tensor<1x1xf32>) -> tensor<1x2x!lp.int8>
  %b = lp.quantize %w scales(%s) {scale = #lp.scale<[*, *]>} : tensor<2x1xf32>, (tensor<1x1xf32>) -> tensor<2x1x!lp.int8>
  %y = lp.matmul %a, %b {accumulator = #lp.acc<int<8>>} : (tensor<1x2x!lp.int8>, tensor<2x1x!lp.int8>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

//--- unknown.mlir
// UNKNOWN: error: 'arith.mului_extended' op the evaluator does not know this operation
func.func @main() -> i32 {
  %a = arith.constant 3 : i32
  %l, %h = arith.mului_extended %a, %a : i32
  return %h : i32
}

//--- inputs.mlir
// INPUTS: error: 'func.func' op takes 1 inputs, but got 0
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}

//--- assert.mlir
// ASSERT: error: 'cf.assert' op failed: sizes differ
func.func @main() {
  %false = arith.constant false
  cf.assert %false, "sizes differ"
  return
}
