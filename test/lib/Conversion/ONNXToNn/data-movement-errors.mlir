// What data movement refuses.
// RUN: lpc-opt %s -split-input-file -verify-diagnostics -convert-onnx-to-nn

func.func @main(%x: tensor<2x3xf32>, %y: tensor<2x3xf16>) -> tensor<*xf32> {
  // expected-error @+1 {{inputs 0 and 1 have types 'tensor<2x3xf32>' and 'tensor<2x3xf16>', which cannot be joined}}
  %0 = onnx.node "Concat"(%x, %y) {axis = 0} opset 13 : (tensor<2x3xf32>, tensor<2x3xf16>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(Concat, opset 13): expected dimension 1 of all operands to be 3, but got 4}}
  %0 = onnx.node "Concat"(%x, %y) {axis = 0} opset 13 : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<7xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{the parts do not add up to the size of axis 0}}
  %0:2 = onnx.node "Split"(%x) {split = [2, 4]} opset 11 : (tensor<7xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<7xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{'starts', 'ends', 'axes' and 'steps' have different lengths}}
  %0 = onnx.node "Slice"(%x) {starts = [0], ends = [1, 2]} opset 9 : (tensor<7xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<7xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{mode 'mirror' is not one of constant, edge, reflect, wrap}}
  %0 = onnx.node "Pad"(%x) {mode = "mirror", pads = [0, 1]} opset 2 : (tensor<7xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<7xf32>) -> tensor<*xf32> {
  %i = onnx.constant dense<7> : tensor<i64>
  // expected-error @+1 {{index 7 is outside a dimension of size 7}}
  %0 = onnx.node "Gather"(%x, %i) opset 13 : (tensor<7xf32>, tensor<i64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<3xf32>, %c: tensor<3xi1>) -> tensor<*xf32> {
  // expected-error @+1 {{the size of the result depends on values that are computed at run time; use 'Where' with a mask of fixed size instead}}
  %0 = onnx.node "Compress"(%x, %c) {axis = 0} opset 11 : (tensor<3xf32>, tensor<3xi1>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
