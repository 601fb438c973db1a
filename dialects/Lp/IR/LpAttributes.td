// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of the lp dialect: scale structure and accumulation contract.
#ifndef LPC_DIALECTS_LP_IR_LPATTRIBUTES
#define LPC_DIALECTS_LP_IR_LPATTRIBUTES

include "dialects/Lp/IR/LpEnums.td"
include "mlir/IR/AttrTypeBase.td"

def Lp_ScaleAttr : AttrDef<Lp_Dialect, "Scale"> {
  let mnemonic = "scale";
  let summary = "who shares a scale";
  let description = [{
    One list per level, outermost level last. A list gives the block shape: along each dimension of the tensor the number of
    neighbours that share a scale, `*` for all of them. A block at the end may be short. The scale operand of a level has
    the tensor's rank and `ceil(dim / block)` entries along each dimension (1 for `*`); its element type is the scale's format.
    The value of an element is its decoded code times the scales of all levels.

    `#lp.scale<[*, *]>` per tensor; `#lp.scale<[1, *]>` per row; `#lp.scale<[32, 1]>` groups of 32 along the first axis;
    `#lp.scale<[1, 16], [*, *]>` two levels.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::DenseI64ArrayAttr">:$levels);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Marks a dimension whose elements all share the scale.
    static constexpr int64_t kAll = 0;
    /// Per tensor: one level, `*` everywhere.
    static ScaleAttr perTensor(::mlir::MLIRContext *ctx, int64_t rank);
    /// One scale per index of `axis`.
    static ScaleAttr perAxis(::mlir::MLIRContext *ctx, int64_t rank, int64_t axis);
    static ScaleAttr singleLevel(::mlir::MLIRContext *ctx, ::llvm::ArrayRef<int64_t> block);
    int64_t getRank() const { return getLevels().front().size(); }
    ::llvm::ArrayRef<int64_t> getBlock(unsigned level = 0) const { return getLevels()[level].asArrayRef(); }
    bool isPerTensor() const;
    /// The shape of the scale operand of a level for a tensor of this shape (kDynamic where that is unknown).
    ::llvm::SmallVector<int64_t> getScaleShape(::llvm::ArrayRef<int64_t> shape, unsigned level = 0) const;
  }];
}

def Lp_AccumulatorAttr : AttrDef<Lp_Dialect, "Accumulator"> {
  let mnemonic = "acc";
  let summary = "the accumulation contract of a contraction";
  let description = [{
    `#lp.acc<int<N>>`: products of integer images are summed exactly in a two's complement integer of N bits (2 to 64), proved
    not to overflow. `#lp.acc<f32_grouped>`: exact integer sums within a scale group, one fused multiply-add in f32 per group,
    groups ascending. `#lp.acc<f32_relaxed>`: f32 in any order, error at most `2 K eps sum |a b|`.
  }];
  let parameters = (ins EnumParameter<Lp_AccumulatorKind>:$kind, DefaultValuedParameter<"unsigned", "0">:$width);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // LPC_DIALECTS_LP_IR_LPATTRIBUTES
