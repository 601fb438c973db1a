// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// BuiltinsTest.cpp: conversions to and from 16-bit floats and 128-bit division, against the
// compiler's own arithmetic.
#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>

#if defined(__x86_64__)

extern "C" {
float __extendhfsf2(_Float16);
_Float16 __truncsfhf2(float);
_Float16 __truncdfhf2(double);
__bf16 __truncsfbf2(float);
__bf16 __truncdfbf2(double);
__int128 __divti3(__int128, __int128);
__int128 __modti3(__int128, __int128);
float __powisf2(float, int);
}

namespace {

double decode(uint16_t bits, int fractionBits, int bias) {
  int exponent = (bits & 0x7fff) >> fractionBits, fraction = bits & ((1 << fractionBits) - 1);
  double value =
      exponent ? std::ldexp(double(fraction + (1 << fractionBits)), exponent - bias - fractionBits)
               : std::ldexp(double(fraction), 1 - bias - fractionBits);
  return bits & 0x8000 ? -value : value;
}

uint16_t halfBits(_Float16 x) { return std::bit_cast<uint16_t>(x); }
uint16_t bfloatBits(__bf16 x) {
  uint16_t bits;
  std::memcpy(&bits, &x, 2);
  return bits;
}

TEST(Builtins, every_half_round_trips) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float wide = __extendhfsf2(std::bit_cast<_Float16>(uint16_t(bits)));
    if ((bits & 0x7fff) > 0x7c00) {
      EXPECT_TRUE(std::isnan(wide));
      continue;
    }
    if ((bits & 0x7fff) < 0x7c00)
      ASSERT_EQ(wide, decode(uint16_t(bits), 10, 15));
    ASSERT_EQ(halfBits(__truncsfhf2(wide)), bits);
    ASSERT_EQ(halfBits(__truncdfhf2(wide)), bits);
  }
}

/// Midpoints and their neighbours between each pair of adjacent numbers: ties to even, everything
/// else to the nearer.
TEST(Builtins, rounds_to_nearest_even) {
  for (uint32_t bits = 0; bits + 1 < 0x7c00; ++bits) {
    double low = decode(uint16_t(bits), 10, 15), high = decode(uint16_t(bits + 1), 10, 15),
           middle = (low + high) / 2;
    ASSERT_EQ(halfBits(__truncdfhf2(middle)), bits & 1 ? bits + 1 : bits);
    ASSERT_EQ(halfBits(__truncdfhf2(std::nextafter(middle, low))), bits);
    ASSERT_EQ(halfBits(__truncdfhf2(-std::nextafter(middle, high))), 0x8000 | (bits + 1));
  }
  for (uint32_t bits = 0; bits + 1 < 0x7f80; ++bits) {
    double low = decode(uint16_t(bits), 7, 127), high = decode(uint16_t(bits + 1), 7, 127),
           middle = (low + high) / 2;
    ASSERT_EQ(bfloatBits(__truncdfbf2(middle)), bits & 1 ? bits + 1 : bits);
    ASSERT_EQ(bfloatBits(__truncsfbf2(float(middle))), bits & 1 ? bits + 1 : bits);
    ASSERT_EQ(bfloatBits(__truncdfbf2(std::nextafter(middle, high))), bits + 1);
  }
}

TEST(Builtins, handles_specials) {
  EXPECT_EQ(halfBits(__truncsfhf2(65519.996f)), 0x7bff);
  EXPECT_EQ(halfBits(__truncsfhf2(65520.0f)), 0x7c00);
  EXPECT_EQ(halfBits(__truncsfhf2(-HUGE_VALF)), 0xfc00);
  EXPECT_EQ(halfBits(__truncdfhf2(1e300)), 0x7c00);
  EXPECT_EQ(halfBits(__truncdfhf2(-1e-300)), 0x8000);
  EXPECT_EQ(halfBits(__truncdfhf2(5e-324)), 0);
  EXPECT_GT(halfBits(__truncsfhf2(std::nanf(""))) & 0x7fff, 0x7c00);
  EXPECT_GT(halfBits(__truncsfhf2(std::bit_cast<float>(0x7f800001u))) & 0x7fff, 0x7c00);
  EXPECT_EQ(bfloatBits(__truncsfbf2(3.4028235e38f)), 0x7f80);
  EXPECT_GT(bfloatBits(__truncsfbf2(std::nanf(""))) & 0x7fff, 0x7f80);
}

TEST(Builtins, divides_128_bits) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    __int128 a = __int128(random()) << 64 | random(), b = __int128(random()) << 64 | random();
    a >>= random() % 128;
    b >>= random() % 128;
    if (!b)
      continue;
    __int128 q = __divti3(a, b), r = __modti3(a, b);
    ASSERT_TRUE(q * b + r == a);
    __int128 ra = r < 0 ? -r : r, ba = b < 0 ? -b : b;
    ASSERT_TRUE(ra < ba && (r == 0 || (r < 0) == (a < 0)));
  }
  EXPECT_EQ(__powisf2(2.0f, -3), 0.125f);
  EXPECT_EQ(__powisf2(3.0f, 4), 81.0f);
}

} // namespace
#endif
