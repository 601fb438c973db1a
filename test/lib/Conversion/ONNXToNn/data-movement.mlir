// Operators that join, cut, pad and rearrange.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// Slice clamps at compile time where it can; negative starts count from the end; a negative step reverses.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<4x?xf32>
// CHECK: %[[N:.*]] = tensor.dim %[[X]], %c1
// CHECK: nn.slice %[[X]] offsets [1, 0] sizes [3, %[[N]]] strides [1, 1] : tensor<4x?xf32> -> tensor<3x?xf32>
// CHECK: nn.slice %[[X]] offsets [2, 0] sizes [1, %[[N]]] strides [1, 1]
// CHECK: nn.slice %[[X]] offsets [3, 0] sizes [4, %[[N]]] strides [-1, 1]
// CHECK: nn.slice %[[X]] offsets [0, 0] sizes [2, %[[N]]] strides [2, 1]
func.func @main(%x: tensor<4x?xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi64>
  %minusOne = onnx.constant dense<-1> : tensor<1xi64>
  %last = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %first = onnx.constant dense<-9223372036854775808> : tensor<1xi64>
  %0 = onnx.node "Slice"(%x, %one, %last, %zero) opset 13 : (tensor<4x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %1 = onnx.node "Slice"(%x) {starts = [-2], ends = [-1], axes = [0]} opset 9 : (tensor<4x?xf32>) -> tensor<*xf32>
  %2 = onnx.node "Slice"(%x, %minusOne, %first, %zero, %minusOne) opset 13 : (tensor<4x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %3 = onnx.node "Slice"(%x, %zero, %last, %zero, %two) opset 13 : (tensor<4x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %0, %1, %2, %3 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Clamping at run time is index arithmetic.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>, %[[E:.*]]: tensor<1xi64>
// CHECK: tensor.extract %[[E]]
// CHECK: arith.maxsi
// CHECK: %[[N:.*]] = arith.minsi
// CHECK: nn.slice %[[X]] offsets [0] sizes [%[[N]]] strides [1] : tensor<?xf32> -> tensor<?xf32>
func.func @main(%x: tensor<?xf32>, %e: tensor<1xi64>) -> tensor<*xf32> {
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %0 = onnx.node "Slice"(%x, %zero, %e) opset 13 : (tensor<?xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Split: equal parts, listed sizes, uneven parts; parts that nothing reads are not cut.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<7x2xf32>
// CHECK: nn.slice %[[X]] offsets [0, 0] sizes [3, 2]
// CHECK: nn.slice %[[X]] offsets [6, 0] sizes [1, 2]
// CHECK: nn.slice %[[X]] offsets [2, 0] sizes [5, 2]
// CHECK-NOT: nn.slice
func.func @main(%x: tensor<7x2xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0:3 = onnx.node "Split"(%x) {num_outputs = 3} opset 18 : (tensor<7x2xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  %1:2 = onnx.node "Split"(%x) {split = [2, 5]} opset 11 : (tensor<7x2xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#2, %1#1 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Pad in all modes, with axes, cropping; CenterCropPad is a pad of either sign.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<4x5xf32>
// CHECK: %[[V:.*]] = nn.constant dense<2.000000e+00> : tensor<f32>
// CHECK: nn.pad %[[X]] value %[[V]] : tensor<f32> low [0, 1] high [0, -2] : tensor<4x5xf32> -> tensor<4x4xf32>
// CHECK: nn.pad %[[X]] low [1, 0] high [2, 0] {mode = #nn.pad_mode<reflect>} : tensor<4x5xf32> -> tensor<7x5xf32>
// CHECK: nn.pad %[[X]] low [1, -1] high [1, -1] : tensor<4x5xf32> -> tensor<6x3xf32>
func.func @main(%x: tensor<4x5xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %pads = onnx.constant dense<[1, -2]> : tensor<2xi64>
  %value = onnx.constant dense<2.0> : tensor<f32>
  %axes = onnx.constant dense<-1> : tensor<1xi64>
  %shape = onnx.constant dense<[6, 3]> : tensor<2xi64>
  %0 = onnx.node "Pad"(%x, %pads, %value, %axes) opset 18 : (tensor<4x5xf32>, tensor<2xi64>, tensor<f32>, tensor<1xi64>) -> tensor<*xf32>
  %1 = onnx.node "Pad"(%x) {mode = "reflect", pads = [1, 0, 2, 0]} opset 2 : (tensor<4x5xf32>) -> tensor<*xf32>
  %2 = onnx.node "CenterCropPad"(%x, %shape) opset 18 : (tensor<4x5xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0, %1, %2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Blocks of space and depth are a reshape, a transpose and a reshape.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?x8x2x3xf32>
// CHECK: %[[S:.*]] = nn.reshape %[[X]][%{{.*}}] : tensor<?x8x2x3xf32> -> tensor<?x2x2x2x2x3xf32>
// CHECK: %[[T:.*]] = nn.transpose %[[S]] {permutation = array<i64: 0, 3, 4, 1, 5, 2>}
// CHECK: %[[Y:.*]] = nn.reshape %[[T]][%{{.*}}] : tensor<?x2x2x2x3x2xf32> -> tensor<?x2x4x6xf32>
// CHECK: nn.transpose %{{.*}} {permutation = array<i64: 0, 3, 5, 1, 2, 4>}
// CHECK: nn.reshape %{{.*}} -> tensor<?x8x2x3xf32>
func.func @main(%x: tensor<?x8x2x3xf32>) -> tensor<*xf32> {
  %0 = onnx.node "DepthToSpace"(%x) {blocksize = 2} opset 13 : (tensor<?x8x2x3xf32>) -> tensor<*xf32>
  %1 = onnx.node "SpaceToDepth"(%0) {blocksize = 2} opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}
