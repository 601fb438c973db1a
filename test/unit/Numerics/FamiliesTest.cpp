// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Known values of the families beside integers and minifloats, and the questions a Format answers.
#include "lpc/Numerics/Bulk.h"
#include "lpc/Numerics/ComplexUnit.h"
#include "lpc/Numerics/FormatFamilies.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace lpc::num;

namespace {

uint32_t encode(const char *name, double x, Overflow overflow = Overflow::Saturate) {
  const Format *f = Format::parse(name);
  return f->encode(x, {f->defaultRounding(), overflow, NaNPolicy::Zero});
}

TEST(FamiliesTest, EncodesKnownNumbers) {
  struct Row {
    const char *format;
    double x;
    uint32_t saturated, infinite;
  };
  const Row rows[] = {
      {"hif8", 40959, 0x6E, 0x6E},
      {"hif8", 40960, 0x6E, 0x6F},
      {"hif8", -1e9, 0xEE, 0xEF},
      {"hif8", 0x1p-23, 0x01, 0x01},
      {"hif8", 0.99 * 0x1p-23, 0x00, 0x00},
      {"hif8", 1.5 * 0x1p-16, 0x7E, 0x7E},
      {"hif8", 15.5, 0x40, 0x40},
      {"hif8", -0.0, 0x00, 0x00},
      {"hif8", NAN, 0x80, 0x80},
      {"posit8", 6291456, 0x7F, 0x7F},
      {"posit8", 1e-9, 0x01, 0x01},
      {"posit8", 0.3, 0x32, 0x32},
      {"posit8", -1, 0xC0, 0xC0},
      {"posit8", HUGE_VAL, 0x7F, 0x80},
      {"posit8<es=0>", 3.14159, 0x69, 0x69},
      {"posit16", 1e9, 0x7F9E, 0x7F9E},
      {"posit16<es=1>", 0.3, 0x2333, 0x2333},
      {"posit6", 3.14159, 0x13, 0x13},
      {"lns8<f=0>", 1.45, 1, 1},
      {"lns8<f=0>", 1.4142, 0, 0},
      {"lns8<f=0>", 1.4143, 1, 1},
      {"lns8", 0, 0x40, 0x40},
      {"lns8", 1e9, 0x3F, 0xC0},
      {"lns8<nozero>", 0, 0x40, 0x40},
      {"nf4", 0, 7, 7},
      {"nf4", 2, 15, 15},
      {"fp4.bnb", -1, 0xB, 0xB},
      {"bipolar2", 0.1, 2, 2},
      {"bipolar2", -0.0, 1, 1},
      {"ternary", 0.5, 1, 1},
      {"ternary", -7, 0, 0},
      {"pot4", 1.4142, 7, 7},
      {"pot4", 0.7, 6, 6},
      {"pot4", 0.708, 7, 7},
      {"denseshift3", 3, 2, 2},
      {"dint4", 0.3, 1, 1},
      {"dint4", 6.5, 7, 7},
      {"fix8<f=4>", 1.5, 0x18, 0x18},
      {"fix8<f=4>", -100, 0x80, 0x80},
  };
  for (const Row &row : rows) {
    EXPECT_EQ(row.saturated, encode(row.format, row.x)) << row.format << ' ' << row.x;
    EXPECT_EQ(row.infinite, encode(row.format, row.x, Overflow::Infinity))
        << row.format << ' ' << row.x;
  }
}

TEST(FamiliesTest, EqualMeaningsAreOneFormat) {
  EXPECT_EQ(Format::parse("fix8<f=0>"), Format::parse("int8"));
  EXPECT_EQ(Format::parse("fix8<f=7>"), Format::parse("fix8"));
  EXPECT_EQ(Format::parse("posit8<es=2>"), Format::parse("posit8"));
  EXPECT_EQ(Format::parse("lns8<f=3>"), Format::parse("lns8"));
  EXPECT_EQ(Format::parse("bipolar1"), Format::parse("binary"));
  EXPECT_EQ(Format::parse("table<1,2.50>"), Format::parse("table<1.0,2.5>"));
}

TEST(FamiliesTest, WrongSpellingsGetOneSentence) {
  const char *rows[][2] = {
      {"posit17", "posits have 2 to 16 bits"},
      {"posit8<es=5>", "posits have one option, es=<exponent bits>, from 0 to 4"},
      {"fix8<f=65>", "fixed point has one option, f=<fraction bits>, with -64 <= f <= 64"},
      {"fix0", "fixed point has 1 to 16 bits"},
      {"ufix4.narrow", "only signed fixed point of 2 to 16 bits has a narrow form"},
      {"lns2", "logarithmic formats have 3 to 16 bits"},
      {"lns16<f=0>", "its values leave the range 2^-959 to 2^959"},
      {"hif8<x>", "hif8 takes no options in angle brackets"},
      {"bipolar17", "bipolar has 2 to 16 bits"},
      {"ternary<3>", "ternary takes no options in angle brackets"},
      {"table<1>", "a table lists at least two values, as in 'table<-3,-1,1,3>'"},
      {"table<1,1.0>", "the value 1 stands twice in the table"},
      {"table<1,nan>", "a table lists decimal numbers whose magnitudes are 0 or within 2^-959 to "
                       "2^959, not 'nan'"},
  };
  for (auto [spelling, reason] : rows) {
    std::string error;
    EXPECT_FALSE(Format::parse(spelling, &error)) << spelling;
    EXPECT_EQ("unknown number format '" + std::string(spelling) + "': " + reason, error);
  }
}

TEST(FamiliesTest, UnusedCodesDecodeButAreNeverMade) {
  const Format &ternary = *Format::parse("ternary");
  EXPECT_EQ((std::vector<double>{-1, 0, 1, 2}), ternary.table());
  EXPECT_EQ(2u, encode("ternary", 5));
  EXPECT_EQ(1, ternary.max());
  EXPECT_EQ((std::vector<double>{-2, 0, 7, 7}), Format::parse("table<-2,0,7>")->table());
}

TEST(FamiliesTest, OrderAndNegationFollowFromDecode) {
  EXPECT_TRUE(Format::parse("posit8")->isMonotone(/*signedOrder=*/true));
  EXPECT_TRUE(Format::parse("nf4")->isMonotone(false));
  EXPECT_FALSE(Format::parse("hif8")->isMonotone(true) || Format::parse("hif8")->isMonotone(false));
  EXPECT_FALSE(Format::parse("fp4.bnb")->isMonotone(false));
  // nf4 is asymmetric; e4m3fnuz has no -0; the lowest integer has no partner; NaN is its own.
  EXPECT_FALSE(Format::parse("nf4")->negate(8));
  EXPECT_EQ(15u, Format::parse("nf4")->negate(0));
  EXPECT_EQ(0u, Format::parse("e4m3fnuz")->negate(0));
  EXPECT_EQ(0x80u, Format::parse("e4m3")->negate(0));
  EXPECT_FALSE(Format::parse("int8")->negate(0x80));
  EXPECT_EQ(0xEFu, Format::parse("hif8")->negate(0x6F));
  EXPECT_EQ(0x80u, Format::parse("posit8")->negate(0x80));
  EXPECT_EQ(3u, Format::parse("bipolar2")->negate(0));
}

TEST(FamiliesTest, LogarithmsRoundToTheNearestDouble) {
  const Format &lns = *Format::parse("lns8");
  EXPECT_EQ(std::sqrt(2.0), lns.decodeToDouble(4));
  EXPECT_EQ(2.0, lns.decodeToDouble(8));
  EXPECT_TRUE(lns.decode(8).isDyadic());
  EXPECT_FALSE(lns.decode(4).isDyadic());
  EXPECT_FALSE(lns.isDyadic());
  EXPECT_TRUE(Format::parse("lns8<f=0>")->isDyadic());
}

TEST(ComplexUnitTest, NearestAxisWithHalfOpenSectors) {
  for (int degrees = 0; degrees < 360; degrees += 5) {
    if (degrees % 90 == 45)
      continue;
    double angle = degrees * M_PI / 180;
    Complex w{static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
    EXPECT_EQ((degrees + 45) / 90 % 4, encodeUnit(w)) << degrees;
  }
  EXPECT_EQ(0, encodeUnit({2, -2}));
  EXPECT_EQ(1, encodeUnit({2, 2}));
  EXPECT_EQ(2, encodeUnit({-2, 2}));
  EXPECT_EQ(3, encodeUnit({-2, -2}));
  EXPECT_EQ(0, encodeUnit({0, 0}));
  EXPECT_EQ(0, encodeUnit({NAN, 1}));
}

TEST(ComplexUnitTest, Multiplies) {
  const Complex x{3, 5};
  EXPECT_EQ((Complex{-5, 3}), multiplyUnit(x, 1));
  EXPECT_EQ((Complex{-3, -5}), multiplyUnit(x, 2));
  EXPECT_EQ((Complex{5, -3}), multiplyUnit(x, 3));
  for (ComplexUnit a = 0; a < 4; ++a)
    for (ComplexUnit b = 0; b < 4; ++b)
      EXPECT_EQ(multiplyUnit(multiplyUnit(x, a), b), multiplyUnit(x, multiplyUnits(a, b)));
}

TEST(ComplexUnitTest, EachAxisHasItsScale) {
  const Complex weights[] = {{4, 1}, {-2, 0}, {0.5f, 3}};
  UnitScales scales = unitScales(weights);
  EXPECT_EQ(3.0f, scales.real);
  EXPECT_EQ(3.0f, scales.imaginary);
}

} // namespace
