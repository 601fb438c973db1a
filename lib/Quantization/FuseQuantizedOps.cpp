// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dequantize -> contraction becomes one lp op. The idea: scales that do not change along the
// contracted axis factor out of the sum, and what remains is a sum of integers times one power of
// two.
#include "lpc/Quantization/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <numeric>

namespace lpc {
#define GEN_PASS_DEF_FUSEQUANTIZEDOPSPASS
#include "lpc/Quantization/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;

/// One operand of a contraction as codes with one level of scales, or as floats.
namespace {
struct Side {
  Value data, scale, zero;
  lp::ScaleAttr block;
  bool isCode() const { return block != nullptr; }
  const num::Format *format() const { return lp::formatOf(data.getType()); }
  /// Block size along an axis; kAll if the scale does not change along it.
  int64_t blockAlong(int64_t axis) const {
    return isCode() ? block.getBlock()[axis] : lp::ScaleAttr::kAll;
  }
};
} // namespace

static bool mayBeCodes(Value v) {
  auto dq = v.getDefiningOp<lp::DequantizeOp>();
  return dq && dq.isLinear();
}

/// The structure of an outer level seen from the grid of the level inside it; null where a block of
/// the inner level lies in several blocks of the outer one.
static lp::ScaleAttr structureOn(lp::ScaleAttr scale, unsigned inner, unsigned outer) {
  SmallVector<int64_t> block;
  for (auto [in, out] : llvm::zip(scale.getBlock(inner), scale.getBlock(outer))) {
    if (out != lp::ScaleAttr::kAll && (in == lp::ScaleAttr::kAll || out % in != 0))
      return {};
    block.push_back(out == lp::ScaleAttr::kAll ? out : out / in);
  }
  return lp::ScaleAttr::singleLevel(scale.getContext(), block);
}

/// The product of all levels as one f32 tensor on the grid of the innermost, level by level as
/// lp.dequantize rounds it; null if there is no such grid. Narrow scales stay constants.
static Value wholeScale(OpBuilder &b, lp::DequantizeOp dq) {
  ValueRange scales = dq.getScales();
  for (Value s : scales)
    if (!lp::formatOf(s.getType()) && !getElementTypeOrSelf(s.getType()).isF32())
      return {};
  for (unsigned level = 1; level < scales.size(); ++level)
    if (!structureOn(dq.getScale(), 0, level))
      return {};
  Value whole = scales.front();
  auto type = cast<RankedTensorType>(whole.getType()).clone(b.getF32Type());
  if (scales.size() == 1 && whole.getType() != type)
    return lp::DequantizeOp::create(b, dq.getLoc(), type, whole, ValueRange(), Value(),
                                    lp::ScaleAttr::perTensor(b.getContext(), type.getRank()));
  for (unsigned level = 1; level < scales.size(); ++level)
    whole = lp::DequantizeOp::create(b, dq.getLoc(), type, whole, scales[level], Value(),
                                     structureOn(dq.getScale(), 0, level));
  return whole;
}

static Side sideOf(OpBuilder &b, Value v) {
  auto dq = v.getDefiningOp<lp::DequantizeOp>();
  Side plain{v, {}, {}, {}};
  if (!dq || !dq.isLinear() || !getElementTypeOrSelf(v.getType()).isF32())
    return plain;
  Value scale;
  if (!dq.getScales().empty()) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(dq);
    scale = wholeScale(b, dq);
    if (!scale)
      return plain;
  }
  lp::ScaleAttr block = lp::ScaleAttr::singleLevel(b.getContext(), dq.getScale().getBlock());
  return {dq.getInput(), scale, dq.getZeroPoint(), block};
}

/// Bits that hold a decoded value minus a zero point, times the format's power of two.
static unsigned imageBits(const Side &s) { return s.format()->imageBits() + (s.zero ? 1 : 0); }

/// Whether every sum of `terms` products of images fits 64 bits.
static bool sumsFit(const Side &a, const Side &b, int64_t terms) {
  if (a.format()->hasInf() || a.format()->hasNaN() || b.format()->hasInf() || b.format()->hasNaN())
    return false; // Specials have no integer image; the float contract carries them.
  return imageBits(a) + imageBits(b) + llvm::Log2_64_Ceil(std::max<int64_t>(terms, 1)) <= 64;
}

static lp::AccumulatorAttr accumulator(MLIRContext *ctx, lp::AccumulatorKind kind) {
  return lp::AccumulatorAttr::get(ctx, kind, kind == lp::AccumulatorKind::Int ? 64 : 0);
}

