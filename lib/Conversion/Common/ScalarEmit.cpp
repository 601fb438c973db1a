// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of decode and encode of element formats. The special results (NaN, infinities, zeros)
// are asked of the format itself, so that this file holds only the arithmetic between them.
#include "lib/Conversion/Common/ScalarEmit.h"

#include "Emitter.h"
#include "TableEmit.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace lpc;
using namespace lpc::emit;
using num::MinifloatParams;
using num::Overflow;
using num::Rounding;

namespace {

/// The binade of the least normal value.
int lowestBinade(const MinifloatParams &p) { return p.subnormals ? 1 - p.bias : -p.bias; }

/// Whether every finite value but zero is a normal number of f32.
bool fitsNormalF32(const num::Format &f) {
  return f.minPositive() >= 0x1p-126 && f.max() <= 0x1.fffffep127 && f.lowest() >= -0x1.fffffep127;
}

/// The layout of the float type that bit arithmetic is done in.
struct Layout {
  FloatType type;
  unsigned width, mantissa;
  int bias;
};
Layout layoutOf(FloatType t) {
  return t.getWidth() == 64 ? Layout{t, 64, 52, 1023} : Layout{t, 32, 23, 127};
}

Value decodeMinifloat(Emitter &e, Value code, const num::MinifloatFormat &format,
                      FloatType result) {
  const MinifloatParams &p = format.params();
  unsigned magnitudeBits = p.exponentBits + p.mantissaBits;
  Layout l = layoutOf(fitsNormalF32(format) ? e.getF32Type() : e.getF64Type());
  auto constant = [&](uint64_t v) { return e.integer(l.width, v); };

  Value c = e.bitAnd(e.resize(code, l.width), constant(format.numCodes() - 1));
  Value magnitude = e.bitAnd(c, constant((1u << magnitudeBits) - 1));
  Value sign = p.isSigned ? e.shl(e.bitAnd(c, constant(1u << magnitudeBits)),
                                  constant(l.width - 1 - magnitudeBits))
                          : constant(0);
  Type floatType = withElement(e.like, l.type);
  // A normal: the code's exponent field moved to the float's place and rebiased; a subnormal: an
  // integer times the least value.
  Value bits =
      e.add(e.shl(magnitude, constant(l.mantissa - p.mantissaBits)),
            constant(static_cast<uint64_t>(static_cast<int64_t>(l.bias - p.bias)) << l.mantissa));
  if (p.subnormals) {
    int least = 1 - p.bias - static_cast<int>(p.mantissaBits);
    Value small = e.make<arith::MulFOp>(e.make<arith::UIToFPOp>(floatType, magnitude),
                                        e.real(l.type, std::ldexp(1.0, least)));
    Value isSmall = e.cmp(Pred::ult, magnitude, constant(1u << p.mantissaBits));
    bits = e.select(isSmall,
                    e.make<arith::BitcastOp>(withElement(e.like, e.getIntegerType(l.width)), small),
                    bits);
  }
  bits = e.bitOr(bits, sign);
  Value value = e.convertFloat(e.make<arith::BitcastOp>(floatType, bits), result);

  // Codes that are infinities and NaNs, in runs of the code's order: at most four.
  double inf = std::numeric_limits<double>::infinity();
  for (uint32_t first = 0; first < format.numCodes();) {
    double v = format.table()[first];
    if (std::isfinite(v)) {
      ++first;
      continue;
    }
    uint32_t last = first;
    auto same = [&](double w) { return std::isnan(v) ? std::isnan(w) : v == w; };
    while (last + 1 < format.numCodes() && same(format.table()[last + 1]))
      ++last;
    Value in = first == last ? e.cmp(Pred::eq, c, constant(first))
                             : e.cmp(Pred::ule, e.sub(c, constant(first)), constant(last - first));
    double special =
        std::isnan(v) ? std::numeric_limits<double>::quiet_NaN() : (v > 0 ? inf : -inf);
    value = e.select(in, e.real(result, special), value);
    first = last + 1;
  }
  return value;
}

/// Whether a magnitude between code and code + 1 goes up; `rest` of 2^`shift` lies above the code.
Value roundsAway(Emitter &e, unsigned width, Rounding rounding, Value rest, Value shift, Value code,
                 Value negative) {
  Value zero = e.integer(width, 0), one = e.integer(width, 1);
  Value inexact = e.cmp(Pred::ne, rest, zero);
  auto flag = [&](bool v) { return e.integer(1, v); };
  auto odd = [&] { return e.make<arith::TruncIOp>(withElement(e.like, e.getI1Type()), code); };
  auto negate = [&](Value v) { return e.make<arith::XOrIOp>(v, flag(true)); };
  auto nearest = [&](Value tieGoesAway) {
    Value half = e.shl(one, e.sub(shift, one));
    Value tie = e.cmp(Pred::eq, rest, half);
    return e.bitOr(e.cmp(Pred::ugt, rest, half), e.bitAnd(tie, tieGoesAway));
  };
  switch (rounding) {
  case Rounding::NearestEven:
    return nearest(odd());
  case Rounding::NearestAway:
    return nearest(flag(true));
  case Rounding::NearestUp:
    return nearest(negate(negative));
  case Rounding::NearestDown:
    return nearest(negative);
  case Rounding::TowardZero:
    return flag(false);
  case Rounding::Up:
    return e.bitAnd(inexact, negate(negative));
  case Rounding::Down:
    return e.bitAnd(inexact, negative);
  case Rounding::AwayFromZero:
    return inexact;
  case Rounding::ToOdd:
    return e.bitAnd(inexact, negate(odd()));
  case Rounding::Stochastic:
  case Rounding::NearestLog:
  case Rounding::StochasticFast:
  case Rounding::StochasticEven:
    break;
  }
  llvm_unreachable("stochastic rounding needs random bits");
}

bool neverOverflows(Rounding rounding, bool negative) {
  return rounding == Rounding::TowardZero || rounding == Rounding::ToOdd ||
         (rounding == Rounding::Up && negative) || (rounding == Rounding::Down && !negative);
}

Value encodeMinifloat(Emitter &e, Value real, const num::MinifloatFormat &format,
                      const num::Conversion &policy) {
  const MinifloatParams &p = format.params();
  // Inputs that are subnormal in f32 need a normal form only if the format reaches down there.
  int lowest = lowestBinade(p);
  bool wide = lowest < (p.subnormals ? -126 : -125) || p.exponentBits == 0;
  FloatType from = cast<FloatType>(getElementTypeOrSelf(real));
  Layout l = layoutOf(wide || from.isF64() ? e.getF64Type() : e.getF32Type());
  Value x = e.convertFloat(real, l.type);
  auto constant = [&](int64_t v) { return e.integer(l.width, static_cast<uint64_t>(v)); };
  const int64_t m = p.mantissaBits, one = 1;

  Value bits = e.make<arith::BitcastOp>(withElement(e.like, e.getIntegerType(l.width)), x);
  Value negative = e.cmp(Pred::slt, bits, constant(0));
  Value abs = e.bitAnd(bits, constant((l.width == 64 ? INT64_MAX : INT32_MAX)));
  Value field = e.shrU(abs, constant(l.mantissa));
  Value fraction = e.bitAnd(abs, constant((one << l.mantissa) - 1));
  Value isTiny = e.cmp(Pred::eq, field, constant(0));
  Value significand = e.select(isTiny, fraction, e.bitOr(fraction, constant(one << l.mantissa)));
  Value exponent = e.sub(e.make<arith::MaxSIOp>(field, constant(1)), constant(l.bias));

  // x lies in binade t, whose values are multiples of 2^(t - m).
  Value t = exponent;
  if (p.exponentBits == 0)
    t = constant(1 - p.bias);
  else if (p.subnormals)
    t = e.make<arith::MaxSIOp>(exponent, constant(1 - p.bias));
  Value shift = e.add(e.sub(t, exponent), constant(int64_t(l.mantissa) - m));
  // Beyond this distance only "less than half, but not nothing" matters.
  shift = e.make<arith::MinSIOp>(shift, constant(l.mantissa + 2));
  if (p.exponentBits == 0)
    shift = e.make<arith::MaxSIOp>(shift, constant(1));
  Value whole = e.shrU(significand, shift);
  Value rest = e.sub(significand, e.shl(whole, shift));
  Value code = e.add(e.shl(e.add(t, constant(p.bias - 1)), constant(m)), whole);
  Value away = roundsAway(e, l.width, policy.rounding, rest, shift, code, negative);
  code = e.add(code, e.resize(away, l.width));
  // Without an exponent field every value of binade t + 2 and above is far outside.
  if (p.exponentBits == 0)
    code = e.select(e.cmp(Pred::sgt, exponent, e.add(t, constant(1))), constant(int64_t(1) << 20),
                    code);

  // What the format itself says of the results that are no plain rounding.
  double inf = std::numeric_limits<double>::infinity(),
         nan = std::numeric_limits<double>::quiet_NaN();
  num::Conversion saturate = policy;
  saturate.overflow = Overflow::Saturate;
  uint32_t largest = format.encode(inf, saturate), lowestCode = format.encode(-inf, saturate);
  auto pair = [&](uint32_t positive, uint32_t minus) {
    return e.select(negative, constant(minus), constant(positive));
  };
  Value zero = pair(format.encode(0.0, policy), format.encode(-0.0, policy));
  Value infinity = pair(format.encode(inf, policy), format.encode(-inf, policy));
  bool keepPositive = neverOverflows(policy.rounding, false);
  bool keepNegative = neverOverflows(policy.rounding, true) && p.isSigned;
  Value overflow = pair(keepPositive ? largest : format.encode(inf, policy),
                        keepNegative ? lowestCode : format.encode(-inf, policy));
  Value notANumber =
      pair(format.encode(nan, policy), format.encode(std::copysign(nan, -1.0), policy));

  Value result = code;
  if (!p.subnormals)
    result = e.make<arith::MaxSIOp>(code, constant(0));
  Value beyond = e.cmp(Pred::sgt, result, constant(largest));
  if (p.isSigned) {
    Value signBit = e.select(negative, constant(one << (p.exponentBits + m)), constant(0));
    result = e.bitOr(result, signBit);
  } else {
    beyond = e.bitOr(beyond, negative);
  }
  result = e.select(beyond, overflow, result);
  Value isZero = e.cmp(Pred::eq, abs, constant(0));
  // A subnormal that rounds to nothing; without subnormals only zero itself.
  if (p.subnormals)
    isZero = e.bitOr(isZero, e.cmp(Pred::sle, code, constant(0)));
  result = e.select(isZero, zero, result);
  int64_t infBits = l.width == 64 ? 0x7ff0000000000000 : 0x7f800000;
  result = e.select(e.cmp(Pred::eq, abs, constant(infBits)), infinity, result);
  return e.select(e.cmp(Pred::sgt, abs, constant(infBits)), notANumber, result);
}

/// `real` as f32, or f64 if it is that already.
Value atLeastF32(Emitter &e, Value real) {
  FloatType t = cast<FloatType>(getElementTypeOrSelf(real));
  return t.getWidth() < 32 ? e.convertFloat(real, e.getF32Type()) : real;
}

/// `x` (f32 or f64) rounded to an integral value of its type, at random.
Value roundStochastically(Emitter &e, Value x, Value random, const num::Conversion &policy) {
  auto t = cast<FloatType>(getElementTypeOrSelf(x));
  FloatType f64 = e.getF64Type();
  Value magnitude = e.make<math::AbsFOp>(e.convertFloat(x, f64));
  Value whole = e.make<math::FloorOp>(magnitude);
  Value fraction = e.make<arith::SubFOp>(magnitude, whole);
  Value away = goesAway(e, fraction, e.real(f64, 1.0), random, policy);
  Value next = e.make<arith::AddFOp>(whole, e.real(f64, 1.0));
  // Exact in `t`: a number with a fraction is small.
  Value rounded = e.convertFloat(e.select(away, next, whole), t);
  return e.make<math::CopySignOp>(rounded, x);
}

/// `x` times 2^-exponent, exactly, or with the same code under every rounding.
Value scaleDown(Emitter &e, Value x, int exponent) {
  auto t = cast<FloatType>(getElementTypeOrSelf(x));
  if (exponent > 0) {
    // What would become subnormal counts only as more than nothing.
    Value least = e.real(t, 0x1p-900);
    Value isTiny = e.cmpF(arith::CmpFPredicate::OLT, e.make<math::AbsFOp>(x), least);
    isTiny = e.bitAnd(isTiny, e.cmpF(arith::CmpFPredicate::ONE, x, e.real(t, 0.0)));
    x = e.select(isTiny, e.make<math::CopySignOp>(least, x), x);
  }
  return e.make<arith::MulFOp>(x, e.real(t, std::ldexp(1.0, -exponent)));
}

/// The code of real * 2^-exponent.
Value encodeInteger(Emitter &e, Value real, Value zeroPoint, const num::IntegerFormat &format,
                    const num::Conversion &policy, Value random, int exponent = 0) {
  Value x = atLeastF32(e, real), unscaled = x;
  if (exponent != 0) {
    // Scaled up, a float may become infinite: that saturates, but does not wrap.
    if (exponent > 0 || policy.overflow == Overflow::Wrap)
      x = unscaled = e.convertFloat(x, e.getF64Type());
    x = scaleDown(e, x, exponent);
  }
  auto t = cast<FloatType>(getElementTypeOrSelf(x));
  Type floatType = x.getType(), i32 = withElement(e.like, e.getI32Type());
  auto clampLow = [&](Value v, Value lo) { return e.make<arith::MaximumFOp>(v, lo); };
  auto clampHigh = [&](Value v, Value hi) { return e.make<arith::MinimumFOp>(v, hi); };
  Value nan = e.isNaN(x);
  Value rounded = num::isStochastic(policy.rounding) ? roundStochastically(e, x, random, policy)
                                                     : emitRound(e, e.getLoc(), x, policy.rounding);
  rounded = e.select(nan, e.real(t, 0.0), rounded);

  Value lo = e.integer(32, format.lo()), hi = e.integer(32, format.hi());
  auto bound = [&](int32_t limit) {
    if (!zeroPoint)
      return e.real(t, limit);
    return e.make<arith::SIToFPOp>(floatType, e.sub(e.integer(32, limit), zeroPoint));
  };
  Value low = bound(format.lo()), high = bound(format.hi());
  Value inRange = clampHigh(clampLow(rounded, low), high);
  Value value = e.make<arith::FPToSIOp>(i32, inRange);
  if (zeroPoint)
    value = e.add(value, zeroPoint);
  if (policy.overflow == Overflow::Wrap) {
    // r mod 2^w, exact: a power of two scales without rounding, and the difference is a small
    // integer.
    Value modulus = e.real(t, format.numCodes());
    Value quotient =
        e.make<math::FloorOp>(e.make<arith::MulFOp>(rounded, e.real(t, 1.0 / format.numCodes())));
    Value residue = e.make<arith::SubFOp>(rounded, e.make<arith::MulFOp>(quotient, modulus));
    // Infinity has no residue: it saturates.
    double inf = std::numeric_limits<double>::infinity();
    auto isInfinite = [&](Value v) {
      return e.cmpF(arith::CmpFPredicate::OEQ, e.make<math::AbsFOp>(v), e.real(t, inf));
    };
    Value infinite = isInfinite(x);
    residue = e.select(infinite, e.real(t, 0.0), residue);
    if (exponent != 0)
      infinite = isInfinite(unscaled);
    Value wrapped = e.make<arith::FPToSIOp>(i32, residue);
    if (zeroPoint)
      wrapped = e.add(wrapped, zeroPoint);
    wrapped = e.bitAnd(wrapped, e.integer(32, format.numCodes() - 1));
    if (format.isNarrow())
      wrapped =
          e.select(e.cmp(Pred::eq, wrapped, e.integer(32, format.numCodes() / 2)), lo, wrapped);
    value = e.select(infinite, value, wrapped);
  }
  if (policy.nan != num::NaNPolicy::Zero)
    value = e.select(nan, policy.nan == num::NaNPolicy::Max ? hi : lo, value);
  else if (zeroPoint)
    value = e.select(nan, e.make<arith::MinSIOp>(e.make<arith::MaxSIOp>(zeroPoint, lo), hi), value);
  return e.bitAnd(value, e.integer(32, format.numCodes() - 1));
}

} // namespace

