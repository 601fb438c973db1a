// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scales chosen from blocks: known exponents of the MX rules, the order of operations of two-level
// scales, special values.
#include "Helpers.h"

#include "lpc/Numerics/BlockQuantizer.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace lpc::ref;
using namespace lpc::ref::testing;

using V = std::vector<double>;
using I = std::vector<int64_t>;

static const num::Format &format(const char *name) { return *num::Format::parse(name); }
static DType code(const char *name) { return DType::code(&format(name)); }

/// One level, f32 data.
static BlockScales scales(const Tensor &x, const char *element, const ScaleBlock &block,
                          ScaleRule rule, DType type = DType::f32(),
                          std::optional<DType> zero = std::nullopt) {
  return *blockScale(x, {}, format(element), {&block, 1}, rule, {&type, 1}, zero);
}

TEST(BlockScale, AbsMaxPerRow) {
  BlockScales s =
      scales(f32({3, 2}, {1, -254, 0, 0, kNaN, 12.7f}), "int8", {1, 0}, ScaleRule::AbsMax);
  EXPECT_EQ(s.scales[0].shape(), (Shape{3, 1}));
  EXPECT_EQ(values(s.scales[0]), (V{2, 1, 12.7f / 127.0f}));
  EXPECT_FALSE(s.zeroPoint);
}

TEST(BlockScale, AbsMaxInANarrowFormat) {
  // 13 / 7 lies between 1.75 and 1.875; the nearest is 1.875. 1e9 saturates at 448.
  BlockScales s =
      scales(f32({1, 6}, {13, 1, 1e9f, 0, 0, 0}), "int4", {1, 2}, ScaleRule::AbsMax, code("e4m3"));
  EXPECT_EQ(s.scales[0].shape(), (Shape{1, 3}));
  EXPECT_EQ(values(s.scales[0]), (V{1.875, 448, 1}));
}

// The scales of weights and of activations are rounded alike: by ratio for lns, ties of hif8 away.
TEST(BlockScale, ScalesAreRoundedAsTheirFormatSays) {
  for (const char *name : {"lns6", "posit8", "hif8", "pot4", "e4m3"})
    for (float x = 0.3f; x < 40; x *= 1.01f) {
      num::BlockQuantized q;
      std::string error;
      const int64_t shape[] = {1, 1};
      std::optional<num::FormatSpec> spec =
          num::FormatSpec::parse(std::string("int8/tensor:") + name + "@absmax");
      ASSERT_TRUE(num::quantizeBlocks(*spec, {&x, 1}, shape, num::rowRoles(2), q, error));
      BlockScales s = scales(f32({1}, {x}), "int8", {0}, ScaleRule::AbsMax, code(name));
      EXPECT_EQ(s.scales[0].as<uint16_t>()[0], q.scales[0].codes[0]) << name << ' ' << x;
    }
}

TEST(BlockScale, AbsMaxOfTaperedFormats) {
  Tensor x = f32({2}, {-30, 1});
  EXPECT_EQ(values(scales(x, "posit8", {0}, ScaleRule::AbsMax).scales[0]), (V{2}));
  EXPECT_EQ(values(scales(x, "hif8", {0}, ScaleRule::AbsMax).scales[0]), (V{2}));
}

TEST(BlockScale, MinMaxIsDynamicQuantizeLinear) {
  BlockScales s = scales(f32({6}, {0, 2, -3, -2.5f, 1.34f, 0.5f}), "uint8", {0}, ScaleRule::MinMax,
                         DType::f32(), code("uint8"));
  EXPECT_EQ(s.scales[0].as<float>()[0], 5.0f / 255.0f);
  EXPECT_EQ(values(*s.zeroPoint), (V{153}));
  BlockScales zero =
      scales(f32({2}, {0, 0}), "uint8", {0}, ScaleRule::MinMax, DType::f32(), DType::i(32));
  EXPECT_EQ(values(zero.scales[0]), (V{1}));
  EXPECT_EQ(ints(*zero.zeroPoint), (I{0}));
}

TEST(BlockScale, MinMaxWithRealZeroPoint) {
  BlockScales s =
      scales(f32({3}, {-1, 0, 2}), "uint4", {0}, ScaleRule::MinMax, DType::f32(), DType::f32());
  float scale = 3.0f / 15.0f;
  EXPECT_EQ(s.scales[0].as<float>()[0], scale);
  EXPECT_EQ(s.zeroPoint->as<float>()[0], 0.0f - -1.0f / scale);
}

TEST(BlockScale, RealZeroPointOfScaleThatUnderflows) {
  BlockScales s = scales(f32({3}, {-1e-9f, 0, 2e-9f}), "uint8", {0}, ScaleRule::MinMax,
                         code("fp16"), DType::f32());
  EXPECT_EQ(values(s.scales[0]), (V{0x1p-24}));
  EXPECT_EQ(s.zeroPoint->as<float>()[0], 1e-9f * 0x1p24f);
}

