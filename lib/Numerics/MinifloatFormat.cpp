// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ExMy minifloat family: legality, exact decode, and encode with one rounding.
#include "Families.h"
#include "Rounding.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lpc::num {
namespace {

/// Each binade and each ulp lies within 2^-959 to 2^959, so that doubles and Exact hold every value
/// and midpoint.
constexpr int exponentLimit = 959;

/// That of tf32.
constexpr unsigned widestMinifloat = 19;

unsigned magnitudeBits(const MinifloatParams &p) { return p.exponentBits + p.mantissaBits; }

bool hasMinusZero(const MinifloatParams &p) {
  return p.isSigned && p.subnormals && p.specials != Specials::FNUZ &&
         p.specials != Specials::Extended;
}

/// The number of magnitude codes at the top that are no finite values.
uint32_t reservedCodes(const MinifloatParams &p) {
  switch (p.specials) {
  case Specials::IEEE:
    return 1u << p.mantissaBits;
  case Specials::FN:
    return 1;
  case Specials::Extended:
    return p.isSigned ? 1 : 2;
  case Specials::FNUZ:
  case Specials::Finite:
    return 0;
  }
  return 0;
}

uint32_t maxMagnitude(const MinifloatParams &p) {
  return (1u << magnitudeBits(p)) - 1 - reservedCodes(p);
}

bool withInf(const MinifloatParams &p) {
  return p.specials == Specials::IEEE || p.specials == Specials::Extended;
}

/// The binade below which the spacing no longer shrinks.
int firstBinade(const MinifloatParams &p) { return 1 - p.bias; }

} // namespace

std::string detail::checkMinifloat(const MinifloatParams &p) {
  // Each field is bounded before the sum, so that no spelling can overflow it.
  if (p.exponentBits > 16 || p.mantissaBits > 16 || magnitudeBits(p) + p.isSigned > widestMinifloat)
    return "a minifloat has at most 19 bits";
  if (magnitudeBits(p) + p.isSigned < 2 || magnitudeBits(p) == 0)
    return "a minifloat has at least 2 bits, sign included";
  if (p.exponentBits == 0 && !p.subnormals)
    return "without exponent bits every value is subnormal, so 'nosubnormals' is impossible";
  if (p.specials == Specials::IEEE && (p.exponentBits == 0 || p.mantissaBits == 0))
    return "specials=ieee needs an exponent field and a mantissa field";
  if (p.specials == Specials::FNUZ && !p.isSigned)
    return "specials=fnuz puts NaN at the code of negative zero, which an unsigned format lacks";
  if ((p.specials == Specials::FNUZ || p.specials == Specials::Extended) && !p.subnormals)
    return "without subnormals there is no negative zero whose code could be NaN";
  if (reservedCodes(p) >= (1u << magnitudeBits(p)) || (p.subnormals && maxMagnitude(p) == 0))
    return "every code but zero would be special";
  if (std::abs(static_cast<int64_t>(p.bias)) > 100000)
    return "the bias is out of range";
  int top = (p.exponentBits == 0 ? 1 : (1 << p.exponentBits) - 1) - p.bias;
  int bottom = (p.subnormals ? 1 : 0) - p.bias - static_cast<int>(p.mantissaBits);
  if (top > exponentLimit || bottom < -exponentLimit)
    return "its values leave the range 2^-959 to 2^959";
  return {};
}

MinifloatFormat::MinifloatFormat(const MinifloatParams &params, std::string name)
    : Format(Family::Minifloat, magnitudeBits(params) + params.isSigned, std::move(name)),
      params_(params) {
  derive();
}

const MinifloatFormat *MinifloatFormat::get(const MinifloatParams &params, std::string *error) {
  std::string reason = detail::checkMinifloat(params);
  if (!reason.empty()) {
    if (error)
      *error = std::move(reason);
    return nullptr;
  }
  std::string name = detail::minifloatName(params);
  const Format *format = detail::findFormat(name);
  if (!format)
    format = detail::internFormat(std::unique_ptr<const Format>(new MinifloatFormat(params, name)));
  return static_cast<const MinifloatFormat *>(format);
}