namespace {
/// nn.matmul(dequantize a, dequantize b) => lp.matmul a, b.
struct FuseMatMul : OpRewritePattern<nn::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MatMulOp op, PatternRewriter &rewriter) const override {
    if (op.getTransposeRhs() || !getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "needs an f32 product without transposition");
    if (!mayBeCodes(op.getLhs()) && !mayBeCodes(op.getRhs()))
      return rewriter.notifyMatchFailure(op, "no operand is dequantized");
    Side l = sideOf(rewriter, op.getLhs()), r = sideOf(rewriter, op.getRhs());
    if (!l.isCode() && !r.isCode())
      return rewriter.notifyMatchFailure(op, "no operand has codes with one product of scales");
    int64_t lk = cast<RankedTensorType>(l.data.getType()).getRank() - 1;
    int64_t rk = cast<RankedTensorType>(r.data.getType()).getRank() - 2;
    int64_t k = cast<RankedTensorType>(r.data.getType()).getDimSize(rk);
    if (ShapedType::isDynamic(k))
      k = cast<RankedTensorType>(l.data.getType()).getDimSize(lk);
    auto kind = lp::AccumulatorKind::F32Relaxed;
    if (l.isCode() && r.isCode()) {
      int64_t lg = l.blockAlong(lk), rg = r.blockAlong(rk);
      bool grouped = lg != lp::ScaleAttr::kAll || rg != lp::ScaleAttr::kAll;
      // An unknown number of terms is taken as the largest an index can count.
      int64_t terms = grouped ? std::gcd(lg, rg) : ShapedType::isDynamic(k) ? int64_t(1) << 32 : k;
      if (sumsFit(l, r, terms))
        kind = grouped ? lp::AccumulatorKind::F32Grouped : lp::AccumulatorKind::Int;
    }
    rewriter.replaceOpWithNewOp<lp::MatMulOp>(op, op.getType(), l.data, l.scale, l.zero, r.data,
                                              r.scale, r.zero, l.block, r.block,
                                              accumulator(op.getContext(), kind));
    return success();
  }
};

/// nn.conv(dequantize x, dequantize w) + bias => lp.conv x, w, then nn.binary add.
struct FuseConv : OpRewritePattern<nn::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ConvOp op, PatternRewriter &rewriter) const override {
    if (!mayBeCodes(op.getFilter()))
      return rewriter.notifyMatchFailure(op, "the filter is not dequantized");
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "needs an f32 result");
    if (auto dq = op.getInput().getDefiningOp<lp::DequantizeOp>();
        mayBeCodes(op.getInput()) &&
        llvm::any_of(dq.getScale().getBlock(), [](int64_t b) { return b != lp::ScaleAttr::kAll; }))
      return rewriter.notifyMatchFailure(op, "the input's scale is not per tensor");
    Side w = sideOf(rewriter, op.getFilter());
    if (!w.isCode())
      return rewriter.notifyMatchFailure(op, "the filter has no codes with one product of scales");
    Side x = sideOf(rewriter, op.getInput());
    auto filter = cast<RankedTensorType>(w.data.getType());
    bool perChannel = llvm::all_of(llvm::drop_begin(w.block.getBlock()),
                                   [](int64_t b) { return b == lp::ScaleAttr::kAll; });
    int64_t terms = 1;
    for (int64_t d : filter.getShape().drop_front())
      terms *= ShapedType::isDynamic(d) ? 1 << 16 : d;
    bool exact = x.isCode() && perChannel && sumsFit(x, w, terms);
    auto kind = exact ? lp::AccumulatorKind::Int : lp::AccumulatorKind::F32Relaxed;
    Value y = lp::ConvOp::create(rewriter, op.getLoc(), op.getType(), x.data, x.scale, x.zero,
                                 w.data, w.scale, w.zero, x.block, w.block, op.getStridesAttr(),
                                 op.getPadsAttr(), op.getDilationsAttr(), op.getGroupsAttr(),
                                 accumulator(op.getContext(), kind));
    if (Value bias = op.getBias()) {
      auto type = cast<RankedTensorType>(bias.getType());
      SmallVector<int64_t> shape(cast<RankedTensorType>(op.getType()).getRank(), 1);
      shape[1] = type.getDimSize(0);
      SmallVector<Value> sizes;
      for (OpFoldResult size : nn::dimsOf(rewriter, op.getLoc(), bias))
        if (auto v = dyn_cast<Value>(size))
          sizes.push_back(v);
      bias = nn::ReshapeOp::create(
          rewriter, op.getLoc(), RankedTensorType::get(shape, type.getElementType()), bias, sizes);
      y = nn::BinaryOp::create(rewriter, op.getLoc(), op.getType(), nn::BinaryKind::Add, y, bias);
    }
    rewriter.replaceOp(op, y);
    return success();
  }
};

struct FuseQuantizedOpsPass final : lpc::impl::FuseQuantizedOpsPassBase<FuseQuantizedOpsPass> {
  using FuseQuantizedOpsPassBase::FuseQuantizedOpsPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseMatMul, FuseConv>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
