// RUN: lpc-opt %s --lpc-linalg-to-loops --split-input-file | FileCheck %s
// RUN: lpc-opt %s --lpc-linalg-to-loops=parallel-threshold=1 --split-input-file | FileCheck %s --check-prefix=SPLIT
// Collapsed loops, reductions in registers or outside, and the split over threads.

#id = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: @collapse
// CHECK: memref.collapse_shape
// CHECK: scf.for
// CHECK-NOT: scf.for
// CHECK: arith.addf
// SPLIT-LABEL: @collapse
// SPLIT: scf.parallel
func.func @collapse(%x: memref<4x8xf32>, %y: memref<4x8xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %v = arith.addf %a, %a : f32
    linalg.yield %v : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#col = affine_map<(d0, d1) -> (d1)>

// Along the rows: a register, in any order.
// CHECK-LABEL: @row_sum
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args
// CHECK: arith.addf {{.*}} fastmath<reassoc>
func.func @row_sum(%x: memref<4x8xf32>, %y: memref<4xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<4x8xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %v = arith.addf %o, %a : f32
    linalg.yield %v : f32
  }
  return
}

// Across the rows: the columns are the inner loop.
// CHECK-LABEL: @column_sum
// CHECK-NOT: iter_args
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.store
func.func @column_sum(%x: memref<4x8xf32>, %y: memref<8xf32>) {
  linalg.generic {indexing_maps = [#id, #col], iterator_types = ["reduction", "parallel"]} ins(%x : memref<4x8xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %v = arith.addf %o, %a : f32
    linalg.yield %v : f32
  }
  return
}

// -----

// Indices of an unknown size come from its reciprocal, not from a division.
#cube = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#turned = affine_map<(d0, d1, d2) -> (d1, d0, d2)>
// SPLIT-LABEL: @unknown_sizes
// SPLIT: scf.for
// SPLIT: scf.parallel
// SPLIT-NOT: arith.div
// SPLIT-NOT: arith.rem
// SPLIT: arith.mului_extended
// SPLIT-NOT: arith.div
// SPLIT-NOT: arith.rem
// SPLIT: return
func.func @unknown_sizes(%x: memref<?x?x8xf32>, %y: memref<?x?x8xf32>) {
  linalg.generic {indexing_maps = [#turned, #cube], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x : memref<?x?x8xf32>) outs(%y : memref<?x?x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}
