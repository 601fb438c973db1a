// RUN: lpc-opt %s | lpc-opt | FileCheck %s
// The operations of integer-only programs, read and printed.

// CHECK-LABEL: func.func @conversions
func.func @conversions(%x: tensor<?x8x!lp.uint8>, %e: tensor<4x!lp.e2m1>, %m: tensor<1x8xi32>, %t: tensor<1x1xi8>) {
  // CHECK: %[[I:.*]] = lp.to_integer %{{.*}} {zero_point = 3 : i64} : tensor<?x8x!lp.uint8> -> tensor<?x8xi32>
  %i = lp.to_integer %x {zero_point = 3} : tensor<?x8x!lp.uint8> -> tensor<?x8xi32>
  // CHECK: lp.to_integer %{{.*}} : tensor<4x!lp.e2m1> -> tensor<4xi8>
  %j = lp.to_integer %e : tensor<4x!lp.e2m1> -> tensor<4xi8>
  // CHECK: lp.rescale %[[I]], %{{.*}}, %{{.*}} {hi = 5 : i64, lo = -5 : i64, rounding = #lp.rescale_rounding<half_even>, zero_point = 1 : i64}
  %y = lp.rescale %i, %m, %t {zero_point = 1, lo = -5, hi = 5, rounding = #lp.rescale_rounding<half_even>} : (tensor<?x8xi32>, tensor<1x8xi32>, tensor<1x1xi8>) -> tensor<?x8x!lp.int4>
  // CHECK: lp.rescale %[[I]], %{{.*}}, %{{.*}} : (tensor<?x8xi32>, tensor<1x8xi32>, tensor<1x1xi8>) -> tensor<?x8xi16>
  %z = lp.rescale %i, %m, %t : (tensor<?x8xi32>, tensor<1x8xi32>, tensor<1x1xi8>) -> tensor<?x8xi16>
  return
}

// CHECK-LABEL: func.func @accumulators
func.func @accumulators(%x: tensor<?x8x!lp.int8>, %w: tensor<8x4x!lp.int4>, %z: tensor<1x1x!lp.int8>, %i: tensor<?x3x8x8x!lp.int8>, %f: tensor<4x3x3x3x!lp.int8>) {
  // CHECK: lp.matmul %{{.*}} zero_point %{{.*}}, %{{.*}} {accumulator = #lp.acc<int<20>>, lhs_block = #lp.scale<[*, *]>} : {{.*}} -> tensor<?x4xi32>
  %y = lp.matmul %x zero_point %z, %w {lhs_block = #lp.scale<[*, *]>, accumulator = #lp.acc<int<20>>} : (tensor<?x8x!lp.int8>, tensor<1x1x!lp.int8>, tensor<8x4x!lp.int4>) -> tensor<?x4xi32>
  // CHECK: lp.conv %{{.*}}, %{{.*}} -> tensor<?x4x6x6xi64>
  %c = lp.conv %i, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, accumulator = #lp.acc<int<40>>} : (tensor<?x3x8x8x!lp.int8>, tensor<4x3x3x3x!lp.int8>) -> tensor<?x4x6x6xi64>
  return
}

// CHECK-LABEL: func.func @rows
func.func @rows(%x: tensor<?x4x?x!lp.int8>, %e: tensor<256xi32>, %k: tensor<1x1x?xi1>, %q: tensor<?x8x!lp.int16>, %m: tensor<8xi32>, %b: tensor<8xi64>) {
  // CHECK: lp.int_softmax %{{.*}} table(%{{.*}} : tensor<256xi32>) mask(%{{.*}} : tensor<1x1x?xi1>) {axis = 2 : i64, fraction = 8 : i64, max_terms = 64 : i64} : tensor<?x4x?x!lp.int8> -> tensor<?x4x?x!lp.uint8>
  %y = lp.int_softmax %x table(%e : tensor<256xi32>) mask(%k : tensor<1x1x?xi1>) {axis = 2, fraction = 8, max_terms = 64} : tensor<?x4x?x!lp.int8> -> tensor<?x4x?x!lp.uint8>
  // CHECK: lp.int_softmax %{{.*}} table(%{{.*}} : tensor<256xi32>) {axis = 1 : i64, fraction = 8 : i64} : tensor<?x4x?x!lp.int8> -> tensor<?x4x?x!lp.uint8>
  %z = lp.int_softmax %x table(%e : tensor<256xi32>) {axis = 1, fraction = 8} : tensor<?x4x?x!lp.int8> -> tensor<?x4x?x!lp.uint8>
  // CHECK: lp.int_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 12 : i64, kind = #lp.norm_kind<rms>, shift = 40 : i64, zero_in = 2 : i64, zero_point = -1 : i64}
  %n = lp.int_norm %q, %m, %b {kind = #lp.norm_kind<rms>, epsilon = 12, shift = 40, zero_in = 2, zero_point = -1} : (tensor<?x8x!lp.int16>, tensor<8xi32>, tensor<8xi64>) -> tensor<?x8x!lp.int8>
  return
}
