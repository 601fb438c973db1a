// RUN: lpc-opt %s --lpc-fold-constants --split-input-file | FileCheck %s
// RUN: lpc-opt %s --lpc-fold-constants=max-bytes=100 --split-input-file | FileCheck %s --check-prefix=SMALL

// A chain becomes one constant; nothing of it stays.
// CHECK-LABEL: @chain
// CHECK-NEXT: %[[C:.*]] = nn.constant dense<{{.*}}3.000000e+00, 5.000000e+00
// CHECK-NEXT: nn.binary add %arg0, %[[C]]
// CHECK-NEXT: return
func.func @chain(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %b = nn.binary add %a, %a : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %c = nn.binary add %b, %one : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %y = nn.binary add %x, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// Results above 64 bytes are blobs with the name of the operation; a splat stays dense.
// CHECK-LABEL: @blob
// CHECK-DAG: nn.constant dense_resource<table> : tensor<20xf32>
// CHECK-DAG: nn.constant dense<2.000000e+00> : tensor<40xf32>
func.func @blob() -> (tensor<20xf32>, tensor<40xf32>) {
  %i = nn.iota {axis = 0 : i64} : tensor<20xf32>
  %h = nn.constant dense<0.5> : tensor<f32>
  %r = nn.binary mul %i, %h : (tensor<20xf32>, tensor<f32>) -> tensor<20xf32> loc("table")
  %a = nn.constant dense<1.0> : tensor<40xf32>
  %s = nn.binary add %a, %a : (tensor<40xf32>, tensor<40xf32>) -> tensor<40xf32>
  return %r, %s : tensor<20xf32>, tensor<40xf32>
}

// -----

// The quantized weight stays quantized; quantizing a constant makes codes.
// CHECK-LABEL: @weight
// CHECK: %[[S:.*]] = nn.constant
// CHECK: %[[W:.*]] = lp.constant dense_resource<w> : tensor<2x2x!lp.int4>
// CHECK: lp.dequantize %[[W]] scales(%[[S]])
func.func @weight() -> tensor<2x2xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [3.0, -4.0]]> : tensor<2x2xf32>
  %s = nn.constant dense<1.0> : tensor<1x1xf32>
  %q = lp.quantize %w scales(%s) {scale = #lp.scale<[*, *]>} : tensor<2x2xf32>, (tensor<1x1xf32>) -> tensor<2x2x!lp.int4> loc("w")
  %d = lp.dequantize %q scales(%s) {scale = #lp.scale<[*, *]>} : tensor<2x2x!lp.int4>, (tensor<1x1xf32>) -> tensor<2x2xf32>
  return %d : tensor<2x2xf32>
}
// CHECK: w: "0x4000000021C3"

// -----

// Large results that grow stay; operations on values from outside, too.
// SMALL-LABEL: @growth
// SMALL: nn.broadcast
// SMALL: nn.iota
// CHECK-LABEL: @growth
// CHECK-NOT: nn.broadcast
// CHECK: return
func.func @growth() -> (tensor<8x8xf32>, tensor<64xf32>) {
  %a = nn.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]> : tensor<1x8xf32>
  %b = nn.broadcast %a : tensor<1x8xf32> -> tensor<8x8xf32>
  %i = nn.iota {axis = 0 : i64} : tensor<64xf32>
  return %b, %i : tensor<8x8xf32>, tensor<64xf32>
}

// -----

// Every kind of element: i1, ui8, f8, index; scalars become arith constants.
// CHECK-LABEL: @types
// CHECK-DAG: arith.constant 6 : index
// CHECK-DAG: nn.constant dense<[true, false]> : tensor<2xi1>
// CHECK-DAG: nn.constant dense<[255, 0]> : tensor<2xui8>
// CHECK-DAG: nn.constant dense<[1.000000e+00, 4.480000e+02]> : tensor<2xf8E4M3FN>
func.func @types() -> (index, tensor<2xi1>, tensor<2xui8>, tensor<2xf8E4M3FN>) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %n = arith.muli %c2, %c3 : index
  %a = nn.constant dense<[1.0, 5000.0]> : tensor<2xf32>
  %b = nn.constant dense<[1.0, 0.0]> : tensor<2xf32>
  %eq = nn.compare eq %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
  %i = nn.constant dense<[-1, 0]> : tensor<2xi32>
  %u = nn.cast %i : (tensor<2xi32>) -> tensor<2xui8>
  %f = nn.cast %a : (tensor<2xf32>) -> tensor<2xf8E4M3FN>
  return %n, %eq, %u, %f : index, tensor<2xi1>, tensor<2xui8>, tensor<2xf8E4M3FN>
}

// -----

// What fails at run time is left to fail there; regions are visited.
// CHECK-LABEL: @regions
// CHECK: scf.if
// CHECK: nn.gather
// CHECK: %[[C:.*]] = nn.constant dense<3.000000e+00> : tensor<1xf32>
// CHECK: scf.yield %[[C]]
func.func @regions(%p: i1) -> tensor<1xf32> {
  %x = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %i = nn.constant dense<4> : tensor<1xi64>
  %one = nn.constant dense<1.0> : tensor<1xf32>
  %r = scf.if %p -> tensor<1xf32> {
    %y = nn.gather %x, %i {axis = 0} : (tensor<2xf32>, tensor<1xi64>) -> tensor<1xf32>
    scf.yield %y : tensor<1xf32>
  } else {
    %two = nn.binary add %one, %one : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    %three = nn.binary add %two, %one : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    scf.yield %three : tensor<1xf32>
  }
  return %r : tensor<1xf32>
}

// -----

// A repeated value counts as one element, and is not unfolded without limit: the sum of 2^38 ones is left to the program.
// CHECK-LABEL: @repeated
// CHECK: nn.binary add
// CHECK: nn.reduce
func.func @repeated() -> (tensor<1048576xf32>, tensor<f32>) {
  %a = nn.constant dense<1.0> : tensor<1048576xf32>
  %0 = nn.binary add %a, %a : (tensor<1048576xf32>, tensor<1048576xf32>) -> tensor<1048576xf32>
  %b = nn.constant dense<1.0> : tensor<274877906944xf32>
  %1 = nn.reduce sum %b {axes = array<i64: 0>} : (tensor<274877906944xf32>) -> tensor<f32>
  return %0, %1 : tensor<1048576xf32>, tensor<f32>
}

// -----

// CHECK-LABEL: func.func @rotation
// CHECK-NEXT: nn.constant dense<{{\[\[}}5.000000e+00, -1.000000e+00, -2.000000e+00, 0.000000e+00], [5.000000e-01, 5.000000e-01, 5.000000e-01, 5.000000e-01]]>
// CHECK-NEXT: return
func.func @rotation() -> tensor<2x4xf32> {
  %x = nn.constant dense<[[1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32>
  %y = nn.rotate %x {axis = 1, order = 4} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
