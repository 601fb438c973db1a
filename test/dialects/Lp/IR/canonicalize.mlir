// RUN: lpc-opt %s --canonicalize | FileCheck %s
// Folders of the lp dialect.

// CHECK-LABEL: func.func @bitcast_there_and_back
// CHECK-SAME: (%[[X:.*]]: tensor<4xui8>)
func.func @bitcast_there_and_back(%x: tensor<4xui8>) -> tensor<4xui8> {
  // CHECK-NEXT: return %[[X]]
  %c = lp.bitcast %x : tensor<4xui8> -> tensor<4x!lp.uint8>
  %y = lp.bitcast %c : tensor<4x!lp.uint8> -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// CHECK-LABEL: func.func @no_fold_to_another_type
func.func @no_fold_to_another_type(%x: tensor<4xui8>) -> tensor<4xi8> {
  // CHECK: lp.bitcast
  // CHECK: lp.bitcast
  %c = lp.bitcast %x : tensor<4xui8> -> tensor<4x!lp.uint8>
  %y = lp.bitcast %c : tensor<4x!lp.uint8> -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// An observer has an effect: it stays although nobody reads it.
// CHECK-LABEL: func.func @observe_stays
func.func @observe_stays(%x: tensor<4xf32>) {
  // CHECK: lp.observe
  %o = lp.observe %x {id = 0} : tensor<4xf32>
  return
}
