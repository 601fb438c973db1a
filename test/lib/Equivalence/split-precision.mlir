// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-split-precision{share=4}))' --mlir-print-debuginfo 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-split-precision{share=4}))' -o %t.mlir 2>/dev/null
// RUN: %python %S/../../e2e/Inputs/same_function.py %build_dir/unit/lpc-eval %s %t.mlir
// RUN: not lpc-opt %s --lpc-split-precision=share=1 2>&1 | FileCheck %s --check-prefix=SHARE
// The first quarter of a stream's channels gets products of its own; what reads no stream stays whole.

// SHARE: error: option share: expected 2 or more, but got 1

// One slice each for both readers, of x w and of x v'.
// CHECK-LABEL: @main
// CHECK:         %[[N:.*]] = nn.rms_norm
// CHECK-DAG:     %[[H:.*]] = nn.slice %[[N]] offsets [0, 0] sizes [%{{.*}}, 1] strides [1, 1] : tensor<?x4xf32> -> tensor<?x1xf32>
// CHECK-DAG:     %[[L:.*]] = nn.slice %[[N]] offsets [0, 1] sizes [%{{.*}}, 3] strides [1, 1] : tensor<?x4xf32> -> tensor<?x3xf32>
// CHECK-DAG:     nn.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00]]> : tensor<1x3xf64>
// CHECK:         %[[A:.*]] = nn.matmul %[[H]], %{{.*}} : (tensor<?x1xf32>, tensor<1x3xf32>) -> tensor<?x3xf32> loc(#[[HIGH:.*]])
// CHECK:         %[[B:.*]] = nn.matmul %[[L]], %{{.*}} : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32> loc(#[[LOW:.*]])
// CHECK:         %[[Y:.*]] = nn.binary add %[[A]], %[[B]]
// CHECK:         nn.matmul %[[H]], %{{.*}} {transpose_rhs = true} : (tensor<?x1xf32>, tensor<2x1xf32>)
// CHECK:         nn.matmul %[[L]], %{{.*}} {transpose_rhs = true} : (tensor<?x3xf32>, tensor<2x3xf32>)
// CHECK:         nn.matmul %[[Y]], %{{.*}} : (tensor<?x3xf32>, tensor<3x2xf32>)
// CHECK-DAG:     #[[HIGH]] = loc("q/high")
// CHECK-DAG:     #[[LOW]] = loc("q/low")
func.func @main(%ids: tensor<?xi64> {nn.dims = ["n"]}) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %e = nn.constant dense<[[1.0, 3.0, 5.0, 7.0], [4.0, 5.0, 6.0, 7.0], [2.0, 1.0, 0.0, 1.0]]> : tensor<3x4xf32>
  %w = nn.constant dense<[[1.0, 2.0, 3.0], [3.0, 4.0, 5.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]> : tensor<4x3xf32>
  %v = nn.constant dense<[[1.0, 2.0, 3.0, 1.0], [3.0, 4.0, 5.0, 2.0]]> : tensor<2x4xf32>
  %u = nn.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 2.0]]> : tensor<3x2xf32>
  %three = nn.constant dense<3> : tensor<i64>
  %i = nn.binary rem %ids, %three : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %x = nn.gather %e, %i {axis = 0 : i64} : (tensor<3x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %n, %w : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32> loc("q")
  %z = nn.matmul %n, %v {transpose_rhs = true} : (tensor<?x4xf32>, tensor<2x4xf32>) -> tensor<?x2xf32>
  %t = nn.matmul %y, %u : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %z, %t : tensor<?x2xf32>, tensor<?x2xf32>
}

// REMARK: remark: is not split: a share of 1/4 of its 6 channels is no whole number
func.func @six(%ids: tensor<?xi64>) -> tensor<?x2xf32> {
  %e = nn.constant dense<1.0> : tensor<3x6xf32>
  %w = nn.constant dense<1.0> : tensor<6x2xf32>
  %x = nn.gather %e, %ids {axis = 0 : i64} : (tensor<3x6xf32>, tensor<?xi64>) -> tensor<?x6xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %y = nn.matmul %n, %w : (tensor<?x6xf32>, tensor<6x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
