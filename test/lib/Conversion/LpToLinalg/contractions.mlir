// RUN: lpc-opt %s --convert-lp-to-linalg --canonicalize --split-input-file | FileCheck %s
// Contractions: integer images, one exact rescale.

// Images of 16 bits and sums of 32: what the integer micro-kernel takes.
// CHECK-LABEL: @int_bytes
// CHECK: arith.trunci %{{.*}} : i32 to i16
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x64xi16>, tensor<64x10xi16>) outs(%{{.*}} : tensor<?x10xi32>)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.extsi
// CHECK-NEXT: arith.extsi
// CHECK-NEXT: arith.muli
// CHECK-NEXT: arith.addi
// CHECK: arith.sitofp %{{.*}} : i32 to f32
// CHECK: arith.mulf
// CHECK: arith.mulf
func.func @int_bytes(%x: tensor<?x64x!lp.int8>, %xs: tensor<1x1xf32>, %w: tensor<64x10x!lp.int8>, %ws: tensor<1x10xf32>) -> tensor<?x10xf32> {
  %y = lp.matmul %x scale %xs, %w scale %ws
    {lhs_block = #lp.scale<[*, *]>, rhs_block = #lp.scale<[*, 1]>, accumulator = #lp.acc<int<21>>}
    : (tensor<?x64x!lp.int8>, tensor<1x1xf32>, tensor<64x10x!lp.int8>, tensor<1x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// A sum that needs more than 32 bits; signed bytes are their own images.
// CHECK-LABEL: @int_wide_sum
// CHECK-SAME: %[[X:.*]]: tensor<2x4xi8>{{.*}}, %[[W:.*]]: tensor<4x2xi8>
// CHECK: linalg.generic {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%{{.*}} : tensor<2x2xi64>)
func.func @int_wide_sum(%x: tensor<2x4x!lp.int8>, %w: tensor<4x2x!lp.int8>) -> tensor<2x2xf32> {
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<33>>} : (tensor<2x4x!lp.int8>, tensor<4x2x!lp.int8>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

// A wide accumulator; e2m1 has halves, so that the sum is in quarters.
// CHECK-LABEL: @int_minifloats
// CHECK: arith.fptosi
// CHECK: outs(%{{.*}} : tensor<2x2xi64>)
// CHECK: arith.mulf %{{.*}}, %cst{{.*}} : f32
func.func @int_minifloats(%x: tensor<2x4x!lp.e2m1>, %w: tensor<4x2x!lp.e2m1>) -> tensor<2x2xf32> {
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<40>>} : (tensor<2x4x!lp.e2m1>, tensor<4x2x!lp.e2m1>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

// One fused multiply-add per group, in order.
// CHECK-LABEL: @grouped
// CHECK: scf.for
// CHECK: linalg.generic
// CHECK: arith.muli
// CHECK: math.fma
func.func @grouped(%x: tensor<?x64x!lp.int8>, %xs: tensor<?x1xf32>, %w: tensor<64x8x!lp.int4>, %ws: tensor<2x8xf32>) -> tensor<?x8xf32> {
  %y = lp.matmul %x scale %xs, %w scale %ws
    {lhs_block = #lp.scale<[1, *]>, rhs_block = #lp.scale<[32, 1]>, accumulator = #lp.acc<f32_grouped>}
    : (tensor<?x64x!lp.int8>, tensor<?x1xf32>, tensor<64x8x!lp.int4>, tensor<2x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Groups of 24 and 36: steps of 12, each side's group by its own size.
// CHECK-LABEL: @unequal_groups
// CHECK: scf.for %[[K:.*]] = %c0 to %c72 step %c12
// CHECK: arith.divui %[[K]], %c24
// CHECK: arith.divui %[[K]], %c36
func.func @unequal_groups(%x: tensor<?x72x!lp.int8>, %xs: tensor<?x3xf32>, %w: tensor<72x8x!lp.int4>, %ws: tensor<2x8xf32>) -> tensor<?x8xf32> {
  %y = lp.matmul %x scale %xs, %w scale %ws
    {lhs_block = #lp.scale<[1, 24]>, rhs_block = #lp.scale<[36, 1]>, accumulator = #lp.acc<f32_grouped>}
    : (tensor<?x72x!lp.int8>, tensor<?x3xf32>, tensor<72x8x!lp.int4>, tensor<2x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Tiles of 128 x 128 that do not divide the weight.
// CHECK: affine_map<(d0, d1) -> (0, d1 floordiv 128)>
// CHECK-LABEL: @tiles
// CHECK: scf.for %{{.*}} = %c0 to %c200 step %c128
func.func @tiles(%x: tensor<?x200x!lp.int8>, %xs: tensor<?x2xf32>, %w: tensor<200x300x!lp.int4>, %ws: tensor<2x3xf32>) -> tensor<?x300xf32> {
  %y = lp.matmul %x scale %xs, %w scale %ws
    {lhs_block = #lp.scale<[1, 128]>, rhs_block = #lp.scale<[128, 128]>, accumulator = #lp.acc<f32_grouped>}
    : (tensor<?x200x!lp.int8>, tensor<?x2xf32>, tensor<200x300x!lp.int4>, tensor<2x3xf32>) -> tensor<?x300xf32>
  return %y : tensor<?x300xf32>
}

// -----

// CHECK-LABEL: @relaxed
// CHECK: %[[W:.*]] = linalg.generic
// CHECK: nn.matmul %{{.*}}, %[[W]] : (tensor<?x64xf32>, tensor<64x8xf32>) -> tensor<?x8xf32>
func.func @relaxed(%x: tensor<?x64xf32>, %w: tensor<64x8x!lp.int4>, %ws: tensor<2x8xf32>) -> tensor<?x8xf32> {
  %y = lp.matmul %x, %w scale %ws {rhs_block = #lp.scale<[32, 1]>, accumulator = #lp.acc<f32_relaxed>}
    : (tensor<?x64xf32>, tensor<64x8x!lp.int4>, tensor<2x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// The zero point is taken off before the padding with 0.
// CHECK-LABEL: @conv
// CHECK: arith.subi %{{.*}} : i16
// CHECK: tensor.pad
// CHECK: tensor.yield %c0_i16
// CHECK: linalg.generic
// CHECK: arith.muli
// CHECK: arith.sitofp
func.func @conv(%x: tensor<?x3x8x8x!lp.uint8>, %xs: tensor<1x1x1x1xf32>, %xz: tensor<1x1x1x1x!lp.uint8>,
                %w: tensor<4x3x3x3x!lp.int8>, %ws: tensor<4x1x1x1xf32>) -> tensor<?x4x8x8xf32> {
  %y = lp.conv %x scale %xs zero_point %xz, %w scale %ws
    {input_block = #lp.scale<[*, *, *, *]>, filter_block = #lp.scale<[1, *, *, *]>, strides = array<i64: 1, 1>,
     pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, accumulator = #lp.acc<int<22>>}
    : (tensor<?x3x8x8x!lp.uint8>, tensor<1x1x1x1xf32>, tensor<1x1x1x1x!lp.uint8>, tensor<4x3x3x3x!lp.int8>, tensor<4x1x1x1xf32>)
    -> tensor<?x4x8x8xf32>
  return %y : tensor<?x4x8x8xf32>
}

// -----

// CHECK-LABEL: @conv_depthwise
// CHECK: tensor.expand_shape
// CHECK: linalg.generic
// CHECK: tensor.collapse_shape
func.func @conv_depthwise(%x: tensor<1x4x8x8x!lp.int8>, %w: tensor<4x1x3x3x!lp.int8>) -> tensor<1x4x6x6xf32> {
  %y = lp.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 4 : i64,
     accumulator = #lp.acc<int<20>>} : (tensor<1x4x8x8x!lp.int8>, tensor<4x1x3x3x!lp.int8>) -> tensor<1x4x6x6xf32>
  return %y : tensor<1x4x6x6xf32>
}
