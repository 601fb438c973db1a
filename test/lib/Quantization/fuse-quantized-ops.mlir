// RUN: lpc-opt %s --lpc-fuse-quantized-ops --split-input-file | FileCheck %s
// Contractions of dequantized operands become lp ops; the accumulation contract follows from formats and scales.

// CHECK-LABEL: func.func @int_per_tensor_and_channel
// CHECK-SAME: (%[[X:.*]]: tensor<?x64x!lp.int8>, %[[XS:.*]]: tensor<1x1xf32>, %[[W:.*]]: tensor<64x10x!lp.int8>, %[[WS:.*]]: tensor<1x10xf32>)
func.func @int_per_tensor_and_channel(%x: tensor<?x64x!lp.int8>, %xs: tensor<1x1xf32>, %w: tensor<64x10x!lp.int8>, %ws: tensor<1x10xf32>) -> tensor<?x10xf32> {
  // CHECK-NOT: lp.dequantize
  // CHECK: %[[Y:.*]] = lp.matmul %[[X]] scale %[[XS]], %[[W]] scale %[[WS]] {accumulator = #lp.acc<int<64>>, lhs_block = #lp.scale<[*, *]>, rhs_block = #lp.scale<[*, 1]>}
  // CHECK: return %[[Y]]
  %a = lp.dequantize %x scales(%xs) {scale = #lp.scale<[*, *]>} : tensor<?x64x!lp.int8>, (tensor<1x1xf32>) -> tensor<?x64xf32>
  %b = lp.dequantize %w scales(%ws) {scale = #lp.scale<[*, 1]>} : tensor<64x10x!lp.int8>, (tensor<1x10xf32>) -> tensor<64x10xf32>
  %y = nn.matmul %a, %b : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// CHECK-LABEL: func.func @zero_points
// CHECK-SAME: %[[XZ:[a-z0-9]+]]: tensor<1x1x!lp.uint8>
func.func @zero_points(%x: tensor<?x64x!lp.uint8>, %xs: tensor<1x1xf32>, %xz: tensor<1x1x!lp.uint8>, %w: tensor<64x10x!lp.int4>, %ws: tensor<1x1xf32>) -> tensor<?x10xf32> {
  // CHECK: lp.matmul {{.*}} zero_point %[[XZ]], {{.*}}accumulator = #lp.acc<int<64>>
  %a = lp.dequantize %x scales(%xs) zero_point(%xz : tensor<1x1x!lp.uint8>) {scale = #lp.scale<[*, *]>} : tensor<?x64x!lp.uint8>, (tensor<1x1xf32>) -> tensor<?x64xf32>
  %b = lp.dequantize %w scales(%ws) {scale = #lp.scale<[*, *]>} : tensor<64x10x!lp.int4>, (tensor<1x1xf32>) -> tensor<64x10xf32>
  %y = nn.matmul %a, %b : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// Scales that change along the contracted axis: exact within a group.
// CHECK-LABEL: func.func @grouped_weights
func.func @grouped_weights(%x: tensor<?x64x!lp.int8>, %xs: tensor<?x1xf32>, %w: tensor<64x10x!lp.e2m1>, %ws: tensor<2x10xf32>) -> tensor<?x10xf32> {
  // CHECK: lp.matmul {{.*}}accumulator = #lp.acc<f32_grouped>
  %a = lp.dequantize %x scales(%xs) {scale = #lp.scale<[1, *]>} : tensor<?x64x!lp.int8>, (tensor<?x1xf32>) -> tensor<?x64xf32>
  %b = lp.dequantize %w scales(%ws) {scale = #lp.scale<[32, 1]>} : tensor<64x10x!lp.e2m1>, (tensor<2x10xf32>) -> tensor<64x10xf32>
  %y = nn.matmul %a, %b : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// Groups of 32 meet groups of 16: exact within the groups of both.
// CHECK-LABEL: func.func @unequal_groups
func.func @unequal_groups(%x: tensor<?x64x!lp.int8>, %xs: tensor<?x4xf32>, %w: tensor<64x10x!lp.int4>, %ws: tensor<2x10xf32>) -> tensor<?x10xf32> {
  // CHECK: lp.matmul {{.*}}accumulator = #lp.acc<f32_grouped>
  %a = lp.dequantize %x scales(%xs) {scale = #lp.scale<[1, 16]>} : tensor<?x64x!lp.int8>, (tensor<?x4xf32>) -> tensor<?x64xf32>
  %b = lp.dequantize %w scales(%ws) {scale = #lp.scale<[32, 1]>} : tensor<64x10x!lp.int4>, (tensor<2x10xf32>) -> tensor<64x10xf32>
  %y = nn.matmul %a, %b : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// Several levels become one tensor of scales on the finest grid; the narrow scales stay as they are.
// CHECK-LABEL: func.func @two_levels
// CHECK-SAME: %[[X:.*]]: tensor<?x64x!lp.e2m1>, %[[XS:.*]]: tensor<?x4x!lp.e4m3>, %[[XT:.*]]: tensor<1x1xf32>, %[[W:.*]]: tensor<64x10x!lp.e2m1>, %[[WS:.*]]: tensor<2x10x!lp.e8m0>
func.func @two_levels(%x: tensor<?x64x!lp.e2m1>, %xs: tensor<?x4x!lp.e4m3>, %xt: tensor<1x1xf32>, %w: tensor<64x10x!lp.e2m1>, %ws: tensor<2x10x!lp.e8m0>) -> tensor<?x10xf32> {
  // CHECK-DAG: %[[L:.*]] = lp.dequantize %[[XS]] scales(%[[XT]]) {scale = #lp.scale<[*, *]>} : tensor<?x4x!lp.e4m3>, (tensor<1x1xf32>) -> tensor<?x4xf32>
  // CHECK-DAG: %[[R:.*]] = lp.dequantize %[[WS]] scales() {scale = #lp.scale<[*, *]>} : tensor<2x10x!lp.e8m0> -> tensor<2x10xf32>
  // CHECK: lp.matmul %[[X]] scale %[[L]], %[[W]] scale %[[R]] {accumulator = #lp.acc<f32_grouped>, lhs_block = #lp.scale<[1, 16]>, rhs_block = #lp.scale<[32, 1]>}
  %a = lp.dequantize %x scales(%xs, %xt) {scale = #lp.scale<[1, 16], [*, *]>} : tensor<?x64x!lp.e2m1>, (tensor<?x4x!lp.e4m3>, tensor<1x1xf32>) -> tensor<?x64xf32>
  %b = lp.dequantize %w scales(%ws) {scale = #lp.scale<[32, 1]>} : tensor<64x10x!lp.e2m1>, (tensor<2x10x!lp.e8m0>) -> tensor<64x10xf32>
  %y = nn.matmul %a, %b : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// A super-block is 8 blocks of the level inside it.
// CHECK-LABEL: func.func @super_blocks
func.func @super_blocks(%x: tensor<?x512x!lp.int8>, %xs: tensor<?x1xf32>, %w: tensor<512x10x!lp.int6>, %ws: tensor<16x10x!lp.int8>, %wt: tensor<2x10x!lp.fp16>) -> tensor<?x10xf32> {
  // CHECK: lp.dequantize %{{.*}} scales(%{{.*}}) {scale = #lp.scale<[8, 1]>} : tensor<16x10x!lp.int8>, (tensor<2x10x!lp.fp16>) -> tensor<16x10xf32>
  // CHECK: lp.matmul {{.*}}accumulator = #lp.acc<f32_grouped>{{.*}}rhs_block = #lp.scale<[32, 1]>
  %a = lp.dequantize %x scales(%xs) {scale = #lp.scale<[1, *]>} : tensor<?x512x!lp.int8>, (tensor<?x1xf32>) -> tensor<?x512xf32>
  %b = lp.dequantize %w scales(%ws, %wt) {scale = #lp.scale<[32, 1], [256, 1]>} : tensor<512x10x!lp.int6>, (tensor<16x10x!lp.int8>, tensor<2x10x!lp.fp16>) -> tensor<512x10xf32>
  %y = nn.matmul %a, %b : (tensor<?x512xf32>, tensor<512x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// Offsets, real zero points and scales that depend on the sign do not factor out: the weight is dequantized.
// CHECK-LABEL: func.func @offsets
func.func @offsets(%x: tensor<?x64x!lp.int8>, %xs: tensor<?x1xf32>, %w: tensor<64x10x!lp.uint4>, %ws: tensor<2x10xf32>) -> tensor<?x10xf32> {
  // CHECK: %[[B:.*]] = lp.dequantize {{.*}} offsets
  // CHECK: lp.matmul %{{.*}} scale %{{.*}}, %[[B]] {accumulator = #lp.acc<f32_relaxed>
  %a = lp.dequantize %x scales(%xs) {scale = #lp.scale<[1, *]>} : tensor<?x64x!lp.int8>, (tensor<?x1xf32>) -> tensor<?x64xf32>
  %b = lp.dequantize %w scales(%ws) offsets(%ws : tensor<2x10xf32>) {scale = #lp.scale<[32, 1]>, offset = #lp.scale<[32, 1]>} : tensor<64x10x!lp.uint4>, (tensor<2x10xf32>) -> tensor<64x10xf32>
  %y = nn.matmul %a, %b : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// CHECK-LABEL: func.func @negative_scales
func.func @negative_scales(%x: tensor<?x64xf32>, %w: tensor<64x10x!lp.int4>, %ws: tensor<2x10xf32>) -> tensor<?x10xf32> {
  // CHECK: %[[B:.*]] = lp.dequantize {{.*}} negative_scales
  // CHECK: nn.matmul %{{.*}}, %[[B]]
  %b = lp.dequantize %w scales(%ws) negative_scales(%ws : tensor<2x10xf32>) {scale = #lp.scale<[32, 1]>} : tensor<64x10x!lp.int4>, (tensor<2x10xf32>) -> tensor<64x10xf32>
  %y = nn.matmul %x, %b : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// CHECK-LABEL: func.func @weight_only
// CHECK-SAME: (%[[X:.*]]: tensor<?x64xf32>
func.func @weight_only(%x: tensor<?x64xf32>, %w: tensor<64x10x!lp.int4>, %ws: tensor<2x10xf32>) -> tensor<?x10xf32> {
  // CHECK: lp.matmul %[[X]], {{.*}}accumulator = #lp.acc<f32_relaxed>
  %b = lp.dequantize %w scales(%ws) {scale = #lp.scale<[32, 1]>} : tensor<64x10x!lp.int4>, (tensor<2x10xf32>) -> tensor<64x10xf32>
  %y = nn.matmul %x, %b : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// Images of two formats with five exponent bits do not fit 64 bits.
// CHECK-LABEL: func.func @wide_images
func.func @wide_images(%x: tensor<?x64x!lp.e5m2>, %xs: tensor<1x1xf32>, %w: tensor<64x10x!lp.e5m2>, %ws: tensor<1x1xf32>) -> tensor<?x10xf32> {
  // CHECK: lp.matmul {{.*}}accumulator = #lp.acc<f32_relaxed>
  %a = lp.dequantize %x scales(%xs) {scale = #lp.scale<[*, *]>} : tensor<?x64x!lp.e5m2>, (tensor<1x1xf32>) -> tensor<?x64xf32>
  %b = lp.dequantize %w scales(%ws) {scale = #lp.scale<[*, *]>} : tensor<64x10x!lp.e5m2>, (tensor<1x1xf32>) -> tensor<64x10xf32>
  %y = nn.matmul %a, %b : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// The bias becomes an addition along the channels.
// CHECK-LABEL: func.func @conv_with_bias
// CHECK-SAME: %[[B:[a-z0-9]+]]: tensor<2xf32>)
func.func @conv_with_bias(%x: tensor<?x4x8x8x!lp.int8>, %xs: tensor<1x1x1x1xf32>, %w: tensor<2x4x3x3x!lp.int8>, %ws: tensor<2x1x1x1xf32>, %b: tensor<2xf32>) -> tensor<?x2x8x8xf32> {
  // CHECK: %[[Y:.*]] = lp.conv {{.*}}accumulator = #lp.acc<int<64>>
  // CHECK: %[[R:.*]] = nn.reshape %[[B]] : tensor<2xf32> -> tensor<1x2x1x1xf32>
  // CHECK: nn.binary add %[[Y]], %[[R]]
  %a = lp.dequantize %x scales(%xs) {scale = #lp.scale<[*, *, *, *]>} : tensor<?x4x8x8x!lp.int8>, (tensor<1x1x1x1xf32>) -> tensor<?x4x8x8xf32>
  %f = lp.dequantize %w scales(%ws) {scale = #lp.scale<[1, *, *, *]>} : tensor<2x4x3x3x!lp.int8>, (tensor<2x1x1x1xf32>) -> tensor<2x4x3x3xf32>
  %y = nn.conv %a, %f, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x4x8x8xf32>, tensor<2x4x3x3xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  return %y : tensor<?x2x8x8xf32>
}

// -----

// CHECK-LABEL: func.func @no_fusion_of_floats
func.func @no_fusion_of_floats(%x: tensor<?x64xf32>, %w: tensor<64x10xf32>) -> tensor<?x10xf32> {
  // CHECK: nn.matmul
  // CHECK-NOT: lp.
  %y = nn.matmul %x, %w : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// Blocks of the inner level that lie in several blocks of the outer one have no common grid.
// CHECK-LABEL: func.func @no_fusion_across_blocks
func.func @no_fusion_across_blocks(%x: tensor<?x96xf32>, %w: tensor<96x10x!lp.e2m1>, %s: tensor<6x10xf32>, %t: tensor<4x10xf32>) -> tensor<?x10xf32> {
  // CHECK: lp.dequantize
  // CHECK: nn.matmul
  %b = lp.dequantize %w scales(%s, %t) {scale = #lp.scale<[16, 1], [24, 1]>} : tensor<96x10x!lp.e2m1>, (tensor<6x10xf32>, tensor<4x10xf32>) -> tensor<96x10xf32>
  %y = nn.matmul %x, %b : (tensor<?x96xf32>, tensor<96x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// CHECK-LABEL: func.func @no_fusion_of_half
func.func @no_fusion_of_half(%x: tensor<?x64xf16>, %w: tensor<64x10x!lp.int8>, %s: tensor<1x1xf32>) -> tensor<?x10xf16> {
  // CHECK: lp.dequantize
  // CHECK: nn.matmul
  %b = lp.dequantize %w scales(%s) {scale = #lp.scale<[*, *]>} : tensor<64x10x!lp.int8>, (tensor<1x1xf32>) -> tensor<64x10xf16>
  %y = nn.matmul %x, %b : (tensor<?x64xf16>, tensor<64x10xf16>) -> tensor<?x10xf16>
  return %y : tensor<?x10xf16>
}
