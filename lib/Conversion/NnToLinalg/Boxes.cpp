// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// slice and pad: boxes of elements taken out of a tensor or put around it.
#include "Lowering.h"
#include "PopulatePatterns.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;
using nn::PadMode;

namespace {

Value add(OpBuilder &b, Location loc, Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}
Value sub(OpBuilder &b, Location loc, Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(loc, x, y);
}
Value mul(OpBuilder &b, Location loc, Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(loc, x, y);
}

struct LowerSlice : Lowering<nn::SliceOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::SliceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = convertedType(op.getOutput());
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> offsets =
        getMixedValues(op.getStaticOffsets(), adaptor.getOffsets(), rewriter.getContext());
    SmallVector<OpFoldResult> sizes =
        getMixedValues(op.getStaticSizes(), adaptor.getSizes(), rewriter.getContext());
    SmallVector<OpFoldResult> strides =
        getMixedValues(op.getStaticStrides(), adaptor.getStrides(), rewriter.getContext());
    // Nothing comes out of an empty dimension either, and a box at its end would be refused as out
    // of bounds.
    if (llvm::is_contained(op.getStaticSizes(), 0) ||
        llvm::is_contained(tensorTypeOf(input).getShape(), 0)) {
      replace(op, emptyTensor(rewriter, loc, type, sizesOf(rewriter, op)), rewriter);
      return success();
    }
    // kDynamic is the lowest number, so that this asks for "known and positive".
    if (llvm::all_of(op.getStaticStrides(), [](int64_t s) { return s > 0; })) {
      Value v = tensor::ExtractSliceOp::create(rewriter, loc, input, offsets, sizes, strides);
      replace(op, v, rewriter);
      return success();
    }
    SmallVector<Value> from, step;
    for (auto [o, s] : llvm::zip_equal(offsets, strides)) {
      from.push_back(asIndex(rewriter, loc, o));
      step.push_back(asIndex(rewriter, loc, s));
    }
    Value v = generate(rewriter, loc, type, sizesOf(rewriter, op),
                       [&](OpBuilder &b, Location l, ValueRange at) -> Value {
                         SmallVector<Value> source;
                         for (auto [i, o, s] : llvm::zip_equal(at, from, step))
                           source.push_back(add(b, l, o, mul(b, l, i, s)));
                         return tensor::ExtractOp::create(b, l, input, source);
                       });
    replace(op, v, rewriter);
    return success();
  }
};

/// The index of the source element of padded position `i` (already less `low`) in a dimension of
/// size `n`.
Value sourceIndex(OpBuilder &b, Location loc, PadMode mode, Value i, Value n) {
  Value zero = indexConstant(b, loc, 0), one = indexConstant(b, loc, 1);
  auto floorMod = [&](Value x, Value period) -> Value {
    Value safe = arith::MaxSIOp::create(b, loc, period, one);
    Value rem = arith::RemSIOp::create(b, loc, x, safe);
    Value negative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, rem, zero);
    return arith::SelectOp::create(b, loc, negative, add(b, loc, rem, safe), rem);
  };
  switch (mode) {
  case PadMode::Edge: {
    Value last = sub(b, loc, n, one);
    return arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, i, last), zero);
  }
  case PadMode::Reflect: {
    Value period = mul(b, loc, sub(b, loc, n, one), indexConstant(b, loc, 2));
    Value r = floorMod(i, period);
    Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, r, n);
    return arith::SelectOp::create(b, loc, inside, r, sub(b, loc, period, r));
  }
  case PadMode::Wrap:
    return floorMod(i, n);
  case PadMode::Constant:
    return i;
  }
  llvm_unreachable("all modes are covered");
}

