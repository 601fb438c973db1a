// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{axes=heads}))' 2>/dev/null | FileCheck %s --check-prefix=HEADS
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{axes=rows}))' 2>&1 | FileCheck %s --check-prefix=AXES
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{matrix=unit}))' 2>&1 | FileCheck %s --check-prefix=MATRIX
// Streams and heads that rotate, then a stream that does not. That the function stays is shown in test/e2e.

// AXES: error: option axes: expected streams, heads or all, but got 'rows'
// MATRIX: error: option matrix: expected hadamard or random, but got 'unit'

// Table and matrix change; ops stay what they are.
// CHECK-LABEL: @stream
// CHECK-DAG:     nn.constant {{.*}} : tensor<2x4xf64>
// CHECK-DAG:     nn.constant {{.*}} : tensor<4x3xf64>
// CHECK:         nn.gather
// CHECK-NEXT:    nn.rms_norm
// CHECK-NEXT:    nn.matmul
// CHECK-NEXT:    return
// HEADS-LABEL: @stream
// HEADS-NOT:     f64>
// HEADS-LABEL: @heads
func.func @stream(%ids: tensor<?xi64>) -> tensor<?x3xf32> {
  %e = nn.constant dense<[[1.0, 3.0, 5.0, 7.0], [4.0, 5.0, 6.0, 7.0]]> : tensor<2x4xf32>
  %w = nn.constant dense<[[1.0, 2.0, 3.0], [3.0, 4.0, 5.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]> : tensor<4x3xf32>
  %x = nn.gather %e, %ids {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %n, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// Values and the projection behind them.
// CHECK-LABEL: @heads
// CHECK-DAG:     nn.constant {{.*}} : tensor<3x4xf64>
// CHECK-DAG:     nn.constant {{.*}} : tensor<4x3xf64>
// CHECK:         return
// HEADS:         tensor<3x4xf64>
func.func @heads(%p: tensor<?x?xf32>, %x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %wv = nn.constant dense<[[1.0, 3.0, 5.0, 7.0], [4.0, 5.0, 6.0, 7.0], [1.0, 0.0, 0.0, 2.0]]> : tensor<3x4xf32>
  %wo = nn.constant dense<[[1.0, 2.0, 3.0], [3.0, 4.0, 5.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]> : tensor<4x3xf32>
  %v = nn.matmul %x, %wv : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %o = nn.matmul %p, %v : (tensor<?x?xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %o, %wo : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// The gain has not been folded.
// CHECK-LABEL: @gain
// CHECK-NOT:     f64>
// CHECK:         return
// REMARK: remark: a stream of 4 channels is not rotated: here it has a gain per channel: fold it away first
func.func @gain(%ids: tensor<?xi64>) -> tensor<?x3xf32> {
  %e = nn.constant dense<[[1.0, 3.0, 5.0, 7.0], [4.0, 5.0, 6.0, 7.0]]> : tensor<2x4xf32>
  %g = nn.constant dense<[1.0, 3.0, 5.0, 7.0]> : tensor<4xf32>
  %w = nn.constant dense<1.0> : tensor<4x3xf32>
  %x = nn.gather %e, %ids {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %n = nn.rms_norm %x, %g {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %n, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
