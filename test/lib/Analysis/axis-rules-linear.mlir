// RUN: lpc-opt %s --lpc-print-axis-classes=barriers-only -o /dev/null | FileCheck %s
// The legality of transforms, one function a row: contractions and attention. The row's class has 6 channels.

// Out axis and in axis of a product: a class in front of it, and one behind.
// CHECK-LABEL: diagonal classes of @matmul
// CHECK: size 6, legal
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @matmul
// CHECK: size 6, legal
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @matmul
// CHECK: size 6, legal
// CHECK: size 6, legal
// CHECK: centering classes of @matmul
func.func @matmul(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %m = nn.constant dense<1.0> : tensor<6x6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.matmul %h, %m : (tensor<?x6xf32>, tensor<6x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A convolution: each tap is a product.
// CHECK-LABEL: diagonal classes of @conv
// CHECK: size 6, legal
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @conv
// CHECK: size 6, legal
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @conv
// CHECK: size 6, legal
// CHECK: size 6, legal
// CHECK: centering classes of @conv
func.func @conv(%x: tensor<?x4x8x8xf32>) -> tensor<?x5x8x8xf32> {
  %w1 = nn.constant dense<1.0> : tensor<6x4x1x1xf32>
  %w = nn.constant dense<1.0> : tensor<6x6x3x3xf32>
  %b = nn.constant dense<1.0> : tensor<6xf32>
  %w2 = nn.constant dense<1.0> : tensor<5x6x1x1xf32>
  %h = nn.conv %x, %w1 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<6x4x1x1xf32>) -> tensor<?x6x8x8xf32>
  %y = nn.conv %h, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x6x8x8xf32>, tensor<6x6x3x3xf32>, tensor<6xf32>) -> tensor<?x6x8x8xf32>
  %z = nn.conv %y, %w2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x6x8x8xf32>, tensor<5x6x1x1xf32>) -> tensor<?x5x8x8xf32>
  return %z : tensor<?x5x8x8xf32>
}

// Groups of two in three: within a group everything, the order of groups, scales.
// CHECK-LABEL: diagonal classes of @grouped_conv
// CHECK: size 3, legal
// CHECK: size 2, legal
// CHECK: size 3, legal
// CHECK: size 2, legal
// CHECK-LABEL: permutation classes of @grouped_conv
// CHECK: size 3, legal
// CHECK: size 2, legal
// CHECK: size 2, legal
// CHECK-LABEL: orthogonal classes of @grouped_conv
// CHECK: size 3{{$}}
// CHECK-NEXT: barrier: nn.conv operand 0 axis 1 holds groups that do not mix
// CHECK: size 2, legal
// CHECK: size 3{{$}}
// CHECK-NEXT: barrier: nn.conv result axis 1 holds groups that do not mix
// CHECK: size 2, legal
// CHECK: centering classes of @grouped_conv
func.func @grouped_conv(%x: tensor<?x4x8x8xf32>) -> tensor<?x5x8x8xf32> {
  %w1 = nn.constant dense<1.0> : tensor<6x4x1x1xf32>
  %w = nn.constant dense<1.0> : tensor<6x2x3x3xf32>
  %b = nn.constant dense<1.0> : tensor<6xf32>
  %w2 = nn.constant dense<1.0> : tensor<5x6x1x1xf32>
  %h = nn.conv %x, %w1 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<6x4x1x1xf32>) -> tensor<?x6x8x8xf32>
  %y = nn.conv %h, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 3 : i64} : (tensor<?x6x8x8xf32>, tensor<6x2x3x3xf32>, tensor<6xf32>) -> tensor<?x6x8x8xf32>
  %z = nn.conv %y, %w2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x6x8x8xf32>, tensor<5x6x1x1xf32>) -> tensor<?x5x8x8xf32>
  return %z : tensor<?x5x8x8xf32>
}

// Depthwise: filters take the scale of their input and that of their output, or move.
// CHECK-LABEL: diagonal classes of @depthwise_conv
// CHECK: size 6, legal
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @depthwise_conv
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @depthwise_conv
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.conv operand 0 axis 1 holds groups that do not mix
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.conv result axis 1 holds groups that do not mix
// CHECK: centering classes of @depthwise_conv
func.func @depthwise_conv(%x: tensor<?x4x8x8xf32>) -> tensor<?x5x8x8xf32> {
  %w1 = nn.constant dense<1.0> : tensor<6x4x1x1xf32>
  %w = nn.constant dense<1.0> : tensor<6x1x3x3xf32>
  %b = nn.constant dense<1.0> : tensor<6xf32>
  %w2 = nn.constant dense<1.0> : tensor<5x6x1x1xf32>
  %h = nn.conv %x, %w1 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<6x4x1x1xf32>) -> tensor<?x6x8x8xf32>
  %y = nn.conv %h, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 6 : i64} : (tensor<?x6x8x8xf32>, tensor<6x1x3x3xf32>, tensor<6xf32>) -> tensor<?x6x8x8xf32>
  %z = nn.conv %y, %w2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x6x8x8xf32>, tensor<5x6x1x1xf32>) -> tensor<?x5x8x8xf32>
  return %z : tensor<?x5x8x8xf32>
}

