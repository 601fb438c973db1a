// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decode and encode of formats whose arithmetic is not known: only num::Format's table of values
// and its encode are asked.
//
// The choice, by cost in operations per element:
//  decode  affine: 2 to 4, nothing read; where value(code) = (p * code + q) * 2^e for all codes
//          selects: one per value but one, which vectorise everywhere; up to kSelectValues values
//          table: one read, which vectorises as a gather; on vectors, which the micro-kernels emit,
//          three bits of the code cost one shuffle in registers
//  encode  counting: two per step, which vectorise everywhere; up to kCountedSteps steps
//          search: four and a read per halving
// All are exact, so that the choice never shows in a result.
#include "TableEmit.h"

#include "ScalarEmit.h"
#include "Steps.h"

#include <cmath>
#include <optional>

using namespace mlir;
using namespace lpc;
using namespace lpc::emit;

namespace {

constexpr unsigned kSelectValues = 8;
constexpr size_t kCountedSteps = 20;

/// A double rounded once to another float type.
APFloat roundTo(const llvm::fltSemantics &type, double v) {
  APFloat value(v);
  bool lost;
  value.convert(type, APFloat::rmNearestTiesToEven, &lost);
  return value;
}

//===- decode
//-----------------------------------------------------------------------------------------===//

/// value(code) = (scale * code + offset) * 2^exponent, the code sign-extended or not.
struct Affine {
  bool isSigned;
  int32_t scale, offset;
  int exponent;
};

int64_t codeAsInt(const num::Format &format, uint32_t code, bool isSigned) {
  bool negative = isSigned && (code >> (format.width() - 1)) != 0;
  return negative ? static_cast<int64_t>(code) - format.numCodes() : code;
}

/// The affine map of all codes, if there is one that `result` evaluates without rounding.
std::optional<Affine> findAffine(const num::Format &format, const llvm::fltSemantics &result) {
  const std::vector<double> &table = format.table();
  const unsigned precision = APFloat::semanticsPrecision(result);
  if (!llvm::all_of(table, [](double v) { return std::isfinite(v); }))
    return std::nullopt;
  for (bool isSigned : {false, true}) {
    if (isSigned && format.width() == 1)
      continue;
    double offset = table[0], scale = table[1] - table[0];
    if (scale == 0)
      return std::nullopt;
    // The unit in which both are integers: the last set bit of either.
    auto lastBit = [](double v) {
      int exponent;
      auto digits = static_cast<int64_t>(std::ldexp(std::frexp(v, &exponent), 53));
      return exponent - 53 + static_cast<int>(llvm::countr_zero(static_cast<uint64_t>(digits)));
    };
    int exponent = lastBit(scale);
    if (offset != 0)
      exponent = std::min(exponent, lastBit(offset));
    double p = std::ldexp(scale, -exponent), q = std::ldexp(offset, -exponent);
    const double limit = std::ldexp(1.0, std::min(precision, 24u));
    bool fits = std::abs(p) * format.numCodes() + std::abs(q) < limit;
    for (uint32_t code = 0; fits && code < format.numCodes(); ++code) {
      double v =
          std::ldexp(p * static_cast<double>(codeAsInt(format, code, isSigned)) + q, exponent);
      // A value below the normal numbers could be flushed or rounded.
      bool normal =
          v == 0 || (std::abs(v) >= std::ldexp(1.0, APFloat::semanticsMinExponent(result)) &&
                     !roundTo(result, v).isInfinity());
      fits = normal && v == table[code] && std::signbit(v) == std::signbit(table[code]);
    }
    // The power of two itself has to be a number of `result`.
    APFloat unit = roundTo(result, std::ldexp(1.0, exponent));
    if (fits && unit.isNormal() && !unit.isInfinity())
      return Affine{isSigned, static_cast<int32_t>(p), static_cast<int32_t>(q), exponent};
  }
  return std::nullopt;
}

Value decodeAffine(Emitter &e, Value code, const num::Format &format, const Affine &map,
                   FloatType result) {
  Value c = e.resize(code, 32);
  if (map.isSigned) {
    Value up = e.integer(32, 32 - format.width());
    c = e.make<arith::ShRSIOp>(e.shl(c, up), up);
  } else {
    c = e.bitAnd(c, e.integer(32, format.numCodes() - 1));
  }
  if (map.scale != 1)
    c = e.make<arith::MulIOp>(c, e.integer(32, static_cast<uint32_t>(map.scale)));
  if (map.offset != 0)
    c = e.add(c, e.integer(32, static_cast<uint32_t>(map.offset)));
  Value value = e.make<arith::SIToFPOp>(withElement(e.like, result), c);
  if (map.exponent == 0)
    return value;
  return e.make<arith::MulFOp>(value, e.real(result, std::ldexp(1.0, map.exponent)));
}

/// Pairs of values selected by the lowest bit, pairs of pairs by the next one, and so on.
Value selectByBits(Emitter &e, Value code, ArrayRef<APFloat> values, FloatType result) {
  SmallVector<std::pair<Value, std::optional<APInt>>> level;
  for (const APFloat &v : values)
    level.push_back({e.splat(e.getFloatAttr(result, v)), v.bitcastToAPInt()});
  for (unsigned bit = 0; level.size() > 1; ++bit) {
    Value shifted = bit == 0 ? code : e.shrU(code, e.integer(32, bit));
    Value isSet = e.make<arith::TruncIOp>(withElement(e.like, e.getI1Type()), shifted);
    SmallVector<std::pair<Value, std::optional<APInt>>> next;
    for (size_t i = 0; i < level.size(); i += 2) {
      bool same = level[i].second && level[i].second == level[i + 1].second;
      if (same)
        next.push_back(level[i]);
      else
        next.push_back({e.select(isSet, level[i + 1].first, level[i].first), std::nullopt});
    }
    level = std::move(next);
  }
  return level.front().first;
}

//===- encode
//-----------------------------------------------------------------------------------------===//

/// The code of a step in terms of its number, if the codes ascend by one modulo their count.
bool codesAscend(const num::Format &format, ArrayRef<uint32_t> codes) {
  for (size_t i = 1; i < codes.size(); ++i)
    if (codes[i] != ((codes[i - 1] + 1) & (format.numCodes() - 1)))
      return false;
  return true;
}

DenseElementsAttr keyTable(Emitter &e, ArrayRef<int64_t> keys, unsigned bits) {
  auto type = RankedTensorType::get({static_cast<int64_t>(keys.size())}, e.getIntegerType(bits));
  if (bits == 64)
    return DenseElementsAttr::get(type, keys);
  SmallVector<int32_t> narrow(keys.begin(), keys.end());
  return DenseElementsAttr::get(type, ArrayRef<int32_t>(narrow));
}

} // namespace