IntegerType lpc::codeStorageType(MLIRContext *ctx, const num::Format &format) {
  return IntegerType::get(ctx, format.width() <= 8 ? 8 : format.width() <= 16 ? 16 : 32);
}

Value lpc::emitWiden(OpBuilder &b, Location loc, Value real, FloatType to) {
  Emitter e(b, loc, real);
  return e.convertFloat(real, to);
}

Value lpc::emitRound(OpBuilder &b, Location loc, Value real, Rounding rounding) {
  Emitter e(b, loc, real);
  auto t = cast<FloatType>(getElementTypeOrSelf(real));
  auto above = [&](Value distance) {
    Value far = e.cmpF(arith::CmpFPredicate::OGE, distance, e.real(t, 0.5));
    return e.select(far, e.real(t, 1.0), e.real(t, 0.0));
  };
  switch (rounding) {
  case Rounding::NearestEven:
    return e.make<math::RoundEvenOp>(real);
  case Rounding::NearestAway:
    return e.make<math::RoundOp>(real);
  case Rounding::TowardZero:
    return e.make<math::TruncOp>(real);
  case Rounding::Up:
    return e.make<math::CeilOp>(real);
  case Rounding::Down:
    return e.make<math::FloorOp>(real);
  case Rounding::AwayFromZero:
    return e.make<math::CopySignOp>(e.make<math::CeilOp>(e.make<math::AbsFOp>(real)), real);
  case Rounding::ToOdd: {
    Value whole = e.make<math::TruncOp>(real);
    Value half = e.make<arith::MulFOp>(whole, e.real(t, 0.5));
    Value even = e.cmpF(arith::CmpFPredicate::OEQ, e.make<math::TruncOp>(half), half);
    Value inexact = e.cmpF(arith::CmpFPredicate::ONE, whole, real);
    Value away = e.make<arith::AddFOp>(whole, e.make<math::CopySignOp>(e.real(t, 1.0), real));
    return e.select(e.bitAnd(even, inexact), away, whole);
  }
  // The distance to the neighbour on the side of zero is exact; on the other side it is off only
  // near 1, never at 1/2.
  case Rounding::NearestUp: {
    Value floor = e.make<math::FloorOp>(real);
    return e.make<arith::AddFOp>(floor, above(e.make<arith::SubFOp>(real, floor)));
  }
  case Rounding::NearestDown: {
    Value ceil = e.make<math::CeilOp>(real);
    return e.make<arith::SubFOp>(ceil, above(e.make<arith::SubFOp>(ceil, real)));
  }
  // |x|^2 > q (q + 1), where zero counts as 1/2: exact in f64, as an f32 with a fraction is below
  // 2^24 and so are its products below 2^49.
  case Rounding::NearestLog: {
    assert(t.getWidth() <= 32 && "f64 has no room for the square of an f64");
    FloatType f64 = e.getF64Type();
    Value x = e.make<math::AbsFOp>(e.convertFloat(real, f64)), whole = e.make<math::FloorOp>(x);
    Value next = e.make<arith::AddFOp>(whole, e.real(f64, 1.0));
    Value lower = e.make<arith::MaximumFOp>(whole, e.real(f64, 0.5));
    Value away = e.cmpF(arith::CmpFPredicate::OGT, e.make<arith::MulFOp>(x, x),
                        e.make<arith::MulFOp>(lower, next));
    Value exact = e.cmpF(arith::CmpFPredicate::OEQ, x, whole);
    Value rounded = e.select(exact, whole, e.select(away, next, whole));
    return e.make<math::CopySignOp>(e.convertFloat(rounded, t), real);
  }
  case Rounding::Stochastic:
  case Rounding::StochasticFast:
  case Rounding::StochasticEven:
    break;
  }
  llvm_unreachable("stochastic rounding needs random bits");
}

