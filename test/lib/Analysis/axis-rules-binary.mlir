// RUN: lpc-opt %s --lpc-print-axis-classes=barriers-only -o /dev/null | FileCheck %s
// The legality of transforms, one function a row: sums, products and quotients, by constants and by values. The row's class has 6 channels.

// Adding a constant per channel: it changes along.
// CHECK-LABEL: diagonal classes of @add_constant
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @add_constant
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @add_constant
// CHECK: size 6, legal
// CHECK: centering classes of @add_constant
func.func @add_constant(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %v = nn.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary add %h, %v : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// Adding one number: it would have to become a vector.
// CHECK-LABEL: diagonal classes of @add_number
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary add operand 0 axis 1 has an operand that is the same for all channels
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary add result axis 1 has an operand that is the same for all channels
// CHECK-LABEL: permutation classes of @add_number
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @add_number
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary add operand 0 axis 1 has an operand that is the same for all channels
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary add result axis 1 has an operand that is the same for all channels
// CHECK: centering classes of @add_number
func.func @add_number(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %v = nn.constant dense<1.0> : tensor<f32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary add %h, %v : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A constant per channel commutes with a scale, and stands in the way of a rotation.
// CHECK-LABEL: diagonal classes of @mul_constant
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @mul_constant
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @mul_constant
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul operand 0 axis 1 multiplies by a constant per channel: fold it away first
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul result axis 1 multiplies by a constant per channel: fold it away first
// CHECK: centering classes of @mul_constant
func.func @mul_constant(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %v = nn.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary mul %h, %v : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// One number commutes with everything.
// CHECK-LABEL: diagonal classes of @mul_number
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @mul_number
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @mul_number
// CHECK: size 6, legal
// CHECK: centering classes of @mul_number
func.func @mul_number(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %v = nn.constant dense<1.0> : tensor<f32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary mul %h, %v : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// So does a division by one.
// CHECK-LABEL: diagonal classes of @div_number
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @div_number
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @div_number
// CHECK: size 6, legal
// CHECK: centering classes of @div_number
func.func @div_number(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %v = nn.constant dense<1.0> : tensor<f32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary div %h, %v : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// Residual: the same on both branches.
// CHECK-LABEL: diagonal classes of @residual
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @residual
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @residual
// CHECK: size 6, legal
// CHECK: centering classes of @residual
func.func @residual(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %wg = nn.constant dense<1.0> : tensor<4x6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %g = nn.matmul %x, %wg : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary add %h, %g : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// up * act(gate): the scale goes through up only, an order through both.
// CHECK-LABEL: diagonal classes of @up_times_gate
// CHECK: size 6, legal
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary silu operand 0 axis 1 does not commute with a scale
// CHECK-LABEL: permutation classes of @up_times_gate
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @up_times_gate
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul operand 1 axis 1 is a product along the axis
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary silu operand 0 axis 1 acts on each channel alone
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul result axis 1 is a product along the axis
// CHECK: centering classes of @up_times_gate
func.func @up_times_gate(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %wg = nn.constant dense<1.0> : tensor<4x6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %g = nn.matmul %x, %wg : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %a = nn.unary silu %g : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary mul %a, %h : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A product with itself.
// CHECK-LABEL: diagonal classes of @square
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul operand 0 axis 1 is a square
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul result axis 1 is a square
// CHECK-LABEL: permutation classes of @square
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @square
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul operand 0 axis 1 is a product along the axis
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul result axis 1 is a product along the axis
// CHECK: centering classes of @square
func.func @square(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary mul %h, %h : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A quotient along the axis: the dividend carries the scale.
// CHECK-LABEL: diagonal classes of @quotient
// CHECK: size 6, legal
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary div operand 1 axis 1 leaves the scale to the dividend
// CHECK-LABEL: permutation classes of @quotient
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @quotient
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary div operand 0 axis 1 divides along the axis
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary div operand 1 axis 1 divides along the axis
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary div result axis 1 divides along the axis
// CHECK: centering classes of @quotient
func.func @quotient(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %wg = nn.constant dense<1.0> : tensor<4x6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %g = nn.matmul %x, %wg : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary div %h, %g : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A maximum of two values is homogeneous in both.
// CHECK-LABEL: diagonal classes of @maximum
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @maximum
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @maximum
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary max operand 0 axis 1 acts on each channel alone
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary max operand 1 axis 1 acts on each channel alone
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary max result axis 1 acts on each channel alone
// CHECK: centering classes of @maximum
func.func @maximum(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %wg = nn.constant dense<1.0> : tensor<4x6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %g = nn.matmul %x, %wg : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.binary max %h, %g : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}
