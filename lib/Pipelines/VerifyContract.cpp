// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks which dialects remain at the end of a pipeline.
#include "lpc/Pipelines/Passes.h"

namespace lpc {
#define GEN_PASS_DEF_VERIFYCONTRACTPASS
#include "lpc/Pipelines/Passes.h.inc"
} // namespace lpc

using namespace mlir;

namespace {
struct VerifyContractPass final : lpc::impl::VerifyContractPassBase<VerifyContractPass> {
  using VerifyContractPassBase::VerifyContractPassBase;

  void runOnOperation() override {
    constexpr unsigned kMaxReports = 10;
    unsigned reported = 0;
    getOperation().walk([&](Operation *op) {
      StringRef dialect = op->getName().getDialectNamespace();
      if (dialect == "builtin" || dialect == "func" ||
          llvm::is_contained(
              llvm::map_range(dialects, [](const std::string &d) { return StringRef(d); }),
              dialect))
        return WalkResult::advance();
      op->emitError() << "'" << op->getName() << "' may not remain on the " << floor
                      << " floor: no pattern of the pipeline took it";
      return ++reported == kMaxReports ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (reported)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
