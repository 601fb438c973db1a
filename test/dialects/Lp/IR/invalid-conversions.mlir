// RUN: lpc-opt %s --split-input-file -verify-diagnostics
// What the verifiers of the conversions of the lp dialect refuse, one case each.

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

func.func @lookup_axis_twice(%c: tensor<3x4x!lp.uint4>, %t: tensor<4x4x16xf32>) {
  // expected-error @below {{expected each axis once, but got 1 again}}
  %r = lp.lookup %c table(%t : tensor<4x4x16xf32>) axes [1, 1] : tensor<3x4x!lp.uint4> -> tensor<3x4xf32>
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

func.func @block_scale_coded_zero_point(%x: tensor<4xf32>) {
  // expected-error @below {{expected a zero point of integers or f32, but got e4m3}}
  %r, %z = lp.block_scale %x {format = !lp.uint8, scale = #lp.scale<[*]>, rule = #lp.scale_rule<minmax>} : tensor<4xf32> -> tensor<1xf32> zero_point tensor<1x!lp.e4m3>
  return
}

// -----

func.func @block_scale_without_positive_values(%x: tensor<4xf32>) {
  // expected-error @below {{expected a format with positive values, but got int1}}
  %r = lp.block_scale %x {format = !lp.int1, scale = #lp.scale<[*]>} : tensor<4xf32> -> tensor<1xf32>
  return
}
