// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decode, what is derived from it, interning, exact values and the words of policies.
#include "Reference.h"

#include <gtest/gtest.h>

#include <thread>

using namespace lpc::num;
using namespace lpc::num::test;

namespace {

TEST(ExactTest, HasOneFormForEachValue) {
  EXPECT_EQ(Exact::finite(1, 3), Exact::finite(8, 0));
  EXPECT_EQ(Exact::finite(-6, 0), Exact::finite(-3, 1));
  EXPECT_EQ(Exact::finite(0, 17), Exact());
  EXPECT_NE(Exact::negZero(), Exact());
  EXPECT_TRUE(Exact::negZero().isZero());
}

TEST(ExactTest, DoublesRoundTrip) {
  for (double x : {0.0, -0.0, 1.0, -1.5, 3.0e300, 5e-324, -2.2250738585072014e-308, 0.1, HUGE_VAL,
                   -HUGE_VAL}) {
    double back = Exact::fromDouble(x).toDouble();
    EXPECT_EQ(x, back);
    EXPECT_EQ(std::signbit(x), std::signbit(back));
  }
  EXPECT_TRUE(std::isnan(Exact::fromDouble(std::nan("")).toDouble()));
}

TEST(ConversionTest, WordsRoundTrip) {
  for (int i = 0; i < int(numRoundings); ++i)
    EXPECT_EQ(Rounding(i), parseRounding(toString(Rounding(i))));
  for (int i = 0; i <= int(Overflow::Wrap); ++i)
    EXPECT_EQ(Overflow(i), parseOverflow(toString(Overflow(i))));
  for (int i = 0; i <= int(NaNPolicy::Lowest); ++i)
    EXPECT_EQ(NaNPolicy(i), parseNaNPolicy(toString(NaNPolicy(i))));
  EXPECT_EQ("nearest_even", toString(Rounding::NearestEven));
  EXPECT_EQ("to_odd", toString(Rounding::ToOdd));
  EXPECT_FALSE(parseRounding("even"));
}

class FormatTest : public testing::TestWithParam<std::string> {
protected:
  const Format &format = *Format::parse(GetParam());
};

TEST_P(FormatTest, DerivedMembersFollowFromDecode) {
  double max = -HUGE_VAL, lowest = HUGE_VAL, least = HUGE_VAL;
  bool inf = false, nan = false, zero = false;
  for (uint32_t code = 0; code < format.numCodes(); ++code) {
    double v = format.decodeToDouble(code);
    ASSERT_TRUE(v == format.table()[code] || std::isnan(v));
    inf |= std::isinf(v);
    nan |= std::isnan(v);
    if (!std::isfinite(v) || format.isReserved(code))
      continue;
    zero |= v == 0 && !std::signbit(v);
    max = std::max(max, v);
    lowest = std::min(lowest, v);
    if (v > 0)
      least = std::min(least, v);
  }
  EXPECT_EQ(max, format.max());
  EXPECT_EQ(lowest, format.lowest());
  EXPECT_EQ(least == HUGE_VAL ? 0 : least, format.minPositive());
  EXPECT_EQ(inf, format.hasInf());
  EXPECT_EQ(nan, format.hasNaN());
  EXPECT_EQ(zero, format.zeroCode().has_value());
  if (zero)
    EXPECT_EQ(Exact(), format.decode(*format.zeroCode()));
}

TEST_P(FormatTest, TheImageIsTheLeastInteger) {
  // Each value times 2^fractionBits is an integer of imageBits bits, and neither number can be one
  // less. Irrational values have none, whatever the accumulator.
  if (!format.isDyadic()) {
    EXPECT_EQ(Format::noImage, format.fractionBits());
    EXPECT_EQ(unsigned(Format::noImage), format.imageBits());
    return;
  }
  bool needsFraction = format.fractionBits() == 0, needsBits = format.imageBits() == 1;
  for (double v : format.table()) {
    if (!std::isfinite(v))
      continue;
    long double image = std::ldexp(static_cast<long double>(v), format.fractionBits());
    ASSERT_EQ(std::floor(image), image);
    needsFraction |= std::fmod(image, 2) != 0;
    long double bound = std::ldexp(1.0L, static_cast<int>(format.imageBits()) - 1);
    ASSERT_GE(image, -bound);
    ASSERT_LT(image, bound);
    needsBits |= image >= bound / 2 || image < -bound / 2;
  }
  EXPECT_TRUE(needsFraction);
  EXPECT_TRUE(needsBits);
}

TEST_P(FormatTest, ParseOfTheNameIsTheSameObject) {
  EXPECT_EQ(&format, Format::parse(format.name()));
  EXPECT_EQ(GetParam(), format.name()) << "the name is canonical";
}

INSTANTIATE_TEST_SUITE_P(Formats, FormatTest, testing::ValuesIn(propertyFormats()),
                         [](const auto &info) { return testName(info.param); });

TEST(FormatTest, LimitsOfNamedMembers) {
  struct Row {
    const char *name;
    unsigned width;
    double max, lowest, minPositive;
    bool inf, nan;
    int fractionBits;
    unsigned imageBits;
  };
  const Row rows[] = {
      {"e2m1", 4, 6, -6, 0.5, false, false, 1, 5},
      {"e2m3", 6, 7.5, -7.5, 0.125, false, false, 3, 7},
      {"e3m2", 6, 28, -28, 0.0625, false, false, 4, 10},
      {"e4m3", 8, 448, -448, 0x1p-9, false, true, 9, 19},
      {"e4m3.ieee", 8, 240, -240, 0x1p-9, true, true, 9, 18},
      {"e5m2", 8, 57344, -57344, 0x1p-16, true, true, 16, 33},
      {"e3m4", 8, 15.5, -15.5, 0x1p-6, true, true, 6, 11},
      {"e4m3fnuz", 8, 240, -240, 0x1p-10, false, true, 10, 19},
      {"e5m2fnuz", 8, 57344, -57344, 0x1p-17, false, true, 17, 34},
      {"e4m3b11fnuz", 8, 30, -30, 0x1p-13, false, true, 13, 19},
      {"e8m0", 8, 0x1p127, 0x1p-127, 0x1p-127, false, true, 127, 256},
      {"ue4m3", 7, 448, 0, 0x1p-9, false, true, 9, 19},
      {"ue5m3", 8, 114688, 0, 0x1p-17, false, true, 17, 35},
      {"ue5m3<specials=finite>", 8, 122880, 0, 0x1p-17, false, false, 17, 35},
      {"bf16", 16, 0x1.fep127, -0x1.fep127, 0x1p-133, true, true, 133, 262},
      {"fp16", 16, 65504, -65504, 0x1p-24, true, true, 24, 41},
      {"tf32", 19, 0x1.ffcp127, -0x1.ffcp127, 0x1p-136, true, true, 136, 265},
      {"int1", 1, 0, -1, 0, false, false, 0, 1},
      {"int4", 4, 7, -8, 1, false, false, 0, 4},
      {"int4.narrow", 4, 7, -7, 1, false, false, 0, 4},
      {"uint4", 4, 15, 0, 1, false, false, 0, 5},
      {"int16", 16, 32767, -32768, 1, false, false, 0, 16},
      {"uint16", 16, 65535, 0, 1, false, false, 0, 17},
  };
  for (const Row &row : rows) {
    const Format *f = Format::parse(row.name);
    ASSERT_TRUE(f) << row.name;
    EXPECT_EQ(row.width, f->width()) << row.name;
    EXPECT_EQ(row.max, f->max()) << row.name;
    EXPECT_EQ(row.lowest, f->lowest()) << row.name;
    EXPECT_EQ(row.minPositive, f->minPositive()) << row.name;
    EXPECT_EQ(row.inf, f->hasInf()) << row.name;
    EXPECT_EQ(row.nan, f->hasNaN()) << row.name;
    EXPECT_EQ(row.fractionBits, f->fractionBits()) << row.name;
    EXPECT_EQ(row.imageBits, f->imageBits()) << row.name;
  }
}

TEST(FormatTest, CornerMembersDecode) {
  auto values = [](const char *name) { return Format::parse(name)->table(); };
  EXPECT_EQ(values("e2m1"),
            (std::vector<double>{0, .5, 1, 1.5, 2, 3, 4, 6, -0., -.5, -1, -1.5, -2, -3, -4, -6}));
  // No exponent field: fixed point. One exponent bit: the same grid, two spellings.
  EXPECT_EQ(values("ue0m3"), (std::vector<double>{0, .125, .25, .375, .5, .625, .75, .875}));
  EXPECT_EQ(values("ue1m2"), (std::vector<double>{0, .5, 1, 1.5, 2, 2.5, 3, 3.5}));
  // No mantissa: powers of two, with zero unless there are no subnormals.
  EXPECT_EQ(values("ue2m0"), (std::vector<double>{0, 1, 2, 4}));
  EXPECT_EQ(values("ue2m0<nosubnormals>"), (std::vector<double>{.5, 1, 2, 4}));
  EXPECT_EQ(values("int2.narrow"), (std::vector<double>{0, 1, -2, -1}));
}

TEST(FormatTest, ThreadsGetTheSameObject) {
  std::vector<const Format *> found(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < found.size(); ++i)
    threads.emplace_back([&, i] {
      for (int bias = 50; bias < 60; ++bias)
        found[i] = Format::parse("e5m5<bias=" + std::to_string(bias) + ">");
    });
  for (std::thread &thread : threads)
    thread.join();
  for (const Format *f : found)
    EXPECT_EQ(found[0], f);
}

TEST(FormatTest, IllegalParametersAreRefused) {
  EXPECT_FALSE(IntegerFormat::get(0, true));
  EXPECT_FALSE(IntegerFormat::get(17, false));
  EXPECT_FALSE(IntegerFormat::get(1, true, true));
  EXPECT_FALSE(IntegerFormat::get(8, false, true));
  std::string error;
  EXPECT_FALSE(MinifloatFormat::get({4, 15, 7, Specials::Finite, true, true}, &error));
  EXPECT_EQ("a minifloat has at most 19 bits", error);
  EXPECT_FALSE(MinifloatFormat::get({1u << 31, 1u << 31, 7, Specials::Finite, true, true}, &error));
  EXPECT_FALSE(MinifloatFormat::get({4, 0, 7, Specials::IEEE, true, true}, &error));
  EXPECT_FALSE(MinifloatFormat::get({12, 2, 2047, Specials::IEEE, true, true}, &error));
  EXPECT_EQ("its values leave the range 2^-959 to 2^959", error);
}

} // namespace
