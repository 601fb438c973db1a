// RUN: lpc-opt %s --lpc-widen-sub-byte-accesses | FileCheck %s
// Elements below 8 bits are read and written as bytes.

// CHECK-LABEL: @not
// CHECK: %[[BYTE:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i8
// CHECK: llvm.trunc %[[BYTE]] : i8 to i1
// CHECK: %[[WIDE:.*]] = llvm.zext %{{.*}} : i1 to i8
// CHECK: llvm.store %[[WIDE]]
llvm.func @not(%p: !llvm.ptr, %one: i1) {
  %0 = llvm.load %p : !llvm.ptr -> i1
  %1 = llvm.xor %0, %one : i1
  llvm.store %1, %p : i1, !llvm.ptr
  llvm.return
}
// CHECK-LABEL: @no_change
// CHECK: llvm.load %{{.*}} : !llvm.ptr -> i8
// CHECK-NOT: llvm.trunc
llvm.func @no_change(%p: !llvm.ptr) -> i8 {
  %0 = llvm.load %p : !llvm.ptr -> i8
  llvm.return %0 : i8
}
