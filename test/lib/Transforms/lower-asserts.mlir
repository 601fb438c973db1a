// RUN: lpc-opt %s --lpc-lower-asserts | FileCheck %s
// A failed assertion leaves the run with its sentence.

// CHECK: llvm.mlir.global internal constant @[[TEXT:.*]]("index out of range\00")
// CHECK-LABEL: @lpc_entry
// CHECK: scf.if
// CHECK: llvm.mlir.addressof @[[TEXT]]
// CHECK: llvm.call @lpc_rt_fail
// CHECK-NOT: cf.assert
func.func @lpc_entry(%ctx: !llvm.ptr, %c: i1) {
  cf.assert %c, "index out of range"
  return
}
