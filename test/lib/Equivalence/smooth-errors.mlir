// RUN: %python %S/Inputs/statistics.py %t.npz 0=16,1,1
// RUN: not lpc-opt %s --lpc-smooth 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not lpc-opt %s --lpc-smooth=statistics=%t.none.npz 2>&1 | FileCheck %s --check-prefix=ABSENT
// RUN: not lpc-opt %s --lpc-smooth=statistics=%t.npz 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not lpc-opt %s --lpc-smooth="statistics=%t.npz alpha=1.5" 2>&1 | FileCheck %s --check-prefix=ALPHA
// Statistics that are missing or of another module.

// NONE: error: option statistics: expected a file that `lpc compile --save-statistics` wrote, but got none
// ABSENT: error: option statistics: cannot read '{{.*}}none.npz'
// OTHER: error: the statistics of activation 0 have 3 channels, but it has 2: they belong to another module or to another step
// ALPHA: error: option alpha: expected a number from 0 to 1, but got 1.5
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
  %w = nn.constant dense<[[4.0], [1.0]]> : tensor<2x1xf32>
  %n = nn.rms_norm %x {axis = 1 : i64, epsilon = 1.0 : f64} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = nn.matmul %n, %w : (tensor<?x2xf32>, tensor<2x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
