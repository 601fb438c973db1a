// RUN: lpc-opt %s --lpc-print-axis-classes=barriers-only -o /dev/null | FileCheck %s
// The legality of transforms, one function a row: rotary embeddings and attention.

// Both halves of a rotary pair share a scale, and move together with their angles.
// CHECK-LABEL: diagonal classes of @rope
// CHECK:       size 2{{$}}
// CHECK:       barrier: nn.rope operand 0 axis 1 holds the two channels of a rotary pair
// CHECK:       size 3, legal
// CHECK-LABEL: permutation classes of @rope
// CHECK:       size 2{{$}}
// CHECK:       barrier: nn.rope operand 0 axis 1 holds the two channels of a rotary pair
// CHECK:       size 3, legal
// CHECK-LABEL: orthogonal classes of @rope
// CHECK:       size 6{{$}}
// CHECK:       barrier: nn.rope operand 0 axis 1 turns pairs of channels, each by its own angle
// CHECK-LABEL: centering classes of @rope
func.func @rope(%x: tensor<4x5xf32>) -> tensor<4x7xf32> {
  %w = nn.constant dense<1.0> : tensor<5x6xf32>
  %c = nn.constant dense<0.5> : tensor<4x3xf32>
  %s = nn.constant dense<0.25> : tensor<4x3xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x7xf32>
  %h = nn.matmul %x, %w : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  %r = nn.rope %h, %c, %s : (tensor<4x6xf32>, tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x6xf32>
  %y = nn.matmul %r, %w2 : (tensor<4x6xf32>, tensor<6x7xf32>) -> tensor<4x7xf32>
  return %y : tensor<4x7xf32>
}

// The same in pairs: the inner factor of two is barred.
// CHECK-LABEL: diagonal classes of @rope_in_pairs
// CHECK:       size 3, legal
// CHECK:       size 2{{$}}
// CHECK:       barrier: nn.rope operand 0 axis 1 holds the two channels of a rotary pair
// CHECK-LABEL: permutation classes of @rope_in_pairs
// CHECK:       size 3, legal
// CHECK-LABEL: orthogonal classes of @rope_in_pairs
// CHECK:       barrier: nn.rope operand 0 axis 1 turns pairs of channels, each by its own angle
func.func @rope_in_pairs(%x: tensor<4x5xf32>) -> tensor<4x7xf32> {
  %w = nn.constant dense<1.0> : tensor<5x6xf32>
  %c = nn.constant dense<0.5> : tensor<4x3xf32>
  %s = nn.constant dense<0.25> : tensor<4x3xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x7xf32>
  %h = nn.matmul %x, %w : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  %r = nn.rope %h, %c, %s {interleaved = true} : (tensor<4x6xf32>, tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x6xf32>
  %y = nn.matmul %r, %w2 : (tensor<4x6xf32>, tensor<6x7xf32>) -> tensor<4x7xf32>
  return %y : tensor<4x7xf32>
}

// Angles that change along an axis keep its channels apart; a scale passes.
// CHECK-LABEL: diagonal classes of @rope_rows
// CHECK:       size 4, legal
// CHECK-LABEL: permutation classes of @rope_rows
// CHECK:       size 4, legal
// CHECK-LABEL: orthogonal classes of @rope_rows
// CHECK:       size 4{{$}}
// CHECK:       barrier: nn.rope operand 0 axis 0 has angles that change along the axis
func.func @rope_rows(%x: tensor<5x6xf32>) -> tensor<7x6xf32> {
  %w = nn.constant dense<1.0> : tensor<4x5xf32>
  %c = nn.constant dense<0.5> : tensor<4x3xf32>
  %s = nn.constant dense<0.25> : tensor<4x3xf32>
  %w2 = nn.constant dense<1.0> : tensor<7x4xf32>
  %h = nn.matmul %w, %x : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  %r = nn.rope %h, %c, %s : (tensor<4x6xf32>, tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x6xf32>
  %y = nn.matmul %w2, %r : (tensor<7x4xf32>, tensor<4x6xf32>) -> tensor<7x6xf32>
  return %y : tensor<7x6xf32>
}

// Two groups of two query heads. Channels of queries and keys take a transform and its inverse, those of values go to the
// result, the same in each head. Key heads with their queries may change places, and scale with the values.
// CHECK-LABEL: diagonal classes of @attention
// CHECK:       size 4{{$}}
// CHECK-NEXT:  barrier: nn.attention operand 0 axis 1 leaves the scale of the heads to the values
// CHECK:       size 6, legal
// CHECK:       size 2{{$}}
// CHECK-NEXT:  barrier: nn.attention operand 1 axis 1 leaves the scale of the heads to the values
// CHECK:       size 2, legal
// CHECK:       size 5, legal
// CHECK-LABEL: permutation classes of @attention
// CHECK:       size 2, legal
// CHECK:       size 2, legal
// CHECK:       size 6, legal
// CHECK:       size 5, legal
// CHECK-LABEL: orthogonal classes of @attention
// CHECK:       size 4{{$}}
// CHECK-NEXT:  barrier: nn.attention operand 0 axis 1 is a batch axis of attention
// CHECK:       size 6, legal
// CHECK:       size 5, legal
// CHECK-LABEL: centering classes of @attention
// CHECK:       barrier: nn.attention operand 0 axis 3 is contracted: centering has no inverse
func.func @attention(%x: tensor<1x3x7xf32>) -> tensor<1x3x7xf32> {
  %wq = nn.constant dense<1.0> : tensor<7x24xf32>
  %wk = nn.constant dense<0.5> : tensor<7x12xf32>
  %wv = nn.constant dense<0.5> : tensor<7x10xf32>
  %wo = nn.constant dense<0.5> : tensor<20x7xf32>
  %q1 = nn.matmul %x, %wq : (tensor<1x3x7xf32>, tensor<7x24xf32>) -> tensor<1x3x24xf32>
  %k1 = nn.matmul %x, %wk : (tensor<1x3x7xf32>, tensor<7x12xf32>) -> tensor<1x3x12xf32>
  %v1 = nn.matmul %x, %wv : (tensor<1x3x7xf32>, tensor<7x10xf32>) -> tensor<1x3x10xf32>
  %q2 = nn.reshape %q1 : tensor<1x3x24xf32> -> tensor<1x3x4x6xf32>
  %k2 = nn.reshape %k1 : tensor<1x3x12xf32> -> tensor<1x3x2x6xf32>
  %v2 = nn.reshape %v1 : tensor<1x3x10xf32> -> tensor<1x3x2x5xf32>
  %q = nn.transpose %q2 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x3x4x6xf32>) -> tensor<1x4x3x6xf32>
  %k = nn.transpose %k2 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x6xf32>) -> tensor<1x2x3x6xf32>
  %v = nn.transpose %v2 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x3x2x5xf32>) -> tensor<1x2x3x5xf32>
  %a = nn.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.5 : f64}
    : (tensor<1x4x3x6xf32>, tensor<1x2x3x6xf32>, tensor<1x2x3x5xf32>) -> tensor<1x4x3x5xf32>
  %t = nn.transpose %a {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x4x3x5xf32>) -> tensor<1x3x4x5xf32>
  %m = nn.reshape %t : tensor<1x3x4x5xf32> -> tensor<1x3x20xf32>
  %y = nn.matmul %m, %wo : (tensor<1x3x20xf32>, tensor<20x7xf32>) -> tensor<1x3x7xf32>
  return %y : tensor<1x3x7xf32>
}

