// RUN: %python -c "import numpy; numpy.savez('%t.npz', **{'lpc_statistics': numpy.array([1]), '0.count': numpy.array([4, 0]), '0.min': numpy.float32([0, 0]), '0.max': numpy.float32([2, 9]), '0.mean': numpy.array([1.0, 10.0]), '0.mean_abs': numpy.array([1.0, 10.0]), '0.sample': numpy.zeros((0, 2), numpy.float32)})"
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-correct-biases{format=int2 statistics=%t.npz}))' | FileCheck %s
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-correct-biases{format=int2 keep=. statistics=%t.npz}))' | FileCheck %s --check-prefix=KEEP
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-correct-biases{format=int2}))' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-correct-biases{format=int99 statistics=%t.npz}))' 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-correct-biases{method=least statistics=%t.npz}))' 2>&1 | FileCheck %s --check-prefix=METHOD
// What the rounding of weights does to means goes into biases; the weights stay.

// NONE: error: option statistics:
// FORMAT: error: option format:
// METHOD: error: option method: expected absmax or mse, but got 'least'

// int2 with one scale of 4 rounds [[4, 1], [3, -4]] to [[4, 0], [4, -4]]: errors
// [[0, -1], [1, 0]], times the means 1 and 10. A bias is made where there is none.
// CHECK-LABEL: @main
// CHECK-DAG:     nn.constant dense<[-1.000000e+01, 1.000000e+00]> : tensor<2xf64>
// CHECK-DAG:     nn.constant dense<[-5.000000e+00, 8.000000e+00]> : tensor<2xf64>
// CHECK-DAG:     nn.constant dense<{{\[\[}}4.000000e+00, 1.000000e+00], [3.000000e+00, -4.000000e+00]]> : tensor<2x2xf32>
// CHECK:         %[[Y:.*]] = nn.matmul
// CHECK-NEXT:    nn.binary add %[[Y]]
// CHECK:         %[[Z:.*]] = nn.matmul
// CHECK-NEXT:    nn.binary add %[[Z]]
// CHECK-NEXT:    return
// KEEP-NOT:      f64>
func.func @main(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %w = nn.constant dense<[[4.0, 1.0], [3.0, -4.0]]> : tensor<2x2xf32>
  %wt = nn.constant dense<[[4.0, 3.0], [1.0, -4.0]]> : tensor<2x2xf32>
  %b = nn.constant dense<[5.0, 7.0]> : tensor<2xf32>
  %y = nn.matmul %x, %w : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("one")
  %z = nn.matmul %x, %wt {transpose_rhs = true} : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32> loc("two")
  %zb = nn.binary add %z, %b : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %y, %zb : tensor<?x2xf32>, tensor<?x2xf32>
}
