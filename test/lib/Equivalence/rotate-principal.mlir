// RUN: %python %S/Inputs/statistics.py %t.npz 0=0.1,0.1,8,0.1
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-principal{share=4 statistics=%t.npz}))' | FileCheck %s
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-principal{share=4 statistics=%t.npz seed=3}))' -o %t.mlir
// RUN: %python %S/../../e2e/Inputs/same_function.py %build_dir/unit/lpc-eval %s %t.mlir
// RUN: not lpc-opt %s --lpc-rotate-principal 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not lpc-opt %s --lpc-rotate-principal=share=1 2>&1 | FileCheck %s --check-prefix=SHARE
// RUN: %python %S/Inputs/statistics.py %t.other.npz 3=1,1,1,1
// RUN: not lpc-opt %s --lpc-rotate-principal='share=4 statistics=%t.other.npz' 2>&1 | FileCheck %s --check-prefix=OTHER
// The third channel varies most: it becomes the first one, up to its sign and a hundredth. That is 5 and 6 of the table.

// NONE: error: option statistics: expected a file that `lpc compile --save-statistics` wrote, but got none
// SHARE: error: option share: expected 2 or more, but got 1
// OTHER: error: the statistics have no values for activation 0

// CHECK-LABEL: @main
// CHECK:         nn.constant dense<{{\[\[-?(5\.0|4\.9)[0-9]*.*\], \[-?(6\.0|5\.9)}}
func.func @main(%ids: tensor<?xi64> {nn.dims = ["n"]}) -> tensor<?x2xf32> {
  %e = nn.constant dense<[[1.0, 3.0, 5.0, 7.0], [4.0, 5.0, 6.0, 7.0]]> : tensor<2x4xf32>
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0], [1.0, 0.0], [0.0, 2.0]]> : tensor<4x2xf32>
  %two = nn.constant dense<2> : tensor<i64>
  %i = nn.binary rem %ids, %two : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %x = nn.gather %e, %i {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %n, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
