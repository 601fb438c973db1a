// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Equalizes the ranges of channels between products (cross-layer equalization), so that one scale
// per tensor serves all of them. Costs nothing at run time but bounds per channel for clamps.
// Channels behind a function that no factor passes are left alone, with a remark.
#include "Linear.h"

#include "lpc/Equivalence/Passes.h"

#include "llvm/ADT/MapVector.h"

namespace lpc {
#define GEN_PASS_DEF_EQUALIZELAYERSPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

/// A change of all factors below this is none.
static constexpr double kConverged = 1e-3;

/// The channel axis of a value that comes from a product through functions of single elements.
static std::optional<std::pair<int64_t, int64_t>> channelAxisOf(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    if (std::optional<Linear> l = Linear::of(op))
      return std::pair(l->outAxis, l->numOut);
    if (!isa<nn::UnaryOp, nn::BinaryOp, nn::ClampOp>(op))
      return std::nullopt;
    unsigned operand = isa<nn::BinaryOp>(op) && isConstantUse(op->getOpOperand(0)) ? 1 : 0;
    if (op->getOperand(operand).getType() != op->getResult(0).getType())
      return std::nullopt;
    v = op->getOperand(operand);
  }
  return std::nullopt;
}

/// The largest magnitude of each channel of a weight.
static std::vector<double> rangesOf(MutableArrayRef<double> weight, const AxisMember &member,
                                    int64_t size) {
  std::vector<double> ranges(size);
  forEachLane(weight, member, size, [&](MutableArrayRef<double> lane) {
    for (auto [range, x] : llvm::zip_equal(ranges, lane))
      range = std::max(range, std::abs(x));
  });
  return ranges;
}

namespace {

/// A clamp and what stands for it: bounds per channel.
struct SplitClamp {
  APFloat lo, hi;
  SmallVector<Operation *, 2> parts;

  /// Bounds are the same for all channels: makes them one clamp again.
  void restore() {
    Operation *last = parts.back();
    OpBuilder b(last);
    last->getResult(0).replaceAllUsesWith(nn::ClampOp::create(
        b, last->getLoc(), last->getResult(0).getType(), parts.front()->getOperand(0), lo, hi));
    for (Operation *part : llvm::reverse(parts)) {
      Operation *bound = part->getNumOperands() > 1 ? part->getOperand(1).getDefiningOp() : nullptr;
      part->erase();
      if (!bound)
        continue;
      Value wide = bound->getNumOperands() ? bound->getOperand(0) : Value();
      bound->erase();
      if (wide)
        wide.getDefiningOp()->erase();
    }
  }
};

/// Channels to equalize: factors go into `writers`, their inverses into `readers`.
struct Plan {
  const AxisClass *axisClass;
  bool writersAreDual;
  SmallVector<const AxisMember *> writers, readers; ///< weights only
  std::vector<double> factors;
};

struct EqualizeLayersPass final : lpc::impl::EqualizeLayersPassBase<EqualizeLayersPass> {
  using EqualizeLayersPassBase::EqualizeLayersPassBase;

  /// clamp(x, lo, hi)  =>  min(max(x, LO), HI), bounds per channel; relu for a lower bound of 0.
  std::optional<SplitClamp> split(nn::ClampOp op) {
    double lo = op.getLo().convertToDouble(), hi = op.getHi().convertToDouble();
    bool isBound = (lo != 0 && std::isfinite(lo)) || (hi != 0 && std::isfinite(hi));
    std::optional<std::pair<int64_t, int64_t>> channels = channelAxisOf(op.getInput());
    if (!isBound || !channels)
      return std::nullopt;
    auto [axis, size] = *channels;
    auto type = cast<RankedTensorType>(op.getType());
    OpBuilder b(op);
    SplitClamp done{op.getLo(), op.getHi(), {}};
    Value v = op.getInput();
    auto bound = [&](nn::BinaryKind kind, double at) {
      Value limits = makePerChannel(op, op.getLoc(), type.getElementType(), type.getRank(), axis,
                                    std::vector<double>(size, at));
      done.parts.push_back(nn::BinaryOp::create(b, op.getLoc(), type, kind, v, limits));
      v = done.parts.back()->getResult(0);
    };
    if (lo == 0) {
      done.parts.push_back(nn::UnaryOp::create(b, op.getLoc(), type, nn::UnaryKind::Relu, v));
      v = done.parts.back()->getResult(0);
    } else if (!std::isinf(lo)) {
      bound(nn::BinaryKind::Max, lo);
    }
    if (!std::isinf(hi))
      bound(nn::BinaryKind::Min, hi);
    op.getOutput().replaceAllUsesWith(v);
    op.erase();
    return done;
  }

  /// clamp(x, 0, hi)  =>  relu(x)
  void dropUpperBounds() {
    SmallVector<nn::ClampOp> clamps;
    getOperation().walk([&](nn::ClampOp op) {
      if (op.getLo().isZero() && op.getHi().isFiniteNonZero() && channelAxisOf(op.getInput()))
        clamps.push_back(op);
    });
    for (nn::ClampOp op : clamps) {
      OpBuilder b(op);
      op.getOutput().replaceAllUsesWith(
          nn::UnaryOp::create(b, op.getLoc(), op.getType(), nn::UnaryKind::Relu, op.getInput()));
      op.erase();
    }
  }

  /// Whether a use of a constant is the weight of a product, and the axis one of its channel axes.
  static bool isWeight(const AxisMember &m) {
    if (!m.use || m.axis > 1)
      return false;
    std::optional<Linear> l = Linear::of(m.use->getOwner());
    return l && &l->weight() == m.use;
  }

