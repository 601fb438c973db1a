// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotates residual streams and attention heads. Outliers of single channels are spread over all of
// them, which narrow activation formats want; weight-only formats can lose by it, so nothing
// rotates unless it is asked for. Costs nothing at run time. Classes with barriers are left alone.
#include "ExactConstants.h"
#include "Rotation.h"

#include "lpc/Equivalence/Passes.h"

#include "llvm/ADT/MapVector.h"

namespace lpc {
#define GEN_PASS_DEF_ROTATEAXESPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

/// The largest matrix that is made and applied entry by entry.
static constexpr int64_t kLargestRandom = 4096;

/// A norm reads it along the axes that it normalizes.
static bool isStream(const AxisClass &c) {
  for (const AxisMember &m : c.members) {
    if (!m.value)
      continue;
    for (OpOperand &use : m.value.getUses()) {
      if (use.getOperandNumber() != 0)
        continue;
      if (auto norm = dyn_cast<nn::RMSNormOp>(use.getOwner()))
        if (static_cast<int64_t>(norm.getAxis()) <= m.axis)
          return true;
      if (auto norm = dyn_cast<nn::LayerNormOp>(use.getOwner()))
        if (static_cast<int64_t>(norm.getAxis()) <= m.axis)
          return true;
    }
  }
  return false;
}

/// Attention or another product of two computed tensors reads it.
static bool isHead(const AxisClass &c) {
  for (const AxisMember &m : c.members)
    if (m.value)
      for (Operation *user : m.value.getUsers())
        if (isa<nn::AttentionOp>(user) ||
            (isa<nn::MatMulOp>(user) && !isConstantUse(user->getOpOperand(0)) &&
             !isConstantUse(user->getOpOperand(1))))
          return true;
  return false;
}

namespace {

struct RotateAxesPass final : lpc::impl::RotateAxesPassBase<RotateAxesPass> {
  using RotateAxesPassBase::RotateAxesPassBase;

  LogicalResult checkOptions() {
    if (axes != "streams" && axes != "heads" && axes != "all")
      return getOperation().emitError()
             << "option axes: expected streams, heads or all, but got '" << axes << "'";
    if (matrix != "hadamard" && matrix != "random")
      return getOperation().emitError()
             << "option matrix: expected hadamard or random, but got '" << matrix << "'";
    return success();
  }

  void remark(const AxisClass &c) {
    const AxisBarrier &barrier = c.barriers.front();
    barrier.op->emitRemark() << "a stream of " << c.size << " channels is not rotated: here it "
                             << barrier.why;
  }

  /// Notes the rotation of a class for each of its constants.
  void plan(const AxisClass &c, uint64_t number) {
    if (matrix == "random" && c.size > kLargestRandom) {
      getOperation().emitRemark() << "a class of " << c.size
                                  << " channels is not rotated: random matrices have at most "
                                  << kLargestRandom << " rows; use matrix=hadamard";
      return;
    }
    uint64_t own = seed + number;
    rotations.push_back(std::make_shared<const Rotation>(
        matrix == "random" ? Rotation::random(c.size, own) : Rotation::hadamard(c.size, own)));
    if (rotations.back()->blockSize() == 1)
      return; // an odd size has no Hadamard blocks
    for (const AxisMember &m : c.members)
      if (m.use)
        planned[m.use].push_back({&m, rotations.back().get()});
    ++numClasses;
  }

  /// Each constant is read and written once, along all of its axes.
  LogicalResult rotateConstants() {
    for (auto &[use, steps] : planned) {
      FailureOr<std::vector<double>> values = readExact(*use);
      if (failed(values))
        return failure();
      for (auto [member, rotation] : steps)
        forEachLane(
            *values, *member, rotation->size(),
            [rotation = rotation](MutableArrayRef<double> x) { rotation->apply(x.data()); });
      writeExact(*use, std::move(*values));
      numConstants += steps.size();
    }
    return success();
  }

  void runOnOperation() override {
    if (failed(checkOptions()))
      return signalPassFailure();
    planned.clear();
    rotations.clear();
    uint64_t number = 0;
    std::vector<AxisClass> classes = findAxisClasses(getOperation(), Transform::Orthogonal);
    for (const AxisClass &c : classes) {
      bool stream = isStream(c);
      if (!stream && !isHead(c))
        continue;
      ++number;
      if (axes == (stream ? "heads" : "streams") || !c.hasConstant())
        continue;
      if (!c.isLegal()) {
        if (stream)
          remark(c);
        continue;
      }
      plan(c, number);
    }
    if (failed(rotateConstants()))
      return signalPassFailure();
  }

private:
  struct Step {
    const AxisMember *member;
    const Rotation *rotation;
  };
  llvm::MapVector<OpOperand *, SmallVector<Step, 2>> planned;
  std::vector<std::shared_ptr<const Rotation>> rotations; // passes can be copied
};

} // namespace
