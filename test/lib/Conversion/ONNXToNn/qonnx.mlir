// Quant, BipolarQuant and FloatQuant of QONNX.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// Odd widths; a scale for each channel; floats again behind it.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x3x4xf32>
// CHECK: %[[Q:.*]] = lp.quantize %[[X]] scales(%[[S:.*]]) {scale = #lp.scale<[*, 1, *]>} : tensor<2x3x4xf32>, (tensor<1x3x1xf32>) -> tensor<2x3x4x!lp.int3.narrow>
// CHECK: lp.dequantize %[[Q]] scales(%[[S]]) {scale = #lp.scale<[*, 1, *]>} : tensor<2x3x4x!lp.int3.narrow>, (tensor<1x3x1xf32>) -> tensor<2x3x4xf32>
func.func @main(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<[[[0.5], [0.25], [1.0]]]> : tensor<1x3x1xf32>
  %z = onnx.constant dense<0.0> : tensor<f32>
  %b = onnx.constant dense<3.0> : tensor<f32>
  %0 = onnx.node "Quant"(%x, %s, %z, %b) domain "qonnx.custom_op.general" {narrow = 1 : i64, rounding_mode = "ROUND", signed = 1 : i64} opset 1 : (tensor<2x3x4xf32>, tensor<1x3x1xf32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// The zero point goes in before the rounding: an integer as a code, a real one as a float.
// CHECK-LABEL: func.func @main
// CHECK: %[[Z:.*]] = lp.constant {{.*}} : tensor<1x!lp.uint5>
// CHECK: lp.quantize {{.*}} zero_point(%[[Z]] : tensor<1x!lp.uint5>) {order = #lp.zero_point_order<before_rounding>, rounding = #lp.rounding<down>, scale = #lp.scale<[*]>}
// CHECK: lp.quantize {{.*}} zero_point({{.*}} : tensor<1xf32>) {order = #lp.zero_point_order<before_rounding>, scale = #lp.scale<[*]>}
func.func @main(%x: tensor<8xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<7.0> : tensor<f32>
  %r = onnx.constant dense<1.5> : tensor<f32>
  %b = onnx.constant dense<5.0> : tensor<f32>
  %0 = onnx.node "IntQuant"(%x, %s, %z, %b) domain "qonnx.custom_op.general" {narrow = 0 : i64, rounding_mode = "FLOOR", signed = 0 : i64} opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %1 = onnx.node "Quant"(%0, %s, %r, %b) domain "finn.custom_op.general" {narrow = 0 : i64, signed = 0 : i64} opset 1 : (tensor<*xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// One signed bit is bipolar.
// CHECK-LABEL: func.func @main
// CHECK: lp.quantize {{.*}} -> tensor<8x!lp.binary>
// CHECK: lp.quantize {{.*}} -> tensor<8x!lp.binary>
func.func @main(%x: tensor<8xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<0.0> : tensor<f32>
  %b = onnx.constant dense<1.0> : tensor<f32>
  %0 = onnx.node "Quant"(%x, %s, %z, %b) domain "qonnx.custom_op.general" {narrow = 1 : i64, signed = 1 : i64} opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %1 = onnx.node "BipolarQuant"(%0, %s) domain "qonnx.custom_op.general" opset 1 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// The largest value says which codes are special.
// CHECK-LABEL: func.func @main
// CHECK: lp.quantize {{.*}} -> tensor<8x!lp.e4m3>
// CHECK: lp.quantize {{.*}} -> tensor<8x!lp.e3m2>
func.func @main(%x: tensor<8xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %e4 = onnx.constant dense<4.0> : tensor<f32>
  %m3 = onnx.constant dense<3.0> : tensor<f32>
  %b7 = onnx.constant dense<7.0> : tensor<f32>
  %x8 = onnx.constant dense<448.0> : tensor<f32>
  %m2 = onnx.constant dense<2.0> : tensor<f32>
  %x6 = onnx.constant dense<28.0> : tensor<f32>
  %0 = onnx.node "FloatQuant"(%x, %s, %e4, %m3, %b7, %x8) domain "qonnx.custom_op.general" {has_inf = 0 : i64, has_nan = 1 : i64, has_subnormal = 1 : i64, saturation = 1 : i64} opset 1 : (tensor<8xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %1 = onnx.node "FloatQuant"(%0, %s, %m3, %m2, %m3, %x6) domain "qonnx.custom_op.general" opset 1 : (tensor<*xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}
