// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element format types.
#ifndef LPC_DIALECTS_LP_IR_LPTYPES
#define LPC_DIALECTS_LP_IR_LPTYPES

include "dialects/Lp/IR/LpDialect.td"
include "dialects/Lp/IR/LpInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"

def Lp_FormatType : TypeDef<Lp_Dialect, "Format", [Lp_ElementFormatInterface, MemRefElementTypeInterface,
                                                  VectorElementTypeInterface]> {
  let typeName = "lp.format";
  let summary = "an element format";
  let description = [{
    Printed as `!lp.` and the canonical spelling of the format: `!lp.int4`, `!lp.uint8`, `!lp.int8.narrow`, `!lp.e4m3`,
    `!lp.e3m2<bias=5>`. Formats are interned: equal meaning is an equal type.

    Example: `tensor<64x128x!lp.e2m1>`
  }];
  let parameters = (ins "const ::lpc::num::Format *":$format);
  let genStorageClass = 1;
}

#endif // LPC_DIALECTS_LP_IR_LPTYPES
