// RUN: lpc-opt %s --convert-nn-to-linalg --split-input-file --verify-diagnostics
// What has no lowering is named.

func.func @complex(%x: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  // expected-error @below {{has an operand or result of type 'tensor<4xcomplex<f32>>', whose element type has no lowering}}
  %0 = nn.reshape %x : tensor<4xcomplex<f32>> -> tensor<4xcomplex<f32>>
  return %0 : tensor<4xcomplex<f32>>
}

// -----

func.func @wide_integer(%x: tensor<4xi128>) -> tensor<4xi128> {
  // expected-error @below {{whose element type has no lowering}}
  %0 = nn.unary abs %x : (tensor<4xi128>) -> tensor<4xi128>
  return %0 : tensor<4xi128>
}
