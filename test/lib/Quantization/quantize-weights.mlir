// RUN: split-file %s %t
// RUN: lpc-opt %t/matmul.mlir --lpc-quantize-weights=format=int8/channel --split-input-file | FileCheck %t/matmul.mlir
// RUN: lpc-opt %t/matmul.mlir --lpc-quantize-weights=format=int4 --split-input-file | FileCheck %t/matmul.mlir --check-prefix=TENSOR
// RUN: lpc-opt %t/matmul.mlir --lpc-quantize-weights=format=e2m1/g2 --split-input-file | FileCheck %t/matmul.mlir --check-prefix=GROUP
// RUN: lpc-opt %t/matmul.mlir --lpc-quantize-weights=format=uint4/g3/asym --split-input-file | FileCheck %t/matmul.mlir --check-prefix=ASYM
// RUN: lpc-opt %t/conv.mlir --lpc-quantize-weights=format=int8/channel --split-input-file | FileCheck %t/conv.mlir
// RUN: lpc-opt %t/conv.mlir --lpc-quantize-weights=format=int4/g2 --split-input-file | FileCheck %t/conv.mlir --check-prefix=GROUP
// RUN: lpc-opt %t/keep.mlir --lpc-quantize-weights="format=int8 keep=head" --mlir-print-debuginfo | FileCheck %t/keep.mlir
// RUN: lpc-opt %t/keep.mlir --lpc-quantize-weights="format=int8 min-elements=5" | FileCheck %t/keep.mlir --check-prefix=SMALL
// Constants become codes and scales; blobs print as 4 bytes of alignment and the packed codes.

