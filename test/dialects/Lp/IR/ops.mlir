// RUN: lpc-opt %s | lpc-opt | FileCheck %s
// Types, attributes and operations of the lp dialect round-trip.

// CHECK-LABEL: func.func @types
// CHECK-SAME: tensor<4x!lp.int4>, %{{.*}}: tensor<4x!lp.e2m1>, %{{.*}}: tensor<4x!lp.int8.narrow>, %{{.*}}: tensor<4x!lp.e3m2<bias=5>>
func.func @types(%a: tensor<4x!lp.int4>, %b: tensor<4x!lp.e2m1>, %c: tensor<4x!lp.int8.narrow>, %d: tensor<4x!lp.e3m2<bias=5>>) {
  return
}

// CHECK-LABEL: func.func @matmul
func.func @matmul(%x: tensor<?x64xf32>, %xs: tensor<1x1xf32>, %w: tensor<64x10x!lp.int4>, %ws: tensor<2x10xf32>) -> tensor<?x10xf32> {
  // CHECK: lp.quantize %{{.*}} scales(%{{.*}}) {scale = #lp.scale<[*, *]>} : tensor<?x64xf32>, (tensor<1x1xf32>) -> tensor<?x64x!lp.int8>
  %q = lp.quantize %x scales(%xs) {scale = #lp.scale<[*, *]>} : tensor<?x64xf32>, (tensor<1x1xf32>) -> tensor<?x64x!lp.int8>
  // CHECK: lp.matmul %{{.*}} scale %{{.*}}, %{{.*}} scale %{{.*}} {accumulator = #lp.acc<f32_grouped>, lhs_block = #lp.scale<[*, *]>, rhs_block = #lp.scale<[32, 1]>}
  %y = lp.matmul %q scale %xs, %w scale %ws {lhs_block = #lp.scale<[*, *]>, rhs_block = #lp.scale<[32, 1]>, accumulator = #lp.acc<f32_grouped>}
    : (tensor<?x64x!lp.int8>, tensor<1x1xf32>, tensor<64x10x!lp.int4>, tensor<2x10xf32>) -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// CHECK-LABEL: func.func @dynamic
func.func @dynamic(%x: tensor<?x64xf32>) {
  // CHECK: lp.block_scale %{{.*}} {format = !lp.int8, scale = #lp.scale<[1, *]>} : tensor<?x64xf32> -> tensor<?x1xf32>
  %s = lp.block_scale %x {format = !lp.int8, scale = #lp.scale<[1, *]>} : tensor<?x64xf32> -> tensor<?x1xf32>
  %s2, %z = lp.block_scale %x {format = !lp.uint8, scale = #lp.scale<[*, *]>, rule = #lp.scale_rule<minmax>} : tensor<?x64xf32> -> tensor<1x1xf32> zero_point tensor<1x1x!lp.uint8>
  // CHECK: lp.quantize %{{.*}} scales(%{{.*}}) zero_point(%{{.*}} : tensor<1x1x!lp.uint8>)
  %q = lp.quantize %x scales(%s2) zero_point(%z : tensor<1x1x!lp.uint8>) {scale = #lp.scale<[*, *]>} : tensor<?x64xf32>, (tensor<1x1xf32>) -> tensor<?x64x!lp.uint8>
  // CHECK: lp.observe
  %o = lp.observe %x {id = 3} : tensor<?x64xf32>
  // CHECK: lp.constant dense_resource<w> : tensor<3x!lp.int4>
  %w = lp.constant dense_resource<w> : tensor<3x!lp.int4>
  return
}

// Without scales the scale is 1; a scalar has a scale structure of rank 0.
// CHECK-LABEL: func.func @unscaled
func.func @unscaled(%x: tensor<4xf32>, %y: tensor<f32>, %s: tensor<f32>) {
  // CHECK: %[[Q:.*]] = lp.quantize %{{.*}} scales() {rounding = #lp.rounding<up>, scale = #lp.scale<[*]>} : tensor<4xf32> -> tensor<4x!lp.e8m0>
  %q = lp.quantize %x scales() {rounding = #lp.rounding<up>, scale = #lp.scale<[*]>} : tensor<4xf32> -> tensor<4x!lp.e8m0>
  // CHECK: lp.dequantize %[[Q]] scales() {scale = #lp.scale<[*]>} : tensor<4x!lp.e8m0> -> tensor<4xf32>
  %d = lp.dequantize %q scales() {scale = #lp.scale<[*]>} : tensor<4x!lp.e8m0> -> tensor<4xf32>
  // CHECK: lp.quantize %{{.*}} scales(%{{.*}}) {scale = #lp.scale<[]>} : tensor<f32>, (tensor<f32>) -> tensor<!lp.int8>
  %r = lp.quantize %y scales(%s) {scale = #lp.scale<[]>} : tensor<f32>, (tensor<f32>) -> tensor<!lp.int8>
  return
}

// Two levels of which one may be given; codes as scales; power-of-two rules.
// CHECK-LABEL: func.func @levels
func.func @levels(%x: tensor<?x64xf32>) {
  // CHECK: %[[S:.*]]:2 = lp.block_scale %{{.*}} {format = !lp.e2m1, rule = #lp.scale_rule<nv>, scale = #lp.scale<[1, 16], [*, *]>} : tensor<?x64xf32> -> tensor<?x4x!lp.e4m3>, tensor<1x1xf32>
  %s:2 = lp.block_scale %x {format = !lp.e2m1, scale = #lp.scale<[1, 16], [*, *]>, rule = #lp.scale_rule<nv>} : tensor<?x64xf32> -> tensor<?x4x!lp.e4m3>, tensor<1x1xf32>
  // CHECK: lp.block_scale %{{.*}} outer(%[[S]]#1 : tensor<1x1xf32>) {format = !lp.e2m1, rule = #lp.scale_rule<nv>, scale = #lp.scale<[1, 16], [*, *]>} : tensor<?x64xf32> -> tensor<?x4x!lp.e4m3>
  %t = lp.block_scale %x outer(%s#1 : tensor<1x1xf32>) {format = !lp.e2m1, scale = #lp.scale<[1, 16], [*, *]>, rule = #lp.scale_rule<nv>} : tensor<?x64xf32> -> tensor<?x4x!lp.e4m3>
  // CHECK: lp.quantize %{{.*}} scales(%[[S]]#0, %[[S]]#1) {reciprocal, scale = #lp.scale<[1, 16], [*, *]>} : tensor<?x64xf32>, (tensor<?x4x!lp.e4m3>, tensor<1x1xf32>) -> tensor<?x64x!lp.e2m1>
  %q = lp.quantize %x scales(%s#0, %s#1) {reciprocal, scale = #lp.scale<[1, 16], [*, *]>} : tensor<?x64xf32>, (tensor<?x4x!lp.e4m3>, tensor<1x1xf32>) -> tensor<?x64x!lp.e2m1>
  // CHECK: lp.block_scale %{{.*}} {format = !lp.e4m3, rule = #lp.scale_rule<pow2>, scale = #lp.scale<[128, 128]>} : tensor<?x64xf32> -> tensor<?x1xf32>
  %u = lp.block_scale %x {format = !lp.e4m3, scale = #lp.scale<[128, 128]>, rule = #lp.scale_rule<pow2>} : tensor<?x64xf32> -> tensor<?x1xf32>
  return
}

// CHECK-LABEL: func.func @affine
func.func @affine(%x: tensor<64x8xf32>, %s: tensor<2x8x!lp.uint6>, %t: tensor<1x8x!lp.fp16>, %n: tensor<2x8xf32>, %z: tensor<2x8xf32>) {
  // CHECK: lp.quantize %{{.*}} scales(%{{.*}}) negative_scales(%{{.*}} : tensor<2x8xf32>) {scale = #lp.scale<[32, 1]>} : tensor<64x8xf32>, (tensor<2x8xf32>) -> tensor<64x8x!lp.int4>
  %a = lp.quantize %x scales(%z) negative_scales(%n : tensor<2x8xf32>) {scale = #lp.scale<[32, 1]>} : tensor<64x8xf32>, (tensor<2x8xf32>) -> tensor<64x8x!lp.int4>
  // CHECK: lp.quantize %{{.*}} scales(%{{.*}}) zero_point(%{{.*}} : tensor<2x8xf32>) {order = #lp.zero_point_order<before_rounding>, scale = #lp.scale<[32, 1]>} : tensor<64x8xf32>, (tensor<2x8xf32>) -> tensor<64x8x!lp.e2m1>
  %b = lp.quantize %x scales(%n) zero_point(%z : tensor<2x8xf32>) {order = #lp.zero_point_order<before_rounding>, scale = #lp.scale<[32, 1]>} : tensor<64x8xf32>, (tensor<2x8xf32>) -> tensor<64x8x!lp.e2m1>
  // CHECK: lp.quantize %{{.*}} scales() {random_bits = 4 : i32, rounding = #lp.rounding<stochastic_even>, scale = #lp.scale<[*, *]>, seed = 1 : i64} : tensor<64x8xf32> -> tensor<64x8x!lp.uint4>
  %c = lp.quantize %x scales() {rounding = #lp.rounding<stochastic_even>, seed = 1, random_bits = 4 : i32, scale = #lp.scale<[*, *]>} : tensor<64x8xf32> -> tensor<64x8x!lp.uint4>
  // CHECK: lp.dequantize %{{.*}} scales(%{{.*}}) negative_scales(%{{.*}} : tensor<2x8xf32>) {scale = #lp.scale<[32, 1]>} : tensor<64x8x!lp.int4>, (tensor<2x8xf32>) -> tensor<64x8xf32>
  %d = lp.dequantize %a scales(%z) negative_scales(%n : tensor<2x8xf32>) {scale = #lp.scale<[32, 1]>} : tensor<64x8x!lp.int4>, (tensor<2x8xf32>) -> tensor<64x8xf32>
  // CHECK: lp.dequantize %{{.*}} scales(%{{.*}}, %{{.*}}) offsets(%{{.*}}, %{{.*}} : tensor<2x8x!lp.uint6>, tensor<1x8x!lp.fp16>) {offset = #lp.scale<[32, 1], [256, 1]>, scale = #lp.scale<[32, 1], [256, 1]>}
  %e = lp.dequantize %c scales(%s, %t) offsets(%s, %t : tensor<2x8x!lp.uint6>, tensor<1x8x!lp.fp16>) {scale = #lp.scale<[32, 1], [256, 1]>, offset = #lp.scale<[32, 1], [256, 1]>} : tensor<64x8x!lp.uint4>, (tensor<2x8x!lp.uint6>, tensor<1x8x!lp.fp16>) -> tensor<64x8xf32>
  return
}

// CHECK-LABEL: func.func @lookup
func.func @lookup(%c: tensor<64x8x!lp.uint4>, %t: tensor<8x16xf32>, %u: tensor<16x!lp.fp16>, %s: tensor<2x8xf32>) {
  // CHECK: %[[X:.*]] = lp.lookup %{{.*}} table(%{{.*}} : tensor<8x16xf32>) axes [1] : tensor<64x8x!lp.uint4> -> tensor<64x8xf32>
  %x = lp.lookup %c table(%t : tensor<8x16xf32>) axes [1] : tensor<64x8x!lp.uint4> -> tensor<64x8xf32>
  // CHECK: lp.lookup %{{.*}} table(%{{.*}} : tensor<16x!lp.fp16>) : tensor<64x8x!lp.uint4> -> tensor<64x8x!lp.fp16>
  %y = lp.lookup %c table(%u : tensor<16x!lp.fp16>) : tensor<64x8x!lp.uint4> -> tensor<64x8x!lp.fp16>
  // CHECK: lp.dequantize %[[X]] scales(%{{.*}}) offsets(%{{.*}} : tensor<2x8xf32>) {{.*}} : tensor<64x8xf32>, (tensor<2x8xf32>) -> tensor<64x8xf32>
  %z = lp.dequantize %x scales(%s) offsets(%s : tensor<2x8xf32>) {scale = #lp.scale<[32, 1]>, offset = #lp.scale<[32, 1]>} : tensor<64x8xf32>, (tensor<2x8xf32>) -> tensor<64x8xf32>
  return
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000002103"
    }
  }
#-}
