// RUN: lpc-opt %s --convert-lp-to-linalg --canonicalize --split-input-file | FileCheck %s
// The order of roundings of quantize, dequantize and block_scale.

// ONNX's order: divide, round, add the zero point.
// CHECK-LABEL: @quantize_after_rounding
// CHECK: arith.divf
// CHECK: math.roundeven
// CHECK: arith.addi
// CHECK: arith.trunci %{{.*}} : i32 to i8
func.func @quantize_after_rounding(%x: tensor<?x4xf32>, %s: tensor<1x1xf32>, %z: tensor<1x1x!lp.uint8>) -> tensor<?x4x!lp.uint8> {
  %q = lp.quantize %x scales(%s) zero_point(%z : tensor<1x1x!lp.uint8>) {scale = #lp.scale<[*, *]>}
    : tensor<?x4xf32>, (tensor<1x1xf32>) -> tensor<?x4x!lp.uint8>
  return %q : tensor<?x4x!lp.uint8>
}

// -----

// QONNX's order: the zero point is added in f32 before the rounding.
// CHECK-LABEL: @quantize_before_rounding
// CHECK: arith.divf
// CHECK: arith.addf
// CHECK: math.roundeven
func.func @quantize_before_rounding(%x: tensor<4xf32>, %s: tensor<1xf32>, %z: tensor<1x!lp.int8>) -> tensor<4x!lp.int8> {
  %q = lp.quantize %x scales(%s) zero_point(%z : tensor<1x!lp.int8>)
    {scale = #lp.scale<[*]>, order = #lp.zero_point_order<before_rounding>} : tensor<4xf32>, (tensor<1xf32>) -> tensor<4x!lp.int8>
  return %q : tensor<4x!lp.int8>
}

// -----

// Groups along an axis: the scale's subscript is the element's divided by the group size.
// CHECK: affine_map<(d0, d1) -> (d0 floordiv 32, d1)>
// CHECK-LABEL: @dequantize_groups
// CHECK: arith.sitofp
// CHECK: arith.mulf %{{.*}} : f32
func.func @dequantize_groups(%c: tensor<64x8x!lp.int4>, %s: tensor<2x8xf32>) -> tensor<64x8xf32> {
  %x = lp.dequantize %c scales(%s) {scale = #lp.scale<[32, 1]>} : tensor<64x8x!lp.int4>, (tensor<2x8xf32>) -> tensor<64x8xf32>
  return %x : tensor<64x8xf32>
}

// -----

// One rounding to f16: the product is exact in f64.
// CHECK-LABEL: @dequantize_half
// CHECK: arith.mulf %{{.*}} : f64
// CHECK: arith.truncf %{{.*}} : f64 to f16
func.func @dequantize_half(%c: tensor<8x!lp.int8>, %s: tensor<1xf32>) -> tensor<8xf16> {
  %x = lp.dequantize %c scales(%s) {scale = #lp.scale<[*]>} : tensor<8x!lp.int8>, (tensor<1xf32>) -> tensor<8xf16>
  return %x : tensor<8xf16>
}

// -----

// Two levels, the first one e4m3: decoded, multiplied in f32, then applied once.
// CHECK-LABEL: @dequantize_two_levels
// CHECK: arith.mulf %{{.*}} : f32
// CHECK: arith.mulf %{{.*}} : f32
// CHECK: linalg.yield
func.func @dequantize_two_levels(%c: tensor<2x16x!lp.int8>, %s: tensor<2x1x!lp.int8>, %t: tensor<1x1xf32>) -> tensor<2x16xf32> {
  %x = lp.dequantize %c scales(%s, %t) {scale = #lp.scale<[1, 16], [*, *]>}
    : tensor<2x16x!lp.int8>, (tensor<2x1x!lp.int8>, tensor<1x1xf32>) -> tensor<2x16xf32>
  return %x : tensor<2x16xf32>
}

// -----

// CHECK-LABEL: @block_scale_rows
// CHECK: iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: arith.maxnumf
// CHECK: arith.divf %{{.*}}, %cst
func.func @block_scale_rows(%x: tensor<?x64xf32>) -> tensor<?x1xf32> {
  %s = lp.block_scale %x {format = !lp.int8, scale = #lp.scale<[1, *]>} : tensor<?x64xf32> -> tensor<?x1xf32>
  return %s : tensor<?x1xf32>
}

// -----

// A short last block reads its last element again.
// CHECK-LABEL: @block_scale_short_end
// CHECK: arith.minsi
// CHECK: tensor.extract
func.func @block_scale_short_end(%x: tensor<?xf32>) -> tensor<?xf32> {
  %s = lp.block_scale %x {format = !lp.int8, scale = #lp.scale<[32]>} : tensor<?xf32> -> tensor<?xf32>
  return %s : tensor<?xf32>
}

// -----

// CHECK-LABEL: @block_scale_minmax
// CHECK: arith.minnumf
// CHECK: arith.maxnumf
// CHECK: math.roundeven
func.func @block_scale_minmax(%x: tensor<?xf32>) -> (tensor<1xf32>, tensor<1x!lp.uint8>) {
  %s, %z = lp.block_scale %x {format = !lp.uint8, scale = #lp.scale<[*]>, rule = #lp.scale_rule<minmax>}
    : tensor<?xf32> -> tensor<1xf32> zero_point tensor<1x!lp.uint8>
  return %s, %z : tensor<1xf32>, tensor<1x!lp.uint8>
}

// -----

// Two levels: the whole first, then blocks relative to its encode scale.
// CHECK-LABEL: @block_scale_two_levels
// CHECK: arith.maxnumf
// CHECK: arith.divf %cst{{.*}} : f32
// CHECK: arith.maxnumf
// CHECK: arith.mulf
// CHECK: arith.mulf
// CHECK: arith.minimumf
func.func @block_scale_two_levels(%x: tensor<?x64xf32>) -> (tensor<?x4x!lp.e4m3>, tensor<1x1xf32>) {
  %s:2 = lp.block_scale %x {format = !lp.e2m1, scale = #lp.scale<[1, 16], [*, *]>, rule = #lp.scale_rule<nv>}
    : tensor<?x64xf32> -> tensor<?x4x!lp.e4m3>, tensor<1x1xf32>
  return %s#0, %s#1 : tensor<?x4x!lp.e4m3>, tensor<1x1xf32>
}

// -----

// A power of two from the exponent field; NaN goes through the maximum.
// CHECK-LABEL: @block_scale_floor
// CHECK: arith.maximumf
// CHECK: arith.shrui %{{.*}}, %c23_i32
// CHECK-NOT: arith.divf
func.func @block_scale_floor(%x: tensor<?x64xf32>) -> tensor<?x2xf32> {
  %s = lp.block_scale %x {format = !lp.e2m1, scale = #lp.scale<[1, 32]>, rule = #lp.scale_rule<floor>} : tensor<?x64xf32> -> tensor<?x2xf32>
  return %s : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: @quantize_reciprocal
// CHECK: %[[R:.*]] = arith.divf %cst{{.*}}, %{{.*}} : f32
// CHECK: arith.maximumf %[[R]]
// CHECK: arith.minimumf
// CHECK: arith.mulf
func.func @quantize_reciprocal(%x: tensor<4xf32>, %s: tensor<1xf32>) -> tensor<4x!lp.int8> {
  %q = lp.quantize %x scales(%s) {reciprocal, scale = #lp.scale<[*]>} : tensor<4xf32>, (tensor<1xf32>) -> tensor<4x!lp.int8>
  return %q : tensor<4x!lp.int8>
}

// -----

// The sign of the number, or of the code, picks the scale.
// CHECK-LABEL: @negative_scales
// CHECK: %[[N:.*]] = arith.cmpf olt, %[[X:.*]], %cst{{.*}} : f32
// CHECK: %[[S:.*]] = arith.select %[[N]]
// CHECK: arith.divf %[[X]], %[[S]] : f32
// CHECK: %[[M:.*]] = arith.cmpi slt
// CHECK: arith.select %[[M]]
// CHECK: arith.mulf
func.func @negative_scales(%x: tensor<4xf32>, %s: tensor<1xf32>, %n: tensor<1xf32>) -> tensor<4xf32> {
  %q = lp.quantize %x scales(%s) negative_scales(%n : tensor<1xf32>) {scale = #lp.scale<[*]>} : tensor<4xf32>, (tensor<1xf32>) -> tensor<4x!lp.int8>
  %d = lp.dequantize %q scales(%s) negative_scales(%n : tensor<1xf32>) {scale = #lp.scale<[*]>} : tensor<4x!lp.int8>, (tensor<1xf32>) -> tensor<4xf32>
  return %d : tensor<4xf32>
}

// -----

// The product is rounded to f32, then the sum, then the result.
// CHECK-LABEL: @dequantize_offsets
// CHECK: arith.mulf %{{.*}} : f32
// CHECK: arith.addf %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @dequantize_offsets(%c: tensor<8x!lp.uint4>, %s: tensor<1xf32>, %m: tensor<2xf32>) -> tensor<8xf16> {
  %x = lp.dequantize %c scales(%s) offsets(%m : tensor<2xf32>) {scale = #lp.scale<[*]>, offset = #lp.scale<[4]>}
    : tensor<8x!lp.uint4>, (tensor<1xf32>) -> tensor<8xf16>
  return %x : tensor<8xf16>
}

// -----

// Bits above the format's width do not reach the table.
// CHECK-LABEL: @lookup
// CHECK: %[[J:.*]] = linalg.index 1
// CHECK: %[[C:.*]] = arith.andi %{{.*}}, %c15_i8 : i8
// CHECK: %[[I:.*]] = arith.index_castui %[[C]] : i8 to index
// CHECK: tensor.extract %{{.*}}[%[[J]], %[[I]]] : tensor<8x16xf32>
func.func @lookup(%c: tensor<?x8x!lp.uint4>, %t: tensor<8x16xf32>) -> tensor<?x8xf32> {
  %x = lp.lookup %c table(%t : tensor<8x16xf32>) axes [1] : tensor<?x8x!lp.uint4> -> tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}

// -----

// The random bits are a function of the row-major index.
// CHECK-LABEL: @stochastic
// CHECK: linalg.index 0
// CHECK: linalg.index 1
// CHECK: arith.shrui %{{.*}}, %c56_i64 : i64
func.func @stochastic(%x: tensor<?x8xf32>) -> tensor<?x8x!lp.e2m1> {
  %q = lp.quantize %x scales() {rounding = #lp.rounding<stochastic>, seed = 1, scale = #lp.scale<[*, *]>} : tensor<?x8xf32> -> tensor<?x8x!lp.e2m1>
  return %q : tensor<?x8x!lp.e2m1>
}
