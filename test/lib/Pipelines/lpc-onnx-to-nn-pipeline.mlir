// RUN: lpc-opt %s --lpc-onnx-to-nn-pipeline --dump-pass-pipeline -o %t 2>&1 | FileCheck %s
// The passes of the pipeline, in order (update_checks.py writes this).
func.func @main() { return }

// CHECK: builtin.module(
// CHECK-NEXT: convert-onnx-to-nn,
// CHECK-NEXT: canonicalize{
// CHECK-NEXT: lpc-fold-constants{max-bytes=1048576 max-growth=4},
// CHECK-NEXT: canonicalize{
// CHECK-NEXT: cse,
// CHECK-NEXT: lpc-verify-contract{dialects={nn,lp,arith,tensor,affine,scf,cf,math} floor=nn}
// CHECK-NEXT: )
