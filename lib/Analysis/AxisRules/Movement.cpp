// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Axis rules of ops that put parts together or choose them. Along other axes they pass everything;
// along their own axis each part has a transform of its own. Where the borders of parts cross
// factors of the axis, only what acts alike on blocks of the greatest common size passes.
#include "Rules.h"

#include <numeric>

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

namespace {

/// The whole, of known size, is these parts one after the other; null for a part that nobody has.
/// False if it is made of factors that the borders cross.
bool tieParts(AxisRules &r, const AxisSpan &whole, ArrayRef<int64_t> sizes,
              ArrayRef<const AxisSpan *> spans) {
  std::optional<SmallVector<AxisSpan>> parts = r.parts(whole, sizes);
  if (!parts)
    return false;
  for (auto [part, span] : llvm::zip_equal(*parts, spans))
    if (span)
      r.tie(part, *span);
  return true;
}

/// Blocks of `size` within each of the spans are tied, their order is barred.
void tieBlocks(AxisRules &r, ArrayRef<AxisSpan> spans, int64_t size, StringRef why) {
  std::optional<AxisSpan> first;
  for (const AxisSpan &span : spans) {
    auto [outer, inner] = r.cut(span, size);
    r.bar(outer, why);
    if (size == 1)
      continue;
    if (first)
      r.tie(*first, inner);
    else
      first = inner;
  }
}

void concatRule(nn::ConcatOp op, AxisRules &r) {
  unsigned n = op.getInputs().size();
  for (int64_t axis = 0; axis < rankOf(op.getOutput()); ++axis) {
    SmallVector<AxisSpan> spans{r.result(axis)};
    bool isOwn = axis == static_cast<int64_t>(op.getAxis()), isKnown = true;
    int64_t block = 0;
    for (unsigned i = 0; i < n; ++i) {
      int64_t size = tensorOf(op.getInputs()[i]).getDimSize(axis);
      isKnown &= !ShapedType::isDynamic(size);
      block = isKnown ? std::gcd(block, size) : 1;
      spans.push_back(r.operand(i, axis));
    }
    if (!isOwn) {
      for (unsigned i = 1; i <= n; ++i)
        r.tie(spans[i], spans[0]);
      continue;
    }
    SmallVector<int64_t> sizes;
    SmallVector<const AxisSpan *> parts;
    for (unsigned i = 0; i < n; ++i) {
      sizes.push_back(tensorOf(op.getInputs()[i]).getDimSize(axis));
      parts.push_back(&spans[i + 1]);
    }
    if (!isKnown || !tieParts(r, spans[0], sizes, parts))
      tieBlocks(r, spans, std::max<int64_t>(block, 1),
                "holds parts that are put one after the other");
  }
}

void sliceRule(nn::SliceOp op, AxisRules &r) {
  SmallVector<OpFoldResult> offsets = op.getMixedOffsets(), strides = op.getMixedStrides();
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis), out = r.result(axis);
    int64_t size = tensorOf(op.getInput()).getDimSize(axis);
    int64_t taken = tensorOf(op.getOutput()).getDimSize(axis);
    std::optional<int64_t> offset = getConstantIntValue(offsets[axis]);
    bool isPlain = offset && getConstantIntValue(strides[axis]) == 1 &&
                   !ShapedType::isDynamic(size) && !ShapedType::isDynamic(taken);
    if (isPlain && taken == size) {
      r.tie(in, out);
      continue;
    }
    if (!isPlain ||
        !tieParts(r, in, {*offset, taken, size - *offset - taken}, {nullptr, &out, nullptr}))
      tieBlocks(r, {in, out}, isPlain ? std::gcd(std::gcd(size, taken), *offset) : 1,
                "is cut into parts");
  }
}

void padRule(nn::PadOp op, AxisRules &r) {
  bool isZero = op.getMode() != nn::PadMode::Constant || !op.getValue();
  if (!isZero)
    if (auto constant = op.getValue().getDefiningOp<nn::ConstantOp>())
      if (auto dense = dyn_cast<DenseFPElementsAttr>(constant.getValue()))
        isZero = dense.getSplatValue<APFloat>().isZero();
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis), out = r.result(axis);
    StringRef why;
    int64_t low = op.getStaticLow()[axis], high = op.getStaticHigh()[axis];
    bool isAdded = low > 0 || high > 0;
    if (isAdded && low >= 0 && high >= 0 && isZero && op.getMode() == nn::PadMode::Constant &&
        !in.empty() &&
        tieParts(r, out, {low, tensorOf(op.getInput()).getDimSize(axis), high},
                 {nullptr, &in, nullptr}))
      continue;
    if (low != 0 || high != 0)
      why = "is padded";
    else if (!isZero && r.transform() != Transform::Permutation)
      why = "meets a padding value that is the same for all channels";
    if (why.empty()) {
      r.tie(in, out);
      continue;
    }
    r.bar(in, why);
    r.bar(out, why);
  }
}

void gatherRule(nn::GatherOp op, AxisRules &r) {
  int64_t at = op.getAxis(), n = rankOf(op.getIndices());
  for (int64_t axis = 0; axis < rankOf(op.getData()); ++axis) {
    AxisSpan in = r.operand(0, axis);
    if (axis == at)
      r.bar(in, "is chosen from by indices");
    else
      r.tie(in, r.result(axis < at ? axis : axis + n - 1));
  }
  for (int64_t i = 0; i < n; ++i)
    r.bar(r.result(at + i), "runs along the indices");
}

} // namespace

void analysis::attachMovementRules(MLIRContext *context) {
  attachRule<nn::ConcatOp, concatRule>(context);
  attachRule<nn::SliceOp, sliceRule>(context);
  attachRule<nn::PadOp, padRule>(context);
  attachRule<nn::GatherOp, gatherRule>(context);
}
