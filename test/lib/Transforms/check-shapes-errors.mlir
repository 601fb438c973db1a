// RUN: lpc-opt %s --lpc-check-shapes --split-input-file --verify-diagnostics
// Tensors that no machine holds.

func.func @argument(%x: tensor<?x1099511627777xi8>) { // expected-error {{'tensor<?x1099511627777xi8>' takes more than 1 TiB}}
  return
}

// -----

// The product of the sizes leaves 64 bits.
func.func @result(%x: tensor<1x1x1xf32>) {
  // expected-error @+1 {{'tensor<2147483648x2147483648x2147483648xf32>' takes more than 1 TiB}}
  %0 = nn.broadcast %x : tensor<1x1x1xf32> -> tensor<2147483648x2147483648x2147483648xf32>
  return
}

// -----

func.func @fits(%x: tensor<?x1099511627776xi8>) {
  return
}
