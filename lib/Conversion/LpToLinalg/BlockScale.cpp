// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block_scale: a reduction over each block, then a scalar rule for each scale.
#include "Lowering.h"

#include "lib/Conversion/Common/ScalarEmit.h"
#include "lpc/Numerics/ScaleRules.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cfloat>
#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;
using lp::ScaleRule;
using mlir::utils::IteratorType;

namespace {

/// Reduces each block of `input` to results of f32: maxima and minima, so that reading an element
/// twice does no harm.
SmallVector<Value>
reduceBlocks(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> blocks,
             ArrayRef<OpFoldResult> sizes, unsigned results,
             function_ref<SmallVector<Value>(OpBuilder &, Location, Value, ValueRange)> body) {
  RankedTensorType type = typeOf(input);
  MLIRContext *ctx = b.getContext();
  unsigned rank = type.getRank();
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  SmallVector<AffineExpr> subscripts, window;
  SmallVector<OpFoldResult> windowSizes;
  bool direct = true;
  for (auto [i, block] : llvm::enumerate(blocks)) {
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

/// The scalar rules: from what a block's reduction gives to the real scale, in f32.
class Rule {
public:
  Rule(OpBuilder &b, Location loc, ScaleRule rule, const num::Format &format)
      : b(b), loc(loc), rule(rule), format(format), f32(b.getF32Type()), f64(b.getF64Type()) {}

  Value constant(double v) { return floatConstant(b, loc, f32, v); }
  Value is(arith::CmpFPredicate p, Value x, Value y) {
    return arith::CmpFOp::create(b, loc, p, x, y);
  }
  Value select(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }

  Value isZero(Value x) { return is(arith::CmpFPredicate::OEQ, x, constant(0)); }

  /// A scale that f32 holds with all its bits; that of finite numbers, whose largest magnitude is
  /// `a`, is finite.
  Value normal(Value t, Value a) {
    t = arith::MaximumFOp::create(b, loc, t, constant(FLT_MIN));
    return arith::MinimumFOp::create(b, loc, t,
                                     arith::MaximumFOp::create(b, loc, a, constant(FLT_MAX)));
  }

  /// fl(fl(a / c) / o), 1 for a block of zeros; `o` may be null.
  Value absmax(Value a, double c, Value o) {
    Value t = div(a, constant(c));
    if (o)
      t = div(t, o);
    return select(isZero(a), constant(1), normal(t, a));
  }
  Value minmax(Value least, Value most) {
    auto minus = [&](Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); };
    auto half = [&](Value x) { return mul(x, constant(0.5)); };
    float width = static_cast<float>(format.max()) - static_cast<float>(format.lowest());
    Value range = minus(most, least);
    Value t = div(range, constant(width));
    // Half of a range that is too large for a number is none.
    Value halves = div(minus(half(most), half(least)), constant(width / 2));
    t = select(is(arith::CmpFPredicate::OEQ, range, constant(INFINITY)), halves, t);
    Value a = arith::MaximumFOp::create(b, loc, most, arith::NegFOp::create(b, loc, least));
    Value equal = is(arith::CmpFPredicate::OEQ, least, most);
    return select(equal, constant(1), normal(t, a));
  }
  /// fl(lo - fl(least / s)).
  Value realZeroPoint(Value least, Value s) {
    return arith::SubFOp::create(b, loc, constant(format.lowest()), div(least, s));
  }
  /// 2^e by one of the power-of-two rules; a is NaN if the block holds one. Exponents are read from
  /// the bits of a float.
  Value powerOfTwo(Value a) {
    const int emax = num::maxExponent(format);
    Value e;
    switch (rule) {
    case ScaleRule::Ceil:
      e = plus(exponentOf(bitsOf(a)), mantissaAbove(bitsOf(a), 0));
      break;
    case ScaleRule::Even:
      e = exponentOf(plus(bitsOf(a), i32(1 << (22 - evenBits()))));
      break;
    case ScaleRule::RCeil:
      return fromExponent(a, exponentAbove(a, 0));
    case ScaleRule::Log2: // the largest float significand below sqrt(2)
      return fromExponent(a, exponentAbove(a, 0x3504f3));
    case ScaleRule::Pow2:
      return fromExponent(a,
                          exponentAbove(arith::MaximumFOp::create(b, loc, a, constant(1e-4f)), 0));
    default:
      e = exponentOf(bitsOf(a));
      break;
    }
    e = arith::SubIOp::create(b, loc, e, i32(emax));
    if (rule == ScaleRule::Raise) {
      Value limited = arith::MaxSIOp::create(b, loc, e, i32(-127));
      limited = arith::MinSIOp::create(b, loc, limited, i32(127));
      Value field = arith::ExtSIOp::create(b, loc, b.getI64Type(),
                                           arith::SubIOp::create(b, loc, i32(1023), limited));
      field = arith::ShLIOp::create(b, loc, field, intConstant(b, loc, b.getI64Type(), 52));
      Value scaled =
          mul(arith::ExtFOp::create(b, loc, f64, a), arith::BitcastOp::create(b, loc, f64, field));
      double edge = format.max() + (format.max() - below()) / 2;
      Value clips = is(arith::CmpFPredicate::OGE, scaled, floatConstant(b, loc, f64, edge));
      e = plus(e, arith::ExtUIOp::create(b, loc, b.getI32Type(), clips));
    }
    return fromExponent(a, e);
  }
  /// min(x, max f32), 1 if that is not positive: NVIDIA's encode scale.
  Value limited(Value x) {
    x = arith::MinimumFOp::create(b, loc, x, constant(FLT_MAX));
    return select(is(arith::CmpFPredicate::OGT, x, constant(0)), x, constant(1));
  }
  /// min(fl(1 / x), max f32): the inverse of a subnormal number may be infinite.
  Value inverse(Value x) {
    return arith::MinimumFOp::create(b, loc, div(constant(1), x), constant(FLT_MAX));
  }
  /// A block scale relative to the encode scale outside, which may be null, limited to `largest`.
  Value relative(Value a, Value encode, double c, double largest) {
    Value t;
    if (rule == ScaleRule::NVDivide) {
      t = div(a, constant(c));
      t = encode ? mul(t, encode) : t;
    } else {
      Value factor = constant(1.0f / static_cast<float>(c));
      factor = encode ? mul(encode, factor) : factor;
      // A block of zeros has the largest encode scale, and 0 * inf is NaN.
      t = mul(a, arith::MinimumFOp::create(b, loc, factor, constant(FLT_MAX)));
    }
    return arith::MinimumFOp::create(b, loc, t, constant(largest));
  }

private:
  Value i32(int64_t v) { return intConstant(b, loc, b.getI32Type(), v); }
  Value plus(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value bitsOf(Value x) { return arith::BitcastOp::create(b, loc, b.getI32Type(), x); }
  Value exponentOf(Value bits) {
    Value field = arith::ShRUIOp::create(b, loc, bits, i32(23));
    field = arith::AndIOp::create(b, loc, field, i32(0xff));
    return arith::SubIOp::create(b, loc, field, i32(127));
  }
  /// 1 if the fraction field is above a limit.
  Value mantissaAbove(Value bits, int64_t limit) {
    Value fraction = arith::AndIOp::create(b, loc, bits, i32(0x7fffff));
    Value above = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, fraction, i32(limit));
    return arith::ExtUIOp::create(b, loc, b.getI32Type(), above);
  }
  /// Of d = fl(a / hi): its exponent, one more if the fraction is above a limit.
  Value exponentAbove(Value a, int64_t limit) {
    Value d = div(a, constant(format.max()));
    // Subnormal quotients are made normal first, without rounding.
    Value tiny = is(arith::CmpFPredicate::OLT, d, constant(0x1p-126));
    Value bits = bitsOf(select(tiny, mul(d, constant(0x1p64)), d));
    Value e = plus(exponentOf(bits), mantissaAbove(bits, limit));
    return plus(e, select(tiny, i32(-64), i32(0)));
  }
  /// 2^e for e limited to [-127, 127], NaN if a is.
  Value fromExponent(Value a, Value e) {
    e = arith::MaxSIOp::create(b, loc, e, i32(-127));
    e = arith::MinSIOp::create(b, loc, e, i32(127));
    Value least = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, e, i32(-127));
    Value bits = arith::ShLIOp::create(b, loc, plus(e, i32(127)), i32(23));
    bits = select(least, i32(0x400000), bits);
    Value t = arith::BitcastOp::create(b, loc, f32, bits);
    return select(is(arith::CmpFPredicate::UNO, a, a), constant(std::nan("")), t);
  }
  /// The largest finite value but one.
  double below() const {
    double below = format.lowest();
    for (double v : format.table())
      if (std::isfinite(v) && v < format.max())
        below = std::max(below, v);
    return below;
  }
  /// The fraction bits to which rule `even` rounds: the least M for which the float half of
  /// 2^-M below 2 is carried up to 2.
  int evenBits() const {
    int one = num::blockExponent(num::Rule::Even, 1.0f, format);
    for (int bits = 0; bits < 22; ++bits)
      if (num::blockExponent(num::Rule::Even, 2 - std::ldexp(1.0f, -bits - 1), format) > one)
        return bits;
    return 22;
  }

  OpBuilder &b;
  Location loc;
  ScaleRule rule;
  const num::Format &format;
  FloatType f32, f64;
};

/// A scale as it is stored: num::storedScale. NVIDIA's rules may store 0 for a number that is not.
Value emitStore(OpBuilder &b, Location loc, Value t, Type element, bool mayUnderflow) {
  Value positive = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, t,
                                         floatConstant(b, loc, t.getType(), 0));
  if (const num::Format *format = lp::formatOf(element)) {
    num::Conversion policy;
    policy.rounding = format->defaultRounding();
    Value code = emitEncode(b, loc, t, *format, policy);
    std::optional<uint32_t> zero = format->zeroCode();
    if (!zero || mayUnderflow)
      return code;
    auto constant = [&](uint32_t c) { return intConstant(b, loc, code.getType(), c); };
    Value lost = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, code, constant(*zero));
    return arith::SelectOp::create(b, loc, arith::AndIOp::create(b, loc, positive, lost),
                                   constant(format->encode(format->minPositive(), policy)), code);
  }
  auto type = cast<FloatType>(element);
  if (type.getWidth() >= t.getType().getIntOrFloatBitWidth())
    return convertFloat(b, loc, t, type);
  // Finite numbers saturate and stay positive.
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  Value most = floatConstant(b, loc, t.getType(), APFloat::getLargest(semantics).convertToDouble()),
        infinity = floatConstant(b, loc, t.getType(), INFINITY);
  Value finite = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, t, infinity);
  t = arith::SelectOp::create(b, loc, finite, arith::MinimumFOp::create(b, loc, t, most), t);
  Value s = convertFloat(b, loc, t, type);
  if (mayUnderflow)
    return s;
  Value least = floatConstant(b, loc, type, APFloat::getSmallest(semantics).convertToDouble());
  return arith::SelectOp::create(b, loc, positive, arith::MaximumFOp::create(b, loc, s, least), s);
}

