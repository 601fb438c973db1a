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

static Side sideOf(Value v) {
  auto dq = v.getDefiningOp<lp::DequantizeOp>();
  bool usable = dq && dq.isLinear() && dq.getScales().size() == 1 &&
                getElementTypeOrSelf(v.getType()).isF32() &&
                getElementTypeOrSelf(dq.getScales()[0].getType()).isF32();
  if (!usable)
    return {v, {}, {}, {}};
  return {dq.getInput(), dq.getScales()[0], dq.getZeroPoint(), dq.getScale()};
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
    Side l = sideOf(op.getLhs()), r = sideOf(op.getRhs());
    if (!l.isCode() && !r.isCode())
      return rewriter.notifyMatchFailure(op, "no operand is dequantized");
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
    Side x = sideOf(op.getInput()), w = sideOf(op.getFilter());
    if (!w.isCode())
      return rewriter.notifyMatchFailure(op, "the filter is not dequantized");
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "needs an f32 result");
    if (x.isCode() && !x.block.isPerTensor())
      return rewriter.notifyMatchFailure(op, "the input's scale is not per tensor");
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
