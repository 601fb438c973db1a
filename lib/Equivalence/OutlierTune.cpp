// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// OutlierTune: every channel of an activation gets the same range, so that one scale fits all of
// them: the scale of each channel goes into the weights, its centre into the norm's shift and the
// biases behind. All difficulty moves into the weights: give them groups. Costs nothing at run time
// but a bias where there was none.
#include "ExactConstants.h"
#include "ScaleGroups.h"
#include "Shifts.h"

#include "lpc/Equivalence/Passes.h"

#include <cmath>

namespace lpc {
#define GEN_PASS_DEF_OUTLIERTUNEPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::equiv;
using quant::ObservedActivation;

namespace {

struct OutlierTunePass final : lpc::impl::OutlierTunePassBase<OutlierTunePass> {
  using OutlierTunePassBase::OutlierTunePassBase;

  /// The layer norm whose shift takes the centre of an activation, or null.
  static nn::LayerNormOp centeredBy(const ObservedActivation &a) {
    auto norm = a.value.getDefiningOp<nn::LayerNormOp>();
    int64_t last = cast<RankedTensorType>(a.value.getType()).getRank() - 1;
    if (!norm || a.axis != last || static_cast<int64_t>(norm.getAxis()) != last ||
        !readersOfShift(a.value))
      return nullptr;
    if (!norm.getBias())
      return norm;
    OpOperand &shift = norm->getOpOperand(norm.getScale() ? 2 : 1);
    auto type = cast<RankedTensorType>(shift.get().getType());
    bool isVector = type.getRank() == 1 &&
                    type.getDimSize(0) == cast<RankedTensorType>(norm.getType()).getDimSize(last);
    return isVector && analysis::isConstantUse(shift) ? norm : nullptr;
  }

  /// x  =>  x - center, and center * W behind the products that read x.
  LogicalResult shiftBy(nn::LayerNormOp norm, const ObservedActivation &a,
                        ArrayRef<double> center) {
    SmallVector<Linear> readers = *readersOfShift(a.value);
    for (const Linear &product : readers)
      if (failed(addShift(product, center)))
        return failure();
    if (norm.getBias()) {
      OpOperand &use = norm->getOpOperand(norm.getScale() ? 2 : 1);
      FailureOr<std::vector<double>> shift = readExact(use);
      if (failed(shift))
        return failure();
      for (auto [x, c] : llvm::zip_equal(*shift, center))
        x -= c;
      writeExact(use, std::move(*shift));
    } else {
      std::vector<double> shift;
      for (double c : center)
        shift.push_back(-c);
      auto type = cast<RankedTensorType>(norm.getType());
      norm.getBiasMutable().assign(makeExact(
          norm, norm.getLoc(),
          RankedTensorType::get({static_cast<int64_t>(center.size())}, type.getElementType()),
          std::move(shift)));
    }
    ++numCentered;
    return success();
  }

  LogicalResult center(const quant::ChannelStatisticsFile &file, func::FuncOp func) {
    for (const ObservedActivation &a : quant::findObservedActivations(func)) {
      FailureOr<const quant::ChannelStatistics *> t = statisticsOf(file, a);
      if (failed(t))
        return failure();
      nn::LayerNormOp norm = centeredBy(a);
      if (!norm)
        continue;
      std::vector<double> centers;
      for (int64_t k = 0; k < (*t)->channels(); ++k)
        centers.push_back(((*t)->min(k) + static_cast<double>((*t)->max(k))) / 2);
      centered.insert(a.id);
      if (failed(shiftBy(norm, a, centers)))
        return failure();
    }
    return success();
  }

  LogicalResult scale(const quant::ChannelStatisticsFile &file, const ScaleGroup &group) {
    std::vector<double> scales(group.size, 0);
    for (const ObservedActivation &a : group.activations) {
      FailureOr<const quant::ChannelStatistics *> t = statisticsOf(file, a);
      if (failed(t))
        return failure();
      for (auto [k, i] : llvm::enumerate(group.indicesOf(a))) {
        double half = centered.contains(a.id)
                          ? ((*t)->max(k) - static_cast<double>((*t)->min(k))) / 2
                          : (*t)->absMax(k);
        scales[i] = std::max(scales[i], half);
      }
    }
    for (double &s : scales)
      s = s > 0 ? std::clamp(s, 1e-5, 1e4) : 1;
    numActivations += group.activations.size();
    return group.apply(scales);
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (quant::findObservedActivations(func).empty())
      return;
    FailureOr<quant::ChannelStatisticsFile> file = readStatistics(func, statistics);
    if (failed(file))
      return signalPassFailure();
    centered.clear();
    if (shift && failed(center(*file, func)))
      return signalPassFailure();
    ScaleGroups groups(func);
    for (const ScaleGroup &group : groups.groups())
      if (failed(scale(*file, group)))
        return signalPassFailure();
    for (const ScaleRefusal &r : groups.refusals())
      r.activation.readers.front().op->emitRemark()
          << "its activation is not scaled: '" << r.op->getName() << "' " << r.why;
    if (failed(groups.removeIdleGains()))
      signalPassFailure();
  }

private:
  llvm::DenseSet<int64_t> centered; ///< activations, by number
};

} // namespace
