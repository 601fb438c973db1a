// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a number stands between two neighbours, exactly: what formats with uneven spacing need to
// round.
#ifndef LPC_LIB_NUMERICS_BETWEEN_H
#define LPC_LIB_NUMERICS_BETWEEN_H

#include "Rounding.h"

namespace lpc::num::detail {

// All take lower < x < upper, doubles of at most 2^960.

/// The sign of x - (lower + upper) / 2.
int compareToMean(double x, double lower, double upper);

/// The sign of x^2 - lower * upper for lower >= 0; zero counts as half of `upper`.
int compareToGeometricMean(double x, double lower, double upper);

/// (x - lower) / (upper - lower) for upper > 0.
FixedPoint positionBetween(double x, double lower, double upper);

/// A fraction that lies on the same side of 1/2 as the comparison says, for roundings that ask no
/// more.
inline FixedPoint sideOfHalf(int comparison) {
  FixedPoint f;
  f.fraction = comparison < 0    ? uint64_t(1) << 62
               : comparison == 0 ? uint64_t(1) << 63
                                 : uint64_t(3) << 62;
  return f;
}

/// The position that `rounding` looks at.
inline FixedPoint between(double x, double lower, double upper, Rounding rounding) {
  if (isStochastic(rounding))
    return positionBetween(x, lower, upper);
  return sideOfHalf(rounding == Rounding::NearestLog ? compareToGeometricMean(x, lower, upper)
                                                     : compareToMean(x, lower, upper));
}

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_BETWEEN_H
