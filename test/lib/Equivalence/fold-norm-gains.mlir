// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-fold-norm-gains))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// Gains and shifts that readers take, then those that stay and why.

// The gain multiplies rows of the matrix, in f64 until it is rounded.
// CHECK-LABEL: @gain
// CHECK:         %[[W64:.*]] = nn.constant dense<{{\[\[}}2.000000e+00, 4.000000e+00], [9.000000e+00, 1.200000e+01]]> : tensor<2x2xf64>
// CHECK-NEXT:    %[[W:.*]] = nn.cast %[[W64]] : (tensor<2x2xf64>) -> tensor<2x2xf32>
// CHECK-NEXT:    %[[N:.*]] = nn.rms_norm %arg0 {axis = 1 : i64, epsilon = 1.000000e+00 : f64}
// CHECK-NEXT:    nn.matmul %[[N]], %[[W]]
func.func @gain(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %g = nn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %n = nn.rms_norm %x, %g {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A zero and a negative gain, a transposed matrix that another op uses as it was.
// CHECK-LABEL: @shared
// CHECK-DAG:     %[[OLD:.*]] = nn.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
// CHECK-DAG:     nn.constant dense<{{\[\[}}0.000000e+00, -2.000000e+00], [0.000000e+00, -4.000000e+00]]> : tensor<2x2xf64>
// CHECK:         nn.rms_norm %arg0 {
// CHECK:         nn.matmul %arg0, %[[OLD]]
func.func @shared(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %g = nn.constant dense<[0.0, -1.0]> : tensor<2xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %n = nn.rms_norm %x, %g {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w {transpose_rhs = true} : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %z = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y, %z : tensor<?x2xf32>, tensor<?x2xf32>
}

// The shift goes through the old matrix into the bias, or becomes one.
// CHECK-LABEL: @shift
// CHECK:         nn.constant dense<[1.700000e+01, 2.400000e+01]> : tensor<2xf64>
// CHECK:         nn.layer_norm %arg0 {axis = 1 : i64, epsilon = 1.000000e+00 : f64, operandSegmentSizes = array<i32: 1, 0, 0>}
// CHECK:         %[[A:.*]] = nn.matmul
// CHECK:         nn.binary add %[[A]]
// CHECK:         nn.constant dense<[7.000000e+00, 1.000000e+01]> : tensor<2xf64>
// CHECK:         %[[B:.*]] = nn.matmul
// CHECK-NEXT:    nn.binary add %[[B]]
// CHECK-NEXT:    return
func.func @shift(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %g = nn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %s = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = nn.constant dense<[10.0, 14.0]> : tensor<2xf32>
  %n = nn.layer_norm %x, %g, %s {axis = 1 : i64, epsilon = 1.0 : f64, operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %yb = nn.binary add %y, %b : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %z = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %yb, %z : tensor<?x2xf32>, tensor<?x2xf32>
}

// Something else reads the result before the product: the shift stays, divided by the gain.
// CHECK-LABEL: @shift_stays
// CHECK:         nn.constant dense<[2.000000e+00, 2.500000e-01]> : tensor<2xf64>
// CHECK:         nn.layer_norm %arg0, %{{.*}} {axis = 1 : i64, epsilon = 1.000000e+00 : f64, operandSegmentSizes = array<i32: 1, 0, 1>}
// REMARK: remark: keeps its shift: something besides products with constant matrices reads it
func.func @shift_stays(%x: tensor<4x2xf32>) -> tensor<1x2xf32> {
  %g = nn.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %s = nn.constant dense<[4.0, 1.0]> : tensor<2xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %n = nn.layer_norm %x, %g, %s {axis = 1 : i64, epsilon = 1.0 : f64, operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %first = nn.slice %n offsets [0, 0] sizes [1, 2] strides [1, 1] : tensor<4x2xf32> -> tensor<1x2xf32>
  %y = nn.matmul %first, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// The same with a gain of zero.
// CHECK-LABEL: @zero_gain
// CHECK:         nn.layer_norm %arg0, %{{.*}}, %{{.*}} {
// REMARK: remark: keeps its gain: another constant would be divided by a gain near zero
func.func @zero_gain(%x: tensor<4x2xf32>) -> tensor<1x2xf32> {
  %g = nn.constant dense<[2.0, 0.0]> : tensor<2xf32>
  %s = nn.constant dense<[4.0, 1.0]> : tensor<2xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %n = nn.layer_norm %x, %g, %s {axis = 1 : i64, epsilon = 1.0 : f64, operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %first = nn.slice %n offsets [0, 0] sizes [1, 2] strides [1, 1] : tensor<4x2xf32> -> tensor<1x2xf32>
  %y = nn.matmul %first, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// Post-norm: the result is the residual stream, which another norm reads.
// CHECK-LABEL: @post_norm
// CHECK:         nn.rms_norm %arg0, %{{.*}} {
// REMARK: remark: keeps its gain: a reader is normalized: only one scale for all channels would pass
func.func @post_norm(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %g = nn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %n = nn.rms_norm %x, %g {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %m = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %s = nn.binary add %n, %m : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = nn.rms_norm %s {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A positive gain passes relu, a negative one does not.
// CHECK-LABEL: @relu
// CHECK:         nn.rms_norm %arg0, %{{.*}} {
// CHECK:         nn.rms_norm %arg0 {
// REMARK: remark: keeps its gain: a negative gain does not pass nn.unary
func.func @relu(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %g = nn.constant dense<[2.0, -3.0]> : tensor<2xf32>
  %h = nn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %n = nn.rms_norm %x, %g {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %r = nn.unary relu %n : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %r, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %m = nn.rms_norm %x, %h {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %s = nn.unary relu %m : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %z = nn.matmul %s, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y, %z : tensor<?x2xf32>, tensor<?x2xf32>
}