// -- decode
// ----------------------------------------------------------------------------------------------

Exact MinifloatFormat::decode(uint32_t code) const {
  const MinifloatParams &p = params_;
  const int m = static_cast<int>(p.mantissaBits);
  uint32_t magnitude = code & ((1u << magnitudeBits(p)) - 1);
  bool negative = p.isSigned && magnitude != code;
  if (negative && magnitude == 0 && p.subnormals)
    return hasMinusZero(p) ? Exact::negZero() : Exact::nan();
  if (uint32_t largest = maxMagnitude(p); magnitude > largest) {
    bool isInf = withInf(p) && magnitude == largest + 1;
    return isInf ? Exact::inf(negative) : Exact::nan();
  }
  uint32_t e = magnitude >> m;
  int64_t significand = magnitude & ((1u << m) - 1);
  int exponent = firstBinade(p) - m;
  if (e != 0 || !p.subnormals) {
    significand += int64_t(1) << m;
    exponent = static_cast<int>(e) - p.bias - m;
  }
  return Exact::finite(negative ? -significand : significand, exponent);
}

// -- encode
// ----------------------------------------------------------------------------------------------

uint32_t MinifloatFormat::signBit(bool negative) const {
  return negative && params_.isSigned ? 1u << magnitudeBits(params_) : 0;
}

/// The quiet NaN; it keeps the sign where there are two.
uint32_t MinifloatFormat::nanCode(bool negative) const {
  uint32_t top = (1u << magnitudeBits(params_)) - 1;
  switch (params_.specials) {
  case Specials::IEEE:
    return signBit(negative) | (maxMagnitude(params_) + 1) | (1u << (params_.mantissaBits - 1));
  case Specials::FN:
    return signBit(negative) | top;
  case Specials::FNUZ:
    return top + 1;
  case Specials::Extended:
    return params_.isSigned ? top + 1 : top;
  case Specials::Finite:
    break;
  }
  return 0;
}

/// A result of zero. A format without zero treats it as out of range: its least magnitude, or NaN.
uint32_t MinifloatFormat::zeroResult(bool negative, const Conversion &policy) const {
  if (params_.subnormals)
    return hasMinusZero(params_) ? signBit(negative) : 0;
  if (policy.overflow == Overflow::Infinity && hasNaN())
    return nanCode(negative);
  return signBit(negative);
}

/// An infinity, a value beyond the largest, or a negative value in an unsigned format.
uint32_t MinifloatFormat::overflowResult(bool negative, const Conversion &policy) const {
  bool belowUnsigned = negative && !params_.isSigned;
  if (policy.overflow == Overflow::Infinity) {
    if (hasInf() && !belowUnsigned)
      return signBit(negative) | (maxMagnitude(params_) + 1);
    if (hasNaN())
      return nanCode(negative);
  }
  return belowUnsigned ? 0 : signBit(negative) | maxMagnitude(params_);
}

