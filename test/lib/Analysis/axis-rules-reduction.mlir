// RUN: lpc-opt %s --lpc-print-axis-classes=barriers-only -o /dev/null | FileCheck %s
// The legality of transforms, one function a row: norms, softmax, reductions, pooling. The row's class has 6 channels.

// An RMS norm without a gain is what rotations come through; centering changes it.
// CHECK-LABEL: diagonal classes of @rms_norm
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.rms_norm operand 0 axis 1 is normalized: only one scale for all channels would pass
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.rms_norm result axis 1 has no gain that would take a scale
// CHECK-LABEL: permutation classes of @rms_norm
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @rms_norm
// CHECK: size 6, legal
// CHECK-LABEL: centering classes of @rms_norm
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.rms_norm operand 0 axis 1 has a root mean square that the mean is part of
func.func @rms_norm(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.rms_norm %h {axis = 1 : i64, epsilon = 1.0e-5 : f64} : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// With a gain, the result takes a scale, and the gain is a barrier to rotation.
// CHECK-LABEL: diagonal classes of @rms_norm_with_gain
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.rms_norm operand 0 axis 1 is normalized: only one scale for all channels would pass
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @rms_norm_with_gain
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @rms_norm_with_gain
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.rms_norm operand 0 axis 1 has a gain per channel: fold it away first
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.rms_norm result axis 1 has a gain per channel: fold it away first
// CHECK-LABEL: centering classes of @rms_norm_with_gain
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.rms_norm operand 0 axis 1 has a root mean square that the mean is part of
func.func @rms_norm_with_gain(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %v = nn.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.rms_norm %h, %v {axis = 1 : i64, epsilon = 1.0e-5 : f64} : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A layer norm takes the mean away: centering in front of it changes nothing.
// CHECK-LABEL: diagonal classes of @layer_norm
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.layer_norm operand 0 axis 1 is normalized: only one scale for all channels would pass
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.layer_norm result axis 1 has no gain that would take a scale
// CHECK-LABEL: permutation classes of @layer_norm
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @layer_norm
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.layer_norm operand 0 axis 1 takes the mean over the channels away: convert it to an RMS norm first
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.layer_norm result axis 1 takes the mean over the channels away: convert it to an RMS norm first
// CHECK-LABEL: centering classes of @layer_norm
// CHECK: size 6, legal
func.func @layer_norm(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.layer_norm %h {axis = 1 : i64, epsilon = 1.0e-5 : f64, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// Gain and shift take a scale together.
// CHECK-LABEL: diagonal classes of @layer_norm_with_gain
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.layer_norm operand 0 axis 1 is normalized: only one scale for all channels would pass
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @layer_norm_with_gain
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @layer_norm_with_gain
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.layer_norm operand 0 axis 1 takes the mean over the channels away: convert it to an RMS norm first
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.layer_norm result axis 1 takes the mean over the channels away: convert it to an RMS norm first
// CHECK-LABEL: centering classes of @layer_norm_with_gain
// CHECK: size 6, legal
func.func @layer_norm_with_gain(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %v = nn.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.layer_norm %h, %v, %v {axis = 1 : i64, epsilon = 1.0e-5 : f64, operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// Softmax on this axis.
// CHECK-LABEL: diagonal classes of @softmax
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.softmax operand 0 axis 1 goes through an exponential
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.softmax result axis 1 goes through an exponential
// CHECK-LABEL: permutation classes of @softmax
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @softmax
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.softmax operand 0 axis 1 goes through an exponential
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.softmax result axis 1 goes through an exponential
// CHECK-LABEL: centering classes of @softmax
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.softmax operand 0 axis 1 goes through an exponential
func.func @softmax(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = nn.softmax %h {axis = 1 : i64} : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A mean of the axis does not depend on the order.
// CHECK-LABEL: diagonal classes of @mean
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.reduce mean operand 0 axis 1 is reduced
// CHECK-LABEL: permutation classes of @mean
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @mean
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.reduce mean operand 0 axis 1 is reduced
// CHECK-LABEL: centering classes of @mean
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.reduce mean operand 0 axis 1 is reduced
func.func @mean(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %m = nn.reduce mean %h {axes = array<i64: 1>, keep_dims = true} : (tensor<?x6xf32>) -> tensor<?x1xf32>
  %y = nn.binary mul %h, %m : (tensor<?x6xf32>, tensor<?x1xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A maximum over space of each channel.
// CHECK-LABEL: diagonal classes of @max_pool
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @max_pool
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @max_pool
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.pool max operand 0 axis 1 takes the largest value of each channel alone
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.pool max result axis 1 takes the largest value of each channel alone
// CHECK-LABEL: centering classes of @max_pool
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.pool max operand 0 axis 1 takes the largest value of each channel alone
func.func @max_pool(%x: tensor<?x4x8x8xf32>) -> tensor<?x5x4x4xf32> {
  %w1 = nn.constant dense<1.0> : tensor<6x4x1x1xf32>
  %w2 = nn.constant dense<1.0> : tensor<5x6x1x1xf32>
  %h = nn.conv %x, %w1 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<6x4x1x1xf32>) -> tensor<?x6x8x8xf32>
  %y = nn.pool max %h {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x6x8x8xf32>) -> tensor<?x6x4x4xf32>
  %z = nn.conv %y, %w2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x6x4x4xf32>, tensor<5x6x1x1xf32>) -> tensor<?x5x4x4xf32>
  return %z : tensor<?x5x4x4xf32>
}

// An average over space.
// CHECK-LABEL: diagonal classes of @avg_pool
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @avg_pool
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @avg_pool
// CHECK: size 6, legal
// CHECK-LABEL: centering classes of @avg_pool
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.conv operand 0 axis 1 is contracted: centering has no inverse
func.func @avg_pool(%x: tensor<?x4x8x8xf32>) -> tensor<?x5x4x4xf32> {
  %w1 = nn.constant dense<1.0> : tensor<6x4x1x1xf32>
  %w2 = nn.constant dense<1.0> : tensor<5x6x1x1xf32>
  %h = nn.conv %x, %w1 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<6x4x1x1xf32>) -> tensor<?x6x8x8xf32>
  %y = nn.pool avg %h {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x6x8x8xf32>) -> tensor<?x6x4x4xf32>
  %z = nn.conv %y, %w2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x6x4x4xf32>, tensor<5x6x1x1xf32>) -> tensor<?x5x4x4xf32>
  return %z : tensor<?x5x4x4xf32>
}

// A mean over all of space.
// CHECK-LABEL: diagonal classes of @global_mean
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @global_mean
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @global_mean
// CHECK: size 6, legal
// CHECK-LABEL: centering classes of @global_mean
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.matmul operand 0 axis 1 is contracted: centering has no inverse
func.func @global_mean(%x: tensor<?x4x8x8xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<6x4x1x1xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.conv %x, %w1 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<6x4x1x1xf32>) -> tensor<?x6x8x8xf32>
  %y = nn.reduce mean %h {axes = array<i64: 2, 3>} : (tensor<?x6x8x8xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A max over all of space.
// CHECK-LABEL: diagonal classes of @global_max
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @global_max
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @global_max
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.reduce max operand 0 axis 1 is reduced in a way that does not commute
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.reduce max result axis 1 is reduced in a way that does not commute
// CHECK-LABEL: centering classes of @global_max
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.reduce max operand 0 axis 1 is reduced in a way that does not commute
func.func @global_max(%x: tensor<?x4x8x8xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<6x4x1x1xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.conv %x, %w1 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<6x4x1x1xf32>) -> tensor<?x6x8x8xf32>
  %y = nn.reduce max %h {axes = array<i64: 2, 3>} : (tensor<?x6x8x8xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}
