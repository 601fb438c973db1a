// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-online{signs=false}))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-online{sites=scores signs=false}))' 2>/dev/null | FileCheck %s --check-prefix=SCORES
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-online{matrix=kronecker seed=2}))' 2>/dev/null | FileCheck %s --check-prefix=KRONECKER
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-online{sites=all signs=false},lpc-rotate-online{sites=all signs=false}))' 2>/dev/null | FileCheck %s --check-prefix=TWICE
// RUN: not lpc-opt %s --lpc-rotate-online=sites=up 2>&1 | FileCheck %s --check-prefix=SITES
// RUN: not lpc-opt %s --lpc-rotate-online=matrix=unit 2>&1 | FileCheck %s --check-prefix=MATRIX
// Sites that no fused rotation reaches. That the function stays is shown in test/e2e.

// SITES: error: option sites: expected down, scores or all, but got 'up'
// MATRIX: error: option matrix: expected hadamard, kronecker or random, but got 'unit'

// The input of the down projection rotates, that of the up projections does not: it lies along a stream.
// CHECK-LABEL: @down
// CHECK:         nn.rms_norm
// CHECK-NEXT:    nn.matmul
// CHECK:         %[[M:.*]] = nn.binary mul
// CHECK-NEXT:    %[[R:.*]] = nn.rotate %[[M]] {axis = 1 : i64, order = 12 : i64} : (tensor<?x12xf32>) -> tensor<?x12xf32>
// CHECK:         nn.matmul %[[R]], %
// SCORES-LABEL: @down
// SCORES-NOT:    nn.rotate
// SCORES-LABEL: @scores
// KRONECKER-LABEL: @down
// KRONECKER:     nn.rotate %{{.*}} matrix %{{.*}} signs %{{.*}} {axis = 1 : i64, order = 4 : i64} : (tensor<?x12xf32>, tensor<3x3xf32>, tensor<12xf32>)
// TWICE-LABEL: @down
// TWICE-COUNT-1: nn.rotate
// TWICE-NOT:     nn.rotate
// TWICE-LABEL: @scores
func.func @down(%ids: tensor<?xi64>) -> tensor<?x4xf32> {
  %e = nn.constant dense<2.0> : tensor<9x4xf32>
  %wg = nn.constant dense<1.0> : tensor<4x12xf32>
  %wu = nn.constant dense<3.0> : tensor<4x12xf32>
  %wd = nn.constant dense<1.0> : tensor<12x4xf32>
  %x = nn.gather %e, %ids {axis = 0 : i64} : (tensor<9x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %g = nn.matmul %n, %wg : (tensor<?x4xf32>, tensor<4x12xf32>) -> tensor<?x12xf32>
  %u = nn.matmul %n, %wu : (tensor<?x4xf32>, tensor<4x12xf32>) -> tensor<?x12xf32>
  %s = nn.unary silu %g : (tensor<?x12xf32>) -> tensor<?x12xf32>
  %m = nn.binary mul %s, %u : (tensor<?x12xf32>, tensor<?x12xf32>) -> tensor<?x12xf32>
  %d = nn.matmul %m, %wd : (tensor<?x12xf32>, tensor<12x4xf32>) -> tensor<?x4xf32>
  return %d : tensor<?x4xf32>
}

// Queries and keys, these in front of their transpose; the product with the values does not.
// SCORES:        %[[Q:.*]] = nn.rotate %arg0 {axis = 3 : i64, order = 8 : i64}
// SCORES-NEXT:   %[[K:.*]] = nn.rotate %arg1 {axis = 3 : i64, order = 8 : i64}
// SCORES-NEXT:   %[[T:.*]] = nn.transpose %[[K]]
// SCORES-NEXT:   nn.matmul %[[Q]], %[[T]]
// SCORES-NOT:    nn.rotate
// SCORES:        return
// TWICE-COUNT-2: nn.rotate
// TWICE-NOT:     nn.rotate
// TWICE-LABEL: @odd
func.func @scores(%q: tensor<1x2x5x8xf32>, %k: tensor<1x2x5x8xf32>, %v: tensor<1x2x5x8xf32>) -> tensor<1x2x5x8xf32> {
  %c = nn.constant dense<0.5> : tensor<f32>
  %t = nn.transpose %k {permutation = array<i64: 0, 1, 3, 2>} : (tensor<1x2x5x8xf32>) -> tensor<1x2x8x5xf32>
  %s = nn.matmul %q, %t : (tensor<1x2x5x8xf32>, tensor<1x2x8x5xf32>) -> tensor<1x2x5x5xf32>
  %d = nn.binary mul %s, %c : (tensor<1x2x5x5xf32>, tensor<f32>) -> tensor<1x2x5x5xf32>
  %p = nn.softmax %d {axis = 3 : i64} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %o = nn.matmul %p, %v : (tensor<1x2x5x5xf32>, tensor<1x2x5x8xf32>) -> tensor<1x2x5x8xf32>
  return %o : tensor<1x2x5x8xf32>
}

// CHECK-LABEL: @odd
// CHECK-NOT:     nn.rotate
// CHECK:         return
// REMARK: remark: is not rotated: no Hadamard matrix divides its 3 channels; use matrix=random
// KRONECKER-LABEL: @odd
// KRONECKER:     nn.rotate %{{.*}} matrix %
func.func @odd(%x: tensor<?x3xf32>) -> tensor<?x4xf32> {
  %w = nn.constant dense<1.0> : tensor<3x4xf32>
  %y = nn.matmul %x, %w : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
