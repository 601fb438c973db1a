// RUN: lpc-opt %s --split-input-file --lpc-print-axis-classes=transform=diagonal -o /dev/null | FileCheck %s --check-prefix=DIAG
// RUN: lpc-opt %s --split-input-file --lpc-print-axis-classes="transform=orthogonal barriers-only" -o /dev/null | FileCheck %s --check-prefix=ORTH
// RUN: lpc-opt %s --split-input-file --lpc-print-axis-classes -o /dev/null | FileCheck %s --check-prefix=ALL
// RUN: not lpc-opt %s --split-input-file --lpc-print-axis-classes=transform=round -o /dev/null 2>&1 | FileCheck %s --check-prefix=ERROR
// What is printed, and whole classes of a small network: hidden channels behind relu, an input, an output.

// ERROR: error: option transform: expected diagonal, permutation, orthogonal or centering, but got 'round'

// ALL: diagonal classes of @mlp
// ALL: permutation classes of @mlp
// ALL: orthogonal classes of @mlp
// ALL: centering classes of @mlp

// DIAG-LABEL: diagonal classes of @mlp
// DIAG-NEXT:  size 4
// DIAG-NEXT:    func.func argument 0 axis 1
// DIAG-NEXT:    constant nn.matmul "hidden" operand 1 axis 0 dual
// DIAG-NEXT:    barrier: func.func argument 0 axis 1 is an input of the graph
// DIAG-NEXT:  size 6, legal
// DIAG-NEXT:    constant nn.matmul "hidden" operand 1 axis 1
// DIAG-NEXT:    nn.matmul "hidden" result axis 1
// DIAG-NEXT:    nn.binary add result axis 1
// DIAG-NEXT:    constant nn.binary add operand 1 axis 0
// DIAG-NEXT:    nn.unary relu result axis 1
// DIAG-NEXT:    constant nn.matmul operand 1 axis 0 dual
// DIAG-NEXT:  size 5
// DIAG-NEXT:    constant nn.matmul operand 1 axis 1
// DIAG-NEXT:    nn.matmul result axis 1
// DIAG-NEXT:    barrier: func.return operand 0 axis 1 is an output of the graph
// DIAG-NOT:   {{.}}

// ORTH-LABEL: orthogonal classes of @mlp
// ORTH-NEXT:  size 4
// ORTH-NEXT:    barrier: func.func argument 0 axis 1 is an input of the graph
// ORTH-NEXT:  size 6
// ORTH-NEXT:    barrier: nn.unary relu operand 0 axis 1 acts on each channel alone
// ORTH-NEXT:  size 6
// ORTH-NEXT:    barrier: nn.unary relu result axis 1 acts on each channel alone
// ORTH-NEXT:  size 5
// ORTH-NEXT:    barrier: func.return operand 0 axis 1 is an output of the graph
func.func @mlp(%x: tensor<?x4xf32>) -> tensor<?x5xf32> {
  %w1 = nn.constant dense<1.0> : tensor<4x6xf32>
  %b1 = nn.constant dense<1.0> : tensor<6xf32>
  %w2 = nn.constant dense<1.0> : tensor<6x5xf32>
  %h = nn.matmul %x, %w1 : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32> loc("hidden")
  %b = nn.binary add %h, %b1 : (tensor<?x6xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %r = nn.unary relu %b : (tensor<?x6xf32>) -> tensor<?x6xf32>
  %y = nn.matmul %r, %w2 : (tensor<?x6xf32>, tensor<6x5xf32>) -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}
