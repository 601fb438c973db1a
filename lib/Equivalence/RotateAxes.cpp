// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotates residual streams and attention heads. Outliers of single channels are spread over all of
// them, which narrow activation formats want; weight-only formats can lose by it, so nothing
// rotates unless it is asked for. Costs nothing at run time, bridges apart. Other classes with
// barriers are left alone.
#include "Bridges.h"
#include "ImportedRotations.h"
#include "Streams.h"

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

/// "R1.0" for the first stream, "R2.3" for the fourth class of heads.
static std::string nameOf(bool isStream, int64_t number) {
  return (isStream ? "R1." : "R2.") + std::to_string(number);
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
    return file.empty() ? success() : imported.read(getOperation(), file);
  }

  /// The matrix of a class, or null where it has none.
  FailureOr<std::shared_ptr<const Rotation>> rotationOf(const AxisClass &c, StringRef name,
                                                        uint64_t number) {
    std::shared_ptr<const Rotation> none;
    if (!file.empty()) {
      FailureOr<const Rotation *> found = imported.find(getOperation(), name, c.size);
      if (failed(found))
        return failure();
      return *found ? std::make_shared<const Rotation>(**found) : none;
    }
    if (matrix == "random" && c.size > kLargestRandom) {
      getOperation().emitRemark() << "a class of " << c.size
                                  << " channels is not rotated: random matrices have at most "
                                  << kLargestRandom << " rows; use matrix=hadamard";
      return none;
    }
    auto rotation = std::make_shared<const Rotation>(
        matrix == "random" ? Rotation::random(c.size, seed + number)
                           : Rotation::hadamard(c.size, seed + number));
    return rotation->blockSize() == 1 ? none : rotation; // an odd size has no Hadamard blocks
  }

  /// Notes the rotation of a legal class for each of its constants, and turns its bridges.
  LogicalResult plan(const AxisClass &c, StringRef name, uint64_t number) {
    FailureOr<std::shared_ptr<const Rotation>> rotation = rotationOf(c, name, number);
    if (failed(rotation))
      return failure();
    if (!*rotation)
      return success();
    rotations.push_back(*rotation);
    for (const AxisMember &m : c.members)
      if (m.use)
        planned[m.use].push_back({m, rotations.back().get()});
    ++numClasses;
    if (int64_t bridges = rotateBridges(c, **rotation)) {
      numBridges += bridges;
      getOperation().emitRemark() << name << ", " << c.size << " channels, is bridged at "
                                  << bridges << " places: " << bridges * (*rotation)->cost()
                                  << " operations for each vector";
    }
    return success();
  }

  /// Each constant is read and written once, along all of its axes.
  LogicalResult rotateConstants() {
    for (auto &[use, steps] : planned) {
      FailureOr<std::vector<double>> values = readExact(*use);
      if (failed(values))
        return failure();
      for (const Step &step : steps)
        forEachLane(*values, step.member, step.rotation->size(),
                    [&](MutableArrayRef<double> x) { step.rotation->apply(x.data()); });
      writeExact(*use, std::move(*values));
      numConstants += steps.size();
    }
    return success();
  }

  /// Bridges where asked for; a stream that stays is remarked. Whether classes changed.
  bool addBridges(const AxisClass &c, StringRef name) {
    const AxisBarrier &barrier = c.barriers.front();
    std::string why = barrier.why;
    Operation *op = barrier.op;
    Bridging bridging;
    if (bridge > 0)
      bridging = bridgeBarriers(getOperation(), c, bridge);
    if (!bridging.bridges.empty())
      return true;
    InFlightDiagnostic remark = op->emitRemark() << "a stream of " << c.size
                                                 << " channels is not rotated: here it " << why;
    if (!bridging.why.empty())
      remark << "; " << bridging.why;
    return bridge > 0; // values were bridges for a while
  }

  void runOnOperation() override {
    planned.clear();
    rotations.clear();
    if (failed(checkOptions()))
      return signalPassFailure();
    // Bridges change classes, so they all come first. A stream is tried once.
    std::vector<AxisClass> classes =
        findAxisClasses(getOperation(), Transform::Orthogonal, Parts::Known);
    for (int64_t tried = 0, next = 0; axes != "heads"; tried = next) {
      bool isChanged = false;
      int64_t stream = 0;
      for (const AxisClass &c : classes) {
        if (!isStream(c) || !c.hasConstant() || stream++ < tried)
          continue;
        next = stream;
        isChanged = !c.isLegal() && addBridges(c, nameOf(true, stream - 1));
        if (isChanged)
          break;
      }
      if (!isChanged)
        break;
      classes = findAxisClasses(getOperation(), Transform::Orthogonal, Parts::Known);
    }
    uint64_t number = 0;
    int64_t streams = 0, heads = 0;
    for (const AxisClass &c : classes) {
      bool stream = isStream(c);
      if (!stream && !isHead(c))
        continue;
      ++number;
      if (!c.hasConstant())
        continue;
      std::string name = nameOf(stream, stream ? streams++ : heads++);
      if (axes == (stream ? "heads" : "streams") || !c.isLegal())
        continue;
      if (failed(plan(c, name, number)))
        return signalPassFailure();
    }
    dropBridges(getOperation());
    if (failed(rotateConstants()))
      return signalPassFailure();
    if (!file.empty() && failed(imported.checkUsed(getOperation(), streams, heads)))
      return signalPassFailure();
  }

private:
  struct Step {
    AxisMember member;
    const Rotation *rotation;
  };
  llvm::MapVector<OpOperand *, SmallVector<Step, 2>> planned;
  std::vector<std::shared_ptr<const Rotation>> rotations; // passes can be copied
  ImportedRotations imported;
};

} // namespace
