// RUN: lpc-opt %s --nn-expand-attention -o %t.mlir
// RUN: FileCheck %s --input-file %t.mlir
// RUN: %python %source_dir/test/e2e/Inputs/same_function.py %build_dir/unit/lpc-eval %s %t.mlir --all --tolerance 0
// Attention and rotary embeddings taken apart; the numbers stay, bit for bit.

// CHECK-LABEL: @halves
// CHECK-DAG:     %[[A:.*]] = nn.slice %arg0 offsets [0, 0] sizes [5, 3] strides [1, 1]
// CHECK-DAG:     %[[B:.*]] = nn.slice %arg0 offsets [0, 3] sizes [5, 3] strides [1, 1]
// CHECK-DAG:     %[[AC:.*]] = nn.binary mul %[[A]], %arg1
// CHECK-DAG:     %[[BS:.*]] = nn.binary mul %[[B]], %arg2
// CHECK-DAG:     %[[R:.*]] = nn.binary sub %[[AC]], %[[BS]]
// CHECK-DAG:     %[[BC:.*]] = nn.binary mul %[[B]], %arg1
// CHECK-DAG:     %[[AS:.*]] = nn.binary mul %[[A]], %arg2
// CHECK-DAG:     %[[I:.*]] = nn.binary add %[[BC]], %[[AS]]
// CHECK-DAG:     %[[REST:.*]] = nn.slice %arg0 offsets [0, 6] sizes [5, 2]
// CHECK:         nn.concat %[[R]], %[[I]], %[[REST]] {axis = 1 : i64}
func.func @halves(%x: tensor<5x8xf32>, %c: tensor<5x3xf32>, %s: tensor<5x3xf32>) -> tensor<5x8xf32> {
  %y = nn.rope %x, %c, %s : (tensor<5x8xf32>, tensor<5x3xf32>, tensor<5x3xf32>) -> tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}

// CHECK-LABEL: @pairs
// CHECK-NOT:     nn.rope
// CHECK:         nn.concat {{.*}} {axis = 2 : i64} : (tensor<?x3x1xf32>, tensor<?x3x1xf32>) -> tensor<?x3x2xf32>
// CHECK:         nn.reshape {{.*}} : tensor<?x3x2xf32> -> tensor<?x6xf32>
// CHECK:         return
func.func @pairs(%x: tensor<?x7xf32> {nn.dims = ["t", ""]}, %c: tensor<?x3xf32> {nn.dims = ["t", ""]}, %s: tensor<3xf32>) -> tensor<?x7xf32> {
  %y = nn.rope %x, %c, %s {interleaved = true} : (tensor<?x7xf32>, tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x7xf32>
  return %y : tensor<?x7xf32>
}

// CHECK-LABEL: @groups
// CHECK-NOT:     nn.attention
// CHECK:         nn.reshape {{.*}} : tensor<?x4x?x6xf32> -> tensor<?x2x?x6xf32>
// CHECK:         nn.matmul {{.*}} {transpose_rhs = true}
// CHECK:         nn.reshape {{.*}} : tensor<?x2x?x?xf32> -> tensor<?x4x?x?xf32>
// CHECK:         nn.unary tanh
// CHECK:         nn.select %arg3
// CHECK:         nn.compare le
// CHECK:         nn.select
// CHECK:         nn.binary add {{.*}}, %arg4
// CHECK:         nn.softmax {{.*}} {axis = 3 : i64}
func.func @groups(%q: tensor<?x4x?x6xf32> {nn.dims = ["b", "", "t", ""]}, %k: tensor<?x2x?x6xf32> {nn.dims = ["b", "", "t", ""]},
                  %v: tensor<?x2x?x5xf32> {nn.dims = ["b", "", "t", ""]}, %m: tensor<4x1x?xi1> {nn.dims = ["", "", "t"]},
                  %b: tensor<?x1xf32> {nn.dims = ["t", ""]}) -> tensor<?x4x?x5xf32> {
  %y = nn.attention %q, %k, %v, %m, %b {causal = true, fill = -3.0 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>, scale = 0.25 : f64, softcap = 2.0 : f64}
    : (tensor<?x4x?x6xf32>, tensor<?x2x?x6xf32>, tensor<?x2x?x5xf32>, tensor<4x1x?xi1>, tensor<?x1xf32>) -> tensor<?x4x?x5xf32>
  return %y : tensor<?x4x?x5xf32>
}

// A past: five keys for three queries; the scale is 1.
// CHECK-LABEL: @past
// CHECK-NOT:     nn.binary mul
// CHECK:         nn.matmul %arg0, %arg1 {transpose_rhs = true}
// CHECK:         nn.matmul {{.*}}, %arg2
func.func @past(%q: tensor<2x3x4xf32>, %k: tensor<2x5x4xf32>, %v: tensor<2x5x4xf32>) -> tensor<2x3x4xf32> {
  %y = nn.attention %q, %k, %v {causal = true, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 1.0 : f64}
    : (tensor<2x3x4xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
