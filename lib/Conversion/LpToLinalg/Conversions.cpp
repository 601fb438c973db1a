// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// quantize, dequantize and block_scale as loops over elements.
#include "Lowering.h"

#include "lib/Conversion/Common/ScalarEmit.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;
using mlir::utils::IteratorType;

namespace {

/// The operands of a conversion between reals and codes: data, one scale per level, zero point.
struct Operands {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  SmallVector<Type> scaleElements;
  Type zeroPointElement;

  template <typename Op, typename Adaptor> Operands(Op op, Adaptor adaptor, OpBuilder &b) {
    values.push_back(adaptor.getInput());
    maps.push_back(b.getMultiDimIdentityMap(typeOf(op.getInput()).getRank()));
    for (auto [level, pair] : llvm::enumerate(llvm::zip(adaptor.getScales(), op.getScales()))) {
      auto [converted, original] = pair;
      values.push_back(converted);
      maps.push_back(scaleMap(b.getContext(), op.getScale(), level));
      scaleElements.push_back(getElementTypeOrSelf(original.getType()));
    }
    if (!op.getZeroPoint())
      return;
    values.push_back(adaptor.getZeroPoint());
    maps.push_back(scaleMap(b.getContext(), op.getScale()));
    zeroPointElement = getElementTypeOrSelf(op.getZeroPoint().getType());
  }

  /// The product of the levels, rounded to f32 after each; null without scales.
  Value scale(OpBuilder &b, Location loc, ValueRange args) const {
    Value product;
    for (auto [i, element] : llvm::enumerate(scaleElements)) {
      Value s = emitScale(b, loc, args[1 + i], element);
      product = product ? arith::MulFOp::create(b, loc, product, s).getResult() : s;
    }
    return product;
  }
  Value zeroPoint(ValueRange args) const {
    return zeroPointElement ? args[1 + scaleElements.size()] : Value();
  }
};

struct LowerQuantize : OpConversionPattern<lp::QuantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::QuantizeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    const num::Format &format = *lp::formatOf(op.getType());
    Operands operands(op, adaptor, rewriter);
    num::Conversion policy = op.getConversion();
    bool before = op.getOrder() == lp::ZeroPointOrder::BeforeRounding;
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    Value result = elementwise(
        rewriter, op.getLoc(), tensor::getMixedSizes(rewriter, op.getLoc(), adaptor.getInput()),
        type.getElementType(), operands.values, operands.maps,
        [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          FloatType compute = args[0].getType().isF64() ? b.getF64Type() : b.getF32Type();
          Value q = convertFloat(b, loc, args[0], compute);
          if (Value scale = operands.scale(b, loc, args))
            q = arith::DivFOp::create(b, loc, q, convertFloat(b, loc, scale, compute));
          if (!operands.zeroPointElement)
            return emitEncode(b, loc, q, format, policy);
          Value zero = emitZeroPoint(b, loc, operands.zeroPoint(args), operands.zeroPointElement);
          if (!before)
            return emitEncodeAffine(b, loc, q, zero, cast<num::IntegerFormat>(format), policy);
          q = arith::AddFOp::create(b, loc, q, arith::SIToFPOp::create(b, loc, compute, zero));
          return emitEncode(b, loc, q, format, policy);
        });
    rewriter.replaceOp(op, castShape(rewriter, op.getLoc(), result, type));
    return success();
  }
};

struct LowerDequantize : OpConversionPattern<lp::DequantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::DequantizeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    const num::Format &format = *lp::formatOf(op.getInput().getType());
    Operands operands(op, adaptor, rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    auto element = cast<FloatType>(type.getElementType());
    Value result = elementwise(
        rewriter, op.getLoc(), tensor::getMixedSizes(rewriter, op.getLoc(), adaptor.getInput()),
        element, operands.values, operands.maps, [&](OpBuilder &b, Location loc, ValueRange args) {
          return emitDequantize(b, loc, args[0], format, operands.zeroPoint(args),
                                operands.zeroPointElement, operands.scale(b, loc, args), element);
        });
    rewriter.replaceOp(op, castShape(rewriter, op.getLoc(), result, type));
    return success();
  }
};

