// Operators that take or put elements at positions given by tensors.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// A constant scalar position is a slice; anything else is a gather, with indices of i32 or i64.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<4x?xf32>, %[[I:.*]]: tensor<?x2xi64>
// CHECK: %[[S:.*]] = nn.slice %[[X]] offsets [3, 0] sizes [1, %{{.*}}] strides [1, 1]
// CHECK: nn.reshape %[[S]][%{{.*}}] : tensor<1x?xf32> -> tensor<?xf32>
// CHECK: nn.gather %[[X]], %[[I]] {axis = 1 : i64} : (tensor<4x?xf32>, tensor<?x2xi64>) -> tensor<4x?x2xf32>
// CHECK: nn.gather_elements
// CHECK: nn.gather_nd %[[X]], %[[I]] : (tensor<4x?xf32>, tensor<?x2xi64>) -> tensor<?xf32>
func.func @main(%x: tensor<4x?xf32>, %i: tensor<?x2xi64>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %last = onnx.constant dense<-1> : tensor<i64>
  %0 = onnx.node "Gather"(%x, %last) opset 13 : (tensor<4x?xf32>, tensor<i64>) -> tensor<*xf32>
  %1 = onnx.node "Gather"(%x, %i) {axis = -1} opset 13 : (tensor<4x?xf32>, tensor<?x2xi64>) -> tensor<*xf32>
  %2 = onnx.node "GatherElements"(%x, %i) {axis = 1} opset 13 : (tensor<4x?xf32>, tensor<?x2xi64>) -> tensor<*xf32>
  %3 = onnx.node "GatherND"(%x, %i) opset 13 : (tensor<4x?xf32>, tensor<?x2xi64>) -> tensor<*xf32>
  return %0, %1, %2, %3 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Scatters with their reductions; Scatter is the old name.
// CHECK-LABEL: func.func @main(
// CHECK: nn.scatter_elements %{{.*}} {axis = 1 : i64, kind = #nn.scatter_kind<add>}
// CHECK: nn.scatter_elements %{{.*}} {axis = 0 : i64}
// CHECK: nn.scatter_nd %{{.*}} {kind = #nn.scatter_kind<max>}
func.func @main(%x: tensor<4x3xf32>, %i: tensor<2x1xi64>, %u: tensor<2x1xf32>, %r: tensor<2x3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.node "ScatterElements"(%x, %i, %u) {axis = 1, reduction = "add"} opset 18 : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x1xf32>) -> tensor<*xf32>
  %1 = onnx.node "Scatter"(%x, %i, %u) opset 9 : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x1xf32>) -> tensor<*xf32>
  %2 = onnx.node "ScatterND"(%x, %i, %r) {reduction = "max"} opset 18 : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<*xf32>
  return %0, %1, %2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Sizes that depend on data are fine where the data is constant.
// CHECK-LABEL: func.func @main(
// CHECK: %[[I:.*]] = nn.constant dense<[0, 2]> : tensor<2xi64>
// CHECK: nn.gather %{{.*}}, %[[I]] {axis = 0 : i64} : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
// CHECK: nn.constant dense<{{\[\[}}0, 0], [0, 2]]> : tensor<2x2xi64>
func.func @main(%x: tensor<3x4xf32>) -> (tensor<*xf32>, tensor<*xi64>) {
  %c = onnx.constant dense<[true, false, true]> : tensor<3xi1>
  %m = onnx.constant dense<[[1, 0, 5]]> : tensor<1x3xi64>
  %0 = onnx.node "Compress"(%x, %c) {axis = 0} opset 11 : (tensor<3x4xf32>, tensor<3xi1>) -> tensor<*xf32>
  %1 = onnx.node "NonZero"(%m) opset 13 : (tensor<1x3xi64>) -> tensor<*xi64>
  return %0, %1 : tensor<*xf32>, tensor<*xi64>
}
