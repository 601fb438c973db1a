// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The nn dialect: real-number tensor programs.
#ifndef LPC_DIALECTS_NN_IR_NNDIALECT
#define LPC_DIALECTS_NN_IR_NNDIALECT

include "mlir/IR/OpBase.td"

def Nn_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::lpc::nn";
  let summary = "real-number tensor programs";
  let description = [{
    What a network computes, before any decision about number formats. Values are ranked tensors of builtin element
    types: `f64`, `f32`, `f16`, `bf16`, the 8-bit and smaller builtin floats (as stored data), signless `iN` for signed
    integers, `uiN` for unsigned ones, `i1` for booleans.

    **Shapes.** An unknown dimension is `?`; its value is an `index` obtained by `tensor.dim`. Function arguments name
    their dimensions in the argument attribute `nn.dims`; equal names mean equal sizes. Ops that make new dimensions take
    them as `index` operands, one for each `?` of the result type.

    **Broadcasting.** The operands of an elementwise op have ranks that may differ; shapes are aligned at the last
    dimension, and a dimension that is *statically* 1 is stretched. Two unknown dimensions that meet must be equal at run
    time: where a 1 could hide behind a `?`, `nn.broadcast` states the result shape explicitly.

    **Meaning.** Float arithmetic is IEEE 754 in the element type with round-to-nearest-even; reductions and
    contractions are exact sums rounded once (a lowering states its error bound); transcendental functions are the
    correctly rounded real function (lowerings: within 4 units in the last place unless the op says otherwise).
    Integer arithmetic wraps modulo 2^N.
  }];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect"];
}

#endif // LPC_DIALECTS_NN_IR_NNDIALECT
