// RUN: lpc-opt %s --convert-lp-to-packed --split-input-file | FileCheck %s
// Constant weights become packed bytes; what no kernel takes stays as it is.

// Four bits per code: [k, n] = [[1, 2], [3, -1]] is one step of one panel, its columns 0 and 1 at bytes 0 to 3.
// CHECK-LABEL: @nibbles
// CHECK-SAME: %[[X:.*]]: tensor<?x2x!lp.int8>
// CHECK: %[[C:.*]] = builtin.unrealized_conversion_cast %[[X]] : tensor<?x2x!lp.int8> to tensor<?x2xi8>
// CHECK: %[[A:.*]] = linalg.generic {{.*}} ins(%[[C]] : tensor<?x2xi8>) outs(%{{.*}} : tensor<?x2xi16>)
// CHECK: arith.constant dense_resource<[[W:packed.*]]> : tensor<16xi8>
// CHECK: packed.matmul %[[A]], %{{.*}} into %{{.*}} {layout = #packed.layout<columns = 16, group = 2, bits = 4, {{.*}}>} : (tensor<?x2xi16>, tensor<16xi8>, tensor<?x2xi32>) -> tensor<?x2xi32>
// CHECK: arith.sitofp %{{.*}} : i32 to f32
// CHECK: arith.mulf
// CHECK-NOT: lp.matmul
// CHECK: [[W]]: "0x4000000001030{{[2F]}}0F000000000000000000000000"
func.func @nibbles(%x: tensor<?x2x!lp.int8>, %xs: tensor<1x1xf32>, %ws: tensor<1x2xf32>) -> tensor<?x2xf32> {
  %w = lp.constant dense_resource<w> : tensor<2x2x!lp.int4>
  %y = lp.matmul %x scale %xs, %w scale %ws {lhs_block = #lp.scale<[*, *]>, rhs_block = #lp.scale<[*, 1]>, accumulator = #lp.acc<int<20>>}
    : (tensor<?x2x!lp.int8>, tensor<1x1xf32>, tensor<2x2x!lp.int4>, tensor<1x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000021F3" } } #-}

// -----

// Eight bits hold only small values: they are stored in four.
// CHECK-LABEL: @small_values
// CHECK: packed.matmul {{.*}} bits = 4
func.func @small_values(%x: tensor<1x2x!lp.uint8>) -> tensor<1x2xf32> {
  %w = lp.constant dense_resource<w> : tensor<2x2x!lp.int8>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<20>>} : (tensor<1x2x!lp.uint8>, tensor<2x2x!lp.int8>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000001020304" } } #-}

// -----

// e2m1 in halves has images of 5 bits: its codes stay and a table has the images.
// CHECK-LABEL: @codebook
// CHECK: packed.matmul {{.*}}codebook = array<i8: 0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12>
func.func @codebook(%x: tensor<1x2x!lp.int8>) -> tensor<1x2xf32> {
  %w = lp.constant dense_resource<w> : tensor<2x2x!lp.e2m1>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<20>>} : (tensor<1x2x!lp.int8>, tensor<2x2x!lp.e2m1>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000021F7" } } #-}

// -----

// Three dimensions of activations are one of rows; groups keep their scales.
// CHECK-LABEL: @groups
// CHECK: %[[A:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<?x3x4xi16> into tensor<?x4xi16>
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<?x3x1xf32> into tensor<?x1xf32>
// CHECK: packed.matmul %[[A]], %{{.*}} lhs_scale {{.*}} rhs_scale {{.*}}group_size = 2
// CHECK: tensor.expand_shape
func.func @groups(%x: tensor<?x3x4x!lp.int8>, %xs: tensor<?x3x1xf32>, %ws: tensor<2x1xf32>) -> tensor<?x3x1xf32> {
  %w = lp.constant dense_resource<w> : tensor<4x1x!lp.int4>
  %y = lp.matmul %x scale %xs, %w scale %ws {lhs_block = #lp.scale<[1, 1, *]>, rhs_block = #lp.scale<[2, 1]>, accumulator = #lp.acc<f32_grouped>}
    : (tensor<?x3x4x!lp.int8>, tensor<?x3x1xf32>, tensor<4x1x!lp.int4>, tensor<2x1xf32>) -> tensor<?x3x1xf32>
  return %y : tensor<?x3x1xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000021F7" } } #-}

// -----

// Two unknown sizes of rows.
// CHECK-LABEL: @rows_of_two_unknown_sizes
// CHECK: packed.matmul
// CHECK: tensor.from_elements
// CHECK: tensor.reshape %{{.*}} : (tensor<?x1xi32>, tensor<3xindex>) -> tensor<?x?x1xi32>
func.func @rows_of_two_unknown_sizes(%x: tensor<?x?x4x!lp.int8>) -> tensor<?x?x1xf32> {
  %w = lp.constant dense_resource<w> : tensor<4x1x!lp.int4>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<20>>} : (tensor<?x?x4x!lp.int8>, tensor<4x1x!lp.int4>) -> tensor<?x?x1xf32>
  return %y : tensor<?x?x1xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000021F7" } } #-}

// -----

// Float activations: one value along k per step; the scales multiply the sums of the groups.
// CHECK-LABEL: @weight_only
// CHECK: packed.matmul %{{.*}}, %{{.*}} rhs_scale %{{.*}} into %{{.*}} {group_size = 2 : i64, layout = #packed.layout<columns = 16, group = 1, bits = 4, {{.*}}>} : (tensor<?x4xf32>, tensor<32xi8>,
func.func @weight_only(%x: tensor<?x4xf32>, %ws: tensor<2x1xf32>) -> tensor<?x1xf32> {
  %w = lp.constant dense_resource<w> : tensor<4x1x!lp.int4>
  %y = lp.matmul %x, %w scale %ws {rhs_block = #lp.scale<[2, 1]>, accumulator = #lp.acc<f32_relaxed>}
    : (tensor<?x4xf32>, tensor<4x1x!lp.int4>, tensor<2x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000021F7" } } #-}

// -----

// A format whose values have no small images keeps its codes; the kernel decodes them.
// CHECK-LABEL: @float_formats
// CHECK: packed.matmul {{.*}} {format = !lp.e4m3, group_size = 4 : i64, layout = #packed.layout<columns = 16, group = 1, bits = 8,
func.func @float_formats(%x: tensor<?x4xf32>) -> tensor<?x1xf32> {
  %w = lp.constant dense_resource<w> : tensor<4x1x!lp.e4m3>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<f32_relaxed>} : (tensor<?x4xf32>, tensor<4x1x!lp.e4m3>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000021F74030" } } #-}

// -----

// One zero point goes into the table of images.
// CHECK-LABEL: @one_zero_point
// CHECK: packed.matmul {{.*}}codebook = array<i8: -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>
func.func @one_zero_point(%x: tensor<?x4xf32>) -> tensor<?x1xf32> {
  %w = lp.constant dense_resource<w> : tensor<4x1x!lp.uint4>
  %z = lp.constant dense_resource<z> : tensor<2x1x!lp.uint4>
  %y = lp.matmul %x, %w zero_point %z {rhs_block = #lp.scale<[2, 1]>, accumulator = #lp.acc<f32_relaxed>}
    : (tensor<?x4xf32>, tensor<4x1x!lp.uint4>, tensor<2x1x!lp.uint4>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000021F7", z: "0x0400000011" } } #-}

// -----

// Images of 4-bit codes with several zero points may need 8 bits: twice the room is no fast path.
// CHECK-LABEL: @no_growth
// CHECK: lp.matmul
func.func @no_growth(%x: tensor<?x4xf32>) -> tensor<?x1xf32> {
  %w = lp.constant dense_resource<w> : tensor<4x1x!lp.uint4>
  %z = lp.constant dense_resource<z> : tensor<2x1x!lp.uint4>
  %y = lp.matmul %x, %w zero_point %z {rhs_block = #lp.scale<[2, 1]>, accumulator = #lp.acc<f32_relaxed>}
    : (tensor<?x4xf32>, tensor<4x1x!lp.uint4>, tensor<2x1x!lp.uint4>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000021F7", z: "0x0400000021" } } #-}

// -----

// CHECK-LABEL: @no_computed_weight
// CHECK: lp.matmul
func.func @no_computed_weight(%x: tensor<1x2x!lp.int8>, %w: tensor<2x2x!lp.int8>) -> tensor<1x2xf32> {
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<20>>} : (tensor<1x2x!lp.int8>, tensor<2x2x!lp.int8>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// CHECK-LABEL: @no_wide_sum
// CHECK: lp.matmul
func.func @no_wide_sum(%x: tensor<1x2x!lp.int8>) -> tensor<1x2xf32> {
  %w = lp.constant dense_resource<w> : tensor<2x2x!lp.int8>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<33>>} : (tensor<1x2x!lp.int8>, tensor<2x2x!lp.int8>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

{-# dialect_resources: { builtin: { w: "0x0400000001020304" } } #-}

// -----

// Images of unsigned bytes up to 255 do not fit 8 signed bits.
// CHECK-LABEL: @no_large_images
// CHECK: lp.matmul
func.func @no_large_images(%x: tensor<1x2x!lp.int8>) -> tensor<1x2xf32> {
  %w = lp.constant dense_resource<w> : tensor<2x2x!lp.uint8>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<20>>} : (tensor<1x2x!lp.int8>, tensor<2x2x!lp.uint8>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

{-# dialect_resources: { builtin: { w: "0x04000000010203FF" } } #-}

// -----

// An integer product of what casts show to fit 16 bits with a constant that fits 8; a left side of any i32 stays.
// CHECK-LABEL: @integers
// CHECK: nn.cast %{{.*}} : (tensor<?x2xi32>) -> tensor<?x2xi16>
// CHECK: packed.matmul {{.*}} bits = 8
// CHECK: nn.matmul
func.func @integers(%x: tensor<?x2xui8>, %z: tensor<ui8>, %any: tensor<?x2xi32>) -> (tensor<?x2xi32>, tensor<?x2xi32>) {
  %w = nn.constant dense<[[127, -128], [1, 0]]> : tensor<2x2xi32>
  %a = nn.cast %x : (tensor<?x2xui8>) -> tensor<?x2xi32>
  %b = nn.cast %z : (tensor<ui8>) -> tensor<i32>
  %c = nn.binary sub %a, %b : (tensor<?x2xi32>, tensor<i32>) -> tensor<?x2xi32>
  %y = nn.matmul %c, %w : (tensor<?x2xi32>, tensor<2x2xi32>) -> tensor<?x2xi32>
  %y2 = nn.matmul %any, %w : (tensor<?x2xi32>, tensor<2x2xi32>) -> tensor<?x2xi32>
  return %y, %y2 : tensor<?x2xi32>, tensor<?x2xi32>
}

// -----

// A negative number cast to an unsigned type, and a difference that wraps, leave the range of their operands.
// CHECK-LABEL: @no_wrapped_integers
// CHECK-NOT: packed.matmul
func.func @no_wrapped_integers(%x: tensor<?x2xi8>, %u: tensor<?x2xui8>) -> (tensor<?x2xi32>, tensor<?x2xi32>) {
  %w = nn.constant dense<[[127, -128], [1, 0]]> : tensor<2x2xi32>
  %a = nn.cast %x : (tensor<?x2xi8>) -> tensor<?x2xui16>
  %b = nn.cast %a : (tensor<?x2xui16>) -> tensor<?x2xi32>
  %y = nn.matmul %b, %w : (tensor<?x2xi32>, tensor<2x2xi32>) -> tensor<?x2xi32>
  %c = nn.cast %u : (tensor<?x2xui8>) -> tensor<?x2xui16>
  %d = nn.binary sub %c, %c : (tensor<?x2xui16>, tensor<?x2xui16>) -> tensor<?x2xui16>
  %e = nn.cast %d : (tensor<?x2xui16>) -> tensor<?x2xi32>
  %y2 = nn.matmul %e, %w : (tensor<?x2xi32>, tensor<2x2xi32>) -> tensor<?x2xi32>
  return %y, %y2 : tensor<?x2xi32>, tensor<?x2xi32>
}
