// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-equalize-layers))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-equalize-layers{clip=relu}))' 2>/dev/null | FileCheck %s --check-prefix=RELU
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-equalize-layers{clip=keep}))' 2>&1 >/dev/null | FileCheck %s --check-prefix=KEEP
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-equalize-layers{clip=drop}))' 2>&1 | FileCheck %s --check-prefix=OPTION
// Channels between products, through functions that factors pass and do not pass. That the function stays is shown in test/e2e.

// OPTION: error: option clip: expected bounds, relu or keep, but got 'drop'

// Ranges 1 and 16 meet at 4, 8 and 2 as well; what a channel without a range does is not changed. The bias follows.
// CHECK-LABEL: @pair
// CHECK-DAG:     nn.constant dense<{{\[\[}}4.000000e+00, -4.000000e+00, 0.000000e+00]]> : tensor<1x3xf64>
// CHECK-DAG:     nn.constant dense<[4.000000e+00, 5.000000e-01, 1.000000e+00]> : tensor<3xf64>
// CHECK-DAG:     nn.constant dense<{{\[\[}}4.000000e+00, 1.000000e+00], [4.000000e+00, -2.000000e+00], [5.000000e+00, 5.000000e+00]]> : tensor<3x2xf64>
// CHECK:         nn.matmul
// CHECK-NEXT:    nn.binary add
// CHECK-NEXT:    nn.unary relu
// CHECK-NEXT:    nn.matmul
func.func @pair(%x: tensor<?x1xf32>) -> tensor<?x2xf32> {
  %w1 = nn.constant dense<[[1.0, -8.0, 0.0]]> : tensor<1x3xf32>
  %b1 = nn.constant dense<1.0> : tensor<3xf32>
  %w2 = nn.constant dense<[[16.0, 4.0], [2.0, -1.0], [5.0, 5.0]]> : tensor<3x2xf32>
  %y = nn.matmul %x, %w1 : (tensor<?x1xf32>, tensor<1x3xf32>) -> tensor<?x3xf32>
  %yb = nn.binary add %y, %b1 : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %r = nn.unary relu %yb : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %z = nn.matmul %r, %w2 : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// A clamp gets bounds per channel where its channels are equalized, and stays where they are not. Two rounds: the depthwise
// filter is on both sides (1, 8, 1 of the first channel become 2, 2, 2; 8, 1, 1 too).
// CHECK-LABEL: @depthwise
// CHECK:         nn.constant dense<{{2.000[0-9]+}}> : tensor<2x1x1x1xf64>
// CHECK:         nn.conv
// CHECK-NEXT:    nn.unary relu
// CHECK-NEXT:    nn.constant dense<{{\[\[\[12.00[0-9]+\]\], \[\[1.500[0-9]+\]\]\]}}> : tensor<2x1x1xf64>
// CHECK-NEXT:    nn.cast
// CHECK-NEXT:    nn.binary min
// CHECK-NEXT:    nn.conv
// CHECK-NEXT:    nn.conv
// CHECK-NEXT:    nn.clamp
// RELU-LABEL: @depthwise
// RELU:          nn.conv
// RELU-NEXT:     nn.unary relu
// RELU-NEXT:     nn.conv
// KEEP: remark: 2 channels are not equalized: here they meet what has bounds that are the same for all channels
func.func @depthwise(%x: tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32> {
  %w1 = nn.constant dense<[[[[1.0]]], [[[8.0]]]]> : tensor<2x1x1x1xf32>
  %w2 = nn.constant dense<[[[[8.0]]], [[[1.0]]]]> : tensor<2x1x1x1xf32>
  %w3 = nn.constant dense<1.0> : tensor<1x2x1x1xf32>
  %y = nn.conv %x, %w1 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<?x2x4x4xf32>
  %c = nn.clamp %y {hi = 6.0 : f64, lo = 0.0 : f64} : (tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %d = nn.conv %c, %w2 {dilations = array<i64: 1, 1>, groups = 2 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<?x2x4x4xf32>
  %z = nn.conv %d, %w3 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<?x1x4x4xf32>
  %o = nn.clamp %z {hi = 6.0 : f64, lo = 0.0 : f64} : (tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32>
  return %o : tensor<?x1x4x4xf32>
}

// CHECK-LABEL: @sigmoid
// CHECK-NOT:     f64>
// CHECK:         return
// REMARK: remark: 2 channels are not equalized: here they meet what does not commute with a scale
// REMARK-NOT: remark
func.func @sigmoid(%x: tensor<?x1xf32>) -> tensor<?x1xf32> {
  %w1 = nn.constant dense<[[1.0, 8.0]]> : tensor<1x2xf32>
  %w2 = nn.constant dense<[[16.0], [2.0]]> : tensor<2x1xf32>
  %y = nn.matmul %x, %w1 : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %s = nn.unary sigmoid %y : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %z = nn.matmul %s, %w2 : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
  return %z : tensor<?x1xf32>
}
