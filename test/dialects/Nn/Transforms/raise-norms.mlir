// RUN: lpc-opt %s --nn-raise-idioms -o %t.mlir
// RUN: FileCheck %s --input-file %t.mlir
// RUN: %python %source_dir/test/e2e/Inputs/same_function.py %build_dir/unit/lpc-eval %s %t.mlir --all
// Rarer forms of norms. Each is the same function in f64.

// JAX and TensorFlow: the variance from mean(x^2), cut off at 0; the gain on the root.
// CHECK-LABEL: @fast_variance
// CHECK:         %[[Y:.*]] = nn.layer_norm %arg0, %{{.*}}, %{{.*}} {axis = 1 : i64, epsilon = 1.000000e+00 : f64
// CHECK-NEXT:    return %[[Y]]
func.func @fast_variance(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %e = nn.constant dense<1.0> : tensor<f32>
  %g = nn.constant dense<[1.0, 2.0, -1.0, 0.5]> : tensor<4xf32>
  %b = nn.constant dense<[0.0, 2.0, 1.0, 0.5]> : tensor<4xf32>
  %m = nn.reduce mean %x {axes = array<i64: 1>, keep_dims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %xx = nn.binary mul %x, %x : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %s = nn.reduce mean %xx {axes = array<i64: 1>, keep_dims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %mm = nn.binary mul %m, %m : (tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<3x1xf32>
  %v = nn.binary sub %s, %mm : (tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<3x1xf32>
  %p = nn.unary relu %v : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %ve = nn.binary add %p, %e : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %r = nn.unary rsqrt %ve : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %rg = nn.binary mul %r, %g : (tensor<3x1xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  %d = nn.binary sub %x, %m : (tensor<3x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  %n = nn.binary mul %d, %rg : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %y = nn.binary add %n, %b : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// The gain on the root.
// CHECK-LABEL: @gain_first
// CHECK:         %[[Y:.*]] = nn.rms_norm %arg0, %{{.*}} {axis = 1 : i64, epsilon = 1.000000e+00 : f64}
// CHECK-NEXT:    return %[[Y]]
func.func @gain_first(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %e = nn.constant dense<1.0> : tensor<f32>
  %g = nn.constant dense<[1.0, 2.0, -1.0, 0.5]> : tensor<4xf32>
  %xx = nn.binary mul %x, %x : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %s = nn.reduce mean %xx {axes = array<i64: 1>, keep_dims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %ve = nn.binary add %s, %e : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %r = nn.unary rsqrt %ve : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %rg = nn.binary mul %g, %r : (tensor<4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  %y = nn.binary mul %rg, %x : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// SquaredDifference of the mean and x.
// CHECK-LABEL: @opposite
// CHECK:         %[[Y:.*]] = nn.layer_norm %arg0 {axis = 1 : i64, epsilon = 1.000000e+00 : f64
// CHECK-NEXT:    return %[[Y]]
func.func @opposite(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %e = nn.constant dense<1.0> : tensor<f32>
  %m = nn.reduce mean %x {axes = array<i64: 1>, keep_dims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %d = nn.binary sub %x, %m : (tensor<3x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  %o = nn.binary sub %m, %x : (tensor<3x1xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %oo = nn.binary mul %o, %o : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %v = nn.reduce mean %oo {axes = array<i64: 1>, keep_dims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %ve = nn.binary add %v, %e : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %r = nn.unary sqrt %ve : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %y = nn.binary div %d, %r : (tensor<3x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// A model in f16 that normalizes in f32 and comes back before the gain.
// CHECK-LABEL: @half
// CHECK:         %[[G16:.*]] = nn.constant
// CHECK:         %[[X16:.*]] = nn.cast %arg0
// CHECK:         %[[X:.*]] = nn.cast %[[X16]]
// CHECK:         %[[G:.*]] = nn.cast %[[G16]]
// CHECK:         %[[N:.*]] = nn.rms_norm %[[X]], %[[G]]
// CHECK:         nn.cast %[[N]] : (tensor<3x4xf32>) -> tensor<3x4xf16>
func.func @half(%h: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %e = nn.constant dense<1.0> : tensor<f32>
  %g = nn.constant dense<[1.0, 2.0, -1.0, 0.5]> : tensor<4xf16>
  %x16 = nn.cast %h : (tensor<3x4xf32>) -> tensor<3x4xf16>
  %x = nn.cast %x16 : (tensor<3x4xf16>) -> tensor<3x4xf32>
  %xx = nn.binary mul %x, %x : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %s = nn.reduce mean %xx {axes = array<i64: 1>, keep_dims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %ve = nn.binary add %s, %e : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %r = nn.unary rsqrt %ve : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %n = nn.binary mul %x, %r : (tensor<3x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  %n16 = nn.cast %n : (tensor<3x4xf32>) -> tensor<3x4xf16>
  %y16 = nn.binary mul %g, %n16 : (tensor<4xf16>, tensor<3x4xf16>) -> tensor<3x4xf16>
  %y = nn.cast %y16 : (tensor<3x4xf16>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// Epsilon outside of the root is another function.
// CHECK-LABEL: @epsilon_outside
// CHECK-NOT:     _norm
// CHECK:         return
func.func @epsilon_outside(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %e = nn.constant dense<1.0> : tensor<f32>
  %xx = nn.binary mul %x, %x : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %s = nn.reduce mean %xx {axes = array<i64: 1>, keep_dims = true} : (tensor<3x4xf32>) -> tensor<3x1xf32>
  %r = nn.unary sqrt %s : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %re = nn.binary add %r, %e : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %y = nn.binary div %x, %re : (tensor<3x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}
