// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax by table and reciprocal.
#include "lpc/Numerics/IntegerSoftmax.h"

#include "lpc/Numerics/IntegerMath.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace lpc::num {

void integerSoftmax(std::span<const int32_t> q, std::span<const uint8_t> included,
                    std::span<const uint32_t> table, unsigned fraction, int32_t largest,
                    std::span<int32_t> y) {
  bool any = false;
  int32_t top = 0;
  for (size_t i = 0; i < q.size(); ++i)
    if (included.empty() || included[i]) {
      top = any ? std::max(top, q[i]) : q[i];
      any = true;
    }
  uint64_t sum = 0;
  for (size_t i = 0; i < q.size(); ++i)
    if (included.empty() || included[i])
      sum += table[top - q[i]];
  assert(sum >> 32 == 0);
  if (sum == 0) {
    std::fill(y.begin(), y.end(), 0);
    return;
  }
  const unsigned b = std::bit_width(sum) - 1, t = 31 + b - fraction;
  const uint64_t r = reciprocal(static_cast<uint32_t>(sum << (31 - b)));
  const uint64_t half = uint64_t{1} << (t - 1);
  for (size_t i = 0; i < q.size(); ++i) {
    const uint64_t e = included.empty() || included[i] ? table[top - q[i]] : 0;
    y[i] = static_cast<int32_t>(std::min<uint64_t>((e * r + half) >> t, largest));
  }
}

} // namespace lpc::num
