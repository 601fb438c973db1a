// Elementwise operators: kinds, broadcasting, mixed types, old forms.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: nn.binary add %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @main(%x: tensor<2x3xf32>, %y: tensor<3xf32>) -> tensor<*xf32> {
  %0 = onnx.node "Add"(%x, %y) opset 14 : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Operator set 6: the second operand is stretched to the first from axis 1 on.
// CHECK-LABEL: func.func @main
// CHECK: %[[Y:.*]] = nn.reshape %{{.*}} : tensor<3xf32> -> tensor<3x1xf32>
// CHECK: nn.binary mul %{{.*}}, %[[Y]] : (tensor<2x3x4xf32>, tensor<3x1xf32>) -> tensor<2x3x4xf32>
func.func @main(%x: tensor<2x3x4xf32>, %y: tensor<3xf32>) -> tensor<*xf32> {
  %0 = onnx.node "Mul"(%x, %y) {axis = 1, broadcast = 1} opset 6 : (tensor<2x3x4xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: nn.binary mod %{{.*}}, %{{.*}} : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
// CHECK: nn.binary rem %{{.*}}, %{{.*}} : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
func.func @main(%x: tensor<4xi32>, %y: tensor<4xi32>) -> (tensor<*xi32>, tensor<*xi32>) {
  %0 = onnx.node "Mod"(%x, %y) opset 13 : (tensor<4xi32>, tensor<4xi32>) -> tensor<*xi32>
  %1 = onnx.node "Mod"(%x, %y) {fmod = 1} opset 13 : (tensor<4xi32>, tensor<4xi32>) -> tensor<*xi32>
  return %0, %1 : tensor<*xi32>, tensor<*xi32>
}

// -----

// The exponent joins a float base; an integer base goes through f64.
// CHECK-LABEL: func.func @main
// CHECK: %[[E:.*]] = nn.cast %{{.*}} : (tensor<4xi64>) -> tensor<4xf32>
// CHECK: nn.binary pow %{{.*}}, %[[E]] : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK: %[[B:.*]] = nn.cast %{{.*}} : (tensor<4xi64>) -> tensor<4xf64>
// CHECK: %[[P:.*]] = nn.binary pow %[[B]], %{{.*}} : (tensor<4xf64>, tensor<4xf64>) -> tensor<4xf64>
// CHECK: nn.cast %[[P]] : (tensor<4xf64>) -> tensor<4xi64>
func.func @main(%x: tensor<4xf32>, %y: tensor<4xi64>) -> (tensor<*xf32>, tensor<*xi64>) {
  %0 = onnx.node "Pow"(%x, %y) opset 15 : (tensor<4xf32>, tensor<4xi64>) -> tensor<*xf32>
  %1 = onnx.node "Pow"(%y, %x) opset 15 : (tensor<4xi64>, tensor<4xf32>) -> tensor<*xi64>
  return %0, %1 : tensor<*xf32>, tensor<*xi64>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: %[[S:.*]] = nn.binary add
// CHECK: %[[T:.*]] = nn.binary add %[[S]]
// CHECK: %[[N:.*]] = nn.constant dense<3.000000e+00> : tensor<f32>
// CHECK: nn.binary div %[[T]], %[[N]]
func.func @main(%x: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "Mean"(%x, %x, %x) opset 13 : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// An unsigned number is its own absolute value, and its sign is at most 1.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<4xui8>
// CHECK-NOT: nn.unary
// CHECK: %[[S:.*]] = nn.binary min %[[X]]
// CHECK: return %[[X]], %[[S]]
func.func @main(%x: tensor<4xui8>) -> (tensor<*xui8>, tensor<*xui8>) {
  %0 = onnx.node "Abs"(%x) opset 13 : (tensor<4xui8>) -> tensor<*xui8>
  %1 = onnx.node "Sign"(%x) opset 13 : (tensor<4xui8>) -> tensor<*xui8>
  return %0, %1 : tensor<*xui8>, tensor<*xui8>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: nn.compare ge {{.*}} -> tensor<4xi1>
// CHECK: nn.unary isinf
// CHECK: %[[I:.*]] = nn.constant dense<0xFF800000> : tensor<f32>
// CHECK: nn.compare eq %{{.*}}, %[[I]]
// CHECK: nn.binary and
// CHECK: nn.unary not
// CHECK: nn.select
func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "GreaterOrEqual"(%x, %y) opset 16 : (tensor<4xf32>, tensor<4xf32>) -> tensor<*xi1>
  %1 = onnx.node "IsInf"(%x) opset 20 : (tensor<4xf32>) -> tensor<*xi1>
  %2 = onnx.node "IsInf"(%x) {detect_positive = 0} opset 20 : (tensor<4xf32>) -> tensor<*xi1>
  %3 = onnx.node "And"(%1, %2) opset 7 : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %4 = onnx.node "Not"(%3) opset 1 : (tensor<*xi1>) -> tensor<*xi1>
  %5 = onnx.node "Or"(%4, %0) opset 7 : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
  %6 = onnx.node "Where"(%5, %x, %y) opset 16 : (tensor<*xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %6 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: nn.binary shl {{.*}} : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
// CHECK: nn.binary shr
// CHECK: nn.binary xor
// CHECK: nn.unary not
func.func @main(%x: tensor<4xui8>) -> tensor<*xui8> {
  %0 = onnx.node "BitShift"(%x, %x) {direction = "LEFT"} opset 11 : (tensor<4xui8>, tensor<4xui8>) -> tensor<*xui8>
  %1 = onnx.node "BitShift"(%0, %x) {direction = "RIGHT"} opset 11 : (tensor<*xui8>, tensor<4xui8>) -> tensor<*xui8>
  %2 = onnx.node "BitwiseXor"(%1, %x) opset 18 : (tensor<*xui8>, tensor<4xui8>) -> tensor<*xui8>
  %3 = onnx.node "BitwiseNot"(%2) opset 18 : (tensor<*xui8>) -> tensor<*xui8>
  return %3 : tensor<*xui8>
}

// -----

// Clip: attributes, constant inputs, one bound, values, integers.
// CHECK-LABEL: func.func @main
// CHECK: nn.clamp %{{.*}} {hi = 6.000000e+00 : f64, lo = 0.000000e+00 : f64}
// CHECK: nn.clamp %{{.*}} {hi = 6.000000e+00 : f64, lo = 0xFFF0000000000000 : f64}
// CHECK: %[[L:.*]] = nn.binary max %{{.*}}, %{{.*}} : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK: nn.binary min %[[L]], %{{.*}} : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK: nn.binary max %{{.*}}, %{{.*}} : (tensor<4xi8>, tensor<i8>) -> tensor<4xi8>
func.func @main(%x: tensor<4xf32>, %lo: tensor<f32>, %n: tensor<4xi8>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi8>) {
  %six = onnx.constant dense<6.0> : tensor<f32>
  %zero = onnx.constant dense<0> : tensor<i8>
  %none = onnx.none
  %0 = onnx.node "Clip"(%x) {min = 0.0 : f32, max = 6.0 : f32} opset 6 : (tensor<4xf32>) -> tensor<*xf32>
  %1 = onnx.node "Clip"(%x, %none, %six) opset 13 : (tensor<4xf32>, none, tensor<f32>) -> tensor<*xf32>
  %2 = onnx.node "Clip"(%x, %lo, %six) opset 13 : (tensor<4xf32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %3 = onnx.node "Clip"(%n, %zero) opset 13 : (tensor<4xi8>, tensor<i8>) -> tensor<*xi8>
  return %0, %1, %2, %3 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi8>
}

// -----

// Into 4 bits a number is rounded and wraps.
// CHECK-LABEL: func.func @main
// CHECK: %[[R:.*]] = nn.unary round
// CHECK: %[[I:.*]] = nn.cast %[[R]] : (tensor<4xf32>) -> tensor<4xi32>
// CHECK: nn.cast %[[I]] : (tensor<4xi32>) -> tensor<4xi4>
// CHECK: nn.cast %{{.*}} {saturate = false} : (tensor<4xf32>) -> tensor<4xf8E4M3FN>
// CHECK: nn.cast %{{.*}} : (tensor<4xf32>) -> tensor<4xbf16>
// CHECK: nn.cast %{{.*}} : (tensor<4xf32>) -> tensor<4xui8>
// CHECK: %[[Q:.*]] = lp.quantize %{{.*}} scales() {{.*}}rounding = #lp.rounding<up>{{.*}} -> tensor<4x!lp.e8m0>
// CHECK: lp.bitcast %[[Q]] : tensor<4x!lp.e8m0> -> tensor<4xf8E8M0FNU>
// CHECK: nn.bitcast %{{.*}} : (tensor<4xf32>) -> tensor<4xi32>
func.func @main(%x: tensor<4xf32>, %like: tensor<ui8>) -> (tensor<*xi4>, tensor<*xf8E4M3FN>, tensor<*xbf16>, tensor<*xui8>, tensor<*xf8E8M0FNU>, tensor<*xi32>) {
  %0 = onnx.node "Cast"(%x) {to = 22} opset 25 : (tensor<4xf32>) -> tensor<*xi4>
  %1 = onnx.node "Cast"(%x) {saturate = 0, to = 17} opset 25 : (tensor<4xf32>) -> tensor<*xf8E4M3FN>
  %2 = onnx.node "Cast"(%x) {to = 16} opset 25 : (tensor<4xf32>) -> tensor<*xbf16>
  %3 = onnx.node "CastLike"(%x, %like) opset 25 : (tensor<4xf32>, tensor<ui8>) -> tensor<*xui8>
  %4 = onnx.node "Cast"(%x) {to = 24} opset 25 : (tensor<4xf32>) -> tensor<*xf8E8M0FNU>
  %5 = onnx.node "BitCast"(%x) {to = 6} opset 26 : (tensor<4xf32>) -> tensor<*xi32>
  return %0, %1, %2, %3, %4, %5 : tensor<*xi4>, tensor<*xf8E4M3FN>, tensor<*xbf16>, tensor<*xui8>, tensor<*xf8E8M0FNU>, tensor<*xi32>
}
