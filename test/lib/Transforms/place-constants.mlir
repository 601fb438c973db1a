// RUN: lpc-opt %s --lpc-place-constants --allow-unregistered-dialect | FileCheck %s
// Constants are reached through the context, however small; tables of sizes stay.

// CHECK: lpc.weights = [{bytes = 128 : i64, name = "w", offset = 0 : i64
// CHECK-SAME: {bytes = 68 : i64, name = "b", offset = 128 : i64
// CHECK-SAME: {bytes = 4 : i64, name = "scale", offset = 256 : i64
// CHECK-SAME: {bytes = 80 : i64, name = "large", offset = 320 : i64
// CHECK-SAME: lpc.weights_bytes = 448 : i64
// CHECK-NOT: memref.global {{.*}} @w
memref.global "private" constant @w : memref<32xf32> = dense<1.0>
memref.global "private" constant @b : memref<17xf32> = dense<2.0>
memref.global "private" constant @scale : memref<1xf32> = dense<3.0>
// CHECK: memref.global {{.*}} @sizes
// CHECK-NOT: memref.global
memref.global "private" constant @sizes : memref<4xi64> = dense<3>
memref.global "private" constant @large : memref<10xi64> = dense<3>

// CHECK-LABEL: @lpc_entry
// CHECK-SAME: (%[[CTX:[a-z0-9]+]]: !llvm.ptr,
// CHECK: %[[BASE:.*]] = llvm.load %[[CTX]]
// CHECK: memref.view
// CHECK: memref.get_global @sizes
func.func @lpc_entry(%ctx: !llvm.ptr, %in: !llvm.ptr, %out: !llvm.ptr) {
  %w = memref.get_global @w : memref<32xf32>
  %b = memref.get_global @b : memref<17xf32>
  %c = memref.get_global @scale : memref<1xf32>
  %s = memref.get_global @sizes : memref<4xi64>
  %l = memref.get_global @large : memref<10xi64>
  "test.use"(%w, %b, %c, %s, %l) : (memref<32xf32>, memref<17xf32>, memref<1xf32>, memref<4xi64>, memref<10xi64>) -> ()
  return
}
