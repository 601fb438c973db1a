// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pass that ends every pipeline: it states what may remain.
#ifndef LPC_PIPELINES_PASSES
#define LPC_PIPELINES_PASSES

include "mlir/Pass/PassBase.td"

def VerifyContractPass : Pass<"lpc-verify-contract", "::mlir::ModuleOp"> {
  let summary = "check which dialects remain";
  let description = [{
    Reports every operation whose dialect is not in `dialects` as an error, up to ten; `builtin` and `func` are always
    allowed. Each named pipeline ends with it, so that a floor of lpc is a checked promise.

    *Example*: `lpc-verify-contract{floor=nn dialects=nn,lp,arith,tensor,affine,scf}` after the conversion from ONNX.
  }];
  let options = [
    Option<"floor", "floor", "std::string", "\"\"", "name of the floor, for the message">,
    ListOption<"dialects", "dialects", "std::string", "names of the dialects that may remain">];
}

#endif // LPC_PIPELINES_PASSES
