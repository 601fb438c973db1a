// RUN: lpc-opt %s --lpc-insert-observers=channels-last --split-input-file | FileCheck %s
// Observers of channels stand beside the program and show channels along the last axis.

// CHECK-LABEL: func.func @conv
// CHECK-SAME: (%[[X:.*]]: tensor<?x1x8x8xf32>)
func.func @conv(%x: tensor<?x1x8x8xf32>) -> tensor<?x2x8x8xf32> {
  // CHECK: %[[T:.*]] = nn.transpose %[[X]] {permutation = array<i64: 0, 2, 3, 1>} : (tensor<?x1x8x8xf32>) -> tensor<?x8x8x1xf32>
  // CHECK: lp.observe %[[T]] {id = 0 : i64} : tensor<?x8x8x1xf32>
  // CHECK: nn.conv %[[X]]
  %w = nn.constant dense<1.0> : tensor<2x1x3x3xf32>
  %y = nn.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x1x8x8xf32>, tensor<2x1x3x3xf32>) -> tensor<?x2x8x8xf32>
  return %y : tensor<?x2x8x8xf32>
}

// -----

// CHECK-LABEL: func.func @matmul
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>)
func.func @matmul(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  // CHECK: lp.observe %[[X]] {id = 0 : i64}
  // CHECK: nn.matmul %[[X]]
  %w = nn.constant dense<1.0> : tensor<4x2xf32>
  %y = nn.matmul %x, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
