// Attention, rotary embeddings and cache updates.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// Query heads that share a key head are rows of one product: keys and values are not repeated.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[Q:.*]]: tensor<?x8x?x32xf32> {{.*}}, %[[K:.*]]: tensor<?x4x?x32xf32> {{.*}}, %[[V:.*]]: tensor<?x4x?x32xf32>
// CHECK: %[[S:.*]] = nn.binary mul %[[Q]], %{{.*}}
// CHECK: %[[R:.*]] = nn.reshape %[[S]][%{{.*}}, %{{.*}}] : tensor<?x8x?x32xf32> -> tensor<?x4x?x32xf32>
// CHECK: %[[P:.*]] = nn.matmul %[[R]], %[[K]] {transpose_rhs = true}
// CHECK: nn.reshape %[[P]]{{.*}} -> tensor<?x8x?x?xf32>
// CHECK: nn.compare le
// CHECK: %[[M:.*]] = nn.select
// CHECK: nn.softmax %[[M]] {axis = 3 : i64}
// CHECK: nn.matmul %{{.*}}, %[[V]] : (tensor<?x4x?x?xf32>, tensor<?x4x?x32xf32>) -> tensor<?x4x?x32xf32>
// CHECK: nn.reshape {{.*}} -> tensor<?x8x?x32xf32>
func.func @main(%q: tensor<?x8x?x32xf32> {nn.dims = ["b", "", "t", ""]}, %k: tensor<?x4x?x32xf32> {nn.dims = ["b", "", "s", ""]}, %v: tensor<?x4x?x32xf32> {nn.dims = ["b", "", "s", ""]}) -> tensor<*xf32> {
  %0 = onnx.node "Attention"(%q, %k, %v) {is_causal = 1} opset 23 : (tensor<?x8x?x32xf32>, tensor<?x4x?x32xf32>, tensor<?x4x?x32xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Flat heads are split, past keys are put before the new ones, a boolean mask selects.
// CHECK-LABEL: func.func @main(
// CHECK: nn.transpose %{{.*}} {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x4x2x8xf32>) -> tensor<1x2x4x8xf32>
// CHECK: nn.concat %{{.*}} {axis = 2 : i64} : (tensor<1x2x3x8xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x7x8xf32>
// CHECK: nn.select %{{.*}} : (tensor<4x7xi1>, tensor<1x2x4x7xf32>, tensor<f32>) -> tensor<1x2x4x7xf32>
// CHECK: nn.reshape %{{.*}} -> tensor<1x4x16xf32>
func.func @main(%q: tensor<1x4x16xf32>, %m: tensor<4x7xi1>, %pk: tensor<1x2x3x8xf32>, %pv: tensor<1x2x3x8xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = onnx.node "Attention"(%q, %q, %q, %m, %pk, %pv) {q_num_heads = 2, kv_num_heads = 2} opset 23 : (tensor<1x4x16xf32>, tensor<1x4x16xf32>, tensor<1x4x16xf32>, tensor<4x7xi1>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK: nn.gather %{{.*}} {axis = 0 : i64} : (tensor<50x4xf32>, tensor<2x3xi64>) -> tensor<2x3x4xf32>
// CHECK: nn.binary sub
// CHECK: nn.binary add
// CHECK: nn.concat %{{.*}} {axis = 3 : i64} : (tensor<2x4x3x4xf32>, tensor<2x4x3x4xf32>) -> tensor<2x4x3x8xf32>
func.func @main(%x: tensor<2x4x3x8xf32>, %cos: tensor<50x4xf32>, %sin: tensor<50x4xf32>, %at: tensor<2x3xi64>) -> tensor<*xf32> {
  %0 = onnx.node "RotaryEmbedding"(%x, %cos, %sin, %at) opset 23 : (tensor<2x4x3x8xf32>, tensor<50x4xf32>, tensor<50x4xf32>, tensor<2x3xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK: nn.binary mod
// CHECK: nn.scatter_elements %{{.*}} {axis = 2 : i64} : (tensor<2x4x8x3xf32>, tensor<2x4x2x3xi64>, tensor<2x4x2x3xf32>) -> tensor<2x4x8x3xf32>
func.func @main(%c: tensor<2x4x8x3xf32>, %u: tensor<2x4x2x3xf32>, %at: tensor<2xi64>) -> tensor<*xf32> {
  %0 = onnx.node "TensorScatter"(%c, %u, %at) {mode = "circular"} opset 24 : (tensor<2x4x8x3xf32>, tensor<2x4x2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
