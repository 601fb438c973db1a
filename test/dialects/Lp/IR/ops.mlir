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
  %s2, %z = lp.block_scale %x {format = !lp.uint8, scale = #lp.scale<[*, *]>, rule = #lp.scale_rule<minmax>} : tensor<?x64xf32> -> tensor<1x1xf32>, tensor<1x1x!lp.uint8>
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

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000002103"
    }
  }
#-}
