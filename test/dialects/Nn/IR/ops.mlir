// RUN: lpc-opt %s | lpc-opt | FileCheck %s
// Every nn operation parses, verifies and prints as it was.

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<?x8xf32>, %b: tensor<8xf32>, %i: tensor<4xui8>, %c: tensor<?x8xi1>) {
  // CHECK: nn.unary gelu %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %0 = nn.unary gelu %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: nn.unary isnan
  %1 = nn.unary isnan %x : (tensor<?x8xf32>) -> tensor<?x8xi1>
  // CHECK: nn.binary add %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %2 = nn.binary add %x, %b : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: nn.compare ge
  %3 = nn.compare ge %x, %b : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xi1>
  // CHECK: nn.select
  %4 = nn.select %c, %x, %b : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: nn.clamp
  %5 = nn.clamp %x {lo = 0.0 : f64, hi = 6.0 : f64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // CHECK: nn.cast
  %6 = nn.cast %i : (tensor<4xui8>) -> tensor<4xf16>
  // CHECK: nn.bitcast
  %7 = nn.bitcast %i : (tensor<4xui8>) -> tensor<4xi8>
  // CHECK: nn.constant dense<1.000000e+00> : tensor<2xf32>
  %8 = nn.constant dense<1.0> : tensor<2xf32>
  return
}

// CHECK-LABEL: func.func @shapes
func.func @shapes(%x: tensor<?x1x8x8xf32>, %n: index, %ids: tensor<?x?xi64>, %e: tensor<256x64xf32>) {
  // CHECK: nn.reshape %{{.*}}[%{{.*}}] : tensor<?x1x8x8xf32> -> tensor<?x64xf32>
  %0 = nn.reshape %x [%n] : tensor<?x1x8x8xf32> -> tensor<?x64xf32>
  // CHECK: nn.broadcast
  %1 = nn.broadcast %x [%n] : tensor<?x1x8x8xf32> -> tensor<?x3x8x8xf32>
  // CHECK: nn.transpose
  %2 = nn.transpose %x {permutation = array<i64: 1, 0, 3, 2>} : (tensor<?x1x8x8xf32>) -> tensor<1x?x8x8xf32>
  // CHECK: nn.concat
  %3 = nn.concat %0, %0 {axis = 1} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x128xf32>
  // CHECK: nn.slice %{{.*}} offsets [0, 63] sizes [%{{.*}}, 32] strides [1, -2] : tensor<?x64xf32> -> tensor<?x32xf32>
  %4 = nn.slice %0 offsets [0, 63] sizes [%n, 32] strides [1, -2] : tensor<?x64xf32> -> tensor<?x32xf32>
  // CHECK: nn.pad %{{.*}} low [0, 1] high [%{{.*}}, 0] {mode = #nn.pad_mode<edge>}
  %5 = nn.pad %0 low [0, 1] high [%n, 0] {mode = #nn.pad_mode<edge>} : tensor<?x64xf32> -> tensor<?x65xf32>
  // CHECK: nn.iota[%{{.*}}] {axis = 0 : i64} : tensor<?xi64>
  %6 = nn.iota [%n] {axis = 0} : tensor<?xi64>
  // CHECK: nn.gather
  %7 = nn.gather %e, %ids {axis = 0} : (tensor<256x64xf32>, tensor<?x?xi64>) -> tensor<?x?x64xf32>
  return
}

// CHECK-LABEL: func.func @contractions
func.func @contractions(%x: tensor<?x64xf32>, %w: tensor<64x10xf32>, %i: tensor<?x1x8x8xf32>, %f: tensor<32x1x3x3xf32>) {
  // CHECK: nn.matmul
  %0 = nn.matmul %x, %w : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>
  // CHECK: nn.conv
  %1 = nn.conv %i, %f {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x1x8x8xf32>, tensor<32x1x3x3xf32>) -> tensor<?x32x4x4xf32>
  // CHECK: nn.pool max
  %2 = nn.pool max %1 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<?x32x4x4xf32>) -> tensor<?x32x2x2xf32>
  // CHECK: nn.reduce mean
  %3 = nn.reduce mean %2 {axes = array<i64: 2, 3>} : (tensor<?x32x2x2xf32>) -> tensor<?x32xf32>
  // CHECK: nn.softmax
  %4 = nn.softmax %3 {axis = 1} : (tensor<?x32xf32>) -> tensor<?x32xf32>
  return
}

// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<?x4x?x16xf32>, %k: tensor<?x2x?x16xf32>, %c: tensor<?x6xf32>, %m: tensor<?x?xi1>, %b: tensor<4x1x?xf32>) {
  // CHECK: nn.rope %{{.*}}, %{{.*}}, %{{.*}} {interleaved = true} : (tensor<?x4x?x16xf32>, tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x4x?x16xf32>
  %0 = nn.rope %q, %c, %c {interleaved = true} : (tensor<?x4x?x16xf32>, tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x4x?x16xf32>
  // CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {causal = true, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>, scale = 2.500000e-01 : f64, softcap = 5.000000e+01 : f64}
  %1 = nn.attention %0, %k, %k, %m, %b {causal = true, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>, scale = 0.25 : f64, softcap = 50.0 : f64}
    : (tensor<?x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x?xi1>, tensor<4x1x?xf32>) -> tensor<?x4x?x16xf32>
  return
}
