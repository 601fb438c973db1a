// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arrays give the same codes as single elements; packing round trips.
#include "lpc/Numerics/Bulk.h"
#include "Reference.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

using namespace lpc::num;
using namespace lpc::num::test;

namespace {

class BulkTest : public testing::TestWithParam<std::string> {
protected:
  const Format &format = *Format::parse(GetParam());
};

/// Values and midpoints with their float neighbours, specials, and floats of random bits.
std::vector<float> floatInputs(const Format &format) {
  std::vector<float> inputs = {0.0f,           -0.0f, HUGE_VALF, -HUGE_VALF, std::nanf(""),
                               -std::nanf(""), 1e38f, -1e38f,    1e-45f,     -1e-45f};
  std::vector<double> values;
  for (double v : format.table())
    if (std::isfinite(v))
      values.push_back(v);
  std::sort(values.begin(), values.end());
  size_t step = values.size() > 1024 ? values.size() / 512 : 1;
  for (size_t i = 0; i + 1 < values.size(); i += step)
    for (double v : {values[i], values[i] / 2 + values[i + 1] / 2, values[i + 1]}) {
      auto x = static_cast<float>(v);
      for (float y : {x, std::nextafter(x, -HUGE_VALF), std::nextafter(x, HUGE_VALF)})
        inputs.push_back(y);
    }
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i)
    inputs.push_back(std::bit_cast<float>(static_cast<uint32_t>(random())));
  std::uniform_real_distribution<float> inRange(-1.5f, 1.5f);
  for (int i = 0; i < 1000; ++i)
    inputs.push_back(inRange(random) * static_cast<float>(std::min(format.max(), 1e30)));
  return inputs;
}

TEST_P(BulkTest, EncodesLikeTheScalarEncoder) {
  std::vector<float> x = floatInputs(format);
  std::vector<double> wide(x.begin(), x.end());
  std::vector<uint16_t> codes(x.size()), wideCodes(x.size());
  for (int mode = 0; mode < int(numRoundings); ++mode)
    for (Overflow overflow : {Overflow::Saturate, Overflow::Infinity, Overflow::Wrap})
      for (NaNPolicy nan : {NaNPolicy::Zero, NaNPolicy::Max, NaNPolicy::Lowest}) {
        if (nan != NaNPolicy::Zero && overflow != Overflow::Saturate)
          continue;
        Conversion policy{Rounding(mode), overflow, nan, 6};
        encode(format, x, codes, policy, {42, 1000});
        encode(format, wide, wideCodes, policy, {42, 1000});
        for (size_t i = 0; i < x.size(); ++i) {
          uint32_t expected = format.encode(x[i], policy, randomBits(42, 1000 + i, 6));
          ASSERT_EQ(expected, codes[i]) << GetParam() << ' ' << toString(policy.rounding) << ' '
                                        << toString(overflow) << ' ' << std::hexfloat << x[i];
          ASSERT_EQ(expected, wideCodes[i]);
        }
      }
}

// After many elements a wide format has a table.
TEST(BulkTest, LongArraysOfWideFormats) {
  for (const char *name :
       {"posit16", "posit11", "posit9<es=0>", "lns16<nozero>", "lns12", "bipolar16", "bipolar11",
        "dint13", "dint9", "table<1,1.0000001,1.0000002,3>"})
    for (Rounding rounding : {Rounding::NearestEven, Rounding::NearestLog, Rounding::TowardZero,
                              Rounding::Up, Rounding::ToOdd}) {
      const Format &format = *Format::parse(name);
      if (format.width() > 12 && rounding != Rounding::NearestLog)
        continue;
      Conversion policy;
      policy.rounding = rounding;
      const Encoder encoder(format, policy);
      std::vector<float> x = floatInputs(format);
      std::vector<uint16_t> codes(x.size());
      for (size_t seen = 0; seen <= size_t(16) << format.width(); seen += x.size())
        encoder.encode(std::span<const float>(x), codes);
      encoder.quantize(std::span<const float>(x), 3.0f, 0, codes);
      for (size_t i = 0; i < x.size(); ++i)
        ASSERT_EQ(codes[i], format.encode(x[i] / 3.0f, policy))
            << name << ' ' << toString(rounding) << ' ' << std::hexfloat << x[i];
      encoder.encode(std::span<const float>(x), codes);
      for (size_t i = 0; i < x.size(); ++i)
        ASSERT_EQ(codes[i], format.encode(x[i], policy))
            << name << ' ' << toString(rounding) << ' ' << std::hexfloat << x[i];
    }
}

