// RUN: lpc-opt %s --lpc-check-shapes --canonicalize --cse --split-input-file | FileCheck %s
// What operations demand of unknown sizes becomes assertions; what types or values show does not.

// CHECK-LABEL: func.func @contracted_sizes
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>
// CHECK: %[[K:.*]] = tensor.dim %[[X]], %c1
// CHECK: %[[OK:.*]] = arith.cmpi eq, %[[K]], %c64
// CHECK: cf.assert %[[OK]], "nn.matmul: the contracted sizes of the operands differ"
func.func @contracted_sizes(%x: tensor<?x?xf32>, %w: tensor<64x32xf32>) -> tensor<?x32xf32> {
  %0 = nn.matmul %x, %w : (tensor<?x?xf32>, tensor<64x32xf32>) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

// CHECK-LABEL: func.func @sum_of_unknown_sizes
// CHECK: cf.assert %{{.*}}, "nn.binary: sizes of operands differ where they must agree"
func.func @sum_of_unknown_sizes(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = nn.binary add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @reshape
// CHECK: cf.assert %{{.*}}, "nn.reshape: a size of the new shape is negative"
// CHECK: cf.assert %{{.*}}, "nn.reshape: the new shape has another number of elements"
func.func @reshape(%x: tensor<?xf32>, %n: index) -> tensor<?x2xf32> {
  %0 = nn.reshape %x [%n] : tensor<?xf32> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: func.func @window
// CHECK: arith.cmpi sge, %{{.*}}, %c3
// CHECK: cf.assert %{{.*}}, "nn.pool: the window is larger than its input"
func.func @window(%x: tensor<1x1x?xf32>) -> tensor<1x1x?xf32> {
  %0 = nn.pool max %x {kernel = array<i64: 3>, strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>}
     : (tensor<1x1x?xf32>) -> tensor<1x1x?xf32>
  return %0 : tensor<1x1x?xf32>
}

// -----

// CHECK-LABEL: func.func @no_check_of_static_sizes
// CHECK-NOT: cf.assert
func.func @no_check_of_static_sizes(%x: tensor<4x8xf32>, %y: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = nn.binary add %x, %y : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @divisor
// CHECK-SAME: (%{{.*}}: index, %[[D:.*]]: index)
// CHECK: %[[OK:.*]] = arith.cmpi ne, %[[D]], %c0
// CHECK: cf.assert %[[OK]], "arith.ceildivsi: a step or divisor that is computed at run time is 0"
func.func @divisor(%n: index, %d: index) -> index {
  %0 = arith.ceildivsi %n, %d : index
  return %0 : index
}

// -----

// Bounds that an integer-only program was compiled for.
// CHECK-LABEL: func.func @bounds
// CHECK: arith.cmpi sle, %{{.*}}, %c64
// CHECK: cf.assert %{{.*}}, "lp.int_softmax: a softmax has more elements than the bound that was given"
// CHECK: arith.cmpi sle, %{{.*}}, %c4
// CHECK: cf.assert %{{.*}}, "nn.slice: a size exceeds the bound of the tables that were made for it"
func.func @bounds(%x: tensor<2x?x!lp.int1>, %e: tensor<2xi32>, %n: index) -> (tensor<2x?x!lp.uint8>, tensor<?x1xi16>) {
  %y = lp.int_softmax %x table(%e : tensor<2xi32>) {axis = 1, fraction = 8, max_terms = 64} : tensor<2x?x!lp.int1> -> tensor<2x?x!lp.uint8>
  %t = nn.constant dense<1> : tensor<4x1xi16>
  %s = nn.slice %t offsets [0, 0] sizes [%n, 1] strides [1, 1] : tensor<4x1xi16> -> tensor<?x1xi16>
  return %y, %s : tensor<2x?x!lp.uint8>, tensor<?x1xi16>
}
