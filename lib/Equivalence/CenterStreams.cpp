// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes layer norms RMS norms. The mean of a residual stream is taken out of everything that writes
// the stream, once and for all, so that no norm has to take it out again. Costs nothing at run time
// and saves a reduction; a stream that something besides layer norms reads is left alone.
#include "ExactConstants.h"

#include "lpc/Equivalence/Passes.h"

#include <numeric>

namespace lpc {
#define GEN_PASS_DEF_CENTERSTREAMSPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

namespace {

/// Layer norms that read a member of the class along the axis that they normalize.
SmallVector<nn::LayerNormOp> readersOf(const AxisClass &c) {
  SmallVector<nn::LayerNormOp> norms;
  for (const AxisMember &m : c.members)
    if (m.value && m.isWhole(c.size))
      for (OpOperand &use : m.value.getUses())
        if (auto norm = dyn_cast<nn::LayerNormOp>(use.getOwner());
            norm && use.getOperandNumber() == 0 && static_cast<int64_t>(norm.getAxis()) <= m.axis)
          norms.push_back(norm);
  return norms;
}

/// layer_norm(x, gain, shift)  =>  rms_norm(x, gain) + shift
void convert(nn::LayerNormOp norm) {
  OpBuilder b(norm);
  Value y = nn::RMSNormOp::create(b, norm.getLoc(), norm.getType(), norm.getInput(),
                                  norm.getScale(), norm.getAxis(), norm.getEpsilon());
  if (norm.getBias())
    y = nn::BinaryOp::create(b, norm.getLoc(), norm.getType(), nn::BinaryKind::Add, y,
                             norm.getBias());
  norm.replaceAllUsesWith(y);
  norm.erase();
}

struct CenterStreamsPass final : lpc::impl::CenterStreamsPassBase<CenterStreamsPass> {
  using CenterStreamsPassBase::CenterStreamsPassBase;

  void runOnOperation() override {
    // Classes point at the norms: these stay until all classes are done.
    SmallVector<nn::LayerNormOp> centered;
    for (const AxisClass &c : findAxisClasses(getOperation(), Transform::Centering)) {
      SmallVector<nn::LayerNormOp> norms = readersOf(c);
      if (norms.empty())
        continue;
      if (!c.isLegal()) {
        for (nn::LayerNormOp norm : norms) {
          InFlightDiagnostic remark = norm.emitRemark()
                                      << "stays a layer norm: the mean of its operand cannot be "
                                         "taken out where it is written";
          remark.attachNote(c.barriers.front().op->getLoc())
              << "here the stream " << c.barriers.front().why;
        }
        continue;
      }
      for (const AxisMember &m : c.members)
        if (m.use && failed(changeLanes(m, c.size, [](MutableArrayRef<double> lane) {
              double mean = std::accumulate(lane.begin(), lane.end(), 0.0) / lane.size();
              for (double &x : lane)
                x -= mean;
            })))
          return signalPassFailure();
      centered.append(norms);
    }
    for (nn::LayerNormOp norm : centered)
      convert(norm);
    numNorms += centered.size();
  }
};

} // namespace
