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

// A constant through a constant table, if its codes get no wider: (3, 0, 2) and (1, 1, 0) through one table for each row.
// CHECK-LABEL: func.func @lookup_of_constant
func.func @lookup_of_constant() -> tensor<2x3x!lp.int2> {
  // CHECK-NEXT: %[[Y:.*]] = lp.constant dense_resource<[[LOOKUP:lookup.*]]> : tensor<2x3x!lp.int2>
  // CHECK-NEXT: return %[[Y]]
  %c = lp.constant dense_resource<lookup_codes> : tensor<2x3x!lp.uint2>
  %t = lp.constant dense_resource<lookup_table> : tensor<2x4x!lp.int2>
  %y = lp.lookup %c table(%t : tensor<2x4x!lp.int2>) axes [0] : tensor<2x3x!lp.uint2> -> tensor<2x3x!lp.int2>
  return %y : tensor<2x3x!lp.int2>
}

// CHECK-LABEL: func.func @lookup_widens
func.func @lookup_widens(%t: tensor<4xf32>, %u: tensor<4x!lp.int8>) -> (tensor<2x3xf32>, tensor<2x3x!lp.int8>) {
  // CHECK: lp.lookup
  // CHECK: lp.lookup
  %c = lp.constant dense_resource<lookup_codes> : tensor<2x3x!lp.uint2>
  %y = lp.lookup %c table(%t : tensor<4xf32>) : tensor<2x3x!lp.uint2> -> tensor<2x3xf32>
  %z = lp.lookup %c table(%u : tensor<4x!lp.int8>) : tensor<2x3x!lp.uint2> -> tensor<2x3x!lp.int8>
  return %y, %z : tensor<2x3xf32>, tensor<2x3x!lp.int8>
}

// CHECK: [[LOOKUP]]: "0x40000000A30E"
{-#
  dialect_resources: {
    builtin: {
      lookup_codes: "0x010000006301",
      lookup_table: "0x01000000e41b"
    }
  }
#-}
