// RUN: lpc-opt %s --split-input-file -verify-diagnostics
// What the verifiers of integer-only programs refuse, one case each.

func.func @to_integer_specials(%x: tensor<4x!lp.e4m3>) {
  // expected-error @below {{expected a format whose values are finite and have integer images, but got e4m3}}
  %r = lp.to_integer %x : tensor<4x!lp.e4m3> -> tensor<4xi32>
  return
}

// -----

func.func @to_integer_width(%x: tensor<4x!lp.uint8>) {
  // expected-error @below {{expected a result that holds the values of uint8 less 0, but got 'i8'}}
  %r = lp.to_integer %x : tensor<4x!lp.uint8> -> tensor<4xi8>
  return
}

// -----

func.func @to_integer_shape(%x: tensor<4x!lp.int8>) {
  // expected-error @below {{expected the result to have the operand's shape}}
  %r = lp.to_integer %x : tensor<4x!lp.int8> -> tensor<5xi8>
  return
}

// -----

func.func @rescale_result(%x: tensor<4xi32>, %m: tensor<1xi32>, %t: tensor<1xi8>) {
  // expected-error @below {{expected a result of integers, but got e2m1}}
  %r = lp.rescale %x, %m, %t : (tensor<4xi32>, tensor<1xi32>, tensor<1xi8>) -> tensor<4x!lp.e2m1>
  return
}

// -----

func.func @rescale_multipliers(%x: tensor<4xi32>, %m: tensor<3xi32>, %t: tensor<1xi8>) {
  // expected-error @below {{expected multipliers and shifts of rank 1 with the operand's sizes or 1, but got 'tensor<3xi32>'}}
  %r = lp.rescale %x, %m, %t : (tensor<4xi32>, tensor<3xi32>, tensor<1xi8>) -> tensor<4x!lp.int8>
  return
}

// -----

func.func @rescale_limits(%x: tensor<4xi32>, %m: tensor<1xi32>, %t: tensor<1xi8>) {
  // expected-error @below {{expected limits inside of [-128, 127], but got [0, 200]}}
  %r = lp.rescale %x, %m, %t {lo = 0, hi = 200} : (tensor<4xi32>, tensor<1xi32>, tensor<1xi8>) -> tensor<4x!lp.int8>
  return
}

// -----

func.func @rescale_zero(%x: tensor<4xi32>, %m: tensor<1xi32>, %t: tensor<1xi8>) {
  // expected-error @below {{expected a zero point of 32 bits, but got 4294967296}}
  %r = lp.rescale %x, %m, %t {zero_point = 4294967296} : (tensor<4xi32>, tensor<1xi32>, tensor<1xi8>) -> tensor<4x!lp.int8>
  return
}

// -----

