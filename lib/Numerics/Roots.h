// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 2^(i / 2^k) to 120 bits, and its rounding to double: what logarithmic values are made of.
#ifndef LPC_LIB_NUMERICS_ROOTS_H
#define LPC_LIB_NUMERICS_ROOTS_H

#include "Rounding.h"

namespace lpc::num::detail {

/// A number in [1, 2) as m / 2^126. For a root, m is off by less than 2^6, which leaves 46 bits
/// more than a double's half-way case needs among the 2^15 roots.
using Root = Uint128;
inline constexpr unsigned rootFraction = 126;
inline constexpr Root rootOne = Root(1) << rootFraction;

/// 2^(numerator / 2^bits), 0 <= numerator < 2^bits, bits 0 to 16.
Root rootOfTwo(unsigned numerator, unsigned bits);

/// The nearest double (for numbers above 1 no half-way case arises).
double nearestDouble(Root root);
/// The least double that is not less.
double leastDouble(Root root);

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_ROOTS_H
