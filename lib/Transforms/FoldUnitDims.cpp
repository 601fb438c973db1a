// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Drops loops and dimensions of size 1 from linalg operations whose accesses are plain.
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_FOLDUNITDIMSPASS
#include "lpc/Transforms/Passes.h.inc"

/// The loops that may go. In a window access `d0 * stride + d1` the loop d0 must stay even if it
/// runs once: without it the access becomes d1 alone, which linalg takes for a loop over the whole
/// operand, past the window.
static SmallVector<unsigned> droppableLoops(Operation *op) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp)
    return {};
  bool plain = llvm::all_of(linalgOp.getIndexingMapsArray(), [](AffineMap map) {
    return map.isProjectedPermutation(/*allowZeroInResults=*/true);
  });
  if (!plain)
    return {};
  return llvm::to_vector(llvm::seq<unsigned>(0, linalgOp.getNumLoops()));
}

namespace {
struct FoldUnitDims final : impl::FoldUnitDimsPassBase<FoldUnitDims> {
  using FoldUnitDimsPassBase::FoldUnitDimsPassBase;

  void runOnOperation() override {
    linalg::ControlDropUnitDims options;
    auto tensorControl = options.controlFn;
    options.controlFn = [tensorControl](Operation *op) {
      return isa<linalg::LinalgOp>(op) ? droppableLoops(op) : tensorControl(op);
    };
    RewritePatternSet patterns(&getContext());
    linalg::populateFoldUnitExtentDimsPatterns(patterns, options);
    linalg::populateMoveInitOperandsToInputPattern(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace lpc
