// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AWQ: weights of channels that matter are made larger before they are rounded, so that their
// relative error is smaller; the activation is divided where it is written. The exponent is
// searched for each group of channels on sample rows. With `clip`, blocks may then give up their
// largest weights where that lowers the error of the results: the one part that changes the
// function.
#include "ExactConstants.h"
#include "ScaleGroups.h"
#include "WeightError.h"

#include "lpc/Equivalence/Passes.h"
#include "lpc/Quantization/FormatChoice.h"

#include <cmath>
#include <map>

namespace lpc {
#define GEN_PASS_DEF_AWQPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::equiv;
using quant::ObservedActivation;

namespace {

/// The sample rows of an activation, one after the other.
std::vector<float> rowsOf(const quant::ChannelStatistics &t) {
  std::vector<float> rows;
  for (int64_t i = 0; i < t.numSamples(); ++i)
    llvm::append_range(rows, t.sampleRow(i));
  return rows;
}

struct AwqPass final : lpc::impl::AwqPassBase<AwqPass> {
  using AwqPassBase::AwqPassBase;

  /// One weight that reads a group, with the rows that it is tried on.
  struct Reader {
    WeightError weight;
    std::vector<int64_t> indices; ///< the scale of each channel
    const std::vector<float> *rows;
  };

  /// The error of all readers under these scales; negative if a weight does not fit the format.
  double errorOf(ArrayRef<Reader> readers, ArrayRef<double> scales, const num::FormatSpec &spec,
                 std::string &why) {
    double sum = 0;
    std::vector<float> scaled, rounded;
    for (const Reader &r : readers) {
      int64_t k = r.weight.channels(), n = r.weight.columns();
      scaled.assign(r.weight.values().begin(), r.weight.values().end());
      for (int64_t i = 0; i < k * n; ++i)
        scaled[i] *= static_cast<float>(scales[r.indices[i / n]]);
      if (!r.weight.round(spec, scaled, rounded, why))
        return -1;
      for (int64_t i = 0; i < k * n; ++i)
        rounded[i] = static_cast<float>((rounded[i] - scaled[i]) / scales[r.indices[i / n]]);
      sum += outputError(*r.rows, rounded, k, n);
    }
    return sum;
  }

  /// x^a, its largest and least value as far above 1 as below.
  static std::vector<double> scalesOf(ArrayRef<double> x, double a) {
    std::vector<double> s;
    double most = 0, least = std::numeric_limits<double>::infinity();
    for (double v : x) {
      s.push_back(v > 0 ? std::max(std::pow(v, a), 1e-4) : 1);
      most = std::max(most, s.back());
      least = std::min(least, s.back());
    }
    for (double &v : s)
      v = std::clamp(v / std::sqrt(most * least), 1e-5, 1e4);
    return s;
  }

  LogicalResult search(const quant::ChannelStatisticsFile &file, const ScaleGroup &group,
                       const num::FormatSpec &spec) {
    std::vector<double> mean(group.size, 0), count(group.size, 0);
    std::vector<std::vector<float>> rows(group.activations.size());
    std::vector<Reader> readers;
    for (auto [i, a] : llvm::enumerate(group.activations)) {
      FailureOr<const quant::ChannelStatistics *> t = statisticsOf(file, a);
      if (failed(t))
        return failure();
      rows[i] = rowsOf(**t);
      std::vector<int64_t> indices = group.indicesOf(a);
      for (auto [k, j] : llvm::enumerate(indices)) {
        mean[j] += (*t)->meanAbs(k);
        ++count[j];
      }
      for (const quant::Contraction &c : a.readers) {
        FailureOr<std::vector<double>> values = readExact(*c.weight);
        if (failed(values))
          return failure();
        std::string why;
        FailureOr<WeightError> weight = WeightError::make(c, *values, why);
        if (failed(weight)) {
          c.op->emitRemark() << "its activation is not scaled: " << why;
          return success();
        }
        readers.push_back({std::move(*weight), indices, &rows[i]});
      }
    }
    for (auto [m, n] : llvm::zip_equal(mean, count))
      m /= std::max(n, 1.0);
    std::vector<double> best;
    double least = std::numeric_limits<double>::infinity();
    for (int64_t step = 0; step < grid; ++step) {
      std::vector<double> scales = scalesOf(mean, static_cast<double>(step) / grid);
      std::string why;
      double error = errorOf(readers, scales, spec, why);
      if (error < 0)
        return group.activations.front().readers.front().op->emitError()
               << "its weight does not fit '" << spec.str() << "': " << why;
      if (error < least) {
        least = error;
        best = std::move(scales);
      }
    }
    if (best.empty() || llvm::all_of(best, [](double s) { return s == 1; }))
      return success(); // the weights are best as they are
    numActivations += group.activations.size();
    for (const ObservedActivation &a : group.activations) {
      std::vector<double> &scales = applied[a.id];
      for (int64_t i : group.indicesOf(a))
        scales.push_back(best[i]);
    }
    return group.apply(best);
  }

  //===- clipping
  //-----------------------------------------------------------------------------------===//

