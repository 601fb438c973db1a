// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotations at run time where outliers are that no fused rotation reaches: in front of down
// projections, on queries and keys. Costs about n log2 n additions for each vector.
#include "OnlineRotation.h"

#include "lpc/Equivalence/Passes.h"

#include "mlir/IR/IRMapping.h"

namespace lpc {
#define GEN_PASS_DEF_ROTATEONLINEPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

/// The largest matrix that is made and applied entry by entry.
static constexpr int64_t kLargestRandom = 4096;

/// Values and axes of which a factor is in a legal class: what rotates for nothing.
static llvm::DenseSet<std::pair<Value, int64_t>> findFreeAxes(func::FuncOp func) {
  llvm::DenseSet<std::pair<Value, int64_t>> found;
  for (const AxisClass &c : findAxisClasses(func, Transform::Orthogonal))
    if (c.isLegal())
      for (const AxisMember &m : c.members)
        if (m.value)
          found.insert({m.value, m.axis});
  return found;
}

/// Whether a softmax reads the value, through a scale, a mask or another shape.
static bool isScore(Value v, int depth = 0) {
  constexpr int most = 8;
  for (Operation *user : v.getUsers()) {
    if (isa<nn::SoftmaxOp>(user))
      return true;
    if (depth < most &&
        isa<nn::BinaryOp, nn::SelectOp, nn::ReshapeOp, nn::BroadcastOp, nn::CastOp, nn::ClampOp>(
            user) &&
        isScore(user->getResult(0), depth + 1))
      return true;
  }
  return false;
}

static bool isRotated(Value x) {
  while (auto transpose = x.getDefiningOp<nn::TransposeOp>())
    x = transpose.getInput();
  return x.getDefiningOp<nn::RotateOp>() != nullptr;
}

/// Rotates what a use reads. A transpose is passed, so that lines of memory are rotated.
static void rotateUse(OpOperand &use, int64_t axis, const Rotation &rotation) {
  OpBuilder b(use.getOwner());
  Value x = use.get();
  SmallVector<nn::TransposeOp> passed;
  while (auto transpose = x.getDefiningOp<nn::TransposeOp>()) {
    passed.push_back(transpose);
    axis = transpose.getPermutation()[axis];
    x = transpose.getInput();
  }
  Location loc = use.getOwner()->getLoc();
  x = emitRotate(b, loc, x, axis, 1, rotation, /*inverse=*/false);
  for (nn::TransposeOp transpose : llvm::reverse(passed)) {
    IRMapping mapping;
    mapping.map(transpose.getInput(), x);
    x = b.clone(*transpose, mapping)->getResult(0);
  }
  use.set(x);
}

namespace {

struct RotateOnlinePass final : lpc::impl::RotateOnlinePassBase<RotateOnlinePass> {
  using RotateOnlinePassBase::RotateOnlinePassBase;

  LogicalResult checkOptions() {
    if (sites != "down" && sites != "scores" && sites != "all")
      return getOperation().emitError()
             << "option sites: expected down, scores or all, but got '" << sites << "'";
    if (matrix != "hadamard" && matrix != "kronecker" && matrix != "random")
      return getOperation().emitError()
             << "option matrix: expected hadamard, kronecker or random, but got '" << matrix << "'";
    return success();
  }

  /// A rotation of this size, or null if there is none but the identity.
  const Rotation *rotationFor(Operation *op, int64_t size) {
    uint64_t own = seed + ++number;
    bool isDense = matrix == "random" || (matrix == "kronecker" && (size & -size) != size);
    if (int64_t dense = matrix == "random" ? size : size / (size & -size);
        isDense && dense > kLargestRandom) {
      op->emitRemark() << "is not rotated: random matrices have at most " << kLargestRandom
                       << " rows, but " << dense << " are needed; use matrix=hadamard";
      return nullptr;
    }
    rotations.push_back(std::make_shared<Rotation>(matrix == "random" ? Rotation::random(size, own)
                                                   : isDense ? Rotation::kronecker(size, own)
                                                             : Rotation::hadamard(size, own)));
    Rotation &rotation = *rotations.back();
    if (!signs)
      rotation.dropSigns();
    if (rotation.blockSize() == 1) {
      op->emitRemark() << "is not rotated: no Hadamard matrix divides its " << size
                       << " channels; use matrix=random";
      return nullptr;
    }
    return &rotation;
  }

  LogicalResult rotateDown() {
    llvm::DenseSet<std::pair<Value, int64_t>> free = findFreeAxes(getOperation());
    FailureOr<int64_t> changed = rotateSites(
        findRotationSites(getOperation()), [&](const RotationSite &site) -> const Rotation * {
          Value x = site.op->getOperand(0);
          if (free.contains({x, site.axis}) || x.getDefiningOp<nn::RotateOp>())
            return nullptr;
          return rotationFor(site.op, site.size);
        });
    if (succeeded(changed))
      numWeights += *changed;
    return failure(failed(changed));
  }

  /// An op whose first two operands are contracted into scores, along these axes.
  struct Scores {
    Operation *op;
    int64_t left, right;
  };

  std::vector<Scores> findScores() {
    std::vector<Scores> found;
    auto rankOf = [](Value v) { return cast<RankedTensorType>(v.getType()).getRank(); };
    getOperation().walk([&](Operation *op) {
      if (auto attention = dyn_cast<nn::AttentionOp>(op))
        found.push_back({op, rankOf(attention.getQuery()) - 1, rankOf(attention.getKey()) - 1});
      auto product = dyn_cast<nn::MatMulOp>(op);
      if (product && !isConstantUse(op->getOpOperand(0)) && !isConstantUse(op->getOpOperand(1)) &&
          isScore(product.getOutput()))
        found.push_back({op, rankOf(product.getLhs()) - 1,
                         rankOf(product.getRhs()) - (product.getTransposeRhs() ? 1 : 2)});
    });
    return found;
  }

  void rotateScores() {
    for (const Scores &s : findScores()) {
      auto l = cast<RankedTensorType>(s.op->getOperand(0).getType()),
           r = cast<RankedTensorType>(s.op->getOperand(1).getType());
      int64_t size = l.getDimSize(s.left);
      if (!isa<FloatType>(l.getElementType()) || ShapedType::isDynamic(size) ||
          r.getDimSize(s.right) != size || size < 2 || isRotated(s.op->getOperand(0)))
        continue;
      const Rotation *rotation = rotationFor(s.op, size);
      if (!rotation)
        continue;
      rotateUse(s.op->getOpOperand(0), s.left, *rotation);
      rotateUse(s.op->getOpOperand(1), s.right, *rotation);
      ++numScores;
    }
  }

  void runOnOperation() override {
    rotations.clear();
    number = 0;
    if (failed(checkOptions()))
      return signalPassFailure();
    if (sites != "scores" && failed(rotateDown()))
      return signalPassFailure();
    if (sites != "down")
      rotateScores();
  }

private:
  std::vector<std::shared_ptr<Rotation>> rotations; // passes can be copied
  uint64_t number = 0;
};

} // namespace
