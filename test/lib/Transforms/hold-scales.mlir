// RUN: lpc-opt %s --lpc-hold-scales | FileCheck %s
// Scales of one value become buffers that nothing folds; what other operations read stays a constant.

// CHECK-LABEL: @scales
func.func @scales(%x: tensor<3x2xf32>, %c: tensor<3x2x!lp.int8>) -> (tensor<3x2x!lp.int8>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<1x1xf32>) {
  // CHECK-DAG: %[[B1:.*]] = memref.get_global @[[ONE:lpc_scale[_0-9]*]] : memref<1x1xf32>
  // CHECK-DAG: %[[S1:.*]] = bufferization.to_tensor %[[B1]] restrict
  // CHECK-DAG: %[[B2:.*]] = memref.get_global @[[TWO:lpc_scale[_0-9]*]] : memref<1x2xf32>
  // CHECK-DAG: %[[S2:.*]] = bufferization.to_tensor %[[B2]] restrict
  // CHECK-DAG: %[[KEPT:.*]] = nn.constant dense<5.000000e-01> : tensor<1x1xf32>
  // CHECK-DAG: %[[TABLE:.*]] = nn.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00]]>
  %s = nn.constant dense<0.5> : tensor<1x1xf32>
  %repeated = nn.constant dense<0.25> : tensor<1x2xf32>
  %different = nn.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // CHECK: lp.quantize %{{.*}} scales(%[[S1]])
  %q = lp.quantize %x scales(%s) {scale = #lp.scale<[*, *]>} : tensor<3x2xf32>, (tensor<1x1xf32>) -> tensor<3x2x!lp.int8>
  // CHECK: lp.dequantize %{{.*}} scales(%[[S2]])
  %a = lp.dequantize %c scales(%repeated) {scale = #lp.scale<[*, 1]>} : tensor<3x2x!lp.int8>, (tensor<1x2xf32>) -> tensor<3x2xf32>
  // CHECK: lp.dequantize %{{.*}} scales(%[[TABLE]])
  %b = lp.dequantize %c scales(%different) {scale = #lp.scale<[*, 1]>} : tensor<3x2x!lp.int8>, (tensor<1x2xf32>) -> tensor<3x2xf32>
  // CHECK: return %{{.*}}, %{{.*}}, %{{.*}}, %[[KEPT]]
  return %q, %a, %b, %s : tensor<3x2x!lp.int8>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<1x1xf32>
}
// CHECK-DAG: memref.global "private" constant @[[ONE]] : memref<1x1xf32> = dense<5.000000e-01>
// CHECK-DAG: memref.global "private" constant @[[TWO]] : memref<1x2xf32> = dense<2.500000e-01>
