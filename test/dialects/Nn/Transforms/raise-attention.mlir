// RUN: lpc-opt %s --nn-raise-idioms -o %t.mlir
// RUN: FileCheck %s --input-file %t.mlir
// RUN: %python %source_dir/test/e2e/Inputs/same_function.py %build_dir/unit/lpc-eval %s %t.mlir --all
// RUN: lpc-opt %s --nn-raise-idioms=attention=false | FileCheck %s --check-prefix=OFF
// Attention in the forms that exporters write, then chains that must stay. Each is the same function in f64.
// OFF-NOT: nn.attention

// A division by the root behind the product, a mask that is added, keys by a transpose of [b, t, h, d].
// CHECK-LABEL: @plain
// CHECK:         %[[K:.*]] = nn.transpose %arg1 {permutation = array<i64: 0, 2, 1, 3>}
// CHECK:         %[[Y:.*]] = nn.attention %arg0, %[[K]], %arg2, %arg3 {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, scale = 5.000000e-01 : f64}
// CHECK-NEXT:    return %[[Y]]
func.func @plain(%q: tensor<2x3x5x4xf32>, %k: tensor<2x7x3x4xf32>, %v: tensor<2x3x7x4xf32>, %m: tensor<2x1x1x7xf32>) -> tensor<2x3x5x4xf32> {
  %two = nn.constant dense<2.0> : tensor<f32>
  %kt = nn.transpose %k {permutation = array<i64: 0, 2, 3, 1>} : (tensor<2x7x3x4xf32>) -> tensor<2x3x4x7xf32>
  %s = nn.matmul %q, %kt : (tensor<2x3x5x4xf32>, tensor<2x3x4x7xf32>) -> tensor<2x3x5x7xf32>
  %d = nn.binary div %s, %two : (tensor<2x3x5x7xf32>, tensor<f32>) -> tensor<2x3x5x7xf32>
  %a = nn.binary add %d, %m : (tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
  %p = nn.softmax %a {axis = 3 : i64} : (tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32>
  %y = nn.matmul %p, %v : (tensor<2x3x5x7xf32>, tensor<2x3x7x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// PyTorch's own: a root of the scale on queries and on keys; three dimensions.
// CHECK-LABEL: @two_roots
// CHECK:         nn.attention %arg0, %arg1, %arg2 {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 2.500000e-01 : f64}
func.func @two_roots(%q: tensor<6x5x4xf32>, %k: tensor<6x7x4xf32>, %v: tensor<6x7x4xf32>) -> tensor<6x5x4xf32> {
  %half = nn.constant dense<0.5> : tensor<f32>
  %qs = nn.binary mul %q, %half : (tensor<6x5x4xf32>, tensor<f32>) -> tensor<6x5x4xf32>
  %kt = nn.transpose %k {permutation = array<i64: 0, 2, 1>} : (tensor<6x7x4xf32>) -> tensor<6x4x7xf32>
  %ks = nn.binary mul %kt, %half : (tensor<6x4x7xf32>, tensor<f32>) -> tensor<6x4x7xf32>
  %s = nn.matmul %qs, %ks : (tensor<6x5x4xf32>, tensor<6x4x7xf32>) -> tensor<6x5x7xf32>
  %p = nn.softmax %s {axis = 2 : i64} : (tensor<6x5x7xf32>) -> tensor<6x5x7xf32>
  %y = nn.matmul %p, %v : (tensor<6x5x7xf32>, tensor<6x7x4xf32>) -> tensor<6x5x4xf32>
  return %y : tensor<6x5x4xf32>
}

// Keys and values repeated for groups of query heads; a causal choice, then a mask.
// CHECK-LABEL: @groups
// CHECK:         nn.attention %arg0, %arg1, %arg2, %arg3, %arg4 {fill = -1.000000e+04 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>, scale = 1.000000e+00 : f64} : (tensor<?x4x?x6xf32>, tensor<?x2x?x6xf32>, tensor<?x2x?x6xf32>
func.func @groups(%q: tensor<?x4x?x6xf32> {nn.dims = ["b", "", "t", ""]}, %k: tensor<?x2x?x6xf32> {nn.dims = ["b", "", "s", ""]},
                  %v: tensor<?x2x?x6xf32> {nn.dims = ["b", "", "s", ""]}, %keep: tensor<?x?xi1> {nn.dims = ["t", "s"]},
                  %m: tensor<?x1x1x?xf32> {nn.dims = ["b", "", "", "s"]}) -> tensor<?x4x?x6xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %far = nn.constant dense<-1.0e+4> : tensor<f32>
  %b = tensor.dim %k, %c0 : tensor<?x2x?x6xf32>
  %s = tensor.dim %k, %c2 : tensor<?x2x?x6xf32>
  %bv = tensor.dim %v, %c0 : tensor<?x2x?x6xf32>
  %sv = tensor.dim %v, %c2 : tensor<?x2x?x6xf32>
  %k1 = nn.reshape %k [%b, %s] : tensor<?x2x?x6xf32> -> tensor<?x2x1x?x6xf32>
  %k2 = nn.broadcast %k1 [%b, %s] : tensor<?x2x1x?x6xf32> -> tensor<?x2x2x?x6xf32>
  %k4 = nn.reshape %k2 [%b, %s] : tensor<?x2x2x?x6xf32> -> tensor<?x4x?x6xf32>
  %v1 = nn.reshape %v [%bv, %sv] : tensor<?x2x?x6xf32> -> tensor<?x2x1x?x6xf32>
  %v2 = nn.broadcast %v1 [%bv, %sv] : tensor<?x2x1x?x6xf32> -> tensor<?x2x2x?x6xf32>
  %v4 = nn.reshape %v2 [%bv, %sv] : tensor<?x2x2x?x6xf32> -> tensor<?x4x?x6xf32>
  %kt = nn.transpose %k4 {permutation = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x6xf32>) -> tensor<?x4x6x?xf32>
  %x = nn.matmul %q, %kt : (tensor<?x4x?x6xf32>, tensor<?x4x6x?xf32>) -> tensor<?x4x?x?xf32>
  %w = nn.select %keep, %x, %far : (tensor<?x?xi1>, tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %a = nn.binary add %w, %m : (tensor<?x4x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x4x?x?xf32>
  %p = nn.softmax %a {axis = 3 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = nn.matmul %p, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x6xf32>) -> tensor<?x4x?x6xf32>
  return %y : tensor<?x4x?x6xf32>
}

// TensorFlow: s*m - 1e4*(1 - m) with m 0 or 1.
// CHECK-LABEL: @blend
// CHECK:         %[[M:.*]] = nn.compare ne
// CHECK:         nn.attention %arg0, %arg1, %arg2, %[[M]] {fill = -1.000000e+04 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, scale = 2.500000e-01 : f64}
func.func @blend(%q: tensor<2x3x4xf32>, %k: tensor<2x3x4xf32>, %v: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %one = nn.constant dense<1.0> : tensor<f32>
  %quarter = nn.constant dense<0.25> : tensor<f32>
  %far = nn.constant dense<1.0e+4> : tensor<f32>
  %m = nn.constant dense<[[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]> : tensor<3x3xf32>
  %s = nn.matmul %q, %k {transpose_rhs = true} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x3xf32>
  %x = nn.binary mul %s, %quarter : (tensor<2x3x3xf32>, tensor<f32>) -> tensor<2x3x3xf32>
  %kept = nn.binary mul %x, %m : (tensor<2x3x3xf32>, tensor<3x3xf32>) -> tensor<2x3x3xf32>
  %not = nn.binary sub %one, %m : (tensor<f32>, tensor<3x3xf32>) -> tensor<3x3xf32>
  %fill = nn.binary mul %not, %far : (tensor<3x3xf32>, tensor<f32>) -> tensor<3x3xf32>
  %a = nn.binary sub %kept, %fill : (tensor<2x3x3xf32>, tensor<3x3xf32>) -> tensor<2x3x3xf32>
  %p = nn.softmax %a {axis = 2 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = nn.matmul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// A soft cap; a position bias and a mask; masked_fill, which names what is hidden.
// CHECK-LABEL: @capped
// CHECK:         %[[NOT:.*]] = nn.unary not %arg5
// CHECK:         %[[B:.*]] = nn.select %[[NOT]], %{{.*}}, %{{.*}} : (tensor<3x3xi1>
// CHECK:         nn.attention %arg0, %arg1, %arg2, %[[NOT]], %[[B]] {fill = -5.000000e+00 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>, scale = 2.500000e-01 : f64, softcap = 3.000000e+01 : f64}
func.func @capped(%q: tensor<2x3x4xf32>, %k: tensor<2x3x4xf32>, %v: tensor<2x3x4xf32>, %m: tensor<1x3xf32>, %n: tensor<2x3x3xf32>,
                  %hidden: tensor<3x3xi1>) -> tensor<2x3x4xf32> {
  %quarter = nn.constant dense<0.25> : tensor<f32>
  %cap = nn.constant dense<30.0> : tensor<f32>
  %low = nn.constant dense<-5.0> : tensor<f32>
  %s = nn.matmul %q, %k {transpose_rhs = true} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x3xf32>
  %x = nn.binary mul %s, %quarter : (tensor<2x3x3xf32>, tensor<f32>) -> tensor<2x3x3xf32>
  %small = nn.binary div %x, %cap : (tensor<2x3x3xf32>, tensor<f32>) -> tensor<2x3x3xf32>
  %tanh = nn.unary tanh %small : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %c = nn.binary mul %tanh, %cap : (tensor<2x3x3xf32>, tensor<f32>) -> tensor<2x3x3xf32>
  %a = nn.binary add %c, %m : (tensor<2x3x3xf32>, tensor<1x3xf32>) -> tensor<2x3x3xf32>
  %b = nn.binary add %n, %a : (tensor<2x3x3xf32>, tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %w = nn.select %hidden, %low, %b : (tensor<3x3xi1>, tensor<f32>, tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %p = nn.softmax %w {axis = 2 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = nn.matmul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// A softmax over columns is another function.
// CHECK-LABEL: @columns
// CHECK-NOT:     nn.attention
// CHECK:         return
func.func @columns(%q: tensor<2x3x4xf32>, %k: tensor<2x3x4xf32>, %v: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %s = nn.matmul %q, %k {transpose_rhs = true} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x3xf32>
  %p = nn.softmax %s {axis = 1 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = nn.matmul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// A mask that is no choice: it scales the scores.
// CHECK-LABEL: @gated
// CHECK-NOT:     nn.attention
// CHECK:         return
func.func @gated(%q: tensor<2x3x4xf32>, %k: tensor<2x3x4xf32>, %v: tensor<2x3x4xf32>, %g: tensor<3x3xf32>) -> tensor<2x3x4xf32> {
  %s = nn.matmul %q, %k {transpose_rhs = true} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x3xf32>
  %a = nn.binary mul %s, %g : (tensor<2x3x3xf32>, tensor<3x3xf32>) -> tensor<2x3x3xf32>
  %p = nn.softmax %a {axis = 2 : i64} : (tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %y = nn.matmul %p, %v : (tensor<2x3x3xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
