// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Published spot values: the cases that implementations are known to get wrong.
#include "lpc/Numerics/Format.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

using namespace lpc::num;

namespace {

constexpr Rounding even = Rounding::NearestEven, away = Rounding::NearestAway;

uint32_t code(const char *name, double x, Overflow overflow = Overflow::Saturate,
              Rounding rounding = even) {
  return Format::parse(name)->encode(x, {rounding, overflow, NaNPolicy::Zero, 8});
}
uint32_t unsaturated(const char *name, double x, Rounding rounding = even) {
  return code(name, x, Overflow::Infinity, rounding);
}

TEST(MustPassTest, E4M3) {
  EXPECT_EQ(0x7Eu, unsaturated("e4m3", 464));
  EXPECT_EQ(0x7Fu, unsaturated("e4m3", std::nextafter(464, 1e9)));
  EXPECT_EQ(0x7Eu, code("e4m3", std::nextafter(464, 1e9)));
  EXPECT_EQ(0xFFu, unsaturated("e4m3", -480));
  EXPECT_EQ(0x7Fu, unsaturated("e4m3", 464, away));
  EXPECT_EQ(0x7Eu, unsaturated("e4m3", 500, Rounding::TowardZero));
  EXPECT_EQ(0x7Eu, unsaturated("e4m3", 1e9, Rounding::TowardZero));
  EXPECT_EQ(0xFEu, unsaturated("e4m3", -1e9, Rounding::Up));
  EXPECT_EQ(0x7Fu, unsaturated("e4m3", 464, Rounding::Up));
  EXPECT_EQ(0x00u, code("e4m3", 0x1p-10));
  EXPECT_EQ(0x01u, code("e4m3", 1.5 * 0x1p-10));
  EXPECT_EQ(0x78u, code("e4m3", 248));
  EXPECT_EQ(0x77u, code("e4m3", 247.9));
  EXPECT_EQ(0x6Cu, code("e4m3", 100));
  EXPECT_EQ(0xFFu, unsaturated("e4m3", -HUGE_VAL));
  EXPECT_EQ(0xFEu, code("e4m3", -HUGE_VAL));
  EXPECT_EQ(0x80u, code("e4m3", -0.0));
  // Rounding twice, through fp16, would give 38.
  EXPECT_EQ(0x39u, code("e4m3", 1.0626220703125));
}

TEST(MustPassTest, E5M2) {
  EXPECT_EQ(0x7Bu, unsaturated("e5m2", 61439));
  EXPECT_EQ(0x7Cu, unsaturated("e5m2", 61440));
  EXPECT_EQ(0x7Bu, code("e5m2", 61440));
}

TEST(MustPassTest, FNUZ) {
  EXPECT_EQ(0x00u, code("e4m3fnuz", -0.0));
  EXPECT_EQ(0x80u, unsaturated("e4m3fnuz", 248));
  EXPECT_EQ(0x80u, unsaturated("e4m3fnuz", -248));
  EXPECT_EQ(0x7Fu, unsaturated("e4m3fnuz", 247.9));
  EXPECT_EQ(0xC0u, code("e4m3fnuz", -1));
  EXPECT_EQ(0x80u, code("e4m3fnuz", -std::nan("")));
  EXPECT_EQ(0x80u, unsaturated("e5m2fnuz", 61440));
  EXPECT_EQ(0x80u, unsaturated("e4m3b11fnuz", 31));
}

TEST(MustPassTest, OtherOverflows) {
  EXPECT_EQ(0x78u, unsaturated("e4m3.ieee", 248));
  EXPECT_EQ(0x70u, unsaturated("e3m4", 15.75));
  EXPECT_EQ(0x1Fu, unsaturated("e3m2", 1000));
  EXPECT_EQ(0x3Fu, unsaturated("e2m3", -HUGE_VAL));
}

TEST(MustPassTest, TiesOfE2M1) {
  struct Row {
    double x;
    uint32_t rne, rna, tz, up, down;
  };
  const Row rows[] = {
      {0.25, 0, 1, 0, 1, 0}, {0.2500001, 1, 1, 0, 1, 0}, {0.75, 2, 2, 1, 2, 1},
      {1.25, 2, 3, 2, 3, 2}, {1.75, 4, 4, 3, 4, 3},      {2.5, 4, 5, 4, 5, 4},
      {3.5, 6, 6, 5, 6, 5},  {5.0, 6, 7, 6, 7, 6},       {5.01, 7, 7, 6, 7, 6},
      {7.0, 7, 7, 7, 7, 7},  {-0.1, 8, 8, 8, 8, 9},
  };
  for (const Row &row : rows) {
    EXPECT_EQ(row.rne, code("e2m1", row.x)) << row.x;
    EXPECT_EQ(row.rna, code("e2m1", row.x, Overflow::Saturate, away)) << row.x;
    EXPECT_EQ(row.tz, code("e2m1", row.x, Overflow::Saturate, Rounding::TowardZero)) << row.x;
    EXPECT_EQ(row.up, code("e2m1", row.x, Overflow::Saturate, Rounding::Up)) << row.x;
    EXPECT_EQ(row.down, code("e2m1", row.x, Overflow::Saturate, Rounding::Down)) << row.x;
  }
  EXPECT_EQ(7u, code("e2m1", HUGE_VAL));
}

TEST(MustPassTest, E8M0) {
  const Format &e8m0 = *Format::parse("e8m0");
  for (int k = -127; k <= 127; ++k) {
    EXPECT_EQ(uint32_t(k + 127), code("e8m0", std::ldexp(1.0, k)));
    EXPECT_EQ(std::ldexp(1.0, k), e8m0.decodeToDouble(uint32_t(k + 127)));
  }
  float nan = static_cast<float>(e8m0.decodeToDouble(0xFF));
  EXPECT_TRUE(std::isnan(nan));
  EXPECT_FALSE(e8m0.zeroCode());
  for (double x : {0.0, -0.0, -1.0, -HUGE_VAL, 0x1p-128, 0x1p-200}) {
    EXPECT_EQ(0x00u, code("e8m0", x)) << x;
    EXPECT_EQ(x > 0 ? 0x00u : 0xFFu, unsaturated("e8m0", x)) << x;
  }
  // Ties go by the parity of the code, not of the significand.
  EXPECT_EQ(0x80u, code("e8m0", 1.5));
  EXPECT_EQ(0x80u, code("e8m0", 3.0));
  EXPECT_EQ(0x7Eu, code("e8m0", 0.75));
  EXPECT_EQ(0x82u, code("e8m0", 6.0));
  EXPECT_EQ(0xFEu, unsaturated("e8m0", 1.5 * 0x1p127));
  EXPECT_EQ(0xFFu, unsaturated("e8m0", 0x1p128));
  EXPECT_EQ(0x00u, code("e8m0", 1.5 * 0x1p-127));
  EXPECT_EQ(0x81u, code("e8m0", 3.0, Overflow::Saturate, Rounding::Up));
  EXPECT_EQ(0x80u, code("e8m0", 3.0, Overflow::Saturate, Rounding::Down));
}

TEST(MustPassTest, SixteenBits) {
  EXPECT_EQ(0x7FC0u, code("bf16", std::bit_cast<float>(0x7F800001u)));
  EXPECT_EQ(0x7FC0u, code("bf16", std::bit_cast<float>(0x7FFFFFFFu)));
  EXPECT_EQ(0x7BFFu, unsaturated("fp16", 65519.99));
  EXPECT_EQ(0x7C00u, unsaturated("fp16", 65520));
}

TEST(MustPassTest, UnsignedMinifloats) {
  EXPECT_EQ(0x00u, code("ue4m3", -1));
  EXPECT_EQ(0x7Fu, unsaturated("ue4m3", -1));
  EXPECT_EQ(0x00u, unsaturated("ue4m3", -0x1p-20)); // rounds to zero first
  EXPECT_EQ(0x00u, unsaturated("ue4m3", -0.0));
  EXPECT_EQ(0x7Fu, unsaturated("ue4m3", -0x1p-20, Rounding::Down));
  EXPECT_EQ(0x00u, unsaturated("ue5m3<specials=finite>", -1));
  EXPECT_EQ(0xFEu, code("ue5m3", 1e9));
  EXPECT_EQ(0xFFu, unsaturated("ue5m3", 1e9));
}

TEST(MustPassTest, Integers) {
  EXPECT_EQ(2u, code("int8", 2.5));
  EXPECT_EQ(3u, code("int8", 2.5, Overflow::Saturate, away));
  EXPECT_EQ(3u, code("int8", 2.5, Overflow::Saturate, Rounding::NearestUp));
  EXPECT_EQ(2u, code("int8", 2.5, Overflow::Saturate, Rounding::NearestDown));
  EXPECT_EQ(0xFEu, code("int8", -2.5, Overflow::Saturate, Rounding::NearestUp));
  EXPECT_EQ(0xFDu, code("int8", -2.5, Overflow::Saturate, Rounding::NearestDown));
  // The zero point stands outside the rounding: round(0.5) + 1, not round(1.5).
  const IntegerFormat &int8 = *IntegerFormat::get(8, true);
  EXPECT_EQ(1u, int8.encodeAffine(0.5, 1, {}));
  EXPECT_EQ(2u, int8.encode(1.5, {}));
  EXPECT_EQ(0xF9u & 0xF, code("int4.narrow", -8));
  EXPECT_EQ(-7, IntegerFormat::get(4, true, true)->decodeInt(code("int4.narrow", -100)));
  EXPECT_EQ(0u, code("uint8", -3));
  EXPECT_EQ(255u, code("uint8", HUGE_VAL));
  EXPECT_EQ(0u, code("uint8", std::nan("")));
  EXPECT_EQ(0x80u, code("int8", 128, Overflow::Wrap));
  EXPECT_EQ(0x7Fu, code("int8", -129, Overflow::Wrap));
  EXPECT_EQ(0x01u, code("int8", 0x1p40 + 1, Overflow::Wrap));
  EXPECT_EQ(0xFFu, code("int8", -1 - 0x1p40, Overflow::Wrap));
  EXPECT_EQ(0x00u, code("int8", 0x1p900, Overflow::Wrap));
}

TEST(MustPassTest, NaNWithZeroPoint) {
  const IntegerFormat &uint8 = *IntegerFormat::get(8, false);
  double nan = std::nan("");
  EXPECT_EQ(128u, uint8.encodeAffine(nan, 128, {}));
  EXPECT_EQ(0u, uint8.encodeAffine(nan, 128, {even, Overflow::Saturate, NaNPolicy::Lowest}));
  EXPECT_EQ(255u, uint8.encodeAffine(nan, 128, {even, Overflow::Saturate, NaNPolicy::Max}));
}

} // namespace