/// Reduces each block of `input` to results of f32: maxima and minima, so that reading an element
/// twice does no harm.
SmallVector<Value>
reduceBlocks(OpBuilder &b, Location loc, Value input, lp::ScaleAttr structure,
             ArrayRef<OpFoldResult> sizes, unsigned results,
             function_ref<SmallVector<Value>(OpBuilder &, Location, Value, ValueRange)> body) {
  RankedTensorType type = typeOf(input);
  MLIRContext *ctx = b.getContext();
  unsigned rank = type.getRank();
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  SmallVector<AffineExpr> subscripts, window;
  SmallVector<OpFoldResult> windowSizes;
  bool direct = true;
  for (auto [i, block] : llvm::enumerate(structure.getBlock())) {
    AffineExpr own = b.getAffineDimExpr(i);
    if (block == 1) {
      subscripts.push_back(own);
      continue;
    }
    AffineExpr inside = b.getAffineDimExpr(iterators.size());
    iterators.push_back(IteratorType::reduction);
    window.push_back(inside);
    if (block == lp::ScaleAttr::kAll) {
      subscripts.push_back(inside);
      windowSizes.push_back(tensor::getMixedSize(b, loc, input, i));
      continue;
    }
    subscripts.push_back(own * block + inside);
    windowSizes.push_back(b.getIndexAttr(block));
    direct &= !type.isDynamicDim(i) && type.getDimSize(i) % block == 0;
  }
  unsigned loops = iterators.size();
  AffineMap read = AffineMap::get(loops, 0, subscripts, ctx);
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  if (direct) {
    operands.push_back(input);
    maps.push_back(read);
  }
  // Tells the sizes of the reductions; its elements are not read.
  operands.push_back(emptyTensor(b, loc, windowSizes, b.getI8Type()));
  maps.push_back(AffineMap::get(loops, 0, window, ctx));
  Value zero = floatConstant(b, loc, b.getF32Type(), 0.0);
  SmallVector<Value> inits;
  SmallVector<AffineExpr> out;
  for (unsigned i = 0; i < rank; ++i)
    out.push_back(b.getAffineDimExpr(i));
  SmallVector<Type> types;
  for (unsigned i = 0; i < results; ++i) {
    inits.push_back(filledTensor(b, loc, sizes, zero));
    types.push_back(inits.back().getType());
    maps.push_back(AffineMap::get(loops, 0, out, ctx));
  }
  auto generic = linalg::GenericOp::create(
      b, loc, types, operands, inits, maps, iterators,
      [&](OpBuilder &n, Location l, ValueRange args) {
        Value x = args[0];
        if (!direct) {
          SmallVector<OpFoldResult> ivs;
          for (unsigned i = 0; i < loops; ++i)
            ivs.push_back(linalg::IndexOp::create(n, l, i).getResult());
          SmallVector<Value> at;
          for (unsigned i = 0; i < rank; ++i) {
            Value last = tensor::DimOp::create(n, l, input, i);
            last = arith::SubIOp::create(n, l, last, arith::ConstantIndexOp::create(n, l, 1));
            OpFoldResult index =
                affine::makeComposedFoldedAffineApply(n, l, read.getSubMap({i}), ivs);
            at.push_back(
                arith::MinSIOp::create(n, l, getValueOrCreateConstantIndexOp(n, l, index), last));
          }
          x = tensor::ExtractOp::create(n, l, input, at);
        }
        x = convertFloat(n, l, x, n.getF32Type());
        linalg::YieldOp::create(n, l, body(n, l, x, args.take_back(results)));
      });
  return SmallVector<Value>(generic.getResults());
}

