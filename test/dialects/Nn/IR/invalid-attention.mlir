// RUN: lpc-opt %s --split-input-file --verify-diagnostics
// What the verifiers of attention and rotary embeddings refuse.

func.func @unknown_channels(%x: tensor<4x?xf32>, %c: tensor<4x2xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected an input with a last dimension of known size, but got 'tensor<4x?xf32>'}}
  %y = nn.rope %x, %c, %c : (tensor<4x?xf32>, tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @unknown_pairs(%x: tensor<4x8xf32>, %c: tensor<4x?xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected tables with a last dimension of known size, but got 'tensor<4x?xf32>'}}
  %y = nn.rope %x, %c, %c : (tensor<4x8xf32>, tensor<4x?xf32>, tensor<4x?xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @sines(%x: tensor<4x8xf32>, %c: tensor<4x2xf32>, %s: tensor<4x3xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected as many sines as cosines, but got 3 and 2}}
  %y = nn.rope %x, %c, %s : (tensor<4x8xf32>, tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @table_shape(%x: tensor<4x8xf32>, %c: tensor<3x2xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected tables that broadcast to the input, but got 'tensor<3x2xf32>' for 'tensor<4x8xf32>'}}
  %y = nn.rope %x, %c, %c : (tensor<4x8xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @pairs(%x: tensor<4x8xf32>, %c: tensor<4x5xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected at most 4 pairs in 8 elements, but got 5}}
  %y = nn.rope %x, %c, %c : (tensor<4x8xf32>, tensor<4x5xf32>, tensor<4x5xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @ranks(%q: tensor<4x8xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected query, key and value of one rank, 3 or more}}
  %y = nn.attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @batch(%q: tensor<2x2x4x8xf32>, %k: tensor<3x2x4x8xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected dimension 0 of query, key and value to be equal, but got 2 and 3}}
  %y = nn.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<2x2x4x8xf32>, tensor<3x2x4x8xf32>, tensor<3x2x4x8xf32>) -> tensor<2x2x4x8xf32>
  return
}

// -----

func.func @channels(%q: tensor<2x4x8xf32>, %k: tensor<2x4x6xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected queries and keys of one size, but got 8 and 6}}
  %y = nn.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<2x4x8xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  return
}

// -----

func.func @positions(%q: tensor<2x4x8xf32>, %v: tensor<2x5x8xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected as many keys as values}}
  %y = nn.attention %q, %q, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x5x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @heads(%q: tensor<3x4x8xf32>, %k: tensor<2x4x8xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected the number of query heads to be a multiple of 2, but got 3}}
  %y = nn.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<3x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> tensor<3x4x8xf32>
  return
}

// -----

func.func @unknown_heads(%q: tensor<?x4x8xf32>, %k: tensor<2x4x8xf32>) {
  // expected-error @below {{failed to infer returned types}}
  // expected-error @below {{expected the numbers of heads to be known for both queries and keys, or for none}}
  %y = nn.attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64} : (tensor<?x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> tensor<?x4x8xf32>
  return
}

// -----

func.func @mask(%q: tensor<2x4x8xf32>, %m: tensor<3x4xi1>) {
  // expected-error @below {{expected masks that broadcast to the scores, but got 'tensor<3x4xi1>'}}
  %y = nn.attention %q, %q, %q, %m {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 1.0 : f64} : (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<3x4xi1>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @bias(%q: tensor<2x4x8xf32>, %m: tensor<4x4xf16>) {
  // expected-error @below {{expected a bias of the query's element type, but got 'tensor<4x4xf16>'}}
  %y = nn.attention %q, %q, %q, %m {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 1.0 : f64} : (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<4x4xf16>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @softcap(%q: tensor<2x4x8xf32>) {
  // expected-error @below {{expected a softcap of 0 or more, but got -1}}
  %y = nn.attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64, softcap = -1.0 : f64} : (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}
