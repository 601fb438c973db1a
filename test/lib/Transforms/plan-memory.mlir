// RUN: lpc-opt %s --lpc-plan-memory --split-input-file | FileCheck %s
// Fixed sizes share an arena by life time; others are allocated and freed behind their last use.

// The first and the third buffer do not live together: 2 * 1024 bytes for three buffers.
// CHECK: lpc.arena_bytes = 2048 : i64
// CHECK-LABEL: @lpc_entry
// CHECK-NOT: memref.alloc
// CHECK: return
func.func @lpc_entry(%ctx: !llvm.ptr, %in: !llvm.ptr, %out: !llvm.ptr) {
  %f = arith.constant 1.0 : f32
  %a = memref.alloc() : memref<256xf32>
  linalg.fill ins(%f : f32) outs(%a : memref<256xf32>)
  %b = memref.alloc() : memref<256xf32>
  linalg.copy ins(%a : memref<256xf32>) outs(%b : memref<256xf32>)
  %c = memref.alloc() : memref<256xf32>
  linalg.copy ins(%b : memref<256xf32>) outs(%c : memref<256xf32>)
  return
}

// -----

// CHECK-LABEL: func.func @lpc_entry
// CHECK: %[[P:.*]] = llvm.call @lpc_rt_alloc
// CHECK: linalg.fill
// CHECK-NEXT: llvm.call @lpc_rt_free(%{{.*}}, %[[P]])
func.func @lpc_entry(%ctx: !llvm.ptr, %in: !llvm.ptr, %out: !llvm.ptr) {
  %f = arith.constant 1.0 : f32
  %n64 = llvm.load %in : !llvm.ptr -> i64
  %n = arith.index_cast %n64 : i64 to index
  %a = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%f : f32) outs(%a : memref<?xf32>)
  %z = arith.constant 0 : index
  return
}

// -----

// A buffer that each round hands to the next: what a round has allocated and does not hand on goes at its end.
// CHECK-LABEL: func.func @lpc_entry
// CHECK: %[[TABLE:.*]] = llvm.alloca
// CHECK: %[[MARK:.*]] = llvm.call @lpc_rt_mark(%arg0)
// CHECK: scf.for
// CHECK: %[[NEXT:.*]] = memref.view
// CHECK: %[[INDEX:.*]] = memref.extract_aligned_pointer_as_index %[[NEXT]]
// CHECK: %[[NUMBER:.*]] = arith.index_cast %[[INDEX]]
// CHECK: %[[POINTER:.*]] = llvm.inttoptr %[[NUMBER]]
// CHECK: llvm.store %[[POINTER]], %[[TABLE]]
// CHECK: %[[ONE:.*]] = arith.constant 1 : i64
// CHECK-NEXT: llvm.call @lpc_rt_free_since(%arg0, %[[MARK]], %[[TABLE]], %[[ONE]])
// CHECK-NEXT: scf.yield %[[NEXT]]
func.func @lpc_entry(%ctx: !llvm.ptr, %in: !llvm.ptr, %out: !llvm.ptr) {
  %f = arith.constant 1.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %a = memref.alloc() : memref<256xf32>
  linalg.fill ins(%f : f32) outs(%a : memref<256xf32>)
  %r = scf.for %i = %c0 to %c9 step %c1 iter_args(%s = %a) -> memref<256xf32> {
    %b = memref.alloc() : memref<256xf32>
    linalg.copy ins(%s : memref<256xf32>) outs(%b : memref<256xf32>)
    scf.yield %b : memref<256xf32>
  }
  linalg.fill ins(%f : f32) outs(%r : memref<256xf32>)
  return
}
