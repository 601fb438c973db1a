// RUN: lpc-opt %s --lpc-print-axis-classes=barriers-only -o /dev/null | FileCheck %s
// The legality of transforms, one function a row: where a class ends: constants, codes, control flow, unknown ops. The row's class has 6 channels.

// One constant, two uses: each may change on its own (a copy is made).
// CHECK-LABEL: diagonal classes of @shared_constant
// CHECK: size 6, legal
// CHECK: size 12{{$}}
// CHECK-NEXT: barrier: func.return operand 0 axis 1 is an output of the graph
// CHECK-LABEL: permutation classes of @shared_constant
// CHECK: size 6, legal
// CHECK: size 12{{$}}
// CHECK-NEXT: barrier: func.return operand 0 axis 1 is an output of the graph
// CHECK-LABEL: orthogonal classes of @shared_constant
// CHECK: size 6, legal
// CHECK: size 12{{$}}
// CHECK-NEXT: barrier: func.return operand 0 axis 1 is an output of the graph
// CHECK: centering classes of @shared_constant
func.func @shared_constant(%ids: tensor<?xi64>) -> tensor<?x12xf32> {
  %e = nn.constant dense<1.0> : tensor<12x6xf32>
  %y = nn.gather %e, %ids {axis = 0 : i64} : (tensor<12x6xf32>, tensor<?xi64>) -> tensor<?x6xf32>
  %z = nn.matmul %y, %e {transpose_rhs = true} : (tensor<?x6xf32>, tensor<12x6xf32>) -> tensor<?x12xf32>
  return %z : tensor<?x12xf32>
}

// A constant in f64 that is still to be rounded is a constant.
// CHECK-LABEL: diagonal classes of @unrounded
// CHECK: size 6, legal
// CHECK-LABEL: permutation classes of @unrounded
// CHECK: size 6, legal
// CHECK-LABEL: orthogonal classes of @unrounded
// CHECK: size 6, legal
// CHECK: centering classes of @unrounded
func.func @unrounded(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w64 = nn.constant dense<1.0> : tensor<6x5xf64>
  %w2 = nn.cast %w64 : (tensor<6x5xf64>) -> tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %h, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A weight behind lp.dequantize is rounded already.
// CHECK-LABEL: diagonal classes of @dequantized
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: lp.dequantize result axis 0 comes from codes: weights are rounded already
// CHECK-LABEL: permutation classes of @dequantized
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: lp.dequantize result axis 0 comes from codes: weights are rounded already
// CHECK-LABEL: orthogonal classes of @dequantized
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: lp.dequantize result axis 0 comes from codes: weights are rounded already
// CHECK: centering classes of @dequantized
func.func @dequantized(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %s = nn.constant dense<1.0> : tensor<1x1xf32>
  %q = lp.constant dense_resource<codes> : tensor<6x5x!lp.int8>
  %w2 = lp.dequantize %q scales(%s) {scale = #lp.scale<[*, *]>} : tensor<6x5x!lp.int8>, (tensor<1x1xf32>) -> tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %z = nn.matmul %h, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// A region of control flow that takes the value, and what the region gives back.
// CHECK-LABEL: diagonal classes of @control_flow
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary neg operand 0 axis 1 takes the value from outside of its region of control flow
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: scf.if result axis 1 has no rule
// CHECK-LABEL: permutation classes of @control_flow
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary neg operand 0 axis 1 takes the value from outside of its region of control flow
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: scf.if result axis 1 has no rule
// CHECK-LABEL: orthogonal classes of @control_flow
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: nn.unary neg operand 0 axis 1 takes the value from outside of its region of control flow
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: scf.if result axis 1 has no rule
// CHECK: centering classes of @control_flow
func.func @control_flow(%x: tensor<?x4xf32>, %c: i1) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = scf.if %c -> tensor<?x6xf32> {
    %n = nn.unary neg %h : (tensor<?x6xf32>) -> tensor<?x6xf32>
    scf.yield %n : tensor<?x6xf32>
  } else {
    scf.yield %h : tensor<?x6xf32>
  }
  %z = nn.matmul %y, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %z : tensor<?x5xf32>
}

// An op without a rule.
// CHECK-LABEL: diagonal classes of @unknown_op
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: tensor.cast operand 0 axis 1 has no rule
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: tensor.cast result axis 1 has no rule
// CHECK-LABEL: permutation classes of @unknown_op
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: tensor.cast operand 0 axis 1 has no rule
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: tensor.cast result axis 1 has no rule
// CHECK-LABEL: orthogonal classes of @unknown_op
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: tensor.cast operand 0 axis 1 has no rule
// CHECK: size 6{{$}}
// CHECK-NEXT: barrier: tensor.cast result axis 1 has no rule
// CHECK: centering classes of @unknown_op
func.func @unknown_op(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  %y = tensor.cast %h : tensor<?x6xf32> to tensor<3x6xf32>
  %z = nn.matmul %y, %w2 : (tensor<3x6xf32>, tensor<6x5xf32>) -> tensor<3x5xf32>
  %d = tensor.cast %z : tensor<3x5xf32> to tensor<?x5xf32>
  return %d : tensor<?x5xf32>
}

{-#
  dialect_resources: {
    builtin: {
      codes: "0x01000000010101010101010101010101010101010101010101010101010101010101"
    }
  }
#-}
