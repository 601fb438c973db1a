// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Block rotations in front of contractions. Outliers are spread within the blocks that share a
// scale, which is what narrow block formats gain from; legal everywhere, paid for at run time.
#include "OnlineRotation.h"

#include "lpc/Equivalence/Passes.h"

namespace lpc {
#define GEN_PASS_DEF_ROTATEBLOCKSPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::equiv;

namespace {

struct RotateBlocksPass final : lpc::impl::RotateBlocksPassBase<RotateBlocksPass> {
  using RotateBlocksPassBase::RotateBlocksPassBase;

  void runOnOperation() override {
    if (block < 2 || !num::Hadamard::ofOrder(block)) {
      getOperation().emitError() << "option block: expected the order of a known Hadamard matrix, "
                                    "2 or more, but got "
                                 << block.getValue();
      return signalPassFailure();
    }
    std::vector<std::unique_ptr<Rotation>> rotations;
    auto choose = [&](const RotationSite &site) -> const Rotation * {
      if (site.op->getOperand(0).getDefiningOp<nn::RotateOp>())
        return nullptr; // rotated already
      if (site.size % block != 0) {
        site.op->emitRemark() << "is not rotated: blocks of " << block.getValue()
                              << " do not divide its " << site.size << " channels";
        return nullptr;
      }
      rotations.push_back(std::make_unique<Rotation>(Rotation::blocks(site.size, block)));
      if (signs)
        rotations.back()->drawSigns(seed + rotations.size());
      return rotations.back().get();
    };
    FailureOr<int64_t> changed = rotateSites(findRotationSites(getOperation()), choose);
    if (failed(changed))
      return signalPassFailure();
    numWeights += *changed;
  }
};

} // namespace
