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

// One value, repeated over more than 1 MiB, is filled in where it is first used; less is stored.
// CHECK-LABEL: @repeated
// CHECK: arith.constant dense<2.000000e+00> : tensor<64xf32>
// CHECK-NOT: dense
// CHECK-COUNT-2: tensor.insert_slice
// CHECK: %[[VALUE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<1024x1024xf32>
// CHECK: %[[FILL:.*]] = linalg.fill ins(%[[VALUE]] : f32) outs(%[[EMPTY]]
// CHECK: call @use(%[[FILL]],
func.func private @use(tensor<1024x1024xf32>, tensor<64xf32>)
func.func private @repeated(%x: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %large = arith.constant dense<1.0> : tensor<1024x1024xf32>
  %small = arith.constant dense<2.0> : tensor<64xf32>
  %0 = tensor.concat dim(0) %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  call @use(%large, %small) : (tensor<1024x1024xf32>, tensor<64xf32>) -> ()
  return %0 : tensor<4x3xf32>
}