/// From a grid of blocks to a grid of blocks around them.
AffineMap outwardMap(MLIRContext *ctx, ArrayRef<int64_t> inner, ArrayRef<int64_t> outer) {
  SmallVector<AffineExpr> exprs;
  for (auto [d, pair] : llvm::enumerate(llvm::zip(inner, outer))) {
    auto [in, out] = pair;
    exprs.push_back(out == lp::ScaleAttr::kAll ? getAffineConstantExpr(0, ctx)
                                               : getAffineDimExpr(d, ctx).floorDiv(out / in));
  }
  return AffineMap::get(inner.size(), 0, exprs, ctx);
}

struct LowerBlockScale : OpConversionPattern<lp::BlockScaleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::BlockScaleOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    MLIRContext *ctx = op.getContext();
    const num::Format &format = *lp::formatOf(op.getFormat());
    ScaleRule rule = op.getRule();
    FloatType f32 = rewriter.getF32Type();
    const unsigned own = op.getScales().size(), count = op.getScale().getLevels().size(),
                   rank = typeOf(input).getRank();
    AffineMap id = rewriter.getMultiDimIdentityMap(rank);

    SmallVector<Value> stored(count), encode(count);
    SmallVector<Type> elements(count);
    for (unsigned l = own; l < count; ++l) {
      stored[l] = adaptor.getOuter()[l - own];
      elements[l] = getElementTypeOrSelf(op.getOuter()[l - own].getType());
    }
    SmallVector<Value> results(op->getNumResults());
    for (unsigned l = own; l-- > 0;) {
      ArrayRef<int64_t> block = op.getScale().getBlock(l);
      SmallVector<OpFoldResult> sizes = gridSizes(rewriter, loc, input, block);
      SmallVector<Value> operands = reduce(rewriter, loc, rule, input, block, sizes);
      SmallVector<AffineMap> maps(operands.size(), id);
      unsigned extremes = operands.size();
      // The scales of the levels outside, then the encode scale of the next one.
      for (unsigned o = l + 1; o < count; ++o) {
        operands.push_back(stored[o]);
        maps.push_back(outwardMap(ctx, block, op.getScale().getBlock(o)));
      }
      bool nested = l + 1 < count;
      if (nested && encode[l + 1]) {
        operands.push_back(encode[l + 1]);
        maps.push_back(outwardMap(ctx, block, op.getScale().getBlock(l + 1)));
      }
      float reach =
          static_cast<float>(rule == ScaleRule::AbsMax ? num::scaleTarget(format) : format.max());
      for (unsigned i = 0; i < l; ++i)
        if (const num::Format *f = lp::formatOf(op.getScales()[i].getType()))
          reach *= static_cast<float>(f->max());
      auto resultType =
          cast<RankedTensorType>(getTypeConverter()->convertType(op.getScales()[l].getType()));
      elements[l] = getElementTypeOrSelf(op.getScales()[l].getType());
      const num::Format *target = lp::formatOf(elements[l]);

      bool nv = rule == ScaleRule::NV || rule == ScaleRule::NVDivide;
      if (nv && !target)
        encode[l] = elementwise(rewriter, loc, sizes, f32, operands, maps,
                                [&](OpBuilder &b, Location at, ValueRange args) {
                                  Rule r(b, at, rule, format);
                                  return r.limited(r.div(r.constant(reach), args[0]));
                                });
      auto scaleOf = [&](OpBuilder &b, Location at, ValueRange args) -> Value {
        Rule r(b, at, rule, format);
        switch (rule) {
        case ScaleRule::AbsMax: {
          Value outside;
          for (unsigned o = l + 1; o < count; ++o) {
            Value s = emitScale(b, at, args[extremes + o - l - 1], elements[o]);
            outside = outside ? r.mul(outside, s) : s;
          }
          return r.absmax(args[0], reach, outside);
        }
        case ScaleRule::MinMax:
          return r.minmax(args[0], args[1]);
        case ScaleRule::NV:
        case ScaleRule::NVDivide: {
          if (!target)
            return r.inverse(args.back());
          Value e;
          if (nested && encode[l + 1])
            e = args[extremes + count - l - 1];
          else if (nested)
            e = r.limited(r.div(r.constant(1), emitScale(b, at, args[extremes], elements[l + 1])));
          return r.relative(args[0], e, reach, target->max());
        }
        default:
          return r.powerOfTwo(args[0]);
        }
      };
      if (encode[l]) {
        operands.push_back(encode[l]);
        maps.push_back(id);
      }
      stored[l] = elementwise(rewriter, loc, sizes, resultType.getElementType(), operands, maps,
                              [&](OpBuilder &b, Location at, ValueRange args) {
                                return emitStore(b, at, scaleOf(b, at, args), elements[l], nv);
                              });
      results[l] = castShape(rewriter, loc, stored[l], resultType);
      if (op.getZeroPoint())
        results.back() = zeroPoint(op, rewriter, operands, maps, sizes, scaleOf, elements[l]);
    }
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  static SmallVector<OpFoldResult> gridSizes(OpBuilder &b, Location loc, Value input,
                                             ArrayRef<int64_t> blocks) {
    SmallVector<OpFoldResult> sizes;
    for (auto [i, block] : llvm::enumerate(blocks)) {
      if (block == lp::ScaleAttr::kAll) {
        sizes.push_back(b.getIndexAttr(1));
        continue;
      }
      sizes.push_back(
          affine::makeComposedFoldedAffineApply(b, loc, b.getAffineSymbolExpr(0).ceilDiv(block),
                                                {tensor::getMixedSize(b, loc, input, i)}));
    }
    return sizes;
  }

  static SmallVector<Value> reduce(OpBuilder &b, Location loc, ScaleRule rule, Value input,
                                   ArrayRef<int64_t> block, ArrayRef<OpFoldResult> sizes) {
    bool minmax = rule == ScaleRule::MinMax;
    bool keepsNaN = !minmax && rule != ScaleRule::AbsMax && rule != ScaleRule::NV &&
                    rule != ScaleRule::NVDivide;
    return reduceBlocks(
        b, loc, input, block, sizes, minmax ? 2 : 1,
        [&](OpBuilder &n, Location l, Value x, ValueRange carried) -> SmallVector<Value> {
          // maxnum and minnum pass over NaN, maximum keeps it.
          if (minmax)
            return {arith::MinNumFOp::create(n, l, carried[0], x),
                    arith::MaxNumFOp::create(n, l, carried[1], x)};
          Value a = math::AbsFOp::create(n, l, x);
          if (keepsNaN)
            return {arith::MaximumFOp::create(n, l, carried[0], a)};
          return {arith::MaxNumFOp::create(n, l, carried[0], a)};
        });
  }

  Value zeroPoint(lp::BlockScaleOp op, OpBuilder &builder, ValueRange operands,
                  ArrayRef<AffineMap> maps, ArrayRef<OpFoldResult> sizes, ScalarBody scaleOf,
                  Type scaleElement) const {
    const num::Format &format = *lp::formatOf(op.getFormat());
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getZeroPoint().getType()));
    Value zeros = elementwise(
        builder, op.getLoc(), sizes, type.getElementType(), operands, maps,
        [&](OpBuilder &b, Location l, ValueRange args) -> Value {
          Rule r(b, l, ScaleRule::MinMax, format);
          // The scale as it is stored, so that both agree.
          Value s = emitScale(b, l, emitStore(b, l, scaleOf(b, l, args), scaleElement, false),
                              scaleElement);
          Value z = r.realZeroPoint(args[0], s);
          if (auto real = dyn_cast<FloatType>(type.getElementType()))
            return convertFloat(b, l, z, real);
          z = math::RoundEvenOp::create(b, l, z);
          // A block of zeros has the zero point nearest to 0, not lo.
          z = r.select(r.is(arith::CmpFPredicate::OEQ, args[0], args[1]), r.constant(0), z);
          z = arith::MaxNumFOp::create(b, l, z, r.constant(format.lowest()));
          z = arith::MinNumFOp::create(b, l, z, r.constant(format.max()));
          return resizeSigned(b, l, arith::FPToSIOp::create(b, l, b.getI32Type(), z),
                              type.getElementType());
        });
    return castShape(builder, op.getLoc(), zeros, type);
  }
};

} // namespace

void lp_to_linalg::populateBlockScale(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerBlockScale>(converter, patterns.getContext());
}
