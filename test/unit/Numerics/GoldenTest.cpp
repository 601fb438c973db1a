// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encodings that other software made, kept as files because it is not at hand everywhere.
#include "lpc/Numerics/Format.h"

#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <sstream>

using namespace lpc::num;

namespace {

class GoldenTest : public testing::TestWithParam<const char *> {};

TEST_P(GoldenTest, EncodesAsTheOtherSoftware) {
  std::ifstream file(std::string("test/unit/Numerics/Golden/") + GetParam() + ".txt");
  ASSERT_TRUE(file) << "run the test in the root of the checkout";
  size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#'))
      continue;
    std::istringstream words(line);
    std::string name;
    uint64_t bits = 0;
    uint32_t code = 0;
    ASSERT_TRUE(words >> name >> std::hex >> bits >> code) << line;
    const Format *format = Format::parse(name);
    ASSERT_TRUE(format) << name;
    Conversion policy{format->defaultRounding(), Overflow::Infinity, NaNPolicy::Zero};
    ASSERT_EQ(code, format->encode(std::bit_cast<double>(bits), policy)) << line;
    ++count;
  }
  EXPECT_GE(count, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenTest, testing::Values("hifloat8", "posits"));

} // namespace