// Positions: rows of queries and columns of keys move with their masks, a causal mask holds them.
// CHECK-LABEL: diagonal classes of @positions
// CHECK:       barrier: nn.attention operand 0 axis 1 holds positions, which go through a softmax
// CHECK-LABEL: permutation classes of @positions
// CHECK:       size 3, legal
// CHECK:       size 4, legal
func.func @positions(%x: tensor<2x5x6xf32>) -> tensor<2x7x6xf32> {
  %wq = nn.constant dense<1.0> : tensor<2x3x5xf32>
  %wk = nn.constant dense<0.5> : tensor<2x4x5xf32>
  %b = nn.constant dense<0.25> : tensor<3x4xf32>
  %wo = nn.constant dense<0.5> : tensor<2x7x3xf32>
  %q = nn.matmul %wq, %x : (tensor<2x3x5xf32>, tensor<2x5x6xf32>) -> tensor<2x3x6xf32>
  %k = nn.matmul %wk, %x : (tensor<2x4x5xf32>, tensor<2x5x6xf32>) -> tensor<2x4x6xf32>
  %a = nn.attention %q, %k, %k, %b {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 0.5 : f64}
    : (tensor<2x3x6xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32>, tensor<3x4xf32>) -> tensor<2x3x6xf32>
  %y = nn.matmul %wo, %a : (tensor<2x7x3xf32>, tensor<2x3x6xf32>) -> tensor<2x7x6xf32>
  return %y : tensor<2x7x6xf32>
}

// CHECK-LABEL: permutation classes of @causal
// CHECK:       size 3{{$}}
// CHECK:       barrier: nn.attention operand 0 axis 1 has a causal mask along positions
func.func @causal(%x: tensor<2x5x6xf32>) -> tensor<2x7x6xf32> {
  %wq = nn.constant dense<1.0> : tensor<2x3x5xf32>
  %wo = nn.constant dense<0.5> : tensor<2x7x3xf32>
  %q = nn.matmul %wq, %x : (tensor<2x3x5xf32>, tensor<2x5x6xf32>) -> tensor<2x3x6xf32>
  %a = nn.attention %q, %q, %q {causal = true, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.5 : f64}
    : (tensor<2x3x6xf32>, tensor<2x3x6xf32>, tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %y = nn.matmul %wo, %a : (tensor<2x7x3xf32>, tensor<2x3x6xf32>) -> tensor<2x7x6xf32>
  return %y : tensor<2x7x6xf32>
}
