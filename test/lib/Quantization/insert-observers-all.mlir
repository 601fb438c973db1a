// RUN: lpc-opt %s --lpc-insert-observers="where=all" --split-input-file | FileCheck %s
// Every tensor of an integer-only program is observed, with its format; what stays in an accumulator is not.

// A product, its bias and its ReLU are one tensor. The residual is read in 16 bits by the sum and in 8 by the product.
// CHECK-LABEL: func.func @residual
// CHECK-SAME: (%[[X:.*]]: tensor<?x8xf32>)
// CHECK: %[[W:.*]] = lp.observe %[[X]] {format = "int16", id = 0 : i64}
// CHECK: %[[N:.*]] = lp.observe %[[W]] {format = "int8", id = 0 : i64}
// CHECK: %[[M:.*]] = nn.matmul %[[N]]
// CHECK-NEXT: %[[B:.*]] = nn.binary add %[[M]]
// CHECK-NEXT: %[[S:.*]] = nn.binary add %[[B]], %[[W]]
// CHECK-NEXT: %[[R:.*]] = nn.unary relu %[[S]]
// CHECK: %[[O:.*]] = lp.observe %[[R]] {format = "uint16", id = 1 : i64}
// CHECK: return %[[O]]
func.func @residual(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %w = nn.constant dense<0.5> : tensor<8x8xf32>
  %b = nn.constant dense<0.25> : tensor<8xf32>
  %m = nn.matmul %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %a = nn.binary add %m, %b : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %s = nn.binary add %a, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %r = nn.unary relu %s : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}

// -----

// Movement shares a number; what only contractions read is narrow on both sides of it. The mask is the softmax's.
// CHECK-LABEL: func.func @attention
// CHECK: lp.observe %arg0 {format = "int8", id = 0 : i64}
// CHECK: %[[T:.*]] = nn.transpose
// CHECK: lp.observe %[[T]] {format = "int8", id = 0 : i64}
// CHECK: %[[P:.*]] = nn.matmul
// CHECK-NEXT: %[[F:.*]] = nn.binary mul %[[P]]
// CHECK-NEXT: %[[S:.*]] = lp.observe %[[F]] {format = "int16", id = 1 : i64}
// CHECK-NOT: lp.observe
// CHECK: %[[A:.*]] = nn.binary add %[[S]]
// CHECK-NEXT: %[[E:.*]] = nn.softmax %[[A]]
// CHECK-NEXT: lp.observe %[[E]] {format = "uint8", id = 2 : i64}
func.func @attention(%x: tensor<4x8xf32>, %k: tensor<4x4xi1>) -> tensor<4x8xf32> {
  %c = nn.constant dense<0.5> : tensor<f32>
  %no = nn.constant dense<-1.0e4> : tensor<f32>
  %yes = nn.constant dense<0.0> : tensor<f32>
  %t = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %p = nn.matmul %x, %t : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  %f = nn.binary mul %p, %c : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %m = nn.select %k, %no, %yes : (tensor<4x4xi1>, tensor<f32>, tensor<f32>) -> tensor<4x4xf32>
  %a = nn.binary add %f, %m : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %s = nn.softmax %a {axis = 1} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = nn.matmul %s, %x : (tensor<4x4xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
