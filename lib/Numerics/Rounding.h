// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one rounding decision that every encoder shares.
#ifndef LPC_LIB_NUMERICS_ROUNDING_H
#define LPC_LIB_NUMERICS_ROUNDING_H

#include "lpc/Numerics/Conversion.h"

#include <cstdint>

namespace lpc::num::detail {

using Uint128 = unsigned __int128;

/// The sign of a * 2^aExponent - b * 2^bExponent.
int compareDyadic(Uint128 a, int64_t aExponent, Uint128 b, int64_t bExponent);

/// A non-negative real number: whole + fraction / 2^64, and a bit more if `sticky`.
struct FixedPoint {
  uint64_t whole = 0;
  uint64_t fraction = 0;
  bool sticky = false;
  /// The number is 2^64 or more, and `whole` is its residue.
  bool huge = false;

  bool exact() const { return fraction == 0 && !sticky; }
};

/// significand * 2^shift without rounding (what falls below 2^-64 is kept as `sticky`).
inline FixedPoint shifted(uint64_t significand, int64_t shift) {
  FixedPoint f;
  if (significand == 0)
    return f;
  if (shift >= 0) {
    f.huge = shift >= 64 || (shift > 0 && (significand >> (64 - shift)) != 0);
    f.whole = shift >= 64 ? 0 : significand << shift;
    return f;
  }
  int64_t n = -shift;
  if (n < 64) {
    f.whole = significand >> n;
    f.fraction = significand << (64 - n);
  } else if (n == 64) {
    f.fraction = significand;
  } else if (n < 128) {
    f.fraction = significand >> (n - 64);
    f.sticky = (significand << (128 - n)) != 0;
  } else {
    f.sticky = true;
  }
  return f;
}

/// |x| = significand * 2^shift with its fraction as `rounding` sees it: rounding by ratio compares
/// |x| with sqrt(whole * (whole + 1)), where zero counts as 1/2.
inline FixedPoint shifted(uint64_t significand, int64_t shift, Rounding rounding) {
  FixedPoint f = shifted(significand, shift);
  if (rounding != Rounding::NearestLog || f.exact())
    return f;
  Uint128 square = Uint128(significand) * significand;
  int side = f.whole == 0 ? compareDyadic(square, 2 * shift + 1, 1, 0)
                          : compareDyadic(square, 2 * shift, Uint128(f.whole) * (f.whole + 1), 0);
  f.fraction = side < 0 ? uint64_t(1) << 62 : side == 0 ? uint64_t(1) << 63 : uint64_t(3) << 62;
  f.sticky = false;
  return f;
}

/// Whether |x| = whole + fraction goes to whole + 1. `odd` is the parity of the code of the lower
/// neighbour.
inline bool roundsAway(const FixedPoint &f, bool odd, bool negative, const Conversion &policy,
                       uint32_t random) {
  if (f.exact())
    return false;
  constexpr uint64_t half = uint64_t(1) << 63;
  bool above = f.fraction > half || (f.fraction == half && f.sticky);
  bool tie = f.fraction == half && !f.sticky;
  switch (policy.rounding) {
  case Rounding::NearestEven:
  case Rounding::NearestLog: // the caller's fraction is that of the logarithm
    return above || (tie && odd);
  case Rounding::NearestAway:
    return above || tie;
  case Rounding::NearestUp:
    return above || (tie && !negative);
  case Rounding::NearestDown:
    return above || (tie && negative);
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
  case Rounding::Stochastic:
  case Rounding::StochasticFast:
  case Rounding::StochasticEven:
    break;
  }
  const unsigned n = policy.randomBits < 1 ? 1 : policy.randomBits > 32 ? 32 : policy.randomBits;
  const uint64_t one = uint64_t(1) << n;
  if (policy.rounding == Rounding::StochasticFast)
    return (f.fraction >> (63 - n)) + 2 * uint64_t(random) + 1 >= 2 * one;
  uint64_t steps = f.fraction >> (64 - n);
  if (policy.rounding == Rounding::StochasticEven) {
    uint64_t rest = f.fraction << n;
    steps += rest > half || (rest == half && (f.sticky || (steps & 1) != 0));
  }
  return steps + random >= one;
}

/// Whether a finite value beyond the largest one stays finite even under Overflow::Infinity. To-odd
/// belongs here: it is used before a second rounding, which must still see a finite value.
inline bool neverOverflows(Rounding rounding, bool negative) {
  switch (rounding) {
  case Rounding::TowardZero:
  case Rounding::ToOdd:
    return true;
  case Rounding::Up:
    return negative;
  case Rounding::Down:
    return !negative;
  default:
    return false;
  }
}

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_ROUNDING_H
