// RUN: not lpc-opt %s --lpc-nn-to-lp-pipeline="weights=int8/channel activations=int8 integer-only=strict max-terms=64" --dump-pass-pipeline -o %t 2>&1 | FileCheck %s
// The passes of the pipeline for integer-only programs, in order. Their scales are static, so that the run itself asks for data.
func.func @main() { return }

// CHECK: builtin.module(
// CHECK-NEXT: nn-expand-attention,
// CHECK-NEXT: nn-raise-idioms{attention=false},
// CHECK-NEXT: nn-expand-attention,
// CHECK-NEXT: canonicalize{
// CHECK-NEXT: cse,
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-insert-observers{channels-last=false keep= narrow=int8 where=all wide=int16}
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-quantize-activations{calibration= format=int8 layers= method=minmax}
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-quantize-weights{format=int8/channel keep= layers= method=absmax min-elements=1}
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-round-constants
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-lower-to-integer{max-terms=64 rounding=single strict=true}
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-fuse-quantized-ops
// CHECK-NEXT: ),
// CHECK-NEXT: canonicalize{
// CHECK-NEXT: cse,
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-prove-accumulators
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-prove-integer-ranges{report=false}
// CHECK-NEXT: ),
// CHECK-NEXT: lpc-verify-contract{dialects={nn,lp,arith,tensor,affine,scf,cf,math} floor=lp}
// CHECK-NEXT: )
// CHECK: error: static activation scales need calibration data