TEST(BlockScale, ScalesBeyondTheirFormat) {
  Tensor tiny = f32({1}, {1e-12f}), large = f32({1}, {1e30f});
  for (DType type : {code("fp16"), DType::f16()}) {
    EXPECT_EQ(values(scales(tiny, "e4m3", {0}, ScaleRule::AbsMax, type).scales[0]), (V{0x1p-24}));
    EXPECT_EQ(values(scales(large, "e4m3", {0}, ScaleRule::AbsMax, type).scales[0]), (V{65504}));
  }
  EXPECT_EQ(values(scales(tiny, "int8", {0}, ScaleRule::RCeil, code("e4m3")).scales[0]),
            (V{0x1p-9}));
  // TransformerEngine's scales do underflow.
  EXPECT_EQ(values(scales(tiny, "e2m1", {0}, ScaleRule::NV, code("e4m3")).scales[0]), (V{0}));
}

TEST(BlockScale, LargestFloatsHaveFiniteScales) {
  const float most = std::numeric_limits<float>::max();
  Tensor x = f32({2}, {-most, most});
  EXPECT_EQ(values(scales(x, "fix8", {0}, ScaleRule::AbsMax).scales[0]), (V{most}));
  for (ScaleRule rule :
       {ScaleRule::Floor, ScaleRule::Ceil, ScaleRule::RCeil, ScaleRule::Log2, ScaleRule::Pow2})
    EXPECT_EQ(values(scales(x, "fix8", {0}, rule, code("e8m0")).scales[0]), (V{0x1p127}));
  BlockScales s = scales(x, "uint8", {0}, ScaleRule::MinMax, DType::f32(), code("uint8"));
  EXPECT_EQ(values(s.scales[0]), (V{most / 127.5f}));
  EXPECT_EQ(values(*s.zeroPoint), (V{128}));
}

// Exponents measured with another implementation of the four rules (guide, section 13).
TEST(BlockScale, MXExponents) {
  struct Case {
    const char *element;
    float a;
    int floor, ceil, even, rceil;
  };
  for (const Case &c :
       {Case{"e2m1", 3, -1, 0, -1, -1}, Case{"e2m1", 4, 0, 0, 0, 0}, Case{"e2m1", 6, 0, 1, 0, 0},
        Case{"e2m1", 6.5f, 0, 1, 0, 1}, Case{"e2m1", 7, 0, 1, 1, 1}, Case{"e2m1", 8, 1, 1, 1, 1},
        Case{"e4m3", 448, 0, 1, 0, 0}, Case{"e4m3", 449, 0, 1, 0, 1}, Case{"e4m3", 480, 0, 1, 0, 1},
        Case{"e4m3", 500, 0, 1, 1, 1}, Case{"e4m3", 512, 1, 1, 1, 1}}) {
    Tensor x = f32({2}, {-c.a, 0.25f});
    auto exponent = [&](ScaleRule rule) {
      return static_cast<int>(
                 scales(x, c.element, {0}, rule, code("e8m0")).scales[0].as<uint16_t>()[0]) -
             127;
    };
    EXPECT_EQ(exponent(ScaleRule::Floor), c.floor) << c.element << " " << c.a;
    EXPECT_EQ(exponent(ScaleRule::Ceil), c.ceil) << c.element << " " << c.a;
    EXPECT_EQ(exponent(ScaleRule::Even), c.even) << c.element << " " << c.a;
    EXPECT_EQ(exponent(ScaleRule::RCeil), c.rceil) << c.element << " " << c.a;
  }
}

TEST(BlockScale, MXSpecialBlocks) {
  // Zeros, NaN, infinity, the least and the largest numbers.
  Tensor x = f32({5, 2}, {0, -0.0f, kNaN, 1, 1, -kInf, 1e-45f, 0, 3e38f, 0});
  for (ScaleRule rule : {ScaleRule::Floor, ScaleRule::Ceil, ScaleRule::Even, ScaleRule::RCeil}) {
    BlockScales s = scales(x, "e2m1", {1, 0}, rule, code("e8m0"));
    const uint16_t *c = s.scales[0].as<uint16_t>();
    EXPECT_EQ((I{c[0], c[1], c[3]}), (I{0, 255, 0}));
    EXPECT_EQ(c[2], rule == ScaleRule::RCeil ? 254 : 253);
    // 3e38 is below 2^128, half a unit of e2m1 more is not; 3e38 / 6 is above 2^125.
    EXPECT_EQ(c[4], rule == ScaleRule::Floor ? 252 : 253);
    BlockScales f = scales(x, "e2m1", {1, 0}, rule);
    EXPECT_EQ(f.scales[0].as<float>()[0], 0x1p-127f);
    EXPECT_TRUE(std::isnan(f.scales[0].as<float>()[1]));
  }
}

TEST(BlockScale, OtherPowersOfTwo) {
  Tensor x = f32({4, 2}, {448, 0, 449, 0, 0, 0, 640, 1});
  EXPECT_EQ(values(scales(x, "e4m3", {1, 0}, ScaleRule::Pow2).scales[0]), (V{1, 2, 0x1p-22, 2}));
  // 640 / 448 = 1.43 is nearer to 2 than to 1 by ratio.
  EXPECT_EQ(values(scales(x, "e4m3", {1, 0}, ScaleRule::Log2).scales[0]), (V{1, 1, 0x1p-127, 2}));
  EXPECT_EQ(values(scales(x, "e4m3", {1, 0}, ScaleRule::Raise).scales[0]), (V{1, 1, 0x1p-127, 2}));
}

