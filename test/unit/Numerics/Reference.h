// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A second encoder, written for tests: it searches the neighbours among the decoded values and compares in long
// double, where every value, midpoint and difference of these formats is exact.
#ifndef LPC_TEST_UNIT_NUMERICS_REFERENCE_H
#define LPC_TEST_UNIT_NUMERICS_REFERENCE_H

#include "lpc/Numerics/Format.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace lpc::num::test {

/// Formats that the property tests run over: every preset of up to 16 bits and corner members of the family.
inline std::vector<std::string> propertyFormats() {
  std::vector<std::string> names = knownFormatNames();
  for (const char *extra :
       {"e0m3", "e0m4<bias=3>", "e0m3<specials=fn>", "ue0m4", "e1m2", "e1m2<specials=ieee>", "e2m0",
        "e3m0", "e3m0<specials=fn>", "e4m0<specials=fnuz>", "ue3m0", "e2m2<specials=extended>",
        "e4m3<specials=extended>", "ue3m3<specials=extended>", "ue4m3<specials=ieee>",
        "ue5m3<specials=finite>", "e3m2<nosubnormals>", "e3m2<specials=fn,nosubnormals>",
        "ue4m0<specials=fn,nosubnormals>", "e3m2<bias=-4>", "e4m3<bias=40,specials=fnuz>",
        "e4m3<bias=300>", "e6m5", "e5m7<specials=fn>", "e9m6<specials=ieee>", "e1m1", "e1m0"})
    names.push_back(extra);
  return names;
}

/// A name that GoogleTest accepts.
inline std::string testName(const std::string &format) {
  std::string out;
  for (char c : format)
    out += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return out;
}

class ReferenceEncoder {
public:
  explicit ReferenceEncoder(const Format &format) : f(format) {
    for (uint32_t code = 0; code < f.numCodes(); ++code) {
      Exact v = f.decode(code);
      if (v.isNaN())
        nans[std::signbit(signOfCode(code))].push_back(code);
      else if (!v.isFinite())
        infs[v.kind == Exact::Kind::NegInf] = code;
      else if (!f.isReserved(code))
        (v.negativeZero ? minusZero[0.0L] : byValue[v.toDouble()]) = code;
    }
    integer = f.family() == Family::Integer;
    hasSign = integer ? f.lowest() < 0 : static_cast<const MinifloatFormat &>(f).params().isSigned;
  }

  /// The code, or -1 for "any NaN code of that sign".
  int64_t encode(double x, const Conversion &c, uint32_t random) const {
    bool negative = std::signbit(x);
    if (std::isnan(x)) {
      if (f.hasNaN())
        return -1;
      if (c.nan == NaNPolicy::Max)
        return codeOf(f.max());
      if (c.nan == NaNPolicy::Lowest)
        return codeOf(f.lowest());
      return f.zeroCode() ? int64_t(*f.zeroCode()) : codeOf(f.minPositive());
    }
    if (std::isinf(x))
      return overflow(negative, c);
    if (integer && c.overflow == Overflow::Wrap)
      return wrapped(x, c, random);

    long double a = std::fabs(static_cast<long double>(x));
    // Without zero, zero is out of range and what lies below the least magnitude goes to it.
    if (!f.zeroCode()) {
      if (a == 0 && c.overflow == Overflow::Infinity && f.hasNaN())
        return -1;
      if (negative && !hasSign)
        return a == 0 ? codeOf(f.lowest()) : overflow(true, c);
      if (a < f.minPositive())
        return codeOf(negative ? -f.minPositive() : f.minPositive());
    }
    bool unsignedNegative = negative && !hasSign;
    auto [lower, upper] = neighbours(a, negative && !unsignedNegative);
    long double rounded = roundsUp(a, lower, upper, negative, c, random) ? upper : lower;
    if (rounded == 0)
      return negative && !minusZero.empty() ? minusZero.begin()->second : *f.zeroCode();
    if (unsignedNegative)
      return overflow(true, c);
    long double largest = negative ? -static_cast<long double>(f.lowest()) : f.max();
    if (rounded <= largest)
      return codeOf(negative ? -rounded : rounded);
    // Modes that never round a finite value away from zero on this side stay finite.
    bool inward = c.rounding == Rounding::TowardZero || c.rounding == Rounding::ToOdd ||
                  (c.rounding == Rounding::Up && negative) ||
                  (c.rounding == Rounding::Down && !negative);
    return inward ? codeOf(negative ? -largest : largest) : overflow(negative, c);
  }

private:
  static double signOfCode(uint32_t) { return 0.0; }

  int64_t codeOf(long double v) const {
    auto it = byValue.find(v);
    return it == byValue.end() ? -2 : int64_t(it->second);
  }

  int64_t overflow(bool negative, const Conversion &c) const {
    bool unsignedNegative = negative && !hasSign;
    if (c.overflow == Overflow::Infinity) {
      if (f.hasInf() && !unsignedNegative)
        return infs.at(negative);
      if (f.hasNaN())
        return -1;
    }
    return codeOf(negative ? f.lowest() : f.max());
  }

