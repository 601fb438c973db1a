// RUN: %python %S/Inputs/statistics.py %t.npz 0=1 1=1,1:10
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-absorb-biases{statistics=%t.npz}))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-absorb-biases{deviations=100 statistics=%t.npz}))' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-absorb-biases))' 2>&1 | FileCheck %s --check-prefix=FILE
// Channels from 9 to 11 with a standard deviation of about 0.6: 8.45 and 8.13 are taken out of them.

// FILE: error: option statistics:
// NONE-NOT: f64>
// NONE-NOT: remark

// The bound of 20 falls by as much; the bias behind takes both.
// CHECK-LABEL: @clamp
// CHECK:         nn.constant dense<[1.55{{[0-9]+}}, 3.87{{[0-9]+}}]> : tensor<2xf64>
// CHECK:         nn.conv
// CHECK-NEXT:    nn.unary relu
// CHECK-NEXT:    nn.constant dense<{{\[\[}}[11.55{{[0-9]+}}{{\]\], \[\[}}11.87{{[0-9]+}}]]]> : tensor<2x1x1xf64>
// CHECK:         nn.binary min
// CHECK-NEXT:    nn.constant dense<16.57{{[0-9]+}}> : tensor<1xf64>
// CHECK:         nn.conv
func.func @clamp(%x: tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32> {
  %w1 = nn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %b1 = nn.constant dense<[10.0, 12.0]> : tensor<2xf32>
  %w2 = nn.constant dense<1.0> : tensor<1x2x1x1xf32>
  %y = nn.conv %x, %w1, %b1 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<?x2x4x4xf32>
  %c = nn.clamp %y {hi = 20.0 : f64, lo = 0.0 : f64} : (tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %z = nn.conv %c, %w2 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<?x1x4x4xf32>
  return %z : tensor<?x1x4x4xf32>
}

// CHECK-LABEL: @product
// CHECK:         nn.constant dense<[1.55{{[0-9]+}}, 3.87{{[0-9]+}}]> : tensor<2xf64>
// CHECK:         nn.constant dense<116.57{{[0-9]+}}> : tensor<1xf64>
// CHECK:         nn.matmul
// CHECK-NEXT:    nn.binary add
// CHECK-NEXT:    nn.unary relu
// CHECK-NEXT:    nn.matmul
// CHECK-NEXT:    nn.binary add
func.func @product(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %w1 = nn.constant dense<1.0> : tensor<1x2xf32>
  %b1 = nn.constant dense<[10.0, 12.0]> : tensor<2xf32>
  %w2 = nn.constant dense<1.0> : tensor<2x1xf32>
  %b2 = nn.constant dense<100.0> : tensor<1xf32>
  %y = nn.matmul %x, %w1 : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %yb = nn.binary add %y, %b1 : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %c = nn.unary relu %yb : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %z = nn.matmul %c, %w2 : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
  %zb = nn.binary add %z, %b2 : (tensor<?x1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
  return %zb : tensor<?x1xf32>
}

// CHECK-LABEL: @padded
// CHECK-NOT:     f64>
// REMARK: remark: the bias in front of its operand is not absorbed: a convolution that reads it pads with zeros, which are not shifted
func.func @padded(%x: tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32> {
  %w1 = nn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %w2 = nn.constant dense<1.0> : tensor<1x2x3x3xf32>
  %y = nn.conv %x, %w1 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<?x2x4x4xf32>
  %c = nn.unary relu %y : (tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %z = nn.conv %c, %w2 {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x2x4x4xf32>, tensor<1x2x3x3xf32>) -> tensor<?x1x4x4xf32>
  return %z : tensor<?x1x4x4xf32>
}

// CHECK-LABEL: @shared
// CHECK-NOT:     f64>
// REMARK: remark: the bias in front of its operand is not absorbed: something besides products with constant weights reads it
func.func @shared(%x: tensor<?x1xf32>) -> (tensor<?x1xf32>, tensor<?x2xf32>) {
  %w1 = nn.constant dense<1.0> : tensor<1x2xf32>
  %w2 = nn.constant dense<1.0> : tensor<2x1xf32>
  %y = nn.matmul %x, %w1 : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %c = nn.unary relu %y : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %z = nn.matmul %c, %w2 : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
  return %z, %c : tensor<?x1xf32>, tensor<?x2xf32>
}

// CHECK-LABEL: @silu
// CHECK-NOT:     f64>
// REMARK: remark: the bias in front of its operand is not absorbed: it does not come from a product through a relu
// REMARK-NOT: remark
func.func @silu(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %w1 = nn.constant dense<1.0> : tensor<1x2xf32>
  %w2 = nn.constant dense<1.0> : tensor<2x1xf32>
  %y = nn.matmul %x, %w1 : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %c = nn.unary silu %y : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %z = nn.matmul %c, %w2 : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
  return %z : tensor<?x1xf32>
}
