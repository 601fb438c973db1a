// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What stands between codes and numbers beside one scale: real zero points, offsets, scales that
// depend on the sign, reciprocals, random bits, tables.
#include "Helpers.h"

#include "lpc/Numerics/Bulk.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace lpc::ref;
using namespace lpc::ref::testing;

using V = std::vector<double>;
using I = std::vector<int64_t>;

static const num::Format &format(const char *name) { return *num::Format::parse(name); }

TEST(Scaling, RealZeroPoint) {
  // fl(fl(q - z) * s): the difference is rounded by itself.
  Tensor c = codes("uint4", {1, 3}, {0, 7, 15}), s = f32({1, 1}, {0.1f}), z = f32({1, 1}, {7.3f});
  ScaleBlock level{0, 0};
  Scaling scaling;
  scaling.scales = {&s, 1};
  scaling.levels = {&level, 1};
  scaling.zeroPoint = &z;
  Tensor x = *dequantize(c, scaling, DType::f32());
  for (int i = 0; i < 3; ++i) {
    float q = static_cast<float>(c.at(i)), difference = q - 7.3f;
    EXPECT_EQ(x.as<float>()[i], difference * 0.1f);
  }
  EXPECT_EQ(values(*quantize(x, scaling, format("uint4"), {{}, true})), values(c));
}

TEST(Scaling, Offsets) {
  // Groups of two with one offset of two levels; the product is rounded before the sum.
  Tensor c = codes("uint4", {4}, {1, 2, 3, 15}), s = f32({2}, {0.1f, 0.7f});
  Tensor offsets[] = {codes("int8", {2}, {-3, 5}), f32({1}, {0.01f})};
  ScaleBlock level{2}, offsetLevels[] = {{2}, {0}};
  Scaling scaling;
  scaling.scales = {&s, 1};
  scaling.levels = {&level, 1};
  scaling.offsets = offsets;
  scaling.offsetLevels = offsetLevels;
  Tensor x = *dequantize(c, scaling, DType::f32());
  const float scale[] = {0.1f, 0.1f, 0.7f, 0.7f}, offset[] = {-3, -3, 5, 5};
  for (int i = 0; i < 4; ++i) {
    volatile float product = static_cast<float>(c.at(i)) * scale[i];
    volatile float m = offset[i] * 0.01f;
    EXPECT_EQ(x.as<float>()[i], product + m);
  }
}

TEST(Scaling, RealNumbersAreTheirOwnValues) {
  Tensor x = f32({2}, {0.3f, -7}), s = f32({1}, {0.1f}), m = f32({1}, {1});
  ScaleBlock level{0};
  Scaling scaling;
  scaling.scales = {&s, 1};
  scaling.levels = {&level, 1};
  scaling.offsets = {&m, 1};
  scaling.offsetLevels = {&level, 1};
  volatile float a = 0.3f * 0.1f, b = -7 * 0.1f;
  EXPECT_EQ(values(*dequantize(x, scaling, DType::f32())), (V{a + 1, b + 1}));
}

TEST(Scaling, NegativeScales) {
  Tensor x = f32({4}, {-4, -0.0f, 1, 2}), s = f32({1}, {0.5f}), n = f32({1}, {2});
  ScaleBlock level{0};
  Scaling scaling;
  scaling.scales = {&s, 1};
  scaling.negativeScales = {&n, 1};
  scaling.levels = {&level, 1};
  Tensor c = *quantize(x, scaling, format("int4"), {});
  EXPECT_EQ(values(c), (V{-2, 0, 2, 4}));
  EXPECT_EQ(values(*dequantize(c, scaling, DType::f32())), (V{-4, 0, 1, 2}));
}