Value lpc::emitDecodeInt(OpBuilder &b, Location loc, Value code, const num::IntegerFormat &format) {
  Emitter e(b, loc, code);
  Value c = e.resize(code, 32), up = e.integer(32, 32 - format.width());
  c = e.shl(c, up);
  return format.isSignedInteger() ? e.make<arith::ShRSIOp>(c, up) : e.shrU(c, up);
}

Value lpc::emitDecode(OpBuilder &b, Location loc, Value code, const num::Format &format,
                      FloatType result) {
  Emitter e(b, loc, code);
  if (!result)
    result = b.getF32Type();
  if (auto *integer = dyn_cast<num::IntegerFormat>(&format)) {
    Value value = emitDecodeInt(b, loc, code, *integer);
    return e.make<arith::SIToFPOp>(withElement(code.getType(), result), value);
  }
  // In registers 16 values are looked up faster than computed.
  bool isShort = isa<VectorType>(code.getType()) && format.width() <= 4;
  if (auto *minifloat = dyn_cast<num::MinifloatFormat>(&format); minifloat && !isShort)
    return decodeMinifloat(e, code, *minifloat, result);
  return decodeByTable(e, code, format, result);
}

/// Whether the arithmetic of integers and minifloats knows a rounding.
static bool isArithmetic(Rounding rounding) {
  return rounding != Rounding::NearestLog && !num::isStochastic(rounding);
}

