// What elementwise operators refuse.
// RUN: lpc-opt %s -split-input-file -verify-diagnostics -convert-onnx-to-nn

func.func @main(%x: tensor<4xf32>, %y: tensor<4xf64>) -> tensor<*xf32> {
  // expected-error @+1 {{(Add, opset 14): expected inputs of one element type, but got f32 and f64}}
  %0 = onnx.node "Add"(%x, %y) opset 14 : (tensor<4xf32>, tensor<4xf64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4xf32>, %y: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(Add, opset 14): the shapes of the inputs do not broadcast: tensor<4xf32>, tensor<3xf32>}}
  %0 = onnx.node "Add"(%x, %y) opset 14 : (tensor<4xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(Add, opset 14): input 1 is required, but it is not given}}
  %0 = onnx.node "Add"(%x) opset 14 : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4xi32>) -> tensor<*xi32> {
  // expected-error @+1 {{(Exp, opset 13): the operator does not take elements of type i32 (input 0)}}
  %0 = onnx.node "Exp"(%x) opset 13 : (tensor<4xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(Mod, opset 13): attribute 'fmod' must be 1 for float inputs}}
  %0 = onnx.node "Mod"(%x, %x) opset 13 : (tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(Cast, opset 13): attribute 'to' asks for strings, which lpc has not}}
  %0 = onnx.node "Cast"(%x) {to = 8} opset 13 : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(Relu, opset 14): attribute 'slope' is not known for this operator}}
  %0 = onnx.node "Relu"(%x) {slope = 1.0 : f32} opset 14 : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4xui8>) -> tensor<*xui8> {
  // expected-error @+1 {{(BitShift, opset 11): attribute 'direction' must be LEFT or RIGHT, but it is 'UP'}}
  %0 = onnx.node "BitShift"(%x, %x) {direction = "UP"} opset 11 : (tensor<4xui8>, tensor<4xui8>) -> tensor<*xui8>
  return %0 : tensor<*xui8>
}
