// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A second encoder, written for tests: it searches the neighbours among the decoded values and
// compares in long double, where every value, midpoint and difference of these formats is exact.
#ifndef LPC_TEST_UNIT_NUMERICS_REFERENCE_H
#define LPC_TEST_UNIT_NUMERICS_REFERENCE_H

#include "lpc/Numerics/Format.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace lpc::num::test {

/// Formats that the property tests run over: every preset and corner members of
/// the families.
inline std::vector<std::string> propertyFormats() {
  std::vector<std::string> names = knownFormatNames();
  for (const char *extra : {"e0m3",
                            "e0m4<bias=3>",
                            "e0m3<specials=fn>",
                            "ue0m4",
                            "e1m2",
                            "e1m2<specials=ieee>",
                            "e2m0",
                            "e3m0",
                            "e3m0<specials=fn>",
                            "e4m0<specials=fnuz>",
                            "ue3m0",
                            "e2m2<specials=extended>",
                            "e4m3<specials=extended>",
                            "ue3m3<specials=extended>",
                            "ue4m3<specials=ieee>",
                            "ue5m3<specials=finite>",
                            "e3m2<nosubnormals>",
                            "e3m2<specials=fn,nosubnormals>",
                            "ue4m0<specials=fn,nosubnormals>",
                            "e3m2<bias=-4>",
                            "e4m3<bias=40,specials=fnuz>",
                            "e4m3<bias=300>",
                            "e6m5",
                            "e5m7<specials=fn>",
                            "e9m6<specials=ieee>",
                            "e1m1",
                            "e1m0"})
    names.push_back(extra);
  return names;
}

/// Those that a tensor of codes may hold.
inline std::vector<std::string> tensorFormats() {
  std::vector<std::string> names = propertyFormats();
  std::erase_if(names, [](const std::string &name) {
    return Format::parse(name)->width() > maxTensorCodeBits;
  });
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
      if (v.kind == Exact::Kind::PosInf || v.kind == Exact::Kind::NegInf)
        infs[v.kind == Exact::Kind::NegInf] = code;
      else if (v.negativeZero)
        minusZero = code;
      else if (v.isFinite() && !f.isReserved(code))
        byValue[v.toDouble()] = code;
    }
    integer = f.family() == Family::Integer;
    hasSign = integer ? f.lowest() < 0 : static_cast<const MinifloatFormat &>(f).params().isSigned;
  }

  /// The code, or `anyNaN`.
  static constexpr int64_t anyNaN = -1;
  int64_t encode(double x, const Conversion &c, uint32_t random) const {
    const bool negative = std::signbit(x), mirrored = negative && hasSign;
    const long double a = std::fabs(static_cast<long double>(x));
    if (std::isnan(x))
      return encodeNaN(c);
    if (std::isinf(x))
      return overflow(negative, c);
    if (integer && c.overflow == Overflow::Wrap)
      return wrapped(a, negative, c, random);
    // Without zero, zero is out of range and what lies below the least magnitude goes to it.
    if (!f.zeroCode()) {
      if (a == 0 && c.overflow == Overflow::Infinity && f.hasNaN())
        return anyNaN;
      if (negative && !hasSign)
        return a == 0 ? codeOf(f.lowest()) : overflow(true, c);
      if (a < f.minPositive())
        return codeOf(negative ? -f.minPositive() : f.minPositive());
    }
    const long double largest = mirrored ? -f.lowest() : f.max();
    auto [lower, upper] = neighbours(a, mirrored, largest);
    bool odd = integer ? std::fmod(lower, 2) == 1
                       : lower <= largest && (codeOf(mirrored ? -lower : lower) & 1) != 0;
    long double rounded = roundsUp(a, lower, upper, odd, negative, c, random) ? upper : lower;
    if (rounded == 0)
      return negative && minusZero >= 0 ? minusZero : int64_t(*f.zeroCode());
    if (negative && !hasSign)
      return overflow(true, c);
    if (rounded <= largest)
      return codeOf(negative ? -rounded : rounded);
    // Modes that never round a finite value away from zero on this side stay finite.
    bool inward = c.rounding == Rounding::TowardZero || c.rounding == Rounding::ToOdd ||
                  (c.rounding == Rounding::Up && negative) ||
                  (c.rounding == Rounding::Down && !negative);
    return inward ? codeOf(negative ? -largest : largest) : overflow(negative, c);
  }

