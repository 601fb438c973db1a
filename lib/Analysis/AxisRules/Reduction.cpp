// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Axis rules of reductions, softmax, norms and pooling.
#include "Rules.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

namespace {

void barBoth(AxisRules &r, const AxisSpan &in, const AxisSpan &out, StringRef why) {
  r.bar(in, why);
  r.bar(out, why);
}

void reduceRule(nn::ReduceOp op, AxisRules &r) {
  bool isLinear = op.getKind() == nn::ReduceKind::Sum || op.getKind() == nn::ReduceKind::Mean;
  bool passes = isLinear || r.transform() == Transform::Permutation ||
                (r.transform() == Transform::Diagonal && op.getKind() != nn::ReduceKind::Prod);
  int64_t next = 0;
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis);
    if (llvm::is_contained(op.getAxes(), axis)) {
      next += op.getKeepDims();
      if (r.transform() == Transform::Permutation)
        r.accept(in);
      else
        r.bar(in, "is reduced");
      continue;
    }
    AxisSpan out = r.result(next++);
    if (passes)
      r.tie(in, out);
    else
      barBoth(r, in, out, "is reduced in a way that does not commute");
  }
}

void scanRule(nn::ScanOp op, AxisRules &r) {
  bool isSum = op.getKind() == nn::ReduceKind::Sum;
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis), out = r.result(axis);
    if (axis == static_cast<int64_t>(op.getAxis()))
      barBoth(r, in, out, "is scanned in order");
    else if (isSum || r.transform() == Transform::Permutation)
      r.tie(in, out);
    else
      barBoth(r, in, out, "is scanned in a way that does not commute");
  }
}

void softmaxRule(nn::SoftmaxOp op, AxisRules &r) {
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis), out = r.result(axis);
    if (r.transform() == Transform::Permutation)
      r.tie(in, out);
    else
      barBoth(r, in, out, "goes through an exponential");
  }
}

/// The gain or shift of a norm, an operand by number, where it runs along `axis`.
std::optional<AxisSpan> along(Operation *op, AxisRules &r, std::optional<unsigned> index,
                              int64_t axis) {
  if (!index)
    return std::nullopt;
  std::optional<int64_t> own = axisAlong(op->getOperand(*index), op->getResult(0), axis);
  return own ? std::optional(r.operand(*index, *own)) : std::nullopt;
}

/// y = norm(x) * gain + shift along one of the axes that are normalized.
struct NormAxis {
  Operation *op;
  AxisRules &r;
  bool isCentered; ///< takes the mean away first
  bool isWhole;    ///< no other axis of more than one element is normalized
  AxisSpan in, out;
  std::optional<AxisSpan> gain, shift;
  bool hasShift;

  void barAll(StringRef why) {
    barBoth(r, in, out, why);
    for (const std::optional<AxisSpan> &part : {gain, shift})
      if (part)
        r.bar(*part, why);
  }

  void permute() {
    r.tie(in, out);
    for (const std::optional<AxisSpan> &part : {gain, shift})
      if (part)
        r.tie(*part, out);
  }

  /// The result may be scaled where gain and shift absorb it.
  void scale() {
    r.bar(in, "is normalized: only one scale for all channels would pass");
    bool absorbs = gain && isConstantUse(op->getOpOperand(1)) && (!hasShift || shift);
    if (!absorbs) {
      r.bar(out, "has no gain that would take a scale");
      for (const std::optional<AxisSpan> &part : {gain, shift})
        if (part)
          r.bar(*part, "has no gain that would take a scale");
      return;
    }
    r.tie(*gain, out);
    if (shift)
      r.tie(*shift, out);
  }

  void rotate() {
    if (isCentered)
      return barAll("takes the mean over the channels away: convert it to an RMS norm first");
    if (gain)
      return barAll("has a gain per channel: fold it away first");
    r.tie(in, out);
  }

  void center() {
    if (isCentered && isWhole)
      r.accept(in);
    else
      r.bar(in, isCentered ? "is normalized together with other axes"
                           : "has a root mean square that the mean is part of");
    r.bar(out, "is the result of a norm, which is not centered");
    for (const std::optional<AxisSpan> &part : {gain, shift})
      if (part)
        r.bar(*part, "is a parameter of a norm");
  }
};

template <typename OpTy>
void normRule(OpTy op, AxisRules &r, std::optional<unsigned> gain, std::optional<unsigned> shift,
              bool isCentered) {
  int64_t first = op.getAxis(), wide = 0;
  for (int64_t size : tensorOf(op.getInput()).getShape().drop_front(first))
    wide += size != 1;
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    NormAxis a{op,
               r,
               isCentered,
               wide == 1,
               r.operand(0, axis),
               r.result(axis),
               along(op, r, gain, axis),
               along(op, r, shift, axis),
               shift.has_value()};
    if (r.transform() == Transform::Permutation)
      a.permute();
    else if (axis < first)
      a.barAll("is normalized row by row");
    else if (r.transform() == Transform::Diagonal)
      a.scale();
    else if (r.transform() == Transform::Orthogonal)
      a.rotate();
    else
      a.center();
  }
}

void layerNormRule(nn::LayerNormOp op, AxisRules &r) {
  auto index = [](Value v, unsigned i) { return v ? std::optional(i) : std::nullopt; };
  normRule(op, r, index(op.getScale(), 1), index(op.getBias(), op.getScale() ? 2 : 1), true);
}
void rmsNormRule(nn::RMSNormOp op, AxisRules &r) {
  normRule(op, r, op.getScale() ? std::optional(1u) : std::nullopt, std::nullopt, false);
}

void poolRule(nn::PoolOp op, AxisRules &r) {
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis), out = r.result(axis);
    if (axis >= 2)
      barBoth(r, in, out, "is a spatial axis of a window");
    else if (r.mixesChannels() && op.getKind() == nn::PoolKind::Max)
      barBoth(r, in, out, "takes the largest value of each channel alone");
    else
      r.tie(in, out);
  }
}

} // namespace

void analysis::attachReductionRules(MLIRContext *context) {
  attachRule<nn::ReduceOp, reduceRule>(context);
  attachRule<nn::ScanOp, scanRule>(context);
  attachRule<nn::SoftmaxOp, softmaxRule>(context);
  attachRule<nn::LayerNormOp, layerNormRule>(context);
  attachRule<nn::RMSNormOp, rmsNormRule>(context);
  attachRule<nn::PoolOp, poolRule>(context);
}
