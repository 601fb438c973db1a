// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scale rules at the points where published implementations are known to differ, and the layouts of
// gguf blocks and ternary bytes.
#include "lpc/Numerics/ScaleRules.h"
#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Numerics/GgufBlocks.h"
#include "lpc/Numerics/PackTernary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace lpc::num;

namespace {

using Codes = std::vector<uint16_t>;

const Format &format(const char *name) { return *Format::parse(name); }

BlockQuantized row(const char *text, const std::vector<float> &x) {
  BlockQuantized q;
  std::string error;
  const int64_t shape[] = {1, static_cast<int64_t>(x.size())};
  std::optional<FormatSpec> spec = FormatSpec::parse(text, &error);
  EXPECT_TRUE(spec) << error;
  if (spec)
    EXPECT_TRUE(quantizeBlocks(*spec, x, shape, rowRoles(2), q, error)) << error;
  return q;
}

// The largest value from which the next one is as near, in its binade, as anywhere.
TEST(ScaleRules, TargetOfTaperedFormats) {
  for (const char *name :
       {"hif8", "posit8", "posit8<es=0>", "posit8<es=1>", "posit16", "posit12<es=3>"}) {
    const Format &f = format(name);
    const std::vector<uint32_t> &codes = f.codesByValue();
    auto step = [&](size_t i) {
      double v = f.table()[codes[i]], next = f.table()[codes[i + 1]];
      return v > 0 ? std::ldexp(next - v, -std::ilogb(v)) : 1e300;
    };
    double least = 1e300, target = 0;
    for (size_t i = 0; i + 1 < codes.size(); ++i)
      least = std::min(least, step(i));
    for (size_t i = 0; i + 1 < codes.size(); ++i)
      if (step(i) == least)
        target = f.table()[codes[i]];
    EXPECT_EQ(scaleTarget(f), target) << name;
    EXPECT_EQ(chooseScale(-static_cast<float>(target), 0, f, false).scale, 1) << name;
  }
  EXPECT_EQ(scaleTarget(format("e4m3")), 448);
  EXPECT_EQ(scaleTarget(format("int4")), 7);
}

// The encode scale of zeros is the largest float; over a largest value below 1 it must not become
// infinite.
TEST(ScaleRules, NvOfZerosInFormatsBelowOne) {
  for (const char *element : {"fix8", "fix4", "ufix8", "e0m3"})
    for (const char *structure : {"/g4:e4m3/tensor@nv", "/g4:e4m3/tensor@nv_divide"}) {
      const std::string text = std::string(element) + structure;
      BlockQuantized q = row(text.c_str(), std::vector<float>(8, 0.0f));
      std::vector<float> back(8, 1.0f);
      dequantizeBlocks(q, rowRoles(2), back);
      EXPECT_EQ(back, std::vector<float>(8, 0.0f)) << text;
    }
}

// A range too small for fp16 scales has the least one.
TEST(ScaleRules, RealZeroPointOfScaleThatUnderflows) {
  BlockQuantized q = row("uint8/g4:fp16/asym:float", {1, 1 + 0x1p-20f, 1, 1, -3e-9f, 4e-9f, 0, 0});
  std::vector<float> back(8);
  dequantizeBlocks(q, rowRoles(2), back);
  EXPECT_EQ(std::vector<float>(back.begin(), back.begin() + 4),
            (std::vector<float>{1, 1 + 0x1p-20f, 1, 1}));
  for (size_t i = 4; i < 8; ++i)
    EXPECT_NEAR(back[i], 0, 1e-8f);
  EXPECT_EQ(q.scales[0].values, (std::vector<float>{0x1p-24f, 0x1p-24f}));
}

// A scale that its format cannot hold is the least one there is: no 0 / 0, and never more wrong
// than zeros.
TEST(ScaleRules, TinyBlocksInNarrowScales) {
  for (const char *text :
       {"e4m3/g4:fp16", "int8/g4:fp16", "uint8/g4:fp16/asym", "int4/g4:fp16/posneg",
        "int8/g4:fp16@mse", "int8/g4:e4m3@rceil", "int4/g4:ue4m3@absmax", "int8/g4:fp16@reciprocal",
        "int8/g4@reciprocal", "int4/g4@signed_max", "q4_k", "q6_k"})
    for (float a : {1e-45f, 1e-41f, 2e-38f, 1e-20f, 1e-9f, 1e-8f, 1e-6f, 1e-5f, 1e-3f}) {
      const std::vector<float> x{a, -a, a / 2, 0};
      BlockQuantized q = row(text, x);
      std::vector<float> back(4);
      dequantizeBlocks(q, rowRoles(2), back);
      double error = 0, size = 0;
      for (size_t i = 0; i < 4; ++i) {
        error += std::pow(static_cast<double>(back[i] - x[i]), 2);
        size += std::pow(static_cast<double>(x[i]), 2);
      }
      EXPECT_LE(error, size * (1 + 1e-6)) << text << ' ' << a; // false for NaN
    }
  BlockQuantized q = row("e4m3/g4:fp16", {1e-7f, 0, 0, 0});
  EXPECT_EQ(q.scales[0].values[0], 0x1p-24f);
  EXPECT_NE(q.codes[0], 0);
}

// A largest value below 1 asks for scales above the data, which may be the largest float.
TEST(ScaleRules, LargestFloatsInFormatsBelowOne) {
  constexpr float most = std::numeric_limits<float>::max();
  const Format &fix8 = format("fix8");
  EXPECT_EQ(chooseScale(-most, most, fix8, false).scale, most);
  EXPECT_TRUE(std::isinf(chooseScale(0, INFINITY, fix8, false).scale));
  EXPECT_EQ(rangeScale(0, most, format("ufix8")), most);
  for (Rule rule :
       {Rule::Floor, Rule::Ceil, Rule::Even, Rule::RCeil, Rule::Log2, Rule::Raise, Rule::Pow2})
    for (float a : {most, INFINITY})
      EXPECT_EQ(blockExponent(rule, a, fix8), 127) << static_cast<int>(rule) << ' ' << a;
  EXPECT_EQ(blockExponent(Rule::Ceil, most, format("fix8<f=6>")), 127);
  EXPECT_EQ(nvOuter(most, 1, format("fix8<f=20>")).decode, most);
  for (const char *text :
       {"fix8/g4", "fix8/g4:e8m0", "fix8/g4:e8m0@ceil", "fix8/g4:e8m0@rceil", "fix8/g4:e8m0@log2",
        "fix8/g4:e8m0@mse", "fix8/g4:bf16", "fix8/g4@reciprocal", "fix8/g4/posneg", "ufix8/g4"}) {
    BlockQuantized q = row(text, {most, most / 2, -most / 4, 0});
    std::vector<float> back(4);
    dequantizeBlocks(q, rowRoles(2), back);
    for (float y : back)
      EXPECT_TRUE(std::isfinite(y)) << text << ' ' << y;
    EXPECT_NEAR(back[1] / most, 0.5, 0.02) << text;
  }
}

// 2^0 and 2^2 alone can be stored: one more bit than needed is dropped, or as many as there are.
TEST(ScaleRules, RazorShiftsByWhatItStores) {
  BlockQuantized q = row("int4.narrow/g2:table<1,4>/tensor@razor", {127, 0, 14, 2, 7, -7});
  EXPECT_EQ(q.scales[0].values, (std::vector<float>{4, 4, 1}));
  EXPECT_EQ(q.codes, (Codes{7, 0, 4, 1, 7, 9}));
}

// Tiny data and formats with a huge largest value keep a scale of their own.
TEST(ScaleRules, SmallQuotientsAreScales) {
  EXPECT_EQ(chooseScale(-254e-38f, 0, format("int8"), false).scale, 254e-38f / 127);
  EXPECT_EQ(chooseScale(0, 510e-38f, format("uint8"), true).scale, 510e-38f / 255);
  EXPECT_EQ(chooseScale(0, 1e-40f, format("int8"), false).scale, 0x1p-126f);
  EXPECT_EQ(chooseScale(0, 0, format("int8"), false).scale, 1);
  for (const char *text : {"denseshift8", "uint8/asym", "uint8/asym:float", "e4m3"}) {
    const float x = std::string(text) == "denseshift8" ? 0.125f : 255e-37f;
    BlockQuantized q = row(text, {x, 0});
    std::vector<float> back(2);
    dequantizeBlocks(q, rowRoles(2), back);
    EXPECT_NEAR(back[0] / x, 1, 0.01) << text;
  }
}

TEST(ScaleRules, PowersOfTwo) {
  const Format &e2m1 = format("e2m1"), &e4m3 = format("e4m3");
  struct Row {
    const Format &element;
    float a;
    int floor, ceil, even, rceil;
  };
  const Row rows[] = {{e2m1, 3, -1, 0, -1, -1},
                      {e2m1, 4, 0, 0, 0, 0},
                      {e2m1, 6, 0, 1, 0, 0},
                      {e2m1, 6.5, 0, 1, 0, 1},
                      {e2m1, 7, 0, 1, 1, 1},
                      {e2m1, 8, 1, 1, 1, 1},
                      {e4m3, 448, 0, 1, 0, 0},
                      {e4m3, 449, 0, 1, 0, 1},
                      {e4m3, 480, 0, 1, 0, 1},
                      {e4m3, 500, 0, 1, 1, 1},
                      {e4m3, 512, 1, 1, 1, 1},
                      {e2m1, 7.9999995f, 0, 1, 1, 1},
                      {e2m1, INFINITY, 126, 126, 126, 127},
                      {e2m1, 0, -127, -127, -127, -127}};
  for (const Row &r : rows) {
    EXPECT_EQ(blockExponent(Rule::Floor, r.a, r.element), r.floor) << r.a;
    EXPECT_EQ(blockExponent(Rule::Ceil, r.a, r.element), r.ceil) << r.a;
    EXPECT_EQ(blockExponent(Rule::Even, r.a, r.element), r.even) << r.a;
    EXPECT_EQ(blockExponent(Rule::RCeil, r.a, r.element), r.rceil) << r.a;
  }
  for (Rule rule :
       {Rule::Floor, Rule::Ceil, Rule::Even, Rule::RCeil, Rule::Log2, Rule::Raise, Rule::Pow2})
    EXPECT_EQ(blockExponent(rule, NAN, e2m1), 128);
  EXPECT_EQ(blockExponent(Rule::Log2, 6 * 1.4142135f, e2m1), 0);
  EXPECT_EQ(blockExponent(Rule::Log2, 6 * 1.4142137f, e2m1), 1);
  EXPECT_EQ(blockExponent(Rule::Pow2, 0, e4m3), -22); // 1e-4 / 448
  EXPECT_EQ(powerOfTwo(-127), 0x1p-127f);
  EXPECT_EQ(powerOfTwo(127), 0x1p127f);
  EXPECT_TRUE(std::isnan(powerOfTwo(128)));
}

TEST(ScaleRules, MxClipsAndNeverLosesATinyScale) {
  // FLOOR of 500: the element saturates, it is no NaN.
  BlockQuantized q = row("mxfp8", {500, 1});
  EXPECT_EQ(q.codes[0], 0x7e);
  // The inverse of the largest scale is a subnormal number.
  q = row("mxfp4@rceil", {6 * 0x1p127f / 8, 3.4e38f});
  EXPECT_NE(q.codes[0], 0);
  // A NaN makes the scale NaN; an infinity saturates.
  q = row("mxfp4", {1, NAN, 2});
  EXPECT_EQ(q.scales[0].codes[0], 0xff);
  q = row("mxfp4", {1, INFINITY});
  EXPECT_EQ(q.codes[1], 7);
}

TEST(ScaleRules, BfpClampsOrRaises) {
  // Four bits with the sign: 1.96 is 7.84 steps of 1/4.
  EXPECT_EQ(row("int4.narrow/g16:e8m0", {1.96f, -0.25f}).codes, (Codes{7, 15}));
  BlockQuantized q = row("int4.narrow/g16:e8m0@raise", {1.96f, -0.25f});
  EXPECT_EQ(q.scales[0].values[0], 0.5f);
  EXPECT_EQ(q.codes[0], 4);
}

TEST(ScaleRules, NvExamples) {
  BlockQuantized q = row("nvfp4", {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(q.scales[0].codes[0], 0x7e);
  EXPECT_EQ(q.codes, (Codes{2, 4, 5, 6, 6, 7})); // 5 is a tie
  std::vector<float> x(32, 0.0f);
  x[0] = 6;
  x[16] = 1e-7f;
  x[17] = -2e-7f;
  q = row("nvfp4", x);
  EXPECT_EQ(q.scales[0].codes[1], 0); // the scale underflows, the codes do not
  EXPECT_EQ(q.codes[16], 7);
  EXPECT_EQ(q.codes[17], 0xf);
  x[16] = 0.1f, x[17] = 0.2f, x[18] = -0.3f, x[19] = 0.35f;
  q = row("nvfp4", x);
  EXPECT_EQ(q.scales[0].codes[1], 0x5d);
  EXPECT_EQ(Codes(q.codes.begin() + 16, q.codes.begin() + 20), (Codes{3, 5, 0xf, 7}));
  q = row("nvfp4", {0, 0});
  EXPECT_EQ(q.codes, (Codes{0, 0}));
  EXPECT_EQ(q.scales[0].codes[0], 0);
}

TEST(ScaleRules, SignedMax) {
  std::vector<float> x(32, 0.0f);
  BlockQuantized q = row("q4_0", x);
  EXPECT_EQ(q.scales[0].codes[0], 0x8000);
  EXPECT_EQ(q.codes[0], 0);
  x[5] = 8;
  x[6] = -7;
  q = row("q4_0", x);
  EXPECT_EQ(q.scales[0].values[0], -1);
  EXPECT_EQ(q.codes[5], 8); // -8, with a negative scale
  EXPECT_EQ(q.codes[6], 7);
}

TEST(ScaleRules, ZeroPointsOutsideOfZero) {
  // The range 4..7 is widened to contain 0 with an integer zero point, and is not with a real one.
  std::vector<float> x{4, 5, 6, 7};
  EXPECT_EQ(row("uint2/g4/asym", x).codes, (Codes{2, 2, 3, 3}));
  EXPECT_EQ(row("uint2/g4/asym:float", x).codes, (Codes{0, 1, 2, 3}));
  BlockQuantized q = row("uint2/g4/offset", x);
  EXPECT_EQ(q.codes, (Codes{0, 1, 2, 3}));
  EXPECT_EQ(q.offsets[0].values[0], 4);
}

TEST(ScaleRules, DynamicFixedPointClipsFew) {
  std::vector<float> x(20000);
  std::mt19937 rng(1);
  std::uniform_real_distribution<float> d(-1, 1);
  for (float &v : x)
    v = d(rng);
  x[7] = 100;
  BlockQuantized q = row("dfp8", x);
  EXPECT_EQ(q.scales[0].values[0], 1.0f / 64); // 127/128 < 1 would clip too many
  x.resize(500);
  EXPECT_EQ(row("dfp8", x).scales[0].values[0], 1); // one of 500 is too many
}

TEST(LearnedTables, FindClusters) {
  std::vector<float> x;
  for (int i = 0; i < 40; ++i)
    for (float centre : {-3.0f, -1.0f, 0.25f, 9.0f})
      x.push_back(centre);
  BlockQuantized q = row("uint2/table", x);
  EXPECT_EQ(q.table.values, (std::vector<float>{-3, -1, 0.25f, 9}));
  EXPECT_EQ(Codes(q.codes.begin(), q.codes.begin() + 4), (Codes{0, 1, 2, 3}));
  // Fewer values than entries: each value has an entry, and equal entries take the lowest code.
  q = row("uint4/table", {1, 2, 1, 2});
  EXPECT_EQ(q.table.values[q.codes[0]], 1);
  EXPECT_EQ(q.table.values[q.codes[1]], 2);
}

TEST(PackTernary, BytesAndPlanes) {
  const Codes example{2, 1, 0, 2, 1}; // 1 0 -1 1 0
  uint8_t byte;
  packTrits(example, TritByte::Multiply, {&byte, 1});
  EXPECT_EQ(byte, 207);
  packTrits(example, TritByte::Plain, {&byte, 1});
  EXPECT_EQ(byte, 196);
  for (TritByte kind : {TritByte::Plain, TritByte::Multiply})
    for (unsigned q = 0; q < 243; ++q) {
      Codes codes{uint16_t(q / 81), uint16_t(q / 27 % 3), uint16_t(q / 9 % 3), uint16_t(q / 3 % 3),
                  uint16_t(q % 3)};
      packTrits(codes, kind, {&byte, 1});
      Codes back(5);
      unpackTrits({&byte, 1}, kind, back);
      ASSERT_EQ(codes, back);
    }
  for (unsigned b = 0; b < 256; ++b) {
    byte = static_cast<uint8_t>(b);
    for (TritByte kind : {TritByte::Plain, TritByte::Multiply}) {
      Codes back(5);
      unpackTrits({&byte, 1}, kind, back);
      for (uint16_t c : back)
        ASSERT_LE(c, 2);
    }
  }
  std::mt19937 rng(2);
  Codes codes(77), back(77);
  for (uint16_t &c : codes)
    c = rng() % 3;
  std::vector<uint8_t> bytes(tritBytes(77)), nonzero(10), negative(10);
  packTrits(codes, TritByte::Plain, bytes);
  unpackTrits(bytes, TritByte::Plain, back);
  EXPECT_EQ(codes, back);
  packTernaryPlanes(codes, nonzero, negative);
  EXPECT_EQ(nonzero[9] >> 5, 0);
  std::fill(back.begin(), back.end(), uint16_t(7));
  unpackTernaryPlanes(nonzero, negative, back);
  EXPECT_EQ(codes, back);
}

TEST(GgufBlocks, EveryByteComesBack) {
  std::mt19937 rng(3);
  for (const GgufType &type : ggufTypes()) {
    std::vector<uint8_t> bytes(6 * type.bytes), back;
    for (uint8_t &b : bytes)
      b = static_cast<uint8_t>(rng());
    // Of ternary bytes only those that an encoder makes.
    if (type.name == "tq1_0")
      for (size_t i = 0; i < bytes.size(); ++i)
        if (size_t at = i % type.bytes; at < 52)
          bytes[i] = static_cast<uint8_t>(
              ((at < 48 ? bytes[i] % 243 : bytes[i] % 81 * 3) * 256 + 242) / 243);
    const int64_t shape[] = {3, static_cast<int64_t>(2 * type.elements)};
    BlockQuantized q;
    std::string error;
    ASSERT_TRUE(unpackGguf(type, bytes, shape, q, error)) << error;
    ASSERT_TRUE(packGguf(type, q, back, error)) << error;
    EXPECT_EQ(bytes, back) << type.name;
  }
}

TEST(GgufBlocks, Refusals) {
  const GgufType &type = *findGgufType("q4_0");
  std::vector<uint8_t> bytes;
  std::string error;
  EXPECT_FALSE(packGguf(type, row("int4/g32", std::vector<float>(64)), bytes, error));
  EXPECT_EQ(error, "a tensor in 'int4/g32' does not fit blocks of q4_0");
  EXPECT_FALSE(packGguf(type, row("q4_0", std::vector<float>(40)), bytes, error));
  EXPECT_EQ(error, "rows of q4_0 are whole blocks of 32 elements, not of 40 elements");
  BlockQuantized q;
  const int64_t shape[] = {64};
  EXPECT_FALSE(unpackGguf(type, bytes, shape, q, error));
  EXPECT_EQ(error, "expected 36 bytes of q4_0, but got 0");
  EXPECT_EQ(findGgufType("q5_0"), nullptr);
}

} // namespace
