// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exact values as text, ranges of codes, tables.
#include "lib/Driver/FormatText.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

using namespace lpc;
using namespace lpc::driver;
using num::Exact;

namespace {

/// What the C library prints with all digits, without the zeros at the end.
std::string libraryText(double x) {
  char text[2000];
  std::snprintf(text, sizeof text, "%.1100f", x);
  std::string s = text;
  s.erase(s.find_last_not_of('0') + 1);
  if (s.back() == '.')
    s.pop_back();
  return s;
}

/// The value of "-3*2^-12", "2^7" or a decimal number.
double readBack(const std::string &text) {
  size_t power = text.find("2^");
  if (power == std::string::npos)
    return std::strtod(text.c_str(), nullptr);
  double exponent = std::strtod(text.c_str() + power + 2, nullptr);
  std::string factor = text.substr(0, power);
  double f = factor.empty() ? 1 : factor == "-" ? -1 : std::strtod(factor.c_str(), nullptr);
  return std::ldexp(f, static_cast<int>(exponent));
}

TEST(FormatTextTest, ExactTextIsTheWholeDecimalNumber) {
  for (double x : {1.0, -1.0, 0.5, 448.0, -0.0009765625, 3.0e30, 0.1, 123456789.125, 0x1p-40}) {
    EXPECT_EQ(libraryText(x), exactText(Exact::fromDouble(x), 2000)) << x;
    std::string shortText = exactText(Exact::fromDouble(x), 9);
    EXPECT_EQ(x, readBack(shortText)) << shortText;
  }
}

TEST(FormatTextTest, LongNumbersBecomePowersOfTwo) {
  EXPECT_EQ("2^-9", exactText(Exact::finite(1, -9), 9));
  EXPECT_EQ("0.001953125", exactText(Exact::finite(1, -9), 11));
  EXPECT_EQ("-3*2^-12", exactText(Exact::finite(-3, -12), 9));
  EXPECT_EQ("255*2^120", exactText(Exact::finite(255, 120)));
  EXPECT_EQ("2^127", exactText(Exact::finite(1, 127)));
}

TEST(FormatTextTest, SpecialValuesAreWords) {
  EXPECT_EQ("0", exactText(Exact()));
  EXPECT_EQ("-0", exactText(Exact::negZero()));
  EXPECT_EQ("inf", exactText(Exact::inf(false)));
  EXPECT_EQ("-inf", exactText(Exact::inf(true)));
  EXPECT_EQ("NaN", exactText(Exact::nan()));
  EXPECT_EQ("2^(3/8)", exactText(Exact::power(false, 3, 3)));
  EXPECT_EQ("-2^(-5/4)", exactText(Exact::power(true, -5, 2)));
}

TEST(FormatTextTest, CodesTakeTheDigitsOfTheirWidth) {
  EXPECT_EQ("1F", codeText(*num::Format::parse("e3m2"), 0x1f));
  EXPECT_EQ("F", codeText(*num::Format::parse("int4"), 15));
  EXPECT_EQ("7BFF", codeText(*num::Format::parse("fp16"), 0x7bff));
  EXPECT_EQ("0101", binaryText(5, 4));
}

TEST(FormatTextTest, RangesOfCodes) {
  const num::Format &f = *num::Format::parse("int8");
  EXPECT_EQ("no", codeRanges(f, {}));
  EXPECT_EQ("7F", codeRanges(f, {0x7f}));
  EXPECT_EQ("01 02 FF", codeRanges(f, {1, 2, 255}));
  EXPECT_EQ("7D..7F FD..FF", codeRanges(f, {0x7d, 0x7e, 0x7f, 0xfd, 0xfe, 0xff}));
}

TEST(FormatTextTest, TablesAlignAndTurnIntoMarkdown) {
  TextTable table{{"format", "bits"}, {{"int4", "4"}, {"e4m3fnuz", "8"}}};
  EXPECT_EQ("  format    bits\n  int4      4\n  e4m3fnuz  8\n", table.text("  "));
  EXPECT_EQ("| format | bits |\n|---|---|\n| `int4` | 4 |\n| `e4m3fnuz` | 8 |\n", table.markdown());
}

} // namespace
