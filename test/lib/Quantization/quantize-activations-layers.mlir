// RUN: lpc-opt %s --lpc-quantize-activations="format=int8/token layers=q=int4/token;v=float" | FileCheck %s
// RUN: not lpc-opt %s --lpc-quantize-activations="format=int8/token layers=q=int4" 2>&1 | FileCheck %s --check-prefix=STATIC
// Three readers of one observer, three formats.

// STATIC: error: static activation scales need calibration data
// CHECK-LABEL: @main
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NOT: lp.observe
// CHECK-DAG: %[[Q4:.*]] = lp.quantize %[[X]] {{.*}}!lp.int4
// CHECK-DAG: %[[Q8:.*]] = lp.quantize %[[X]] {{.*}}!lp.int8
// CHECK-DAG: %[[D4:.*]] = lp.dequantize %[[Q4]]
// CHECK-DAG: %[[D8:.*]] = lp.dequantize %[[Q8]]
// CHECK:     nn.matmul %[[D4]]
// CHECK:     nn.matmul %[[D8]]
// CHECK:     nn.matmul %[[X]]
func.func @main(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>) {
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 5.0]]> : tensor<2x2xf32>
  %o = lp.observe %x {id = 0 : i64} : tensor<?x2xf32>
  %a = nn.matmul %o, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("q")
  %b = nn.matmul %o, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("k")
  %c = nn.matmul %o, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("v")
  return %a, %b, %c : tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>
}
