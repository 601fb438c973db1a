// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multipliers and rounding contracts against their definitions; test/oracle/integers.py compares
// with Python's integers and with TOSA's lowering.
#include "lpc/Numerics/Rescale.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace lpc::num;

/// gemmlowp's way: a rounding high multiply by 2^31 that truncates toward zero, then a rounding
/// shift, half away from zero.
static int64_t highMultiplyThenShift(int32_t value, int32_t multiplier, int shift) {
  const int64_t product = static_cast<int64_t>(value) * multiplier;
  const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  const int64_t high = (product + nudge) / (int64_t{1} << 31);
  const int rest = shift - 31;
  const int64_t mask = (int64_t{1} << rest) - 1, low = high & mask;
  return (high >> rest) + (low > (mask >> 1) + (high < 0 ? 1 : 0));
}

TEST(Rescale, DoubleIsHighMultiplyAndShift) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 400000; ++i) {
    const auto value = static_cast<int32_t>(random()) >> (random() % 24);
    const auto m = static_cast<int32_t>((random() % (1u << 30)) + (1u << 30));
    const int shift = 32 + static_cast<int>(random() % 20);
    ASSERT_EQ(static_cast<int64_t>(rescale(value, m, shift, RescaleRounding::Double)),
              highMultiplyThenShift(value, m, shift))
        << value << " * " << m << " >> " << shift;
  }
}

TEST(Rescale, HalfEvenIsTheRoundedRealProduct) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 400000; ++i) {
    // Products below 2^53 are exact in double, and so are their quotients by powers of two.
    const auto value = static_cast<int32_t>(random()) >> 10;
    const auto m = static_cast<int32_t>(random() % (1u << 31)) & ~((1 << (random() % 31)) - 1);
    const int shift = 1 + static_cast<int>(random() % 62);
    const double exact = std::ldexp(static_cast<double>(value) * m, -shift);
    ASSERT_EQ(static_cast<double>(rescale(value, m, shift, RescaleRounding::HalfEven)),
              std::nearbyint(exact));
    ASSERT_EQ(static_cast<double>(rescale(value, m, shift, RescaleRounding::Single)),
              std::floor(exact + 0.5));
  }
}

TEST(Rescale, ContractsDifferByOneAtMostAndDoDiffer) {
  std::mt19937_64 random(7);
  int differ = 0;
  for (int i = 0; i < 200000; ++i) {
    const auto value = static_cast<int32_t>(random() % (1 << 18)) - (1 << 17);
    const auto m = static_cast<int32_t>((random() % (1u << 30)) + (1u << 30));
    const int shift = 32 + static_cast<int>(random() % 14);
    const auto a = static_cast<int64_t>(rescale(value, m, shift, RescaleRounding::Single));
    const auto b = static_cast<int64_t>(rescale(value, m, shift, RescaleRounding::Double));
    ASSERT_LE(std::abs(a - b), 1);
    differ += a != b;
  }
  // The guide's figure for such values is 3.5 %.
  EXPECT_GT(differ, 4000);
  EXPECT_LT(differ, 12000);
}

TEST(Rescale, MultipliersAreNearest) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> exponent(-29, 29), fraction(1, 2);
  for (unsigned bits : {16u, 32u})
    for (int i = 0; i < 100000; ++i) {
      const double factor = std::ldexp(fraction(random), static_cast<int>(exponent(random)));
      std::optional<Multiplier> m = makeMultiplier(factor, bits);
      if (!m) {
        EXPECT_EQ(bits, 16u);
        EXPECT_GE(factor, 0x1p13);
        continue;
      }
      EXPECT_GE(m->multiplier, 1 << (bits - 2));
      EXPECT_LE(std::fabs(m->value() / factor - 1), std::ldexp(1.0, 1 - static_cast<int>(bits)));
    }
}

TEST(Rescale, MultipliersHaveEnds) {
  EXPECT_EQ(makeMultiplier(0)->multiplier, 0);
  EXPECT_FALSE(makeMultiplier(-1));
  EXPECT_FALSE(makeMultiplier(std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(makeMultiplier(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(makeMultiplier(0x1p30));
  EXPECT_EQ(makeMultiplier(0x1p29)->shift, 1);
  // The fraction that rounds up to the next power of two.
  EXPECT_EQ(makeMultiplier(1 - 0x1p-40)->multiplier, 1 << 30);
  EXPECT_EQ(makeMultiplier(1 - 0x1p-40)->value(), 1.0);
  // Too small for all bits, then for any.
  EXPECT_EQ(makeMultiplier(0x1p-40)->multiplier, 1 << 22);
  EXPECT_EQ(makeMultiplier(0x1p-40)->shift, 62);
  EXPECT_EQ(makeMultiplier(0x1p-62)->multiplier, 1);
  EXPECT_EQ(makeMultiplier(0x1p-90)->multiplier, 0);
}

TEST(Rescale, LimitsOfTosa) {
  auto demand = [](int64_t v, int32_t m, int t, bool scale32, RescaleRounding r) {
    const char *text = explainTosaRescale(v, m, t, scale32, r);
    return std::string(text ? text : "");
  };
  const auto single = RescaleRounding::Single, twice = RescaleRounding::Double;
  EXPECT_EQ(demand(-(int64_t{1} << 31), 1 << 30, 62, true, twice), "");
  EXPECT_EQ(demand((int64_t{1} << 47) - 1, 32767, 2, false, single), "");
  EXPECT_EQ(demand(0, 1, 1, true, single), "a shift of 2 to 62");
  EXPECT_EQ(demand(0, 1, 63, true, single), "a shift of 2 to 62");
  EXPECT_EQ(demand(0, -1, 2, true, single), "a multiplier that is not negative");
  EXPECT_EQ(demand(int64_t{1} << 31, 1, 2, true, single), "a value of 32 bits");
  EXPECT_EQ(demand(int64_t{1} << 47, 1, 2, false, single), "a value of 48 bits");
  EXPECT_EQ(demand(0, 32768, 2, false, single), "a multiplier of 15 bits");
  EXPECT_EQ(demand(0, 1, 2, false, twice), "single rounding with a multiplier of 16 bits");
  EXPECT_EQ(demand(0, 1, 2, true, RescaleRounding::HalfEven), "single or double rounding");
}

TEST(Rescale, LimitsItsResult) {
  EXPECT_EQ(rescale(1000, 1 << 30, 30, RescaleRounding::Single, 5, -128, 127), 127);
  EXPECT_EQ(rescale(-1000, 1 << 30, 30, RescaleRounding::Single, 5, -128, 127), -128);
  EXPECT_EQ(rescale(-3, 1 << 30, 31, RescaleRounding::Single, 0, -128, 127), -1);
  EXPECT_EQ(rescale(-3, 1 << 30, 31, RescaleRounding::HalfEven, 0, -128, 127), -2);
}
