// Products, convolutions, Einsum.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// Vectors become matrices and back; Gemm's transposed right side needs no transpose.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>, %[[W:.*]]: tensor<?x4x5xf32>, %[[A:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<10x4xf32>, %[[C:.*]]: tensor<10xf32>
// CHECK: %[[ROW:.*]] = nn.reshape %[[X]] : tensor<4xf32> -> tensor<1x4xf32>
// CHECK: %[[P:.*]] = nn.matmul %[[ROW]], %[[W]] : (tensor<1x4xf32>, tensor<?x4x5xf32>) -> tensor<?x1x5xf32>
// CHECK: nn.reshape %[[P]][%{{.*}}] : tensor<?x1x5xf32> -> tensor<?x5xf32>
// CHECK: %[[M:.*]] = nn.matmul %[[A]], %[[B]] {transpose_rhs = true} : (tensor<?x4xf32>, tensor<10x4xf32>) -> tensor<?x10xf32>
// CHECK: %[[S:.*]] = nn.binary mul %[[M]], %{{.*}}
// CHECK: nn.binary add %[[S]], %[[C]]
func.func @main(%x: tensor<4xf32>, %w: tensor<?x4x5xf32>, %a: tensor<?x4xf32>, %b: tensor<10x4xf32>, %c: tensor<10xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<4xf32>, tensor<?x4x5xf32>) -> tensor<*xf32>
  %1 = onnx.node "Gemm"(%a, %b, %c) {alpha = 0.5 : f32, transB = 1} opset 13 : (tensor<?x4xf32>, tensor<10x4xf32>, tensor<10xf32>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// Padding of auto_pad is resolved; with an unknown size and a stride the input is padded.
// CHECK-LABEL: func.func @main(
// CHECK: nn.conv %{{.*}} {dilations = array<i64: 1, 1>, {{.*}}pads = array<i64: 0, 1, 1, 1>, strides = array<i64: 2, 1>} : (tensor<1x4x8x5xf32>, tensor<6x2x3x3xf32>) -> tensor<1x6x4x5xf32>
// CHECK: %[[P:.*]] = nn.pad %{{.*}} low [0, 0, %{{.*}}] high [0, 0, %{{.*}}] : tensor<1x4x?xf32> -> tensor<1x4x?xf32>
// CHECK: nn.conv %[[P]], {{.*}}pads = array<i64: 0, 0>, strides = array<i64: 2>
func.func @main(%x: tensor<1x4x8x5xf32>, %w: tensor<6x2x3x3xf32>, %s: tensor<1x4x?xf32>, %v: tensor<6x4x3xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.node "Conv"(%x, %w) {auto_pad = "SAME_UPPER", group = 2, strides = [2, 1]} opset 11 : (tensor<1x4x8x5xf32>, tensor<6x2x3x3xf32>) -> tensor<*xf32>
  %1 = onnx.node "Conv"(%s, %v) {auto_pad = "SAME_LOWER", strides = [2]} opset 11 : (tensor<1x4x?xf32>, tensor<6x4x3xf32>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// Transposed convolution: pads from output_shape.
// CHECK-LABEL: func.func @main(
// CHECK: nn.conv_transpose %{{.*}} output_padding = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 3, 2>} {{.*}} -> tensor<1x2x10x8xf32>
func.func @main(%x: tensor<1x1x3x3xf32>, %w: tensor<1x2x3x3xf32>) -> tensor<*xf32> {
  %0 = onnx.node "ConvTranspose"(%x, %w) {output_shape = [10, 8], strides = [3, 2]} opset 11 : (tensor<1x1x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Einsum: attention scores are one product; a diagonal is masked and summed.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[Q:.*]]: tensor<2x5x3x4xf32>, %[[K:.*]]: tensor<2x6x3x4xf32>
// CHECK: %[[QT:.*]] = nn.transpose %[[Q]] {permutation = array<i64: 0, 2, 1, 3>}
// CHECK: %[[KT:.*]] = nn.transpose %[[K]] {permutation = array<i64: 0, 2, 3, 1>}
// CHECK: nn.matmul %[[QT]], %[[KT]] : (tensor<2x3x5x4xf32>, tensor<2x3x4x6xf32>) -> tensor<2x3x5x6xf32>
// CHECK: %[[D:.*]] = nn.select
// CHECK: nn.reduce sum %[[D]] {axes = array<i64: 1>} : (tensor<4x4xf32>) -> tensor<4xf32>
func.func @main(%q: tensor<2x5x3x4xf32>, %k: tensor<2x6x3x4xf32>, %m: tensor<4x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.node "Einsum"(%q, %k) {equation = "bqhd,bkhd->bhqk"} opset 12 : (tensor<2x5x3x4xf32>, tensor<2x6x3x4xf32>) -> tensor<*xf32>
  %1 = onnx.node "Einsum"(%m) {equation = "ii->i"} opset 12 : (tensor<4x4xf32>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}
