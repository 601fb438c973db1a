// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A second encoder, written for tests: it searches the neighbours among the decoded values and
// compares in long double, where every value, midpoint and difference of these formats is exact.
#ifndef LPC_TEST_UNIT_NUMERICS_REFERENCE_H
#define LPC_TEST_UNIT_NUMERICS_REFERENCE_H

#include "lpc/Numerics/FormatFamilies.h"

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
                            "e1m0",
                            "fix8.narrow<f=3>",
                            "ufix5<f=9>",
                            "fix6<f=-4>",
                            "posit2",
                            "posit5<es=0>",
                            "posit7<es=4>",
                            "posit12<es=3>",
                            "lns3",
                            "lns5<f=3,nozero>",
                            "lns10<f=2>",
                            "bipolar7",
                            "pot6",
                            "denseshift5",
                            "dint7",
                            "table<-2,-0.1,5>",
                            "table<0.3,1,3>",
                            "table<0,-0,0.001,1000>"})
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
    irregular = f.family() != Family::Integer && f.family() != Family::Fixed &&
                f.family() != Family::Minifloat;
    for (uint32_t code = 0; code < f.numCodes(); ++code) {
      Exact v = f.decode(code);
      if (v.kind == Exact::Kind::PosInf || v.kind == Exact::Kind::NegInf)
        infs[v.kind == Exact::Kind::NegInf] = code;
      else if (v.negativeZero)
        minusZero = code;
      else if (v.isFinite() && !f.isReserved(code))
        byValue[wide(v)] = code;
    }
    integer = f.family() == Family::Integer || f.family() == Family::Fixed;
    hasSign = f.family() == Family::Minifloat
                  ? static_cast<const MinifloatFormat &>(f).params().isSigned
                  : f.lowest() < 0;
    rankValues();
    if (f.family() == Family::Fixed)
      integerUlp = std::ldexp(1.0L, -static_cast<const FixedFormat &>(f).fraction());
    if (f.family() == Family::HiFloat8)
      beyond = 49152;
    if (f.family() == Family::Lns) {
      logStep = std::exp2(
          std::ldexp(1.0L, -static_cast<int>(static_cast<const LnsFormat &>(f).logFraction())));
      beyond = std::prev(byValue.end())->first * logStep;
    }
  }

  /// The code, or `anyNaN`, or `unsure` where long double cannot tell on which side of an
  /// irrational boundary x lies.
  static constexpr int64_t anyNaN = -1, unsure = -3;
  int64_t encode(double x, const Conversion &c, uint32_t random) const {
    const bool negative = std::signbit(x), mirrored = negative && hasSign;
    const long double a = std::fabs(static_cast<long double>(x));
    if (std::isnan(x))
      return encodeNaN(c);
    if (std::isinf(x))
      return overflow(negative, c);
    if (integer && c.overflow == Overflow::Wrap)
      return wrapped(a, negative, c, random);
    if (irregular)
      return encodeListed(x, c, random);
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
    bool odd = integer ? std::fmod(lower / integerUlp, 2) == 1
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
  /// The parity of each value's rank among the magnitudes of its sign.
  void rankValues() {
    auto positive = byValue.lower_bound(0);
    bool odd = false;
    for (auto it = positive; it != byValue.end(); ++it, odd = !odd)
      oddRank[it->first] = odd;
    odd = positive != byValue.end() && positive->first == 0;
    for (auto it = positive; it != byValue.begin(); odd = !odd)
      oddRank[(--it)->first] = odd;
  }

  static long double wide(const Exact &v) {
    long double root = v.rootBits == 0
                           ? 1.0L
                           : std::exp2(std::ldexp(static_cast<long double>(v.rootNumerator),
                                                  -static_cast<int>(v.rootBits)));
    return std::ldexp(static_cast<long double>(v.significand) * root, v.exponent);
  }

  /// Formats without a regular grid: neighbours and boundaries one by one.
  int64_t encodeListed(double x, const Conversion &c, uint32_t random) const {
    const bool negative = std::signbit(x);
    const long double v = x;
    auto above = byValue.lower_bound(v);
    auto code = [&](auto it) {
      return it->first == 0 && negative && minusZero >= 0 ? minusZero : int64_t(it->second);
    };
    if (above != byValue.end() && above->first == v)
      return code(above);
    if (above == byValue.begin() || above == byValue.end()) {
      auto end = above == byValue.end() ? std::prev(above) : above;
      const long double largest = std::fabs(end->first), a = std::fabs(v);
      if (beyond == 0 || (end->first < 0) != negative)
        return code(end);
      if (near(a, beyond))
        return unsure;
      int64_t far = a > beyond ? 1 : goesAway(a, largest, beyond, end->first, negative, c, random);
      if (far == unsure)
        return unsure;
      bool inward = c.rounding == Rounding::TowardZero || c.rounding == Rounding::ToOdd ||
                    (c.rounding == Rounding::Up && negative) ||
                    (c.rounding == Rounding::Down && !negative);
      return far != 0 && !inward ? overflow(negative, c) : code(end);
    }
    auto below = std::prev(above);
    if (near(v, below->first) || near(v, above->first))
      return unsure;
    if (below->first < 0 && above->first > 0)
      return code(acrossZero(v, negative, below->first, above->first, c, random) ? above : below);
    auto inner = negative ? above : below, outer = negative ? below : above;
    int64_t away = goesAway(std::fabs(v), std::fabs(inner->first), std::fabs(outer->first),
                            inner->first, negative, c, random);
    return away == unsure ? unsure : code(away != 0 ? outer : inner);
  }

  /// Irrational numbers are known to 64 bits.
  bool near(long double x, long double y) const {
    return logStep != 0 && (x != y || logStep != 2) && std::fabs(x - y) < std::fabs(y) * 0x1p-60L;
  }

  int64_t goesAway(long double a, long double lower, long double upper, long double inner,
                   bool negative, const Conversion &c, uint32_t random) const {
    // The rank of the inner value among the magnitudes of its sign.
    const bool odd = oddRank.at(inner);
    const bool nearest = c.rounding == Rounding::NearestEven ||
                         c.rounding == Rounding::NearestAway || c.rounding == Rounding::NearestUp ||
                         c.rounding == Rounding::NearestDown;
    if (f.family() == Family::Posit && nearest) {
      if (lower == 0)
        return 1;
      // Where a bit of the exponent would follow the code, it halves the distance of the exponents.
      int low = 0, high = 0;
      bool powers = std::frexp(lower, &low) == 0.5L && std::frexp(upper, &high) == 0.5L;
      long double boundary =
          powers && high - low >= 2 ? std::ldexp(lower, (high - low) / 2) : (lower + upper) / 2;
      return roundsUp(a, std::min(a, boundary) - 1, std::max(a, boundary) + 1, odd, negative, c,
                      random, boundary);
    }
    if (logStep != 0 && (near(a, (lower + upper) / 2) || near(a, std::sqrt(lower * upper))))
      return unsure;
    if (logStep != 0 && c.rounding == Rounding::NearestLog) {
      long double boundary = lower == 0 ? upper / std::sqrt(logStep) : std::sqrt(lower * upper);
      return near(a, boundary) ? unsure : int64_t(a > boundary);
    }
    return roundsUp(a, lower, upper, odd, negative, c, random);
  }

  static bool acrossZero(long double v, bool negative, long double below, long double above,
                         const Conversion &c, uint32_t random) {
    switch (c.rounding) {
    case Rounding::Up:
      return true;
    case Rounding::Down:
      return false;
    case Rounding::NearestEven:
    case Rounding::NearestAway:
    case Rounding::NearestUp:
    case Rounding::NearestDown:
      if (v + v != below + above)
        return v + v > below + above;
      return c.rounding == Rounding::NearestUp ||
             (c.rounding != Rounding::NearestDown && !negative);
    case Rounding::Stochastic:
    case Rounding::StochasticFast:
    case Rounding::StochasticEven:
      return roundsUp(v, below, above, false, false, c, random);
    default:
      return !negative;
    }
  }

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
      return std::prev(byValue.end())->second;
    if (c.nan == NaNPolicy::Lowest)
      return byValue.begin()->second;
    if (f.zeroCode())
      return int64_t(*f.zeroCode());
    auto above = byValue.upper_bound(0), least = above;
    if (above == byValue.end() ||
        (above != byValue.begin() && -std::prev(above)->first < above->first))
      least = std::prev(above);
    return least->second;
  }

  int64_t overflow(bool negative, const Conversion &c) const {
    if (c.overflow == Overflow::Infinity) {
      if (f.hasInf() && (hasSign || !negative))
        return infs.at(negative);
      if (f.hasNaN())
        return anyNaN;
    }
    return negative ? byValue.begin()->second : std::prev(byValue.end())->second;
  }

  int64_t wrapped(long double a, bool negative, const Conversion &c, uint32_t random) const {
    a /= integerUlp;
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
      return integerUlp;
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
                       const Conversion &c, uint32_t random,
                       std::optional<long double> boundary = std::nullopt) {
    if (a == lower || lower == upper)
      return false;
    long double middle = boundary.value_or((lower + upper) / 2);
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
  bool integer = false, hasSign = false, irregular = false;
  long double integerUlp = 1;
  long double beyond = 0;  ///< irregular formats: where the grid goes on, or 0
  long double logStep = 0; ///< logarithmic formats: the ratio of neighbours
  std::map<long double, uint32_t> byValue;
  std::map<long double, bool> oddRank;
  int64_t minusZero = -1;
  std::map<bool, uint32_t> infs;
};

} // namespace lpc::num::test

#endif // LPC_TEST_UNIT_NUMERICS_REFERENCE_H
