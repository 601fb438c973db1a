// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Moves gains and shifts of norms into the weights behind them. A gain is a diagonal transform of
// the norm's result, so the diagonal class says whether its readers can take it; a shift goes
// through a product as a vector. Benefit: the norm commutes with rotations. Norms whose result
// something else reads keep their parameters.
#include "Linear.h"

#include "lpc/Equivalence/Passes.h"

#include <cmath>
#include <limits>

namespace lpc {
#define GEN_PASS_DEF_FOLDNORMGAINSPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

namespace {

/// The axis along which a parameter of a norm runs, seen from the norm's result, if it is one.
std::optional<int64_t> axisOf(Value parameter, Operation *norm) {
  auto type = cast<RankedTensorType>(parameter.getType());
  int64_t rank = cast<RankedTensorType>(norm->getResult(0).getType()).getRank();
  std::optional<int64_t> axis;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (type.getDimSize(i) == 1)
      continue;
    if (axis)
      return std::nullopt;
    axis = i + rank - type.getRank();
  }
  return axis;
}

OpOperand *gainOf(Operation *norm) {
  Value gain;
  if (auto layer = dyn_cast<nn::LayerNormOp>(norm))
    gain = layer.getScale();
  else
    gain = cast<nn::RMSNormOp>(norm).getScale();
  return gain ? &norm->getOpOperand(1) : nullptr;
}

//===- shifts
//-----------------------------------------------------------------------------------===//

/// W * shift goes into the bias behind the product.
LogicalResult addThrough(const Linear &product, ArrayRef<double> shift) {
  FailureOr<std::vector<double>> weight = readExact(product.weight());
  return failed(weight) ? failure() : product.addToBias(product.apply(*weight, shift));
}

/// Products with constant matrices that read a value, also from behind reshapes that leave its last
/// axis alone; nothing if something else reads it.
std::optional<SmallVector<Linear>> readersOf(Value v) {
  SmallVector<Linear> products;
  for (OpOperand &use : v.getUses()) {
    if (auto reshape = dyn_cast<nn::ReshapeOp>(use.getOwner())) {
      ArrayRef<int64_t> from = cast<RankedTensorType>(v.getType()).getShape();
      ArrayRef<int64_t> to = cast<RankedTensorType>(reshape.getType()).getShape();
      std::optional<SmallVector<Linear>> inner;
      if (!from.empty() && !to.empty() && from.back() == to.back())
        inner = readersOf(reshape.getOutput());
      if (!inner)
        return std::nullopt;
      products.append(*inner);
      continue;
    }
    std::optional<Linear> product = Linear::of(use.getOwner());
    if (!product || !product->isMatMul() || use.getOperandNumber() != 0)
      return std::nullopt;
    products.push_back(*product);
  }
  return products;
}

/// Why a shift cannot leave its norm; empty if it can.
StringRef keepsShift(nn::LayerNormOp norm) {
  OpOperand &shift = norm->getOpOperand(norm.getScale() ? 2 : 1);
  int64_t rank = cast<RankedTensorType>(norm.getType()).getRank();
  auto type = cast<RankedTensorType>(shift.get().getType());
  if (!isConstantUse(shift) || axisOf(shift.get(), norm) != rank - 1 ||
      type.getShape().back() != cast<RankedTensorType>(norm.getType()).getShape().back())
    return "its shift is no constant along the last axis";
  if (!readersOf(norm.getOutput()))
    return "something besides products with constant matrices reads it";
  return "";
}

//===- gains
//------------------------------------------------------------------------------------===//

/// The class in which the whole axis of a norm's result is, and whether it is dual there.
struct Found {
  const AxisClass *axisClass = nullptr;
  bool dual = false;
};

Found find(const std::vector<AxisClass> &classes, Value v, int64_t axis) {
  for (const AxisClass &c : classes)
    for (const AxisMember &m : c.members)
      if (m.value == v && m.axis == axis && m.isWhole(c.size))
        return {&c, m.dual};
  return {};
}

/// Whether an op that a scale passes through takes positive scales only.
bool needsPositive(Operation *op) {
  if (auto unary = dyn_cast_or_null<nn::UnaryOp>(op))
    return unary.getKind() != nn::UnaryKind::Neg;
  if (auto binary = dyn_cast_or_null<nn::BinaryOp>(op))
    return binary.getKind() == nn::BinaryKind::Min || binary.getKind() == nn::BinaryKind::Max;
  if (auto reduce = dyn_cast_or_null<nn::ReduceOp>(op))
    return reduce.getKind() == nn::ReduceKind::Min || reduce.getKind() == nn::ReduceKind::Max;
  if (auto pool = dyn_cast_or_null<nn::PoolOp>(op))
    return pool.getKind() == nn::PoolKind::Max;
  return isa_and_nonnull<nn::ClampOp>(op);
}

/// The least share of the largest gain that may be divided by: divisions must not cost more than a
/// few of the digits of f64.
constexpr double kLeastGain = 1e-4;

/// Why a gain stays; empty if it can go into the constants of the class.
std::string keepsGain(Found found, OpOperand &gain, ArrayRef<double> values) {
  if (!found.axisClass)
    return "its channels are taken apart into factors";
  if (!found.axisClass->isLegal())
    return "a reader " + found.axisClass->barriers.front().why;
  double least = std::numeric_limits<double>::infinity(), most = 0;
  for (double x : values) {
    least = std::min(least, std::abs(x));
    most = std::max(most, std::abs(x));
  }
  bool isPositive = llvm::all_of(values, [](double x) { return x >= 0; });
  for (const AxisMember &m : found.axisClass->members) {
    if (m.use && m.dual == found.dual && m.use != &gain && !(least > kLeastGain * most))
      return "another constant would be divided by a gain near zero";
    if (m.value && !isPositive && needsPositive(m.value.getDefiningOp()))
      return "a negative gain does not pass " +
             m.value.getDefiningOp()->getName().getStringRef().str();
  }
  return "";
}

struct FoldNormGainsPass final : lpc::impl::FoldNormGainsPassBase<FoldNormGainsPass> {
  using FoldNormGainsPassBase::FoldNormGainsPassBase;