//--- matmul.mlir
// Columns are channels: [7, 3.5, 0, 1] and zeros. 7/127 gives codes 127, 64 (63.5 to even), 0, 18; a block of zeros has scale 1.
// CHECK-LABEL: func.func @columns
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>)
// TENSOR-LABEL: func.func @columns
// GROUP-LABEL: func.func @columns
// ASYM-LABEL: func.func @columns
func.func @columns(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  // CHECK: %[[C:.*]] = lp.constant dense_resource<[[BLOB:.*]]> : tensor<4x2x!lp.int8>
  // CHECK: %[[S:.*]] = nn.constant dense<{{\[\[}}0.05511811, 1.000000e+00]]> : tensor<1x2xf32>
  // CHECK: %[[W:.*]] = lp.dequantize %[[C]] scales(%[[S]]) {scale = #lp.scale<[*, 1]>}
  // CHECK: nn.matmul %[[X]], %[[W]]
  // CHECK: [[BLOB]]: "0x{{........}}7F00400000001200"

  // One scale of 1: codes 7, 4 (3.5 to even), 0, 1.
  // TENSOR: lp.constant dense_resource<[[BLOB:.*]]> : tensor<4x2x!lp.int4>
  // TENSOR: nn.constant dense<1.000000e+00> : tensor<1x1xf32>
  // TENSOR: {scale = #lp.scale<[*, *]>}
  // TENSOR: [[BLOB]]: "0x{{........}}07040001"

  // Groups of two rows; 6 is the largest e2m1: 7/6, 1, 1/6, 1.
  // GROUP: lp.constant {{.*}} : tensor<4x2x!lp.e2m1>
  // GROUP: nn.constant dense<{{\[\[}}1.16666663, 1.000000e+00], [0.166666672, 1.000000e+00]]> : tensor<2x2xf32>
  // GROUP: {scale = #lp.scale<[2, 1]>}

  // The last group is short; the zero point of a range that starts at zero is 0.
  // ASYM: %[[C:.*]] = lp.constant {{.*}} : tensor<4x2x!lp.uint4>
  // ASYM: %[[S:.*]] = nn.constant {{.*}} : tensor<2x2xf32>
  // ASYM: %[[Z:.*]] = lp.constant {{.*}} : tensor<2x2x!lp.uint4>
  // ASYM: lp.dequantize %[[C]] scales(%[[S]]) zero_point(%[[Z]] : tensor<2x2x!lp.uint4>) {scale = #lp.scale<[3, 1]>}
  %w = nn.constant dense<[[7.0, 0.0], [3.5, 0.0], [0.0, 0.0], [1.0, 0.0]]> : tensor<4x2xf32>
  %y = nn.matmul %x, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// A transposed weight is stored as [k, n].
// CHECK-LABEL: func.func @transposed
func.func @transposed(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
  // CHECK: lp.constant dense_resource<[[BLOB:.*]]> : tensor<2x1x!lp.int8>
  // CHECK: nn.matmul {{.*}} : (tensor<?x2xf32>, tensor<2x1xf32>)
  // CHECK: [[BLOB]]: "0x{{........}}7F81"
  %w = nn.constant dense<[[1.0, -1.0]]> : tensor<1x2xf32>
  %y = nn.matmul %x, %w {transpose_rhs = true} : (tensor<?x2xf32>, tensor<1x2xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// -----

// A constant that two products read is rounded once.
// CHECK-LABEL: func.func @shared
func.func @shared(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // CHECK: lp.constant
  // CHECK-NOT: lp.constant
  // CHECK: %[[W:.*]] = lp.dequantize
  // CHECK-NOT: lp.dequantize
  // CHECK: nn.matmul {{.*}}, %[[W]]
  // CHECK: nn.matmul {{.*}}, %[[W]]
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  %h = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %h, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// Each matrix of a batch has its own channels.
// CHECK-LABEL: func.func @batched
func.func @batched(%x: tensor<3x?x2xf32>) -> tensor<3x?x4xf32> {
  // CHECK: lp.constant {{.*}} : tensor<3x2x4x!lp.int8>
  // CHECK: tensor<3x1x4xf32>
  // CHECK: {scale = #lp.scale<[1, *, 1]>}
  %w = nn.constant dense<1.0> : tensor<3x2x4xf32>
  %y = nn.matmul %x, %w : (tensor<3x?x2xf32>, tensor<3x2x4xf32>) -> tensor<3x?x4xf32>
  return %y : tensor<3x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @no_change_of_activations
func.func @no_change_of_activations(%x: tensor<?x2xf32>, %w: tensor<2x2xf32>) -> tensor<?x2xf32> {
  // CHECK-NOT: lp.
  // CHECK: return
  %y = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

//--- conv.mlir
// One scale for each filter; groups are runs of input channels, all taps together.
// CHECK-LABEL: func.func @conv
// GROUP-LABEL: func.func @conv
func.func @conv(%x: tensor<?x4x8x8xf32>) -> tensor<?x2x8x8xf32> {
  // CHECK: lp.constant {{.*}} : tensor<2x4x3x3x!lp.int8>
  // CHECK: tensor<2x1x1x1xf32>
  // CHECK: {scale = #lp.scale<[1, *, *, *]>}
  // GROUP: tensor<2x2x1x1xf32>
  // GROUP: {scale = #lp.scale<[1, 2, *, *]>}
  %w = nn.constant dense<1.0> : tensor<2x4x3x3xf32>
  %y = nn.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<?x2x8x8xf32>
  return %y : tensor<?x2x8x8xf32>
}

//--- keep.mlir
// What an option excludes stays in float.
// CHECK-LABEL: func.func @keep
// SMALL-LABEL: func.func @keep
func.func @keep(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // CHECK: %[[W:.*]] = nn.constant
  // CHECK: nn.matmul %{{.*}}, %[[W]]
  // CHECK: %[[D:.*]] = lp.dequantize
  // CHECK: nn.matmul %{{.*}}, %[[D]]
  // SMALL-NOT: lp.
  // SMALL: return
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  %h = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("head/MatMul")
  %v = nn.constant dense<2.0> : tensor<2x2xf32>
  %y = nn.matmul %h, %v : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("body/MatMul")
  return %y : tensor<?x2xf32>
}
