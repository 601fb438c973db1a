// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Roots, quotients, exponentials, softmax, norms: exactness over whole domains, errors within the
// bounds that the headers state.
#include "lpc/Numerics/IntegerMath.h"
#include "lpc/Numerics/IntegerNorm.h"
#include "lpc/Numerics/IntegerSoftmax.h"
#include "lpc/Numerics/IntegerVariants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

using namespace lpc::num;

/// r = floor(sqrt(v)), without overflow.
static bool isRoot(uint64_t r, uint64_t v) {
  const auto wide = static_cast<unsigned __int128>(r);
  return wide * wide <= v && (wide + 1) * (wide + 1) > v;
}

TEST(IntegerMath, RootsAreExact) {
  for (uint64_t v = 0; v < 1u << 22; ++v)
    ASSERT_TRUE(isRoot(isqrt(v), v)) << v;
  // Each square of 32 bits (in steps) and its neighbours.
  for (uint64_t r = 1; r < uint64_t{1} << 32; r += 1 + r / 4096)
    for (uint64_t v : {r * r - 1, r * r, r * r + 1, r * r + r})
      ASSERT_TRUE(isRoot(isqrt(v), v)) << v;
  for (uint64_t v : {~uint64_t{0}, ~uint64_t{0} - 1, uint64_t{1} << 63,
                     uint64_t{0xfffffffe00000001}, uint64_t{0xfffffffe00000000}})
    ASSERT_TRUE(isRoot(isqrt(v), v)) << v;
}

TEST(IntegerMath, ReciprocalsAreExact) {
  auto check = [](uint64_t d) {
    ASSERT_EQ(reciprocal(static_cast<uint32_t>(d)), (uint64_t{1} << 62) / d) << d;
  };
  const uint64_t first = uint64_t{1} << 31, end = uint64_t{1} << 32;
  for (uint64_t i = 0; i < 1u << 20; ++i) {
    check(first + i);
    check(end - 1 - i);
  }
  for (uint64_t d = first; d < end; d += 1009)
    check(d);
  // Divisors just at and beside a whole quotient, where an error of one unit shows.
  for (uint64_t q = (uint64_t{1} << 30) + 1; q < first; q += 4001)
    for (uint64_t d : {(uint64_t{1} << 62) / q, (uint64_t{1} << 62) / q + 1})
      if (d >= first && d < end)
        check(d);
}

TEST(IntegerMath, DividesByConstants) {
  for (uint32_t d = 1; d < 300; ++d) {
    InvariantDivider divider(d, 16);
    for (uint32_t x = 0; x < 1u << 16; ++x)
      ASSERT_EQ(divider.divide(x), x / d) << x << " / " << d;
  }
  std::mt19937 random(9);
  for (int i = 0; i < 20000; ++i) {
    const uint32_t d = 1 + (random() >> (1 + random() % 31)) % 0x7ffffffeu;
    InvariantDivider divider(d, 32);
    const uint32_t last = ~0u / d * d;
    for (uint32_t x : {0u, d - 1, d, d + 1, last - 1, last, ~0u, static_cast<uint32_t>(random())})
      ASSERT_EQ(divider.divide(x), x / d) << x << " / " << d;
  }
}

TEST(IntegerMath, PowersOfTwoHaveTheirError) {
  double worst = 0;
  for (uint64_t x = 0; x < uint64_t{1} << 29; x += 61) {
    const double exact = std::exp2(-std::ldexp(static_cast<double>(x), -24));
    worst = std::max(worst, std::fabs(std::ldexp(exp2Negative(x), -31) - exact));
  }
  EXPECT_LE(worst, 4e-9);
  EXPECT_EQ(exp2Negative(0), 1u << 31);
  EXPECT_EQ(exp2Negative(uint64_t{32} << 24), 0u);
  EXPECT_EQ(exp2Negative(~uint64_t{0}), 0u);
}

// -- softmax
// ----------------------------------------------------------------------------------------

static std::vector<double> softmaxOf(const std::vector<int32_t> &q, double scale) {
  const int32_t top = *std::ranges::max_element(q);
  std::vector<double> y;
  double sum = 0;
  for (int32_t x : q) {
    y.push_back(std::exp(scale * (x - top)));
    sum += y.back();
  }
  for (double &x : y)
    x /= sum;
  return y;
}

TEST(IntegerSoftmax, IsWithinItsBound) {
  std::mt19937 random(10);
  for (unsigned width : {4u, 8u, 16u})
    for (double range : {1.0, 8.0, 40.0})
      for (int n : {1, 2, 17, 256, 1024}) {
        const double scale = std::ldexp(range, -static_cast<int>(width));
        const std::vector<uint32_t> table = makeExpTable(scale, 1u << width, 20);
        std::vector<int32_t> q(n), y(n);
        for (int32_t &x : q)
          x = static_cast<int32_t>(random() % (1u << width)) - (1 << (width - 1));
        for (unsigned fraction : {8u, 15u}) {
          const int32_t largest = (1 << fraction) - 1;
          integerSoftmax(q, {}, table, fraction, largest, y);
          const std::vector<double> exact = softmaxOf(q, scale);
          for (int i = 0; i < n; ++i) {
            const double bound = std::ldexp(0.5, -static_cast<int>(fraction)) +
                                 (1 + n * exact[i]) * 0x1p-21 + 0x1p-30;
            const double limited =
                std::min(exact[i], std::ldexp(largest, -static_cast<int>(fraction)));
            ASSERT_LE(std::fabs(std::ldexp(y[i], -static_cast<int>(fraction)) - limited), bound)
                << "width " << width << ", n " << n;
          }
        }
      }
}

