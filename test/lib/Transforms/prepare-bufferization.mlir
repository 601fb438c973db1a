// RUN: lpc-opt %s --lpc-prepare-bufferization | FileCheck %s
// Inputs are read-only, joins become insertions.

// CHECK-LABEL: @main
// CHECK-SAME: bufferization.writable = false
// CHECK-NOT: tensor.concat
// CHECK-COUNT-2: tensor.insert_slice
func.func @main(%x: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %0 = tensor.concat dim(0) %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// CHECK-LABEL: @pad
// CHECK-NOT: tensor.pad
// CHECK: linalg.fill
// CHECK: tensor.insert_slice
func.func private @pad(%x: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %f = arith.constant 0.0 : f32
  %0 = tensor.pad %x low[1, 0] high[1, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %f : f32
  } : tensor<2x3xf32> to tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}
