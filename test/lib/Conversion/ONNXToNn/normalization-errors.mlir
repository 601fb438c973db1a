// What normalizations refuse.
// RUN: lpc-opt %s -split-input-file -verify-diagnostics -convert-onnx-to-nn

func.func @main(%x: tensor<2x3x4xf32>, %s: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(BatchNormalization, opset 7): statistics for each position (spatial = 0); use one per channel}}
  %0 = onnx.node "BatchNormalization"(%x, %s, %s, %s, %s) {spatial = 0} opset 7
    : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3x4xf32>, %s: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(InstanceNormalization, opset 6): input 1 must have rank 1 and 3 elements}}
  %0 = onnx.node "InstanceNormalization"(%x, %s, %s) opset 6 : (tensor<2x3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3x4xf32>, %s: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{(GroupNormalization, opset 18): attribute 'num_groups' (2) must divide the number of channels}}
  %0 = onnx.node "GroupNormalization"(%x, %s, %s) {num_groups = 2} opset 18 : (tensor<2x3x4xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
