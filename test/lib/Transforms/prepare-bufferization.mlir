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

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Two sums that CSE gave one blank tensor get one each, and so the analysis does not take one for an alias of the other.
// CHECK-LABEL: @blanks
// CHECK-COUNT-2: tensor.empty
// CHECK-NOT: tensor.empty
// CHECK: return
func.func private @blanks(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %f = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2xf32>
  %b = linalg.fill ins(%f : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %0 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<2x3xf32>) outs(%b : tensor<2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  %1 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%y : tensor<2x3xf32>) outs(%b : tensor<2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
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