/// lp.block_scale with rule nv over a whole tensor, and lp.quantize with the reciprocal.
static std::pair<I, I> nvfp4(std::vector<float> block, float largest) {
  int64_t n = static_cast<int64_t>(block.size());
  // The tensor's largest magnitude stands in a block of its own.
  block.push_back(largest);
  block.resize(2 * n, 0);
  Tensor x = f32({1, 2 * n}, block);
  ScaleBlock levels[] = {{1, n}, {0, 0}};
  DType types[] = {code("e4m3"), DType::f32()};
  BlockScales s = *blockScale(x, {}, format("e2m1"), levels, ScaleRule::NV, types, std::nullopt);
  Scaling scaling;
  scaling.scales = s.scales;
  scaling.levels = levels;
  QuantizeOptions options;
  options.reciprocal = true;
  Tensor c = *quantize(x, scaling, format("e2m1"), options);
  I codes(c.as<uint16_t>(), c.as<uint16_t>() + n);
  return {{s.scales[0].as<uint16_t>()[0]}, codes};
}

// An encode scale of zeros over a largest value below 1.
TEST(BlockScale, NVOfZerosInAFormatBelowOne) {
  ScaleBlock levels[] = {{2}, {0}};
  DType types[] = {code("e4m3"), DType::f32()};
  BlockScales s =
      *blockScale(f32({4}, {0, 0, 0, 0}), {}, format("fix8"), levels, ScaleRule::NV, types, {});
  EXPECT_EQ(values(s.scales[0]), (V{0, 0}));
}

// The worked examples of guide section 14.1.
TEST(BlockScale, NVFP4WorkedExamples) {
  EXPECT_EQ(nvfp4({1, 2, 3, 4, 5, 6}, 6), (std::pair<I, I>({0x7E}, {2, 4, 5, 6, 6, 7})));
  EXPECT_EQ(nvfp4({.1f, .2f, -.3f, .35f}, 6), (std::pair<I, I>({0x5D}, {3, 5, 0xF, 7})));
  EXPECT_EQ(nvfp4({0, 0}, 6), (std::pair<I, I>({0}, {0, 0})));
  EXPECT_EQ(nvfp4({1e-5f, -2e-5f}, 6), (std::pair<I, I>({1}, {4, 0xE})));
  EXPECT_EQ(nvfp4({1e-7f, -2e-7f}, 6), (std::pair<I, I>({0}, {7, 0xF})));
  EXPECT_EQ(nvfp4({1}, 1), (std::pair<I, I>({0x7E}, {7})));
  // No NaN from a tensor of zeros.
  EXPECT_EQ(nvfp4({0, -0.0f}, 0), (std::pair<I, I>({0}, {0, 8})));
}

TEST(BlockScale, GivenOuterLevel) {
  Tensor x = f32({1, 4}, {1, 2, 3, 6}), outer = f32({1, 1}, {1.0f / 448});
  ScaleBlock levels[] = {{1, 2}, {0, 0}};
  DType type = code("e4m3");
  for (ScaleRule rule : {ScaleRule::NV, ScaleRule::AbsMax}) {
    BlockScales s =
        *blockScale(x, {&outer, 1}, format("e2m1"), levels, rule, {&type, 1}, std::nullopt);
    ASSERT_EQ(s.scales.size(), 1u);
    // 2 / 6 * 448 = 149.33 and 448.
    EXPECT_EQ(values(s.scales[0]), (V{144, 448})) << static_cast<int>(rule);
  }
  Tensor wrong = f32({1, 2}, {1, 1});
  EXPECT_FALSE(
      blockScale(x, {&wrong, 1}, format("e2m1"), levels, ScaleRule::NV, {&type, 1}, std::nullopt));
}

TEST(BlockScale, TilesWithTails) {
  // 3 x 5 in tiles of 2 x 3.
  Tensor x = f32({3, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  BlockScales s = scales(x, "int8", {2, 3}, ScaleRule::AbsMax);
  EXPECT_EQ(s.scales[0].shape(), (Shape{2, 2}));
  EXPECT_EQ(values(s.scales[0]), (V{8 / 127.f, 10 / 127.f, 13 / 127.f, 15 / 127.f}));
}

TEST(BlockScale, TwoLevelAbsMax) {
  Tensor x = f32({1, 4}, {1, 2, 3, 6});
  ScaleBlock levels[] = {{1, 2}, {0, 0}};
  DType types[] = {code("e4m3"), DType::f32()};
  BlockScales s =
      *blockScale(x, {}, format("int4"), levels, ScaleRule::AbsMax, types, std::nullopt);
  float outer = 6.0f / (7.0f * 448.0f);
  EXPECT_EQ(s.scales[1].as<float>()[0], outer);
  EXPECT_EQ(values(s.scales[0]), (V{144, 448}));
}
