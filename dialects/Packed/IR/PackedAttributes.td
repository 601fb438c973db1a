// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of the packed dialect: the layout.
#ifndef LPC_DIALECTS_PACKED_IR_PACKEDATTRIBUTES
#define LPC_DIALECTS_PACKED_IR_PACKEDATTRIBUTES

include "dialects/Packed/IR/PackedDialect.td"
include "mlir/IR/AttrTypeBase.td"

def Packed_LayoutAttr : AttrDef<Packed_Dialect, "Layout"> {
  let mnemonic = "layout";
  let summary = "where each element of a weight [k, n] lies in memory";
  let description = [{
    The columns are cut into panels of `columns`, the last one filled with zeros; a panel goes through k in steps of `group`
    values, the last one filled with zeros. A step holds `columns * group` codes of `bits` bits: with P = 8 / bits planes, a
    byte holds P codes, those of plane p at bit `p * bits`; plane p holds the columns from `p * columns / P` on, as
    [columns / P][group] bytes. So one load feeds P vectors, each by one shift.

    `map` states this: (k, n) -> (panel, step, column within the plane, value within the group, plane). The first four
    results, row-major, give the byte.

    `#packed.layout<columns = 16, group = 2, bits = 8, map = (k, n) -> (n floordiv 16, k floordiv 2, n mod 16, k mod 2,
    0)>`
  }];
  let parameters = (ins "int64_t":$columns, "int64_t":$group, "int64_t":$bits, "::mlir::AffineMap":$map);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The layout with the map that its numbers imply.
    static LayoutAttr get(::mlir::MLIRContext *ctx, int64_t columns, int64_t group, int64_t bits);
    static ::mlir::AffineMap mapOf(::mlir::MLIRContext *ctx, int64_t columns, int64_t group, int64_t bits);
    int64_t getPlanes() const { return 8 / getBits(); }
    /// Bytes of one step of a panel.
    int64_t getStepBytes() const { return getColumns() * getGroup() * getBits() / 8; }
    int64_t getSteps(int64_t depth) const { return (depth + getGroup() - 1) / getGroup(); }
    int64_t getPanels(int64_t columns) const { return (columns + getColumns() - 1) / getColumns(); }
    int64_t getBytes(int64_t depth, int64_t columns) const {
      return getPanels(columns) * getSteps(depth) * getStepBytes();
    }
    /// The values of a weight [depth, columns] (row-major; only the low bits are taken) in this layout.
    std::vector<uint8_t> pack(::llvm::ArrayRef<int32_t> values, int64_t depth, int64_t columns) const;
  }];
}

#endif // LPC_DIALECTS_PACKED_IR_PACKEDATTRIBUTES
