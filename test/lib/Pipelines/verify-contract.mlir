// RUN: lpc-opt %s --lpc-verify-contract="floor=linalg dialects=arith,tensor" --split-input-file -verify-diagnostics
// What a pipeline's contract leaves passes; the rest is reported op by op.

func.func @allowed(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = arith.constant dense<1.0> : tensor<4xf32>
  return %c : tensor<4xf32>
}

// -----

func.func @not_allowed(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'nn.unary' may not remain on the linalg floor: no pattern of the pipeline took it}}
  %0 = nn.unary exp %x : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error @below {{'nn.unary' may not remain on the linalg floor: no pattern of the pipeline took it}}
  %1 = nn.unary tanh %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
