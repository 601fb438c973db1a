// RUN: lpc-opt %s --split-input-file -verify-diagnostics
// What the verifiers of the nn dialect refuse, one case each.

func.func @unary_not_of_float(%x: tensor<4xf32>) {
  // expected-error @below {{expected 'not' to have an integer operand, but got 'f32'}}
  %r = nn.unary not %x : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @unary_of_integer(%x: tensor<4xi32>) {
  // expected-error @below {{expected 'exp' to have a float operand, but got 'i32'}}
  %r = nn.unary exp %x : (tensor<4xi32>) -> tensor<4xi32>
  return
}

// -----

func.func @unary_neg_of_bool(%x: tensor<4xi1>) {
  // expected-error @below {{expected 'neg' to have a numeric operand, but got 'i1'}}
  %r = nn.unary neg %x : (tensor<4xi1>) -> tensor<4xi1>
  return
}

// -----

func.func @binary_shift_of_float(%x: tensor<4xf32>) {
  // expected-error @below {{expected 'shl' to have integer operands, but got 'f32'}}
  %r = nn.binary shl %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @binary_add_of_bool(%x: tensor<4xi1>) {
  // expected-error @below {{expected 'add' to have numeric operands, but got 'i1'}}
  %r = nn.binary add %x, %x : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  return
}

// -----

func.func @binary_without_broadcast(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @below {{expected operand shapes that broadcast}}
  // expected-error @below {{failed to infer returned types}}
  %r = nn.binary add %x, %y : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @select_of_two_types(%c: tensor<4xi1>, %x: tensor<4xf32>, %y: tensor<4xf16>) {
  // expected-error @below {{expected both choices to have one element type, but got 'f32' and 'f16'}}
  %r = nn.select %c, %x, %y : (tensor<4xi1>, tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @cast_changes_shape(%x: tensor<4xf32>) {
  // expected-error @below {{expected the result to have the operand's shape}}
  %r = nn.cast %x : (tensor<4xf32>) -> tensor<5xf16>
  return
}

// -----

func.func @bitcast_changes_width(%x: tensor<4xf32>) {
  // expected-error @below {{expected element types of equal width, but got 32 and 8 bits}}
  %r = nn.bitcast %x : (tensor<4xf32>) -> tensor<4xi8>
  return
}

// -----

func.func @reshape_changes_type(%x: tensor<4xf32>) {
  // expected-error @below {{expected one element type, but got 'tensor<4xf32>' and 'tensor<2x2xf16>'}}
  %r = nn.reshape %x : tensor<4xf32> -> tensor<2x2xf16>
  return
}

// -----

func.func @reshape_changes_count(%x: tensor<4xf32>) {
  // expected-error @below {{expected equal numbers of elements, but got 4 and 5}}
  %r = nn.reshape %x : tensor<4xf32> -> tensor<5xf32>
  return
}

// -----

func.func @reshape_without_size(%x: tensor<?xf32>) {
  // expected-error @below {{expected one size operand for each '?' of the result (1), but got 0}}
  %r = nn.reshape %x : tensor<?xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @broadcast_lowers_rank(%x: tensor<4x1xf32>) {
  // expected-error @below {{expected a result of rank at least 2, but got 1}}
  %r = nn.broadcast %x : tensor<4x1xf32> -> tensor<4xf32>
  return
}

// -----

func.func @broadcast_of_no_unit(%x: tensor<4xf32>) {
  // expected-error @below {{expected dimension 0 to be 1 or 5, but got 4}}
  %r = nn.broadcast %x : tensor<4xf32> -> tensor<2x5xf32>
  return
}

// -----

func.func @iota_axis() {
  // expected-error @below {{expected axis to be in [0, 1), but got 1}}
  %r = nn.iota {axis = 1} : tensor<4xi64>
  return
}

// -----

func.func @transpose_repeats(%x: tensor<4x4xf32>) {
  // expected-error @below {{expected a permutation of the input's 2 dimensions}}
  %r = nn.transpose %x {permutation = array<i64: 0, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @concat_ranks(%x: tensor<4xf32>, %y: tensor<4x1xf32>) {
  // expected-error @below {{expected operands of one rank and element type, but got }}
  // expected-error @below {{failed to infer returned types}}
  %r = nn.concat %x, %y {axis = 0} : (tensor<4xf32>, tensor<4x1xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @concat_other_dimension(%x: tensor<4x2xf32>, %y: tensor<4x3xf32>) {
  // expected-error @below {{expected dimension 1 of all operands to be 2, but got 3}}
  // expected-error @below {{failed to infer returned types}}
  %r = nn.concat %x, %y {axis = 0} : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<8x2xf32>
  return
}

// -----

func.func @slice_outside(%x: tensor<4xf32>) {
  // expected-error @below {{expected positions of dimension 0 to lie in [0, 4), but got 2 to 4}}
  %r = nn.slice %x offsets [2] sizes [3] strides [1] : tensor<4xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_stride_zero(%x: tensor<4xf32>) {
  // expected-error @below {{expected strides that are not zero}}
  %r = nn.slice %x offsets [0] sizes [3] strides [0] : tensor<4xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_result(%x: tensor<4xf32>) {
  // expected-error @below {{expected result type 'tensor<3xf32>', but got 'tensor<2xf32>'}}
  %r = nn.slice %x offsets [0] sizes [3] strides [1] : tensor<4xf32> -> tensor<2xf32>
  return
}

// -----

func.func @pad_amounts(%x: tensor<4xf32>) {
  // expected-error @below {{expected 1 amounts on each side, but got 2 and 2}}
  %r = nn.pad %x low [0, 0] high [0, 0] {mode = #nn.pad_mode<edge>} : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @gather_axis(%x: tensor<4xf32>, %i: tensor<2xi64>) {
  // expected-error @below {{expected axis to be in [0, 1), but got 1}}
  // expected-error @below {{failed to infer returned types}}
  %r = nn.gather %x, %i {axis = 1} : (tensor<4xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @matmul_inner(%x: tensor<4x3xf32>, %y: tensor<4x2xf32>) {
  // expected-error @below {{expected equal contracted dimensions, but got 3 and 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = nn.matmul %x, %y : (tensor<4x3xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @conv_channels(%x: tensor<1x3x8x8xf32>, %w: tensor<2x4x3x3xf32>) {
  // expected-error @below {{expected the filter to read 3 channels in 1 groups, but it reads 4 in each}}
  %r = nn.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x8x8xf32>
  return
}

// -----

func.func @conv_pads(%x: tensor<1x4x8x8xf32>, %w: tensor<2x4x3x3xf32>) {
  // expected-error @below {{expected 2 strides and dilations and 4 pads}}
  // expected-error @below {{failed to infer returned types}}
  %r = nn.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x8x8xf32>
  return
}

// -----

func.func @reduce_order(%x: tensor<4x4xf32>) {
  // expected-error @below {{expected axes in ascending order without repeats}}
  %r = nn.reduce sum %x {axes = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<f32>
  return
}

// -----

func.func @arg_reduce_kind(%x: tensor<4x4xf32>) {
  // expected-error @below {{expected kind 'max' or 'min', but got 'sum'}}
  %r = nn.arg_reduce sum %x {axis = 0} : (tensor<4x4xf32>) -> tensor<4xi64>
  return
}

// -----

func.func @scan_kind(%x: tensor<4xf32>) {
  // expected-error @below {{expected kind 'sum' or 'prod', but got 'max'}}
  %r = nn.scan max %x {axis = 0} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @softmax_axis(%x: tensor<4xf32>) {
  // expected-error @below {{expected axis to be in [0, 1), but got 1}}
  %r = nn.softmax %x {axis = 1} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @pool_kernel(%x: tensor<1x1x4xf32>) {
  // expected-error @below {{expected kernel, strides and dilations of at least 1}}
  %r = nn.pool max %x {kernel = array<i64: 0>, strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x1x4xf32>) -> tensor<1x1x5xf32>
  return
}
