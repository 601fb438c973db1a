// RUN: %python %S/Inputs/statistics.py %t.npz 0=64,1,1,1
// RUN: lpc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(lpc-awq{format=int2/channel statistics=%t.npz}))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(lpc-awq{format=int8/channel grid=1 statistics=%t.npz}))' 2>/dev/null | FileCheck %s --check-prefix=SAME
// RUN: lpc-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(lpc-awq{format=int2/channel grid=1 clip=true statistics=%t.npz}))' 2>/dev/null | FileCheck %s --check-prefix=CLIP
// RUN: not lpc-opt %s --lpc-awq 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not lpc-opt %s --lpc-awq="format=int4 grid=0" 2>&1 | FileCheck %s --check-prefix=GRID
// RUN: not lpc-opt %s --lpc-awq="format=int4 method=best" 2>&1 | FileCheck %s --check-prefix=METHOD
// int2 has -1, 0 and 1: without scales it rounds the weight of channel 0, whose activation is large, to 0. That the function
// stays is shown in test/e2e.

// FORMAT: error: option format:
// GRID: error: option grid: expected at least 1
// METHOD: error: option method: expected absmax or mse, but got 'best'

// The weight of channel 0 becomes the largest of its block; the gain is divided.
// CHECK-LABEL: @gain
// CHECK:         nn.constant dense<{{\[}}[0.678{{.*}}], [0.664{{.*}}], [-0.167{{.*}}], [0.082{{.*}}]]> : tensor<4x1xf64>
// CHECK:         nn.constant dense<[0.663{{.*}}, 1.50{{.*}}, 1.49{{.*}}, 1.50{{.*}}]> : tensor<4xf64>
// CHECK:         nn.rms_norm
// One exponent, 0: nothing changes.
// SAME-NOT:      f64>
// The largest weight is for a channel that counts for little: the block gives it up.
// CLIP-LABEL: @gain
// CLIP:          nn.constant dense<{{\[}}[0.449{{.*}}], [5.000000e-01], [-2.500000e-01], [1.250000e-01]]> : tensor<4x1xf64>
func.func @gain(%x: tensor<?x4xf32>) -> tensor<?x1xf32> {
  %w = nn.constant dense<[[0.45], [1.0], [-0.25], [0.125]]> : tensor<4x1xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = nn.matmul %n, %w : (tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// -----

// REMARK: remark: its activation is not scaled: 'func.func' is an input of the graph
// CHECK-LABEL: @input
// CHECK-NOT: f64>
func.func @input(%x: tensor<?x4xf32>) -> tensor<?x1xf32> {
  %w = nn.constant dense<[[0.45], [1.0], [-0.25], [0.125]]> : tensor<4x1xf32>
  %y = nn.matmul %x, %w : (tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
