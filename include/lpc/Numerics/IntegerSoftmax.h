// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax of a row of integers: differences to the maximum go through a table of exponentials, the
// sum is divided out by a reciprocal. What lp.int_softmax means.
//
//   e_j = table[max - q_j]   S = sum e_j < 2^32   b = bit length of S, less 1
//   r   = reciprocal(S << (31 - b))                    = floor(2^62 / (S << (31 - b)))
//   y_j = min((e_j * r + 2^(t-1)) >> t, largest),  t = 31 + b - fraction
// With table entry d = round(2^f exp(-scale d)): |y_j 2^-fraction - softmax_j| is at most half a
// step 2^-fraction, plus (1 + n softmax_j) / 2^(f+1) for the rounded entries of n terms, plus
// 2^-30.
#ifndef LPC_NUMERICS_INTEGERSOFTMAX_H
#define LPC_NUMERICS_INTEGERSOFTMAX_H

#include <cstdint>
#include <span>

namespace lpc::num {

/// `included` (empty: all) says which elements take part; the others give 0, and so does a row
/// without any. The table has an entry for every difference that occurs and table[0] > 0; sums stay
/// below 2^32. fraction: 1 to 30. q and y may be one array.
void integerSoftmax(std::span<const int32_t> q, std::span<const uint8_t> included,
                    std::span<const uint32_t> table, unsigned fraction, int32_t largest,
                    std::span<int32_t> y);

} // namespace lpc::num

#endif // LPC_NUMERICS_INTEGERSOFTMAX_H
