// RUN: lpc-opt %s --convert-nn-to-linalg | FileCheck %s
// Dense factors are chains of fused multiply-adds, the Walsh matrix is packed.hadamard.

// A copy is rotated in place; lines, then rows.
// CHECK-LABEL: func.func @walsh
func.func @walsh(%x: tensor<?x3x64xf32>) -> tensor<?x3x64xf32> {
  // CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2], [3]{{\]}}
  // CHECK: linalg.generic
  // CHECK-NOT: linalg.generic
  // CHECK: packed.hadamard into %{{.*}} {distance = 1 : i64, scale = 1.250000e-01 : f64, stages = 6 : i64}
  // CHECK: tensor.expand_shape
  %y = nn.rotate %x {axis = 2, order = 64} : (tensor<?x3x64xf32>) -> tensor<?x3x64xf32>
  return %y : tensor<?x3x64xf32>
}

// The matrix acts on neighbours, the stages on multiples of its size; the signs come last in the inverse.
// CHECK-LABEL: func.func @matrix
func.func @matrix(%x: tensor<2x12xf32>, %m: tensor<3x3xf32>, %d: tensor<12xf32>) -> tensor<2x12xf32> {
  // CHECK: math.fma
  // CHECK: packed.hadamard into %{{.*}} {distance = 3 : i64, scale = 5.000000e-01 : f64, stages = 2 : i64}
  // CHECK: arith.mulf
  %y = nn.rotate %x matrix %m signs %d {axis = 1, order = 4, inverse = true} : (tensor<2x12xf32>, tensor<3x3xf32>, tensor<12xf32>) -> tensor<2x12xf32>
  return %y : tensor<2x12xf32>
}

// Order 12 is a core alone: no stages, one scale.
// CHECK-LABEL: func.func @core
func.func @core(%x: tensor<2x12xf16>) -> tensor<2x12xf16> {
  // CHECK: arith.extf
  // CHECK: arith.constant dense<{{.*}}> : tensor<12x12xf32>
  // CHECK: math.fma
  // CHECK-NOT: packed.hadamard
  // CHECK: arith.constant 0.288675
  // CHECK: arith.mulf
  // CHECK: arith.truncf
  %y = nn.rotate %x {axis = 1, order = 12} : (tensor<2x12xf16>) -> tensor<2x12xf16>
  return %y : tensor<2x12xf16>
}
