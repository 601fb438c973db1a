// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encode against the brute-force reference: every format, every rounding, overflow and NaN policy.
#include "Reference.h"

#include <gtest/gtest.h>

#include <limits>

using namespace lpc::num;
using namespace lpc::num::test;

namespace {

const std::vector<Rounding> allRoundings = [] {
  std::vector<Rounding> all;
  for (unsigned i = 0; i < numRoundings; ++i)
    all.push_back(Rounding(i));
  return all;
}();
constexpr Overflow allOverflows[] = {Overflow::Saturate, Overflow::Infinity, Overflow::Wrap};

class EncodeTest : public testing::TestWithParam<std::string> {
protected:
  const Format &format = *Format::parse(GetParam());
};

/// Values, midpoints, both with their double neighbours, and what lies outside.
std::vector<double> interestingInputs(const Format &format) {
  std::vector<double> values;
  for (double v : format.table())
    if (std::isfinite(v))
      values.push_back(v);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  // Wide formats: both ends, the middle, and a sample of the rest.
  if (values.size() > 600) {
    std::vector<double> sample;
    for (size_t i = 0; i < values.size(); ++i) {
      size_t edge =
          std::min({i, values.size() - 1 - i,
                    i > values.size() / 2 ? i - values.size() / 2 : values.size() / 2 - i});
      if (edge < 60 || i % 197 < 2)
        sample.push_back(values[i]);
    }
    values = sample;
  }
  double step = values.size() > 1 ? values.back() - values[values.size() - 2] : 1;
  std::vector<double> inputs = {0.0, -0.0, 1e300, -1e300, 1e-300, -1e-300, 5e-324, -5e-324};
  auto add = [&](double x) {
    for (double y : {x, std::nextafter(x, -HUGE_VAL), std::nextafter(x, HUGE_VAL)})
      if (std::isfinite(y))
        inputs.push_back(y);
  };
  for (size_t i = 0; i < values.size(); ++i) {
    add(values[i]);
    if (i + 1 == values.size())
      break;
    double low = values[i], high = values[i + 1];
    add(low / 2 + high / 2);
    for (int k = 1; k < 8; ++k)
      inputs.push_back(low + (high - low) * k / 8);
  }
  double top = std::max(std::fabs(format.max()), std::fabs(format.lowest()));
  for (double k : {0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 64.0})
    for (double sign : {-1.0, 1.0})
      add(sign * (top + k * step));
  return inputs;
}

TEST_P(EncodeTest, AgreesWithTheBruteForceSearch) {
  ReferenceEncoder reference(format);
  std::vector<double> inputs = interestingInputs(format);
  size_t unsure = 0;
  for (double special : {HUGE_VAL, -HUGE_VAL, std::nan(""), -std::nan("")})
    inputs.push_back(special);
  for (Overflow overflow : allOverflows) {
    if (overflow == Overflow::Wrap && format.family() != Family::Integer &&
        format.family() != Family::Fixed)
      continue;
    for (Rounding rounding : allRoundings) {
      Conversion policy{rounding, overflow, NaNPolicy::Zero, 3};
      for (double x : inputs) {
        for (uint32_t random : {0u, 3u, 7u}) {
          int64_t expected = reference.encode(x, policy, random);
          uint32_t code = format.encode(x, policy, random);
          ASSERT_LT(code, format.numCodes());
          if (expected == ReferenceEncoder::unsure) {
            ++unsure;
            break;
          }
          bool same = expected == ReferenceEncoder::anyNaN ? format.decode(code).isNaN()
                                                           : expected == int64_t(code);
          ASSERT_TRUE(same) << GetParam() << ' ' << toString(rounding) << ' ' << toString(overflow)
                            << " x = " << std::hexfloat << x << " random = " << random
                            << ": expected code " << std::hex << expected << ", got " << code;
          if (!isStochastic(rounding))
            break;
        }
      }
    }
  }
  // Only inputs next to irrational numbers.
  EXPECT_LE(unsure, format.isDyadic() ? 0 : inputs.size() * numRoundings);
}

TEST_P(EncodeTest, NaNFollowsThePolicy) {
  ReferenceEncoder reference(format);
  for (NaNPolicy nan : {NaNPolicy::Zero, NaNPolicy::Max, NaNPolicy::Lowest}) {
    Conversion policy;
    policy.nan = nan;
    uint32_t code = format.encode(std::nan(""), policy);
    if (format.hasNaN())
      EXPECT_TRUE(format.decode(code).isNaN());
    else
      EXPECT_EQ(reference.encode(std::nan(""), policy, 0), int64_t(code));
  }
}

TEST_P(EncodeTest, ValuesAreFixedPointsOfEveryRounding) {
  for (Rounding rounding : allRoundings) {
    // The doubles of irrational values lie beside them, and only rounding to nearest comes back.
    bool nearest = rounding == Rounding::NearestEven || rounding == Rounding::NearestLog;
    if (!format.isDyadic() && !nearest)
      continue;
    Conversion policy{rounding, Overflow::Infinity, NaNPolicy::Zero, 5};
    for (uint32_t code = 0; code < format.numCodes(); ++code) {
      if (format.isReserved(code))
        continue;
      double x = format.decodeToDouble(code);
      uint32_t again = format.encode(x, policy, 31);
      if (std::isnan(x))
        ASSERT_TRUE(format.decode(again).isNaN());
      else
        ASSERT_EQ(code, again) << GetParam() << ' ' << toString(rounding);
    }
  }
}

TEST_P(EncodeTest, IsMonotone) {
  std::vector<double> inputs = interestingInputs(format);
  std::sort(inputs.begin(), inputs.end(), [](double a, double b) {
    return a < b || (a == b && std::signbit(a) > std::signbit(b));
  });
  for (Rounding rounding : allRoundings) {
    Conversion policy{rounding, Overflow::Saturate, NaNPolicy::Zero, 4};
    double last = -HUGE_VAL;
    for (double x : inputs) {
      double value = format.decodeToDouble(format.encode(x, policy, 5));
      ASSERT_LE(last, value) << GetParam() << ' ' << toString(rounding) << " at " << x;
      last = value;
    }
  }
}

TEST_P(EncodeTest, SaturationNeverLeavesTheFiniteRange) {
  Conversion policy;
  for (double x : {HUGE_VAL, 1e300, -1e300, -HUGE_VAL})
    EXPECT_EQ(x > 0 ? format.max() : format.lowest(),
              format.decodeToDouble(format.encode(x, policy)));
}

INSTANTIATE_TEST_SUITE_P(Formats, EncodeTest, testing::ValuesIn(propertyFormats()),
                         [](const auto &info) { return testName(info.param); });

/// formats.md 2.3: how many of the 2^n random values round up, E2M1, x = 2 + k/8.
TEST(StochasticTest, CountsOfRoundingUp) {
  const Format &e2m1 = *Format::parse("e2m1");
  const unsigned counts[3][9] = {
      {0, 0, 0, 0, 1, 1, 1, 1, 2}, {0, 0, 1, 1, 2, 2, 3, 3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8}};
  for (unsigned n = 1; n <= 3; ++n) {
    Conversion policy{Rounding::Stochastic, Overflow::Saturate, NaNPolicy::Zero, n};
    for (int k = 0; k <= 8; ++k) {
      unsigned up = 0;
      for (uint32_t r = 0; r < 1u << n; ++r)
        up += e2m1.decodeToDouble(e2m1.encode(2 + k / 8.0, policy, r)) == 3;
      EXPECT_EQ(counts[n - 1][k], up) << "n = " << n << ", k = " << k;
    }
  }
}

TEST(StochasticTest, AllThirtyTwoBitsCount) {
  const IntegerFormat &int8 = *IntegerFormat::get(8, true);
  Conversion policy{Rounding::Stochastic, Overflow::Saturate, NaNPolicy::Zero, 32};
  double x = 1 + std::ldexp(1.0, -32);
  EXPECT_EQ(1u, int8.encode(x, policy, 0xfffffffe));
  EXPECT_EQ(2u, int8.encode(x, policy, 0xffffffff));
}

} // namespace
