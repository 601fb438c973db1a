// RUN: lpc-opt %s --lpc-print-axis-classes -o /dev/null | FileCheck %s
// Sums of axes: parts of an axis have transforms of their own.

// One product for queries, keys and values of two heads of 4: queries and keys turn, so that only the values' third rotates, the
// same in both heads; a scale per channel of a head, and one per head.
// CHECK-LABEL: diagonal classes of @fused_qkv
// CHECK:       size 4, legal
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 2x[4] from 16
// CHECK-LABEL: permutation classes of @fused_qkv
// CHECK-LABEL: orthogonal classes of @fused_qkv
// CHECK:       size 4{{$}}
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 2x[4] from 0
// CHECK:         barrier: nn.rope operand 0 axis 2 turns pairs of channels, each by its own angle
// CHECK:       size 4{{$}}
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 2x[4] from 8
// CHECK:         barrier: nn.rope operand 0 axis 2 turns pairs of channels, each by its own angle
// CHECK:       size 4, legal
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 2x[4] from 16
// CHECK:         constant nn.binary add operand 1 axis 0 2x[4] from 16
// CHECK:         nn.attention result axis 2
// CHECK:         constant nn.matmul operand 1 axis 0 2x[4]{{$}}
// CHECK-LABEL: centering classes of @fused_qkv
func.func @fused_qkv(%x: tensor<3x6xf32>) -> tensor<3x6xf32> {
  %w = nn.constant dense<1.0> : tensor<6x24xf32>
  %b = nn.constant dense<1.0> : tensor<24xf32>
  %c = nn.constant dense<1.0> : tensor<3x2xf32>
  %s = nn.constant dense<1.0> : tensor<3x2xf32>
  %o = nn.constant dense<1.0> : tensor<8x6xf32>
  %p = nn.matmul %x, %w : (tensor<3x6xf32>, tensor<6x24xf32>) -> tensor<3x24xf32>
  %h = nn.binary add %p, %b : (tensor<3x24xf32>, tensor<24xf32>) -> tensor<3x24xf32>
  %q1 = nn.slice %h offsets [0, 0] sizes [3, 8] strides [1, 1] : tensor<3x24xf32> -> tensor<3x8xf32>
  %k1 = nn.slice %h offsets [0, 8] sizes [3, 8] strides [1, 1] : tensor<3x24xf32> -> tensor<3x8xf32>
  %v1 = nn.slice %h offsets [0, 16] sizes [3, 8] strides [1, 1] : tensor<3x24xf32> -> tensor<3x8xf32>
  %q2 = nn.reshape %q1 : tensor<3x8xf32> -> tensor<3x2x4xf32>
  %k2 = nn.reshape %k1 : tensor<3x8xf32> -> tensor<3x2x4xf32>
  %v2 = nn.reshape %v1 : tensor<3x8xf32> -> tensor<3x2x4xf32>
  %q3 = nn.transpose %q2 {permutation = array<i64: 1, 0, 2>} : (tensor<3x2x4xf32>) -> tensor<2x3x4xf32>
  %k3 = nn.transpose %k2 {permutation = array<i64: 1, 0, 2>} : (tensor<3x2x4xf32>) -> tensor<2x3x4xf32>
  %v = nn.transpose %v2 {permutation = array<i64: 1, 0, 2>} : (tensor<3x2x4xf32>) -> tensor<2x3x4xf32>
  %q = nn.rope %q3, %c, %s : (tensor<2x3x4xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<2x3x4xf32>
  %k = nn.rope %k3, %c, %s : (tensor<2x3x4xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<2x3x4xf32>
  %a = nn.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.5 : f64} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %t = nn.transpose %a {permutation = array<i64: 1, 0, 2>} : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
  %m = nn.reshape %t : tensor<3x2x4xf32> -> tensor<3x8xf32>
  %y = nn.matmul %m, %o : (tensor<3x8xf32>, tensor<8x6xf32>) -> tensor<3x6xf32>
  return %y : tensor<3x6xf32>
}

// Gate and up of one product, of different lengths and with an activation on one of them; then side by side again.
// CHECK-LABEL: diagonal classes of @lengths
// CHECK:       size 5, legal
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 [5] from 0
// CHECK:       size 3{{$}}
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 [3] from 5
// CHECK:         barrier: nn.unary silu operand 0 axis 1 does not commute with a scale
// CHECK-LABEL: permutation classes of @lengths
// CHECK:       size 5, legal
// CHECK:       size 3, legal
// CHECK-LABEL: orthogonal classes of @lengths
// CHECK:       size 5, legal
// CHECK:         constant nn.matmul operand 1 axis 0 [5] from 0
// CHECK:       size 3{{$}}
// CHECK:         barrier: nn.unary silu operand 0 axis 1 acts on each channel alone
func.func @lengths(%x: tensor<2x4xf32>) -> tensor<2x6xf32> {
  %w = nn.constant dense<1.0> : tensor<4x8xf32>
  %w2 = nn.constant dense<1.0> : tensor<8x6xf32>
  %h = nn.matmul %x, %w : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  %a = nn.slice %h offsets [0, 0] sizes [2, 5] strides [1, 1] : tensor<2x8xf32> -> tensor<2x5xf32>
  %b = nn.slice %h offsets [0, 5] sizes [2, 3] strides [1, 1] : tensor<2x8xf32> -> tensor<2x3xf32>
  %s = nn.unary silu %b : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %c = nn.concat %a, %s {axis = 1 : i64} : (tensor<2x5xf32>, tensor<2x3xf32>) -> tensor<2x8xf32>
  %y = nn.matmul %c, %w2 : (tensor<2x8xf32>, tensor<8x6xf32>) -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}

// Slices that overlap refine each other; two that are added have one transform.
// CHECK-LABEL: orthogonal classes of @overlap
// CHECK:       size 2, legal
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 [2] from 0
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 [2] from 4
// CHECK:       size 2, legal
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 [2] from 2
// CHECK-NEXT:    constant nn.matmul operand 1 axis 1 [2] from 6
func.func @overlap(%x: tensor<2x4xf32>) -> (tensor<2x5xf32>, tensor<2x5xf32>) {
  %w = nn.constant dense<1.0> : tensor<4x8xf32>
  %w2 = nn.constant dense<1.0> : tensor<4x5xf32>
  %h = nn.matmul %x, %w : (tensor<2x4xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  %a = nn.slice %h offsets [0, 0] sizes [2, 4] strides [1, 1] : tensor<2x8xf32> -> tensor<2x4xf32>
  %b = nn.slice %h offsets [0, 4] sizes [2, 4] strides [1, 1] : tensor<2x8xf32> -> tensor<2x4xf32>
  %c = nn.slice %h offsets [0, 2] sizes [2, 4] strides [1, 1] : tensor<2x8xf32> -> tensor<2x4xf32>
  %s = nn.binary add %a, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %y = nn.matmul %s, %w2 : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  %z = nn.matmul %c, %w2 : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return %y, %z : tensor<2x5xf32>, tensor<2x5xf32>
}

// Two values side by side, then two heads of 6: 4 + 8 have blocks of 2 in common with them, in no order.
// CHECK-LABEL: orthogonal classes of @across
// CHECK:       size 2, legal
// CHECK-NOT:   legal
// CHECK-LABEL: centering classes of @across
func.func @across(%x: tensor<3x5xf32>) -> tensor<3x2x7xf32> {
  %w1 = nn.constant dense<1.0> : tensor<5x4xf32>
  %w2 = nn.constant dense<1.0> : tensor<5x8xf32>
  %w3 = nn.constant dense<1.0> : tensor<2x6x7xf32>
  %a = nn.matmul %x, %w1 : (tensor<3x5xf32>, tensor<5x4xf32>) -> tensor<3x4xf32>
  %b = nn.matmul %x, %w2 : (tensor<3x5xf32>, tensor<5x8xf32>) -> tensor<3x8xf32>
  %c = nn.concat %a, %b {axis = 1 : i64} : (tensor<3x4xf32>, tensor<3x8xf32>) -> tensor<3x12xf32>
  %r = nn.reshape %c : tensor<3x12xf32> -> tensor<3x2x6xf32>
  %t = nn.transpose %r {permutation = array<i64: 1, 0, 2>} : (tensor<3x2x6xf32>) -> tensor<2x3x6xf32>
  %y = nn.matmul %t, %w3 : (tensor<2x3x6xf32>, tensor<2x6x7xf32>) -> tensor<2x3x7xf32>
  %z = nn.transpose %y {permutation = array<i64: 1, 0, 2>} : (tensor<2x3x7xf32>) -> tensor<3x2x7xf32>
  return %z : tensor<3x2x7xf32>
}

// Channels of zeros behind others, as a shortcut of a residual network has them; the rest of a rotary embedding.
// CHECK-LABEL: orthogonal classes of @zeros_behind
// CHECK:       size 4, legal
// CHECK:         nn.pad result axis 1 [4] from 0
// CHECK:         constant nn.matmul operand 1 axis 0 [4] from 0
func.func @zeros_behind(%x: tensor<2x3xf32>) -> tensor<2x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<3x4xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %p = nn.pad %h low [0, 0] high [0, 2] : tensor<2x4xf32> -> tensor<2x6xf32>
  %y = nn.matmul %p, %w2 : (tensor<2x6xf32>, tensor<6x5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// CHECK-LABEL: orthogonal classes of @partial_rope
// CHECK:       size 3, legal
// CHECK:         nn.rope result axis 1 [3] from 4
func.func @partial_rope(%x: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<5x7xf32>
  %w2 = nn.constant dense<1.0> : tensor<7x5xf32>
  %c = nn.constant dense<1.0> : tensor<2x2xf32>
  %s = nn.constant dense<1.0> : tensor<2x2xf32>
  %h = nn.matmul %x, %w1 : (tensor<2x5xf32>, tensor<5x7xf32>) -> tensor<2x7xf32>
  %r = nn.rope %h, %c, %s : (tensor<2x7xf32>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x7xf32>
  %y = nn.matmul %r, %w2 : (tensor<2x7xf32>, tensor<7x5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}
