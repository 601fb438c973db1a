// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one rounding decision that every encoder shares.
#ifndef LPC_LIB_NUMERICS_ROUNDING_H
#define LPC_LIB_NUMERICS_ROUNDING_H

#include "lpc/Numerics/Conversion.h"

#include <cstdint>

namespace lpc::num::detail {

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
  case Rounding::Stochastic: {
    unsigned bits = policy.randomBits < 1 ? 1 : policy.randomBits > 32 ? 32 : policy.randomBits;
    return (f.fraction >> (64 - bits)) + random >= uint64_t(1) << bits;
  }
  }
  return false;
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