Value lpc::emit::decodeByTable(Emitter &e, Value code, const num::Format &format,
                               FloatType result) {
  if (std::optional<Affine> map = findAffine(format, result.getFloatSemantics()))
    return decodeAffine(e, code, format, *map, result);
  SmallVector<APFloat> values;
  for (double v : format.table())
    values.push_back(roundTo(result.getFloatSemantics(), v));
  Value c = e.bitAnd(e.resize(code, 32), e.integer(32, format.numCodes() - 1));
  if (values.size() <= kSelectValues && !isa<VectorType>(code.getType()))
    return selectByBits(e, c, values, result);
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, result);
  return e.lookup(DenseElementsAttr::get(type, values), c);
}

std::optional<IntegerGrid> lpc::emit::findIntegerGrid(const num::Format &format) {
  if (auto *integers = dyn_cast<num::IntegerFormat>(&format))
    return IntegerGrid{integers, 0};
  std::optional<Affine> map = findAffine(format, APFloat::IEEEdouble());
  if (!map || map->scale != 1 || map->offset != 0)
    return std::nullopt;
  bool narrow = map->isSigned && format.isReserved(format.numCodes() / 2);
  const auto *integers = num::IntegerFormat::get(format.width(), map->isSigned, narrow);
  if (!integers)
    return std::nullopt;
  return IntegerGrid{integers, map->exponent};
}

Value lpc::emit::encodeBySteps(Emitter &e, Value real, const num::Format &format,
                               const num::Conversion &policy) {
  unsigned bits = cast<FloatType>(getElementTypeOrSelf(real)).isF64() ? 64 : 32;
  Value x = e.convertFloat(real, bits == 64 ? e.getF64Type() : e.getF32Type());
  const Steps &steps = encoderSteps(format, policy, bits);
  Value raw = e.make<arith::BitcastOp>(withElement(e.like, e.getIntegerType(bits)), x);
  Value sign = e.make<arith::ShRSIOp>(raw, e.integer(bits, bits - 1));
  Value key = e.make<arith::XOrIOp>(raw, e.bitAnd(sign, e.integer(bits, ~0ull >> (65 - bits))));

  const size_t count = steps.codes.size();
  const bool ascend = codesAscend(format, steps.codes);
  auto isAtLeast = [&](int64_t bound) {
    return e.cmp(Pred::sge, key, e.integer(bits, static_cast<uint64_t>(bound)));
  };
  Value code;
  if (count <= kCountedSteps) {
    code = e.integer(32, steps.codes.front());
    for (size_t i = 1; i < count; ++i) {
      Value reached = isAtLeast(steps.firstKeys[i]);
      code = ascend ? e.add(code, e.resize(reached, 32))
                    : e.select(reached, e.integer(32, steps.codes[i]), code);
    }
  } else {
    // The last step at or below the key: halves the candidates [at, at + left).
    DenseElementsAttr keys = keyTable(e, steps.firstKeys, bits);
    Value at = e.integer(32, 0);
    for (size_t left = count; left > 1;) {
      size_t half = left / 2;
      Value middle = e.add(at, e.integer(32, half));
      at = e.select(e.cmp(Pred::sle, e.lookup(keys, middle), key), middle, at);
      left -= half;
    }
    if (ascend) {
      code = e.add(at, e.integer(32, steps.codes.front()));
    } else {
      Type stored = codeStorageType(e.getContext(), format);
      auto type = RankedTensorType::get({static_cast<int64_t>(count)}, stored);
      SmallVector<APInt> codes;
      for (uint32_t c : steps.codes)
        codes.push_back(APInt(stored.getIntOrFloatBitWidth(), c));
      code = e.resize(e.lookup(DenseElementsAttr::get(type, codes), at), 32);
    }
  }
  if (ascend)
    code = e.bitAnd(code, e.integer(32, format.numCodes() - 1));
  Value ofNaN = e.integer(32, steps.positiveNaN);
  if (steps.negativeNaN != steps.positiveNaN)
    ofNaN = e.select(e.cmp(Pred::slt, raw, e.integer(bits, 0)), e.integer(32, steps.negativeNaN),
                     ofNaN);
  return e.select(e.isNaN(x), ofNaN, code);
}

