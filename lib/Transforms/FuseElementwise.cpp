// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuses elementwise linalg.generic operations into their consumers where nothing expensive is
// computed twice.
//
// A loop over fused operations reads and writes memory once. Fusing into a consumer that visits an
// element several times (a broadcast, a reduction over other dimensions) repeats the producer's
// work, so only cheap bodies go there.
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "lpc/Transforms/Passes.h.inc"

/// A multiplication of two inputs under a reduction: it has a micro-kernel or will be vectorised as
/// it is.
static bool isContraction(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 2)
    return false;
  return llvm::any_of(op.getBlock()->without_terminator(),
                      [](Operation &inner) { return isa<arith::MulFOp, arith::MulIOp>(inner); });
}

static bool isCheap(linalg::LinalgOp op) {
  unsigned count = 0;
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (isa<math::MathDialect>(inner.getDialect()) &&
        !isa<math::AbsFOp, math::AbsIOp, math::FmaOp>(inner))
      return false;
    if (inner.getNumRegions() != 0 || isa<tensor::TensorDialect>(inner.getDialect()) ||
        isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
            arith::RemFOp>(inner))
      return false;
    ++count;
  }
  return count <= 8;
}

/// What fusion saves, a pass over memory, is little beside this many operations. Longer bodies
/// cost: each fusion copies the body, and the register allocator is not linear in the size of a
/// block.
constexpr int64_t kMaxBody = 64;

static int64_t bodySize(linalg::LinalgOp op) {
  return std::distance(op.getBlock()->begin(), op.getBlock()->end()) - 1;
}

/// Reads of data at computed places do not profit, and their recomputation costs.
static bool mayFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::LinalgOp>();
  auto consumer = dyn_cast<linalg::LinalgOp>(operand->getOwner());
  if (!producer || !consumer || isContraction(consumer))
    return false;
  if (!producer->hasOneUse())
    return false;
  if (producer->getBlock() != consumer->getBlock())
    return false;
  // Many operands make many pointers: the loop vectoriser then gives up on its overlap checks.
  if (producer->getNumOperands() + consumer->getNumOperands() > 12)
    return false;
  if (bodySize(producer) + bodySize(consumer) > kMaxBody)
    return false;
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  bool once = map.isPermutation();
  return once || isCheap(producer);
}

/// Whether a value is a view of a buffer that was there before (a scale of lpc-hold-scales).
static bool isStored(Value v) {
  while (isa_and_nonnull<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
      v.getDefiningOp()))
    v = v.getDefiningOp()->getOperand(0);
  return v.getDefiningOp<bufferization::ToTensorOp>() != nullptr;
}

namespace {
/// generic ins(%stored : tensor<1xf32>) { ^bb(%e): ... %e ... } => %e = tensor.extract %stored[0],
/// before the loops.
struct ReadSingleElement : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    for (OpOperand *operand : op.getDpsInputOperands()) {
      auto type = dyn_cast<RankedTensorType>(operand->get().getType());
      BlockArgument element = op.getMatchingBlockArgument(operand);
      if (!type || !type.hasStaticShape() || type.getNumElements() != 1 || element.use_empty() ||
          !isStored(operand->get()))
        continue;
      Value zero = arith::ConstantIndexOp::create(rewriter, op.getLoc(), 0);
      SmallVector<Value> first(type.getRank(), zero);
      Value value = tensor::ExtractOp::create(rewriter, op.getLoc(), operand->get(), first);
      rewriter.replaceAllUsesWith(element, value);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no operand is one stored element");
  }
};

struct FuseElementwise final : impl::FuseElementwisePassBase<FuseElementwise> {
  using FuseElementwisePassBase::FuseElementwisePassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, mayFuse);
    patterns.add<ReadSingleElement>(&getContext());
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, &getContext());
    getContext().getLoadedDialect<linalg::LinalgDialect>()->getCanonicalizationPatterns(patterns);
    // Folding of constants into bodies would unfold large data: only the driver's own folding of
    // scalars is on.
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace lpc
