// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Axis rules of reshape, transpose and broadcast: no value changes, axes are named anew.
#include "Rules.h"

#include "lpc/Analysis/DimKeys.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

namespace {

/// Runs of dimensions that a reshape keeps together are tied as products: 256 to 8 x 32.
void reshapeRule(nn::ReshapeOp op, AxisRules &r) {
  int64_t i = 0, j = 0;
  for (auto [iEnd, jEnd] : reshapeCuts(op.getInput(), op.getOutput())) {
    SmallVector<AxisSpan> from, to;
    bool isKnown = true;
    auto take = [&](Value v, int64_t axis, AxisSpan span, SmallVector<AxisSpan> &list) {
      isKnown &= !tensorOf(v).isDynamicDim(axis);
      list.push_back(span);
    };
    for (; i < iEnd; ++i)
      take(op.getInput(), i, r.operand(0, i), from);
    for (; j < jEnd; ++j)
      take(op.getOutput(), j, r.result(j), to);
    if (isKnown) {
      r.tie(AxisRules::product(from), AxisRules::product(to));
      continue;
    }
    for (const AxisSpan &span : llvm::concat<AxisSpan>(from, to))
      r.bar(span, "is reshaped together with an unknown size");
  }
}

void transposeRule(nn::TransposeOp op, AxisRules &r) {
  for (auto [axis, from] : llvm::enumerate(op.getPermutation()))
    r.tie(r.operand(0, from), r.result(axis));
}

void broadcastRule(nn::BroadcastOp op, AxisRules &r) {
  for (int64_t axis = 0; axis < rankOf(op.getOutput()); ++axis) {
    AxisSpan out = r.result(axis);
    if (std::optional<int64_t> own = axisAlong(op.getInput(), op.getOutput(), axis))
      r.tie(r.operand(0, *own), out);
    else if (r.transform() == Transform::Permutation)
      r.accept(out); // the same in any order
    else
      r.bar(out, "repeats one value along the axis");
  }
}

} // namespace

void analysis::attachShapeRules(MLIRContext *context) {
  attachRule<nn::ReshapeOp, reshapeRule>(context);
  attachRule<nn::TransposeOp, transposeRule>(context);
  attachRule<nn::BroadcastOp, broadcastRule>(context);
}