//===- stochastic rounding
//--------------------------------------------------------------------------------===//

/// Bits from the first set one to the last set one.
static int significantBits(double v) {
  int exponent;
  auto digits = static_cast<uint64_t>(std::ldexp(std::frexp(std::abs(v), &exponent), 53));
  return digits == 0 ? 0 : 53 - llvm::countr_zero(digits);
}

bool lpc::emit::canEncodeBetween(const num::Format &format, const num::Conversion &policy) {
  if (!num::isStochastic(policy.rounding) || policy.overflow != num::Overflow::Saturate ||
      !format.isDyadic() || !format.zeroCode())
    return false;
  const int room = 53 - 2 - static_cast<int>(policy.randomBits);
  std::vector<double> values;
  for (uint32_t code : format.codesByValue())
    values.push_back(format.table()[code]);
  for (size_t i = 1; i < values.size(); ++i) {
    double lower = std::min(std::abs(values[i - 1]), std::abs(values[i])),
           upper = std::max(std::abs(values[i - 1]), std::abs(values[i]));
    double step = upper - lower;
    if (step + lower != upper || significantBits(step) > room)
      return false;
    // x - lower is exact if no bit of `lower` lies below those of x.
    int exponent;
    std::frexp(lower, &exponent);
    double last = lower == 0 ? 0 : std::ldexp(1.0, exponent - significantBits(lower));
    if (upper > 2 * lower && lower != 0 && upper > last * 0x1p52)
      return false;
  }
  return true;
}

Value lpc::emit::goesAway(Emitter &e, Value d, Value unit, Value random,
                          const num::Conversion &policy) {
  FloatType f64 = e.getF64Type();
  unsigned n = std::clamp(policy.randomBits, 1u, 32u);
  Value r = e.make<arith::UIToFPOp>(withElement(e.like, f64), random);
  auto mul = [&](Value x, Value y) { return e.make<arith::MulFOp>(x, y); };
  auto sub = [&](Value x, Value y) { return e.make<arith::SubFOp>(x, y); };
  // All of d / unit >= K / 2^n, with K = 2^n - r, or half a step beside it.
  Value k = sub(e.real(f64, std::ldexp(1.0, static_cast<int>(n))), r);
  Value distance = mul(d, e.real(f64, std::ldexp(1.0, static_cast<int>(n) + 1)));
  Value twice = mul(k, e.real(f64, 2.0));
  if (policy.rounding == num::Rounding::Stochastic)
    return e.cmpF(arith::CmpFPredicate::OGE, distance, mul(twice, unit));
  Value half = mul(sub(twice, e.real(f64, 1.0)), unit);
  if (policy.rounding == num::Rounding::StochasticFast)
    return e.cmpF(arith::CmpFPredicate::OGE, distance, half);
  Value tie = e.cmpF(arith::CmpFPredicate::OEQ, distance, half);
  // K is even where r is: 2^n is.
  Value even = e.make<arith::XOrIOp>(
      e.make<arith::TruncIOp>(withElement(e.like, e.getI1Type()), random), e.integer(1, 1));
  return e.bitOr(e.cmpF(arith::CmpFPredicate::OGT, distance, half), e.bitAnd(tie, even));
}

Value lpc::emit::encodeBetween(Emitter &e, Value real, Value random, const num::Format &format,
                               const num::Conversion &policy) {
  FloatType f64 = e.getF64Type();
  num::Conversion down = policy, up = policy;
  down.rounding = num::Rounding::TowardZero;
  up.rounding = num::Rounding::AwayFromZero;
  Value lower = encodeBySteps(e, real, format, down), upper = encodeBySteps(e, real, format, up);
  auto magnitude = [&](Value x) {
    Value bits = e.make<arith::BitcastOp>(withElement(e.like, e.getI64Type()), x);
    return e.make<arith::BitcastOp>(withElement(e.like, f64),
                                    e.bitAnd(bits, e.integer(64, INT64_MAX)));
  };
  Value low = magnitude(decodeByTable(e, lower, format, f64)),
        high = magnitude(decodeByTable(e, upper, format, f64));
  Value d = e.make<arith::SubFOp>(magnitude(e.convertFloat(real, f64)), low);
  Value away = goesAway(e, d, e.make<arith::SubFOp>(high, low), random, policy);
  return e.select(away, upper, lower);
}
