// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// I-BERT's and I-ViT's integer functions.
#include "lpc/Numerics/IntegerVariants.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

namespace lpc::num {

static int64_t floorOf(double x) { return static_cast<int64_t>(std::floor(x)); }
static int32_t largestOf(std::span<const int32_t> q) { return *std::ranges::max_element(q); }

Scaled ibert::exp(int64_t q, double scale) {
  const int64_t k = std::max<int64_t>(floorOf(std::numbers::ln2 / scale), 1);
  q = std::max(q, -30 * k);
  const int64_t z = -q / k, p = q + z * k;
  const int64_t y = p * (p + floorOf(2.7073 / scale)) + floorOf(2.7921 / (scale * scale));
  return {y >> z, 0.35815 * scale * scale};
}

Scaled ibert::gelu(int64_t q, double scale) {
  const double inner = scale / std::numbers::sqrt2, square = inner * inner;
  const int64_t b = floorOf(-1.769 / inner), c = floorOf(-1 / (0.2888 * square));
  const int64_t root = std::min(std::abs(q), -b) + b, magnitude = root * root + c;
  const int64_t erf = q < 0 ? -magnitude : q == 0 ? 0 : magnitude;
  const double erfScale = -0.2888 * square;
  return {q * (erf + floorOf(1 / erfScale)), scale * erfScale / 2};
}

void ibert::softmax(std::span<const int32_t> q, double scale, unsigned bits, std::span<int32_t> y) {
  const int32_t top = largestOf(q);
  const double most = static_cast<double>(exp(0, scale).q);
  std::vector<int64_t> e(q.size());
  int64_t sum = 0;
  for (size_t i = 0; i < q.size(); ++i) {
    // Requantization to 16 bits; its step is static, from the largest value that exp can have.
    e[i] = floorOf(static_cast<double>(exp(q[i] - top, scale).q) * (32767 / most) + 0.5);
    sum += e[i];
  }
  const int64_t factor = (int64_t{1} << 32) / sum;
  for (size_t i = 0; i < q.size(); ++i)
    y[i] = static_cast<int32_t>((e[i] * factor) >> (32 - bits));
}

uint32_t ibert::isqrt(uint32_t v) {
  if (v == 0)
    return 0;
  uint64_t x = uint64_t{1} << ((std::bit_width(v) + 1) / 2);
  for (;;) {
    const uint64_t next = (x + v / x) >> 1;
    if (next >= x)
      return static_cast<uint32_t>(x);
    x = next;
  }
}

void ibert::normalize(std::span<const int32_t> q, std::span<int64_t> y) {
  const auto n = static_cast<double>(q.size());
  int64_t sum = 0;
  for (int32_t x : q)
    sum += x;
  const auto mean = static_cast<int64_t>(std::nearbyint(static_cast<double>(sum) / n));
  auto energy = [&](int shift) {
    uint64_t v = 0;
    for (int32_t x : q)
      v += static_cast<uint64_t>(((x - mean) >> shift) * ((x - mean) >> shift));
    return v;
  };
  int shift = 0;
  while (energy(shift) >> 32)
    ++shift;
  const int64_t sigma = std::max<int64_t>(
      static_cast<int64_t>(isqrt(static_cast<uint32_t>(energy(shift)))) << shift, 1);
  const int64_t factor = (int64_t{1} << 31) / sigma;
  for (size_t i = 0; i < q.size(); ++i)
    y[i] = ((q[i] - mean) * factor) >> 1;
}

Scaled ivit::exp(int64_t q, double scale, unsigned n) {
  const int64_t t = q + (q >> 1) - (q >> 4);
  const int64_t k = std::max<int64_t>(floorOf(1 / scale), 1);
  const int64_t z = -t / k, r = t + z * k;
  const double step = std::ldexp(scale, -static_cast<int>(n));
  return {z > static_cast<int64_t>(n) ? 0 : ((r >> 1) + k) << (n - z), step};
}

Scaled ivit::gelu(int64_t q, int64_t m, double scale, unsigned bits) {
  auto times = [](int64_t x) { return x + (x >> 1) + (x >> 3) + (x >> 4); };
  const int64_t x = times(q), top = std::max<int64_t>(times(m), 0);
  const int64_t a = exp(x - top, scale, 23).q, b = exp(-top, scale, 23).q;
  const int64_t factor = floorOf(2147483647.0 / static_cast<double>(std::max<int64_t>(a + b, 1)));
  const int64_t sigmoid = (a * factor) >> (31 - (bits - 1));
  return {q * sigmoid, std::ldexp(scale, 1 - static_cast<int>(bits))};
}

void ivit::softmax(std::span<const int32_t> q, double scale, unsigned bits, std::span<int32_t> y) {
  const int32_t top = largestOf(q);
  std::vector<int64_t> e(q.size());
  int64_t sum = 0;
  for (size_t i = 0; i < q.size(); ++i)
    sum += e[i] = exp(q[i] - top, scale).q;
  const int64_t factor = ((int64_t{1} << 31) - 1) / sum;
  for (size_t i = 0; i < q.size(); ++i)
    y[i] = static_cast<int32_t>((e[i] * factor) >> (31 - (bits - 1)));
}

uint32_t ivit::isqrt(uint32_t v) {
  uint64_t x = 1 << 16;
  for (int step = 0; step < 10 && x != 0; ++step)
    x = (x + v / x) >> 1;
  return static_cast<uint32_t>(x);
}

} // namespace lpc::num
