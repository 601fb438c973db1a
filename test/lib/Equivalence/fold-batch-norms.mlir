// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-fold-batch-norms))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// Norms behind and in front of products, then those that stay and why. That the function stays is shown in test/e2e.

// The importer's form: a product and a sum. Rows of the filter and the bias take the product.
// CHECK-LABEL: @behind
// CHECK-DAG:     %[[W64:.*]] = nn.constant dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}6.000000e+00]]]]> : tensor<2x1x1x1xf64>
// CHECK-DAG:     %[[W:.*]] = nn.cast %[[W64]]
// CHECK-DAG:     %[[B64:.*]] = nn.constant dense<[2.500000e+01, 7.000000e+01]> : tensor<2xf64>
// CHECK-DAG:     %[[B:.*]] = nn.cast %[[B64]]
// CHECK:         %[[Y:.*]] = nn.conv %arg0, %[[W]], %[[B]]
// CHECK-NEXT:    return %[[Y]]
func.func @behind(%x: tensor<?x1x4x4xf32>) -> tensor<?x2x4x4xf32> {
  %w = nn.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %b = nn.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %a = nn.constant dense<[[[2.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %c = nn.constant dense<[[[5.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = nn.conv %x, %w, %b {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<?x2x4x4xf32>
  %s = nn.binary mul %y, %a : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %n = nn.binary add %s, %c : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  return %n : tensor<?x2x4x4xf32>
}

// An exported chain, constants on either side; the filter has no bias yet and another user.
// CHECK-LABEL: @chain
// CHECK-DAG:     nn.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}2.000000e+00]]]]> : tensor<2x1x1x1xf32>
// CHECK-DAG:     nn.constant dense<{{\[\[\[\[}}-1.500000e+00]]], {{\[\[\[}}-2.000000e+00]]]]> : tensor<2x1x1x1xf64>
// CHECK-DAG:     nn.constant dense<[1.300000e+01, 1.600000e+01]> : tensor<2xf64>
// CHECK:         %[[Y:.*]] = nn.conv %arg0, %{{.*}}, %
// CHECK-NEXT:    return %{{.*}}, %[[Y]]
func.func @chain(%x: tensor<?x1x4x4xf32>) -> (tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>) {
  %w = nn.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %mean = nn.constant dense<[[[2.0]], [[6.0]]]> : tensor<2x1x1xf32>
  %root = nn.constant dense<[[[2.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %gain = nn.constant dense<3.0> : tensor<f32>
  %shift = nn.constant dense<10.0> : tensor<1x2x1x1xf32>
  %z = nn.conv %x, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<?x2x4x4xf32>
  %y = nn.conv %x, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<?x2x4x4xf32>
  %0 = nn.binary sub %y, %mean : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %1 = nn.binary div %0, %root : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %2 = nn.binary mul %gain, %1 : (tensor<f32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %3 = nn.binary sub %shift, %2 : (tensor<1x2x1x1xf32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  return %z, %3 : tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>
}

// Two groups of a transposed convolution: columns of the filter belong to other channels in each.
// CHECK-LABEL: @transposed
// CHECK-DAG:     nn.constant dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}3.000000e+00]]]]> : tensor<2x1x1x1xf64>
// CHECK:         nn.conv_transpose
// CHECK-NEXT:    return
func.func @transposed(%x: tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32> {
  %w = nn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %a = nn.constant dense<[[[2.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %c = nn.constant dense<[[[5.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = nn.conv_transpose %x, %w {dilations = array<i64: 1, 1>, groups = 2 : i64, output_padding = array<i64: 0, 0>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<?x2x4x4xf32>
  %s = nn.binary mul %y, %a : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %n = nn.binary add %s, %c : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  return %n : tensor<?x2x4x4xf32>
}

// In front of a product: rows take the scale, the shift goes through the old weight. The bias of a product alone is no norm.
// CHECK-LABEL: @before
// CHECK-DAG:     nn.constant dense<{{\[\[}}2.000000e+00, 4.000000e+00], [9.000000e+00, 1.200000e+01]]> : tensor<2x2xf64>
// CHECK-DAG:     nn.constant dense<[1.700000e+01, 2.400000e+01]> : tensor<2xf64>
// CHECK:         nn.matmul %arg0
// CHECK-NEXT:    nn.binary add
// CHECK-NEXT:    return
func.func @before(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = nn.constant dense<[10.0, 14.0]> : tensor<2xf32>
  %a = nn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %c = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %s = nn.binary mul %x, %a : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %n = nn.binary add %s, %c : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %yb = nn.binary add %y, %b : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %yb : tensor<?x2xf32>
}

// CHECK-LABEL: @refused
// CHECK-NOT:     f64>
// CHECK:         return
// REMARK: remark: a batch norm stays: something else reads the product before it
// REMARK: remark: a batch norm stays: the convolution behind it pads with zeros, which are not what the shift makes of zeros
// REMARK: remark: a batch norm stays: something besides the product behind it reads its result
// REMARK: remark: a batch norm stays: it stands beside no product that could take it
// REMARK-NOT: remark
func.func @refused(%x: tensor<?x2x4x4xf32>) -> (tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>) {
  %w = nn.constant dense<1.0> : tensor<2x2x1x1xf32>
  %w3 = nn.constant dense<1.0> : tensor<2x2x3x3xf32>
  %a = nn.constant dense<[[[2.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %c = nn.constant dense<[[[5.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = nn.conv %x, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %s0 = nn.binary mul %y, %a : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %n0 = nn.binary add %s0, %c : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %s1 = nn.binary mul %x, %a : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %n1 = nn.binary add %s1, %c : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %y1 = nn.conv %n1, %w3 {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x2x4x4xf32>, tensor<2x2x3x3xf32>) -> tensor<?x2x4x4xf32>
  %s2 = nn.binary mul %a, %x : (tensor<2x1x1xf32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %n2 = nn.binary add %s2, %c : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %y2 = nn.conv %n2, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %r3 = nn.unary relu %x : (tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %s3 = nn.binary mul %r3, %a : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %n3 = nn.binary add %s3, %c : (tensor<?x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<?x2x4x4xf32>
  %p3 = nn.unary tanh %n3 : (tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  return %y, %n0, %y1, %n2, %y2, %n3, %p3 : tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>, tensor<?x2x4x4xf32>
}
