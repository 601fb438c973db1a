// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Replaces the provisional width of integer accumulators by the least one that the range analysis
// proves.
#include "lpc/Analysis/AccumulatorRange.h"
#include "lpc/Quantization/Passes.h"

namespace lpc {
#define GEN_PASS_DEF_PROVEACCUMULATORSPASS
#include "lpc/Quantization/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;

template <typename OpT> static LogicalResult prove(OpT op) {
  lp::AccumulatorAttr acc = op.getAccumulator();
  if (acc.getKind() == lp::AccumulatorKind::F32Relaxed)
    return success();
  FailureOr<analysis::IntegerRange> range = analysis::accumulatorRange(op);
  if (failed(range))
    return op.emitError("expected formats with integer images that sums can hold, or accumulator "
                        "'f32_relaxed'");
  bool grouped = acc.getKind() == lp::AccumulatorKind::F32Grouped;
  unsigned need = range->bits(), have = grouped ? 64 : acc.getWidth();
  if (need > have)
    return op.emitError() << "the accumulator needs " << need << " bits for sums in "
                          << range->str() << ", but has " << have
                          << ": use narrower formats or smaller groups";
  if (!grouped)
    op.setAccumulatorAttr(
        lp::AccumulatorAttr::get(op.getContext(), lp::AccumulatorKind::Int, need));
  return success();
}

namespace {
struct ProveAccumulatorsPass final : lpc::impl::ProveAccumulatorsPassBase<ProveAccumulatorsPass> {
  using ProveAccumulatorsPassBase::ProveAccumulatorsPassBase;

  void runOnOperation() override {
    bool ok = true;
    getOperation().walk([&](Operation *op) {
      if (auto matmul = dyn_cast<lp::MatMulOp>(op))
        ok &= succeeded(prove(matmul));
      else if (auto conv = dyn_cast<lp::ConvOp>(op))
        ok &= succeeded(prove(conv));
    });
    if (!ok)
      signalPassFailure();
  }
};
} // namespace