/// Whether the format is of the families of integers, where `wrap` is no `saturate`.
static bool canWrap(const num::Format &format) {
  return format.family() == num::Family::Integer || format.family() == num::Family::Fixed;
}

bool lpc::canEmitEncode(const num::Format &format, const num::Conversion &policy) {
  if (num::isStochastic(policy.rounding))
    return (canWrap(format) && findIntegerGrid(format)) || canEncodeBetween(format, policy);
  if (policy.overflow != Overflow::Wrap || !canWrap(format))
    return true;
  return isArithmetic(policy.rounding) && findIntegerGrid(format);
}

Value lpc::emitEncode(OpBuilder &b, Location loc, Value real, const num::Format &format,
                      const num::Conversion &policy, Value random) {
  assert(canEmitEncode(format, policy) && "the caller refuses this policy");
  assert(static_cast<bool>(random) == num::isStochastic(policy.rounding));
  Emitter e(b, loc, real);
  Value code;
  bool arithmetic = isArithmetic(policy.rounding);
  std::optional<IntegerGrid> grid;
  if (canWrap(format) && (arithmetic || random))
    grid = findIntegerGrid(format);
  if (grid)
    code = encodeInteger(e, real, nullptr, *grid->integers, policy, random, grid->exponent);
  else if (random)
    code = encodeBetween(e, real, random, format, policy);
  else if (auto *minifloat = dyn_cast<num::MinifloatFormat>(&format); minifloat && arithmetic)
    code = encodeMinifloat(e, real, *minifloat, policy);
  else
    code = encodeBySteps(e, real, format, policy);
  return e.resize(code, codeStorageType(b.getContext(), format).getWidth());
}

