// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ResQ's rotation of residual streams: the directions in which activations vary most become the
// first channels, which a split of the contracted axis can then keep in more bits. Costs nothing at
// run time; an eigenproblem of the stream's size when it is compiled.
#include "ExactConstants.h"
#include "Rotation.h"
#include "ScaleGroups.h"
#include "Streams.h"

#include "lpc/Equivalence/Passes.h"

#include <Eigen/Eigenvalues>

namespace lpc {
#define GEN_PASS_DEF_ROTATEPRINCIPALPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The largest eigenproblem that is solved.
static constexpr int64_t kLargest = 4096;

static Matrix randomRotation(int64_t n, uint64_t seed) {
  Rotation r = Rotation::random(n, seed);
  return Eigen::Map<const Matrix>(r.denseMatrix().data(), n, n);
}

namespace {

struct RotatePrincipalPass final : lpc::impl::RotatePrincipalPassBase<RotatePrincipalPass> {
  using RotatePrincipalPassBase::RotatePrincipalPassBase;

  /// The sum of x x' over the sampled rows of all activations along a stream; empty if there are
  /// none.
  FailureOr<Matrix> momentsOf(const AxisClass &c, const quant::ChannelStatisticsFile &file) {
    Matrix sum;
    for (const quant::ObservedActivation &a : quant::findObservedActivations(getOperation())) {
      if (!isAlong(c, a.value, a.axis))
        continue;
      FailureOr<const quant::ChannelStatistics *> seen = statisticsOf(file, a);
      if (failed(seen))
        return failure();
      Matrix rows((*seen)->numSamples(), c.size);
      for (int64_t i = 0; i < rows.rows(); ++i)
        for (auto [k, x] : llvm::enumerate((*seen)->sampleRow(i)))
          rows(i, k) = x;
      if (rows.rows() == 0)
        continue;
      if (sum.size() == 0)
        sum = Matrix::Zero(c.size, c.size);
      sum += rows.transpose() * rows;
    }
    return sum;
  }

  /// blockdiag(Q_high, Q_low) P', the rows of P' by descending variance.
  std::vector<double> matrixOf(const Matrix &moments, uint64_t number) const {
    int64_t n = moments.rows(), high = n / share;
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(moments);
    Matrix p = solver.eigenvectors().rowwise().reverse().transpose();
    Matrix r(n, n);
    r.topRows(high) = randomRotation(high, seed + 2 * number) * p.topRows(high);
    r.bottomRows(n - high) =
        randomRotation(n - high, seed + 2 * number + 1) * p.bottomRows(n - high);
    return std::vector<double>(r.data(), r.data() + n * n);
  }

  LogicalResult rotate(const AxisClass &c, const quant::ChannelStatisticsFile &file,
                       uint64_t number) {
    if (c.size / share < 1 || c.size > kLargest) {
      getOperation().emitRemark() << "a stream of " << c.size << " channels is not rotated: it has "
                                  << (c.size > kLargest ? "more than 4096" : "too few to share");
      return success();
    }
    FailureOr<Matrix> moments = momentsOf(c, file);
    if (failed(moments))
      return failure();
    if (moments->size() == 0) {
      getOperation().emitRemark() << "a stream of " << c.size
                                  << " channels is not rotated: no contraction reads it";
      return success();
    }
    Rotation rotation = Rotation::dense(c.size, matrixOf(*moments, number));
    for (const AxisMember &m : c.members)
      if (m.use && failed(changeLanes(m, c.size, [&](MutableArrayRef<double> lane) {
            rotation.apply(lane.data());
          })))
        return failure();
    ++numStreams;
    return success();
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (share < 2) {
      func.emitError() << "option share: expected 2 or more, but got " << share.getValue();
      return signalPassFailure();
    }
    std::vector<AxisClass> streams = findStreams(func);
    if (streams.empty())
      return;
    FailureOr<quant::ChannelStatisticsFile> file = readStatistics(func, statistics);
    if (failed(file))
      return signalPassFailure();
    for (auto [i, c] : llvm::enumerate(streams))
      if (failed(rotate(c, *file, i)))
        return signalPassFailure();
  }
};

} // namespace
