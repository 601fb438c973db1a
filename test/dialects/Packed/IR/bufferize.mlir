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
