// RUN: lpc-opt %s --lpc-lp-to-linalg-pipeline --dump-pass-pipeline -o %t 2>&1 | FileCheck %s
// The passes of the pipeline, in order (update_checks.py writes this).
func.func @main() { return }

// CHECK: builtin.module(
// CHECK-NEXT: nn-expand-attention,
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-check-shapes
// CHECK-NEXT: ),
// CHECK-NEXT: resolve-ranked-shaped-type-result-dims{
// CHECK-NEXT: canonicalize{
// CHECK-NEXT: cse,
// CHECK-NEXT: canonicalize{
// CHECK-NEXT: lpc-hold-scales,
// CHECK-NEXT: convert-lp-to-packed,
// CHECK-NEXT: convert-lp-to-linalg,
// CHECK-NEXT: convert-nn-to-linalg,
// CHECK-NEXT: canonicalize{
// CHECK-NEXT: cse,
// CHECK-NEXT: lpc-verify-contract{dialects={linalg,arith,math,tensor,bufferization,affine,scf,cf,complex,llvm,memref,packed,vector} floor=linalg}
// CHECK-NEXT: )
