// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Refuses integer programs whose intermediate values are not proved to fit.
#include "lpc/Analysis/IntegerRanges.h"
#include "lpc/Quantization/Passes.h"

namespace lpc {
#define GEN_PASS_DEF_PROVEINTEGERRANGESPASS
#include "lpc/Quantization/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;

namespace {
struct ProveIntegerRangesPass final
    : lpc::impl::ProveIntegerRangesPassBase<ProveIntegerRangesPass> {
  using ProveIntegerRangesPassBase::ProveIntegerRangesPassBase;

  void runOnOperation() override {
    analysis::IntegerRanges ranges;
    bool ok = true;
    getOperation().walk([&](Operation *op) {
      if (std::optional<std::string> why = ranges.explain(op)) {
        op->emitError() << *why;
        ok = false;
      } else if (report && op->getNumResults() == 1 && ranges.isTracked(op->getResult(0))) {
        analysis::IntegerRange r = *ranges.rangeOf(op->getResult(0));
        op->emitRemark() << "'" << op->getName() << "' has values in " << r.str() << ": "
                         << r.bits() << " bits";
      }
    });
    if (!ok)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
