// RUN: lpc-opt %s --split-input-file -verify-diagnostics
// What the verifier of nn.rotate refuses, one case each.

func.func @rotate_unknown_size(%x: tensor<2x?xf32>) {
  // expected-error @below {{expected an axis of known size, but got axis 1 of 'tensor<2x?xf32>'}}
  %r = nn.rotate %x {axis = 1, order = 2} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return
}

// -----

func.func @rotate_axis(%x: tensor<4xf32>) {
  // expected-error @below {{expected axis to be in [0, 1), but got 1}}
  %r = nn.rotate %x {axis = 1, order = 2} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @rotate_order(%x: tensor<4xf32>) {
  // expected-error @below {{expected order and inner of at least 1, but got 0 and 1}}
  %r = nn.rotate %x {axis = 0, order = 0} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @rotate_divides(%x: tensor<12xf32>) {
  // expected-error @below {{expected order x matrix x inner to divide the size of the axis, but got 4 x 1 x 2 and 12}}
  %r = nn.rotate %x {axis = 0, order = 4, inner = 2} : (tensor<12xf32>) -> tensor<12xf32>
  return
}

// -----

func.func @rotate_no_hadamard(%x: tensor<6xf32>) {
  // expected-error @below {{expected the order of a known Hadamard matrix, but got 6}}
  %r = nn.rotate %x {axis = 0, order = 6} : (tensor<6xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @rotate_matrix(%x: tensor<6xf32>, %m: tensor<2x3xf32>) {
  // expected-error @below {{expected a square matrix of 'f32', but got 'tensor<2x3xf32>'}}
  %r = nn.rotate %x matrix %m {axis = 0} : (tensor<6xf32>, tensor<2x3xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @rotate_signs(%x: tensor<6xf32>, %d: tensor<2xf32>) {
  // expected-error @below {{expected signs of type 'tensor<6xf32>', but got 'tensor<2xf32>'}}
  %r = nn.rotate %x signs %d {axis = 0} : (tensor<6xf32>, tensor<2xf32>) -> tensor<6xf32>
  return
}
