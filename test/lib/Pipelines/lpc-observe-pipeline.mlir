// RUN: lpc-opt %s --lpc-observe-pipeline=keep=head --dump-pass-pipeline -o %t 2>&1 | FileCheck %s
// The passes of the pipeline, in order (update_checks.py writes this).
func.func @main() { return }

// CHECK: builtin.module(
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-insert-observers{channels-last=false keep=head}
// CHECK-NEXT: )
// CHECK-NEXT: )
