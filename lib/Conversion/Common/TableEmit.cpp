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

/// A double rounded once to `type`.
APFloat roundTo(FloatType type, double v) {
  APFloat value(v);
  bool lost;
  value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
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
std::optional<Affine> findAffine(const num::Format &format, FloatType result) {
  const std::vector<double> &table = format.table();
  const unsigned precision = APFloat::semanticsPrecision(result.getFloatSemantics());
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
      bool normal = v == 0 || (std::abs(v) >= std::ldexp(1.0, APFloat::semanticsMinExponent(
                                                                  result.getFloatSemantics())) &&
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
  if (std::optional<Affine> map = findAffine(format, result))
    return decodeAffine(e, code, format, *map, result);
  SmallVector<APFloat> values;
  for (double v : format.table())
    values.push_back(roundTo(result, v));
  Value c = e.bitAnd(e.resize(code, 32), e.integer(32, format.numCodes() - 1));
  if (values.size() <= kSelectValues && !isa<VectorType>(code.getType()))
    return selectByBits(e, c, values, result);
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, result);
  return e.lookup(DenseElementsAttr::get(type, values), c);
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
