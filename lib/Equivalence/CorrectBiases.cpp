// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Approximate: takes out of each bias what the rounding of its weight adds to the output on
// average, (W^ - W) E[x]. Costs nothing at run time but an addition where there was no bias. Means
// are those of the float model, so layers do not depend on each other: a corrected layer hands on,
// to first order, the means that the next one was corrected for.
#include "Linear.h"

#include "lpc/Equivalence/Passes.h"
#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Quantization/ChannelStatistics.h"
#include "lpc/Quantization/Contractions.h"
#include "lpc/Quantization/FormatChoice.h"

#include <thread>

namespace lpc {
#define GEN_PASS_DEF_CORRECTBIASESPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::equiv;

/// [n, k] to [k, n].
template <typename T>
static std::vector<T> transposed(const std::vector<T> &x, int64_t n, int64_t k) {
  std::vector<T> y(x.size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < k; ++j)
      y[j * n + i] = x[i * k + j];
  return y;
}

namespace {

struct CorrectBiasesPass final : lpc::impl::CorrectBiasesPassBase<CorrectBiasesPass> {
  using CorrectBiasesPassBase::CorrectBiasesPassBase;

  /// What lpc-quantize-weights will make of a weight, in the order of its elements.
  FailureOr<std::vector<float>> rounded(const Linear &l, std::vector<float> values,
                                        const num::FormatSpec &spec) {
    ArrayRef<int64_t> type = cast<RankedTensorType>(l.weight().get().getType()).getShape();
    SmallVector<int64_t> shape(type);
    auto product = dyn_cast<nn::MatMulOp>(l.op);
    bool isTransposed = product && product.getTransposeRhs();
    if (isTransposed) {
      values = transposed(values, shape[0], shape[1]);
      std::swap(shape[0], shape[1]);
    }
    std::vector<num::AxisRole> roles =
        product ? num::matmulWeightRoles(shape.size()) : num::filterRoles(shape.size());
    num::BlockQuantized q;
    num::BlockOptions options;
    options.threads = std::max(1u, std::thread::hardware_concurrency());
    std::string error;
    if (!num::quantizeBlocks(spec, values, shape, roles, q, error, options))
      return l.op->emitError() << "its weight does not fit '" << spec.str() << "': " << error;
    num::dequantizeBlocks(q, roles, values, options.threads);
    return isTransposed ? transposed(values, shape[0], shape[1]) : std::move(values);
  }

  LogicalResult correct(const Linear &l, const quant::ChannelStatistics &x,
                        const num::FormatSpec &spec) {
    FailureOr<std::vector<double>> weight = readExact(l.weight());
    if (failed(weight))
      return failure();
    FailureOr<std::vector<float>> approximate =
        rounded(l, std::vector<float>(weight->begin(), weight->end()), spec);
    if (failed(approximate))
      return failure();
    std::vector<double> shares = l.tapShares(), added(l.numOut);
    l.forEachWeight([&](int64_t i, int64_t out, int64_t in) {
      double error = static_cast<double>((*approximate)[i]) - (*weight)[i];
      added[out] -= error * x.mean(in) * shares[i % shares.size()];
    });
    if (!llvm::all_of(added, [](double v) { return std::isfinite(v); }))
      return l.op->emitError() << "its weight holds values that '" << spec.str()
                               << "' cannot hold; name it in option keep";
    ++numBiases;
    return l.addToBias(std::move(added));
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::string error;
    std::optional<num::FormatSpec> spec = quant::parseWeightFormat(format, method, error);
    auto regex = quant::compileKeep(func.getLoc(), keep);
    if (failed(regex))
      return signalPassFailure();
    if (!spec || !quant::isWeightMethod(method)) {
      func.emitError() << (spec ? "option method: expected absmax or mse, but got '" +
                                      method.getValue() + "'"
                                : "option format: " + error);
      return signalPassFailure();
    }
    FailureOr<quant::ChannelStatisticsFile> file =
        quant::ChannelStatisticsFile::read(statistics, error);
    if (failed(file)) {
      func.emitError() << "option statistics: " << error;
      return signalPassFailure();
    }
    for (const quant::ObservedActivation &a : quant::findObservedActivations(func))
      for (const quant::Contraction &c : a.readers) {
        std::optional<Linear> l = Linear::of(c.op);
        if (!l || (*regex && (*regex)->match(quant::nameOf(c.op))))
          continue;
        const quant::ChannelStatistics *x = file->find(a.id, l->numIn, error);
        if (!x)
          c.op->emitError() << "option statistics: " << error;
        if (!x || failed(correct(*l, *x, *spec)))
          return signalPassFailure();
      }
  }
};

} // namespace
