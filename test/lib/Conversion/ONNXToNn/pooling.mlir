// Pooling and Resize.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// Ceil mode lengthens the padding at the end, which averages do not count.
// CHECK-LABEL: func.func @main(
// CHECK: nn.pool max %{{.*}} {dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pads = array<i64: 0, 0, 1, 1>, strides = array<i64: 2, 2>} : (tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32>
// CHECK: nn.pool avg %{{.*}} {count_include_pad = true, counted_pads = array<i64: 0, 0, 0, 0>, {{.*}}pads = array<i64: 0, 0, 1, 1>
// CHECK: nn.reduce mean %{{.*}} {axes = array<i64: 2, 3>, keep_dims = true}
// CHECK: nn.reduce max %{{.*}} {axes = array<i64: 2, 3>, keep_dims = true}
func.func @main(%x: tensor<1x1x4x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.node "MaxPool"(%x) {ceil_mode = 1, kernel_shape = [3, 3], strides = [2, 2]} opset 12 : (tensor<1x1x4x4xf32>) -> tensor<*xf32>
  %1 = onnx.node "AveragePool"(%x) {ceil_mode = 1, count_include_pad = 1, kernel_shape = [3, 3], strides = [2, 2]} opset 12 : (tensor<1x1x4x4xf32>) -> tensor<*xf32>
  %2 = onnx.node "GlobalAveragePool"(%x) opset 12 : (tensor<1x1x4x4xf32>) -> tensor<*xf32>
  %3 = onnx.node "GlobalMaxPool"(%x) opset 12 : (tensor<1x1x4x4xf32>) -> tensor<*xf32>
  return %0, %1, %2, %3 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// LpPool is an average of powers times the window's size.
// CHECK-LABEL: func.func @main(
// CHECK: %[[A:.*]] = nn.unary abs
// CHECK: %[[SQ:.*]] = nn.binary mul %[[A]], %[[A]]
// CHECK: %[[P:.*]] = nn.pool avg %[[SQ]] {count_include_pad = true
// CHECK: %[[S:.*]] = nn.binary mul %[[P]], %{{.*}}
// CHECK: nn.unary sqrt %[[S]]
func.func @main(%x: tensor<1x1x4x4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "LpPool"(%x) {kernel_shape = [2, 2]} opset 18 : (tensor<1x1x4x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A whole factor repeats elements, whatever the size; other nearest neighbours are one gather.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<1x1x?x4xf32>
// CHECK: nn.reshape %[[X]]{{.*}} -> tensor<1x1x?x1x4xf32>
// CHECK: nn.broadcast {{.*}} -> tensor<1x1x?x2x4xf32>
// CHECK: nn.reshape {{.*}} -> tensor<1x1x?x4xf32>
// CHECK: %[[I:.*]] = nn.constant dense<[0, 0, 1, 2, 2, 3]> : tensor<6xi64>
// CHECK: nn.gather %{{.*}}, %[[I]] {axis = 3 : i64} {{.*}} -> tensor<1x1x?x6xf32>
func.func @main(%x: tensor<1x1x?x4xf32>) -> tensor<*xf32> {
  %none = onnx.none
  %scales = onnx.constant dense<[1.0, 1.0, 2.0, 1.5]> : tensor<4xf32>
  %0 = onnx.node "Resize"(%x, %none, %scales) {coordinate_transformation_mode = "asymmetric", mode = "nearest", nearest_mode = "floor"} opset 13 : (tensor<1x1x?x4xf32>, none, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Linear interpolation: two gathers and their weights.
// CHECK-LABEL: func.func @main(
// CHECK: nn.gather %{{.*}} {axis = 2 : i64}
// CHECK: nn.binary mul
// CHECK: nn.gather %{{.*}} {axis = 2 : i64}
// CHECK: nn.binary mul
// CHECK: nn.binary add %{{.*}} -> tensor<1x1x6xf32>
func.func @main(%x: tensor<1x1x4xf32>) -> tensor<*xf32> {
  %none = onnx.none
  %sizes = onnx.constant dense<[1, 1, 6]> : tensor<3xi64>
  %0 = onnx.node "Resize"(%x, %none, %none, %sizes) {mode = "linear"} opset 13 : (tensor<1x1x4xf32>, none, none, tensor<3xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
