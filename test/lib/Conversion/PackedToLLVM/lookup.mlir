// RUN: lpc-opt %s --convert-packed-to-llvm=features=none | FileCheck %s --check-prefixes=CHECK,PLAIN
// RUN: lpc-opt %s --convert-packed-to-llvm | FileCheck %s --check-prefixes=CHECK,AVX2
// A table becomes one constant of the module; shuffles in registers take its place where the target has them.

// CHECK-DAG: memref.global "private" constant @[[T:lpc_lookup_[0-9]+]] : memref<9xf32> = dense<{{.*}}> {alignment = 64 : i64}

// CHECK-LABEL: func.func @scalar
// CHECK: %[[I:.*]] = arith.index_castui %{{.*}} : i8 to index
// CHECK: %[[M:.*]] = memref.get_global @[[T]] : memref<9xf32>
// CHECK: memref.load %[[M]][%[[I]]] : memref<9xf32>
func.func @scalar(%i: i8) -> f32 {
  %y = packed.lookup %i in dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5]> : tensor<9xf32> : i8 -> f32
  return %y : f32
}

// Nine words take two permutations and the fourth bit of the index.
// CHECK-LABEL: func.func @words
// PLAIN: memref.get_global @[[T]]
// PLAIN: vector.gather
// AVX2: llvm.call_intrinsic "llvm.x86.avx2.permps"
// AVX2: llvm.call_intrinsic "llvm.x86.avx2.permps"
// AVX2: arith.shli %{{.*}}, %{{.*}} : vector<8xi32>
// AVX2: arith.select
// AVX2-NOT: gather
func.func @words(%i: vector<8xi8>) -> vector<8xf32> {
  %y = packed.lookup %i in dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5]> : tensor<9xf32> : vector<8xi8> -> vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: func.func @bytes
// PLAIN: vector.gather
// AVX2: llvm.call_intrinsic "llvm.x86.ssse3.pshuf.b.128"
func.func @bytes(%i: vector<16xi8>) -> vector<16xi8> {
  %y = packed.lookup %i in dense<[0, 1, 2, 3, 4, 6, 8, 12]> : tensor<8xi8> : vector<16xi8> -> vector<16xi8>
  return %y : vector<16xi8>
}

// More words than shuffles pay for.
// CHECK-LABEL: func.func @many
// CHECK: vector.gather
func.func @many(%i: vector<8xi32>) -> vector<8xi32> {
  %y = packed.lookup %i in dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    25, 26, 27, 28, 29, 30, 31, 40]> : tensor<33xi32> : vector<8xi32> -> vector<8xi32>
  return %y : vector<8xi32>
}