  /// Scale blocks that lie in one column of a matrix, or over whole columns, share a limit.
  LogicalResult clipWeight(const quant::Contraction &c, const std::vector<float> &rows,
                           const num::FormatSpec &spec) {
    FailureOr<std::vector<double>> values = readExact(*c.weight);
    if (failed(values))
      return failure();
    std::string why;
    FailureOr<WeightError> weight = WeightError::make(c, *values, why);
    if (failed(weight))
      return success();
    int64_t k = weight->channels(), n = weight->columns();
    ArrayRef<float> matrix = weight->values();
    std::vector<int64_t> blocks = weight->blocksOf(spec);
    int64_t numBlocks = *llvm::max_element(blocks) + 1;
    std::vector<float> most(numBlocks, 0);
    for (int64_t i = 0; i < k * n; ++i)
      most[blocks[i]] = std::max(most[blocks[i]], std::fabs(matrix[i]));
    // Runs of rows in which no column changes its block.
    SmallVector<int64_t> runEnds;
    for (int64_t i = 1; i <= k; ++i)
      if (i == k || !std::equal(&blocks[i * n], &blocks[i * n] + n, &blocks[(i - 1) * n]))
        runEnds.push_back(i);
    std::vector<double> least(numBlocks, std::numeric_limits<double>::infinity());
    std::vector<double> limit(numBlocks, std::numeric_limits<double>::infinity());
    std::vector<float> clipped(k * n), rounded;
    for (int percent = 100; percent >= 50; percent -= 5) {
      for (int64_t i = 0; i < k * n; ++i) {
        float bound = most[blocks[i]] * (percent / 100.0f);
        clipped[i] = std::clamp(matrix[i], -bound, bound);
      }
      if (!weight->round(spec, clipped, rounded, why))
        return c.op->emitError() << "its weight does not fit '" << spec.str() << "': " << why;
      for (int64_t i = 0; i < k * n; ++i)
        rounded[i] -= matrix[i];
      std::vector<double> errors = outputErrors(rows, rounded, k, n, runEnds);
      std::vector<double> sums(numBlocks, 0);
      for (auto [run, end] : llvm::enumerate(runEnds))
        for (int64_t j = 0; j < n; ++j)
          sums[blocks[(end - 1) * n + j]] += errors[run * n + j];
      for (int64_t b = 0; b < numBlocks; ++b)
        if (sums[b] < least[b]) {
          least[b] = sums[b];
          limit[b] = percent == 100 ? std::numeric_limits<double>::infinity()
                                    : most[b] * (percent / 100.0);
        }
    }
    std::vector<double> result(weight->exactValues().begin(), weight->exactValues().end());
    for (int64_t i = 0; i < k * n; ++i)
      result[i] = std::clamp(result[i], -limit[blocks[i]], limit[blocks[i]]);
    numClipped +=
        llvm::count_if(limit, [](double l) { return l < std::numeric_limits<double>::infinity(); });
    writeExact(*c.weight, weight->toOperand(result));
    return success();
  }

  LogicalResult clipAll(func::FuncOp func, const quant::ChannelStatisticsFile &file,
                        const num::FormatSpec &spec) {
    for (const ObservedActivation &a : quant::findObservedActivations(func)) {
      FailureOr<const quant::ChannelStatistics *> t = statisticsOf(file, a);
      if (failed(t))
        return failure();
      std::vector<float> rows = rowsOf(**t);
      int64_t k = (*t)->channels();
      // Activations are now smaller by the scales of their groups.
      if (auto it = applied.find(a.id); it != applied.end())
        for (size_t i = 0; i < rows.size(); ++i)
          rows[i] /= static_cast<float>(it->second[i % k]);
      for (const quant::Contraction &c : a.readers)
        if (quant::constantOf(c.weight->get()) && failed(clipWeight(c, rows, spec)))
          return failure();
    }
    return success();
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::string error;
    std::optional<num::FormatSpec> spec = quant::parseWeightFormat(format, method, error);
    if (!spec || !quant::isWeightMethod(method) || grid < 1) {
      func.emitError() << (!spec      ? "option format: " + error
                           : grid < 1 ? "option grid: expected at least 1"
                                      : "option method: expected absmax or mse, but got '" +
                                            method.getValue() + "'");
      return signalPassFailure();
    }
    if (quant::findObservedActivations(func).empty())
      return;
    FailureOr<quant::ChannelStatisticsFile> file = readStatistics(func, statistics);
    if (failed(file))
      return signalPassFailure();
    applied.clear();
    ScaleGroups groups(func);
    for (const ScaleGroup &group : groups.groups())
      if (failed(search(*file, group, *spec)))
        return signalPassFailure();
    for (const ScaleRefusal &r : groups.refusals())
      r.activation.readers.front().op->emitRemark()
          << "its activation is not scaled: '" << r.op->getName() << "' " << r.why;
    if (failed(groups.removeIdleGains()) || (clip && failed(clipAll(func, *file, *spec))))
      signalPassFailure();
  }

private:
  /// By activation: the scale of each channel.
  std::map<int64_t, std::vector<double>> applied;
};

} // namespace
