// RUN: split-file %s %t
// RUN: lpc-opt %t/format.mlir --lpc-quantize-activations=format=int99 -verify-diagnostics
// RUN: lpc-opt %t/method.mlir --lpc-quantize-activations="format=int8/token method=best" -verify-diagnostics
// RUN: lpc-opt %t/channel.mlir --lpc-quantize-activations=format=int8/channel -verify-diagnostics
// RUN: lpc-opt %t/table.mlir --lpc-quantize-activations=format=any4 -verify-diagnostics
// RUN: lpc-opt %t/search.mlir --lpc-quantize-activations=format=nvfp4@four_over_six -verify-diagnostics
// RUN: lpc-opt %t/missing.mlir --lpc-quantize-activations=format=int8 -verify-diagnostics
// RUN: lpc-opt %t/garbage.mlir --lpc-quantize-activations="format=int8 calibration=%t/garbage.json" -verify-diagnostics
// RUN: lpc-opt %t/other.mlir --lpc-quantize-activations="format=int8 calibration=%t/other.json" -verify-diagnostics
// Bad options and bad calibration files, one message each.

//--- format.mlir
// expected-error @below {{option format: }}
func.func @unknown_format() { return }

//--- method.mlir
// expected-error @below {{option method: expected minmax, percentile or mse, but got 'best'}}
func.func @unknown_method() { return }

//--- channel.mlir
// expected-error @below {{activations have no output channels: use tensor, token or group granularity instead of 'int8/channel'}}
func.func @channels() { return }

//--- table.mlir
// expected-error @below {{option format: tables, offsets and scales that depend on the sign are for weights only: 'any4' is no format of activations}}
func.func @table() { return }

//--- search.mlir
// expected-error @below {{rule 'four_over_six' searches or needs more than the largest magnitude}}
func.func @search() { return }

//--- missing.mlir
// expected-error @below {{static activation scales need calibration data: cannot read ''}}
func.func @no_file() { return }

//--- garbage.json
{"something": "else"}

//--- garbage.mlir
// expected-error-re @below {{static activation scales need calibration data: '{{.*}}garbage.json' is not a calibration file of lpc}}
func.func @no_calibration_file() { return }

//--- other.json
{"lpc_calibration": 1, "samples": 0, "tensors": []}

//--- other.mlir
func.func @file_of_another_model(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{it belongs to another model}}
  %o = lp.observe %x {id = 7} : tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}
