// RUN: lpc-opt %s | lpc-opt | FileCheck %s
// Round trips; the layout prints its index map.

#bytes = #packed.layout<columns = 16, group = 2, bits = 8,
  map = (k, n) -> (n floordiv 16, k floordiv 2, n mod 16, k mod 2, 0)>
#nibbles = #packed.layout<columns = 16, group = 2, bits = 4,
  map = (k, n) -> (n floordiv 16, k floordiv 2, n mod 8, k mod 2, (n mod 16) floordiv 8)>

// CHECK-LABEL: @sums
// CHECK: packed.matmul %{{.*}}, %{{.*}} into %{{.*}} {layout = #packed.layout<columns = 16, group = 2, bits = 8, map = (d0, d1) -> (d1 floordiv 16, d0 floordiv 2, d1 mod 16, d0 mod 2, 0)>} : (tensor<?x6xi16>, tensor<96xi8>, tensor<?x10xi32>) -> tensor<?x10xi32>
func.func @sums(%x: tensor<?x6xi16>, %w: tensor<96xi8>, %c: tensor<?x10xi32>) -> tensor<?x10xi32> {
  %y = packed.matmul %x, %w into %c {layout = #bytes} : (tensor<?x6xi16>, tensor<96xi8>, tensor<?x10xi32>) -> tensor<?x10xi32>
  return %y : tensor<?x10xi32>
}

// A group may be short at the end; a codebook names what the 16 codes stand for.
// CHECK-LABEL: @groups
// CHECK: packed.matmul %{{.*}}, %{{.*}} lhs_scale %{{.*}} rhs_scale %{{.*}} into %{{.*}} {codebook = array<i8: 0, 1,
// CHECK-SAME: fraction = 1 : i64, group_size = 4 : i64, layout = #packed.layout<columns = 16, group = 2, bits = 4, map = (d0, d1) -> (d1 floordiv 16, d0 floordiv 2, d1 mod 8, d0 mod 2, (d1 mod 16) floordiv 8)>}
func.func @groups(%x: tensor<3x6xi16>, %w: tensor<48xi8>, %sx: tensor<3x1xf32>, %sw: tensor<2x10xf32>, %c: tensor<3x10xf32>) -> tensor<3x10xf32> {
  %y = packed.matmul %x, %w lhs_scale %sx rhs_scale %sw into %c {layout = #nibbles, group_size = 4, fraction = 1,
      codebook = array<i8: 0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12>}
    : (tensor<3x6xi16>, tensor<48xi8>, tensor<3x1xf32>, tensor<2x10xf32>, tensor<3x10xf32>) -> tensor<3x10xf32>
  return %y : tensor<3x10xf32>
}

// CHECK-LABEL: @buffers
// CHECK: packed.matmul %{{.*}}, %{{.*}} into %{{.*}} {layout = #packed.layout<columns = 16, group = 2, bits = 8, map = (d0, d1) -> (d1 floordiv 16, d0 floordiv 2, d1 mod 16, d0 mod 2, 0)>} : (memref<?x6xi16>, memref<96xi8>, memref<?x10xi32>) -> ()
func.func @buffers(%x: memref<?x6xi16>, %w: memref<96xi8>, %c: memref<?x10xi32>) {
  packed.matmul %x, %w into %c {layout = #bytes} : (memref<?x6xi16>, memref<96xi8>, memref<?x10xi32>) -> ()
  return
}

// CHECK-LABEL: @lookups
func.func @lookups(%i: i8, %v: vector<8xi32>) -> (f32, vector<8xi16>) {
  // CHECK: packed.lookup %{{.*}} in dense<[0.000000e+00, 1.000000e+00, -1.000000e+00]> : tensor<3xf32> : i8 -> f32
  %a = packed.lookup %i in dense<[0.0, 1.0, -1.0]> : tensor<3xf32> : i8 -> f32
  // CHECK: packed.lookup %{{.*}} in dense<[3, 5]> : tensor<2xi16> : vector<8xi32> -> vector<8xi16>
  %b = packed.lookup %v in dense<[3, 5]> : tensor<2xi16> : vector<8xi32> -> vector<8xi16>
  return %a, %b : f32, vector<8xi16>
}

// CHECK-LABEL: @hadamards
func.func @hadamards(%x: tensor<?x704x1xf32>, %b: memref<2x12x?xf64>) -> tensor<?x704x1xf32> {
  // CHECK: packed.hadamard into %{{.*}} {distance = 11 : i64, scale = 1.250000e-01 : f64, stages = 6 : i64} : (tensor<?x704x1xf32>) -> tensor<?x704x1xf32>
  %y = packed.hadamard into %x {stages = 6, distance = 11, scale = 0.125 : f64} : (tensor<?x704x1xf32>) -> tensor<?x704x1xf32>
  // CHECK: packed.hadamard into %{{.*}} : (memref<2x12x?xf64>) -> ()
  packed.hadamard into %b {stages = 2, distance = 3, scale = 0.5 : f64} : (memref<2x12x?xf64>) -> ()
  return %y : tensor<?x704x1xf32>
}
