// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Roots, quotients and exponentials of integers, by multiplication, addition, shift, comparison and
// table: the arithmetic of programs without floating point and without division.
#ifndef LPC_NUMERICS_INTEGERMATH_H
#define LPC_NUMERICS_INTEGERMATH_H

#include <cstdint>
#include <vector>

namespace lpc::num {

/// floor(sqrt(v)), exact for every v; one bit of the root a step.
uint32_t isqrt(uint64_t v);

/// floor(2^62 / d) for 2^31 <= d < 2^32, exact: three Newton steps from a line, then at most three
/// corrections by one. The result is in (2^30, 2^31].
uint32_t reciprocal(uint32_t d);

/// floor(x / d) for every 0 <= x < 2^bits by one multiplication and one shift; d is known
/// beforehand. m = floor(2^t / d) + 1 with the least t for which m * d - 2^t <= 2^(t - bits).
class InvariantDivider {
public:
  /// 1 <= d < 2^31, bits 1 to 32.
  InvariantDivider(uint32_t d, unsigned bits);
  uint32_t divide(uint32_t x) const {
    return static_cast<uint32_t>((static_cast<unsigned __int128>(x) * multiplier) >> shift);
  }
  uint64_t multiplier; ///< at most bits + 1 bits
  unsigned shift;
};

/// 2^-x with 31 fraction bits, x >= 0 with 24 fraction bits: a table of 256 powers, then
/// 1 - r + r^2/2 for the rest. Absolute error at most 4e-9; 0 from x = 32 on.
uint32_t exp2Negative(uint64_t x);

/// The table of an exact softmax: entry d is round(2^fraction * exp(-scale * d)), d < entries.
std::vector<uint32_t> makeExpTable(double scale, uint32_t entries, unsigned fraction);

} // namespace lpc::num

#endif // LPC_NUMERICS_INTEGERMATH_H
