// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Branch-free loops of bulk conversion: integers, fixed point and minifloats, each deterministic
// rounding by value.
#ifndef LPC_LIB_NUMERICS_BULKLOOPS_H
#define LPC_LIB_NUMERICS_BULKLOOPS_H

#include "lpc/Numerics/FormatFamilies.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>

namespace lpc::num::detail {

/// Whether the loops have this policy.
inline bool hasLoop(const Conversion &policy) {
  return policy.overflow != Overflow::Wrap && policy.rounding != Rounding::NearestLog &&
         !isStochastic(policy.rounding);
}

/// 1 if a number at the fraction d between neighbours goes to the outer one; `odd` is that of the
/// inner one.
template <Rounding Mode, typename T> int32_t goesAway(T d, int32_t odd, int32_t negative) {
  if constexpr (Mode == Rounding::NearestEven)
    return (d > T(0.5)) | ((d == T(0.5)) & odd);
  else if constexpr (Mode == Rounding::NearestAway)
    return d >= T(0.5);
  else if constexpr (Mode == Rounding::NearestUp)
    return (d > T(0.5)) | ((d == T(0.5)) & (negative ^ 1));
  else if constexpr (Mode == Rounding::NearestDown)
    return (d > T(0.5)) | ((d == T(0.5)) & negative);
  else if constexpr (Mode == Rounding::Up)
    return (d > 0) & (negative ^ 1);
  else if constexpr (Mode == Rounding::Down)
    return (d > 0) & negative;
  else if constexpr (Mode == Rounding::AwayFromZero)
    return d > 0;
  else if constexpr (Mode == Rounding::ToOdd)
    return (d > 0) & (odd ^ 1);
  else
    return 0; // TowardZero
}

/// Calls run.operator()<Mode>() for a rounding that the loops have.
template <typename Run> void withMode(Rounding rounding, Run &&run) {
  switch (rounding) {
  case Rounding::NearestEven:
    return run.template operator()<Rounding::NearestEven>();
  case Rounding::NearestAway:
    return run.template operator()<Rounding::NearestAway>();
  case Rounding::TowardZero:
    return run.template operator()<Rounding::TowardZero>();
  case Rounding::Up:
    return run.template operator()<Rounding::Up>();
  case Rounding::Down:
    return run.template operator()<Rounding::Down>();
  case Rounding::AwayFromZero:
    return run.template operator()<Rounding::AwayFromZero>();
  case Rounding::ToOdd:
    return run.template operator()<Rounding::ToOdd>();
  case Rounding::NearestUp:
    return run.template operator()<Rounding::NearestUp>();
  case Rounding::NearestDown:
    return run.template operator()<Rounding::NearestDown>();
  case Rounding::NearestLog:
  case Rounding::Stochastic:
  case Rounding::StochasticFast:
  case Rounding::StochasticEven:
    break;
  }
  assert(false && "the loops have not this rounding");
}

/// q = clamp(round(x / scale * factor) + zeroPoint), where factor is a power of two >= 1, for every
/// deterministic rounding. Clamping first is the same, because the bounds are integers and rounding
/// is monotone; it makes the cast to int32 safe. Written without branches so that compilers
/// vectorise it.
template <Rounding Mode, typename T>
void integerLoop(const T *x, size_t count, T scale, T factor, int32_t zeroPoint, int32_t lo,
                 int32_t hi, T ifNaN, uint16_t mask, uint16_t *codes) {
  const T low = static_cast<T>(lo - zeroPoint), high = static_cast<T>(hi - zeroPoint);
  ifNaN = std::clamp(ifNaN, low, high);
  for (size_t i = 0; i < count; ++i) {
    T y = x[i] / scale * factor;
    y = y == y ? y : ifNaN;
    y = y < low ? low : y;
    y = y > high ? high : y;
    int32_t q = static_cast<int32_t>(y);
    T rest = y - static_cast<T>(q); // exact: toward zero by less than 1
    T d = rest < 0 ? -rest : rest;
    int32_t negative = y < 0;
    q += goesAway<Mode>(d, q & 1, negative) * (1 - 2 * negative);
    codes[i] = static_cast<uint16_t>((q + zeroPoint) & mask);
  }
}

template <typename T>
void quantizeIntegers(const IntegerFormat &format, const Conversion &policy, const T *x,
                      size_t count, T scale, T factor, int32_t zeroPoint, uint16_t *codes) {
  T ifNaN = 0;
  if (policy.nan == NaNPolicy::Max)
    ifNaN = static_cast<T>(format.hi() - zeroPoint);
  else if (policy.nan == NaNPolicy::Lowest)
    ifNaN = static_cast<T>(format.lo() - zeroPoint);
  auto run = [&]<Rounding Mode>() {
    integerLoop<Mode>(x, count, scale, factor, zeroPoint, format.lo(), format.hi(), ifNaN,
                      static_cast<uint16_t>(format.numCodes() - 1), codes);
  };
  withMode(policy.rounding, run);
}

/// Whether minifloatLoop gives the codes of the format: signed, with subnormals, and far enough
/// from the ends of double that a float divided by any spacing is exact.
inline bool hasMinifloatLoop(const MinifloatFormat &format) {
  const MinifloatParams &p = format.params();
  return p.isSigned && p.subnormals && p.exponentBits > 0 && std::abs(p.bias) < 512;
}

/// codes = encode(x / scale), the arithmetic of MinifloatFormat::encode in doubles and without
/// branches.
template <Rounding Mode>
void minifloatLoop(const MinifloatFormat &format, const Conversion &policy,
                   std::span<const float> x, float scale, uint16_t *codes) {
  const MinifloatParams &p = format.params();
  const int mantissaBits = static_cast<int>(p.mantissaBits), first = 1 - p.bias;
  const unsigned signShift = format.width() - 1;
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  // The scalar encoder says what becomes of everything special, by sign.
  auto both = [&](double v) {
    return std::array<uint16_t, 2>{static_cast<uint16_t>(format.encode(v, policy)),
                                   static_cast<uint16_t>(format.encode(-v, policy))};
  };
  const auto zero = both(0.0), tooLarge = both(std::numeric_limits<double>::max()),
             infinite = both(inf), notANumber = both(nan);
  const double beyond = 2 * format.max();
  const auto largest = static_cast<int32_t>(format.codesByValue().back());
  for (size_t i = 0; i < x.size(); ++i) {
    const auto y = static_cast<double>(x[i] / scale);
    const auto yBits = std::bit_cast<uint64_t>(y);
    const auto negative = static_cast<int32_t>(yBits >> 63);
    const double magnitude = std::fabs(y);
    // NaN too becomes a number, so that the cast below is defined.
    const double a = magnitude < beyond ? magnitude : beyond;
    const int exponent = static_cast<int>(std::bit_cast<uint64_t>(a) >> 52) - 1023;
    const int binade = exponent < first ? first : exponent;
    const double perSpacing =
        std::bit_cast<double>(static_cast<uint64_t>(1023 + mantissaBits - binade) << 52);
    const double steps = a * perSpacing;
    const auto whole = static_cast<int32_t>(steps);
    int32_t code = ((binade - first) << mantissaBits) + whole;
    code += goesAway<Mode>(steps - whole, code & 1, negative);
    uint16_t result = static_cast<uint16_t>(code | (negative << signShift));
    result = code == 0 ? zero[negative] : result;
    result = code > largest ? tooLarge[negative] : result;
    result = magnitude == inf ? infinite[negative] : result;
    codes[i] = y == y ? result : notANumber[negative];
  }
}

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_BULKLOOPS_H