private:
  int64_t codeOf(long double v) const {
    if (v == 0)
      return *f.zeroCode();
    auto it = byValue.find(v);
    return it == byValue.end() ? -2 : int64_t(it->second);
  }

  int64_t encodeNaN(const Conversion &c) const {
    if (f.hasNaN())
      return anyNaN;
    if (c.nan == NaNPolicy::Max)
      return codeOf(f.max());
    if (c.nan == NaNPolicy::Lowest)
      return codeOf(f.lowest());
    return f.zeroCode() ? int64_t(*f.zeroCode()) : codeOf(f.minPositive());
  }

  int64_t overflow(bool negative, const Conversion &c) const {
    if (c.overflow == Overflow::Infinity) {
      if (f.hasInf() && (hasSign || !negative))
        return infs.at(negative);
      if (f.hasNaN())
        return anyNaN;
    }
    return codeOf(negative ? f.lowest() : f.max());
  }

  int64_t wrapped(long double a, bool negative, const Conversion &c, uint32_t random) const {
    long double whole = std::floor(a), modulus = f.numCodes();
    if (roundsUp(a, whole, whole + 1, std::fmod(whole, 2) == 1, negative, c, random))
      whole += 1;
    long double r = std::fmod(whole, modulus);
    auto code = static_cast<uint32_t>(negative && r != 0 ? modulus - r : r);
    return f.isReserved(code) ? codeOf(f.lowest()) : int64_t(code);
  }

  /// The spacing of the format's grid, continued beyond the largest value.
  long double ulpAt(long double a) const {
    if (integer)
      return 1;
    const MinifloatParams &p = static_cast<const MinifloatFormat &>(f).params();
    int first = 1 - p.bias, t = a == 0 || p.exponentBits == 0 ? first : std::ilogb(a);
    if (p.subnormals)
      t = p.exponentBits == 0 ? first : std::max(t, first);
    return std::ldexp(1.0L, t - static_cast<int>(p.mantissaBits));
  }

  /// lower <= a <= upper among the magnitudes, found in the decoded values; beyond the largest, on
  /// the grid.
  std::pair<long double, long double> neighbours(long double a, bool mirrored,
                                                 long double largest) const {
    if (a >= largest) {
      long double ulp = ulpAt(a), lower = std::floor(a / ulp) * ulp;
      return {lower, lower == a ? a : lower + ulp};
    }
    if (!mirrored) {
      auto above = byValue.lower_bound(a);
      return {above->first == a ? a : std::prev(above)->first, above->first};
    }
    auto above = byValue.upper_bound(-a); // the first value > -a
    long double below = std::prev(above)->first;
    return {below == -a ? a : -above->first, -below};
  }

  static bool roundsUp(long double a, long double lower, long double upper, bool odd, bool negative,
                       const Conversion &c, uint32_t random) {
    if (a == lower || lower == upper)
      return false;
    long double middle = (lower + upper) / 2;
    switch (c.rounding) {
    case Rounding::NearestEven:
      return a > middle || (a == middle && odd);
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
      return !odd;
    case Rounding::NearestLog: {
      int side = compareProducts(a, a, lower == 0 ? upper / 2 : lower, upper);
      return side > 0 || (side == 0 && odd);
    }
    case Rounding::Stochastic:
    case Rounding::StochasticFast:
    case Rounding::StochasticEven:
      break;
    }
    const long double d = (a - lower) / (upper - lower);
    const long double two = std::ldexp(1.0L, static_cast<int>(c.randomBits));
    if (c.rounding == Rounding::StochasticFast)
      return std::floor(d * 2 * two) + 2.0L * random + 1 >= 2 * two;
    if (c.rounding == Rounding::StochasticEven)
      return std::nearbyint(d * two) + random >= two;
    return std::floor(d * two) + random >= two;
  }

  /// The sign of a * b - c * d, exactly: rounded products keep their order, and where they are
  /// equal their errors decide.
  static int compareProducts(long double a, long double b, long double c, long double d) {
    long double p = a * b, q = c * d;
    if (p == q) {
      p = std::fma(a, b, -p);
      q = std::fma(c, d, -q);
    }
    return p < q ? -1 : p > q ? 1 : 0;
  }

  const Format &f;
  bool integer = false, hasSign = false;
  std::map<long double, uint32_t> byValue;
  int64_t minusZero = -1;
  std::map<bool, uint32_t> infs;
};

} // namespace lpc::num::test

#endif // LPC_TEST_UNIT_NUMERICS_REFERENCE_H