TEST_P(BulkTest, QuantizesWithOneDivision) {
  std::vector<float> x = floatInputs(format);
  std::vector<uint16_t> codes(x.size());
  const bool integer = format.family() == Family::Integer;
  for (float scale : {0.1f, 3.0f, 1.0f / 3.0f, 0x1p-20f})
    for (int mode = 0; mode < int(numRoundings); ++mode)
      for (int32_t zeroPoint : {0, 3, -5}) {
        if (zeroPoint != 0 && !integer)
          continue;
        Conversion policy;
        policy.rounding = Rounding(mode);
        quantize(format, x, scale, zeroPoint, codes, policy, {1, 2});
        for (size_t i = 0; i < x.size(); ++i) {
          float y = x[i] / scale;
          uint32_t r = randomBits(1, 2 + i, policy.randomBits);
          uint32_t expected =
              integer
                  ? static_cast<const IntegerFormat &>(format).encodeAffine(y, zeroPoint, policy, r)
                  : format.encode(y, policy, r);
          ASSERT_EQ(expected, codes[i]) << GetParam() << ' ' << toString(policy.rounding) << ' '
                                        << std::hexfloat << y << " zero point " << zeroPoint;
        }
      }
}

TEST_P(BulkTest, DecodesLikeTheTable) {
  std::vector<uint16_t> codes(format.numCodes());
  for (uint32_t i = 0; i < format.numCodes(); ++i)
    codes[i] = static_cast<uint16_t>(i);
  std::vector<double> x(codes.size());
  std::vector<float> narrow(codes.size());
  decode(format, codes, x);
  decode(format, codes, narrow);
  for (uint32_t i = 0; i < format.numCodes(); ++i) {
    double expected = format.decodeToDouble(i);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(x[i]) && std::isnan(narrow[i]));
      continue;
    }
    ASSERT_EQ(std::bit_cast<uint64_t>(expected), std::bit_cast<uint64_t>(x[i]));
    ASSERT_EQ(static_cast<float>(expected), narrow[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, BulkTest, testing::ValuesIn(tensorFormats()),
                         [](const auto &info) { return testName(info.param); });

TEST(BulkTest, DequantizeSubtractsThenScales) {
  const Format &uint8 = *Format::parse("uint8");
  std::vector<uint16_t> codes = {0, 127, 128, 255};
  std::vector<float> x(4);
  dequantize(uint8, codes, 0.1f, 128, x);
  EXPECT_EQ((std::vector<float>{-128 * 0.1f, -0.1f, 0.0f, 127 * 0.1f}), x);
}

TEST(BulkTest, SplittingAnArrayNeverChangesRandomRounding) {
  const Format &e2m1 = *Format::parse("e2m1");
  Conversion policy{Rounding::Stochastic, Overflow::Saturate, NaNPolicy::Zero, 8};
  std::vector<float> x(1001);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(i) * 0.0113f - 5;
  std::vector<uint16_t> whole(x.size()), parts(x.size());
  encode(e2m1, x, whole, policy, {9, 0});
  std::span<const float> in(x);
  std::span<uint16_t> out(parts);
  for (size_t at = 0; at < x.size(); at += 77) {
    size_t n = std::min<size_t>(77, x.size() - at);
    encode(e2m1, in.subspan(at, n), out.subspan(at, n), policy, {9, at});
  }
  EXPECT_EQ(whole, parts);
}

TEST(BulkTest, RandomRoundingIsUnbiasedOnAverage) {
  const Format &int8 = *Format::parse("int8");
  Conversion policy{Rounding::Stochastic, Overflow::Saturate, NaNPolicy::Zero, 16};
  std::vector<float> x(100000, 10.3f);
  std::vector<uint16_t> codes(x.size());
  encode(int8, x, codes, policy, {123, 0});
  double sum = 0;
  for (uint16_t code : codes)
    sum += code;
  // Five standard deviations of the mean are 0.0073.
  EXPECT_NEAR(10.3, sum / static_cast<double>(codes.size()), 0.0075);
}

TEST(PackTest, RoundTripsForEveryWidthAndLength) {
  std::mt19937 random(3);
  for (unsigned width = 1; width <= 16; ++width)
    for (size_t count : {0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 101, 1000}) {
      std::vector<uint16_t> codes(count), back(count);
      for (uint16_t &code : codes)
        code = static_cast<uint16_t>(random() & ((1u << width) - 1));
      size_t size = packedBytes(count, width);
      ASSERT_EQ((count * width + 7) / 8, size);
      // The byte behind the end must stay as it is.
      std::vector<uint8_t> bytes(size + 1, 0xA5);
      packBits(codes, width, std::span(bytes).first(size));
      EXPECT_EQ(0xA5, bytes[size]);
      for (size_t i = 0; i < count * width; ++i)
        ASSERT_EQ(codes[i / width] >> (i % width) & 1, bytes[i / 8] >> (i % 8) & 1);
      for (size_t i = count * width; i < size * 8; ++i)
        ASSERT_EQ(0, bytes[i / 8] >> (i % 8) & 1) << "unused bits are zero";
      unpackBits(std::span(bytes).first(size), width, back);
      ASSERT_EQ(codes, back) << "width " << width << ", count " << count;
    }
}

TEST(PackTest, LowNibbleFirst) {
  std::vector<uint16_t> codes = {0x1, 0x2, 0xF};
  std::vector<uint8_t> bytes(2);
  packBits(codes, 4, bytes);
  EXPECT_EQ((std::vector<uint8_t>{0x21, 0x0F}), bytes);
}

} // namespace
