// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SmoothQuant: moves a part of the range of an activation's channels into the weights that read
// them. Channels that are much larger than the others spoil the one scale that a token has; weights
// have room for them. Costs nothing at run time where what writes the channel can be divided (norm
// gains, value and up projections); other activations are left alone.
#include "ScaleGroups.h"

#include "lpc/Equivalence/Passes.h"

#include <cmath>

namespace lpc {
#define GEN_PASS_DEF_SMOOTHPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::equiv;
using quant::ObservedActivation;

namespace {

struct SmoothPass final : lpc::impl::SmoothPassBase<SmoothPass> {
  using SmoothPassBase::SmoothPassBase;

  /// s = x^alpha / w^(1 - alpha); 1 where a channel is unused.
  double scaleOf(double x, double w) const {
    if (x == 0 || w == 0)
      return 1;
    double s = std::clamp(std::pow(x, alpha) / std::pow(w, 1 - alpha), 1e-5, 1e4);
    return powerOfTwo ? std::exp2(std::round(std::log2(s))) : s;
  }

  /// Largest magnitudes of the channels of an activation and of the weights that meet them.
  LogicalResult maxima(const quant::ChannelStatisticsFile &file, const ObservedActivation &a,
                       std::vector<double> &x, std::vector<double> &w) {
    FailureOr<const quant::ChannelStatistics *> t = statisticsOf(file, a);
    if (failed(t))
      return failure();
    FailureOr<std::vector<double>> weights = weightMaxima(a);
    if (failed(weights))
      return failure();
    w = std::move(*weights);
    for (int64_t k = 0; k < (*t)->channels(); ++k)
      x.push_back((*t)->absMax(k));
    return success();
  }

  LogicalResult smooth(const quant::ChannelStatisticsFile &file, const ScaleGroup &group) {
    std::vector<double> mostX(group.size, 0), mostW(group.size, 0), scales;
    for (const ObservedActivation &a : group.activations) {
      std::vector<double> x, w;
      if (failed(maxima(file, a, x, w)))
        return failure();
      for (auto [k, i] : llvm::enumerate(group.indicesOf(a))) {
        mostX[i] = std::max(mostX[i], x[k]);
        mostW[i] = std::max(mostW[i], w[k]);
      }
    }
    for (auto [x, w] : llvm::zip_equal(mostX, mostW))
      scales.push_back(scaleOf(x, w));
    numActivations += group.activations.size();
    return group.apply(scales);
  }

  LogicalResult smoothExplicitly(const quant::ChannelStatisticsFile &file,
                                 const ObservedActivation &a) {
    std::vector<double> x, w, scales;
    if (failed(maxima(file, a, x, w)))
      return failure();
    for (auto [mostX, mostW] : llvm::zip_equal(x, w))
      scales.push_back(scaleOf(mostX, mostW));
    ++numExplicit;
    return scaleExplicitly(a, scales);
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!(alpha >= 0 && alpha <= 1)) {
      func.emitError() << "option alpha: expected a number from 0 to 1, but got " << alpha;
      return signalPassFailure();
    }
    if (quant::findObservedActivations(func).empty())
      return;
    FailureOr<quant::ChannelStatisticsFile> file = readStatistics(func, statistics);
    if (failed(file))
      return signalPassFailure();
    ScaleGroups groups(func);
    for (const ScaleGroup &group : groups.groups())
      if (failed(smooth(*file, group)))
        return signalPassFailure();
    for (const ScaleRefusal &r : groups.refusals()) {
      if (!isExplicit)
        r.activation.readers.front().op->emitRemark()
            << "its activation is not smoothed: '" << r.op->getName() << "' " << r.why;
      else if (failed(smoothExplicitly(*file, r.activation)))
        return signalPassFailure();
    }
  }
};

} // namespace