Value lpc::emitRandomBits(OpBuilder &b, Location loc, uint64_t seed, Value index, unsigned bits) {
  Emitter e(b, loc, index);
  constexpr uint64_t golden = 0x9e3779b97f4a7c15u;
  auto fold = [&](Value z, unsigned by) {
    return e.make<arith::XOrIOp>(z, e.shrU(z, e.integer(64, by)));
  };
  auto mul = [&](Value z, uint64_t by) { return e.make<arith::MulIOp>(z, e.integer(64, by)); };
  // The finalizer of splitmix64, as num::randomBits has it; once at compile time for the seed.
  auto mixed = [](uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  };
  Value z = e.add(e.integer(64, mixed(seed + golden)), mul(index, golden));
  z = mul(fold(z, 30), 0xbf58476d1ce4e5b9u);
  z = mul(fold(z, 27), 0x94d049bb133111ebu);
  return e.resize(e.shrU(fold(z, 31), e.integer(64, 64 - bits)), 32);
}

bool lpc::canEmitEncodeAffine(const num::Conversion &policy, FloatType real) {
  return policy.rounding != Rounding::NearestLog || !real.isF64();
}

Value lpc::emitEncodeAffine(OpBuilder &b, Location loc, Value real, Value zeroPoint,
                            const num::IntegerFormat &format, const num::Conversion &policy,
                            Value random) {
  Emitter e(b, loc, real);
  Value code = encodeInteger(e, real, zeroPoint, format, policy, random);
  return e.resize(code, codeStorageType(b.getContext(), format).getWidth());
}
