// RUN: lpc-opt %s --lpc-print-axis-classes=barriers-only -o /dev/null | FileCheck %s
// The legality of transforms, one function a row: functions of each element. The row's class has 6 channels.

// ReLU: homogeneous, but it acts on each channel.
// CHECK-LABEL: diagonal classes of @relu
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @relu
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @relu
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary relu operand 0 axis 1 acts on each channel alone
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary relu result axis 1 acts on each channel alone
// CHECK: centering classes of @relu
func.func @relu(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.unary relu %h : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// GELU, SiLU, tanh, sigmoid, exp: another order only.
// CHECK-LABEL: diagonal classes of @silu
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary silu operand 0 axis 1 does not commute with a scale
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary silu result axis 1 does not commute with a scale
// CHECK-LABEL: permutation classes of @silu
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @silu
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary silu operand 0 axis 1 acts on each channel alone
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary silu result axis 1 acts on each channel alone
// CHECK: centering classes of @silu
func.func @silu(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.unary silu %h : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A linear function passes everything.
// CHECK-LABEL: diagonal classes of @neg
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @neg
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @neg
// CHECK: size 6, legal
// CHECK: centering classes of @neg
func.func @neg(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.unary neg %h : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// ReLU6: one bound for all channels.
// CHECK-LABEL: diagonal classes of @relu6
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.clamp operand 0 axis 1 has bounds that are the same for all channels
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.clamp result axis 1 has bounds that are the same for all channels
// CHECK-LABEL: permutation classes of @relu6
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @relu6
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.clamp operand 0 axis 1 acts on each channel alone
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.clamp result axis 1 acts on each channel alone
// CHECK: centering classes of @relu6
func.func @relu6(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.clamp %h {lo = 0.0 : f64, hi = 6.0 : f64} : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A bound of zero scales.
// CHECK-LABEL: diagonal classes of @clamp_at_zero
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @clamp_at_zero
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @clamp_at_zero
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.clamp operand 0 axis 1 acts on each channel alone
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.clamp result axis 1 acts on each channel alone
// CHECK: centering classes of @clamp_at_zero
func.func @clamp_at_zero(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.clamp %h {lo = 0.0 : f64, hi = 0x7FF0000000000000 : f64} : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// Among wide floats a cast keeps real numbers.
// CHECK-LABEL: diagonal classes of @cast
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @cast
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @cast
// CHECK: size 6, legal
// CHECK: centering classes of @cast
func.func @cast(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %c = nn.cast %h : (tensor<?x6xf32>) -> tensor<?x6xf16>
  %y = nn.cast %c : (tensor<?x6xf16>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// PReLU as a sum of homogeneous parts: slopes move with their channels.
// CHECK-LABEL: diagonal classes of @prelu
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @prelu
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @prelu
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul operand 0 axis 1 multiplies by a constant per channel: fold it away first
// CHECK: centering classes of @prelu
func.func @prelu(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %v = nn.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %s = nn.binary mul %h, %v : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %p = nn.unary relu %h : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %n = nn.binary sub %s, %p : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary add %n, %h : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}