struct LowerBlockScale : OpConversionPattern<lp::BlockScaleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::BlockScaleOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    const num::Format &format = *lp::formatOf(op.getFormat());
    SmallVector<OpFoldResult> sizes;
    for (auto [i, block] : llvm::enumerate(op.getScale().getBlock())) {
      if (block == lp::ScaleAttr::kAll) {
        sizes.push_back(rewriter.getIndexAttr(1));
        continue;
      }
      sizes.push_back(affine::makeComposedFoldedAffineApply(
          rewriter, loc, rewriter.getAffineSymbolExpr(0).ceilDiv(block),
          {tensor::getMixedSize(rewriter, loc, input, i)}));
    }
    bool minmax = op.getRule() == lp::ScaleRule::MinMax;
    SmallVector<Value> extremes = reduceBlocks(
        rewriter, loc, input, op.getScale(), sizes, minmax ? 2 : 1,
        [&](OpBuilder &b, Location l, Value x, ValueRange carried) -> SmallVector<Value> {
          // maxnum and minnum pass over NaN.
          if (!minmax)
            return {arith::MaxNumFOp::create(b, l, carried[0], math::AbsFOp::create(b, l, x))};
          return {arith::MinNumFOp::create(b, l, carried[0], x),
                  arith::MaxNumFOp::create(b, l, carried[1], x)};
        });

    auto scaleType = cast<FloatType>(getElementTypeOrSelf(op.getScales().getType()));
    FloatType f32 = rewriter.getF32Type();
    SmallVector<AffineMap> maps(extremes.size(), rewriter.getMultiDimIdentityMap(sizes.size()));
    // s in f32, from one block's extremes.
    auto scaleOf = [&](OpBuilder &b, Location l, ValueRange args) -> Value {
      Value zero = floatConstant(b, l, f32, 0.0), one = floatConstant(b, l, f32, 1.0);
      Value range = minmax ? arith::SubFOp::create(b, l, args[1], args[0]).getResult() : args[0];
      double divisor = minmax ? format.max() - format.lowest() : format.max();
      Value s = arith::DivFOp::create(b, l, range, floatConstant(b, l, f32, divisor));
      return arith::SelectOp::create(
          b, l, arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ, range, zero), one, s);
    };
    Value scales = elementwise(rewriter, loc, sizes, scaleType, extremes, maps,
                               [&](OpBuilder &b, Location l, ValueRange args) {
                                 return convertFloat(b, l, scaleOf(b, l, args), scaleType);
                               });
    SmallVector<Value> results = {
        castShape(rewriter, loc, scales, cast<RankedTensorType>(op.getScales().getType()))};
    if (minmax) {
      auto type =
          cast<RankedTensorType>(getTypeConverter()->convertType(op.getZeroPoint().getType()));
      Value zeros = elementwise(
          rewriter, loc, sizes, type.getElementType(), extremes, maps,
          [&](OpBuilder &b, Location l, ValueRange args) {
            Value lo = floatConstant(b, l, f32, format.lowest()),
                  hi = floatConstant(b, l, f32, format.max());
            Value quotient = arith::DivFOp::create(b, l, args[0], scaleOf(b, l, args));
            Value z = math::RoundEvenOp::create(b, l, arith::SubFOp::create(b, l, lo, quotient));
            // A block of zeros has the zero point nearest to 0, not lo.
            z = arith::SelectOp::create(
                b, l, arith::CmpFOp::create(b, l, arith::CmpFPredicate::OEQ, args[0], args[1]),
                floatConstant(b, l, f32, 0.0), z);
            z = arith::MinNumFOp::create(b, l, arith::MaxNumFOp::create(b, l, z, lo), hi);
            return resizeSigned(b, l, arith::FPToSIOp::create(b, l, b.getI32Type(), z),
                                type.getElementType());
          });
      results.push_back(castShape(rewriter, loc, zeros, type));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void lp_to_linalg::populateConversions(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerQuantize, LowerDequantize, LowerBlockScale>(converter, patterns.getContext());
}
