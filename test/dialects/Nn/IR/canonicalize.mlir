// RUN: lpc-opt %s --canonicalize --split-input-file | FileCheck %s
// Folders and canonicalization patterns of the nn dialect.

// The exact square rounded once either way.
// CHECK-LABEL: func.func @pow_of_two
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>)
func.func @pow_of_two(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[Y:.*]] = nn.binary mul %[[X]], %[[X]]
  // CHECK: return %[[Y]]
  %two = nn.constant dense<2.0> : tensor<f32>
  %y = nn.binary pow %x, %two : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @no_product_for_other_powers
func.func @no_product_for_other_powers(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: nn.binary pow
  %three = nn.constant dense<3.0> : tensor<f32>
  %y = nn.binary pow %x, %three : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @reshape_of_reshape
// CHECK-SAME: (%[[X:.*]]: tensor<2x6xf32>)
func.func @reshape_of_reshape(%x: tensor<2x6xf32>) -> tensor<4x3xf32> {
  // CHECK: %[[Y:.*]] = nn.reshape %[[X]] : tensor<2x6xf32> -> tensor<4x3xf32>
  // CHECK: return %[[Y]]
  %a = nn.reshape %x : tensor<2x6xf32> -> tensor<12xf32>
  %y = nn.reshape %a : tensor<12xf32> -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// -----

// CHECK-LABEL: func.func @identities
// CHECK-SAME: (%[[X:.*]]: tensor<2x6xf32>)
func.func @identities(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  // CHECK-NEXT: return %[[X]]
  %a = nn.reshape %x : tensor<2x6xf32> -> tensor<2x6xf32>
  %b = nn.broadcast %a : tensor<2x6xf32> -> tensor<2x6xf32>
  %c = nn.transpose %b {permutation = array<i64: 0, 1>} : (tensor<2x6xf32>) -> tensor<2x6xf32>
  %d = nn.cast %c : (tensor<2x6xf32>) -> tensor<2x6xf32>
  return %d : tensor<2x6xf32>
}

// -----

// Two unknown sizes may change places: the type alone does not show it.
// CHECK-LABEL: func.func @no_identity_of_two_unknown_sizes
func.func @no_identity_of_two_unknown_sizes(%x: tensor<?x?xf32>, %n: index, %m: index) -> tensor<?x?xf32> {
  // CHECK: nn.reshape
  %y = nn.reshape %x [%n, %m] : tensor<?x?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<2x2xf32>, tensor<3x2xf32>) {
  // CHECK-DAG: nn.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
  // CHECK-DAG: nn.constant dense<5.000000e+00> : tensor<3x2xf32>
  // CHECK-NOT: nn.reshape
  // CHECK-NOT: nn.broadcast
  %a = nn.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %b = nn.reshape %a : tensor<4xf32> -> tensor<2x2xf32>
  %c = nn.constant dense<5.0> : tensor<2xf32>
  %d = nn.broadcast %c : tensor<2xf32> -> tensor<3x2xf32>
  return %b, %d : tensor<2x2xf32>, tensor<3x2xf32>
}

// -----

// A rotation and its inverse, either way round, and nothing at all.
// CHECK-LABEL: func.func @rotations
// CHECK-SAME: %[[X:.*]]: tensor<2x12xf32>, %[[Q:.*]]: tensor<3x3xf32>, %[[D:.*]]: tensor<12xf32>
func.func @rotations(%x: tensor<2x12xf32>, %q: tensor<3x3xf32>, %d: tensor<12xf32>) -> (tensor<2x12xf32>, tensor<2x12xf32>, tensor<2x12xf32>) {
  // CHECK-NEXT: return %[[X]], %[[X]], %[[X]]
  %a = nn.rotate %x matrix %q signs %d {axis = 1, order = 4} : (tensor<2x12xf32>, tensor<3x3xf32>, tensor<12xf32>) -> tensor<2x12xf32>
  %b = nn.rotate %a matrix %q signs %d {axis = 1, order = 4, inverse = true} : (tensor<2x12xf32>, tensor<3x3xf32>, tensor<12xf32>) -> tensor<2x12xf32>
  %c = nn.rotate %x {axis = 1, order = 4} : (tensor<2x12xf32>) -> tensor<2x12xf32>
  %e = nn.rotate %c {axis = 1, order = 4} : (tensor<2x12xf32>) -> tensor<2x12xf32>
  %f = nn.rotate %x {axis = 1} : (tensor<2x12xf32>) -> tensor<2x12xf32>
  return %b, %e, %f : tensor<2x12xf32>, tensor<2x12xf32>, tensor<2x12xf32>
}

// -----

// Not inverse: the core of order 12 is not symmetric, signs come first, other axes and blocks.
// CHECK-LABEL: func.func @rotations_that_stay
func.func @rotations_that_stay(%x: tensor<8x12xf32>, %d: tensor<12xf32>) -> (tensor<8x12xf32>, tensor<8x12xf32>, tensor<8x12xf32>, tensor<8x12xf32>) {
  // CHECK-COUNT-8: nn.rotate
  %a = nn.rotate %x {axis = 1, order = 12} : (tensor<8x12xf32>) -> tensor<8x12xf32>
  %b = nn.rotate %a {axis = 1, order = 12} : (tensor<8x12xf32>) -> tensor<8x12xf32>
  %c = nn.rotate %x signs %d {axis = 1, order = 4} : (tensor<8x12xf32>, tensor<12xf32>) -> tensor<8x12xf32>
  %e = nn.rotate %c signs %d {axis = 1, order = 4} : (tensor<8x12xf32>, tensor<12xf32>) -> tensor<8x12xf32>
  %f = nn.rotate %x {axis = 1, order = 4} : (tensor<8x12xf32>) -> tensor<8x12xf32>
  %g = nn.rotate %f {axis = 0, order = 4} : (tensor<8x12xf32>) -> tensor<8x12xf32>
  %h = nn.rotate %x {axis = 1, order = 2} : (tensor<8x12xf32>) -> tensor<8x12xf32>
  %i = nn.rotate %h {axis = 1, order = 2, inner = 2, inverse = true} : (tensor<8x12xf32>) -> tensor<8x12xf32>
  return %b, %e, %g, %i : tensor<8x12xf32>, tensor<8x12xf32>, tensor<8x12xf32>, tensor<8x12xf32>
}

