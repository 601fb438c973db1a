// RUN: lpc-opt %s --lpc-prove-accumulators --split-input-file | FileCheck %s
// Each width is derived by hand above its function: the least that holds every partial sum in any order.

// Weights 1, -2, 3 with activations -128..127: highest 127 * 4 + 128 * 2 = 764, lowest -(128 * 4 + 127 * 2) = -766: 11 bits.
// CHECK-LABEL: func.func @constant_weights
func.func @constant_weights(%x: tensor<?x3x!lp.int8>) -> tensor<?x1xf32> {
  // CHECK: accumulator = #lp.acc<int<11>>
  %w = lp.constant dense_resource<w> : tensor<3x1x!lp.int4>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<64>>} : (tensor<?x3x!lp.int8>, tensor<3x1x!lp.int4>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
{-# dialect_resources: { builtin: { w: "0x04000000E103" } } #-}

// -----

// uint8 with zero point 255 has images -255..0: with weights 1, -2, 3 lowest -1020, highest 510: 11 bits.
// CHECK-LABEL: func.func @zero_point
func.func @zero_point(%x: tensor<?x3x!lp.uint8>, %s: tensor<1x1xf32>) -> tensor<?x1xf32> {
  // CHECK: accumulator = #lp.acc<int<11>>
  %z = lp.constant dense_resource<z> : tensor<1x1x!lp.uint8>
  %w = lp.constant dense_resource<w> : tensor<3x1x!lp.int4>
  %y = lp.matmul %x scale %s zero_point %z, %w {accumulator = #lp.acc<int<64>>, lhs_block = #lp.scale<[*, *]>}
    : (tensor<?x3x!lp.uint8>, tensor<1x1xf32>, tensor<1x1x!lp.uint8>, tensor<3x1x!lp.int4>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
{-# dialect_resources: { builtin: { w: "0x04000000E103", z: "0x01000000FF" } } #-}

// -----

// Unknown weights: 64 products of at most 128 * 128 = 2^20, one more than 21 bits hold.
// CHECK-LABEL: func.func @two_activations
func.func @two_activations(%x: tensor<?x64x!lp.int8>, %w: tensor<64x10x!lp.int8>) -> tensor<?x10xf32> {
  // CHECK: accumulator = #lp.acc<int<22>>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<64>>} : (tensor<?x64x!lp.int8>, tensor<64x10x!lp.int8>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

// Sums of three products of 0 and 1.
// CHECK-LABEL: func.func @width_1
func.func @width_1(%x: tensor<?x3x!lp.uint1>, %w: tensor<3x2x!lp.uint1>) -> tensor<?x2xf32> {
  // 0..3 needs 3 bits with the sign.
  // CHECK: accumulator = #lp.acc<int<3>>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<64>>} : (tensor<?x3x!lp.uint1>, tensor<3x2x!lp.uint1>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// e2m1 has images (twice its values) of at most 12: with weights 1, -2, 3 at most 12 * 6 = 72: 8 bits.
// CHECK-LABEL: func.func @minifloat_images
func.func @minifloat_images(%x: tensor<?x3x!lp.e2m1>) -> tensor<?x1xf32> {
  // CHECK: accumulator = #lp.acc<int<8>>
  %w = lp.constant dense_resource<w> : tensor<3x1x!lp.int4>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<64>>} : (tensor<?x3x!lp.e2m1>, tensor<3x1x!lp.int4>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
{-# dialect_resources: { builtin: { w: "0x04000000E103" } } #-}

// -----

// A filter of taps 1, -2, 3, 0: the same sums as above.
// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<?x1x8x8x!lp.int8>) -> tensor<?x1x7x7xf32> {
  // CHECK: accumulator = #lp.acc<int<11>>
  %w = lp.constant dense_resource<w> : tensor<1x1x2x2x!lp.int4>
  %y = lp.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, accumulator = #lp.acc<int<64>>}
    : (tensor<?x1x8x8x!lp.int8>, tensor<1x1x2x2x!lp.int4>) -> tensor<?x1x7x7xf32>
  return %y : tensor<?x1x7x7xf32>
}
{-# dialect_resources: { builtin: { w: "0x04000000E103" } } #-}

// -----

// Floats have no integer sum to prove.
// CHECK-LABEL: func.func @no_proof_for_relaxed
func.func @no_proof_for_relaxed(%x: tensor<?x3xf32>, %w: tensor<3x2x!lp.int4>) -> tensor<?x2xf32> {
  // CHECK: accumulator = #lp.acc<f32_relaxed>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<f32_relaxed>} : (tensor<?x3xf32>, tensor<3x2x!lp.int4>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