  /// A weight is written or read along these channels, but they cannot change.
  void remark(const AxisClass &c) {
    bool isValue = llvm::any_of(c.members, [](const AxisMember &m) { return m.value != nullptr; });
    if (!isValue || !llvm::any_of(c.members, isWeight))
      return;
    for (const AxisBarrier &barrier : c.barriers)
      if (!isa<func::FuncOp, func::ReturnOp>(barrier.op)) {
        // What is read and what is written meet the same op.
        if (remarked.insert(barrier.op).second)
          barrier.op->emitRemark()
              << c.size << " channels are not equalized: here they meet what " << barrier.why;
        return;
      }
  }

  void plan(const AxisClass &c) {
    if (!c.isLegal())
      return remark(c);
    SmallVector<const AxisMember *> sides[2];
    for (const AxisMember &m : c.members)
      if (isWeight(m))
        sides[m.dual].push_back(&m);
    if (sides[0].empty() || sides[1].empty())
      return;
    // A product's result tells which side writes.
    bool writersAreDual = false;
    for (const AxisMember &v : c.members)
      if (std::optional<Linear> l = v.value ? Linear::of(v.value.getDefiningOp()) : std::nullopt;
          l && v.axis == l->outAxis)
        writersAreDual = v.dual;
    plans.push_back({&c, writersAreDual, sides[writersAreDual], sides[!writersAreDual],
                     std::vector<double>(c.size, 1.0)});
  }

  LogicalResult readConstants() {
    for (const Plan &p : plans)
      for (const AxisMember &m : p.axisClass->members)
        if (m.use && !values.contains(m.use)) {
          FailureOr<std::vector<double>> read = readExact(*m.use);
          if (failed(read))
            return failure();
          values[m.use] = std::move(*read);
        }
    return success();
  }

  /// The geometric mean of the ranges of each channel; 0 where one of them is 0.
  std::vector<double> rangesOf(ArrayRef<const AxisMember *> members, int64_t size) {
    if (members.size() == 1)
      return ::rangesOf(values[members.front()->use], *members.front(), size);
    std::vector<double> logs(size);
    for (const AxisMember *m : members)
      for (auto [sum, range] : llvm::zip_equal(logs, ::rangesOf(values[m->use], *m, size)))
        sum += std::log(range) / static_cast<double>(members.size());
    for (double &x : logs)
      x = std::exp(x);
    return logs;
  }

  void scale(const AxisMember &m, ArrayRef<double> factors, bool inverse) {
    forEachLane(values[m.use], m, factors.size(), [&](MutableArrayRef<double> lane) {
      for (auto [x, factor] : llvm::zip_equal(lane, factors))
        x = inverse ? x / factor : x * factor;
    });
  }

  /// One step; the largest change of a factor, as a logarithm.
  double balance(Plan &p) {
    int64_t size = p.axisClass->size;
    std::vector<double> r1 = rangesOf(p.writers, size), r2 = rangesOf(p.readers, size);
    std::vector<double> step(size, 1.0);
    double change = 0;
    for (int64_t i = 0; i < size; ++i) {
      if (r1[i] == 0 || r2[i] == 0)
        continue; // nothing passes this channel
      step[i] = std::sqrt(r2[i] / r1[i]);
      p.factors[i] *= step[i];
      change = std::max(change, std::abs(std::log(step[i])));
    }
    for (const AxisMember *m : p.writers)
      scale(*m, step, false);
    for (const AxisMember *m : p.readers)
      scale(*m, step, true);
    return change;
  }

  void runOnOperation() override {
    if (clip != "bounds" && clip != "relu" && clip != "keep") {
      getOperation().emitError() << "option clip: expected bounds, relu or keep, but got '" << clip
                                 << "'";
      return signalPassFailure();
    }
    plans.clear();
    values.clear();
    remarked.clear();
    SmallVector<SplitClamp> clamps;
    if (clip == "relu")
      dropUpperBounds();
    if (clip == "bounds") {
      SmallVector<nn::ClampOp> found;
      getOperation().walk([&](nn::ClampOp op) { found.push_back(op); });
      for (nn::ClampOp op : found)
        if (std::optional<SplitClamp> done = split(op))
          clamps.push_back(std::move(*done));
    }
    std::vector<AxisClass> classes =
        findAxisClasses(getOperation(), Transform::Diagonal, Parts::Known);
    for (const AxisClass &c : classes)
      plan(c);
    if (failed(readConstants()))
      return signalPassFailure();
    double change = 1;
    for (unsigned i = 0; i < iterations && change > kConverged; ++i) {
      change = 0;
      for (Plan &p : plans)
        change = std::max(change, balance(p));
    }
    // Weights have their factors; biases and bounds follow.
    for (const Plan &p : plans)
      for (const AxisMember &m : p.axisClass->members) {
        if (!m.use)
          continue;
        if (!isWeight(m))
          scale(m, p.factors, m.dual != p.writersAreDual);
        ++numConstants;
      }
    for (SplitClamp &s : clamps)
      finish(s);
    for (auto &[use, scaled] : values)
      writeExact(*use, std::move(scaled));
    values.clear();
    numClasses += plans.size();
  }

  /// Keeps the bounds of channels that were equalized.
  void finish(SplitClamp &s) {
    bool isScaled = llvm::any_of(s.parts, [&](Operation *part) {
      return part->getNumOperands() > 1 && values.contains(&part->getOpOperand(1));
    });
    if (!isScaled)
      s.restore();
  }

private:
  SmallVector<Plan> plans;
  llvm::MapVector<OpOperand *, std::vector<double>> values;
  llvm::SmallPtrSet<Operation *, 8> remarked;
};

} // namespace
