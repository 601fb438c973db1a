// RUN: %python %S/Inputs/rotations.py %t.npz R1.0=shift R2=near
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{file=%t.npz}))' | FileCheck %s
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{file=%t.npz}))' -o %t.mlir
// RUN: %python %S/../../e2e/Inputs/same_function.py %build_dir/unit/lpc-eval %s %t.mlir
// RUN: %python %S/Inputs/rotations.py %t.off.npz R1=off
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{file=%t.off.npz}))' 2>&1 | FileCheck %s --check-prefix=OFF
// RUN: %python %S/Inputs/rotations.py %t.five.npz R1=five
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{file=%t.five.npz}))' 2>&1 | FileCheck %s --check-prefix=FIVE
// RUN: %python %S/Inputs/rotations.py %t.flat.npz R1=flat
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{file=%t.flat.npz}))' 2>&1 | FileCheck %s --check-prefix=FLAT
// RUN: %python %S/Inputs/rotations.py %t.name.npz R1=shift R3=shift
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{file=%t.name.npz}))' 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-rotate-axes{file=%t.none.npz}))' 2>&1 | FileCheck %s --check-prefix=NONE
// Matrices from a file act on row vectors: the table E becomes E R. What is no rotation is refused.

// OFF: error: option file: expected 'R1' in '{{.*}}.off.npz' to be orthogonal to 1e-6, but R'R - 1 is as large as 2.0
// FIVE: error: option file: expected 'R1' in '{{.*}}.five.npz' to have 4 rows for R1.0, but it has 5
// FLAT: error: option file: expected square matrices in '{{.*}}.flat.npz', but 'R1' is none
// NAME: error: option file: no class that rotates is called 'R3'; there are 1 streams (R1.0, ...) and 1 classes of heads (R2.0, ...)
// NONE: error: option file: {{.*}}none.npz

// CHECK-LABEL: @main
// CHECK-DAG: nn.constant dense<{{\[\[}}7.000000e+00, 1.000000e+00, 3.000000e+00, 5.000000e+00], [7.000000e+00, 4.000000e+00, 5.000000e+00, 6.000000e+00]]> : tensor<2x4xf64>
func.func @main(%ids: tensor<?xi64> {nn.dims = ["n"]}, %p: tensor<?x?xf32> {nn.dims = ["m", "n"]}) -> tensor<?x2xf32> {
  %e = nn.constant dense<[[1.0, 3.0, 5.0, 7.0], [4.0, 5.0, 6.0, 7.0]]> : tensor<2x4xf32>
  %wv = nn.constant dense<[[1.0, 2.0, 3.0, 0.0], [3.0, 4.0, 5.0, 1.0], [1.0, 0.0, 0.0, 2.0], [0.0, 2.0, 0.0, 3.0]]> : tensor<4x4xf32>
  %wo = nn.constant dense<[[1.0, 2.0], [3.0, 4.0], [1.0, 0.0], [0.0, 2.0]]> : tensor<4x2xf32>
  %two = nn.constant dense<2> : tensor<i64>
  %i = nn.binary rem %ids, %two : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %x = nn.gather %e, %i {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %v = nn.matmul %n, %wv : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  %o = nn.matmul %p, %v : (tensor<?x?xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %o, %wo : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
