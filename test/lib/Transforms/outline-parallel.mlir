// RUN: lpc-opt %s --lpc-outline-parallel --split-input-file | FileCheck %s
// The body of a parallel loop becomes a function over a range; a nested one becomes a loop.

// CHECK-LABEL: func.func @lpc_entry
// CHECK: llvm.store {{.*}} : i64, !llvm.ptr
// CHECK: constant @lpc_entry_part0
// CHECK: llvm.call @lpc_rt_parallel_for
// CHECK-LABEL: func.func private @lpc_entry_part0
// CHECK-SAME: (%[[CLOSURE:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
// CHECK: llvm.load %[[CLOSURE]]
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.store
func.func @lpc_entry(%ctx: !llvm.ptr, %x: memref<?x16xf32>, %n: index, %f: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.parallel (%j) = (%c0) to (%c16) step (%c1) {
      memref.store %f, %x[%i, %j] : memref<?x16xf32>
    }
  }
  return
}
