// RUN: %python -c "import numpy; numpy.savez('%t.npz', **{k: v for i, a in enumerate([[1], [1, 9, 2, 3], [9, 1, 1, 1], [1, 9, 9, 9], [1], [1, 1, 1, 9]]) for k, v in {'lpc_statistics': numpy.array([1]), f'{i}.count': numpy.array([4, 0]), f'{i}.min': -numpy.float32(a), f'{i}.max': numpy.zeros(len(a), numpy.float32), f'{i}.mean': numpy.zeros(len(a)), f'{i}.mean_abs': numpy.zeros(len(a)), f'{i}.sample': numpy.zeros((0, len(a)), numpy.float32)}.items()})"
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-split-outliers{granule=1 statistics=%t.npz}))' --mlir-print-debuginfo --mlir-print-local-scope 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file %t.err
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-split-outliers{granule=2 statistics=%t.npz}))' 2>/dev/null | FileCheck %s --check-prefix=GRANULE
// RUN: lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-split-outliers{granule=1 keep=two statistics=%t.npz}))' 2>/dev/null | FileCheck %s --check-prefix=KEEP
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-split-outliers{granule=0 statistics=%t.npz}))' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not lpc-opt %s --pass-pipeline='builtin.module(func.func(lpc-split-outliers))' 2>&1 | FileCheck %s --check-prefix=FILE
// Channels 0 to 3 of the first product see 1, 9, 2, 3; the others see one outlier where the order is fixed, too many, and one in a
// convolution. That the function stays is shown in test/e2e.

// NONE: error: options threshold and granule: expected positive numbers
// FILE: error: option statistics:

// Channel 1 goes to the end; the bias and the second reader stay.
// CHECK-LABEL: @main
// CHECK:         nn.constant dense<{{\[\[}}1.000000e+00, 3.000000e+00, 4.000000e+00, 2.000000e+00]]> : tensor<1x4xf64>
// CHECK:         %[[X:.*]] = nn.matmul %arg0
// CHECK:         %[[HEAD:.*]] = nn.slice %[[X]] offsets [0, 0] sizes [{{.*}}, 3]
// CHECK:         %[[TAIL:.*]] = nn.slice %[[X]] offsets [0, 3] sizes [{{.*}}, 1]
// CHECK-DAG:     nn.constant dense<{{\[\[}}5.000000e+00], [7.000000e+00], [8.000000e+00]]> : tensor<3x1xf64>
// CHECK-DAG:     nn.constant dense<6.000000e+00> : tensor<1x1xf64>
// CHECK:         %[[A:.*]] = nn.matmul %[[HEAD]], {{.*}} loc("one")
// CHECK-NEXT:    %[[B:.*]] = nn.matmul %[[TAIL]], {{.*}} loc("one/outliers"
// CHECK-NEXT:    nn.binary add %[[A]], %[[B]]
// CHECK:         nn.matmul {{.*}} loc("two")
// CHECK-NEXT:    nn.matmul {{.*}} loc("two/outliers"
// GRANULE:       nn.slice %{{.*}} offsets [0, 2] sizes [{{.*}}, 2]
// KEEP-COUNT-2:  nn.binary add
// KEEP-NOT:      nn.binary add
// REMARK: remark: its outliers are not split off: the order of its channels is fixed, since here their axis is an input of the graph
// REMARK: remark: its outliers are not split off: 3 of 4 channels would be in the tail; raise the threshold
// CHECK:         nn.conv {{.*}} : (tensor<?x3x2x2xf32>, tensor<1x3x1x1xf32>, tensor<1xf32>)
// CHECK-NEXT:    nn.conv {{.*}} : (tensor<?x1x2x2xf32>, tensor<1x1x1x1xf32>)
// CHECK-NEXT:    nn.binary add
func.func @main(%x: tensor<?x1xf32>, %fixed: tensor<?x4xf32>, %image: tensor<?x1x2x2xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1x2x2xf32>) {
  %w0 = nn.constant dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
  %w1 = nn.constant dense<[[5.0], [6.0], [7.0], [8.0]]> : tensor<4x1xf32>
  %w2 = nn.constant dense<[[5.0, 6.0, 7.0, 8.0]]> : tensor<1x4xf32>
  %f0 = nn.constant dense<1.0> : tensor<4x1x1x1xf32>
  %f1 = nn.constant dense<1.0> : tensor<1x4x1x1xf32>
  %b = nn.constant dense<1.0> : tensor<1xf32>
  %y = nn.matmul %x, %w0 : (tensor<?x1xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
  %0 = nn.matmul %y, %w1 : (tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x1xf32> loc("one")
  %1 = nn.matmul %y, %w2 {transpose_rhs = true} : (tensor<?x4xf32>, tensor<1x4xf32>) -> tensor<?x1xf32> loc("two")
  %2 = nn.matmul %fixed, %w1 : (tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x1xf32>
  %z = nn.matmul %x, %w0 : (tensor<?x1xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
  %3 = nn.matmul %z, %w1 : (tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x1xf32>
  %i = nn.conv %image, %f0 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x1x2x2xf32>, tensor<4x1x1x1xf32>) -> tensor<?x4x2x2xf32>
  %4 = nn.conv %i, %f1, %b {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x4x2x2xf32>, tensor<1x4x1x1xf32>, tensor<1xf32>) -> tensor<?x1x2x2xf32>
  return %0, %1, %2, %3, %4 : tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1x2x2xf32>
}
