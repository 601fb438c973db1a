// RUN: lpc-opt %s | lpc-opt | FileCheck %s
// RUN: lpc-opt %s --mlir-print-op-generic | lpc-opt | FileCheck %s

// Every op of the dialect prints and parses, in its own form and in the generic one.

// CHECK-LABEL: func @node
// CHECK-SAME: (%[[X:.*]]: tensor<?x1x8x8xf32>, %[[W:.*]]: tensor<32x1x3x3xf32>)
func.func @node(%x: tensor<?x1x8x8xf32>, %w: tensor<32x1x3x3xf32>) -> tensor<*xf32> {
  // CHECK: onnx.node "Conv"(%[[X]], %[[W]]) named "Conv_12" {group = 1 : i64, strides = [2, 2]} opset 18 : (tensor<?x1x8x8xf32>, tensor<32x1x3x3xf32>) -> tensor<*xf32>
  %y = onnx.node "Conv"(%x, %w) named "Conv_12" {group = 1, strides = [2, 2]} opset 18
    : (tensor<?x1x8x8xf32>, tensor<32x1x3x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// CHECK-LABEL: func @domain_and_all_attribute_kinds
func.func @domain_and_all_attribute_kinds() -> !onnx.unknown {
  // CHECK: onnx.node "MatMulNBits"() domain "com.microsoft" {f = 1.500000e+00 : f32, fs = [1.000000e+00 : f32], i = 3 : i64, s = "text", t = dense<1> : tensor<2xi8>, ts = [dense<1> : tensor<2xi8>, dense<2> : tensor<i64>], ty = tensor<?xf32>} opset 1 : () -> !onnx.unknown
  %y = onnx.node "MatMulNBits"() domain "com.microsoft" {
      f = 1.5 : f32, fs = [1.0 : f32], i = 3, s = "text", t = dense<1> : tensor<2xi8>,
      ts = [dense<1> : tensor<2xi8>, dense<2> : tensor<i64>], ty = tensor<?xf32>
    } opset 1 : () -> !onnx.unknown
  return %y : !onnx.unknown
}

// CHECK-LABEL: func @absent_input
func.func @absent_input(%x: tensor<4xf32>, %max: tensor<f32>) -> tensor<4xf32> {
  // CHECK: %[[NONE:.*]] = onnx.none
  // CHECK: onnx.node "Clip"(%{{.*}}, %[[NONE]], %{{.*}}) opset 13 : (tensor<4xf32>, none, tensor<f32>) -> tensor<4xf32>
  %none = onnx.none
  %y = onnx.node "Clip"(%x, %none, %max) opset 13
    : (tensor<4xf32>, none, tensor<f32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func @several_results
func.func @several_results(%x: tensor<4xf32>) -> (tensor<*xf32>, !onnx.opaque<"seq(tensor(float))">) {
  // CHECK: %[[R:.*]]:2 = onnx.node "Any"(%{{.*}}) opset 13 : (tensor<4xf32>) -> (tensor<*xf32>, !onnx.opaque<"seq(tensor(float))">)
  %y:2 = onnx.node "Any"(%x) opset 13 : (tensor<4xf32>) -> (tensor<*xf32>, !onnx.opaque<"seq(tensor(float))">)
  // CHECK: return %[[R]]#0, %[[R]]#1
  return %y#0, %y#1 : tensor<*xf32>, !onnx.opaque<"seq(tensor(float))">
}

// Subgraphs take block arguments and see the values around them.
// CHECK-LABEL: func @graphs
// CHECK-SAME: (%[[C:.*]]: tensor<i1>, %[[X:.*]]: tensor<4xf32>)
func.func @graphs(%c: tensor<i1>, %x: tensor<4xf32>) -> !onnx.unknown {
  // CHECK: onnx.node "If"(%[[C]]) opset 18 graph then_branch {
  // CHECK:   onnx.yield %[[X]] : tensor<4xf32>
  // CHECK: } graph "else branch" {
  // CHECK:   onnx.node "Loop"() opset 18 graph body {
  // CHECK:   ^bb0(%[[I:.*]]: tensor<i64>):
  // CHECK:     onnx.yield %[[I]], %[[X]] : tensor<i64>, tensor<4xf32>
  // CHECK:   onnx.yield
  // CHECK: } attributes {note = "kept"} : (tensor<i1>) -> !onnx.unknown
  %y = onnx.node "If"(%c) opset 18 graph then_branch {
    onnx.yield %x : tensor<4xf32>
  } graph "else branch" {
    %z = onnx.node "Loop"() opset 18 graph body {
    ^bb0(%i: tensor<i64>):
      onnx.yield %i, %x : tensor<i64>, tensor<4xf32>
    } : () -> tensor<*xf32>
    onnx.yield %z : tensor<*xf32>
  } attributes {note = "kept"} : (tensor<i1>) -> !onnx.unknown
  return %y : !onnx.unknown
}

// CHECK-LABEL: func @constants
func.func @constants() -> (tensor<2xf32>, tensor<2xi4>, tensor<2xui8>, tensor<16xf8E4M3FN>) {
  // CHECK: onnx.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  %a = onnx.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK: onnx.constant dense<[-8, 7]> : tensor<2xi4>
  %b = onnx.constant dense<[-8, 7]> : tensor<2xi4>
  // CHECK: onnx.constant dense<255> : tensor<2xui8>
  %c = onnx.constant dense<255> : tensor<2xui8>
  // CHECK: onnx.constant dense_resource<big> : tensor<16xf8E4M3FN>
  %d = onnx.constant dense_resource<big> : tensor<16xf8E4M3FN>
  return %a, %b, %c, %d : tensor<2xf32>, tensor<2xi4>, tensor<2xui8>, tensor<16xf8E4M3FN>
}

{-# dialect_resources: { builtin: { big: "0x010000000102030405060708090A0B0C0D0E0F10" } } #-}
