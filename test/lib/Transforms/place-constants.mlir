// RUN: lpc-opt %s --lpc-place-constants --allow-unregistered-dialect | FileCheck %s
// Constants above 64 bytes are reached through the context; smaller ones stay.

// CHECK: lpc.weights = [{bytes = 128 : i64, name = "w", offset = 0 : i64
// CHECK-SAME: {bytes = 68 : i64, name = "b", offset = 128 : i64
// CHECK-SAME: lpc.weights_bytes = 256 : i64
// CHECK-NOT: memref.global {{.*}} @w
memref.global "private" constant @w : memref<32xf32> = dense<1.0>
memref.global "private" constant @b : memref<17xf32> = dense<2.0>
// CHECK: memref.global {{.*}} @small
memref.global "private" constant @small : memref<4xf32> = dense<3.0>

// CHECK-LABEL: @lpc_entry
// CHECK-SAME: (%[[CTX:[a-z0-9]+]]: !llvm.ptr,
// CHECK: %[[BASE:.*]] = llvm.load %[[CTX]]
// CHECK: memref.view
// CHECK: memref.get_global @small
func.func @lpc_entry(%ctx: !llvm.ptr, %in: !llvm.ptr, %out: !llvm.ptr) {
  %w = memref.get_global @w : memref<32xf32>
  %b = memref.get_global @b : memref<17xf32>
  %s = memref.get_global @small : memref<4xf32>
  "test.use"(%w, %b, %s) : (memref<32xf32>, memref<17xf32>, memref<4xf32>) -> ()
  return
}
