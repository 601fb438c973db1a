// What activations refuse.
// RUN: lpc-opt %s -split-input-file -verify-diagnostics -convert-onnx-to-nn

func.func @main(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(Gelu, opset 20): attribute 'approximate' must be none or tanh, but it is 'erf'}}
  %0 = onnx.node "Gelu"(%x) {approximate = "erf"} opset 20 : (tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4x4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(Softmax, opset 13): }}
  %0 = onnx.node "Softmax"(%x) {axis = 2} opset 13 : (tensor<4x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4xi32>) -> tensor<*xi32> {
  // expected-error @+1 {{(Sigmoid, opset 13): the operator does not take elements of type i32 (input 0)}}
  %0 = onnx.node "Sigmoid"(%x) opset 13 : (tensor<4xi32>) -> tensor<*xi32>
  return %0 : tensor<*xi32>
}
