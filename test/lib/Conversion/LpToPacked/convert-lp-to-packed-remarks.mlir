// RUN: lpc-opt %s --convert-lp-to-packed -o /dev/null 2>&1 | FileCheck %s
// What the kernels do not take is said once per cause.

// CHECK-DAG: remark: 2 contractions take the generic path: the weight is not a constant
// CHECK-DAG: remark: 1 contraction takes the generic path: codes of int12 have more than 8 bits
// CHECK-DAG: remark: 1 contraction takes the generic path: activations in int16 less their zero points need more than 16 bits
// CHECK-DAG: remark: 1 contraction takes the generic path: the weight's zero points are plain integers, not codes of a format
// CHECK-DAG: remark: 1 contraction takes the generic path: the sums need more than 32 bits
// CHECK-DAG: remark: 1 contraction takes the generic path: convolutions decode their weights in each run

func.func @computed(%x: tensor<?x2x!lp.int8>, %w: tensor<2x2x!lp.int8>, %v: tensor<2x3x!lp.int8>) -> (tensor<?x2xf32>, tensor<?x3xf32>) {
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<20>>} : (tensor<?x2x!lp.int8>, tensor<2x2x!lp.int8>) -> tensor<?x2xf32>
  %z = lp.matmul %x, %v {accumulator = #lp.acc<int<20>>} : (tensor<?x2x!lp.int8>, tensor<2x3x!lp.int8>) -> tensor<?x3xf32>
  return %y, %z : tensor<?x2xf32>, tensor<?x3xf32>
}

func.func @wide(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = lp.constant dense_resource<w> : tensor<2x2x!lp.int12>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<f32_relaxed>} : (tensor<?x2xf32>, tensor<2x2x!lp.int12>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

func.func @zero_points(%x: tensor<?x2x!lp.int16>, %z: tensor<1x1x!lp.int16>) -> tensor<?x2xf32> {
  %w = lp.constant dense_resource<v> : tensor<2x2x!lp.int4>
  %y = lp.matmul %x zero_point %z, %w {lhs_block = #lp.scale<[*, *]>, accumulator = #lp.acc<int<30>>}
    : (tensor<?x2x!lp.int16>, tensor<1x1x!lp.int16>, tensor<2x2x!lp.int4>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

func.func @plain_zero_points(%x: tensor<?x2xf32>, %s: tensor<1x1xf32>, %z: tensor<1x1xi32>) -> tensor<?x2xf32> {
  %w = lp.constant dense_resource<v> : tensor<2x2x!lp.int4>
  %y = lp.matmul %x, %w scale %s zero_point %z {rhs_block = #lp.scale<[*, *]>, accumulator = #lp.acc<f32_relaxed>}
    : (tensor<?x2xf32>, tensor<2x2x!lp.int4>, tensor<1x1xf32>, tensor<1x1xi32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

func.func @long_sums(%x: tensor<?x2x!lp.int8>) -> tensor<?x2xf32> {
  %w = lp.constant dense_resource<v> : tensor<2x2x!lp.int4>
  %y = lp.matmul %x, %w {accumulator = #lp.acc<int<40>>} : (tensor<?x2x!lp.int8>, tensor<2x2x!lp.int4>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

func.func @conv(%x: tensor<1x1x4x4x!lp.int8>) -> tensor<1x1x4x4xf32> {
  %w = lp.constant dense_resource<k> : tensor<1x1x1x1x!lp.int8>
  %y = lp.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, accumulator = #lp.acc<int<20>>}
    : (tensor<1x1x4x4x!lp.int8>, tensor<1x1x1x1x!lp.int8>) -> tensor<1x1x4x4xf32>
  return %y : tensor<1x1x4x4xf32>
}

{-# dialect_resources: { builtin: { w: "0x01000000112233445566", v: "0x0400000021F3", k: "0x0400000005" } } #-}
