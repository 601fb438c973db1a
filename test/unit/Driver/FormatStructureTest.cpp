// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pages of scale structures: sizes, formulas, presets.
#include "lib/Driver/FormatStructure.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace lpc::driver;

namespace {

num::FormatSpec specOf(const std::string &text) { return *num::FormatSpec::parse(text); }

TEST(FormatStructureTest, BitsPerValue) {
  EXPECT_EQ(4.25, bitsPerValue(specOf("int4/g128")));
  EXPECT_EQ(4.5, bitsPerValue(specOf("nvfp4")));
  EXPECT_EQ(4.25, bitsPerValue(specOf("mxfp4")));
  EXPECT_EQ(4 + 32.0 / 128 + 4.0 / 128, bitsPerValue(specOf("uint4/g128/asym")));
  EXPECT_EQ(8 + 32.0 / (128 * 128), bitsPerValue(specOf("e4m3/128x128")));
  EXPECT_EQ(8, bitsPerValue(specOf("int8/channel")));
  // gguf's blocks: 18 bytes for 32, 144 and 210 bytes for 256 values.
  EXPECT_EQ(18 * 8 / 32.0, bitsPerValue(specOf("q4_0")));
  EXPECT_EQ(144 * 8 / 256.0, bitsPerValue(specOf("q4_k")));
  EXPECT_EQ(210 * 8 / 256.0, bitsPerValue(specOf("q6_k")));
}

TEST(FormatStructureTest, PagesSayWhoSharesAScale) {
  auto has = [](const std::string &spec, const std::string &words) {
    std::string page = structurePage(specOf(spec));
    EXPECT_NE(std::string::npos, page.find(words)) << words << " in\n" << page;
  };
  has("int4/g128", "f32 for 128 neighbours on the contracted axis");
  has("int4/g128", "4 + 32/128 = 4.25\n");
  has("int8/channel", "8 and 32 bits for each channel\n");
  has("int8/token", "8 and 32 bits for each token\n");
  has("nvfp4", "x = fl(v * s), s = fl(s0 * s1)\n");
  has("nvfp4", "scale s1        f32 for the whole tensor\n");
  has("e4m3/128x128", "a tile of 128 on the contracted axis and 128 channels");
  has("uint8/asym", "x = fl((v - z) * s)");
  has("any4", "x = fl(fl(table[row][code] * s) + m)");
}

TEST(FormatStructureTest, EachPresetHasARow) {
  EXPECT_EQ(num::presets().size(), presetTable().rows.size());
}

TEST(FormatStructureTest, EachRuleHasWords) {
  for (const num::Preset &preset : num::presets())
    EXPECT_FALSE(ruleText(specOf(std::string(preset.name))).empty()) << preset.name;
}

} // namespace
