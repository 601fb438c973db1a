// RUN: lpc-opt %s --lpc-round-constants | FileCheck %s
// 1 + 2^-25 + 2^-40 is nearer to 1 than to the next f32; codes and other casts stay.

// CHECK-LABEL: @main
// CHECK-NOT:     f64
// CHECK:         nn.constant dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>
// CHECK:         nn.cast {{.*}} : (tensor<?x2xf16>) -> tensor<?x2xf32>
// CHECK:         lp.dequantize
func.func @main(%x: tensor<?x2xf16>) -> tensor<?x2xf32> {
  %e = nn.constant dense<[1.0000000298032364, 0.5]> : tensor<2xf64>
  %g = nn.cast %e : (tensor<2xf64>) -> tensor<2xf32>
  %f = nn.cast %x : (tensor<?x2xf16>) -> tensor<?x2xf32>
  %c = lp.constant dense_resource<w> : tensor<2x2x!lp.int4>
  %s = nn.constant dense<0.5> : tensor<1x1xf32>
  %w = lp.dequantize %c scales(%s) {scale = #lp.scale<[*, *]>} : tensor<2x2x!lp.int4>, (tensor<1x1xf32>) -> tensor<2x2xf32>
  %n = nn.rms_norm %f, %g {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
{-# dialect_resources: { builtin: { w: "0x040000002103" } } #-}