struct LowerPad : Lowering<nn::PadOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::PadOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = convertedType(op.getOutput());
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> low =
        getMixedValues(op.getStaticLow(), adaptor.getLow(), rewriter.getContext());
    SmallVector<OpFoldResult> high =
        getMixedValues(op.getStaticHigh(), adaptor.getHigh(), rewriter.getContext());
    Value value =
        adaptor.getValue()
            ? tensor::ExtractOp::create(rewriter, loc, adaptor.getValue(), ValueRange{}).getResult()
            : zeroOf(rewriter, loc, elementOf(op.getInput()));
    auto notNegative = [](int64_t v) { return v >= 0; };
    PadMode mode = op.getMode();
    if (mode == PadMode::Constant && llvm::all_of(op.getStaticLow(), notNegative) &&
        llvm::all_of(op.getStaticHigh(), notNegative)) {
      Value v = tensor::PadOp::create(rewriter, loc, Type(), input, low, high, value);
      replace(op, v, rewriter);
      return success();
    }
    SmallVector<Value> lows, sizes;
    for (auto [i, l] : llvm::enumerate(low)) {
      lows.push_back(asIndex(rewriter, loc, l));
      sizes.push_back(asIndex(rewriter, loc, nn::dimOf(rewriter, loc, input, i)));
    }
    Value v =
        generate(rewriter, loc, type, sizesOf(rewriter, op),
                 [&](OpBuilder &b, Location l, ValueRange at) -> Value {
                   SmallVector<Value> source;
                   Value inside;
                   for (auto [i, lo, n] : llvm::zip_equal(at, lows, sizes)) {
                     Value s = sourceIndex(b, l, mode, sub(b, l, i, lo), n);
                     source.push_back(s);
                     if (mode != PadMode::Constant)
                       continue;
                     // One unsigned comparison covers both ends.
                     Value ok = arith::CmpIOp::create(b, l, arith::CmpIPredicate::ult, s, n);
                     inside = inside ? arith::AndIOp::create(b, l, inside, ok).getResult() : ok;
                   }
                   if (!inside)
                     return tensor::ExtractOp::create(b, l, input, source);
                   auto choice = scf::IfOp::create(
                       b, l, inside,
                       [&](OpBuilder &n, Location k) {
                         scf::YieldOp::create(
                             n, k, tensor::ExtractOp::create(n, k, input, source).getResult());
                       },
                       [&](OpBuilder &n, Location k) { scf::YieldOp::create(n, k, value); });
                   return choice.getResult(0);
                 });
    replace(op, v, rewriter);
    return success();
  }
};

} // namespace

Value nn_to_linalg::padSpatial(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> pads,
                               Value value) {
  int64_t rank = tensorTypeOf(v).getRank(), n = rank - 2;
  if (llvm::any_of(pads, [](int64_t p) { return p < 0; })) {
    SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)), strides(rank, b.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, v);
    for (int64_t i = 0; i < n; ++i) {
      int64_t cropLow = std::max<int64_t>(-pads[i], 0),
              cropHigh = std::max<int64_t>(-pads[n + i], 0);
      offsets[i + 2] = b.getIndexAttr(cropLow);
      if (std::optional<int64_t> size = getConstantIntValue(sizes[i + 2]))
        sizes[i + 2] = b.getIndexAttr(*size - cropLow - cropHigh);
      else
        sizes[i + 2] =
            sub(b, loc, asIndex(b, loc, sizes[i + 2]), indexConstant(b, loc, cropLow + cropHigh));
    }
    v = tensor::ExtractSliceOp::create(b, loc, v, offsets, sizes, strides);
  }
  if (llvm::all_of(pads, [](int64_t p) { return p <= 0; }))
    return v;
  SmallVector<OpFoldResult> low(rank, b.getIndexAttr(0)), high(rank, b.getIndexAttr(0));
  for (int64_t i = 0; i < n; ++i) {
    low[i + 2] = b.getIndexAttr(std::max<int64_t>(pads[i], 0));
    high[i + 2] = b.getIndexAttr(std::max<int64_t>(pads[n + i], 0));
  }
  return tensor::PadOp::create(b, loc, Type(), v, low, high, value);
}

void nn_to_linalg::populateBoxes(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerSlice, LowerPad>(converter, patterns.getContext());
}
