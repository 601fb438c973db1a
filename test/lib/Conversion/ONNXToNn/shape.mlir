// Operators that read or change shapes, and the shape computations of exporters.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// x.view(batch, seq, 8, -1): the sizes are the argument's, -1 is what is left, and no shape computation stays.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?x?x256xf32>
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[T:.*]] = tensor.dim %[[X]], %c1
// CHECK-NOT: tensor.extract
// CHECK-NOT: tensor.from_elements
// CHECK: %[[Y:.*]] = nn.reshape %[[X]][%[[B]], %[[T]]] : tensor<?x?x256xf32> -> tensor<?x?x8x32xf32>
// CHECK-NEXT: return %[[Y]]
func.func @main(%x: tensor<?x?x256xf32> {nn.dims = ["batch", "seq", ""]}) -> tensor<*xf32> {
  %zero = onnx.constant dense<0> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64>
  %axes = onnx.constant dense<0> : tensor<1xi64>
  %tail = onnx.constant dense<[8, -1]> : tensor<2xi64>
  %s = onnx.node "Shape"(%x) opset 18 : (tensor<?x?x256xf32>) -> tensor<3xi64>
  %b = onnx.node "Gather"(%s, %zero) {axis = 0} opset 18 : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %t = onnx.node "Gather"(%s, %one) {axis = 0} opset 18 : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %b1 = onnx.node "Unsqueeze"(%b, %axes) opset 18 : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %t1 = onnx.node "Unsqueeze"(%t, %axes) opset 18 : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %shape = onnx.node "Concat"(%b1, %t1, %tail) {axis = 0} opset 18 : (tensor<1xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<4xi64>
  %y = onnx.node "Reshape"(%x, %shape) opset 18 : (tensor<?x?x256xf32>, tensor<4xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// x.expand(-1, 4): Where(Equal(shape, -1), ones, shape) is decided although sizes are unknown.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?x1xf32>
// CHECK: %[[B:.*]] = tensor.dim %[[X]], %c0
// CHECK-NOT: nn.select
// CHECK: nn.broadcast %[[X]][%[[B]]] : tensor<?x1xf32> -> tensor<?x4xf32>
func.func @main(%x: tensor<?x1xf32>) -> tensor<*xf32> {
  %four = onnx.constant dense<4> : tensor<1xi64>
  %minus = onnx.constant dense<-1> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64>
  %b = onnx.node "Shape"(%x) {start = 0, end = 1} opset 18 : (tensor<?x1xf32>) -> tensor<1xi64>
  %s = onnx.node "Concat"(%b, %four) {axis = 0} opset 18 : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %n = onnx.node "Shape"(%s) opset 18 : (tensor<2xi64>) -> tensor<1xi64>
  %ones = onnx.node "ConstantOfShape"(%n) {value = dense<1> : tensor<1xi64>} opset 18 : (tensor<1xi64>) -> tensor<2xi64>
  %m = onnx.node "Mul"(%ones, %minus) opset 18 : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
  %e = onnx.node "Equal"(%s, %m) opset 18 : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi1>
  %w = onnx.node "Where"(%e, %ones, %s) opset 18 : (tensor<2xi1>, tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  %y = onnx.node "Expand"(%x, %w) opset 18 : (tensor<?x1xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Dimensions of equal names are one size; sizes of results are expressions in the arguments' sizes, however obtained.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32> {{.*}}, %[[P:.*]]: tensor<?x?xf32>
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[P]], %c0
// CHECK-DAG: %[[T:.*]] = tensor.dim %[[X]], %c1
// CHECK-DAG: %[[PAST:.*]] = tensor.dim %[[P]], %c1
// CHECK: nn.concat %[[P]], %[[X]]
// CHECK: %[[N:.*]] = arith.addi %[[PAST]], %[[T]]
// CHECK: nn.reshape %{{.*}}[%[[N]], %[[B]]] : tensor<?x?xf32> -> tensor<?x?xf32>
// CHECK-NOT: nn.broadcast
func.func @main(%x: tensor<?x?xf32> {nn.dims = ["b", "t"]}, %p: tensor<?x?xf32> {nn.dims = ["b", "past"]}) -> (tensor<*xf32>, tensor<*xf32>) {
  %c = onnx.node "Concat"(%p, %x) {axis = 1} opset 18 : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<*xf32>
  %r = onnx.node "Relu"(%c) opset 18 : (tensor<*xf32>) -> tensor<*xf32>
  %n = onnx.node "Shape"(%r) {start = 1} opset 18 : (tensor<*xf32>) -> tensor<1xi64>
  %rest = onnx.constant dense<-1> : tensor<1xi64>
  %s = onnx.node "Concat"(%n, %rest) {axis = 0} opset 18 : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %y = onnx.node "Reshape"(%c, %s) opset 18 : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  %z = onnx.node "Add"(%r, %c) opset 18 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y, %z : tensor<*xf32>, tensor<*xf32>
}

// -----

// Two unknown sizes that are not known to be equal: one may be 1.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?xf32> {{.*}}, %[[Y:.*]]: tensor<?xf32>
// CHECK: arith.cmpi eq
// CHECK: %[[N:.*]] = arith.select
// CHECK: %[[XB:.*]] = nn.broadcast %[[X]][%[[N]]]
// CHECK: %[[YB:.*]] = nn.broadcast %[[Y]][%[[N]]]
// CHECK: nn.binary add %[[XB]], %[[YB]]
func.func @main(%x: tensor<?xf32> {nn.dims = ["n"]}, %y: tensor<?xf32> {nn.dims = ["m"]}) -> tensor<*xf32> {
  %0 = onnx.node "Add"(%x, %y) opset 18 : (tensor<?xf32>, tensor<?xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A shape that is computed at run time: each element may be a size, 0 or -1.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>, %[[S:.*]]: tensor<1xi64>
// CHECK: tensor.extract %[[S]]
// CHECK: arith.select
// CHECK: nn.reshape %[[X]][%{{.*}}] : tensor<2x3xf32> -> tensor<?xf32>
func.func @main(%x: tensor<2x3xf32>, %s: tensor<1xi64>) -> tensor<*xf32> {
  %0 = onnx.node "Reshape"(%x, %s) opset 18 : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Static reshapes: 0 copies, allowzero makes it 0; Flatten, Squeeze, Unsqueeze in both forms, Size.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<2x1x3xf32>, %[[E:.*]]: tensor<0x4xf32>
// CHECK-DAG: %[[COUNT:.*]] = nn.constant dense<6> : tensor<i64>
// CHECK-DAG: nn.reshape %[[X]] : tensor<2x1x3xf32> -> tensor<2x3xf32>
// CHECK-DAG: nn.reshape %[[E]] : tensor<0x4xf32> -> tensor<0x2xf32>
// CHECK-DAG: nn.reshape %[[X]] : tensor<2x1x3xf32> -> tensor<1x6xf32>
// CHECK-DAG: nn.reshape %[[X]] : tensor<2x1x3xf32> -> tensor<1x2x1x3x1xf32>
func.func @main(%x: tensor<2x1x3xf32>, %e: tensor<0x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>) {
  %copy = onnx.constant dense<[0, -1]> : tensor<2xi64>
  %zero = onnx.constant dense<[0, 2]> : tensor<2xi64>
  %axes = onnx.constant dense<[0, -1]> : tensor<2xi64>
  %0 = onnx.node "Reshape"(%x, %copy) opset 18 : (tensor<2x1x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  %1 = onnx.node "Reshape"(%e, %zero) {allowzero = 1} opset 18 : (tensor<0x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  %2 = onnx.node "Flatten"(%x) {axis = 0} opset 18 : (tensor<2x1x3xf32>) -> tensor<*xf32>
  %3 = onnx.node "Squeeze"(%x) {axes = [1]} opset 11 : (tensor<2x1x3xf32>) -> tensor<*xf32>
  %4 = onnx.node "Unsqueeze"(%x, %axes) opset 13 : (tensor<2x1x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  %5 = onnx.node "Size"(%x) opset 13 : (tensor<2x1x3xf32>) -> tensor<*xi64>
  return %0, %1, %2, %3, %4, %5 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>
}

// -----

// A causal mask as exporters build it: Range over a size, no loop.
// CHECK-LABEL: func.func @main(
// CHECK: %[[T:.*]] = tensor.dim
// CHECK: nn.iota[%[[T]]] {axis = 0 : i64} : tensor<?xi64>
// CHECK-NOT: nn.binary
// CHECK: nn.iota[%[[T]], %[[T]]] {axis = 0 : i64} : tensor<?x?xi64>
// CHECK: nn.iota[%[[T]], %[[T]]] {axis = 1 : i64} : tensor<?x?xi64>
// CHECK: nn.compare le
// CHECK: nn.select
func.func @main(%x: tensor<?x?xf32> {nn.dims = ["t", "t"]}) -> (tensor<*xi64>, tensor<*xf32>) {
  %zero = onnx.constant dense<0> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64>
  %s = onnx.node "Shape"(%x) opset 18 : (tensor<?x?xf32>) -> tensor<2xi64>
  %t = onnx.node "Gather"(%s, %one) opset 18 : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %r = onnx.node "Range"(%zero, %t, %one) opset 18 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  %m = onnx.node "Trilu"(%x) {upper = 0} opset 18 : (tensor<?x?xf32>) -> tensor<*xf32>
  return %r, %m : tensor<*xi64>, tensor<*xf32>
}

// -----

// Tile and Expand repeat without copies of their own; Dropout is the identity; EyeLike and OneHot compare positions.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>, %[[I:.*]]: tensor<4xi64>
// CHECK: %[[U:.*]] = nn.reshape %[[X]] : tensor<2x3xf32> -> tensor<2x1x3xf32>
// CHECK: %[[R:.*]] = nn.broadcast %[[U]] : tensor<2x1x3xf32> -> tensor<2x2x3xf32>
// CHECK: %[[TILED:.*]] = nn.reshape %[[R]] : tensor<2x2x3xf32> -> tensor<2x6xf32>
// CHECK: nn.compare eq %{{.*}} : (tensor<2x3xi64>, tensor<2x3xi64>) -> tensor<2x3xi1>
// CHECK: nn.compare eq %{{.*}} : (tensor<4x1xi64>, tensor<1x5xi64>) -> tensor<4x5xi1>
// CHECK: %[[MASK:.*]] = nn.constant dense<true> : tensor<2x3xi1>
// CHECK: return %[[TILED]], %{{.*}}, %{{.*}}, %[[X]], %[[MASK]]
func.func @main(%x: tensor<2x3xf32>, %i: tensor<4xi64>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi1>) {
  %repeats = onnx.constant dense<[1, 2]> : tensor<2xi64>
  %depth = onnx.constant dense<5> : tensor<i64>
  %values = onnx.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %0 = onnx.node "Tile"(%x, %repeats) opset 13 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  %1 = onnx.node "EyeLike"(%x) {k = 1} opset 13 : (tensor<2x3xf32>) -> tensor<*xf32>
  %2 = onnx.node "OneHot"(%i, %depth, %values) opset 13 : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> tensor<*xf32>
  %3:2 = onnx.node "Dropout"(%x) opset 13 : (tensor<2x3xf32>) -> (tensor<*xf32>, tensor<*xi1>)
  return %0, %1, %2, %3#0, %3#1 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi1>
}