  /// The spacing of the format's grid, continued beyond the largest value.
  long double ulpAt(long double a) const {
    if (integer)
      return 1;
    const MinifloatParams &p = static_cast<const MinifloatFormat &>(f).params();
    int m = static_cast<int>(p.mantissaBits);
    int t = a == 0 ? 1 - p.bias : std::ilogb(a);
    if (p.exponentBits == 0)
      t = 1 - p.bias;
    else if (p.subnormals)
      t = std::max(t, 1 - p.bias);
    return std::ldexp(1.0L, t - m);
  }

  /// lower <= a <= upper among the magnitudes, by search in the decoded values; beyond the largest, on the grid.
  std::pair<long double, long double> neighbours(long double a, bool negative) const {
    long double largest = negative ? -static_cast<long double>(f.lowest()) : f.max();
    if (a >= largest) {
      long double ulp = ulpAt(a), q = std::floor(a / ulp);
      return {q * ulp, q * ulp == a ? a : (q + 1) * ulp};
    }
    if (!negative) {
      auto above = byValue.lower_bound(a);
      if (above->first == a)
        return {a, a};
      return {std::prev(above)->first, above->first};
    }
    auto below = byValue.upper_bound(-a); // first value > -a
    auto at = std::prev(below);           // last value <= -a
    return {-below->first, at->first == -a ? -below->first : -at->first};
  }

  bool codeIsOdd(long double magnitude, bool negative) const {
    long double largest = negative ? -static_cast<long double>(f.lowest()) : f.max();
    if (magnitude > largest && !integer) {
      // The code that would follow, counted up from the largest.
      int64_t code = codeOf(f.max());
      for (long double v = f.max(); v < magnitude && code < codeOf(f.max()) + 3; ++code)
        v += ulpAt(v);
      return code & 1;
    }
    if (magnitude > largest)
      return std::fmod(magnitude, 2) == 1;
    if (magnitude == 0)
      return *f.zeroCode() & 1;
    int64_t code = codeOf(negative && hasSign ? -magnitude : magnitude);
    return code & 1;
  }

  bool roundsUp(long double a, long double lower, long double upper, bool negative,
                const Conversion &c, uint32_t random) const {
    if (a == lower || lower == upper)
      return false;
    long double middle = (lower + upper) / 2;
    switch (c.rounding) {
    case Rounding::NearestEven:
      return a > middle || (a == middle && codeIsOdd(lower, negative));
    case Rounding::NearestAway:
      return a >= middle;
    case Rounding::NearestUp:
      return a > middle || (a == middle && !negative);
    case Rounding::NearestDown:
      return a > middle || (a == middle && negative);
    case Rounding::TowardZero:
      return false;
    case Rounding::Up:
      return !negative;
    case Rounding::Down:
      return negative;
    case Rounding::AwayFromZero:
      return true;
    case Rounding::ToOdd:
      return !codeIsOdd(lower, negative);
    case Rounding::Stochastic: {
      long double two = std::ldexp(1.0L, static_cast<int>(c.randomBits));
      return std::floor((a - lower) / (upper - lower) * two) + random >= two;
    }
    }
    return false;
  }

  int64_t wrapped(double x, const Conversion &c, uint32_t random) const {
    long double a = std::fabs(static_cast<long double>(x)), whole = std::floor(a);
    if (roundsUpWhole(a, whole, std::signbit(x), c, random))
      whole += 1;
    long double modulus = f.numCodes();
    long double r = std::fmod(whole, modulus);
    if (std::signbit(x) && r != 0)
      r = modulus - r;
    auto code = static_cast<uint32_t>(r);
    return f.isReserved(code) ? codeOf(f.lowest()) : int64_t(code);
  }
  bool roundsUpWhole(long double a, long double whole, bool negative, const Conversion &c,
                     uint32_t random) const {
    long double d = a - whole;
    bool odd = std::fmod(whole, 2) == 1;
    switch (c.rounding) {
    case Rounding::NearestEven:
      return d > 0.5L || (d == 0.5L && odd);
    case Rounding::NearestAway:
      return d >= 0.5L;
    case Rounding::NearestUp:
      return d > 0.5L || (d == 0.5L && !negative);
    case Rounding::NearestDown:
      return d > 0.5L || (d == 0.5L && negative);
    case Rounding::TowardZero:
      return false;
    case Rounding::Up:
      return d > 0 && !negative;
    case Rounding::Down:
      return d > 0 && negative;
    case Rounding::AwayFromZero:
      return d > 0;
    case Rounding::ToOdd:
      return d > 0 && !odd;
    case Rounding::Stochastic: {
      long double two = std::ldexp(1.0L, static_cast<int>(c.randomBits));
      return std::floor(d * two) + random >= two;
    }
    }
    return false;
  }

  const Format &f;
  bool integer = false, hasSign = false;
  std::map<long double, uint32_t> byValue, minusZero;
  std::map<bool, std::vector<uint32_t>> nans;
  std::map<bool, uint32_t> infs;
};

} // namespace lpc::num::test

#endif // LPC_TEST_UNIT_NUMERICS_REFERENCE_H
