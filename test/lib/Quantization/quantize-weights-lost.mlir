// RUN: split-file %s %t
// RUN: lpc-opt %t/zero.mlir --lpc-quantize-weights=format=int4/g2:e4m3 --split-input-file -verify-diagnostics
// RUN: lpc-opt %t/nozero.mlir "--lpc-quantize-weights=format=int4/g2:ue3m0<nosubnormals>@absmax" -verify-diagnostics
// RUN: lpc-opt %t/pow2.mlir --lpc-quantize-weights=format=mxfp4 -verify-diagnostics

//--- zero.mlir
// The least scale of e4m3 is 2^-9, under which numbers below 2^-10 are zero in int4. One warning a function, for weights that lose
// most of their blocks.

// Blocks are pairs of rows. Of the first weight only the ones stay; the second keeps all, the third loses just half.
// expected-warning @below {{1 of 3 weights become zero in most of their blocks with 'int4/g2:e4m3': 'first' (3 of 4); scales that are too small}}
func.func @lost(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<[[0.0001, 0.0001], [0.0, 0.0002], [0.0, 1.0], [-0.0003, 0.5]]> : tensor<4x2xf32> loc("first")
  %y = nn.matmul %x, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %v = nn.constant dense<1.0> : tensor<2x4xf32>
  %z = nn.matmul %y, %v : (tensor<?x2xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
  %u = nn.constant dense<[[0.0001, 0.0001], [0.0001, 0.0001], [1.0, 1.0], [1.0, 1.0]]> : tensor<4x2xf32>
  %r = nn.matmul %z, %u : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

// Blocks that were zero before do not count: one of one is kept.
func.func @zeros(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<[[0.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 0.5]]> : tensor<4x2xf32>
  %y = nn.matmul %x, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// A filter [m, c, h, w]: blocks are two channels with their whole windows, and only the one that holds 1.0 stays.
// expected-warning @below {{1 of 1 weights become zero in most of their blocks with 'int4/g2:e4m3': 'filter' (3 of 4)}}
func.func @conv(%x: tensor<1x4x3x3xf32>) -> tensor<1x2x2x3xf32> {
  %w = nn.constant dense<[[[[0.0], [0.0001]], [[0.0], [0.0]], [[0.0002], [0.0]], [[0.0], [0.0]]],
                          [[[0.0], [0.0]], [[0.0], [1.0]], [[0.0], [0.0]], [[0.0], [-0.0001]]]]> : tensor<2x4x2x1xf32> loc("filter")
  %y = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, group = 1} : (tensor<1x4x3x3xf32>, tensor<2x4x2x1xf32>) -> tensor<1x2x2x3xf32>
  return %y : tensor<1x2x2x3xf32>
}

//--- nozero.mlir
// No scale is zero, but the least one is 1/8: elements of 0.01 are zero under it, and one of 0.2 is not.
// expected-warning @below {{1 of 2 weights become zero in most of their blocks with}}
func.func @least(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<0.01> : tensor<2x2xf32>
  %y = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %v = nn.constant dense<0.2> : tensor<2x2xf32>
  %z = nn.matmul %y, %v : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

//--- pow2.mlir
// The least scale of E8M0 is 2^-127, which is far above these.
// expected-warning @below {{1 of 1 weights become zero in most of their blocks with 'mxfp4'}}
func.func @subnormal(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<1.0e-40> : tensor<2x2xf32>
  %y = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
