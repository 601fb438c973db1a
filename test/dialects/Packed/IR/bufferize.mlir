// RUN: lpc-opt %s --one-shot-bufferize="bufferize-function-boundaries" | FileCheck %s
// The sums go to the destination's buffer.

#bytes = #packed.layout<columns = 16, group = 2, bits = 8,
  map = (k, n) -> (n floordiv 16, k floordiv 2, n mod 16, k mod 2, 0)>

// CHECK-LABEL: @in_place
// CHECK: %[[C:.*]] = memref.alloc
// CHECK: linalg.fill {{.*}} outs(%[[C]]
// CHECK: packed.matmul %{{.*}}, %{{.*}} into %[[C]]
// CHECK: return %[[C]]
func.func @in_place(%x: tensor<4x6xi16>, %w: tensor<96xi8>) -> tensor<4x10xi32> {
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<4x10xi32>
  %c = linalg.fill ins(%zero : i32) outs(%e : tensor<4x10xi32>) -> tensor<4x10xi32>
  %y = packed.matmul %x, %w into %c {layout = #bytes} : (tensor<4x6xi16>, tensor<96xi8>, tensor<4x10xi32>) -> tensor<4x10xi32>
  return %y : tensor<4x10xi32>
}

// In place, rows without gaps: a part of a wider tensor is copied there and back.
// CHECK-LABEL: @hadamard
// CHECK: %[[WIDE:.*]] = memref.alloc{{.*}} memref<4x32x1xf32>
// CHECK: %[[PART:.*]] = memref.subview %[[WIDE]]
// CHECK: %[[ROWS:.*]] = memref.alloc() : memref<4x16x1xf32>
// CHECK: memref.copy %[[PART]], %[[ROWS]]
// CHECK: packed.hadamard into %[[ROWS]]
// CHECK: memref.copy %[[ROWS]], %[[PART]]
func.func @hadamard(%v: f32) -> tensor<4x32x1xf32> {
  %e = tensor.empty() : tensor<4x32x1xf32>
  %c = linalg.fill ins(%v : f32) outs(%e : tensor<4x32x1xf32>) -> tensor<4x32x1xf32>
  %x = tensor.extract_slice %c[0, 16, 0] [4, 16, 1] [1, 1, 1] : tensor<4x32x1xf32> to tensor<4x16x1xf32>
  %y = packed.hadamard into %x {stages = 4, distance = 1, scale = 0.25 : f64} : (tensor<4x16x1xf32>) -> tensor<4x16x1xf32>
  %z = tensor.insert_slice %y into %c[0, 16, 0] [4, 16, 1] [1, 1, 1] : tensor<4x16x1xf32> into tensor<4x32x1xf32>
  return %z : tensor<4x32x1xf32>
}
