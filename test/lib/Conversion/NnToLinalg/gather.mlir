// RUN: lpc-opt %s --convert-nn-to-linalg | FileCheck %s
// Indexed reads and writes.

// Each index is checked once, not once for each element read through it.
// CHECK-LABEL: func.func @gather
func.func @gather(%e: tensor<256x64xf32>, %ids: tensor<?xi64>) -> tensor<?x64xf32> {
  // CHECK: linalg.generic
  // CHECK: cf.assert %{{.*}}, "index out of range in nn.gather"
  // CHECK: linalg.generic
  // CHECK-NOT: cf.assert
  // CHECK: tensor.extract %{{.*}} : tensor<256x64xf32>
  %0 = nn.gather %e, %ids {axis = 0} : (tensor<256x64xf32>, tensor<?xi64>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// Constants in range need no check.
// CHECK-LABEL: func.func @gather_constant
func.func @gather_constant(%e: tensor<4x8xf32>) -> tensor<2x8xf32> {
  %ids = nn.constant dense<[3, 0]> : tensor<2xi64>
  // CHECK-NOT: cf.assert
  // CHECK: return
  %0 = nn.gather %e, %ids {axis = 0} : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// CHECK-LABEL: func.func @scatter
func.func @scatter(%x: tensor<8x4xf32>, %i: tensor<?x1xi64>, %u: tensor<?x4xf32>) -> tensor<8x4xf32> {
  // CHECK: scf.for
  // CHECK: cf.assert
  // CHECK: scf.for
  // CHECK: arith.addf
  // CHECK: tensor.insert
  %0 = nn.scatter_nd %x, %i, %u {kind = #nn.scatter_kind<add>}
    : (tensor<8x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}
