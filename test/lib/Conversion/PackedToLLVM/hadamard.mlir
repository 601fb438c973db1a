// RUN: lpc-opt %s --convert-packed-to-llvm | FileCheck %s
// Rows in parallel; three stages in a register, then two for each pass over the row, and the scale in the last one.

// CHECK-LABEL: func.func @row_of_64
func.func @row_of_64(%x: memref<?x64x1xf32>) {
  // CHECK: scf.parallel
  // CHECK: vector.load {{.*}} vector<8xf32>
  // CHECK-COUNT-3: vector.shuffle
  // CHECK: vector.store
  // CHECK: scf.for
  // CHECK-COUNT-4: vector.load
  // CHECK-COUNT-4: arith.addf
  // CHECK-NOT: arith.mulf
  // CHECK: scf.for
  // CHECK-COUNT-2: vector.load
  // CHECK: arith.addf
  // CHECK: arith.subf
  // CHECK: arith.mulf
  // CHECK-NOT: memref.load
  packed.hadamard into %x {stages = 6, distance = 1, scale = 0.125 : f64} : (memref<?x64x1xf32>) -> ()
  return
}

// Units of 11: a vector and three elements more. No scale, no product.
// CHECK-LABEL: func.func @units_of_11
func.func @units_of_11(%x: memref<4x22x1xf32>) {
  // CHECK: vector.load
  // CHECK: memref.load
  // CHECK-NOT: arith.mulf
  // CHECK: return
  packed.hadamard into %x {stages = 1, distance = 11, scale = 1.0 : f64} : (memref<4x22x1xf32>) -> ()
  return
}
