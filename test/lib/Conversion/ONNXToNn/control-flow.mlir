// Constants, conditionals and loops.
// RUN: lpc-opt %s -split-input-file -convert-onnx-to-nn | FileCheck %s

// A constant condition leaves one branch; another becomes scf.if, whose type joins those of the branches.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[C:.*]]: tensor<i1>, %[[X:.*]]: tensor<4xf32>
// CHECK: %[[BIT:.*]] = tensor.extract %[[C]][]
// CHECK: %[[R:.*]] = scf.if %[[BIT]] -> (tensor<?xf32>)
// CHECK: nn.unary relu %[[X]]
// CHECK: tensor.cast %{{.*}} : tensor<4xf32> to tensor<?xf32>
// CHECK: else
// CHECK: nn.slice %[[X]]
// CHECK: %[[N:.*]] = nn.unary neg %[[X]]
// CHECK: return %[[R]], %[[N]]
func.func @main(%c: tensor<i1>, %x: tensor<4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.node "If"(%c) opset 13 graph then_branch {
    %1 = onnx.node "Relu"(%x) opset 13 : (tensor<4xf32>) -> tensor<*xf32>
    onnx.yield %1 : tensor<*xf32>
  } graph else_branch {
    %1 = onnx.node "Slice"(%x) {starts = [1], ends = [2]} opset 9 : (tensor<4xf32>) -> tensor<*xf32>
    onnx.yield %1 : tensor<*xf32>
  } : (tensor<i1>) -> tensor<*xf32>
  %true = onnx.node "Constant"() {value = dense<true> : tensor<i1>} opset 13 : () -> tensor<i1>
  %2 = onnx.node "If"(%true) opset 13 graph then_branch {
    %3 = onnx.node "Neg"(%x) opset 13 : (tensor<4xf32>) -> tensor<*xf32>
    onnx.yield %3 : tensor<*xf32>
  } graph else_branch {
    onnx.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> tensor<*xf32>
  return %0, %2 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A known number of rounds is scf.for; appended values fill one tensor.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[N:.*]]: tensor<i64>, %[[X:.*]]: tensor<4xf32>
// CHECK: %[[ALL:.*]] = tensor.empty(%{{.*}}) : tensor<?x4xf32>
// CHECK: scf.for %[[I:.*]] = %{{.*}} iter_args(%[[S:.*]] = %[[X]], %[[A:.*]] = %[[ALL]])
// CHECK: %[[T:.*]] = nn.binary add %[[S]], %[[X]]
// CHECK: tensor.insert_slice %{{.*}} into %[[A]][%[[I]], 0] [1, 4] [1, 1]
// CHECK: scf.yield %[[T]],
func.func @main(%n: tensor<i64>, %x: tensor<4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %none = onnx.none
  %0:2 = onnx.node "Loop"(%n, %none, %x) opset 13 graph body {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<4xf32>):
    %t = onnx.node "Add"(%s, %x) opset 13 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    onnx.yield %c, %t, %s : tensor<i1>, tensor<4xf32>, tensor<4xf32>
  } : (tensor<i64>, none, tensor<4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A condition makes it scf.while.
// CHECK-LABEL: func.func @main(
// CHECK: scf.while
// CHECK: scf.condition
// CHECK: nn.binary add
// CHECK: nn.compare lt
// CHECK: scf.yield
func.func @main(%c: tensor<i1>, %x: tensor<f32>, %limit: tensor<f32>) -> tensor<*xf32> {
  %none = onnx.none
  %0 = onnx.node "Loop"(%none, %c, %x) opset 13 graph body {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %s: tensor<f32>):
    %t = onnx.node "Add"(%s, %x) opset 13 : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %again = onnx.node "Less"(%t, %limit) opset 13 : (tensor<f32>, tensor<f32>) -> tensor<i1>
    onnx.yield %again, %t : tensor<i1>, tensor<f32>
  } : (none, tensor<i1>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Scan over a short constant length is unrolled.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: scf
// CHECK: %[[S1:.*]] = nn.binary add
// CHECK: %[[S2:.*]] = nn.binary add %[[S1]],
// CHECK: %[[ALL:.*]] = nn.concat {{.*}} -> tensor<2x4xf32>
// CHECK: return %[[S2]], %[[ALL]]
func.func @main(%s: tensor<4xf32>, %x: tensor<2x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = onnx.node "Scan"(%s, %x) {num_scan_inputs = 1} opset 11 graph body {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
    %t = onnx.node "Add"(%a, %b) opset 13 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    onnx.yield %t, %t : tensor<4xf32>, tensor<4xf32>
  } : (tensor<4xf32>, tensor<2x4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}
