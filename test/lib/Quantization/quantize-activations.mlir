// RUN: split-file %s %t
// RUN: lpc-opt %t/static.mlir --lpc-quantize-activations="format=int8 calibration=%t/calibration.json" --split-input-file | FileCheck %t/static.mlir
// RUN: lpc-opt %t/static.mlir --lpc-quantize-activations="format=uint8/asym calibration=%t/calibration.json" --split-input-file | FileCheck %t/static.mlir --check-prefix=ASYM
// RUN: lpc-opt %t/static.mlir --lpc-quantize-activations="format=e4m3 calibration=%t/calibration.json" --split-input-file | FileCheck %t/static.mlir --check-prefix=E4M3
// RUN: lpc-opt %t/static.mlir --lpc-quantize-activations="format=int8/tensor:e8m0@reciprocal calibration=%t/calibration.json" --split-input-file | FileCheck %t/static.mlir --check-prefix=RECIPROCAL
// RUN: lpc-opt %t/static.mlir --lpc-quantize-activations="format=int8/tensor@rceil calibration=%t/calibration.json" --split-input-file | FileCheck %t/static.mlir --check-prefix=RCEIL
// RUN: lpc-opt %t/dynamic.mlir --lpc-quantize-activations=format=int8/token --split-input-file | FileCheck %t/dynamic.mlir
// RUN: lpc-opt %t/dynamic.mlir --lpc-quantize-activations=format=uint8/token/asym --split-input-file | FileCheck %t/dynamic.mlir --check-prefix=ASYM
// RUN: lpc-opt %t/dynamic.mlir --lpc-quantize-activations=format=int8/g2 --split-input-file | FileCheck %t/dynamic.mlir --check-prefix=GROUP
// RUN: lpc-opt %t/conv.mlir --lpc-quantize-activations=format=int8/token -verify-diagnostics | FileCheck %t/conv.mlir
// Observers become quantize/dequantize pairs whose scales are constants or computed at run time.

//--- calibration.json
{"lpc_calibration": 1, "samples": 1, "tensors": [
  {"id": 0, "count": 4, "non_finite": 0, "min": -63.5, "max": 31.0, "limit": 64.0, "bins": [[16, 1], [3040, 3]]},
  {"id": 1, "count": 4, "non_finite": 0, "min": -1.0, "max": 50.0, "limit": 64.0, "bins": [[2016, 2], [3648, 2]]},
  {"id": 2, "count": 4, "non_finite": 0, "min": 0.0, "max": 0.0, "limit": 0.0, "bins": []}]}

