// RUN: lpc-opt %s --lpc-quantize-weights="format=int8/channel layers=first|last=int4/channel;second=float;third=" | FileCheck %s
// RUN: lpc-opt %s --lpc-quantize-weights="format= layers=last=int4/channel" | FileCheck %s --check-prefix=ONLY
// RUN: not lpc-opt %s --lpc-quantize-weights="layers=(=int4" 2>&1 | FileCheck %s --check-prefix=REGEX
// RUN: not lpc-opt %s --lpc-quantize-weights="layers=a=int99" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not lpc-opt %s --lpc-quantize-weights="layers=first" 2>&1 | FileCheck %s --check-prefix=ITEM
// Formats by the names of nodes; the first that matches decides. A weight that two layers share is rounded for each.

// REGEX: option format or layers: '(' is no regular expression
// FORMAT: option format or layers: unknown number format 'int99'
// ITEM: option format or layers: expected regex=format, but got 'first'

// CHECK-DAG: %[[FOUR:.*]] = lp.constant {{.*}} : tensor<2x2x!lp.int4>
// CHECK-DAG: %[[EIGHT:.*]] = lp.constant {{.*}} : tensor<2x2x!lp.int8>
// CHECK-DAG: %[[W:.*]] = nn.constant {{.*}} : tensor<2x2xf32>
// CHECK-DAG: %[[F:.*]] = lp.dequantize %[[FOUR]]
// CHECK-DAG: %[[E:.*]] = lp.dequantize %[[EIGHT]]
// CHECK:     nn.matmul %{{.*}}, %[[F]]
// CHECK:     nn.matmul %{{.*}}, %[[W]]
// CHECK:     nn.matmul %{{.*}}, %[[E]]
// CHECK:     nn.matmul %{{.*}}, %[[F]]
// ONLY-COUNT-1: lp.constant {{.*}} : tensor<2x2x!lp.int4>
// ONLY-NOT:     lp.constant
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 5.0]]> : tensor<2x2xf32>
  %a = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("first/MatMul")
  %b = nn.matmul %a, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("second/MatMul")
  %c = nn.matmul %b, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("third/MatMul")
  %d = nn.matmul %c, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("last/MatMul")
  return %d : tensor<?x2xf32>
}
