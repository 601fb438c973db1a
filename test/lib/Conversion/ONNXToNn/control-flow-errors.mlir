// What conditionals and loops refuse.
// RUN: lpc-opt %s -split-input-file -verify-diagnostics -convert-onnx-to-nn

// A refusal inside of a branch is reported there, once.
func.func @main(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<*xf32> {
  %0 = onnx.node "If"(%c) opset 13 graph then_branch {
    // expected-error @+1 {{no handler for operator 'Reluu'}}
    %1 = onnx.node "Reluu"(%x) opset 13 : (tensor<4xf32>) -> tensor<*xf32>
    onnx.yield %1 : tensor<*xf32>
  } graph else_branch {
    onnx.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<2x2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{output 0 has types 'tensor<4xf32>' and 'tensor<2x2xf32>'; only tensors of one element type and rank are supported}}
  %0 = onnx.node "If"(%c) opset 13 graph then_branch {
    onnx.yield %x : tensor<4xf32>
  } graph else_branch {
    onnx.yield %y : tensor<2x2xf32>
  } : (tensor<i1>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%c: tensor<i1>, %x: tensor<f32>) -> tensor<*xf32> {
  %none = onnx.none
  // expected-error @+1 {{scan outputs of a loop that has a condition and no limit have a size that is known too late; give the loop a maximum trip count}}
  %0 = onnx.node "Loop"(%none, %c) opset 13 graph body {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>):
    onnx.yield %go, %x : tensor<i1>, tensor<f32>
  } : (none, tensor<i1>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main() {
  // expected-error @+1 {{sequences, optional values and strings are not supported; only tensors of numbers are}}
  %0 = onnx.node "SequenceEmpty"() opset 13 : () -> !onnx.opaque<"seq(tensor(float))">
  return
}
