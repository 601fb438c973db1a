// RUN: lpc-opt %s --convert-lp-to-linalg --canonicalize --split-input-file | FileCheck %s
// Codes in tensors, constants and at the border: one byte per code in memory, `width` bits per code in constants.

// A code of 8 bits is its byte: the blob is the tensor.
// CHECK-LABEL: @constant_of_bytes
// CHECK: %[[C:.*]] = arith.constant dense_resource<w> : tensor<2x2xi8>
// CHECK: return %[[C]]
func.func @constant_of_bytes() -> tensor<2x2x!lp.int8> {
  %w = lp.constant dense_resource<w> : tensor<2x2x!lp.int8>
  return %w : tensor<2x2x!lp.int8>
}

{-# dialect_resources: { builtin: { w: "0x0400000001020304" } } #-}

// -----

// Four bits stay four bits in the artefact; a loop over bytes takes two codes out of each.
// CHECK-LABEL: @constant_of_nibbles
// CHECK: %[[C:.*]] = arith.constant dense_resource<w> : tensor<2xi8>
// CHECK: linalg.generic {{.*}} ins(%[[C]] : tensor<2xi8>) outs(%{{.*}} : tensor<2x2xi8>)
// CHECK: arith.shrui
// CHECK: arith.andi %{{.*}}, %c15_i8
func.func @constant_of_nibbles() -> tensor<2x2x!lp.int4> {
  %w = lp.constant dense_resource<w> : tensor<2x2x!lp.int4>
  return %w : tensor<2x2x!lp.int4>
}

{-# dialect_resources: { builtin: { w: "0x040000002143" } } #-}

// -----

// A code of 11 bits can lie in three bytes.
// CHECK-LABEL: @constant_of_11_bits
// CHECK: arith.constant dense_resource<w> : tensor<3xi8>
// CHECK-COUNT-3: tensor.extract
// CHECK: arith.trunci %{{.*}} : i32 to i16
func.func @constant_of_11_bits() -> tensor<2x!lp.int11> {
  %w = lp.constant dense_resource<w> : tensor<2x!lp.int11>
  return %w : tensor<2x!lp.int11>
}

{-# dialect_resources: { builtin: { w: "0x04000000214305" } } #-}

// -----

// Bits above the width are nobody's: a narrow integer comes in as it is and is extended by its sign when it leaves.
// CHECK-LABEL: @bitcast_narrow
// CHECK: %[[IN:.*]] = builtin.unrealized_conversion_cast %{{.*}} : tensor<4xi4> to tensor<4xi8>
// CHECK: linalg.generic
// CHECK: arith.shli
// CHECK: arith.shrsi
// CHECK: builtin.unrealized_conversion_cast %{{.*}} : tensor<4xi8> to tensor<4xi4>
func.func @bitcast_narrow(%x: tensor<4xi4>) -> tensor<4xi4> {
  %c = lp.bitcast %x : tensor<4xi4> -> tensor<4x!lp.int4>
  %r = tensor.cast %c : tensor<4x!lp.int4> to tensor<?x!lp.int4>
  %s = tensor.cast %r : tensor<?x!lp.int4> to tensor<4x!lp.int4>
  %y = lp.bitcast %s : tensor<4x!lp.int4> -> tensor<4xi4>
  return %y : tensor<4xi4>
}

// -----

// CHECK-LABEL: @bitcast_half
// CHECK: arith.bitcast %{{.*}} : f16 to i16
func.func @bitcast_half(%x: tensor<4xf16>) -> tensor<4x!lp.fp16> {
  %c = lp.bitcast %x : tensor<4xf16> -> tensor<4x!lp.fp16>
  return %c : tensor<4x!lp.fp16>
}

// -----

// Operations of other dialects move codes as their storage.
// CHECK-LABEL: @foreign
// CHECK-SAME: tensor<?x4xi8>
// CHECK: tensor.extract_slice %{{.*}} : tensor<?x4xi8> to tensor<?x2xi8>
// CHECK-NOT: !lp.
func.func @foreign(%x: tensor<?x4x!lp.e2m1>, %n: index, %c: i1) -> tensor<?x2x!lp.e2m1> {
  %s = tensor.extract_slice %x[0, 0] [%n, 2] [1, 1] : tensor<?x4x!lp.e2m1> to tensor<?x2x!lp.e2m1>
  %r = scf.if %c -> tensor<?x2x!lp.e2m1> {
    scf.yield %s : tensor<?x2x!lp.e2m1>
  } else {
    %t = tensor.extract_slice %x[0, 2] [%n, 2] [1, 1] : tensor<?x4x!lp.e2m1> to tensor<?x2x!lp.e2m1>
    scf.yield %t : tensor<?x2x!lp.e2m1>
  }
  return %r : tensor<?x2x!lp.e2m1>
}

// -----

// CHECK-LABEL: func.func private @lpc_observe_f32(memref<?xf32>, i64, i64)
// CHECK-LABEL: @observe
// CHECK: bufferization.to_buffer %{{.*}} read_only
// CHECK: call @lpc_observe_f32(%{{.*}}, %c7_i64, %{{.*}})
func.func @observe(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = lp.observe %x {id = 7} : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
