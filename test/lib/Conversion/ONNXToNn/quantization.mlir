// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear, QLinear* and *Integer.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// Per tensor. A zero point that is zero is dropped.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x4xf32>
// CHECK: %[[S2:.*]] = nn.constant dense<5.000000e-01> : tensor<1x1xf32>
// CHECK: %[[Q:.*]] = lp.quantize %[[X]] scales(%[[S2]]) {scale = #lp.scale<[*, *]>} : tensor<?x4xf32>, (tensor<1x1xf32>) -> tensor<?x4x!lp.int8>
// CHECK: %[[C:.*]] = lp.bitcast %[[Q]] : tensor<?x4x!lp.int8> -> tensor<?x4xi8>
// CHECK: %[[L:.*]] = lp.bitcast %[[C]] : tensor<?x4xi8> -> tensor<?x4x!lp.int8>
// CHECK: lp.dequantize %[[L]] scales(%{{.*}}) {scale = #lp.scale<[*, *]>} : tensor<?x4x!lp.int8>, (tensor<1x1xf32>) -> tensor<?x4xf32>
func.func @main(%x: tensor<?x4xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<0> : tensor<i8>
  %0 = onnx.node "QuantizeLinear"(%x, %s, %z) opset 13 : (tensor<?x4xf32>, tensor<f32>, tensor<i8>) -> tensor<*xi8>
  %1 = onnx.node "DequantizeLinear"(%0, %s, %z) opset 13 : (tensor<*xi8>, tensor<f32>, tensor<i8>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// Per axis, with zero points; unsigned codes.
// CHECK-LABEL: func.func @main
// CHECK-DAG: %[[S:.*]] = nn.reshape %{{.*}} : tensor<3xf32> -> tensor<1x3x1x1xf32>
// CHECK-DAG: %[[Z:.*]] = nn.reshape %{{.*}} : tensor<3xui8> -> tensor<1x3x1x1xui8>
// CHECK: %[[ZC:.*]] = lp.bitcast %[[Z]] : tensor<1x3x1x1xui8> -> tensor<1x3x1x1x!lp.uint8>
// CHECK: lp.quantize %{{.*}} scales(%[[S]]) zero_point(%[[ZC]] : tensor<1x3x1x1x!lp.uint8>) {scale = #lp.scale<[*, 1, *, *]>}
func.func @main(%x: tensor<1x3x3x2xf32>, %s: tensor<3xf32>, %z: tensor<3xui8>) -> tensor<*xui8> {
  %0 = onnx.node "QuantizeLinear"(%x, %s, %z) opset 13 : (tensor<1x3x3x2xf32>, tensor<3xf32>, tensor<3xui8>) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}

// -----

// Blocks; the last one is short.
// CHECK-LABEL: func.func @main
// CHECK: lp.quantize %{{.*}} scales(%{{.*}}) {scale = #lp.scale<[1, 2]>} : tensor<3x5xf32>, (tensor<3x3xf32>) -> tensor<3x5x!lp.int16>
func.func @main(%x: tensor<3x5xf32>, %s: tensor<3x3xf32>) -> tensor<*xi16> {
  %0 = onnx.node "QuantizeLinear"(%x, %s) {axis = 1, block_size = 2, output_dtype = 5} opset 21 : (tensor<3x5xf32>, tensor<3x3xf32>) -> tensor<*xi16>
  return %0 : tensor<*xi16>
}

// -----

// Floats of 8 and 4 bits: the zero point says the type only. The default axis does not matter to a vector.
// CHECK-LABEL: func.func @main
// CHECK: lp.quantize %{{.*}} scales(%{{.*}}) {overflow = #lp.overflow<infinity>, scale = #lp.scale<[*]>} : {{.*}} -> tensor<5x!lp.e4m3>
// CHECK: lp.quantize %{{.*}} scales(%{{.*}}) {scale = #lp.scale<[1]>} : {{.*}} -> tensor<5x!lp.e2m1>
func.func @main(%x: tensor<5xf32>, %s: tensor<f32>, %s5: tensor<5xf32>, %z: tensor<1xf8E4M3FN>, %z5: tensor<5xf4E2M1FN>) -> (tensor<*xf8E4M3FN>, tensor<*xf4E2M1FN>) {
  %0 = onnx.node "QuantizeLinear"(%x, %s, %z) {saturate = 0} opset 23 : (tensor<5xf32>, tensor<f32>, tensor<1xf8E4M3FN>) -> tensor<*xf8E4M3FN>
  %1 = onnx.node "QuantizeLinear"(%x, %s5, %z5) opset 23 : (tensor<5xf32>, tensor<5xf32>, tensor<5xf4E2M1FN>) -> tensor<*xf4E2M1FN>
  return %0, %1 : tensor<*xf8E4M3FN>, tensor<*xf4E2M1FN>
}

// -----

// Scalars have a scale structure of rank 0. A 16-bit scale is widened; `precision` rounds the quotient to 16 bits first.
// CHECK-LABEL: func.func @main
// CHECK: lp.quantize %{{.*}} scales(%{{.*}}) {scale = #lp.scale<[]>} : tensor<f32>, (tensor<f32>) -> tensor<!lp.uint8>
// CHECK: %[[S:.*]] = nn.cast %{{.*}} : (tensor<f16>) -> tensor<f32>
// CHECK: lp.quantize %{{.*}} : tensor<4xf16>, (tensor<1xf32>) -> tensor<4x!lp.uint8>
// CHECK: %[[D:.*]] = nn.binary div {{.*}} : (tensor<4xf16>, tensor<1xf16>) -> tensor<4xf16>
// CHECK: lp.quantize %[[D]] scales() {scale = #lp.scale<[*]>} : tensor<4xf16> -> tensor<4x!lp.uint8>
func.func @main(%x: tensor<f32>, %s: tensor<f32>, %h: tensor<4xf16>, %hs: tensor<f16>) -> (tensor<*xui8>, tensor<*xui8>, tensor<*xui8>) {
  %0 = onnx.node "QuantizeLinear"(%x, %s) opset 13 : (tensor<f32>, tensor<f32>) -> tensor<*xui8>
  %1 = onnx.node "QuantizeLinear"(%h, %hs) opset 19 : (tensor<4xf16>, tensor<f16>) -> tensor<*xui8>
  %2 = onnx.node "QuantizeLinear"(%h, %hs) {precision = 10} opset 23 : (tensor<4xf16>, tensor<f16>) -> tensor<*xui8>
  return %0, %1, %2 : tensor<*xui8>, tensor<*xui8>, tensor<*xui8>
}

// -----

// 32-bit integers are numbers. MXFP4 weights have exponents as scales.
// CHECK-LABEL: func.func @main
// CHECK: %[[R:.*]] = nn.cast %{{.*}} : (tensor<3xi32>) -> tensor<3xf32>
// CHECK: nn.binary mul %[[R]], %{{.*}} : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK: %[[S:.*]] = nn.cast %{{.*}} : (tensor<4x2xf8E8M0FNU>) -> tensor<4x2xf32>
// CHECK: lp.dequantize %{{.*}} scales(%[[S]]) {scale = #lp.scale<[1, 32]>} : tensor<4x64x!lp.e2m1>, (tensor<4x2xf32>) -> tensor<4x64xf16>
func.func @main(%b: tensor<3xi32>, %bs: tensor<3xf32>, %w: tensor<4x64xf4E2M1FN>, %ws: tensor<4x2xf8E8M0FNU>) -> (tensor<*xf32>, tensor<*xf16>) {
  %0 = onnx.node "DequantizeLinear"(%b, %bs) {axis = 0} opset 13 : (tensor<3xi32>, tensor<3xf32>) -> tensor<*xf32>
  %1 = onnx.node "DequantizeLinear"(%w, %ws) {axis = 1, block_size = 32, output_dtype = 10} opset 24 : (tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) -> tensor<*xf16>
  return %0, %1 : tensor<*xf32>, tensor<*xf16>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: %[[S:.*]], %[[Z:.*]] = lp.block_scale %[[X:.*]] {format = !lp.uint8, rule = #lp.scale_rule<minmax>, scale = #lp.scale<[*, *]>} : tensor<3x4xf32> -> tensor<1x1xf32> zero_point tensor<1x1x!lp.uint8>
// CHECK: lp.quantize %[[X]] scales(%[[S]]) zero_point(
// CHECK: nn.reshape %[[S]] : tensor<1x1xf32> -> tensor<f32>
// CHECK: nn.reshape %{{.*}} : tensor<1x1xui8> -> tensor<ui8>
func.func @main(%x: tensor<3x4xf32>) -> (tensor<*xui8>, tensor<*xf32>, tensor<*xui8>) {
  %0:3 = onnx.node "DynamicQuantizeLinear"(%x) opset 11 : (tensor<3x4xf32>) -> (tensor<*xui8>, tensor<*xf32>, tensor<*xui8>)
  return %0#0, %0#1, %0#2 : tensor<*xui8>, tensor<*xf32>, tensor<*xui8>
}

// -----

// Rows of a, columns of b.
// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = lp.dequantize %{{.*}} {scale = #lp.scale<[1, *]>} : tensor<2x4x!lp.int8>, (tensor<2x1xf32>) -> tensor<2x4xf32>
// CHECK: %[[B:.*]] = lp.dequantize %{{.*}} {scale = #lp.scale<[*, 1]>} : tensor<4x3x!lp.int8>, (tensor<1x3xf32>) -> tensor<4x3xf32>
// CHECK: %[[Y:.*]] = nn.matmul %[[A]], %[[B]]
// CHECK: lp.quantize %[[Y]] {{.*}} {scale = #lp.scale<[*, *]>} : tensor<2x3xf32>, (tensor<1x1xf32>) -> tensor<2x3x!lp.int8>
func.func @main(%a: tensor<2x4xi8>, %as: tensor<2xf32>, %az: tensor<2xi8>, %b: tensor<4x3xi8>, %bs: tensor<3xf32>, %bz: tensor<3xi8>, %ys: tensor<f32>, %yz: tensor<i8>) -> tensor<*xi8> {
  %0 = onnx.node "QLinearMatMul"(%a, %as, %az, %b, %bs, %bz, %ys, %yz) opset 21
    : (tensor<2x4xi8>, tensor<2xf32>, tensor<2xi8>, tensor<4x3xi8>, tensor<3xf32>, tensor<3xi8>, tensor<f32>, tensor<i8>) -> tensor<*xi8>
  return %0 : tensor<*xi8>
}

// -----

// The bias has the scale xs * ws. One zero point for a filter with a scale per channel is repeated.
// CHECK-LABEL: func.func @main
// CHECK: lp.dequantize %{{.*}} : tensor<1x2x7x7x!lp.uint8>, (tensor<1x1x1x1xf32>) -> tensor<1x2x7x7xf32>
// CHECK: %[[Z:.*]] = nn.broadcast %{{.*}} : tensor<1x1x1x1xui8> -> tensor<4x1x1x1xui8>
// CHECK: lp.dequantize %{{.*}} {scale = #lp.scale<[1, *, *, *]>} : tensor<4x2x3x3x!lp.uint8>, (tensor<4x1x1x1xf32>) -> tensor<4x2x3x3xf32>
// CHECK: %[[B:.*]] = nn.cast %{{.*}} : (tensor<4xi32>) -> tensor<4xf32>
// CHECK: %[[BS:.*]] = nn.binary mul %{{.*}}, %{{.*}} : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK: %[[BIAS:.*]] = nn.binary mul %[[B]], %[[BS]]
// CHECK: nn.conv %{{.*}}, %{{.*}}, %[[BIAS]] {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : {{.*}} -> tensor<1x4x4x4xf32>
// CHECK: lp.quantize
func.func @main(%x: tensor<1x2x7x7xui8>, %s: tensor<f32>, %z: tensor<ui8>, %w: tensor<4x2x3x3xui8>, %ws: tensor<4xf32>, %b: tensor<4xi32>) -> tensor<*xui8> {
  %0 = onnx.node "QLinearConv"(%x, %s, %z, %w, %ws, %z, %s, %z, %b) {auto_pad = "SAME_UPPER", strides = [2, 2]} opset 10
    : (tensor<1x2x7x7xui8>, tensor<f32>, tensor<ui8>, tensor<4x2x3x3xui8>, tensor<4xf32>, tensor<ui8>, tensor<f32>, tensor<ui8>, tensor<4xi32>) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}

// -----

// Exact integers: zero points leave before the product.
// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = nn.cast %{{.*}} : (tensor<4x3xui8>) -> tensor<4x3xi32>
// CHECK: nn.binary sub %[[A]], %{{.*}} : (tensor<4x3xi32>, tensor<i32>) -> tensor<4x3xi32>
// CHECK: nn.binary sub %{{.*}}, %{{.*}} : (tensor<3x2xi32>, tensor<1x2xi32>) -> tensor<3x2xi32>
// CHECK: nn.matmul %{{.*}} : (tensor<4x3xi32>, tensor<3x2xi32>) -> tensor<4x2xi32>
func.func @main(%a: tensor<4x3xui8>, %b: tensor<3x2xi8>, %az: tensor<1xui8>, %bz: tensor<2xi8>) -> tensor<*xi32> {
  %0 = onnx.node "MatMulInteger"(%a, %b, %az, %bz) opset 10 : (tensor<4x3xui8>, tensor<3x2xi8>, tensor<1xui8>, tensor<2xi8>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: nn.binary sub %{{.*}}, %{{.*}} : (tensor<2x1x2x2xi32>, tensor<2x1x1x1xi32>) -> tensor<2x1x2x2xi32>
// CHECK: nn.conv %{{.*}} {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x1x3x3xi32>, tensor<2x1x2x2xi32>) -> tensor<1x2x4x4xi32>
func.func @main(%x: tensor<1x1x3x3xui8>, %w: tensor<2x1x2x2xui8>, %xz: tensor<ui8>, %wz: tensor<2xui8>) -> tensor<*xi32> {
  %0 = onnx.node "ConvInteger"(%x, %w, %xz, %wz) {pads = [1, 1, 1, 1]} opset 10 : (tensor<1x1x3x3xui8>, tensor<2x1x2x2xui8>, tensor<ui8>, tensor<2xui8>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}