// Attention, four heads of six. Queries times keys: a scale and its inverse, the same order, the same rotation. Probabilities
// times values: what is on the values' channels comes out.
// CHECK-LABEL: diagonal classes of @attention
// CHECK: size 7, legal
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @attention
// CHECK: size 7, legal
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @attention
// CHECK: size 7, legal
// CHECK: size 6, legal
// CHECK: centering classes of @attention
func.func @attention(%x: tensor<?x9x4xf32>) -> tensor<?x9x5xf32> {
  %wq = nn.constant dense<1.0> : tensor<4x28xf32>
  %wk = nn.constant dense<1.0> : tensor<4x28xf32>
  %wv = nn.constant dense<1.0> : tensor<4x24xf32>
  %wo = nn.constant dense<1.0> : tensor<24x5xf32>
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x9x4xf32>
  %q = nn.matmul %x, %wq : (tensor<?x9x4xf32>, tensor<4x28xf32>) -> tensor<?x9x28xf32>
  %k = nn.matmul %x, %wk : (tensor<?x9x4xf32>, tensor<4x28xf32>) -> tensor<?x9x28xf32>
  %v = nn.matmul %x, %wv : (tensor<?x9x4xf32>, tensor<4x24xf32>) -> tensor<?x9x24xf32>
  %q4 = nn.reshape %q [%n] : tensor<?x9x28xf32> -> tensor<?x9x4x7xf32>
  %k4 = nn.reshape %k [%n] : tensor<?x9x28xf32> -> tensor<?x9x4x7xf32>
  %v4 = nn.reshape %v [%n] : tensor<?x9x24xf32> -> tensor<?x9x4x6xf32>
  %qh = nn.transpose %q4 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x9x4x7xf32>) -> tensor<?x4x9x7xf32>
  %kh = nn.transpose %k4 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x9x4x7xf32>) -> tensor<?x4x9x7xf32>
  %vh = nn.transpose %v4 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x9x4x6xf32>) -> tensor<?x4x9x6xf32>
  %s = nn.matmul %qh, %kh {transpose_rhs = true} : (tensor<?x4x9x7xf32>, tensor<?x4x9x7xf32>) -> tensor<?x4x9x9xf32>
  %p = nn.softmax %s {axis = 3 : i64} : (tensor<?x4x9x9xf32>) -> tensor<?x4x9x9xf32>
  %o = nn.matmul %p, %vh : (tensor<?x4x9x9xf32>, tensor<?x4x9x6xf32>) -> tensor<?x4x9x6xf32>
  %ot = nn.transpose %o {permutation = array<i64: 0, 2, 1, 3>} : (tensor<?x4x9x6xf32>) -> tensor<?x9x4x6xf32>
  %of = nn.reshape %ot [%n] : tensor<?x9x4x6xf32> -> tensor<?x9x24xf32>
  %y = nn.matmul %of, %wo : (tensor<?x9x24xf32>, tensor<24x5xf32>) -> tensor<?x9x5xf32>
  return %y : tensor<?x9x5xf32>
}

// A product with a computed matrix passes what both sides pass; an input of the graph is a barrier.
// CHECK-LABEL: diagonal classes of @dynamic_weight
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: func.func argument 1 axis 0 is an input of the graph
// CHECK-LABEL: permutation classes of @dynamic_weight
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: func.func argument 1 axis 0 is an input of the graph
// CHECK-LABEL: orthogonal classes of @dynamic_weight
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: func.func argument 1 axis 0 is an input of the graph
// CHECK: centering classes of @dynamic_weight
func.func @dynamic_weight(%x: tensor<?x4xf32>, %w: tensor<6x5xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %h, %w : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A value times itself meets its own inverse; an order or a rotation may still change.
// CHECK-LABEL: diagonal classes of @gram
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.matmul operand 0 axis 1 meets its own inverse
// CHECK-LABEL: permutation classes of @gram
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @gram
// CHECK: size 6, legal
// CHECK: centering classes of @gram
func.func @gram(%x: tensor<?x4xf32>) -> tensor<?x?xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %h, %h {transpose_rhs = true} : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x?xf32>
  return %z : tensor<?x?xf32>
}

// A rotation: its own axis is no place for another transform, other axes pass. Here the class of 6 rows.
// CHECK-LABEL: diagonal classes of @rotate
// CHECK: barrier: nn.rotate operand 0 axis 1 is rotated
// CHECK-NEXT: size 6, legal
// CHECK-NEXT: size 8{{$}}
// CHECK-NEXT: barrier: nn.rotate result axis 1 is rotated
// CHECK-LABEL: permutation classes of @rotate
// CHECK: barrier: nn.rotate operand 0 axis 1 is rotated
// CHECK-NEXT: size 6, legal
// CHECK-NEXT: size 8{{$}}
// CHECK-NEXT: barrier: nn.rotate result axis 1 is rotated
// CHECK-LABEL: orthogonal classes of @rotate
// CHECK: barrier: nn.rotate operand 0 axis 1 is rotated
// CHECK-NEXT: size 6, legal
// CHECK-NEXT: size 8{{$}}
// CHECK-NEXT: barrier: nn.rotate result axis 1 is rotated
// CHECK-LABEL: centering classes of @rotate
func.func @rotate(%x: tensor<4x8xf32>) -> tensor<5x8xf32> {
  %w1 = nn.constant dense<1.0> : tensor<6x4xf32>
  %w2 = nn.constant dense<1.0> : tensor<5x6xf32>
  %d = nn.constant dense<1.0> : tensor<8xf32>
  %h = nn.matmul %w1, %x : (tensor<6x4xf32>, tensor<4x8xf32>) -> tensor<6x8xf32>
  %r = nn.rotate %h signs %d {axis = 1, order = 4} : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
  %z = nn.matmul %w2, %r : (tensor<5x6xf32>, tensor<6x8xf32>) -> tensor<5x8xf32>
  return %z : tensor<5x8xf32>
}
