// RUN: lpc-opt %s --lpc-lower-contractions --split-input-file | FileCheck %s
// Products and convolutions in f32 call the driver; one kernel of each kind serves the whole module.

// CHECK-LABEL: @lpc_entry
// CHECK: constant @lpc_tile_f32
// CHECK: llvm.call @lpc_rt_contract
// CHECK: llvm.call @lpc_rt_contract
// CHECK-NOT: linalg.
func.func @lpc_entry(%ctx: !llvm.ptr, %a: memref<?x64xf32>, %b: memref<64x32xf32>, %c: memref<?x32xf32>, %x: memref<1x16x18x18xf32>, %w: memref<8x16x3x3xf32>, %y: memref<1x8x16x16xf32>) {
  linalg.matmul ins(%a, %b : memref<?x64xf32>, memref<64x32xf32>) outs(%c : memref<?x32xf32>)
  linalg.conv_2d_nchw_fchw ins(%x, %w : memref<1x16x18x18xf32>, memref<8x16x3x3xf32>) outs(%y : memref<1x8x16x16xf32>)
  return
}
// Twelve accumulators of eight lanes stay in the loop.
// CHECK-LABEL: func.func private @lpc_tile_f32
// CHECK: scf.for
// CHECK-COUNT-12: math.fma %{{.*}} : vector<8xf32>
// CHECK-LABEL: func.func private @lpc_row_f32
// CHECK-COUNT-8: math.fma %{{.*}} : vector<8xf32>

// -----

// A small product is a plain loop, and so is a depthwise convolution.
// CHECK-LABEL: @no_driver
// CHECK: linalg.matmul
// CHECK: linalg.depthwise_conv_2d_nchw_chw
func.func @no_driver(%ctx: !llvm.ptr, %a: memref<4x4xf32>, %b: memref<4x4xf32>, %c: memref<4x4xf32>, %x: memref<1x16x18x18xf32>, %w: memref<16x3x3xf32>, %y: memref<1x16x16x16xf32>) {
  linalg.matmul ins(%a, %b : memref<4x4xf32>, memref<4x4xf32>) outs(%c : memref<4x4xf32>)
  linalg.depthwise_conv_2d_nchw_chw ins(%x, %w : memref<1x16x18x18xf32>, memref<16x3x3xf32>) outs(%y : memref<1x16x16x16xf32>)
  return
}
