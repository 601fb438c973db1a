// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Splits contractions along a stream in two, so that the first channels can have a wider format
// than the others. What lpc-rotate-principal puts first is worth it. Costs one more product of a
// small part; weights and their number stay.
#include "OnlineRotation.h"
#include "Streams.h"

#include "lpc/Equivalence/Passes.h"
#include "lpc/Quantization/Contractions.h"

namespace lpc {
#define GEN_PASS_DEF_SPLITPRECISIONPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

/// Channels [first, first + count) of an axis.
static Value sliceOf(Value x, int64_t axis, int64_t first, int64_t count) {
  OpBuilder b(x.getContext());
  b.setInsertionPointAfterValue(x);
  Location loc = x.getLoc();
  SmallVector<OpFoldResult> sizes = nn::dimsOf(b, loc, x);
  SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0)),
      strides(sizes.size(), b.getIndexAttr(1));
  offsets[axis] = b.getIndexAttr(first);
  sizes[axis] = b.getIndexAttr(count);
  return nn::SliceOp::create(b, loc, x, offsets, sizes, strides);
}

namespace {

struct SplitPrecisionPass final : lpc::impl::SplitPrecisionPassBase<SplitPrecisionPass> {
  using SplitPrecisionPassBase::SplitPrecisionPassBase;

  struct Halves {
    Value high, low;
  };

  /// The weight of channels [first, first + count).
  Value weightOf(const RotationSite &site, ArrayRef<double> values, int64_t first, int64_t count) {
    auto type = cast<RankedTensorType>(site.op->getOperand(1).getType());
    int64_t outer = 1, inner = 1, n = type.getDimSize(site.weightAxis);
    for (int64_t d = 0; d < type.getRank(); ++d)
      (d < site.weightAxis ? outer : inner) *= d == site.weightAxis ? 1 : type.getDimSize(d);
    std::vector<double> part;
    part.reserve(outer * count * inner);
    for (int64_t o = 0; o < outer; ++o)
      llvm::append_range(part, values.slice((o * n + first) * inner, count * inner));
    SmallVector<int64_t> shape(type.getShape());
    shape[site.weightAxis] = count;
    return makeExact(site.op, site.op->getOperand(1).getLoc(), type.clone(shape), std::move(part));
  }

  /// y = x w  =>  y = x_high w_high + x_low w_low
  LogicalResult split(const RotationSite &site, Halves &x) {
    auto op = cast<nn::MatMulOp>(site.op);
    FailureOr<std::vector<double>> values = readExact(op->getOpOperand(1));
    if (failed(values))
      return failure();
    int64_t high = site.size / share;
    if (!x.high)
      x = {sliceOf(op.getLhs(), site.axis, 0, high),
           sliceOf(op.getLhs(), site.axis, high, site.size - high)};
    OpBuilder b(op);
    std::string name = quant::nameOf(op);
    auto product = [&](Value lhs, Value rhs, StringRef part) -> Value {
      auto own = b.getStringAttr(name.empty() ? part.str() : name + "/" + part.str());
      return nn::MatMulOp::create(b, NameLoc::get(own), op.getType(), lhs, rhs,
                                  op.getTransposeRhs());
    };
    Value first = product(x.high, weightOf(site, *values, 0, high), "high");
    Value rest = product(x.low, weightOf(site, *values, high, site.size - high), "low");
    Value sum =
        nn::BinaryOp::create(b, op.getLoc(), op.getType(), nn::BinaryKind::Add, first, rest);
    Value weight = op.getRhs();
    op.replaceAllUsesWith(sum);
    op.erase();
    eraseIfUnused(weight);
    ++numProducts;
    return success();
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (share < 2) {
      func.emitError() << "option share: expected 2 or more, but got " << share.getValue();
      return signalPassFailure();
    }
    std::vector<AxisClass> streams = findStreams(func);
    llvm::DenseMap<Value, Halves> halves;
    for (const RotationSite &site : findRotationSites(func)) {
      Value x = site.op->getOperand(0);
      if (!isa<nn::MatMulOp>(site.op) ||
          llvm::none_of(streams, [&](const AxisClass &c) { return isAlong(c, x, site.axis); }))
        continue;
      if (site.size % share != 0) {
        site.op->emitRemark() << "is not split: a share of 1/" << share.getValue() << " of its "
                              << site.size << " channels is no whole number";
        continue;
      }
      if (failed(split(site, halves[x])))
        return signalPassFailure();
    }
  }
};

} // namespace
