// RUN: split-file %s %t
// RUN: lpc-opt %t/format.mlir --lpc-quantize-weights=format=fp3 -verify-diagnostics
// RUN: lpc-opt %t/method.mlir --lpc-quantize-weights=method=best -verify-diagnostics
// RUN: lpc-opt %t/token.mlir --lpc-quantize-weights=format=int8/token -verify-diagnostics
// RUN: lpc-opt %t/mse.mlir --lpc-quantize-weights="format=q4_k method=mse" -verify-diagnostics
// RUN: lpc-opt %t/unsigned.mlir --lpc-quantize-weights=format=uint4/g2 -verify-diagnostics
// RUN: lpc-opt %t/nan.mlir --lpc-quantize-weights -verify-diagnostics
// Bad options, and weights that no scale fits.

//--- format.mlir
// expected-error @below {{option format: }}
func.func @unknown_format() { return }

//--- method.mlir
// expected-error @below {{option method: expected absmax or mse, but got 'best'}}
func.func @unknown_method() { return }

//--- token.mlir
// expected-error @below {{weights have no tokens: use tensor, channel or group granularity instead of 'int8/token'}}
func.func @tokens() { return }

//--- mse.mlir
// expected-error @below {{option format: method mse does not fit 'q4_k': }}
func.func @search_within_a_search() { return }

//--- unsigned.mlir
func.func @negative(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<-1.0> : tensor<2x2xf32>
  // expected-error @below {{its weight has negative values, which 'uint4/g2' cannot hold; use a signed format or a zero point ('/asym')}}
  %y = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

//--- nan.mlir
func.func @not_a_number(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<0x7FC00000> : tensor<2x2xf32>
  // expected-error @below {{its weight holds NaN or infinity, which 'int8/channel' cannot scale; --keep leaves it in float}}
  %y = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
