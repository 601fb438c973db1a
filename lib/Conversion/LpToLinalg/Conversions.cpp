// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// quantize, dequantize and lookup as loops over elements.
#include "Lowering.h"

#include "lib/Conversion/Common/ScalarEmit.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cfloat>

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;

namespace {

/// Operands of one loop over elements, and where the parts of a conversion stand among them.
struct Operands {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  /// One list of levels: the position of the first, and the types of all.
  struct Levels {
    unsigned first = 0;
    SmallVector<Type> elements;
  };
  Levels scales, negativeScales, offsets;
  unsigned zeroPointAt = 0;
  Type zeroPointElement;

  Operands(Value input) {
    values.push_back(input);
    maps.push_back(AffineMap::getMultiDimIdentityMap(typeOf(input).getRank(), input.getContext()));
  }
  Levels add(lp::ScaleAttr structure, ValueRange converted, ValueRange originals) {
    Levels levels;
    levels.first = values.size();
    for (auto [level, pair] : llvm::enumerate(llvm::zip(converted, originals))) {
      auto [value, original] = pair;
      values.push_back(value);
      maps.push_back(scaleMap(structure.getContext(), structure, level));
      levels.elements.push_back(getElementTypeOrSelf(original.getType()));
    }
    return levels;
  }
  template <typename Op, typename Adaptor> void addScales(Op op, Adaptor adaptor) {
    scales = add(op.getScale(), adaptor.getScales(), op.getScales());
    negativeScales = add(op.getScale(), adaptor.getNegativeScales(), op.getNegativeScales());
    if (!op.getZeroPoint())
      return;
    zeroPointAt = values.size();
    values.push_back(adaptor.getZeroPoint());
    maps.push_back(scaleMap(op.getContext(), op.getScale()));
    zeroPointElement = getElementTypeOrSelf(op.getZeroPoint().getType());
  }

  bool hasRealZeroPoint() const { return zeroPointElement && isa<FloatType>(zeroPointElement); }
  Value zeroPoint(ValueRange args) const { return zeroPointElement ? args[zeroPointAt] : Value(); }

  /// The product of the levels, rounded to f32 after each; null without levels.
  static Value product(OpBuilder &b, Location loc, const Levels &levels, ValueRange args) {
    Value product;
    for (auto [i, element] : llvm::enumerate(levels.elements)) {
      Value s = emitScale(b, loc, args[levels.first + i], element);
      product = product ? arith::MulFOp::create(b, loc, product, s).getResult() : s;
    }
    return product;
  }
  /// The scale of a number whose sign is that of `number`; null without scales.
  Value scale(OpBuilder &b, Location loc, ValueRange args, function_ref<Value()> number) const {
    Value s = product(b, loc, scales, args), n = product(b, loc, negativeScales, args);
    if (!n)
      return s;
    Value x = number(), zero = floatConstant(b, loc, x.getType(), 0.0);
    Value negative = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, zero);
    return arith::SelectOp::create(b, loc, negative, n, s);
  }
};

/// min(max(fl(1 / s), -FLT_MAX), FLT_MAX).
Value emitReciprocal(OpBuilder &b, Location loc, Value s) {
  FloatType f32 = b.getF32Type();
  Value r = arith::DivFOp::create(b, loc, floatConstant(b, loc, f32, 1.0), s);
  r = arith::MaximumFOp::create(b, loc, r, floatConstant(b, loc, f32, -FLT_MAX));
  return arith::MinimumFOp::create(b, loc, r, floatConstant(b, loc, f32, FLT_MAX));
}

/// What stands in the way of canEmitEncode, and what to do.
StringRef explainRefusal(const num::Format &format, num::Conversion policy) {
  if (!num::isStochastic(policy.rounding))
    return "use overflow 'saturate'";
  if (!format.zeroCode())
    return "the format has no zero; use a rounding that is not stochastic";
  if (!format.isDyadic())
    return "the format has irrational values; use a rounding that is not stochastic";
  num::Conversion saturating = policy;
  saturating.overflow = num::Overflow::Saturate;
  if (canEmitEncode(format, saturating))
    return "use overflow 'saturate'";
  saturating.randomBits = 1;
  if (canEmitEncode(format, saturating))
    return "distances between its values times so many random bits exceed f64; use fewer bits";
  return "distances between its values exceed f64; use a rounding that is not stochastic";
}

/// lp.quantize => the quotient, the zero point, one encode.
struct LowerQuantize : OpConversionPattern<lp::QuantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::QuantizeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    const num::Format &format = *lp::formatOf(op.getType());
    num::Conversion policy = op.getConversion();
    bool random = num::isStochastic(policy.rounding);
    if (!canEmitEncode(format, policy))
      return op.emitOpError("not supported yet: rounding '")
             << stringifyRounding(op.getRounding()) << "' to " << format.name()
             << " with overflow '" << stringifyOverflow(op.getOverflow())
             << "': " << explainRefusal(format, policy);
    Operands operands(adaptor.getInput());
    operands.addScales(op, adaptor);
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, op.getLoc(), adaptor.getInput());
    Value result =
        elementwise(rewriter, op.getLoc(), sizes, type.getElementType(), operands.values,
                    operands.maps, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                      Value bits;
                      if (random)
                        bits = emitRandomBits(b, loc, *op.getSeed(), linearIndex(b, loc, sizes),
                                              policy.randomBits);
                      return emitElement(b, loc, op, operands, args, policy, bits);
                    });
    rewriter.replaceOp(op, castShape(rewriter, op.getLoc(), result, type));
    return success();
  }

