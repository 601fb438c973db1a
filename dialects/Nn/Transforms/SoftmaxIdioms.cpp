// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises softmax. In real numbers it does not matter whether the maximum is taken away first.
#include "Idioms.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn;

namespace {

/// A reduction of `input` along one axis that keeps it.
std::optional<int64_t> axisOfReduction(Value v, ReduceKind kind, Value input) {
  auto op = v.getDefiningOp<ReduceOp>();
  if (!op || op.getKind() != kind || op.getInput() != input || !op.getKeepDims() ||
      op.getAxes().size() != 1)
    return std::nullopt;
  return op.getAxes().front();
}

/// x where v = x - max(x) along the axis, else v.
Value withoutMax(Value v, int64_t axis) {
  auto difference = binaryOf(v, BinaryKind::Sub);
  if (difference &&
      axisOfReduction(difference.getRhs(), ReduceKind::Max, difference.getLhs()) == axis)
    return difference.getLhs();
  return v;
}

/// e / sum(e), e * (1 / sum(e)), e = exp(x) or exp(x - max(x))  =>  softmax(x)
struct RaiseSoftmax : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    for (auto [e, factor] : orders(op)) {
      Value sum;
      if (op.getKind() == BinaryKind::Div && e == op.getLhs())
        sum = factor;
      else if (auto inverse = unaryOf(factor, UnaryKind::Reciprocal);
               inverse && op.getKind() == BinaryKind::Mul)
        sum = inverse.getInput();
      auto exp = unaryOf(e, UnaryKind::Exp);
      std::optional<int64_t> axis =
          exp && sum ? axisOfReduction(sum, ReduceKind::Sum, e) : std::nullopt;
      if (!axis || e.getType() != op.getType())
        continue;
      rewriter.replaceOpWithNewOp<SoftmaxOp>(op, op.getType(), withoutMax(exp.getInput(), *axis),
                                             *axis, /*log=*/false);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "is no exponential divided by the sum of its own");
  }
};

/// log(softmax(x))  =>  softmax(x) {log}
struct RaiseLogSoftmax : OpRewritePattern<UnaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(UnaryOp op, PatternRewriter &rewriter) const override {
    auto softmax = op.getInput().getDefiningOp<SoftmaxOp>();
    if (op.getKind() != UnaryKind::Log || !softmax || softmax.getLog())
      return rewriter.notifyMatchFailure(op, "is no logarithm of a softmax");
    rewriter.replaceOpWithNewOp<SoftmaxOp>(op, op.getType(), softmax.getInput(), softmax.getAxis(),
                                           /*log=*/true);
    return success();
  }
};

} // namespace

void nn::populateSoftmaxIdioms(RewritePatternSet &patterns) {
  patterns.add<RaiseSoftmax, RaiseLogSoftmax>(patterns.getContext());
}
