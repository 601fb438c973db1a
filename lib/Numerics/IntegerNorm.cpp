// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalization by exact square root and reciprocal.
#include "lpc/Numerics/IntegerNorm.h"

#include "lpc/Numerics/IntegerMath.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

namespace lpc::num {

void IntegerNorm::apply(std::span<const int32_t> q, std::span<const int32_t> multiplier,
                        std::span<const int64_t> bias, std::span<int64_t> y) const {
  const auto n = static_cast<int64_t>(q.size());
  int64_t sum = 0;
  for (int32_t x : q)
    sum += x;
  std::vector<int64_t> d(q.size());
  uint64_t v = epsilon;
  for (size_t i = 0; i < q.size(); ++i) {
    d[i] = kind == NormKind::Layer ? n * q[i] - sum : q[i] - zeroIn;
    v += static_cast<uint64_t>(d[i] * d[i]);
  }
  const int h = std::countl_zero(v) / 2;
  const int64_t r = reciprocal(isqrt(v << (2 * h)));
  const int t = 38 - h;
  for (size_t i = 0; i < q.size(); ++i) {
    const int64_t u = (d[i] * r + (int64_t{1} << (t - 1))) >> t;
    const int64_t scaled = (u * multiplier[i] + bias[i] + (int64_t{1} << (shift - 1))) >> shift;
    y[i] = std::clamp(scaled + zeroOut, lo, hi);
  }
}

uint64_t largestNormSum(NormKind kind, uint64_t n, uint64_t magnitude, uint64_t epsilon) {
  // Layer: sum (n q - sum q)^2 = n^2 sum (q - mean)^2 <= n^3 (range / 2)^2.
  const long double m = static_cast<long double>(magnitude), k = static_cast<long double>(n);
  const long double v = (kind == NormKind::RMS ? k * m * m : k * k * k * m * m / 4) +
                        static_cast<long double>(epsilon);
  return v >= 0x1p63L ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(v) + 1;
}

} // namespace lpc::num
