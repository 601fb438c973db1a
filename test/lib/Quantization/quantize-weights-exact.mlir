// RUN: lpc-opt %s --lpc-quantize-weights=format=int4/channel | FileCheck %s
// Weights that a rewrite keeps in f64, behind the cast that would round them: scales and codes are made of them, and the
// dequantized weight has the type of the program. Orientation and sharing are as for plain weights.

// CHECK-LABEL: @main
// CHECK:         %[[C:.*]] = lp.constant {{.*}} : tensor<2x2x!lp.int4>
// CHECK:         %[[W:.*]] = lp.dequantize %[[C]] {{.*}} -> tensor<2x2xf32>
// CHECK:         nn.matmul %{{.*}}, %[[W]] : (tensor<?x2xf32>, tensor<2x2xf32>)
// CHECK:         nn.matmul %{{.*}}, %[[W]] : (tensor<?x2xf32>, tensor<2x2xf32>)
// CHECK-NOT:     transpose_rhs
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %e = nn.constant dense<[[7.0, 2.0], [3.0, 5.0]]> : tensor<2x2xf64>
  %w = nn.cast %e : (tensor<2x2xf64>) -> tensor<2x2xf32>
  %a = nn.matmul %x, %w {transpose_rhs = true} : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %b = nn.matmul %a, %w {transpose_rhs = true} : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %b : tensor<?x2xf32>
}