//--- static.mlir
// max |x| = 63.5, divided by 127. With a zero point (94.5 + 0) / 255; 448 is the largest e4m3.
// CHECK-LABEL: func.func @static
// ASYM-LABEL: func.func @static
// E4M3-LABEL: func.func @static
// RECIPROCAL-LABEL: func.func @static
// RCEIL-LABEL: func.func @static
func.func @static(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK-NOT: lp.observe
  // CHECK: %[[S:.*]] = nn.constant dense<5.000000e-01> : tensor<1x1xf32>
  // CHECK: %[[Q:.*]] = lp.quantize %{{.*}} scales(%[[S]]) {scale = #lp.scale<[*, *]>} : tensor<?x4xf32>, (tensor<1x1xf32>) -> tensor<?x4x!lp.int8>
  // CHECK: %[[D:.*]] = lp.dequantize %[[Q]] scales(%[[S]])
  // CHECK: return %[[D]]
  // ASYM: nn.constant dense<0.370588243> : tensor<1x1xf32>
  // ASYM: %[[Z:.*]] = lp.constant
  // ASYM: lp.quantize {{.*}} zero_point(%[[Z]] : tensor<1x1x!lp.uint8>)
  // E4M3: nn.constant dense<0.141741067> : tensor<1x1xf32>
  // E4M3: -> tensor<?x4x!lp.e4m3>
  %o = lp.observe %x {id = 0} : tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// -----

// (50 + 1) / 255 = 0.2 and the zero point is 1 / 0.2 = 5.
// Division by 50 / 127; the stored scale is the power of two next to it, and rceil's the one above.
// ASYM-LABEL: func.func @zero_point
// RECIPROCAL-LABEL: func.func @zero_point
// RCEIL-LABEL: func.func @zero_point
func.func @zero_point(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
  // ASYM: nn.constant dense<2.000000e-01> : tensor<1x1x1x1xf32>
  // ASYM: lp.quantize {{.*}} {scale = #lp.scale<[*, *, *, *]>}
  // ASYM: zero_point: "0x{{[0-9A-Fa-f]+}}05"
  // RECIPROCAL: %[[S:.*]] = lp.constant{{.*}} : tensor<1x1x1x1x!lp.e8m0>
  // RECIPROCAL: %[[D:.*]] = nn.constant dense<0.393700778> : tensor<1x1x1x1xf32>
  // RECIPROCAL: %[[Q:.*]] = lp.quantize %{{.*}} scales(%[[D]]) {reciprocal, rounding = #lp.rounding<nearest_away>
  // RECIPROCAL: lp.dequantize %[[Q]] scales(%[[S]])
  // RCEIL: nn.constant dense<5.000000e-01> : tensor<1x1x1x1xf32>
  %o = lp.observe %x {id = 1} : tensor<1x4x8x8xf32>
  return %o : tensor<1x4x8x8xf32>
}

// -----

// A tensor that was only ever zero has scale 1.
// CHECK-LABEL: func.func @all_zero
func.func @all_zero(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: nn.constant dense<1.000000e+00> : tensor<1x1xf32>
  // CHECK: lp.quantize
  %o = lp.observe %x {id = 2} : tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @no_observer
func.func @no_observer(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK-NOT: lp.
  // CHECK: return
  return %x : tensor<?x4xf32>
}

//--- dynamic.mlir
// CHECK-LABEL: func.func @per_token
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x4xf32>)
// ASYM-LABEL: func.func @per_token
// GROUP-LABEL: func.func @per_token
func.func @per_token(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  // CHECK: %[[S:.*]] = lp.block_scale %[[X]] {format = !lp.int8, scale = #lp.scale<[1, 1, *]>} : tensor<?x?x4xf32> -> tensor<?x?x1xf32>
  // CHECK: %[[Q:.*]] = lp.quantize %[[X]] scales(%[[S]]) {scale = #lp.scale<[1, 1, *]>}
  // CHECK: lp.dequantize %[[Q]] scales(%[[S]])
  // ASYM: %[[S:.*]], %[[Z:.*]] = lp.block_scale {{.*}}rule = #lp.scale_rule<minmax>{{.*}} -> tensor<?x?x1xf32> zero_point tensor<?x?x1x!lp.uint8>
  // ASYM: lp.quantize {{.*}} scales(%[[S]]) zero_point(%[[Z]] : tensor<?x?x1x!lp.uint8>)
  // GROUP: lp.block_scale {{.*}}scale = #lp.scale<[1, 1, 2]>{{.*}} -> tensor<?x?x2xf32>
  %o = lp.observe %x {id = 0} : tensor<?x?x4xf32>
  return %o : tensor<?x?x4xf32>
}

//--- conv.mlir
// A convolution takes one scale for the whole input: others leave it in float, with a warning.
// CHECK-LABEL: func.func @no_token_scales_for_conv
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x1x8x8xf32>
func.func @no_token_scales_for_conv(%x: tensor<?x1x8x8xf32>, %w: tensor<2x1x3x3xf32>) -> tensor<?x2x8x8xf32> {
  // CHECK-NOT: lp.
  // CHECK: nn.conv %[[X]]
  // expected-warning @below {{a convolution takes one scale per tensor, not 'int8/token': its activations stay in float}}
  %o = lp.observe %x {id = 0} : tensor<?x1x8x8xf32>
  %y = nn.conv %o, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x1x8x8xf32>, tensor<2x1x3x3xf32>) -> tensor<?x2x8x8xf32>
  return %y : tensor<?x2x8x8xf32>
}
