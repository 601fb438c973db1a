// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-blocks{block=4}))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-blocks{block=4 signs=true seed=3}))' 2>/dev/null | FileCheck %s --check-prefix=SIGNS
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-blocks{block=4},lpc-rotate-blocks{block=4}))' 2>/dev/null | FileCheck %s
// RUN: not lpc-opt %s --lpc-rotate-blocks=block=6 2>&1 | FileCheck %s --check-prefix=BLOCK
// RUN: not lpc-opt %s --lpc-rotate-blocks=block=1 2>&1 | FileCheck %s --check-prefix=ONE
// In front of every contraction, once for each value. That the function stays is shown in test/e2e.

// BLOCK: error: option block: expected the order of a known Hadamard matrix, 2 or more, but got 6
// ONE: error: option block: expected the order of a known Hadamard matrix, 2 or more, but got 1

// Both products read one rotated value; behind the relu there is another one.
// CHECK-LABEL: @products
// CHECK:         %[[R:.*]] = nn.rotate %arg0 {axis = 1 : i64, order = 4 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
// CHECK-NOT:     nn.rotate
// CHECK:         nn.matmul %[[R]], %
// CHECK:         nn.unary
// CHECK-SAME:    tensor<?x4xf32>
// CHECK-NEXT:    %[[H:.*]] = nn.rotate
// CHECK:         nn.matmul %[[R]], %
// CHECK:         nn.matmul %[[H]], %
// CHECK:         return
// SIGNS-LABEL: @products
// SIGNS:         nn.rotate %arg0 signs %
func.func @products(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %w = nn.constant dense<1.0> : tensor<8x4xf32>
  %v = nn.constant dense<2.0> : tensor<4x4xf32>
  %a = nn.matmul %x, %w : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  %r = nn.unary relu %a : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %b = nn.matmul %x, %w : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  %c = nn.matmul %r, %v : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  return %b, %c : tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: @conv
// CHECK:         nn.rotate %arg0 {axis = 1 : i64, order = 4 : i64}
func.func @conv(%x: tensor<?x4x8x8xf32>) -> tensor<?x2x8x8xf32> {
  %w = nn.constant dense<1.0> : tensor<2x4x3x3xf32>
  %y = nn.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<?x2x8x8xf32>
  return %y : tensor<?x2x8x8xf32>
}

// Six channels, groups, two computed tensors, integers.
// CHECK-LABEL: @stay
// CHECK-NOT:     nn.rotate
// CHECK:         return
// REMARK: remark: is not rotated: blocks of 4 do not divide its 6 channels
func.func @stay(%x: tensor<?x6xf32>, %i: tensor<?x8x8x8xf32>, %q: tensor<?x8xf32>, %k: tensor<8x8xf32>) -> (tensor<?x4xf32>, tensor<?x8x8x8xf32>, tensor<?x8xf32>) {
  %w = nn.constant dense<1.0> : tensor<6x4xf32>
  %f = nn.constant dense<1.0> : tensor<8x4x1x1xf32>
  %a = nn.matmul %x, %w : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
  %b = nn.conv %i, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2} : (tensor<?x8x8x8xf32>, tensor<8x4x1x1xf32>) -> tensor<?x8x8x8xf32>
  %c = nn.matmul %q, %k : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %a, %b, %c : tensor<?x4xf32>, tensor<?x8x8x8xf32>, tensor<?x8xf32>
}
