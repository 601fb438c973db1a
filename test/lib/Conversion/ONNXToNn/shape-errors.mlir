// What operators on shapes refuse, and what the walk says about whole graphs.
// RUN: lpc-opt %s -split-input-file -verify-diagnostics -convert-onnx-to-nn

func.func @main(%x: tensor<2x3xf32>, %s: tensor<?xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{node 'r' (Reshape, opset 13): the shape has type 'tensor<?xi64>', but a short integer list of known length is needed}}
  %0 = onnx.node "Reshape"(%x, %s) named "r" opset 13 : (tensor<2x3xf32>, tensor<?xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<[4, 2]> : tensor<2xi64>
  // expected-error @+1 {{(Reshape, opset 13): cannot reshape 'tensor<2x3xf32>' to 'tensor<4x2xf32>': the numbers of elements differ}}
  %0 = onnx.node "Reshape"(%x, %s) opset 13 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %s = onnx.constant dense<-1> : tensor<2xi64>
  // expected-error @+1 {{the shape has more than one -1}}
  %0 = onnx.node "Reshape"(%x, %s) opset 13 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x?xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{without 'axes' the rank of the result depends on the size of dimension 1; state the axes}}
  %0 = onnx.node "Squeeze"(%x) opset 13 : (tensor<2x?xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{dimension 1 has size 3 and cannot be squeezed}}
  %0 = onnx.node "Squeeze"(%x) {axes = [1]} opset 11 : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{axis 2 is not in [-2, 1]}}
  %0 = onnx.node "Squeeze"(%x) {axes = [2]} opset 11 : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{attribute 'mode' is not known for this operator}}
  %0 = onnx.node "Transpose"(%x) {mode = "new"} opset 13 : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{the permutation does not fit 'tensor<2x3xf32>'}}
  %0 = onnx.node "Transpose"(%x) {perm = [0, 0]} opset 13 : (tensor<2x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Every refused node is listed; nodes that depend on one are not.
func.func @main(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{node 'a' (Reluu, opset 13): no handler for operator 'Reluu' of domain 'ai.onnx'; nearest known operator: 'Relu'}}
  %0 = onnx.node "Reluu"(%x) named "a" opset 13 : (tensor<4xf32>) -> tensor<*xf32>
  %1 = onnx.node "Relu"(%0) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  // expected-error @+1 {{node 'b' (org.example.Frobnicate, opset 1): no handler for operator 'Frobnicate' of domain 'org.example', of which no operator is known; express it with other operators when exporting}}
  %2 = onnx.node "Frobnicate"(%x) domain "org.example" named "b" opset 1 : (tensor<4xf32>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// expected-error @+1 {{graph input 'x': the rank is not known; declare the input's shape in the model}}
func.func @main(%x: tensor<*xf32> {onnx.name = "x"}) -> tensor<*xf32> {
  %0 = onnx.node "Relu"(%x) opset 13 : (tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// What the file declares is a hint.
// expected-remark @+1 {{graph output 'y': the model declares 'tensor<5xf32>', but the inferred type is 'tensor<4xf32>'}}
func.func @main(%x: tensor<4xf32>) -> (tensor<5xf32> {onnx.name = "y"}) {
  %0 = onnx.node "Relu"(%x) opset 13 : (tensor<4xf32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}
