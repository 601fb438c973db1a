// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-center-streams))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// Layer norms whose stream can be centered where it is written, then those that stay.

// Table, product and bias lose their means along the stream's axis; the shift is added behind.
// CHECK-LABEL: @stream
// CHECK-DAG:     nn.constant dense<{{\[\[}}-1.000000e+00, 1.000000e+00], [-5.000000e-01, 5.000000e-01]]> : tensor<2x2xf64>
// CHECK-DAG:     nn.constant dense<{{\[\[}}-5.000000e-01, 5.000000e-01], [-2.000000e+00, 2.000000e+00]]> : tensor<2x2xf64>
// CHECK-DAG:     nn.constant dense<[-3.000000e+00, 3.000000e+00]> : tensor<2xf64>
// CHECK-NOT:     nn.layer_norm
// CHECK:         %[[N:.*]] = nn.rms_norm %{{.*}}, %[[G:.*]] {axis = 1 : i64, epsilon = 1.000000e+00 : f64}
// CHECK-NEXT:    nn.binary add %[[N]], %[[S:.*]] :
// CHECK:         nn.rms_norm
func.func @stream(%ids: tensor<?xi64>) -> tensor<?x2xf32> {
  %e = nn.constant dense<[[1.0, 3.0], [4.0, 5.0]]> : tensor<2x2xf32>
  %g = nn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %s = nn.constant dense<[5.0, 7.0]> : tensor<2xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 7.0]]> : tensor<2x2xf32>
  %b = nn.constant dense<[2.0, 8.0]> : tensor<2xf32>
  %x = nn.gather %e, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<?xi64>) -> tensor<?x2xf32>
  %n = nn.layer_norm %x, %g, %s {axis = 1 : i64, epsilon = 1.0 : f64, operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %m = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %mb = nn.binary add %m, %b : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %r = nn.binary add %x, %mb : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = nn.layer_norm %r {axis = 1 : i64, epsilon = 1.0 : f64, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// The stream is read by a product as well.
// CHECK-LABEL: @other_reader
// CHECK:         nn.layer_norm
// REMARK: remark: stays a layer norm: the mean of its operand cannot be taken out where it is written
// REMARK: note: here the stream is contracted: centering has no inverse
func.func @other_reader(%ids: tensor<?xi64>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %e = nn.constant dense<[[1.0, 3.0], [4.0, 5.0]]> : tensor<2x2xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %x = nn.gather %e, %ids {axis = 0 : i64} : (tensor<2x2xf32>, tensor<?xi64>) -> tensor<?x2xf32>
  %y = nn.layer_norm %x {axis = 1 : i64, epsilon = 1.0 : f64, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %z = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y, %z : tensor<?x2xf32>, tensor<?x2xf32>
}

// An input of the graph.
// CHECK-LABEL: @input
// CHECK:         nn.layer_norm
// REMARK: note: here the stream is an input of the graph
func.func @input(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %z = nn.unary neg %x : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = nn.layer_norm %z {axis = 1 : i64, epsilon = 1.0 : f64, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
