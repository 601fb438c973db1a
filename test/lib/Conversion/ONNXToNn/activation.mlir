// Activations: one op where nn has it, else the formula; softmax before and after operator set 13.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: nn.unary relu
// CHECK: nn.unary hard_swish
// CHECK: nn.unary gelu %
// CHECK: nn.unary gelu_tanh
// CHECK: nn.unary silu
func.func @main(%x: tensor<?x4xbf16>) -> tensor<*xbf16> {
  %0 = onnx.node "Relu"(%x) opset 14 : (tensor<?x4xbf16>) -> tensor<*xbf16>
  %1 = onnx.node "HardSwish"(%0) opset 14 : (tensor<*xbf16>) -> tensor<*xbf16>
  %2 = onnx.node "Gelu"(%1) opset 20 : (tensor<*xbf16>) -> tensor<*xbf16>
  %3 = onnx.node "Gelu"(%2) {approximate = "tanh"} opset 20 : (tensor<*xbf16>) -> tensor<*xbf16>
  %4 = onnx.node "Swish"(%3) opset 24 : (tensor<*xbf16>) -> tensor<*xbf16>
  return %4 : tensor<*xbf16>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>
// CHECK: %[[ZERO:.*]] = nn.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[LT:.*]] = nn.compare lt %[[X]], %[[ZERO]]
// CHECK: %[[A:.*]] = nn.constant dense<1.000000e-01> : tensor<f32>
// CHECK: %[[AX:.*]] = nn.binary mul %[[A]], %[[X]]
// CHECK: nn.select %[[LT]], %[[AX]], %[[X]]
func.func @main(%x: tensor<?x4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "LeakyRelu"(%x) {alpha = 0.1 : f32} opset 16 : (tensor<?x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Swish with a factor, HardSigmoid, Mish.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK: %[[S:.*]] = nn.unary sigmoid
// CHECK: nn.binary mul %[[X]], %[[S]]
// CHECK: nn.clamp %{{.*}} {hi = 1.000000e+00 : f64, lo = 0.000000e+00 : f64}
// CHECK: %[[P:.*]] = nn.unary softplus
// CHECK: nn.unary tanh %[[P]]
func.func @main(%x: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "Swish"(%x) {alpha = 2.0 : f32} opset 24 : (tensor<4xf32>) -> tensor<*xf32>
  %1 = onnx.node "HardSigmoid"(%0) opset 22 : (tensor<*xf32>) -> tensor<*xf32>
  %2 = onnx.node "Mish"(%1) opset 18 : (tensor<*xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}

// -----

// Before operator set 7 a slope belonged to the channels.
// CHECK-LABEL: func.func @main
// CHECK: %[[S:.*]] = nn.reshape %{{.*}} : tensor<3xf32> -> tensor<1x3x1x1xf32>
// CHECK: nn.binary mul %{{.*}}, %[[S]]
func.func @main(%x: tensor<?x3x4x4xf32>, %slope: tensor<3xf32>) -> tensor<*xf32> {
  %0 = onnx.node "PRelu"(%x, %slope) opset 6 : (tensor<?x3x4x4xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: nn.softmax %{{.*}} {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
// CHECK: nn.softmax %{{.*}} {axis = 2 : i64, log = true} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
func.func @main(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "Softmax"(%x) {axis = 1} opset 13 : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %1 = onnx.node "LogSoftmax"(%0) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// Before operator set 13 the dimensions from the axis on were one.
// CHECK-LABEL: func.func @main
// CHECK: %[[F:.*]] = nn.reshape %{{.*}} : tensor<?x3x4xf32> -> tensor<?x12xf32>
// CHECK: %[[S:.*]] = nn.softmax %[[F]] {axis = 1 : i64} : (tensor<?x12xf32>) -> tensor<?x12xf32>
// CHECK: nn.reshape %[[S]][{{.*}}] : tensor<?x12xf32> -> tensor<?x3x4xf32>
func.func @main(%x: tensor<?x3x4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "Softmax"(%x) opset 11 : (tensor<?x3x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>
// CHECK: %[[BEST:.*]] = nn.arg_reduce max %[[X]] {axis = 1 : i64, keep_dims = true}
// CHECK: %[[I:.*]] = nn.iota[%{{.*}}] {axis = 1 : i64} : tensor<?x4xi64>
// CHECK: %[[M:.*]] = nn.compare eq %[[I]], %[[BEST]]
// CHECK: nn.cast %[[M]] : (tensor<?x4xi1>) -> tensor<?x4xf32>
func.func @main(%x: tensor<?x4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "Hardmax"(%x) opset 13 : (tensor<?x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