  LogicalResult foldShift(nn::LayerNormOp norm) {
    if (StringRef why = keepsShift(norm); !why.empty()) {
      norm.emitRemark() << "keeps its shift: " << why;
      return success();
    }
    FailureOr<std::vector<double>> shift = readExact(norm->getOpOperand(norm.getScale() ? 2 : 1));
    if (failed(shift))
      return failure();
    SmallVector<Linear> readers = *readersOf(norm.getOutput());
    for (const Linear &product : readers)
      if (failed(addThrough(product, *shift)))
        return failure();
    norm.getBiasMutable().clear();
    ++numShifts;
    return success();
  }

  LogicalResult foldGain(Operation *norm, const std::vector<AxisClass> &classes) {
    OpOperand &gain = *gainOf(norm);
    std::optional<int64_t> axis = axisOf(gain.get(), norm);
    if (!axis || !isConstantUse(gain)) {
      norm->emitRemark() << "keeps its gain: it is no constant along one axis";
      return success();
    }
    FailureOr<std::vector<double>> values = readExact(gain);
    if (failed(values))
      return failure();
    Found found = find(classes, norm->getResult(0), *axis);
    if (std::string why = keepsGain(found, gain, *values); !why.empty()) {
      norm->emitRemark() << "keeps its gain: " << why;
      return success();
    }
    const AxisClass &c = *found.axisClass;
    for (const AxisMember &m : c.members) {
      if (!m.use || m.use == &gain)
        continue;
      bool divides = m.dual == found.dual;
      if (failed(changeLanes(m, c.size, [&](MutableArrayRef<double> lane) {
            for (auto [x, factor] : llvm::zip_equal(lane, *values))
              x = divides ? x / factor : x * factor;
          })))
        return failure();
    }
    if (auto layer = dyn_cast<nn::LayerNormOp>(norm))
      layer.getScaleMutable().clear();
    else
      cast<nn::RMSNormOp>(norm).getScaleMutable().clear();
    ++numGains;
    return success();
  }

  void runOnOperation() override {
    SmallVector<nn::LayerNormOp> shifted;
    getOperation().walk([&](nn::LayerNormOp norm) {
      if (norm.getBias())
        shifted.push_back(norm);
    });
    for (nn::LayerNormOp norm : shifted)
      if (failed(foldShift(norm)))
        return signalPassFailure();

    SmallVector<Operation *> gained;
    getOperation().walk([&](Operation *op) {
      if (isa<nn::LayerNormOp, nn::RMSNormOp>(op) && gainOf(op))
        gained.push_back(op);
    });
    // Values of constants do not change classes.
    std::vector<AxisClass> classes = findAxisClasses(getOperation(), Transform::Diagonal);
    for (Operation *norm : gained)
      if (failed(foldGain(norm, classes)))
        return signalPassFailure();
  }
};

} // namespace
