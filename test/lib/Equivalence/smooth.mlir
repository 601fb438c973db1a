// RUN: %python %S/Inputs/statistics.py %t.npz 0=16,1 1=2,2,2,2
// RUN: lpc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(lpc-smooth{statistics=%t.npz}))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(lpc-smooth{explicit=true statistics=%t.npz}))' | FileCheck %s --check-prefix=EXPLICIT
// RUN: lpc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(lpc-smooth{alpha=0.25 power-of-two=true statistics=%t.npz}))' 2>/dev/null | FileCheck %s --check-prefix=POWER
// Scales worked out by hand. That the function stays is shown in test/e2e.

// s = sqrt(16 / 4), sqrt(1 / 1): the gain is divided, the matrix multiplied.
// CHECK-LABEL: @gain
// CHECK-DAG:     nn.constant dense<[5.000000e-01, 1.000000e+00]> : tensor<2xf64>
// CHECK-DAG:     nn.constant dense<{{\[}}[8.000000e+00, -4.000000e+00], [1.000000e+00, 5.000000e-01]]> : tensor<2x2xf64>
// CHECK:         nn.rms_norm {{.*}}, %
// With alpha = 1/4: 2 / 4^(3/4) = 0.707 becomes 0.5 or 1; 1.
// POWER-LABEL: @gain
// POWER-NOT: nn.binary
// POWER-DAG:     nn.constant dense<[{{1.000000e\+00, 1.000000e\+00|2.000000e\+00, 1.000000e\+00}}]> : tensor<2xf64>
func.func @gain(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %g = nn.constant dense<[1.0, 1.0]> : tensor<2xf32>
  %w = nn.constant dense<[[4.0, -2.0], [1.0, 0.5]]> : tensor<2x2xf32>
  %n = nn.rms_norm %x, %g {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// A norm without a gain gets one. Two readers: the larger of the weights, 4 and 1, counts.
// CHECK-LABEL: @no_gain
// CHECK-DAG:     nn.constant dense<[5.000000e-01, 1.000000e+00]> : tensor<2xf64>
// CHECK-DAG:     nn.constant dense<{{\[}}[8.000000e+00], [1.000000e+00]]> : tensor<2x1xf64>
// CHECK-DAG:     nn.constant dense<{{\[}}[2.000000e+00, 5.000000e-01]]> : tensor<1x2xf64>
// CHECK:         nn.layer_norm %{{[^ ]*}}, %
func.func @no_gain(%x: tensor<?x2xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>) {
  %w = nn.constant dense<[[4.0], [1.0]]> : tensor<2x1xf32>
  %v = nn.constant dense<[[1.0, 0.5]]> : tensor<1x2xf32>
  %n = nn.layer_norm %x {axis = 1 : i64, epsilon = 1.0 : f64, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
  %z = nn.matmul %n, %v {transpose_rhs = true} : (tensor<?x2xf32>, tensor<1x2xf32>) -> tensor<?x1xf32>
  return %y, %z : tensor<?x1xf32>, tensor<?x1xf32>
}

// -----

// Something besides the product reads the norm: the norm is left without a gain, and the reason is given.
// REMARK: remark: its activation is not smoothed: 'func.return' is an output of the graph
// CHECK-LABEL: @two_readers
// CHECK-NOT:     f64>
// CHECK:         nn.rms_norm %{{[^,]*}} {
// EXPLICIT-LABEL: @two_readers
// EXPLICIT:      nn.constant dense<{{\[}}[8.000000e+00], [1.000000e+00]]> : tensor<2x1xf64>
// EXPLICIT:      %[[N:.*]] = nn.rms_norm
// EXPLICIT:      %[[G:.*]] = nn.constant dense<[5.000000e-01, 1.000000e+00]> : tensor<2xf64>
// EXPLICIT:      %[[F:.*]] = nn.cast %[[G]]
// EXPLICIT:      %[[S:.*]] = nn.binary mul %[[N]], %[[F]]
// EXPLICIT:      nn.matmul %[[S]]
// EXPLICIT:      return {{.*}}%[[N]]
func.func @two_readers(%x: tensor<?x2xf32>) -> (tensor<?x1xf32>, tensor<?x2xf32>) {
  %w = nn.constant dense<[[4.0], [1.0]]> : tensor<2x1xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
  return %y, %n : tensor<?x1xf32>, tensor<?x2xf32>
}

// -----

// REMARK: remark: its activation is not smoothed: 'func.func' is an input of the graph
// REMARK: remark: its activation is not smoothed: 'nn.unary' does not commute with a scale
// CHECK-LABEL: @barriers
// CHECK-NOT: f64>
func.func @barriers(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
  %w = nn.constant dense<1.0> : tensor<2x4xf32>
  %v = nn.constant dense<1.0> : tensor<4x1xf32>
  %h = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
  %a = nn.unary gelu %h : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %a, %v : (tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// -----

// Values and the projection behind them, two heads that share one value head of two channels: the scales of the projection
// are those of the value head, the largest of both heads counts. Activation 1 is 2 everywhere; weights are 2, 8 (head 0) and
// 8, 2 (head 1): s = sqrt(2 / 8).
// CHECK-LABEL: @shared_head
// CHECK-DAG:     nn.constant dense<2.000000e+00> : tensor<2x2xf64>
// CHECK-DAG:     nn.constant dense<{{\[}}[1.000000e+00], [4.000000e+00], [4.000000e+00], [1.000000e+00]]> : tensor<4x1xf64>
func.func @shared_head(%x: tensor<3x2xf32>, %p: tensor<2x3x3xf32>) -> tensor<3x1xf32> {
  %wv = nn.constant dense<1.0> : tensor<2x2xf32>
  %wo = nn.constant dense<[[2.0], [8.0], [8.0], [2.0]]> : tensor<4x1xf32>
  %v = nn.matmul %x, %wv : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %v1 = nn.reshape %v [] : tensor<3x2xf32> -> tensor<1x3x2xf32>
  %v2 = nn.broadcast %v1 [] : tensor<1x3x2xf32> -> tensor<2x3x2xf32>
  %o = nn.matmul %p, %v2 : (tensor<2x3x3xf32>, tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %t = nn.transpose %o {permutation = array<i64: 1, 0, 2>} : (tensor<2x3x2xf32>) -> tensor<3x2x2xf32>
  %r = nn.reshape %t [] : tensor<3x2x2xf32> -> tensor<3x4xf32>
  %y = nn.matmul %r, %wo : (tensor<3x4xf32>, tensor<4x1xf32>) -> tensor<3x1xf32>
  return %y : tensor<3x1xf32>
}

// -----

// A reader in a region and one behind it: the multiplication stands where the activation is.
// EXPLICIT-LABEL: @region
// EXPLICIT:      nn.binary mul
// EXPLICIT:      scf.if
func.func @region(%x: tensor<?x2xf32>, %c: i1) -> tensor<?x2xf32> {
  %w = nn.constant dense<[[4.0, -2.0], [1.0, 0.5]]> : tensor<2x2xf32>
  %r = scf.if %c -> tensor<?x2xf32> {
    %a = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
    scf.yield %a : tensor<?x2xf32>
  } else {
    scf.yield %x : tensor<?x2xf32>
  }
  %b = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %y = nn.binary add %r, %b : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
