// RUN: lpc-opt %s --lpc-nn-to-lp-pipeline --dump-pass-pipeline -o %t 2>&1 | FileCheck %s
// RUN: lpc-opt %s --lpc-nn-to-lp-pipeline="weights=int4/g32 weight-method=mse activations=int8/token keep=head" --dump-pass-pipeline -o %t 2>&1 | FileCheck %s --check-prefix=QUANT
// The passes of the pipeline, in order, without formats and with them (update_checks.py writes this).
func.func @main() { return }

// CHECK: builtin.module(
// CHECK-NEXT: nn-expand-attention,
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-round-constants
// CHECK-NEXT: ),
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-fuse-quantized-ops
// CHECK-NEXT: ),
// CHECK-NEXT: canonicalize{
// CHECK-NEXT: cse,
// CHECK-NEXT: func.func(
// CHECK-NEXT: lpc-prove-accumulators
// CHECK-NEXT: ),
// CHECK-NEXT: lpc-verify-contract{dialects={nn,lp,arith,tensor,affine,scf,cf,math} floor=lp}
// CHECK-NEXT: )

// QUANT: builtin.module(
// QUANT-NEXT: nn-expand-attention,
// QUANT-NEXT: func.func(
// QUANT-NEXT: lpc-insert-observers{channels-last=false keep=head narrow=int8 where=weights wide=int16}
// QUANT-NEXT: ),
// QUANT-NEXT: func.func(
// QUANT-NEXT: lpc-quantize-activations{calibration= format=int8/token layers= method=minmax}
// QUANT-NEXT: ),
// QUANT-NEXT: func.func(
// QUANT-NEXT: lpc-quantize-weights{format=int4/g32 keep=head layers= method=mse min-elements=1}
// QUANT-NEXT: ),
// QUANT-NEXT: func.func(
// QUANT-NEXT: lpc-round-constants
// QUANT-NEXT: ),
// QUANT-NEXT: func.func(
// QUANT-NEXT: lpc-fuse-quantized-ops
// QUANT-NEXT: ),
// QUANT-NEXT: canonicalize{
// QUANT-NEXT: cse,
// QUANT-NEXT: func.func(
// QUANT-NEXT: lpc-prove-accumulators
// QUANT-NEXT: ),
// QUANT-NEXT: lpc-verify-contract{dialects={nn,lp,arith,tensor,affine,scf,cf,math} floor=lp}
// QUANT-NEXT: )