uint32_t MinifloatFormat::encode(double x, const Conversion &policy, uint32_t random) const {
  const MinifloatParams &p = params_;
  bool negative = std::signbit(x);
  if (std::isnan(x)) {
    if (hasNaN())
      return nanCode(negative);
    switch (policy.nan) {
    case NaNPolicy::Zero:
      return 0; // +0, or the least positive value where there is no zero
    case NaNPolicy::Max:
      return maxMagnitude(p);
    case NaNPolicy::Lowest:
      return p.isSigned ? signBit(true) | maxMagnitude(p) : 0;
    }
  }
  if (std::isinf(x))
    return overflowResult(negative, policy);
  if (x == 0)
    return zeroResult(negative, policy);

  // |x| = significand * 2^exponent lies in binade t, whose values are multiples of 2^(t - M).
  Exact v = Exact::fromDouble(x);
  uint64_t significand = static_cast<uint64_t>(std::abs(v.significand));
  const int m = static_cast<int>(p.mantissaBits);
  int t = v.exponent + static_cast<int>(std::bit_width(significand)) - 1;
  if (p.exponentBits == 0)
    t = firstBinade(p);
  else if (p.subnormals)
    t = std::max(t, firstBinade(p));
  detail::FixedPoint q = detail::shifted(significand, v.exponent - (t - m), policy.rounding);

  // The code that q would have if the exponent field had no limits; +1 carries into the next binade
  // by itself. Only a format without exponent bits can have a huge q.
  constexpr int64_t far = int64_t(1) << 40;
  int64_t code = far;
  if (!q.huge && q.whole < uint64_t(far)) {
    code = (int64_t(t) + p.bias - 1) * (int64_t(1) << m) + static_cast<int64_t>(q.whole);
    code += detail::roundsAway(q, code & 1, negative, policy, random);
  }
  if (code <= 0 && p.subnormals)
    return zeroResult(negative, policy);
  if (negative && !p.isSigned)
    return overflowResult(negative, policy);
  // Below the least magnitude of a format without zero.
  code = std::max<int64_t>(code, 0);
  if (code <= int64_t(maxMagnitude(p)))
    return signBit(negative) | static_cast<uint32_t>(code);
  if (detail::neverOverflows(policy.rounding, negative))
    return signBit(negative) | maxMagnitude(p);
  return overflowResult(negative, policy);
}

/// "2^(e - 7)", "2^-3".
static std::string powerOfTwo(bool withField, int shift) {
  if (!withField)
    return "2^" + std::to_string(shift);
  if (shift == 0)
    return "2^e";
  return std::string("2^(e ") + (shift < 0 ? "- " : "+ ") + std::to_string(std::abs(shift)) + ")";
}

CodeLayout detail::minifloatLayout(const Format &format, uint32_t code) {
  const MinifloatParams &p = static_cast<const MinifloatFormat &>(format).params();
  uint32_t magnitude = code & ((1u << magnitudeBits(p)) - 1);
  uint32_t e = magnitude >> p.mantissaBits;
  Exact v = format.decode(code);
  bool subnormal = p.subnormals && e == 0;
  CodeLayout layout;
  if (p.isSigned)
    layout.fields.push_back({'s', "sign", 1, false});
  if (p.exponentBits > 0)
    layout.fields.push_back({'e', "exponent", p.exponentBits, subnormal || !v.isFinite()});
  if (p.mantissaBits > 0)
    layout.fields.push_back({'m', "mantissa", p.mantissaBits, false});

  if (!v.isFinite()) {
    bool payload = v.isNaN() && p.specials == Specials::IEEE;
    if (p.mantissaBits > 0)
      layout.fields.back().fixed = !payload;
    // Only the code of negative zero is a NaN that has no twin of the other sign.
    layout.fields.front().fixed |= v.isNaN() && magnitude == 0;
    std::string sign = p.isSigned && !layout.fields.front().fixed ? "(-1)^s * " : "";
    layout.rule = v.isNaN() ? (payload ? "NaN (m > 0)" : "NaN") : sign + "inf";
    return layout;
  }
  std::string sign = p.isSigned ? "(-1)^s * " : "";
  int shift = -p.bias;
  std::string fraction = "m/" + std::to_string(1u << p.mantissaBits);
  if (p.mantissaBits == 0)
    layout.rule = subnormal ? "0" : sign + powerOfTwo(true, shift);
  else if (subnormal)
    layout.rule = sign + fraction + " * " + powerOfTwo(false, 1 + shift);
  else
    layout.rule = sign + "(1 + " + fraction + ") * " + powerOfTwo(true, shift);
  return layout;
}

} // namespace lpc::num
