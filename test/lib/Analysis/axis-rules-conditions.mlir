// RUN: lpc-opt %s --lpc-print-axis-classes=barriers-only -o /dev/null | FileCheck %s
// The legality of transforms, one function a row: conditions. The row's class has 6 channels.

// LeakyReLU: a comparison with zero does not notice a scale; the condition moves with the channels.
// CHECK-LABEL: diagonal classes of @leaky
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @leaky
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @leaky
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.compare operand 0 axis 1 acts on each channel alone
// CHECK-NEXT: barrier: nn.select operand 1 axis 1 has a condition along the axis
// CHECK: centering classes of @leaky
func.func @leaky(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %zero = nn.constant dense<0.0> : tensor<f32>
  %slope = nn.constant dense<0.125> : tensor<f32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %c = nn.compare lt %h, %zero : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xi1>
  %s = nn.binary mul %h, %slope : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xf32>
  %y = nn.select %c, %s, %h : (tensor<?x6xi1>, tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// PReLU: the slopes are permuted, too.
// CHECK-LABEL: diagonal classes of @prelu
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @prelu
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @prelu
func.func @prelu(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %zero = nn.constant dense<0.0> : tensor<f32>
  %slope = nn.constant dense<0.125> : tensor<6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %c = nn.compare lt %h, %zero : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xi1>
  %s = nn.binary mul %h, %slope : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %y = nn.select %c, %s, %h : (tensor<?x6xi1>, tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A threshold other than zero sees a scale.
// CHECK-LABEL: diagonal classes of @threshold
// CHECK: barrier: nn.compare operand 0 axis 1 does not commute with a scale
// CHECK-LABEL: permutation classes of @threshold
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @threshold
func.func @threshold(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %zero = nn.constant dense<0.0> : tensor<6xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %c = nn.compare lt %h, %one : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xi1>
  %y = nn.select %c, %zero, %h : (tensor<?x6xi1>, tensor<6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}
