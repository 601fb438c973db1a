// RUN: lpc-opt %s --lpc-lower-entry --split-input-file | FileCheck %s
// The entry of the model ABI: pointers in, pointers and sizes out; what the descriptor says goes to the module.

// CHECK: module attributes {
// CHECK-SAME: lpc.inputs = [{dim_names = ["batch", ""], dims = array<i64: -1, 4>, name = "x", type = f32}]
// CHECK-SAME: lpc.outputs = [{dim_names = ["", ""], dims = array<i64: -1, 4>, name = "output0", type = f32}]
// CHECK-LABEL: func.func @lpc_entry
// CHECK-SAME: (%[[CTX:.*]]: !llvm.ptr, %[[IN:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr)
// CHECK: llvm.load %[[IN]]
// CHECK: memref.view
// CHECK: llvm.store %{{.*}}, %[[OUT]]
// CHECK: return
func.func @main(%x: memref<?x4xf32> {nn.dims = ["batch", ""], onnx.name = "x"}) -> memref<?x4xf32> {
  return %x : memref<?x4xf32>
}

// -----

// Two codes per byte outside, one element per byte inside.
// CHECK: type = ui4
// CHECK-LABEL: func.func @lpc_entry
// CHECK: scf.for
// CHECK: arith.shrui
// CHECK: arith.trunci %{{.*}} : i8 to i4
// CHECK: lpc_rt_alloc
// CHECK: scf.for
// CHECK: arith.shli
func.func @main(%x: memref<8xi4> {lpc.type = ui4}) -> (memref<8xi4> {lpc.type = ui4}) {
  return %x : memref<8xi4>
}
