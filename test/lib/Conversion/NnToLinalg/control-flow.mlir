// RUN: lpc-opt %s --convert-nn-to-linalg | FileCheck %s
// Types change through control flow and calls, and in tensor ops that stand between nn ops; lp ops stay.

// CHECK-LABEL: func.func @loop
func.func @loop(%x: tensor<?xui8>, %n: index) -> tensor<?xui8> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (tensor<?xi8>)
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<?xui8> {
    // CHECK: arith.addi {{.*}} : i8
    %0 = nn.binary add %a, %x : (tensor<?xui8>, tensor<?xui8>) -> tensor<?xui8>
    scf.yield %0 : tensor<?xui8>
  }
  return %r : tensor<?xui8>
}

// CHECK-LABEL: func.func @condition
func.func @condition(%c: i1, %x: tensor<?xi4>) -> tensor<?xi4> {
  // CHECK: scf.if %{{.*}} -> (tensor<?xi8>)
  %r = scf.if %c -> tensor<?xi4> {
    %0 = nn.unary neg %x : (tensor<?xi4>) -> tensor<?xi4>
    scf.yield %0 : tensor<?xi4>
  } else {
    scf.yield %x : tensor<?xi4>
  }
  return %r : tensor<?xi4>
}

// CHECK-LABEL: func.func @tensor_ops
func.func @tensor_ops(%x: tensor<?xui8>, %i: index) -> (ui8, index, tensor<4xui8>) {
  %c0 = arith.constant 0 : index
  // CHECK: tensor.extract %{{.*}} : tensor<?xi8>
  %0 = tensor.extract %x[%i] : tensor<?xui8>
  // CHECK: tensor.dim %{{.*}} : tensor<?xi8>
  %1 = tensor.dim %x, %c0 : tensor<?xui8>
  // CHECK: tensor.cast %{{.*}} : tensor<?xi8> to tensor<4xi8>
  %2 = tensor.cast %x : tensor<?xui8> to tensor<4xui8>
  // CHECK: return %{{.*}}, %{{.*}}, %{{.*}} : i8, index, tensor<4xi8>
  return %0, %1, %2 : ui8, index, tensor<4xui8>
}

// CHECK-LABEL: func.func @region
func.func @region(%x: ui8, %n: index) -> tensor<?xui8> {
  // CHECK: tensor.generate
  // CHECK: tensor.yield %{{.*}} : i8
  // CHECK: : tensor<?xi8>
  %0 = tensor.generate %n {
  ^bb0(%i: index):
    tensor.yield %x : ui8
  } : tensor<?xui8>
  return %0 : tensor<?xui8>
}

// CHECK-LABEL: func.func @caller
func.func @caller(%x: tensor<?xui8>, %i: index) -> tensor<4xui8> {
  // CHECK: call @tensor_ops(%{{.*}}, %{{.*}}) : (tensor<?xi8>, index) -> (i8, index, tensor<4xi8>)
  %0:3 = func.call @tensor_ops(%x, %i) : (tensor<?xui8>, index) -> (ui8, index, tensor<4xui8>)
  return %0#2 : tensor<4xui8>
}

// CHECK-LABEL: func.func @lp_stays
func.func @lp_stays(%x: tensor<4xui8>) -> tensor<4xui8> {
  // CHECK: %[[X:.*]] = builtin.unrealized_conversion_cast %{{.*}} : tensor<4xi8> to tensor<4xui8>
  // CHECK: lp.bitcast %[[X]] : tensor<4xui8> -> tensor<4x!lp.uint8>
  %0 = lp.bitcast %x : tensor<4xui8> -> tensor<4x!lp.uint8>
  %1 = lp.bitcast %0 : tensor<4x!lp.uint8> -> tensor<4xui8>
  %2 = nn.binary max %1, %x : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %2 : tensor<4xui8>
}
