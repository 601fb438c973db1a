// RUN: %python %S/Inputs/statistics.py %t.npz 0=4,0.5:2
// RUN: lpc-opt %s --split-input-file --lpc-outlier-tune=statistics=%t.npz 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --split-input-file --lpc-outlier-tune="shift=false statistics=%t.npz" 2>/dev/null | FileCheck %s --check-prefix=SCALE
// RUN: not lpc-opt %s --lpc-outlier-tune 2>&1 | FileCheck %s --check-prefix=NONE
// Channel 0 lies in [-2, 6], channel 1 in [1.5, 2.5]: centres 2 and 2, half ranges 4 and 0.5. That the function stays is shown in
// test/e2e.

// NONE: error: option statistics: expected a file

// Shift (0 - 2) / s, gain 1 / s, W * s, and 2 * (1 + 3), 2 * (2 + 4) behind the product.
// CHECK-LABEL: @layer
// CHECK-DAG:     nn.constant dense<[-5.000000e-01, -4.000000e+00]> : tensor<2xf64>
// CHECK-DAG:     nn.constant dense<[2.500000e-01, 2.000000e+00]> : tensor<2xf64>
// CHECK-DAG:     nn.constant dense<{{\[}}[4.000000e+00, 8.000000e+00], [1.500000e+00, 2.000000e+00]]> : tensor<2x2xf64>
// CHECK-DAG:     nn.constant dense<[8.000000e+00, 1.200000e+01]> : tensor<2xf64>
// CHECK:         nn.binary add
// SCALE-LABEL: @layer
// SCALE-DAG:     nn.constant dense<[0.16666666666666666, 4.000000e-01]> : tensor<2xf64>
// SCALE-NOT:     nn.binary
// SCALE:         return
func.func @layer(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %n = nn.layer_norm %x {axis = 1 : i64, epsilon = 1.0 : f64, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// An RMS norm has no shift: ranges alone. An input of the graph stays.
// CHECK-LABEL: @rms
// CHECK:         nn.constant dense<[0.16666666666666666, 4.000000e-01]> : tensor<2xf64>
// CHECK-NOT:     nn.binary
// CHECK:         return
func.func @rms(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// REMARK: remark: its activation is not scaled: 'func.func' is an input of the graph
// CHECK-LABEL: @input
// CHECK-NOT: f64>
func.func @input(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %y = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
