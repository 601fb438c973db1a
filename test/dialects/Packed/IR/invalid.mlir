// RUN: lpc-opt %s --split-input-file -verify-diagnostics

// expected-error @below {{expected codes of 1, 2, 4 or 8 bits, but got 3}}
#l = #packed.layout<columns = 16, group = 2, bits = 3, map = (k, n) -> (k, n)>

// -----

// expected-error @below {{expected panels of a multiple of 2 columns, but got 15}}
#l = #packed.layout<columns = 15, group = 2, bits = 4, map = (k, n) -> (k, n)>

// -----

// expected-error @below {{expected the map affine_map<(d0, d1) -> (d1 floordiv 16, d0 floordiv 2, d1 mod 16, d0 mod 2, 0)>, but got affine_map<(d0, d1) -> (d0, d1)>}}
#l = #packed.layout<columns = 16, group = 2, bits = 8, map = (k, n) -> (k, n)>

// -----

#l = #packed.layout<columns = 16, group = 2, bits = 8,
  map = (k, n) -> (n floordiv 16, k floordiv 2, n mod 16, k mod 2, 0)>
func.func @bytes(%x: tensor<?x6xi16>, %w: tensor<95xi8>, %c: tensor<?x10xi32>) -> tensor<?x10xi32> {
  // expected-error @below {{'packed.matmul' op expected a weight of 96 bytes, but got 95}}
  %y = packed.matmul %x, %w into %c {layout = #l} : (tensor<?x6xi16>, tensor<95xi8>, tensor<?x10xi32>) -> tensor<?x10xi32>
  return %y : tensor<?x10xi32>
}

// -----

#l = #packed.layout<columns = 16, group = 2, bits = 8,
  map = (k, n) -> (n floordiv 16, k floordiv 2, n mod 16, k mod 2, 0)>
func.func @float_sums(%x: tensor<?x6xi16>, %w: tensor<96xi8>, %c: tensor<?x10xf32>) -> tensor<?x10xf32> {
  // expected-error @below {{'packed.matmul' op expected an f32 result with scales, and an i32 result without}}
  %y = packed.matmul %x, %w into %c {layout = #l} : (tensor<?x6xi16>, tensor<96xi8>, tensor<?x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

#l = #packed.layout<columns = 16, group = 2, bits = 8,
  map = (k, n) -> (n floordiv 16, k floordiv 2, n mod 16, k mod 2, 0)>
func.func @odd_group(%x: tensor<?x6xi16>, %w: tensor<96xi8>, %s: tensor<1x1xf32>, %t: tensor<2x10xf32>, %c: tensor<?x10xf32>) -> tensor<?x10xf32> {
  // expected-error @below {{'packed.matmul' op expected a group size that is a multiple of 2, but got 3}}
  %y = packed.matmul %x, %w lhs_scale %s rhs_scale %t into %c {layout = #l, group_size = 3}
    : (tensor<?x6xi16>, tensor<96xi8>, tensor<1x1xf32>, tensor<2x10xf32>, tensor<?x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

#l = #packed.layout<columns = 16, group = 2, bits = 8,
  map = (k, n) -> (n floordiv 16, k floordiv 2, n mod 16, k mod 2, 0)>
func.func @codebook(%x: tensor<?x6xi16>, %w: tensor<96xi8>, %c: tensor<?x10xi32>) -> tensor<?x10xi32> {
  // expected-error @below {{'packed.matmul' op expected a codebook of 16 values for codes of 4 bits}}
  %y = packed.matmul %x, %w into %c {layout = #l, codebook = array<i8: 1, 2>} : (tensor<?x6xi16>, tensor<96xi8>, tensor<?x10xi32>) -> tensor<?x10xi32>
  return %y : tensor<?x10xi32>
}

// -----

#l = #packed.layout<columns = 16, group = 1, bits = 8, map = (k, n) -> (n floordiv 16, k, n mod 16, 0, 0)>
func.func @float_without_scale(%x: tensor<?x6xf32>, %w: tensor<96xi8>, %c: tensor<?x10xf32>) -> tensor<?x10xf32> {
  // expected-error @below {{'packed.matmul' op expected a scale of the weight, and no other, with activations in f32}}
  %y = packed.matmul %x, %w into %c {layout = #l} : (tensor<?x6xf32>, tensor<96xi8>, tensor<?x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

#l = #packed.layout<columns = 16, group = 1, bits = 4, map = (k, n) -> (n floordiv 16, k, n mod 8, 0, (n mod 16) floordiv 8)>
func.func @format(%x: tensor<?x6xf32>, %w: tensor<48xi8>, %s: tensor<1x1xf32>, %c: tensor<?x10xf32>) -> tensor<?x10xf32> {
  // expected-error @below {{'packed.matmul' op expected a format of at most 4 bits with activations in f32 and no codebook, but got '!lp.e4m3'}}
  %y = packed.matmul %x, %w rhs_scale %s into %c {layout = #l, group_size = 6, format = !lp.e4m3}
    : (tensor<?x6xf32>, tensor<48xi8>, tensor<1x1xf32>, tensor<?x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// -----

func.func @table_rank(%i: i8) -> f32 {
  // expected-error @below {{'packed.lookup' op expected a table of one dimension that is not empty, but got 'tensor<1x2xf32>'}}
  %y = packed.lookup %i in dense<[[0.0, 1.0]]> : tensor<1x2xf32> : i8 -> f32
  return %y : f32
}

// -----

func.func @table_element(%i: i8) -> f64 {
  // expected-error @below {{'packed.lookup' op expected a result of the table's element type 'f32', but got 'f64'}}
  %y = packed.lookup %i in dense<[0.0, 1.0]> : tensor<2xf32> : i8 -> f64
  return %y : f64
}

// -----

func.func @table_shape(%i: vector<4xi8>) -> vector<8xf32> {
  // expected-error @below {{'packed.lookup' op expected index and result of one shape, but got 'vector<4xi8>' and 'vector<8xf32>'}}
  %y = packed.lookup %i in dense<[0.0, 1.0]> : tensor<2xf32> : vector<4xi8> -> vector<8xf32>
  return %y : vector<8xf32>
}

// -----

func.func @hadamard_size(%x: tensor<2x?x1xf32>) {
  // expected-error @below {{'packed.hadamard' op expected a middle axis of known size, but got 'tensor<2x?x1xf32>'}}
  %y = packed.hadamard into %x {stages = 1, distance = 1, scale = 1.0 : f64} : (tensor<2x?x1xf32>) -> tensor<2x?x1xf32>
  return
}

// -----

func.func @hadamard_stages(%x: tensor<2x12x1xf32>) {
  // expected-error @below {{'packed.hadamard' op expected distance x 2^stages to divide 12, but got distance 1 and 3 stages}}
  %y = packed.hadamard into %x {stages = 3, distance = 1, scale = 1.0 : f64} : (tensor<2x12x1xf32>) -> tensor<2x12x1xf32>
  return
}
