// RUN: lpc-opt %s --lpc-lower-to-integer --split-input-file | FileCheck %s
// dequantize, op, quantize as operations on integers.

// The bias is in units of the product; ReLU6 is a limit of the rescale: 6 / 0.05.
// CHECK-LABEL: func.func @linear
// CHECK-NOT: dequantize
// CHECK: %[[A:.*]] = lp.matmul %arg0, %{{.*}} {accumulator = #lp.acc<int<11>>} : (tensor<?x2x!lp.int8>, tensor<2x2x!lp.int8>) -> tensor<?x2xi32>
// CHECK: %[[B:.*]] = nn.constant dense<{{\[\[}}40, -40]]> : tensor<1x2xi32>
// CHECK: %[[S:.*]] = nn.binary add %[[A]], %[[B]]
// CHECK: lp.rescale %[[S]], %{{.*}}, %{{.*}} {hi = 120 : i64, lo = 0 : i64} : (tensor<?x2xi32>, tensor<1x1xi32>, tensor<1x1xi8>) -> tensor<?x2x!lp.int8>
func.func @linear(%q: tensor<?x2x!lp.int8>) -> tensor<?x2x!lp.int8> {
  %xs = nn.constant dense<0.05> : tensor<1x1xf32>
  %ws = nn.constant dense<0.05> : tensor<1x1xf32>
  %b = nn.constant dense<[0.1, -0.1]> : tensor<2xf32>
  %x = lp.dequantize %q scales(%xs) {scale = #lp.scale<[*, *]>} : tensor<?x2x!lp.int8>, (tensor<1x1xf32>) -> tensor<?x2xf32>
  %c = lp.constant dense_resource<w> : tensor<2x2x!lp.int8>
  %w = lp.dequantize %c scales(%ws) {scale = #lp.scale<[*, *]>} : tensor<2x2x!lp.int8>, (tensor<1x1xf32>) -> tensor<2x2xf32>
  %m = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %a = nn.binary add %m, %b : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %r = nn.clamp %a {lo = 0.0 : f64, hi = 6.0 : f64} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = lp.quantize %r scales(%xs) {scale = #lp.scale<[*, *]>} : tensor<?x2xf32>, (tensor<1x1xf32>) -> tensor<?x2x!lp.int8>
  return %y : tensor<?x2x!lp.int8>
}

{-# dialect_resources: { builtin: { w: "0x0100000001020304" } } #-}

// -----

// The zero point of the activations against constant weights: -3 times the sums of columns, 4 and 6.
// CHECK-LABEL: func.func @zero_point
// CHECK: %[[A:.*]] = lp.matmul %arg0, %{{.*}} {accumulator = #lp.acc<int<12>>}
// CHECK: %[[W:.*]] = nn.cast %[[A]]
// CHECK: %[[Z:.*]] = nn.constant dense<[-12, -18]> : tensor<2xi64>
// CHECK: nn.binary add %[[W]], %[[Z]]
func.func @zero_point(%q: tensor<?x2x!lp.uint8>) -> tensor<?x2x!lp.int8> {
  %s = nn.constant dense<0.05> : tensor<1x1xf32>
  %z = lp.constant dense_resource<z> : tensor<1x1x!lp.uint8>
  %x = lp.dequantize %q scales(%s) zero_point(%z : tensor<1x1x!lp.uint8>) {scale = #lp.scale<[*, *]>} : tensor<?x2x!lp.uint8>, (tensor<1x1xf32>) -> tensor<?x2xf32>
  %c = lp.constant dense_resource<w> : tensor<2x2x!lp.int8>
  %w = lp.dequantize %c scales(%s) {scale = #lp.scale<[*, *]>} : tensor<2x2x!lp.int8>, (tensor<1x1xf32>) -> tensor<2x2xf32>
  %m = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %y = lp.quantize %m scales(%s) {scale = #lp.scale<[*, *]>} : tensor<?x2xf32>, (tensor<1x1xf32>) -> tensor<?x2x!lp.int8>
  return %y : tensor<?x2x!lp.int8>
}

{-# dialect_resources: { builtin: { w: "0x0100000001020304", z: "0x0100000003" } } #-}

// -----

// Two scales meet in a third with one rounding; movement of equal scales is movement of codes; a function is a table.
// CHECK-LABEL: func.func @others
// CHECK: %[[T:.*]] = nn.transpose %arg0 {{.*}} : (tensor<2x3x!lp.int8>) -> tensor<3x2x!lp.int8>
// CHECK-DAG: %[[I:.*]] = lp.to_integer %[[T]]
// CHECK-DAG: %[[J:.*]] = lp.to_integer %arg1
// CHECK: nn.binary mul
// CHECK: nn.binary mul
// CHECK: %[[S:.*]] = nn.binary add
// CHECK: %[[R:.*]] = lp.rescale %[[S]]
// CHECK: lp.lookup %[[R]] table(%{{.*}} : tensor<256x!lp.int8>)
func.func @others(%p: tensor<2x3x!lp.int8>, %q: tensor<3x2x!lp.int8>) -> tensor<3x2x!lp.int8> {
  %s = nn.constant dense<0.05> : tensor<1x1xf32>
  %t = nn.constant dense<0.07> : tensor<1x1xf32>
  %x = lp.dequantize %p scales(%s) {scale = #lp.scale<[*, *]>} : tensor<2x3x!lp.int8>, (tensor<1x1xf32>) -> tensor<2x3xf32>
  %a = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %qa = lp.quantize %a scales(%s) {scale = #lp.scale<[*, *]>} : tensor<3x2xf32>, (tensor<1x1xf32>) -> tensor<3x2x!lp.int8>
  %b = lp.dequantize %qa scales(%s) {scale = #lp.scale<[*, *]>} : tensor<3x2x!lp.int8>, (tensor<1x1xf32>) -> tensor<3x2xf32>
  %c = lp.dequantize %q scales(%t) {scale = #lp.scale<[*, *]>} : tensor<3x2x!lp.int8>, (tensor<1x1xf32>) -> tensor<3x2xf32>
  %d = nn.binary add %b, %c : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %qd = lp.quantize %d scales(%t) {scale = #lp.scale<[*, *]>} : tensor<3x2xf32>, (tensor<1x1xf32>) -> tensor<3x2x!lp.int8>
  %e = lp.dequantize %qd scales(%t) {scale = #lp.scale<[*, *]>} : tensor<3x2x!lp.int8>, (tensor<1x1xf32>) -> tensor<3x2xf32>
  %f = nn.unary gelu %e : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %y = lp.quantize %f scales(%s) {scale = #lp.scale<[*, *]>} : tensor<3x2xf32>, (tensor<1x1xf32>) -> tensor<3x2x!lp.int8>
  return %y : tensor<3x2x!lp.int8>
}
