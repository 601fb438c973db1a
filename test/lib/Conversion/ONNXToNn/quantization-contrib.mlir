// Quantized operators of ONNX Runtime's domain: dequantize, compute, quantize.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = lp.dequantize
// CHECK: %[[B:.*]] = lp.dequantize {{.*}} zero_point(
// CHECK: %[[Y:.*]] = nn.binary add %[[A]], %[[B]] : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
// CHECK: lp.quantize %[[Y]] {{.*}} -> tensor<?x4x!lp.uint8>
func.func @main(%a: tensor<?x4xui8>, %b: tensor<4xui8>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<*xui8> {
  %none = onnx.none
  %0 = onnx.node "QLinearAdd"(%a, %s, %none, %b, %s, %z, %s, %z) domain "com.microsoft" opset 1
    : (tensor<?x4xui8>, tensor<f32>, none, tensor<4xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: nn.reduce mean %{{.*}} {axes = array<i64: 2, 3>, keep_dims = true}
// CHECK: nn.unary sigmoid
// CHECK: nn.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>) -> tensor<1x8x1x1xf32>
func.func @main(%x: tensor<1x4x5x5xi8>, %s: tensor<f32>, %z: tensor<i8>) -> tensor<*xi8> {
  %0 = onnx.node "QLinearGlobalAveragePool"(%x, %s, %z, %s, %z) domain "com.microsoft" opset 1
    : (tensor<1x4x5x5xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<i8>) -> tensor<*xi8>
  %1 = onnx.node "QLinearSigmoid"(%0, %s, %z, %s, %z) domain "com.microsoft" opset 1
    : (tensor<*xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<i8>) -> tensor<*xi8>
  %2 = onnx.node "QLinearConcat"(%s, %z, %0, %s, %z, %1, %s, %z) domain "com.microsoft" {axis = 1} opset 1
    : (tensor<f32>, tensor<i8>, tensor<*xi8>, tensor<f32>, tensor<i8>, tensor<*xi8>, tensor<f32>, tensor<i8>) -> tensor<*xi8>
  return %2 : tensor<*xi8>
}

// -----

// A transposed matrix has a scale for each row; the bias counts in units of both scales. Without a scale the result is float.
// CHECK-LABEL: func.func @main
// CHECK: %[[B:.*]] = lp.dequantize %{{.*}} {scale = #lp.scale<[1, *]>} : tensor<3x4x!lp.int8>, (tensor<3x1xf32>) -> tensor<3x4xf32>
// CHECK: %[[T:.*]] = nn.transpose %[[B]]
// CHECK: nn.matmul %{{.*}}, %[[T]]
// CHECK: nn.binary mul %{{.*}}, %{{.*}} : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK: nn.binary add
// CHECK-NOT: lp.quantize
func.func @main(%a: tensor<2x4xui8>, %s: tensor<f32>, %z: tensor<ui8>, %b: tensor<3x4xi8>, %bs: tensor<3xf32>, %bz: tensor<3xi8>, %c: tensor<3xi32>) -> tensor<*xf32> {
  %0 = onnx.node "QGemm"(%a, %s, %z, %b, %bs, %bz, %c) domain "com.microsoft" {transB = 1} opset 1
    : (tensor<2x4xui8>, tensor<f32>, tensor<ui8>, tensor<3x4xi8>, tensor<3xf32>, tensor<3xi8>, tensor<3xi32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: %[[S:.*]], %{{.*}} = lp.block_scale
// CHECK: lp.quantize %{{.*}} scales(%[[S]])
// CHECK-DAG: %[[A:.*]] = lp.dequantize {{.*}} -> tensor<2x4xf32>
// CHECK-DAG: %[[B:.*]] = lp.dequantize {{.*}} {scale = #lp.scale<[*, 1]>}
// CHECK: %[[Y:.*]] = nn.matmul %[[A]], %[[B]]
// CHECK: nn.binary add %[[Y]]
func.func @main(%a: tensor<2x4xf32>, %b: tensor<4x3xi8>, %bs: tensor<3xf32>, %bias: tensor<3xf32>) -> tensor<*xf32> {
  %none = onnx.none
  %0 = onnx.node "DynamicQuantizeMatMul"(%a, %b, %bs, %none, %bias) domain "com.microsoft" opset 1
    : (tensor<2x4xf32>, tensor<4x3xi8>, tensor<3xf32>, none, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
