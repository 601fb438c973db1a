// RUN: lpc-opt %s --convert-nn-to-linalg | FileCheck %s
// Reductions, normalizations, scans and pooling.

// CHECK-LABEL: func.func @mean_of_halves
func.func @mean_of_halves(%x: tensor<?x4x4xf16>) -> tensor<?x1x1xf16> {
  // CHECK: linalg.fill {{.*}} tensor<?xf32>
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction", "reduction"]
  // CHECK: arith.extf
  // CHECK: arith.addf {{.*}} : f32
  // CHECK: arith.divf
  // CHECK: arith.truncf
  // CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1, 2]]
  %0 = nn.reduce mean %x {axes = array<i64: 1, 2>, keep_dims = true} : (tensor<?x4x4xf16>) -> tensor<?x1x1xf16>
  return %0 : tensor<?x1x1xf16>
}

// NaN propagates through max.
// CHECK-LABEL: func.func @max
func.func @max(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  // CHECK: arith.constant 0xFF800000 : f32
  // CHECK: arith.maximumf
  %0 = nn.reduce max %x {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @argmax
func.func @argmax(%x: tensor<4x8xf32>) -> tensor<4xi64> {
  // CHECK: -> (tensor<4xf32>, tensor<4xi64>)
  %0 = nn.arg_reduce max %x {axis = 1} : (tensor<4x8xf32>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// CHECK-LABEL: func.func @softmax
func.func @softmax(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: arith.maximumf
  // CHECK: math.exp
  // CHECK: arith.addf
  // CHECK: arith.divf
  %0 = nn.softmax %x {axis = 1} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @max_pool
func.func @max_pool(%x: tensor<?x2x8x8xf32>) -> tensor<?x2x4x4xf32> {
  // CHECK: arith.constant 0xFF800000 : f32
  // CHECK: tensor.pad %{{.*}} low[0, 0, 1, 1] high[0, 0, 1, 1]
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]
  %0 = nn.pool max %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>,
    dilations = array<i64: 1, 1>} : (tensor<?x2x8x8xf32>) -> tensor<?x2x4x4xf32>
  return %0 : tensor<?x2x4x4xf32>
}

// CHECK-LABEL: func.func @running_sum
func.func @running_sum(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK: arith.addf
  %0 = nn.scan sum %x {axis = 1} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
