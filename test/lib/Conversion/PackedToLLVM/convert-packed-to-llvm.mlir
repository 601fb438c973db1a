// RUN: lpc-opt %s --convert-packed-to-llvm | FileCheck %s
// One call of the driver, two kernels: for a tile of rows and for one row.

#nibbles = #packed.layout<columns = 16, group = 2, bits = 4,
  map = (k, n) -> (n floordiv 16, k floordiv 2, n mod 8, k mod 2, (n mod 16) floordiv 8)>

// CHECK: llvm.func @lpc_rt_packed_product
// CHECK-LABEL: func.func @lpc_entry
// CHECK: llvm.call @lpc_rt_packed_product
func.func @lpc_entry(%ctx: !llvm.ptr, %in: !llvm.ptr, %out: !llvm.ptr) {
  %x = memref.alloc() : memref<4x6xi16>
  %w = memref.alloc() : memref<48xi8>
  %c = memref.alloc() : memref<4x10xi32>
  packed.matmul %x, %w into %c {layout = #nibbles} : (memref<4x6xi16>, memref<48xi8>, memref<4x10xi32>) -> ()
  return
}

// Twelve sums stay in registers over the loop.
// CHECK-LABEL: func.func private @lpc_packed_int4_6x16
// CHECK: scf.for
// CHECK: arith.shli %{{.*}} : vector<16xi16>
// CHECK-COUNT-12: arith.muli %{{.*}} : vector<16xi32>
// CHECK-LABEL: func.func private @lpc_packed_int4_1x16
