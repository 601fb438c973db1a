// RUN: lpc-opt %s --lpc-fuse-elementwise --split-input-file | FileCheck %s
// Elementwise producers go into their consumers, except where expensive work would be repeated.

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A chain becomes one operation.
// CHECK-LABEL: @chain
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
func.func @chain(%x: tensor<?x64xf32>, %e: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<?x64xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %x : tensor<?x64xf32>, tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %v = arith.addf %a, %b : f32
    linalg.yield %v : f32
  } -> tensor<?x64xf32>
  return %1 : tensor<?x64xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#one = affine_map<(d0) -> (d0)>

// An exponential per row does not become one per element.
// CHECK-LABEL: @no_fuse_behind_broadcast
// CHECK-COUNT-2: linalg.generic
func.func @no_fuse_behind_broadcast(%x: tensor<8xf32>, %e1: tensor<8xf32>, %e: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %0 = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]} ins(%x : tensor<8xf32>) outs(%e1 : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %1 = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%0 : tensor<8xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<8x64xf32>
  return %1 : tensor<8x64xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// A contraction keeps its plain operands: it has a micro-kernel.
// CHECK-LABEL: @no_fuse_into_contraction
// CHECK-COUNT-2: linalg.generic
func.func @no_fuse_into_contraction(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %e: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %v = arith.addf %a, %a : f32
    linalg.yield %v : f32
  } -> tensor<8x8xf32>
  %1 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%0, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %m = arith.mulf %p, %q : f32
    %v = arith.addf %o, %m : f32
    linalg.yield %v : f32
  } -> tensor<8x8xf32>
  return %1 : tensor<8x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#zero = affine_map<(d0, d1) -> (0, 0)>

// One stored element is read before the loops; one that is computed stays an operand.
// CHECK-LABEL: @stored_element
// CHECK: %[[S:.*]] = tensor.extract %{{.*}}[%c0, %c0]
// CHECK: linalg.generic {{.*}} ins(%arg0, %arg2 : tensor<8x64xf32>, tensor<1x1xf32>)
// CHECK: arith.divf %{{.*}}, %[[S]]
func.func @stored_element(%x: tensor<8x64xf32>, %b: memref<1x1xf32>, %t: tensor<1x1xf32>, %e: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %s = bufferization.to_tensor %b restrict : memref<1x1xf32> to tensor<1x1xf32>
  %0 = linalg.generic {indexing_maps = [#id, #zero, #zero, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %s, %t : tensor<8x64xf32>, tensor<1x1xf32>, tensor<1x1xf32>) outs(%e : tensor<8x64xf32>) {
  ^bb0(%a: f32, %scale: f32, %u: f32, %o: f32):
    %v = arith.divf %a, %scale : f32
    %w = arith.addf %v, %u : f32
    linalg.yield %w : f32
  } -> tensor<8x64xf32>
  return %0 : tensor<8x64xf32>
}
