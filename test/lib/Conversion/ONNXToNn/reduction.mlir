// Reductions, positions of extremes, scans, top-k, losses.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// Axes as attribute and as input; negative; none means all, or nothing.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
// CHECK: nn.reduce mean %[[X]] {axes = array<i64: 0, 2>, keep_dims = true} : (tensor<2x3x4xf32>) -> tensor<1x3x1xf32>
// CHECK: nn.reduce sum %[[X]] {axes = array<i64: 2>} : (tensor<2x3x4xf32>) -> tensor<2x3xf32>
// CHECK: nn.reduce max %[[X]] {axes = array<i64: 0, 1, 2>} : (tensor<2x3x4xf32>) -> tensor<f32>
// CHECK: nn.reduce sum %[[X]] {axes = array<i64>, keep_dims = true} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
func.func @main(%x: tensor<2x3x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %axes = onnx.constant dense<-1> : tensor<1xi64>
  %0 = onnx.node "ReduceMean"(%x) {axes = [2, 0]} opset 13 : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %1 = onnx.node "ReduceSum"(%x, %axes) {keepdims = 0} opset 13 : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<*xf32>
  %2 = onnx.node "ReduceMax"(%x) {keepdims = 0} opset 18 : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %3 = onnx.node "ReduceSum"(%x) {noop_with_empty_axes = 1} opset 13 : (tensor<2x3x4xf32>) -> tensor<*xf32>
  return %0, %1, %2, %3 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Squares of f16 are summed in f32, those of integers in f64 where a root follows.
// CHECK-LABEL: func.func @main
// CHECK: %[[W:.*]] = nn.cast %{{.*}} : (tensor<4xf16>) -> tensor<4xf32>
// CHECK: %[[SQ:.*]] = nn.binary mul %[[W]], %[[W]]
// CHECK: %[[SUM:.*]] = nn.reduce sum %[[SQ]] {axes = array<i64: 0>, keep_dims = true}
// CHECK: %[[R:.*]] = nn.unary sqrt %[[SUM]]
// CHECK: nn.cast %[[R]] : (tensor<1xf32>) -> tensor<1xf16>
// CHECK: nn.unary abs
// CHECK: nn.reduce sum
// CHECK: nn.cast %{{.*}} : (tensor<4xi32>) -> tensor<4xf64>
// CHECK: nn.unary log
func.func @main(%x: tensor<4xf16>, %n: tensor<4xi32>) -> (tensor<*xf16>, tensor<*xi32>, tensor<*xi32>) {
  %0 = onnx.node "ReduceL2"(%x) opset 18 : (tensor<4xf16>) -> tensor<*xf16>
  %1 = onnx.node "ReduceL1"(%n) opset 18 : (tensor<4xi32>) -> tensor<*xi32>
  %2 = onnx.node "ReduceLogSum"(%n) opset 18 : (tensor<4xi32>) -> tensor<*xi32>
  return %0, %1, %2 : tensor<*xf16>, tensor<*xi32>, tensor<*xi32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<4x?xf32>
// CHECK: %[[M:.*]] = nn.reduce max %[[X]] {axes = array<i64: 1>, keep_dims = true}
// CHECK: nn.unary isinf %[[M]]
// CHECK: %[[S:.*]] = nn.select
// CHECK: %[[D:.*]] = nn.binary sub %[[X]], %[[S]]
// CHECK: %[[E:.*]] = nn.unary exp %[[D]]
// CHECK: %[[T:.*]] = nn.reduce sum %[[E]] {axes = array<i64: 1>} : (tensor<4x?xf32>) -> tensor<4xf32>
// CHECK: nn.unary log %[[T]]
// CHECK: nn.binary add
func.func @main(%x: tensor<4x?xf32>) -> tensor<*xf32> {
  %0 = onnx.node "ReduceLogSumExp"(%x) {axes = [1], keepdims = 0} opset 13 : (tensor<4x?xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Axes that are computed: each dimension is reduced if it is listed. Sizes that stay move to the front.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x3xf32>, %[[A:[^:]*]]: tensor<1xi64>
// CHECK: %[[IS0:.*]] = tensor.extract
// CHECK: %[[IS1:.*]] = tensor.extract
// CHECK: %[[R0:.*]] = scf.if %[[IS0]] -> (tensor<?x3xf32>) {
// CHECK:   nn.reduce sum %[[X]] {axes = array<i64: 0>, keep_dims = true} : (tensor<2x3xf32>) -> tensor<1x3xf32>
// CHECK: } else {
// CHECK: %[[R1:.*]] = scf.if %[[IS1]] -> (tensor<?x?xf32>) {
// CHECK:   nn.reduce sum %[[R0]] {axes = array<i64: 1>, keep_dims = true}
// CHECK: nn.reshape %[[R1]][%{{.*}}] : tensor<?x?xf32> -> tensor<?xf32>
func.func @main(%x: tensor<2x3xf32>, %axes: tensor<1xi64>) -> tensor<*xf32> {
  %0 = onnx.node "ReduceSum"(%x, %axes) {keepdims = 0} opset 13 : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: nn.arg_reduce max %{{.*}} {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
// CHECK: nn.arg_reduce min %{{.*}} {axis = 0 : i64, keep_dims = true, select_last = true} : (tensor<2x3xf32>) -> tensor<1x3xi64>
func.func @main(%x: tensor<2x3xf32>) -> (tensor<*xi64>, tensor<*xi64>) {
  %0 = onnx.node "ArgMax"(%x) {axis = -1, keepdims = 0} opset 13 : (tensor<2x3xf32>) -> tensor<*xi64>
  %1 = onnx.node "ArgMin"(%x) {select_last_index = 1} opset 13 : (tensor<2x3xf32>) -> tensor<*xi64>
  return %0, %1 : tensor<*xi64>, tensor<*xi64>
}

// -----

// An axis that is only known at run time chooses among the scans.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
// CHECK: nn.scan sum %[[X]] {axis = 1 : i64, exclusive = true, reverse = true}
// CHECK: %[[A:.*]] = nn.scan prod %[[X]] {axis = 0 : i64}
// CHECK: %[[C:.*]] = nn.binary or
// CHECK: %[[B:.*]] = nn.scan prod %[[X]] {axis = 1 : i64}
// CHECK: nn.select %[[C]], %[[B]], %[[A]]
func.func @main(%x: tensor<2x3xf32>, %a: tensor<i32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %axis = onnx.constant dense<-1> : tensor<i32>
  %0 = onnx.node "CumSum"(%x, %axis) {exclusive = 1, reverse = 1} opset 14 : (tensor<2x3xf32>, tensor<i32>) -> tensor<*xf32>
  %1 = onnx.node "CumProd"(%x, %a) opset 26 : (tensor<2x3xf32>, tensor<i32>) -> tensor<*xf32>
  return %0, %1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: nn.top_k %{{.*}} {axis = 1 : i64} : (tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x3xi64>)
// CHECK: nn.top_k %{{.*}}, %{{.*}} {axis = 0 : i64, largest = false} : (tensor<2x8xf32>, index) -> (tensor<?x8xf32>, tensor<?x8xi64>)
func.func @main(%x: tensor<2x8xf32>, %k: tensor<1xi64>) -> (tensor<*xi64>, tensor<*xf32>) {
  %0:2 = onnx.node "TopK"(%x) {k = 3} opset 1 : (tensor<2x8xf32>) -> (tensor<*xf32>, tensor<*xi64>)
  %1:2 = onnx.node "TopK"(%x, %k) {axis = 0, largest = 0} opset 11 : (tensor<2x8xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#1, %1#0 : tensor<*xi64>, tensor<*xf32>
}

// -----

// Classes to ignore read class 0 and weigh nothing; the mean is over the weights.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x5x3xf32>, %[[T:[^:]*]]: tensor<2x3xi64>, %[[W:[^:]*]]: tensor<5xf32>
// CHECK: %[[L:.*]] = nn.softmax %[[X]] {axis = 1 : i64, log = true}
// CHECK: %[[V:.*]] = nn.compare ne %[[T]]
// CHECK: %[[I:.*]] = nn.select %[[V]], %[[T]]
// CHECK: nn.gather_elements %[[L]], %{{.*}} {axis = 1 : i64} : (tensor<2x5x3xf32>, tensor<2x1x3xi64>) -> tensor<2x1x3xf32>
// CHECK: nn.unary neg
// CHECK: nn.gather %[[W]], %[[I]] {axis = 0 : i64}
// CHECK: nn.reduce sum
// CHECK: nn.reduce sum
// CHECK: nn.binary div
func.func @main(%x: tensor<2x5x3xf32>, %t: tensor<2x3xi64>, %w: tensor<5xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = onnx.node "SoftmaxCrossEntropyLoss"(%x, %t, %w) {ignore_index = -1} opset 13
    : (tensor<2x5x3xf32>, tensor<2x3xi64>, tensor<5xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}
