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

func.func @quantize_shape(%x: tensor<4xf32>, %s: tensor<1xf32>) {
  // expected-error @below {{expected the result to have the operand's shape}}
  %r = lp.quantize %x scales(%s) {scale = #lp.scale<[*]>} : tensor<4xf32>, (tensor<1xf32>) -> tensor<5x!lp.int8>
  return
}

// -----

func.func @quantize_minifloat_zero_point(%x: tensor<4xf32>, %s: tensor<1xf32>, %z: tensor<1xi8>) {
  // expected-error @below {{expected no integer zero point with e4m3, which is no integer format}}
  %r = lp.quantize %x scales(%s) zero_point(%z : tensor<1xi8>) {scale = #lp.scale<[*]>} : tensor<4xf32>, (tensor<1xf32>) -> tensor<4x!lp.e4m3>
  return
}

// -----

func.func @quantize_wrap(%x: tensor<4xf32>, %s: tensor<1xf32>) {
  // expected-error @below {{expected overflow 'saturate' or 'infinity' with e4m3, which is neither an integer nor a fixed-point format}}
  %r = lp.quantize %x scales(%s) {scale = #lp.scale<[*]>, overflow = #lp.overflow<wrap>} : tensor<4xf32>, (tensor<1xf32>) -> tensor<4x!lp.e4m3>
  return
}

// -----

func.func @quantize_scale_rank(%x: tensor<4x4xf32>, %s: tensor<1xf32>) {
  // expected-error @below {{expected the scale structure of the result to have rank 2, but got 1}}
  %r = lp.quantize %x scales(%s) {scale = #lp.scale<[*]>} : tensor<4x4xf32>, (tensor<1xf32>) -> tensor<4x4x!lp.int8>
  return
}

// -----

func.func @quantize_levels(%x: tensor<4xf32>, %s: tensor<1xf32>) {
  // expected-error @below {{expected one scale operand for each of the 2 levels, but got 1}}
  %r = lp.quantize %x scales(%s) {scale = #lp.scale<[2], [*]>} : tensor<4xf32>, (tensor<1xf32>) -> tensor<4x!lp.int8>
  return
}

// -----

func.func @dequantize_scale_shape(%x: tensor<5x!lp.int8>, %s: tensor<2xf32>) {
  // expected-error @below {{expected the scale of the operand to have type 'tensor<3xf32>', but got 'tensor<2xf32>'}}
  %r = lp.dequantize %x scales(%s) {scale = #lp.scale<[2]>} : tensor<5x!lp.int8>, (tensor<2xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @block_scale_format(%x: tensor<4xf32>) {
  // expected-error @below {{expected format to be an lp type, but got 'i8'}}
  %r = lp.block_scale %x {format = i8, scale = #lp.scale<[*]>} : tensor<4xf32> -> tensor<1xf32>
  return
}

// -----

func.func @block_scale_minmax_format(%x: tensor<4xf32>) {
  // expected-error @below {{expected rule 'minmax' to have an integer format, but got e4m3}}
  %r, %z = lp.block_scale %x {format = !lp.e4m3, scale = #lp.scale<[*]>, rule = #lp.scale_rule<minmax>} : tensor<4xf32> -> tensor<1xf32> zero_point tensor<1xi8>
  return
}

// -----

func.func @block_scale_minmax_zero_point(%x: tensor<4xf32>) {
  // expected-error @below {{expected a zero point result exactly with rule 'minmax'}}
  %r = lp.block_scale %x {format = !lp.uint8, scale = #lp.scale<[*]>, rule = #lp.scale_rule<minmax>} : tensor<4xf32> -> tensor<1xf32>
  return
}

// -----

func.func @quantize_real_zero_point_order(%x: tensor<4xf32>, %z: tensor<1xf32>) {
  // expected-error @below {{expected order 'before_rounding' with a real zero point}}
  %r = lp.quantize %x scales() zero_point(%z : tensor<1xf32>) {scale = #lp.scale<[*]>} : tensor<4xf32> -> tensor<4x!lp.int8>
  return
}

// -----

func.func @quantize_coded_zero_point(%x: tensor<4xf32>, %z: tensor<1x!lp.e4m3>) {
  // expected-error @below {{expected a zero point of integers or f32, but got e4m3}}
  %r = lp.quantize %x scales() zero_point(%z : tensor<1x!lp.e4m3>) {scale = #lp.scale<[*]>} : tensor<4xf32> -> tensor<4x!lp.int8>
  return
}

// -----

func.func @quantize_seed(%x: tensor<4xf32>) {
  // expected-error @below {{expected a seed exactly with stochastic rounding}}
  %r = lp.quantize %x scales() {scale = #lp.scale<[*]>, rounding = #lp.rounding<stochastic>} : tensor<4xf32> -> tensor<4x!lp.int8>
  return
}

// -----

func.func @quantize_seed_without_need(%x: tensor<4xf32>) {
  // expected-error @below {{expected a seed exactly with stochastic rounding}}
  %r = lp.quantize %x scales() {scale = #lp.scale<[*]>, seed = 1} : tensor<4xf32> -> tensor<4x!lp.int8>
  return
}

// -----

func.func @quantize_random_bits(%x: tensor<4xf32>) {
  // expected-error @below {{expected 1 to 32 random bits, only with stochastic rounding}}
  %r = lp.quantize %x scales() {scale = #lp.scale<[*]>, rounding = #lp.rounding<stochastic_fast>, seed = 1, random_bits = 33 : i32} : tensor<4xf32> -> tensor<4x!lp.int8>
  return
}

// -----

func.func @negative_scales_alone(%x: tensor<4xf32>, %n: tensor<1xf32>) {
  // expected-error @below {{expected scales with negative scales}}
  %r = lp.quantize %x scales() negative_scales(%n : tensor<1xf32>) {scale = #lp.scale<[*]>} : tensor<4xf32> -> tensor<4x!lp.int8>
  return
}

// -----

func.func @negative_scale_shape(%c: tensor<4x!lp.int8>, %s: tensor<1xf32>, %n: tensor<2xf32>) {
  // expected-error @below {{expected the negative scale of the operand to have type 'tensor<1xf32>', but got 'tensor<2xf32>'}}
  %r = lp.dequantize %c scales(%s) negative_scales(%n : tensor<2xf32>) {scale = #lp.scale<[*]>} : tensor<4x!lp.int8>, (tensor<1xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @negative_scales_and_zero_point(%c: tensor<4x!lp.int8>, %s: tensor<1xf32>, %z: tensor<1xi8>) {
  // expected-error @below {{expected no zero point with negative scales}}
  %r = lp.dequantize %c scales(%s) negative_scales(%s : tensor<1xf32>) zero_point(%z : tensor<1xi8>) {scale = #lp.scale<[*]>} : tensor<4x!lp.int8>, (tensor<1xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @offsets_without_structure(%c: tensor<4x!lp.int8>, %s: tensor<1xf32>) {
  // expected-error @below {{expected an offset structure exactly with offsets}}
  %r = lp.dequantize %c scales(%s) offsets(%s : tensor<1xf32>) {scale = #lp.scale<[*]>} : tensor<4x!lp.int8>, (tensor<1xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @offset_shape(%c: tensor<4x!lp.int8>, %s: tensor<1xf32>) {
  // expected-error @below {{expected the offset of the operand to have type 'tensor<2xf32>', but got 'tensor<1xf32>'}}
  %r = lp.dequantize %c scales(%s) offsets(%s : tensor<1xf32>) {scale = #lp.scale<[*]>, offset = #lp.scale<[2]>} : tensor<4x!lp.int8>, (tensor<1xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @real_numbers_with_zero_point(%c: tensor<4xf32>, %s: tensor<1xf32>) {
  // expected-error @below {{expected no zero point with real numbers}}
  %r = lp.dequantize %c scales(%s) zero_point(%s : tensor<1xf32>) {scale = #lp.scale<[*]>} : tensor<4xf32>, (tensor<1xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @lookup_elements(%c: tensor<4x!lp.uint4>, %t: tensor<16xf32>) {
  // expected-error @below {{expected the result to have the elements of the table, 'f32', but got 'f16'}}
  %r = lp.lookup %c table(%t : tensor<16xf32>) : tensor<4x!lp.uint4> -> tensor<4xf16>
  return
}

// -----

func.func @lookup_size(%c: tensor<4x!lp.uint4>, %t: tensor<8xf32>) {
  // expected-error @below {{expected a table of type 'tensor<16xf32>', but got 'tensor<8xf32>'}}
  %r = lp.lookup %c table(%t : tensor<8xf32>) : tensor<4x!lp.uint4> -> tensor<4xf32>
  return
}

// -----

func.func @lookup_rows(%c: tensor<4x!lp.uint4>, %t: tensor<5x16xf32>) {
  // expected-error @below {{expected a table of type 'tensor<4x16xf32>', but got 'tensor<5x16xf32>'}}
  %r = lp.lookup %c table(%t : tensor<5x16xf32>) axes [0] : tensor<4x!lp.uint4> -> tensor<4xf32>
  return
}

// -----

func.func @lookup_axis(%c: tensor<4x!lp.uint4>, %t: tensor<4x16xf32>) {
  // expected-error @below {{expected axes of the operand, but got 1}}
  %r = lp.lookup %c table(%t : tensor<4x16xf32>) axes [1] : tensor<4x!lp.uint4> -> tensor<4xf32>
  return
}

// -----

func.func @lookup_shape(%c: tensor<4x!lp.uint4>, %t: tensor<16xf32>) {
  // expected-error @below {{expected the result to have the operand's shape}}
  %r = lp.lookup %c table(%t : tensor<16xf32>) : tensor<4x!lp.uint4> -> tensor<5xf32>
  return
}

// -----

func.func @block_scale_levels(%x: tensor<4xf32>) {
  // expected-error @below {{expected a result for each level that is not given as outer, 2 in all, but got 1 results and 0 outer levels}}
  %r = lp.block_scale %x {format = !lp.int8, scale = #lp.scale<[2], [*]>} : tensor<4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @block_scale_nesting(%x: tensor<12xf32>) {
  // expected-error @below {{expected each block of a level to lie within a block of the next}}
  %r:2 = lp.block_scale %x {format = !lp.int8, scale = #lp.scale<[2], [3]>} : tensor<12xf32> -> tensor<6xf32>, tensor<4xf32>
  return
}

// -----

func.func @block_scale_one_level(%x: tensor<12xf32>) {
  // expected-error @below {{expected a scale structure of one level with rule 'floor'}}
  %r:2 = lp.block_scale %x {format = !lp.e2m1, scale = #lp.scale<[2], [*]>, rule = #lp.scale_rule<floor>} : tensor<12xf32> -> tensor<6x!lp.e8m0>, tensor<1xf32>
  return
}

// -----

func.func @block_scale_nv_levels(%x: tensor<12xf32>) {
  // expected-error @below {{expected one level, or codes and then floats, with rule 'nv'}}
  %r:2 = lp.block_scale %x {format = !lp.e2m1, scale = #lp.scale<[2], [*]>, rule = #lp.scale_rule<nv>} : tensor<12xf32> -> tensor<6xf32>, tensor<1xf32>
  return
}

// -----

func.func @block_scale_scale_format(%x: tensor<12xf32>) {
  // expected-error @below {{expected scales in a format with positive values, but got int1}}
  %r = lp.block_scale %x {format = !lp.e2m1, scale = #lp.scale<[2]>} : tensor<12xf32> -> tensor<6x!lp.int1>
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