func.func @matmul_scales(%x: tensor<4x8x!lp.int8>, %s: tensor<1x1xf32>, %w: tensor<8x4x!lp.int8>) {
  // expected-error @below {{expected an f32 result, or accumulator 'int<N>' and no scales for 'i32'}}
  %r = lp.matmul %x scale %s, %w {lhs_block = #lp.scale<[*, *]>, accumulator = #lp.acc<int<20>>} : (tensor<4x8x!lp.int8>, tensor<1x1xf32>, tensor<8x4x!lp.int8>) -> tensor<4x4xi32>
  return
}

// -----

func.func @matmul_width(%x: tensor<4x8x!lp.int8>, %w: tensor<8x4x!lp.int8>) {
  // expected-error @below {{expected a result that holds 40 bits, but got 'i32'}}
  %r = lp.matmul %x, %w {accumulator = #lp.acc<int<40>>} : (tensor<4x8x!lp.int8>, tensor<8x4x!lp.int8>) -> tensor<4x4xi32>
  return
}

// -----

func.func @softmax_table(%x: tensor<4x8x!lp.int8>, %e: tensor<16xi32>) {
  // expected-error @below {{expected a table of 256 entries, but got 'tensor<16xi32>'}}
  %r = lp.int_softmax %x table(%e : tensor<16xi32>) {axis = 1, fraction = 8} : tensor<4x8x!lp.int8> -> tensor<4x8x!lp.uint8>
  return
}

// -----

func.func @softmax_axis(%x: tensor<4x8x!lp.int4>, %e: tensor<16xi32>) {
  // expected-error @below {{expected an axis of the operand, but got 2}}
  %r = lp.int_softmax %x table(%e : tensor<16xi32>) {axis = 2, fraction = 8} : tensor<4x8x!lp.int4> -> tensor<4x8x!lp.uint8>
  return
}

// -----

func.func @softmax_fraction(%x: tensor<4x8x!lp.int4>, %e: tensor<16xi32>) {
  // expected-error @below {{expected a fraction of 1 to 30 bits, but got 31}}
  %r = lp.int_softmax %x table(%e : tensor<16xi32>) {axis = 1, fraction = 31} : tensor<4x8x!lp.int4> -> tensor<4x8x!lp.uint8>
  return
}

// -----

func.func @softmax_terms(%x: tensor<4x?x!lp.int4>, %e: tensor<16xi32>) {
  // expected-error @below {{expected 'max_terms', as the size of axis 1 is not known}}
  %r = lp.int_softmax %x table(%e : tensor<16xi32>) {axis = 1, fraction = 8} : tensor<4x?x!lp.int4> -> tensor<4x?x!lp.uint8>
  return
}

// -----

func.func @softmax_mask(%x: tensor<4x8x!lp.int4>, %e: tensor<16xi32>, %k: tensor<8xi1>) {
  // expected-error @below {{expected a mask of rank 2 with the operand's sizes or 1, but got 'tensor<8xi1>'}}
  %r = lp.int_softmax %x table(%e : tensor<16xi32>) mask(%k : tensor<8xi1>) {axis = 1, fraction = 8} : tensor<4x8x!lp.int4> -> tensor<4x8x!lp.uint8>
  return
}

// -----

func.func @norm_size(%x: tensor<8x?x!lp.int8>, %m: tensor<8xi32>, %b: tensor<8xi64>) {
  // expected-error @below {{expected a static last dimension, but got 'tensor<8x?x!lp.int8>'}}
  %r = lp.int_norm %x, %m, %b {kind = #lp.norm_kind<layer>, epsilon = 1, shift = 40} : (tensor<8x?x!lp.int8>, tensor<8xi32>, tensor<8xi64>) -> tensor<8x?x!lp.int8>
  return
}

// -----

func.func @norm_multipliers(%x: tensor<?x8x!lp.int8>, %m: tensor<4xi32>, %b: tensor<8xi64>) {
  // expected-error @below {{expected 8 multipliers and biases, but got 'tensor<4xi32>'}}
  %r = lp.int_norm %x, %m, %b {kind = #lp.norm_kind<layer>, epsilon = 1, shift = 40} : (tensor<?x8x!lp.int8>, tensor<4xi32>, tensor<8xi64>) -> tensor<?x8x!lp.int8>
  return
}

// -----

func.func @norm_epsilon(%x: tensor<?x8x!lp.int8>, %m: tensor<8xi32>, %b: tensor<8xi64>) {
  // expected-error @below {{expected an epsilon of 1 or more, but got 0}}
  %r = lp.int_norm %x, %m, %b {kind = #lp.norm_kind<layer>, epsilon = 0, shift = 40} : (tensor<?x8x!lp.int8>, tensor<8xi32>, tensor<8xi64>) -> tensor<?x8x!lp.int8>
  return
}

// -----

func.func @norm_sum(%x: tensor<?x4096x!lp.int16>, %m: tensor<4096xi32>, %b: tensor<4096xi64>) {
  // expected-error @below {{expected sums of squares below 2^62, but 4096 elements of int16 can exceed that: use a narrower format}}
  %r = lp.int_norm %x, %m, %b {kind = #lp.norm_kind<layer>, epsilon = 1, shift = 40} : (tensor<?x4096x!lp.int16>, tensor<4096xi32>, tensor<4096xi64>) -> tensor<?x4096x!lp.int8>
  return
}
