// RUN: lpc-opt %s --nn-raise-idioms | FileCheck %s
// Norms and softmax in the forms that exporters write, then chains that must stay.

// As PyTorch writes it: a reciprocal of a root, and the gain behind it.
// CHECK-LABEL: @rms_norm
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
// CHECK:         %[[G:.*]] = nn.constant dense_resource<gain>
// CHECK:         %[[Y:.*]] = nn.rms_norm %[[X]], %[[G]] {axis = 1 : i64, epsilon = 9.9999997473787516E-6 : f64}
// CHECK-NEXT:    return %[[Y]]
func.func @rms_norm(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %e = nn.constant dense<1.0e-5> : tensor<f32>
  %g = nn.constant dense_resource<gain> : tensor<8xf32>
  %s = nn.binary mul %x, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = nn.reduce mean %s {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %v = nn.binary add %m, %e : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = nn.unary sqrt %v : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %i = nn.unary reciprocal %r : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = nn.binary mul %x, %i : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %y = nn.binary mul %n, %g : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// A power, a sum times 1/8, a division by a root; no gain.
// CHECK-LABEL: @rms_norm_of_sum
// CHECK-NEXT:    nn.rms_norm %arg0 {axis = 1 : i64, epsilon = 1.000000e+00 : f64}
// CHECK-NEXT:    return
func.func @rms_norm_of_sum(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %two = nn.constant dense<2.0> : tensor<f32>
  %eighth = nn.constant dense<0.125> : tensor<f32>
  %e = nn.constant dense<1.0> : tensor<f32>
  %s = nn.binary pow %x, %two : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %t = nn.reduce sum %s {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %m = nn.binary mul %eighth, %t : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %v = nn.binary add %e, %m : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %r = nn.unary sqrt %v : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = nn.binary div %x, %r : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// rsqrt, and the form (1 + gain), which constant folding has made a gain of.
// CHECK-LABEL: @layer_norm
// CHECK:         %[[Y:.*]] = nn.layer_norm %arg0, %{{.*}}, %{{.*}} {axis = 1 : i64, epsilon = 1.000000e+00 : f64,
// CHECK-NEXT:    return %[[Y]]
func.func @layer_norm(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %e = nn.constant dense<1.0> : tensor<f32>
  %g = nn.constant dense_resource<gain> : tensor<8xf32>
  %b = nn.constant dense_resource<shift> : tensor<8xf32>
  %mean = nn.reduce mean %x {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %d = nn.binary sub %x, %mean : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %s = nn.binary mul %d, %d : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = nn.reduce mean %s {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %v = nn.binary add %m, %e : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %i = nn.unary rsqrt %v : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = nn.binary mul %i, %d : (tensor<?x1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %t = nn.binary mul %g, %n : (tensor<8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = nn.binary add %t, %b : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// As TensorFlow writes it: x*s + (shift - mean*s), s = gain * rsqrt(var + e).
// CHECK-LABEL: @layer_norm_affine
// CHECK:         %[[Y:.*]] = nn.layer_norm %arg0, %{{.*}}, %{{.*}} {axis = 1 : i64, epsilon = 1.000000e+00 : f64,
// CHECK-NEXT:    return %[[Y]]
func.func @layer_norm_affine(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %e = nn.constant dense<1.0> : tensor<f32>
  %g = nn.constant dense_resource<gain> : tensor<8xf32>
  %b = nn.constant dense_resource<shift> : tensor<8xf32>
  %mean = nn.reduce mean %x {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %d = nn.binary sub %x, %mean : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %q = nn.binary mul %d, %d : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = nn.reduce mean %q {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %v = nn.binary add %m, %e : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %i = nn.unary rsqrt %v : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = nn.binary mul %i, %g : (tensor<?x1xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %p = nn.binary mul %x, %s : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %k = nn.binary mul %mean, %s : (tensor<?x1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = nn.binary sub %b, %k : (tensor<8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = nn.binary add %p, %c : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: @softmax
// CHECK-NEXT:    nn.softmax %arg0 {axis = 1 : i64}
// CHECK-NEXT:    return
func.func @softmax(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %m = nn.reduce max %x {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %d = nn.binary sub %x, %m : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %e = nn.unary exp %d : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = nn.reduce sum %e {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %y = nn.binary div %e, %s : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Without the maximum, by a reciprocal, and its logarithm.
// CHECK-LABEL: @log_softmax
// CHECK-NEXT:    nn.softmax %arg0 {axis = 0 : i64, log = true}
// CHECK-NEXT:    return
func.func @log_softmax(%x: tensor<8x?xf32>) -> tensor<8x?xf32> {
  %e = nn.unary exp %x : (tensor<8x?xf32>) -> tensor<8x?xf32>
  %s = nn.reduce sum %e {axes = array<i64: 0>, keep_dims = true} : (tensor<8x?xf32>) -> tensor<1x?xf32>
  %i = nn.unary reciprocal %s : (tensor<1x?xf32>) -> tensor<1x?xf32>
  %p = nn.binary mul %e, %i : (tensor<8x?xf32>, tensor<1x?xf32>) -> tensor<8x?xf32>
  %y = nn.unary log %p : (tensor<8x?xf32>) -> tensor<8x?xf32>
  return %y : tensor<8x?xf32>
}

// The root mean square of another value.
// CHECK-LABEL: @another_value
// CHECK-NOT:     nn.rms_norm
func.func @another_value(%x: tensor<?x8xf32>, %z: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %s = nn.binary mul %x, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = nn.reduce mean %s {axes = array<i64: 1>, keep_dims = true} : (tensor<?x8xf32>) -> tensor<?x1xf32>
  %i = nn.unary rsqrt %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = nn.binary mul %z, %i : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// A mean over the first axis, a sum divided by another number, a maximum along another axis.
// CHECK-LABEL: @other_axes
// CHECK-NOT:     nn.rms_norm
// CHECK-NOT:     nn.softmax
func.func @other_axes(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %seven = nn.constant dense<7.0> : tensor<f32>
  %s = nn.binary mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = nn.reduce mean %s {axes = array<i64: 0>, keep_dims = true} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %i = nn.unary rsqrt %m : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = nn.binary mul %x, %i : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %t = nn.reduce sum %s {axes = array<i64: 1>, keep_dims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %n = nn.binary div %t, %seven : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %j = nn.unary rsqrt %n : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %z = nn.binary mul %x, %j : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %e = nn.unary exp %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %r = nn.reduce max %e {axes = array<i64: 1>, keep_dims = true} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %w = nn.binary div %e, %r : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %y, %z, %w : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// A norm that something else reads keeps its gain outside.
// CHECK-LABEL: @two_readers
// CHECK:         nn.rms_norm %arg0 {
// CHECK-NEXT:    nn.binary mul
func.func @two_readers(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %g = nn.constant dense_resource<gain> : tensor<8xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = nn.binary mul %n, %g : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %n, %y : tensor<?x8xf32>, tensor<?x8xf32>
}
