// What products, convolutions and pools refuse.
// RUN: lpc-opt %s -split-input-file -verify-diagnostics -convert-onnx-to-nn

func.func @main(%x: tensor<2x3xf32>, %y: tensor<4x5xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(MatMul, opset 13): expected equal contracted dimensions, but got 3 and 4}}
  %0 = onnx.node "MatMul"(%x, %y) opset 13 : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<1x4x8x8xf32>, %w: tensor<6x3x3x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected the filter to read 4 channels in 1 groups, but it reads 3 in each}}
  %0 = onnx.node "Conv"(%x, %w) opset 11 : (tensor<1x4x8x8xf32>, tensor<6x3x3x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<1x4x8x8xf32>, %w: tensor<6x4x3x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{'kernel_shape' says 5 where the filter has 3}}
  %0 = onnx.node "Conv"(%x, %w) {kernel_shape = [5, 5]} opset 11 : (tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>, %y: tensor<3x5xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{term 'ijk' does not fit a tensor of rank 2}}
  %0 = onnx.node "Einsum"(%x, %y) {equation = "ijk,kl->il"} opset 12 : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<1x4x8x8xf32>) -> tensor<*xi64> {
  // expected-error @+1 {{the output of indices is not supported; use the values only}}
  %0:2 = onnx.node "MaxPool"(%x) {kernel_shape = [2, 2]} opset 12 : (tensor<1x4x8x8xf32>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#1 : tensor<*xi64>
}

// -----

func.func @main(%x: tensor<1x1x4x4xf32>, %s: tensor<4xf32>) -> tensor<*xf32> {
  %none = onnx.none
  // expected-error @+1 {{(Resize, opset 18): 'antialias' needs an input of known size and constant scales or sizes}}
  %0 = onnx.node "Resize"(%x, %none, %s) {antialias = 1, mode = "linear"} opset 18 : (tensor<1x1x4x4xf32>, none, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
