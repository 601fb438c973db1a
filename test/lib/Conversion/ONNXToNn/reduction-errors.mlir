// What reductions refuse.
// RUN: lpc-opt %s -split-input-file -verify-diagnostics -convert-onnx-to-nn

func.func @main(%x: tensor<2x3xf32>, %axes: tensor<?xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{(ReduceSum, opset 13): the number of axes (input 1) is computed at run time, and with it the rank of the result; make them a constant}}
  %0 = onnx.node "ReduceSum"(%x, %axes) {keepdims = 0} opset 13 : (tensor<2x3xf32>, tensor<?xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(ReduceMax, opset 13): an axis is listed twice}}
  %0 = onnx.node "ReduceMax"(%x) {axes = [1, -1]} opset 13 : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %k = onnx.constant dense<4> : tensor<1xi64>
  // expected-error @+1 {{(TopK, opset 11): K is 4, but the axis has 3 elements}}
  %0:2 = onnx.node "TopK"(%x, %k) opset 11 : (tensor<2x3xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>, %t: tensor<2x1xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected scores of rank 2 or more and classes of one rank less, but got ranks 2 and 2}}
  %0 = onnx.node "NegativeLogLikelihoodLoss"(%x, %t) opset 13 : (tensor<2x3xf32>, tensor<2x1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
