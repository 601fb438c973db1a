// RUN: lpc-opt %s --lpc-rewrite-pipeline="steps=fold-norm-gains,rotate-axes{axes=streams seed=7},round-constants" --dump-pass-pipeline -o %t 2>&1 | FileCheck %s
// The passes of the pipeline, in order (update_checks.py writes this).
func.func @main() { return }

// CHECK: builtin.module(
// CHECK-NEXT: func.func(
// CHECK-NEXT: nn-raise-idioms{attention=true}
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-fold-norm-gains
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-rotate-axes{axes=streams bridge=0 file= matrix=hadamard seed=7}
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-round-constants
// CHECK-NEXT: )
// CHECK-NEXT: )
