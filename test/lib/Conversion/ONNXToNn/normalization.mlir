// Normalizations.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// Inference: x * a + c with one number per channel.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x3x4x4xf32>, %[[S:[^:]*]]: tensor<3xf32>, %[[B:[^:]*]]: tensor<3xf32>, %[[M:[^:]*]]: tensor<3xf32>, %[[V:[^:]*]]: tensor<3xf32>
// CHECK: %[[E:.*]] = nn.constant dense<9.99999974E-6> : tensor<f32>
// CHECK: %[[VE:.*]] = nn.binary add %[[V]], %[[E]]
// CHECK: %[[D:.*]] = nn.unary sqrt %[[VE]]
// CHECK: %[[A:.*]] = nn.binary div %[[S]], %[[D]]
// CHECK: %[[MA:.*]] = nn.binary mul %[[M]], %[[A]]
// CHECK: nn.binary sub %[[B]], %[[MA]]
// CHECK-DAG: %[[AC:.*]] = nn.reshape %[[A]] : tensor<3xf32> -> tensor<3x1x1xf32>
// CHECK-DAG: nn.binary mul %[[X]], %[[AC]]
// CHECK: nn.binary add {{.*}} -> tensor<?x3x4x4xf32>
func.func @main(%x: tensor<?x3x4x4xf32>, %s: tensor<3xf32>, %b: tensor<3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) -> tensor<*xf32> {
  %0 = onnx.node "BatchNormalization"(%x, %s, %b, %m, %v) opset 15
    : (tensor<?x3x4x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Training: statistics of the batch, and the running ones as results.
// CHECK-LABEL: func.func @main
// CHECK: nn.reduce mean %{{.*}} {axes = array<i64: 0, 2>, keep_dims = true}
// CHECK: nn.reduce mean %{{.*}} {axes = array<i64: 0, 2>} : (tensor<2x3x4xf32>) -> tensor<3xf32>
func.func @main(%x: tensor<2x3x4xf32>, %s: tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0:3 = onnx.node "BatchNormalization"(%x, %s, %s, %s, %s) {training_mode = 1} opset 15
    : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1, %0#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x?x8xf16>, %[[S:[^:]*]]: tensor<8xf16>
// CHECK: nn.layer_norm %[[X]], %[[S]] {axis = 2 : i64, {{.*}}}
// CHECK: %[[W:.*]] = nn.cast %[[X]] : (tensor<2x?x8xf16>) -> tensor<2x?x8xf32>
// CHECK: nn.reduce mean %[[W]] {axes = array<i64: 2>, keep_dims = true} : (tensor<2x?x8xf32>) -> tensor<2x?x1xf32>
// CHECK: nn.unary rsqrt
func.func @main(%x: tensor<2x?x8xf16>, %s: tensor<8xf16>) -> (tensor<*xf16>, tensor<*xf32>) {
  %0:3 = onnx.node "LayerNormalization"(%x, %s) opset 17
    : (tensor<2x?x8xf16>, tensor<8xf16>) -> (tensor<*xf16>, tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#2 : tensor<*xf16>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x8xf16>, %[[S:[^:]*]]: tensor<8xf16>, %[[F:[^:]*]]: tensor<8xf32>
// CHECK: nn.rms_norm %[[X]], %[[S]] {axis = 1 : i64
// CHECK: %[[N:.*]] = nn.rms_norm %{{.*}} {{.*}} : (tensor<2x8xf32>) -> tensor<2x8xf32>
// CHECK: nn.binary mul %[[N]], %[[F]]
// CHECK: nn.rms_norm %[[X]], %[[S]]
func.func @main(%x: tensor<2x8xf16>, %s: tensor<8xf16>, %f: tensor<8xf32>) -> (tensor<*xf16>, tensor<*xf32>, tensor<*xf16>) {
  %0 = onnx.node "RMSNormalization"(%x, %s) opset 23 : (tensor<2x8xf16>, tensor<8xf16>) -> tensor<*xf16>
  %1 = onnx.node "RMSNormalization"(%x, %f) opset 23 : (tensor<2x8xf16>, tensor<8xf32>) -> tensor<*xf32>
  %2 = onnx.node "SimplifiedLayerNormalization"(%x, %s) {axis = -1, epsilon = 1.0e-6 : f32, stash_type = 1} opset 17 : (tensor<2x8xf16>, tensor<8xf16>) -> tensor<*xf16>
  return %0, %1, %2 : tensor<*xf16>, tensor<*xf32>, tensor<*xf16>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: %[[S:.*]] = nn.reshape %{{.*}} : tensor<4xf32> -> tensor<4x1x1xf32>
// CHECK: nn.layer_norm %{{.*}}, %[[S]], %{{.*}} {axis = 2 : i64
func.func @main(%x: tensor<2x4x5x5xf32>, %s: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "InstanceNormalization"(%x, %s, %s) opset 6 : (tensor<2x4x5x5xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Operator set 18: scale and bias for each group; 21: for each channel.
// CHECK-LABEL: func.func @main
// CHECK: %[[G:.*]] = nn.reshape %{{.*}} : tensor<2x4x6xf32> -> tensor<2x2x12xf32>
// CHECK: %[[S:.*]] = nn.reshape %{{.*}} : tensor<2xf32> -> tensor<2x1xf32>
// CHECK: nn.layer_norm %[[G]], %[[S]], %{{.*}} {axis = 2 : i64
// CHECK: %[[N:.*]] = nn.layer_norm %{{.*}} {axis = 2 : i64, {{.*}} : (tensor<2x2x12xf32>) -> tensor<2x2x12xf32>
// CHECK: nn.reshape %[[N]] : tensor<2x2x12xf32> -> tensor<2x4x6xf32>
// CHECK: nn.binary mul {{.*}} : (tensor<2x4x6xf32>, tensor<4x1xf32>) -> tensor<2x4x6xf32>
func.func @main(%x: tensor<2x4x6xf32>, %g: tensor<2xf32>, %c: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "GroupNormalization"(%x, %g, %g) {num_groups = 2} opset 18 : (tensor<2x4x6xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<*xf32>
  %1 = onnx.node "GroupNormalization"(%0, %c, %c) {num_groups = 2} opset 21 : (tensor<*xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// The window over the channels is a pool over a view with the channels as rows.
// CHECK-LABEL: func.func @main
// CHECK: %[[V:.*]] = nn.reshape %{{.*}} : tensor<?x8x3x3xf32> -> tensor<?x1x8x9xf32>
// CHECK: nn.pool avg %[[V]] {count_include_pad = true, dilations = array<i64: 1, 1>, kernel = array<i64: 4, 1>, pads = array<i64: 1, 0, 2, 0>, strides = array<i64: 1, 1>} : (tensor<?x1x8x9xf32>) -> tensor<?x1x8x9xf32>
// CHECK: nn.binary pow
func.func @main(%x: tensor<?x8x3x3xf32>) -> tensor<*xf32> {
  %0 = onnx.node "LRN"(%x) {size = 4} opset 13 : (tensor<?x8x3x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: %[[N:.*]] = nn.reduce sum %{{.*}} {axes = array<i64: 1>, keep_dims = true}
// CHECK: nn.compare eq %[[N]]
// CHECK: nn.binary div
// CHECK: nn.select
// CHECK: nn.reduce mean %{{.*}} {axes = array<i64: 0, 2, 3>, keep_dims = true}
func.func @main(%x: tensor<2x4x3x3xf32>) -> tensor<*xf32> {
  %0 = onnx.node "LpNormalization"(%x) {axis = 1, p = 1} opset 22 : (tensor<2x4x3x3xf32>) -> tensor<*xf32>
  %1 = onnx.node "MeanVarianceNormalization"(%0) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}