TEST(IntegerSoftmax, LeavesOutWhatIsMasked) {
  const std::vector<uint32_t> table = makeExpTable(0.1, 256, 15);
  std::vector<int32_t> q{127, 5, -128, 5}, y(4);
  const std::vector<uint8_t> some{0, 1, 0, 1}, none{0, 0, 0, 0};
  integerSoftmax(q, some, table, 8, 255, y);
  EXPECT_EQ(y, (std::vector<int32_t>{0, 128, 0, 128}));
  integerSoftmax(q, none, table, 8, 255, y);
  EXPECT_EQ(y, (std::vector<int32_t>{0, 0, 0, 0}));
  // All extremes, and sums next to 2^32.
  const std::vector<uint32_t> large{0xffffff00u};
  std::vector<int32_t> same(1, -128), one(1);
  integerSoftmax(same, {}, large, 8, 255, one);
  EXPECT_EQ(one[0], 255);
}

// -- norms
// --------------------------------------------------------------------------------------------

TEST(IntegerNorm, IsWithinItsBound) {
  std::mt19937 random(11);
  for (NormKind kind : {NormKind::Layer, NormKind::RMS})
    for (int n : {2, 3, 64, 256, 1000})
      for (int magnitude : {1, 7, 127, 32767}) {
        IntegerNorm norm;
        norm.kind = kind;
        norm.zeroIn = kind == NormKind::RMS ? 3 : 0;
        // u, of 24 fraction bits, times 2^30 with 8 bits less: 46 fraction bits.
        norm.shift = 8;
        norm.lo = -(int64_t{1} << 50), norm.hi = int64_t{1} << 50;
        std::vector<int32_t> q(n), m(n, 1 << 30);
        for (int32_t &x : q)
          x = static_cast<int32_t>(random() % (2 * magnitude + 1)) - magnitude;
        std::vector<int64_t> b(n, 0), y(n);
        norm.apply(q, m, b, y);
        double mean = 0, square = 0;
        if (kind == NormKind::Layer)
          for (int32_t x : q)
            mean += x / static_cast<double>(n);
        else
          mean = 3;
        for (int32_t x : q)
          square += (x - mean) * (x - mean);
        const double units = kind == NormKind::Layer ? 1.0 / n / n : 1;
        for (int i = 0; i < n; ++i) {
          const double exact = (q[i] - mean) / std::sqrt(square + norm.epsilon * units);
          ASSERT_LE(std::fabs(std::ldexp(static_cast<double>(y[i]), -46) - exact), 0x1p-24)
              << "n " << n << ", magnitude " << magnitude;
        }
      }
}

TEST(IntegerNorm, TakesExtremes) {
  // All equal: no deviation; alternating ends of 16 bits at the largest n whose sum fits.
  IntegerNorm norm;
  norm.lo = -128, norm.hi = 127, norm.zeroOut = 4;
  std::vector<int32_t> q(512, -32768), m(512, 1 << 20);
  std::vector<int64_t> b(512, 0), y(512);
  norm.apply(q, m, b, y);
  EXPECT_EQ(*std::ranges::max_element(y), 4);
  for (size_t i = 0; i < q.size(); i += 2)
    q[i] = 32767;
  ASSERT_LT(largestNormSum(NormKind::Layer, 512, 65535, 1), uint64_t{1} << 62);
  norm.shift = 40, norm.hi = 32767;
  norm.apply(q, std::vector<int32_t>(512, 1 << 30), b, y);
  // u = 1 / sqrt(512) with 24 bits, times 2^30, less 40 bits.
  EXPECT_EQ(y[0], 4 + std::lround(std::ldexp(1 / std::sqrt(512.0), 14)));
  EXPECT_EQ(largestNormSum(NormKind::RMS, 1 << 20, uint64_t{1} << 30, 1), ~uint64_t{0});
}

// -- published forms
// ------------------------------------------------------------------------------------

TEST(IntegerVariants, HaveTheirPublishedErrors) {
  const double scale = 0x1p-12;
  double worst = 0;
  for (int64_t q = 0; q > -static_cast<int64_t>(std::numbers::ln2 / scale); --q) {
    const Scaled e = ibert::exp(q, scale);
    worst = std::max(worst, std::fabs(e.value() - std::exp(static_cast<double>(q) * scale)));
  }
  EXPECT_NEAR(worst, 1.91e-3, 1e-4);
  auto gelu = [](double x) { return x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); };
  worst = 0;
  for (int64_t q = -4096 * 4; q <= 4096 * 4; ++q)
    worst = std::max(
        worst, std::fabs(ibert::gelu(q, scale).value() - gelu(static_cast<double>(q) * scale)));
  EXPECT_NEAR(worst, 0.0182, 2e-4);
  worst = 0;
  for (int64_t q = 0; q >= -4096 * 10; --q)
    worst = std::max(
        worst, std::fabs(ivit::exp(q, scale).value() - std::exp(static_cast<double>(q) * scale)));
  EXPECT_NEAR(worst, 0.044, 1e-3);
}

TEST(IntegerVariants, Roots) {
  int wrong = 0;
  uint32_t last = 0;
  for (uint32_t v = 0; v < 100000; ++v) {
    ASSERT_EQ(ibert::isqrt(v), isqrt(v)) << v;
    if (ivit::isqrt(v) > isqrt(v) + 1) {
      ++wrong;
      last = v;
    }
  }
  for (uint64_t v = 100000; v < uint64_t{1} << 32; v += 9973)
    ASSERT_EQ(ibert::isqrt(static_cast<uint32_t>(v)), isqrt(v)) << v;
  EXPECT_EQ(ivit::isqrt(100), 64u); // and not 10
  EXPECT_GT(wrong, 1000);
  EXPECT_LE(last, 34596u);
}
