// RUN: lpc-opt %s --lpc-linalg-to-llvm-pipeline | FileCheck %s
// RUN: lpc-opt %s --lpc-linalg-to-llvm-pipeline=parallel-threshold=1 | FileCheck %s --check-prefix=SPLIT
// From tensors to the LLVM dialect: an entry function, the weights beside the code, the work on threads.

// CHECK: module attributes {
// CHECK-SAME: lpc.inputs
// CHECK-SAME: lpc.outputs
// CHECK-SAME: lpc.weights
// CHECK-NOT: memref.
// CHECK: llvm.func @lpc_rt_contract
// CHECK: llvm.func @lpc_entry(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// SPLIT: llvm.func @lpc_entry_part0
func.func @main(%x: tensor<?x64xf32> {nn.dims = ["batch", ""], onnx.name = "x"}) -> (tensor<?x32xf32> {onnx.name = "y"}) {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %e = tensor.empty(%n) : tensor<?x32xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x32xf32>) -> tensor<?x32xf32>
  %m = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x32xf32>) outs(%z : tensor<?x32xf32>) -> tensor<?x32xf32>
  %y = linalg.map { math.tanh } ins(%m : tensor<?x32xf32>) outs(%e : tensor<?x32xf32>)
  return %y : tensor<?x32xf32>
}
