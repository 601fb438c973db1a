// RUN: lpc-opt %s --convert-nn-to-linalg | FileCheck %s
// Contractions become named linalg ops.

// CHECK-LABEL: func.func @one_matrix_for_all_batches
func.func @one_matrix_for_all_batches(%x: tensor<2x?x64xf32>, %w: tensor<64x10xf32>) -> tensor<2x?x10xf32> {
  // CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]]
  // CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<64x10xf32>)
  // CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1], [2]]
  %0 = nn.matmul %x, %w : (tensor<2x?x64xf32>, tensor<64x10xf32>) -> tensor<2x?x10xf32>
  return %0 : tensor<2x?x10xf32>
}

// CHECK-LABEL: func.func @batches
func.func @batches(%x: tensor<2x3x4x8xf32>, %y: tensor<3x8x5xf32>) -> tensor<2x3x4x5xf32> {
  // CHECK: linalg.batch_matmul ins(%{{.*}}, %{{.*}} : tensor<6x4x8xf32>, tensor<6x8x5xf32>)
  %0 = nn.matmul %x, %y : (tensor<2x3x4x8xf32>, tensor<3x8x5xf32>) -> tensor<2x3x4x5xf32>
  return %0 : tensor<2x3x4x5xf32>
}

// CHECK-LABEL: func.func @transposed_halves
func.func @transposed_halves(%x: tensor<4x8xf16>, %y: tensor<5x8xf16>) -> tensor<4x5xf16> {
  // CHECK: linalg.matmul indexing_maps = [{{.*}}] ins(%{{.*}}, %{{.*}} : tensor<4x8xf16>, tensor<5x8xf16>) outs(%{{.*}} : tensor<4x5xf32>)
  // CHECK: arith.truncf
  %0 = nn.matmul %x, %y {transpose_rhs = true} : (tensor<4x8xf16>, tensor<5x8xf16>) -> tensor<4x5xf16>
  return %0 : tensor<4x5xf16>
}

// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<?x1x8x8xf32>, %f: tensor<32x1x3x3xf32>, %b: tensor<32xf32>) -> tensor<?x32x4x4xf32> {
  // CHECK: tensor.pad
  // CHECK: linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>}
  %0 = nn.conv %x, %f, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x1x8x8xf32>, tensor<32x1x3x3xf32>, tensor<32xf32>) -> tensor<?x32x4x4xf32>
  return %0 : tensor<?x32x4x4xf32>
}

// CHECK-LABEL: func.func @grouped_conv
func.func @grouped_conv(%x: tensor<1x4x8xf32>, %f: tensor<6x2x3xf32>) -> tensor<1x6x6xf32> {
  // CHECK: tensor.expand_shape {{.*}} : tensor<1x4x8xf32> into tensor<1x2x2x8xf32>
  // CHECK: linalg.generic
  // CHECK: tensor.collapse_shape {{.*}} : tensor<1x2x3x6xf32> into tensor<1x6x6xf32>
  %0 = nn.conv %x, %f {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, groups = 2}
    : (tensor<1x4x8xf32>, tensor<6x2x3xf32>) -> tensor<1x6x6xf32>
  return %0 : tensor<1x6x6xf32>
}

// Zeros between the elements, then a convolution with stride 1.
// CHECK-LABEL: func.func @conv_transpose
func.func @conv_transpose(%x: tensor<1x1x3x3xf32>, %f: tensor<1x2x3x3xf32>) -> tensor<1x2x7x7xf32> {
  // CHECK: tensor.insert_slice %{{.*}}[0, 0, 0, 0] [1, 1, 3, 3] [1, 1, 2, 2]
  // CHECK: tensor.pad %{{.*}} low[0, 0, 2, 2] high[0, 0, 2, 2]
  // CHECK: linalg.conv_2d_nchw_fchw
  %0 = nn.conv_transpose %x, %f {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>,
    dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>}
    : (tensor<1x1x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x7x7xf32>
  return %0 : tensor<1x2x7x7xf32>
}
