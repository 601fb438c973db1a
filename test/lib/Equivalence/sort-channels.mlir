// RUN: %python -c "import numpy; numpy.savez('%t.npz', **{k: v for i, n in enumerate([1, 3, 4]) for k, v in {'lpc_statistics': numpy.array([1]), f'{i}.count': numpy.array([4, 0]), f'{i}.min': -numpy.arange(n, dtype=numpy.float32), f'{i}.max': numpy.zeros(n, numpy.float32), f'{i}.mean': numpy.zeros(n), f'{i}.mean_abs': numpy.zeros(n), f'{i}.sample': numpy.zeros((0, n), numpy.float32)}.items()})"
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-sort-channels))' 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-sort-channels{statistics=none}))' 2>/dev/null | FileCheck %s
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-sort-channels{axes=inputs statistics=%t.npz}))' 2>/dev/null | FileCheck %s --check-prefix=SEEN
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-sort-channels{axes=keys}))' 2>&1 | FileCheck %s --check-prefix=KEYS
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-sort-channels{axes=inputs}))' 2>/dev/null | FileCheck %s --check-prefix=INPUTS
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-sort-channels{axes=rows}))' 2>&1 | FileCheck %s --check-prefix=AXES
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-sort-channels{angles=none}))' 2>&1 | FileCheck %s --check-prefix=ANGLES
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-sort-channels{statistics=absent.npz}))' 2>&1 | FileCheck %s --check-prefix=FILE
// Channels in the order of their weights or of their largest values. That the function stays is shown in test/e2e.

// AXES: error: option axes: expected inputs, keys or all, but got 'rows'
// ANGLES: error: option angles: expected own or shared, but got 'none'
// FILE: error: option statistics:

// Rows of the second matrix have norms 1, 3 and 2: columns of the first and the bias follow.
// CHECK-LABEL: @inputs
// CHECK-DAG:     nn.constant dense<{{\[\[}}5.000000e+00, 6.000000e+00, 4.000000e+00]]> : tensor<1x3xf64>
// CHECK-DAG:     nn.constant dense<[8.000000e+00, 9.000000e+00, 7.000000e+00]> : tensor<3xf64>
// CHECK-DAG:     nn.constant dense<{{\[\[}}-3.000000e+00], [2.000000e+00], [1.000000e+00]]> : tensor<3x1xf64>
// CHECK:         nn.matmul
// CHECK-NEXT:    nn.binary add
// CHECK-NEXT:    nn.unary silu
// CHECK-NEXT:    nn.matmul
// SEEN:          nn.constant dense<{{\[\[}}6.000000e+00, 5.000000e+00, 4.000000e+00]]> : tensor<1x3xf64>
// KEYS-LABEL: @inputs
// KEYS-NOT:      f64>
// KEYS:          return
// REMARK: remark: 4 channels are not sorted: here their axis is an input of the graph
func.func @inputs(%x: tensor<?x1xf32>, %z: tensor<?x4xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>) {
  %w1 = nn.constant dense<[[4.0, 5.0, 6.0]]> : tensor<1x3xf32>
  %b1 = nn.constant dense<[7.0, 8.0, 9.0]> : tensor<3xf32>
  %w2 = nn.constant dense<[[1.0], [-3.0], [2.0]]> : tensor<3x1xf32>
  %w3 = nn.constant dense<[[1.0], [-3.0], [2.0], [9.0]]> : tensor<4x1xf32>
  %y = nn.matmul %x, %w1 : (tensor<?x1xf32>, tensor<1x3xf32>) -> tensor<?x3xf32>
  %yb = nn.binary add %y, %b1 : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %r = nn.unary silu %yb : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %o = nn.matmul %r, %w2 : (tensor<?x3xf32>, tensor<3x1xf32>) -> tensor<?x1xf32>
  %p = nn.matmul %z, %w3 : (tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x1xf32>
  return %o, %p : tensor<?x1xf32>, tensor<?x1xf32>
}

// Keys have norms 1, 2 and 3 (queries others): both are turned round.
// CHECK-LABEL: @keys
// CHECK-DAG:     nn.constant dense<{{\[\[}}5.000000e+00, 7.000000e+00, 9.000000e+00]]> : tensor<1x3xf64>
// CHECK-DAG:     nn.constant dense<{{\[\[}}3.000000e+00, 2.000000e+00, 1.000000e+00]]> : tensor<1x3xf64>
// KEYS-LABEL: @keys
// KEYS:          tensor<1x3xf64>
// INPUTS-LABEL: @keys
// INPUTS-NOT:    f64>
func.func @keys(%x: tensor<?x1xf32>) -> tensor<?x?xf32> {
  %wq = nn.constant dense<[[9.0, 7.0, 5.0]]> : tensor<1x3xf32>
  %wk = nn.constant dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>
  %q = nn.matmul %x, %wq : (tensor<?x1xf32>, tensor<1x3xf32>) -> tensor<?x3xf32>
  %k = nn.matmul %x, %wk : (tensor<?x1xf32>, tensor<1x3xf32>) -> tensor<?x3xf32>
  %s = nn.matmul %q, %k {transpose_rhs = true} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x?xf32>
  return %s : tensor<?x?xf32>
}
