// RUN: lpc-opt %s --split-input-file -verify-diagnostics
// What the verifiers of the lp dialect refuse, one case each.

func.func @bitcast_of_two_builtins(%x: tensor<4xi8>) {
  // expected-error @below {{expected an lp format on exactly one side}}
  %r = lp.bitcast %x : tensor<4xi8> -> tensor<4xui8>
  return
}

// -----

// expected-error @below {{expected a format of at most 16 bits, but got 'tf32' with 19}}
func.func @format_width(%x: tensor<4x!lp.tf32>) {
  return
}

// -----

func.func @bitcast_width(%x: tensor<4xi8>) {
  // expected-error @below {{expected a builtin type of 4 bits, but got 'i8'}}
  %r = lp.bitcast %x : tensor<4xi8> -> tensor<4x!lp.int4>
  return
}

// -----

func.func @matmul_inner(%x: tensor<4x3x!lp.int8>, %w: tensor<4x2x!lp.int8>) {
  // expected-error @below {{expected equal contracted dimensions, but got 3 and 4}}
  %r = lp.matmul %x, %w {accumulator = #lp.acc<int<32>>} : (tensor<4x3x!lp.int8>, tensor<4x2x!lp.int8>) -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_of_floats(%x: tensor<4x3xf32>, %w: tensor<3x2xf32>) {
  // expected-error @below {{expected codes on at least one side; floats alone are nn.matmul}}
  %r = lp.matmul %x, %w {accumulator = #lp.acc<f32_relaxed>} : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_float_scale(%x: tensor<4x3xf32>, %s: tensor<1x1xf32>, %w: tensor<3x2x!lp.int8>) {
  // expected-error @below {{expected no scale or zero point for the float lhs}}
  %r = lp.matmul %x scale %s, %w {accumulator = #lp.acc<f32_relaxed>} : (tensor<4x3xf32>, tensor<1x1xf32>, tensor<3x2x!lp.int8>) -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_without_structure(%x: tensor<4x3x!lp.int8>, %s: tensor<1x1xf32>, %w: tensor<3x2x!lp.int8>) {
  // expected-error @below {{expected a scale structure for the lhs}}
  %r = lp.matmul %x scale %s, %w {accumulator = #lp.acc<int<32>>} : (tensor<4x3x!lp.int8>, tensor<1x1xf32>, tensor<3x2x!lp.int8>) -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_exact_with_float(%x: tensor<4x3xf32>, %w: tensor<3x2x!lp.int8>) {
  // expected-error @below {{expected accumulator 'f32_relaxed' with a float operand}}
  %r = lp.matmul %x, %w {accumulator = #lp.acc<int<32>>} : (tensor<4x3xf32>, tensor<3x2x!lp.int8>) -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_of_irrationals(%x: tensor<4x3x!lp.int8>, %w: tensor<3x2x!lp.lns8>) {
  // expected-error @below {{expected accumulator 'f32_relaxed' with lns8}}
  %r = lp.matmul %x, %w {accumulator = #lp.acc<int<32>>} : (tensor<4x3x!lp.int8>, tensor<3x2x!lp.lns8>) -> tensor<4x2xf32>
  return
}

// -----

func.func @matmul_int_with_groups(%x: tensor<4x4x!lp.int8>, %w: tensor<4x2x!lp.int8>, %s: tensor<2x2xf32>) {
  // expected-error @below {{expected accumulator 'f32_grouped' or 'f32_relaxed' with scales that change along the contracted axis}}
  %r = lp.matmul %x, %w scale %s {rhs_block = #lp.scale<[2, 1]>, accumulator = #lp.acc<int<32>>} : (tensor<4x4x!lp.int8>, tensor<4x2x!lp.int8>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @conv_grouped_accumulator(%x: tensor<1x2x4x!lp.int8>, %w: tensor<1x2x3x!lp.int8>) {
  // expected-error @below {{expected accumulator 'int<N>' or 'f32_relaxed'}}
  %r = lp.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, accumulator = #lp.acc<f32_grouped>} : (tensor<1x2x4x!lp.int8>, tensor<1x2x3x!lp.int8>) -> tensor<1x1x2xf32>
  return
}

// -----

func.func @conv_pads(%x: tensor<1x2x4x!lp.int8>, %w: tensor<1x2x3x!lp.int8>) {
  // expected-error @below {{expected 1 strides and dilations and 2 pads}}
  %r = lp.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0>, dilations = array<i64: 1>, accumulator = #lp.acc<int<32>>} : (tensor<1x2x4x!lp.int8>, tensor<1x2x3x!lp.int8>) -> tensor<1x1x2xf32>
  return
}

// -----

func.func @conv_input_scales(%x: tensor<1x2x4x!lp.int8>, %s: tensor<1x2x1xf32>, %w: tensor<1x2x3x!lp.int8>) {
  // expected-error @below {{expected one scale per tensor for the input}}
  %r = lp.conv %x scale %s, %w {input_block = #lp.scale<[*, 1, *]>, strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, accumulator = #lp.acc<int<32>>} : (tensor<1x2x4x!lp.int8>, tensor<1x2x1xf32>, tensor<1x2x3x!lp.int8>) -> tensor<1x1x2xf32>
  return
}

// -----

func.func @blob_size() {
  // expected-error @below {{expected a blob of 2 bytes, but got 1}}
  %w = lp.constant dense_resource<w> : tensor<3x!lp.int4>
  return
}
{-# dialect_resources: { builtin: { w: "0x0400000021" } } #-}

// -----

// expected-error @below {{unknown number format 'int99': integers have 1 to 16 bits}}
func.func private @unknown_format() -> tensor<4x!lp.int99>

// -----

// expected-error @below {{expected an accumulator 'int<N>' with N in [2, 64], 'f32_grouped' or}}
func.func private @wide_accumulator() attributes {a = #lp.acc<int<65>>}

// -----

// expected-error @below {{expected 'int<N>', 'f32_grouped' or 'f32_relaxed', but got 'f64'}}
func.func private @unknown_accumulator() attributes {a = #lp.acc<f64>}

// -----

// expected-error @below {{expected a block size of at least 1, or '*'}}
func.func private @no_block() attributes {a = #lp.scale<[0]>}

// -----

// expected-error @below {{expected levels of one rank, but got 1}}
func.func private @ranks_of_levels() attributes {a = #lp.scale<[1], [1, 2]>}
