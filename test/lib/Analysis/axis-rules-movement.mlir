// RUN: lpc-opt %s --lpc-print-axis-classes=barriers-only -o /dev/null | FileCheck %s
// The legality of transforms, one function a row: gathers, concatenation, splits, padding, reshapes, rotary embedding. The row's class has 6 channels.

// Rows of a table: its columns absorb everything, its rows are chosen by numbers.
// CHECK-LABEL: diagonal classes of @embedding
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @embedding
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @embedding
// CHECK: size 6, legal
// CHECK: centering classes of @embedding
func.func @embedding(%ids: tensor<?xi64>) -> tensor<?x5xf32> {
  %e = nn.constant dense<1.0> : tensor<12x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %y = nn.gather %e, %ids {axis = 0 : i64} : (tensor<12x6xf32>, tensor<?xi64>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// Concatenation along another axis: the same on all operands.
// CHECK-LABEL: diagonal classes of @concat_elsewhere
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @concat_elsewhere
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @concat_elsewhere
// CHECK: size 6, legal
// CHECK: centering classes of @concat_elsewhere
func.func @concat_elsewhere(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %wg = nn.constant dense<1.0> : tensor<4x6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %g = nn.matmul %x, %wg : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.concat %h, %g {axis = 0 : i64} : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// Concatenation along this axis, 6 and 12 channels: blocks of six, alike.
// CHECK-LABEL: diagonal classes of @concat
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @concat
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @concat
// CHECK: size 6, legal
// CHECK: centering classes of @concat
func.func @concat(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %wg = nn.constant dense<1.0> : tensor<4x12xf32>
  %w2 = nn.constant dense<1.0> : tensor<18x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %g = nn.matmul %x, %wg : (tensor<?x4xf32>, tensor<4x12xf32>) -> tensor<?x12xf32>
  %y = nn.concat %h, %g {axis = 1 : i64} : (tensor<?x6xf32>, tensor<?x12xf32>) -> tensor<?x18xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x18xf32>, tensor<18x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A split in halves of six: the same in both. The order of the halves is fixed.
// CHECK-LABEL: diagonal classes of @split
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @split
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @split
// CHECK: size 6, legal
// CHECK: centering classes of @split
func.func @split(%x: tensor<?x4xf32>) -> (tensor<?x5xf32>, tensor<?x5xf32>) {
  %w1 = nn.constant dense<1.0> : tensor<4x12xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x12xf32>) -> tensor<?x12xf32>
  %a = nn.slice %h offsets [0, 0] sizes [%n, 6] strides [1, 1] : tensor<?x12xf32> -> tensor<?x6xf32>
  %b = nn.slice %h offsets [0, 6] sizes [%n, 6] strides [1, 1] : tensor<?x12xf32> -> tensor<?x6xf32>
  %y = nn.matmul %a, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  %z = nn.matmul %b, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %y, %z : tensor<?x5xf32>, tensor<?x5xf32>
}

// Zeros around another axis.
// CHECK-LABEL: diagonal classes of @pad_elsewhere
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @pad_elsewhere
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @pad_elsewhere
// CHECK: size 6, legal
// CHECK: centering classes of @pad_elsewhere
func.func @pad_elsewhere(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.pad %h low [1, 0] high [1, 0] : tensor<?x6xf32> -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// Ones around another axis: the value is the same for all channels.
// CHECK-LABEL: diagonal classes of @pad_with_one
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.pad operand 0 axis 1 meets a padding value that is the same for all channels
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.pad result axis 1 meets a padding value that is the same for all channels
// CHECK-LABEL: permutation classes of @pad_with_one
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @pad_with_one
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.pad operand 0 axis 1 meets a padding value that is the same for all channels
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.pad result axis 1 meets a padding value that is the same for all channels
// CHECK: centering classes of @pad_with_one
func.func @pad_with_one(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %v = nn.constant dense<1.0> : tensor<f32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.pad %h value %v : tensor<f32> low [1, 0] high [1, 0] : tensor<?x6xf32> -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// Rotary embedding, two heads of 2 x 6: one scale for both of a pair, pairs move with their angles, no rotation.
// CHECK-LABEL: diagonal classes of @rope
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary cos operand 0 axis 1 does not commute with a scale
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @rope
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @rope
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary cos operand 0 axis 1 acts on each channel alone
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul operand 0 axis 2 is a product along the axis
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul operand 0 axis 2 is a product along the axis
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.binary mul result axis 2 is a product along the axis
// CHECK: centering classes of @rope
func.func @rope(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x24xf32>
  %w2 = nn.constant dense<1.0> : tensor<24x5xf32>
  %f = nn.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]> : tensor<1x6xf32>
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %t = nn.iota [%n] {axis = 0 : i64} : tensor<?x1xf32>
  %angles = nn.binary mul %t, %f : (tensor<?x1xf32>, tensor<1x6xf32>) -> tensor<?x6xf32>
  %cosines = nn.unary cos %angles : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %sines = nn.unary sin %angles : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x24xf32>) -> tensor<?x24xf32>
  %r = nn.reshape %h [%n] : tensor<?x24xf32> -> tensor<?x2x12xf32>
  %heads = nn.transpose %r {permutation = array<i64: 1, 0, 2>} : (tensor<?x2x12xf32>) -> tensor<2x?x12xf32>
  %a = nn.slice %heads offsets [0, 0, 0] sizes [2, %n, 6] strides [1, 1, 1] : tensor<2x?x12xf32> -> tensor<2x?x6xf32>
  %b = nn.slice %heads offsets [0, 0, 6] sizes [2, %n, 6] strides [1, 1, 1] : tensor<2x?x12xf32> -> tensor<2x?x6xf32>
  %ac = nn.binary mul %a, %cosines : (tensor<2x?x6xf32>, tensor<?x6xf32>) -> tensor<2x?x6xf32>
  %bs = nn.binary mul %b, %sines : (tensor<2x?x6xf32>, tensor<?x6xf32>) -> tensor<2x?x6xf32>
  %as = nn.binary mul %a, %sines : (tensor<2x?x6xf32>, tensor<?x6xf32>) -> tensor<2x?x6xf32>
  %bc = nn.binary mul %b, %cosines : (tensor<2x?x6xf32>, tensor<?x6xf32>) -> tensor<2x?x6xf32>
  %left = nn.binary sub %ac, %bs : (tensor<2x?x6xf32>, tensor<2x?x6xf32>) -> tensor<2x?x6xf32>
  %right = nn.binary add %as, %bc : (tensor<2x?x6xf32>, tensor<2x?x6xf32>) -> tensor<2x?x6xf32>
  %turned = nn.concat %left, %right {axis = 2 : i64} : (tensor<2x?x6xf32>, tensor<2x?x6xf32>) -> tensor<2x?x12xf32>
  %back = nn.transpose %turned {permutation = array<i64: 1, 0, 2>} : (tensor<2x?x12xf32>) -> tensor<?x2x12xf32>
  %flat = nn.reshape %back [%n] : tensor<?x2x12xf32> -> tensor<?x24xf32>
  %z = nn.matmul %flat, %w2 : (tensor<?x24xf32>, tensor<24x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A reshape across factors: rows of 6 become rows of 8.
// CHECK-LABEL: diagonal classes of @reshape_across
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.reshape operand 0 axis 0 ties sizes that do not split into common outer x inner factors
// CHECK-LABEL: permutation classes of @reshape_across
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.reshape operand 0 axis 0 ties sizes that do not split into common outer x inner factors
// CHECK-LABEL: orthogonal classes of @reshape_across
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.reshape operand 0 axis 0 ties sizes that do not split into common outer x inner factors
// CHECK: centering classes of @reshape_across
func.func @reshape_across(%x: tensor<4x4xf32>) -> tensor<5x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<8x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<4x4xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  %y = nn.reshape %h : tensor<4x6xf32> -> tensor<3x8xf32>
  %p = nn.pad %y low [1, 0] high [1, 0] : tensor<3x8xf32> -> tensor<5x8xf32>
  %z = nn.matmul %p, %w2 : (tensor<5x8xf32>, tensor<8x5xf32>) -> tensor<5x5xf32>
  return %z : tensor<5x5xf32>
}
