// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Axis rules of contractions and rotations. Rows and columns pass every transform; both sides of
// the contracted axis take a transform and its inverse transposed.
#include "Rules.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

namespace {

void contract(AxisRules &r, const AxisSpan &a, const AxisSpan &b) {
  if (r.transform() != Transform::Centering)
    return r.tieDual(a, b);
  r.bar(a, "is contracted: centering has no inverse");
  r.bar(b, "is contracted: centering has no inverse");
}

/// A dimension that both operands share, product by product.
void batch(nn::MatMulOp op, AxisRules &r, int64_t axis) {
  AxisSpan out = r.result(axis);
  int64_t fromEnd = rankOf(op.getOutput()) - axis;
  SmallVector<AxisSpan> along;
  for (unsigned i : {0u, 1u}) {
    Value v = op->getOperand(i);
    int64_t own = rankOf(v) - fromEnd;
    if (own >= 0 && tensorOf(v).getDimSize(own) != 1)
      along.push_back(r.operand(i, own));
  }
  if (along.size() < 2 || r.transform() == Transform::Permutation) {
    for (const AxisSpan &in : along)
      r.tie(in, out);
    return;
  }
  if (r.transform() == Transform::Diagonal) {
    // Either side may carry it; values times probabilities is the case that matters.
    r.tie(along[1], out);
    return r.bar(along[0], "leaves the scale of the batch to the other operand");
  }
  for (const AxisSpan &in : along)
    r.bar(in, "is a batch axis of both operands");
  r.bar(out, "is a batch axis of both operands");
}

void matmulRule(nn::MatMulOp op, AxisRules &r) {
  int64_t left = rankOf(op.getLhs()), right = rankOf(op.getRhs()), rank = rankOf(op.getOutput());
  bool transposed = op.getTransposeRhs();
  contract(r, r.operand(0, left - 1), r.operand(1, right - (transposed ? 1 : 2)));
  r.tie(r.operand(0, left - 2), r.result(rank - 2));
  r.tie(r.operand(1, right - (transposed ? 2 : 1)), r.result(rank - 1));
  for (int64_t axis = 0; axis < rank - 2; ++axis)
    batch(op, r, axis);
}

/// Neighbours in space are taken together; channels are not followed there.
template <typename OpTy> void barSpace(OpTy op, AxisRules &r) {
  for (int64_t axis = 2; axis < rankOf(op.getInput()); ++axis) {
    r.bar(r.operand(0, axis), "is a spatial axis of a window");
    r.bar(r.operand(1, axis), "is a spatial axis of a window");
    r.bar(r.result(axis), "is a spatial axis of a window");
  }
}

/// Groups x channels of a group on each side. `filterOut`, `filterIn`: the axes of the filter that
/// run along output and input channels; the one that is `wholeAxis` runs along the groups, too.
template <typename OpTy>
void channels(OpTy op, AxisRules &r, int64_t filterIn, int64_t filterOut, int64_t wholeAxis) {
  int64_t groups = op.getGroups();
  AxisSpan in = r.operand(0, 1), out = r.result(1);
  AxisSpan bias = op.getBias() ? r.operand(2, 0) : AxisSpan();
  AxisSpan fIn = r.operand(1, filterIn), fOut = r.operand(1, filterOut);
  auto tieOut = [&](const AxisSpan &f, const AxisSpan &o, const AxisSpan &b) {
    r.tie(f, o);
    if (op.getBias())
      r.tie(b, o);
  };
  if (groups == 1) {
    contract(r, in, fIn);
    return tieOut(fOut, out, bias);
  }
  int64_t inPerGroup = tensorOf(op.getInput()).getDimSize(1) / groups;
  int64_t outPerGroup = tensorOf(op.getOutput()).getDimSize(1) / groups;
  auto [inGroups, inChannels] = r.cut(in, inPerGroup);
  auto [outGroups, outChannels] = r.cut(out, outPerGroup);
  auto [biasGroups, biasChannels] = r.cut(bias, outPerGroup);
  bool isWholeIn = wholeAxis == filterIn;
  auto [fGroups, fChannels] = isWholeIn ? r.cut(fIn, inPerGroup) : r.cut(fOut, outPerGroup);
  // Within a group.
  if (inPerGroup > 1)
    contract(r, inChannels, isWholeIn ? fChannels : fIn);
  if (outPerGroup > 1)
    tieOut(isWholeIn ? fOut : fChannels, outChannels, biasChannels);
  // The groups themselves.
  if (r.transform() == Transform::Permutation) {
    tieOut(fGroups, outGroups, biasGroups);
    return r.tie(fGroups, inGroups);
  }
  if (r.transform() == Transform::Diagonal) {
    // The filter takes both scales, one after the other.
    tieOut(fGroups, outGroups, biasGroups);
    auto [second, rest] = r.cut(r.again(1, wholeAxis), isWholeIn ? inPerGroup : outPerGroup);
    r.bar(rest, "is the second transform of a filter");
    return r.tieDual(inGroups, second);
  }
  for (const AxisSpan &span : {inGroups, fGroups, outGroups, biasGroups})
    r.bar(span, "holds groups that do not mix");
}

void convRule(nn::ConvOp op, AxisRules &r) {
  r.tie(r.operand(0, 0), r.result(0));
  barSpace(op, r);
  channels(op, r, 1, 0, 0);
}

void convTransposeRule(nn::ConvTransposeOp op, AxisRules &r) {
  r.tie(r.operand(0, 0), r.result(0));
  barSpace(op, r);
  channels(op, r, 0, 1, 0);
}

/// A bridge stands where a class is to have its inverse (or, behind a barrier, the transform): the
/// one side takes any transform, the other one none.
void rotateRule(nn::RotateOp op, AxisRules &r) {
  auto bridge = op->getAttrOfType<StringAttr>(kBridgeAttr);
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis), out = r.result(axis);
    if (axis != static_cast<int64_t>(op.getAxis())) {
      r.tie(in, out);
      continue;
    }
    StringRef why = "is rotated";
    if (!bridge || bridge.getValue() != kLeaves)
      r.bar(in, why);
    if (!bridge || bridge.getValue() != kEnters)
      r.bar(out, why);
  }
  for (unsigned i = 1; i < op->getNumOperands(); ++i)
    for (int64_t axis = 0; axis < rankOf(op->getOperand(i)); ++axis)
      r.bar(r.operand(i, axis), "is a parameter of a rotation");
}

} // namespace

void analysis::attachLinearRules(MLIRContext *context) {
  attachRule<nn::MatMulOp, matmulRule>(context);
  attachRule<nn::ConvOp, convRule>(context);
  attachRule<nn::ConvTransposeOp, convTransposeRule>(context);
  attachRule<nn::RotateOp, rotateRule>(context);
}
