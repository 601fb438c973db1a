// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lp dialect: low-precision numbers.
#ifndef LPC_DIALECTS_LP_IR_LPDIALECT
#define LPC_DIALECTS_LP_IR_LPDIALECT

include "mlir/IR/OpBase.td"

def Lp_Dialect : Dialect {
  let name = "lp";
  let cppNamespace = "::lpc::lp";
  let summary = "low-precision numbers: formats, scales, exact contractions";
  let description = [{
    Four things stay apart. The **element format** is a type: a finite map from codes to exact values, spelled as in
    docs/Formats.md (`!lp.int4`, `!lp.e2m1`). The **conversion policy** (rounding, overflow, NaN) belongs to the op that converts.
    The **scale structure** is an attribute of the op: who shares a scale, on how many levels (`#lp.scale<[1, 32]>`); the scales
    are operands. The **physical layout** does not appear here: see the `packed` dialect.

    A number is `(decode(code) - zero_point) * scale`. Operations of this dialect are the bit contract of a compiled program: each
    says every rounding, in order, so that all targets give the same bits.
  }];
  let useDefaultTypePrinterParser = 0;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    ::mlir::Type parseType(::mlir::DialectAsmParser &parser) const override;
    void printType(::mlir::Type type, ::mlir::DialectAsmPrinter &printer) const override;
    void registerTypes();
    void registerAttributes();
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect"];
}

#endif // LPC_DIALECTS_LP_IR_LPDIALECT