private:
  static Value emitElement(OpBuilder &b, Location loc, lp::QuantizeOp op, const Operands &operands,
                           ValueRange args, const num::Conversion &policy, Value random) {
    const num::Format &format = *lp::formatOf(op.getType());
    bool before = op.getOrder() == lp::ZeroPointOrder::BeforeRounding;
    FloatType compute = args[0].getType().isF64() ? b.getF64Type() : b.getF32Type();
    Value x = convertFloat(b, loc, args[0], compute), q = x;
    if (Value scale = operands.scale(b, loc, args, [&] { return x; })) {
      if (op.getReciprocal())
        q = arith::MulFOp::create(b, loc, x,
                                  convertFloat(b, loc, emitReciprocal(b, loc, scale), compute));
      else
        q = arith::DivFOp::create(b, loc, x, convertFloat(b, loc, scale, compute));
    }
    Value zero;
    if (operands.hasRealZeroPoint()) {
      Value real = convertFloat(b, loc, operands.zeroPoint(args), compute);
      q = arith::AddFOp::create(b, loc, q, real);
    } else if (operands.zeroPointElement) {
      zero = emitZeroPoint(b, loc, operands.zeroPoint(args), operands.zeroPointElement);
      if (before) {
        q = arith::AddFOp::create(b, loc, q, arith::SIToFPOp::create(b, loc, compute, zero));
        zero = {};
      }
    }
    if (zero)
      return emitEncodeAffine(b, loc, q, zero, cast<num::IntegerFormat>(format), policy, random);
    return emitEncode(b, loc, q, format, policy, random);
  }

  /// The row-major index of the element, as i64.
  static Value linearIndex(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes) {
    Type i64 = b.getI64Type();
    Value index = intConstant(b, loc, i64, 0);
    for (auto [d, size] : llvm::enumerate(sizes)) {
      Value n =
          arith::IndexCastOp::create(b, loc, i64, getValueOrCreateConstantIndexOp(b, loc, size));
      Value i = arith::IndexCastOp::create(b, loc, i64, linalg::IndexOp::create(b, loc, d));
      index = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, index, n), i);
    }
    return index;
  }
};

/// lp.dequantize => decode, the zero point, one product, the offset.
struct LowerDequantize : OpConversionPattern<lp::DequantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::DequantizeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Operands operands(adaptor.getInput());
    operands.addScales(op, adaptor);
    if (op.getOffset())
      operands.offsets = operands.add(*op.getOffset(), adaptor.getOffsets(), op.getOffsets());
    auto type = cast<RankedTensorType>(op.getType());
    auto element = cast<FloatType>(type.getElementType());
    Value result = elementwise(
        rewriter, op.getLoc(), tensor::getMixedSizes(rewriter, op.getLoc(), adaptor.getInput()),
        element, operands.values, operands.maps, [&](OpBuilder &b, Location loc, ValueRange args) {
          return emitElement(b, loc, op, operands, args, element);
        });
    rewriter.replaceOp(op, castShape(rewriter, op.getLoc(), result, type));
    return success();
  }

private:
  static Value emitElement(OpBuilder &b, Location loc, lp::DequantizeOp op,
                           const Operands &operands, ValueRange args, FloatType element) {
    FloatType f32 = b.getF32Type();
    const num::Format *format = lp::formatOf(op.getInput().getType());
    auto value = [&]() -> Value { return format ? emitValue(b, loc, args[0], *format) : args[0]; };
    Value scale = operands.scale(b, loc, args, value), y;
    // With offsets the product is rounded to f32 before the sum.
    FloatType result = op.getOffset() ? f32 : element;
    if (format && !operands.hasRealZeroPoint()) {
      y = emitDequantize(b, loc, args[0], *format, operands.zeroPoint(args),
                         operands.zeroPointElement, scale, result);
    } else {
      y = convertFloat(b, loc, value(), f32);
      if (operands.hasRealZeroPoint())
        y = arith::SubFOp::create(b, loc, y, operands.zeroPoint(args));
      // A narrower or wider result takes the exact product.
      FloatType compute = result.isF32() ? f32 : b.getF64Type();
      if (scale)
        y = arith::MulFOp::create(b, loc, convertFloat(b, loc, y, compute),
                                  convertFloat(b, loc, scale, compute));
      y = convertFloat(b, loc, y, result);
    }
    if (Value m = Operands::product(b, loc, operands.offsets, args))
      y = convertFloat(b, loc, arith::AddFOp::create(b, loc, y, m), element);
    return y;
  }
};

/// lp.lookup => one load from the table for each code.
struct LowerLookup : OpConversionPattern<lp::LookupOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::LookupOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Value input = adaptor.getInput(), table = adaptor.getTable();
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    uint32_t mask = lp::formatOf(op.getInput().getType())->numCodes() - 1;
    AffineMap id = rewriter.getMultiDimIdentityMap(typeOf(input).getRank());
    Value result = elementwise(
        rewriter, op.getLoc(), tensor::getMixedSizes(rewriter, op.getLoc(), input),
        type.getElementType(), input, id, [&](OpBuilder &b, Location loc, ValueRange args) {
          SmallVector<Value> at;
          for (int64_t axis : op.getAxes())
            at.push_back(linalg::IndexOp::create(b, loc, axis));
          Value code =
              arith::AndIOp::create(b, loc, args[0], intConstant(b, loc, args[0].getType(), mask));
          at.push_back(arith::IndexCastUIOp::create(b, loc, b.getIndexType(), code));
          return tensor::ExtractOp::create(b, loc, table, at).getResult();
        });
    rewriter.replaceOp(op, castShape(rewriter, op.getLoc(), result, type));
    return success();
  }
};

} // namespace

void lp_to_linalg::populateConversions(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerQuantize, LowerDequantize, LowerLookup>(converter, patterns.getContext());
}
