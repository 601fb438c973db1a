// RUN: lpc-opt %s --lpc-print-axis-classes=barriers-only -o /dev/null | FileCheck %s
// Rows of the legality table that end a class, with the reason; those that stand with their legal sides are in the other files.

// Neighbours in space are taken together.
// CHECK-LABEL: diagonal classes of @window
// CHECK: barrier: nn.conv operand 0 axis 2 is a spatial axis of a window
// CHECK: barrier: nn.pool max result axis 2 is a spatial axis of a window
func.func @window(%x: tensor<1x3x8x8xf32>) -> tensor<1x3x4x4xf32> {
  %x_ = nn.unary neg %x : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  %w = nn.constant dense<1.0> : tensor<3x3x1x1xf32>
  %y = nn.conv %x_, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<3x3x1x1xf32>) -> tensor<1x3x8x8xf32>
  %z = nn.pool max %y {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x4x4xf32>
  %r = nn.unary neg %z : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  return %r : tensor<1x3x4x4xf32>
}

// Rows of a table are chosen by numbers.
// CHECK-LABEL: permutation classes of @rows
// CHECK: barrier: nn.gather operand 0 axis 0 is chosen from by indices
// CHECK: barrier: nn.gather result axis 0 runs along the indices
func.func @rows(%ids: tensor<3xi64>) -> tensor<3x4xf32> {
  %t0 = nn.constant dense<1.0> : tensor<5x4xf32>
  %t = nn.unary neg %t0 : (tensor<5x4xf32>) -> tensor<5x4xf32>
  %y = nn.gather %t, %ids {axis = 0 : i64} : (tensor<5x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %r = nn.unary neg %y : (tensor<3x4xf32>) -> tensor<3x4xf32>
  return %r : tensor<3x4xf32>
}

// Heads of a product of two computed values: one side takes the scale, and nothing mixes them.
// CHECK-LABEL: diagonal classes of @batch
// CHECK: barrier: nn.matmul operand 0 axis 0 leaves the scale of the batch to the other operand
// CHECK-LABEL: orthogonal classes of @batch
// CHECK: barrier: nn.matmul operand 0 axis 0 is a batch axis of both operands
func.func @batch(%x: tensor<2x3x4xf32>, %y: tensor<2x4x5xf32>) -> tensor<2x3x5xf32> {
  %x_ = nn.unary neg %x : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %y_ = nn.unary neg %y : (tensor<2x4x5xf32>) -> tensor<2x4x5xf32>
  %z = nn.matmul %x_, %y_ : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  %r = nn.unary neg %z : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  return %r : tensor<2x3x5xf32>
}

// Running sums depend on the order.
// CHECK-LABEL: permutation classes of @scan
// CHECK: barrier: nn.scan operand 0 axis 1 is scanned in order
func.func @scan(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %x_ = nn.unary neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %y = nn.scan sum %x_ {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %r = nn.unary neg %y : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// Rows of a norm keep their own lengths.
// CHECK-LABEL: orthogonal classes of @norm_rows
// CHECK: barrier: nn.rms_norm operand 0 axis 0 is normalized row by row
func.func @norm_rows(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %x_ = nn.unary neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %y = nn.rms_norm %x_ {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %r = nn.unary neg %y : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// Channels that mirror others.
// CHECK-LABEL: permutation classes of @mirrored
// CHECK: barrier: nn.pad operand 0 axis 1 is padded
func.func @mirrored(%x: tensor<2x3xf32>) -> tensor<2x5xf32> {
  %x_ = nn.unary neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %y = nn.pad %x_ low [0, 1] high [0, 1] {mode = #nn.pad_mode<reflect>} : tensor<2x3xf32> -> tensor<2x5xf32>
  %r = nn.unary neg %y : (tensor<2x5xf32>) -> tensor<2x5xf32>
  return %r : tensor<2x5xf32>
}

// A filter that is computed cannot take the scales of both of its sides.
// CHECK-LABEL: diagonal classes of @computed_filter
// CHECK: barrier: nn.conv operand 1 axis 0 would have to absorb two transforms, but is no constant
func.func @computed_filter(%x: tensor<1x3x8x8xf32>, %w: tensor<3x1x1x1xf32>) -> tensor<1x3x8x8xf32> {
  %x_ = nn.unary neg %x : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  %w_ = nn.unary neg %w : (tensor<3x1x1x1xf32>) -> tensor<3x1x1x1xf32>
  %y = nn.conv %x_, %w_ {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 3 : i64} : (tensor<1x3x8x8xf32>, tensor<3x1x1x1xf32>) -> tensor<1x3x8x8xf32>
  %r = nn.unary neg %y : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  return %r : tensor<1x3x8x8xf32>
}

// A float of 8 bits is another set of numbers.
// CHECK-LABEL: diagonal classes of @narrow
// CHECK: barrier: nn.cast operand 0 axis 0 rounds to another set of numbers
func.func @narrow(%x: tensor<4xf32>) -> tensor<4xf8E4M3FN> {
  %x_ = nn.unary neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %y = nn.cast %x_ : (tensor<4xf32>) -> tensor<4xf8E4M3FN>
  return %y : tensor<4xf8E4M3FN>
}

// One value for all channels.
// CHECK-LABEL: diagonal classes of @repeated
// CHECK: barrier: nn.broadcast result axis 1 repeats one value along the axis
// CHECK-LABEL: permutation classes of @repeated
// CHECK-NOT: repeats one value
// CHECK-LABEL: orthogonal classes of @repeated
// CHECK: barrier: nn.broadcast result axis 1 repeats one value along the axis
func.func @repeated(%x: tensor<2x1xf32>) -> tensor<2x3xf32> {
  %x_ = nn.unary neg %x : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %y = nn.broadcast %x_ : tensor<2x1xf32> -> tensor<2x3xf32>
  %r = nn.unary neg %y : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// Sizes that nobody knows.
// CHECK-LABEL: permutation classes of @unknown_rows
// CHECK: barrier: nn.reshape operand 0 axis 1 is reshaped together with an unknown size
func.func @unknown_rows(%x: tensor<?x4xf32>, %n: tensor<?xf32>) -> tensor<?x6xf32> {
  %x_ = nn.unary neg %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %c0 = arith.constant 0 : index
  %m = tensor.dim %n, %c0 : tensor<?xf32>
  %y = nn.reshape %x_ [%m] : tensor<?x4xf32> -> tensor<?x6xf32>
  %r = nn.unary neg %y : (tensor<?x6xf32>) -> tensor<?x6xf32>
  return %r : tensor<?x6xf32>
}

// A value over itself.
// CHECK-LABEL: diagonal classes of @over_itself
// CHECK: barrier: nn.binary div operand 0 axis 0 is a quotient of a value and itself
func.func @over_itself(%x: tensor<4xf32>) -> tensor<4xf32> {
  %x_ = nn.unary neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %y = nn.binary div %x_, %x_ : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %r = nn.unary neg %y : (tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// What a loop carries.
// CHECK-LABEL: permutation classes of @loop
// CHECK: barrier: scf.for operand 1 axis 0 enters a region of control flow
func.func @loop(%x: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %x_ = nn.unary neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x_) -> tensor<4xf32> {
    %b = nn.unary neg %a : (tensor<4xf32>) -> tensor<4xf32>
    scf.yield %b : tensor<4xf32>
  }
  %r = nn.unary neg %y : (tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// Centering acts on whole axes.
// CHECK-LABEL: centering classes of @part_of_stream
// CHECK: barrier: nn.slice operand 0 axis 1 takes a part of the axis, but centering acts on the whole axis
func.func @part_of_stream(%x: tensor<2x3xf32>) -> tensor<2x5xf32> {
  %x_ = nn.unary neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %w = nn.constant dense<1.0> : tensor<3x8xf32>
  %h = nn.matmul %x_, %w : (tensor<2x3xf32>, tensor<3x8xf32>) -> tensor<2x8xf32>
  %y = nn.slice %h offsets [0, 0] sizes [2, 5] strides [1, 1] : tensor<2x8xf32> -> tensor<2x5xf32>
  %r = nn.unary neg %y : (tensor<2x5xf32>) -> tensor<2x5xf32>
  return %r : tensor<2x5xf32>
}

// Every second channel, and parts of unknown length.
// CHECK-LABEL: permutation classes of @steps
// CHECK: barrier: nn.slice operand 0 axis 1 is cut into parts
func.func @steps(%x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  %x_ = nn.unary neg %x : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %y = nn.slice %x_ offsets [0, 0] sizes [2, 4] strides [1, 2] : tensor<2x8xf32> -> tensor<2x4xf32>
  %r = nn.unary neg %y : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// CHECK-LABEL: permutation classes of @unknown_parts
// CHECK: barrier: nn.concat operand 0 axis 1 holds parts that are put one after the other
func.func @unknown_parts(%x: tensor<2x8xf32>, %y: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %x_ = nn.unary neg %x : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %y_ = nn.unary neg %y : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %z = nn.concat %x_, %y_ {axis = 1 : i64} : (tensor<2x8xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %r = nn.unary neg %z : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %r : tensor<2x?xf32>
}