TEST(Scaling, ReciprocalDiffersFromDivision) {
  // Near ties the two may round to different sides.
  std::vector<float> ties(20000);
  for (size_t i = 0; i < ties.size(); ++i)
    ties[i] = (static_cast<float>(i) + 0.5f) * 0.7f;
  Tensor x = f32({20000}, ties), s = f32({1}, {0.7f});
  ScaleBlock level{0};
  Scaling scaling;
  scaling.scales = {&s, 1};
  scaling.levels = {&level, 1};
  QuantizeOptions options;
  options.reciprocal = true;
  Tensor a = *quantize(x, scaling, format("int16"), {}),
         b = *quantize(x, scaling, format("int16"), options);
  int different = 0;
  volatile float r = 1.0f / 0.7f;
  for (int64_t i = 0; i < x.numElements(); ++i) {
    float q = x.as<float>()[i] * r;
    EXPECT_EQ(b.as<uint16_t>()[i], format("int16").encode(q, {}));
    different += a.as<uint16_t>()[i] != b.as<uint16_t>()[i];
  }
  EXPECT_GT(different, 0);
  // A scale of zero has the largest float as reciprocal.
  Tensor zero = f32({1}, {0}), y = f32({2}, {0, 1e-30f});
  scaling.scales = {&zero, 1};
  EXPECT_EQ(values(*quantize(y, scaling, format("e2m1"), options)), (V{0, 6}));
}

TEST(Scaling, RandomBitsFollowTheElement) {
  Tensor x = f32({3, 50}, std::vector<float>(150, 2.5f)), z = codes("int8", {3, 1}, {1, 2, 3});
  QuantizeOptions options;
  options.policy.rounding = num::Rounding::Stochastic;
  options.policy.randomBits = 5;
  options.seed = 77;
  Tensor c = *quantize(x, {}, format("int8"), options);
  // Zero points cut the tensor into runs; the bits stay those of the element.
  ScaleBlock level{1, 0};
  Scaling scaling;
  scaling.levels = {&level, 1};
  scaling.zeroPoint = &z;
  Tensor shifted = *quantize(x, scaling, format("int8"), options);
  int up = 0;
  for (int64_t i = 0; i < 150; ++i) {
    bool away = 16 + num::randomBits(77, static_cast<uint64_t>(i), 5) >= 32;
    EXPECT_EQ(c.at(i), away ? 3 : 2);
    EXPECT_EQ(shifted.at(i), c.at(i) + static_cast<double>(1 + i / 50));
    up += away;
  }
  EXPECT_GT(up, 30);
  EXPECT_LT(up, 120);
}

TEST(Lookup, OneTableOrOneForEachIndex) {
  Tensor c = codes("uint2", {2, 3}, {0, 1, 2, 3, 1, 1}), one = f32({4}, {0.5f, -1, 7, 7}),
         rows = f32({2, 4}, {1, 2, 3, 4, 10, 20, 30, 40}),
         columns = f32({3, 4}, {1, 2, 3, 4, 10, 20, 30, 40, 5, 6, 7, 8});
  EXPECT_EQ(values(*lookup(c, one, {})), (V{0.5, -1, 7, 7, -1, -1}));
  EXPECT_EQ(values(*lookup(c, rows, {0})), (V{1, 2, 3, 40, 20, 20}));
  EXPECT_EQ(values(*lookup(c, columns, {1})), (V{1, 20, 7, 4, 20, 6}));
  EXPECT_FALSE(lookup(c, rows, {}));
  // A table for each element, in either order of the axes.
  std::vector<float> all(24);
  for (int i = 0; i < 24; ++i)
    all[i] = static_cast<float>(i);
  EXPECT_EQ(values(*lookup(c, f32({2, 3, 4}, all), {0, 1})), (V{0, 5, 10, 15, 17, 21}));
  EXPECT_EQ(values(*lookup(c, f32({3, 2, 4}, all), {1, 0})), (V{0, 9, 18, 7, 13, 21}));
  // The code is the index, whatever it stands for: -1 is the last entry.
  Tensor signedCodes = codes("int2", {2}, {-1, 0}), squares = codes("uint4", {4}, {0, 1, 4, 1});
  EXPECT_EQ(values(*lookup(signedCodes, squares, {})), (V{1, 0}));
}
