// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Properties of quantized blocks, each one over all presets and many other scale structures.
#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Numerics/ScaleRules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

using namespace lpc::num;

namespace {

using Shape = std::vector<int64_t>;
using Roles = std::vector<AxisRole>;

std::vector<std::string> allSpecs() {
  std::vector<std::string> specs;
  for (const Preset &p : presets())
    specs.emplace_back(p.name);
  for (const char *text : {"int8",
                           "int4/g16",
                           "int4.narrow/channel",
                           "uint8/asym",
                           "uint4/g32/asym",
                           "uint4/g32:fp16/asym",
                           "uint3/g16/asym:float",
                           "uint4/g32/offset",
                           "uint4/g32:fp16/offset:bf16",
                           "int3/g16/asym",
                           "e4m3/token",
                           "e5m2/tensor",
                           "e4m3/4x16",
                           "e4m3/g16@pow2",
                           "int4.narrow/g16/posneg",
                           "e2m1/4x16/posneg",
                           "int4/g32@mse",
                           "uint4/g32/asym@mse",
                           "e2m1/g16/offset@mse",
                           "mxfp4@ceil",
                           "mxfp4@even",
                           "mxfp4@rceil",
                           "mxfp4@log2",
                           "mxfp4@mse",
                           "int4.narrow/g16:e8m0@raise",
                           "e2m1/g32:e8m0/tensor@floor_fit",
                           "nvfp4@nv_divide",
                           "nvfp4@four_over_six",
                           "nvfp4@four_over_six_256",
                           "nvfp4@mse",
                           "e2m1/g16:e4m3/token",
                           "e2m1/16x16:e4m3/tensor",
                           "e2m1/g16:ue5m3@nv",
                           "int4.narrow/2x8:e4m3/4x32@nv",
                           "uint4/g32/table",
                           "uint3/4x16/offset/table:fp16",
                           "uint2/tensor/table",
                           "e2m1/g32:e8m0@dfp",
                           "int8/tensor:fp16@reciprocal",
                           "int4/4x8@signed_max",
                           "int2/channel@absmean",
                           "uint4/2x8:uint6/4x32:fp16/offset:uint6:fp16",
                           "bf16/g16",
                           "fp16/tensor"})
    specs.emplace_back(text);
  return specs;
}

FormatSpec parse(const std::string &text) {
  std::string error;
  std::optional<FormatSpec> spec = FormatSpec::parse(text, &error);
  EXPECT_TRUE(spec) << error;
  return spec.value_or(FormatSpec{});
}

size_t sizeOf(const Shape &shape) {
  size_t n = 1;
  for (int64_t d : shape)
    n *= static_cast<size_t>(d);
  return n;
}

std::vector<float> gaussian(size_t n, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> d;
  std::vector<float> x(n);
  for (float &v : x)
    v = d(rng);
  return x;
}

BlockQuantized quantize(const FormatSpec &spec, const std::vector<float> &x, const Shape &shape,
                        const Roles &roles, unsigned threads = 1) {
  BlockQuantized q;
  std::string error;
  BlockOptions options;
  options.threads = threads;
  EXPECT_TRUE(quantizeBlocks(spec, x, shape, roles, q, error, options)) << error;
  return q;
}

std::vector<float> dequantize(const BlockQuantized &q, const Roles &roles, unsigned threads = 1) {
  std::vector<float> y(q.codes.size());
  dequantizeBlocks(q, roles, y, threads);
  return y;
}

/// Bit for bit, NaNs alike.
void expectSame(const std::vector<float> &a, const std::vector<float> &b, const std::string &what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (size_t i = 0; i < a.size(); ++i) {
    bool same = std::bit_cast<uint32_t>(a[i]) == std::bit_cast<uint32_t>(b[i]) ||
                (std::isnan(a[i]) && std::isnan(b[i]));
    ASSERT_TRUE(same) << what << " at " << i << ": " << a[i] << " and " << b[i];
  }
}

double squaredError(const std::vector<float> &a, const std::vector<float> &b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  return sum;
}

double errorOf(const std::string &spec, const std::vector<float> &x, const Shape &shape) {
  Roles roles = rowRoles(shape.size());
  return squaredError(x, dequantize(quantize(parse(spec), x, shape, roles), roles));
}

class EverySpec : public testing::TestWithParam<std::string> {
protected:
  FormatSpec spec = parse(GetParam());
};

/// The meaning of one element, found by its index and by no code of the quantizer.
float meaning(const BlockQuantized &q, const Roles &roles, size_t at) {
  Shape index(q.shape.size());
  size_t rest = at;
  for (size_t axis = index.size(); axis-- > 0; rest /= static_cast<size_t>(q.shape[axis]))
    index[axis] = static_cast<int64_t>(rest % static_cast<size_t>(q.shape[axis]));
  auto position = [&](const LevelValues &level) {
    size_t p = 0;
    for (size_t axis = 0; axis < index.size(); ++axis)
      p = p * static_cast<size_t>(level.shape[axis]) +
          static_cast<size_t>(level.block[axis] ? index[axis] / level.block[axis] : 0);
    return p;
  };
  auto product = [&](const std::vector<LevelValues> &levels, float none) {
    float value = none;
    for (size_t i = 0; i < levels.size(); ++i) {
      float v = levels[i].values[position(levels[i])];
      value = i ? value * v : v;
    }
    return value;
  };
  float v = static_cast<float>(q.spec.element->decodeToDouble(q.codes[at]));
  if (q.spec.hasTable) {
    size_t row = 0;
    for (AxisRole role : {AxisRole::Batch, AxisRole::Across})
      for (size_t axis = 0; axis < index.size(); ++axis)
        if (roles[axis] == role)
          row = row * static_cast<size_t>(q.shape[axis]) + static_cast<size_t>(index[axis]);
    v = q.table.values[row * q.spec.element->numCodes() + q.codes[at]];
  }
  float s = product(q.spec.signSplit && v < 0 ? q.negativeScales : q.scales, 1);
  switch (q.spec.zeroPoint) {
  case ZeroPointKind::None:
    return v * s;
  case ZeroPointKind::Integer:
    return (v - static_cast<float>(q.zeros[position(q.scales[0])])) * s;
  case ZeroPointKind::Float:
    return (v - q.floatZeros[position(q.scales[0])]) * s;
  case ZeroPointKind::Offset: {
    float scaled = v * s;
    return scaled + product(q.offsets, 0);
  }
  }
  return 0;
}

TEST_P(EverySpec, DequantizeIsTheDefinition) {
  for (const auto &[shape, roles] :
       std::vector<std::pair<Shape, Roles>>{{{5, 70}, rowRoles(2)},
                                            {{70, 5}, matmulWeightRoles(2)},
                                            {{6, 35, 2, 1}, filterRoles(4)},
                                            {{2, 40, 3}, matmulWeightRoles(3)},
                                            {{300}, rowRoles(1)},
                                            {{1, 1}, rowRoles(2)}}) {
    BlockQuantized q = quantize(spec, gaussian(sizeOf(shape), 3), shape, roles);
    std::vector<float> expected;
    for (size_t i = 0; i < q.codes.size(); ++i)
      expected.push_back(meaning(q, roles, i));
    expectSame(dequantize(q, roles), expected, GetParam());
    for (auto *levels : {&q.scales, &q.offsets, &q.negativeScales})
      for (const LevelValues &level : *levels) {
        ASSERT_EQ(level.shape, gridShape(shape, level.block));
        for (size_t i = 0; i < level.codes.size(); ++i)
          ASSERT_EQ(level.values[i],
                    static_cast<float>(level.format->decodeToDouble(level.codes[i])));
      }
  }
}

TEST_P(EverySpec, ThreadsAndLayoutChangeNothing) {
  const Shape shape{37, 290};
  std::vector<float> x = gaussian(sizeOf(shape), 5), turned(x.size());
  for (size_t r = 0; r < 37; ++r)
    for (size_t c = 0; c < 290; ++c)
      turned[c * 37 + r] = x[r * 290 + c];
  BlockQuantized one = quantize(spec, x, shape, rowRoles(2));
  BlockQuantized four = quantize(spec, x, shape, rowRoles(2), 4);
  EXPECT_EQ(one.codes, four.codes);
  expectSame(dequantize(one, rowRoles(2)), dequantize(four, rowRoles(2), 3), GetParam());
  BlockQuantized weight = quantize(spec, turned, {290, 37}, matmulWeightRoles(2), 2);
  for (size_t r = 0; r < 37; ++r)
    for (size_t c = 0; c < 290; ++c)
      ASSERT_EQ(one.codes[r * 290 + c], weight.codes[c * 37 + r]) << r << ", " << c;
}

TEST_P(EverySpec, AShortBlockIsABlockOfItsOwn) {
  if (spec.levels.size() != 1 || spec.levels[0].along == 0 || spec.hasTable)
    return; // Its blocks are not independent groups.
  const int64_t g = spec.levels[0].along, tail = g / 2 + 1;
  std::vector<float> x = gaussian(static_cast<size_t>(g + tail), 9);
  BlockQuantized both = quantize(spec, x, {1, g + tail}, rowRoles(2));
  BlockQuantized last = quantize(spec, {x.begin() + g, x.end()}, {1, tail}, rowRoles(2));
  EXPECT_TRUE(std::equal(last.codes.begin(), last.codes.end(), both.codes.begin() + g));
  EXPECT_EQ(both.scales[0].values[1], last.scales[0].values[0]);
}

TEST_P(EverySpec, ZerosAreZeros) {
  const Shape shape{3, 65};
  for (float zero : {0.0f, -0.0f}) {
    BlockQuantized q = quantize(spec, std::vector<float>(sizeOf(shape), zero), shape, rowRoles(2));
    for (float y : dequantize(q, rowRoles(2)))
      ASSERT_EQ(y, 0);
  }
  BlockQuantized empty = quantize(spec, {}, {0, 64}, rowRoles(2));
  EXPECT_TRUE(empty.codes.empty());
}

TEST_P(EverySpec, NumbersSurvive) {
  const Shape shape{8, 256};
  std::vector<float> x = gaussian(sizeOf(shape), 1);
  double signal = 0;
  for (float v : x)
    signal += static_cast<double>(v) * v;
  // A ternary grid up to the maximum loses most of a bell. Half of the values are negative and lost
  // to an unsigned format without a zero point.
  bool lost =
      spec.element->lowest() >= 0 && spec.zeroPoint == ZeroPointKind::None && !spec.hasTable;
  EXPECT_LT(errorOf(GetParam(), x, shape), signal * (lost                         ? 0.6
                                                     : spec.element->width() <= 2 ? 0.7
                                                                                  : 0.04));
}

TEST_P(EverySpec, SpecialValuesStayInTheirBlock) {
  // Two rows of blocks; the special value is in the first row.
  const float inf = std::numeric_limits<float>::infinity();
  for (float special : {std::nanf(""), inf, -inf, 3e38f, -3e38f, 1e-42f}) {
    const Shape shape{8, 512};
    std::vector<float> x = gaussian(sizeOf(shape), 2), clean = x;
    x[3] = special;
    clean[3] = 0;
    BlockQuantized q = quantize(spec, x, shape, rowRoles(2));
    std::vector<float> y = dequantize(q, rowRoles(2));
    for (uint16_t code : q.codes)
      ASSERT_LT(code, spec.element->numCodes());
    bool wholeTensor =
        !spec.levels.empty() && spec.levels.back().granularity() == Granularity::Tensor;
    if (!wholeTensor)
      for (size_t i = 512 * 4; i < y.size(); ++i)
        ASSERT_TRUE(std::isfinite(y[i])) << special << " reached element " << i;
    // NaN does not decide about a scale, except where it makes the scale NaN.
    if (std::isnan(special)) {
      if (q.scales.empty() || std::isnan(q.scales[0].values[0]))
        continue;
      std::vector<float> expected =
          dequantize(quantize(spec, clean, shape, rowRoles(2)), rowRoles(2));
      if (spec.zeroPoint == ZeroPointKind::None && spec.rule != Rule::AbsMean && !spec.hasTable)
        for (size_t i = 4; i < y.size(); ++i)
          ASSERT_EQ(y[i], expected[i]) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, EverySpec, testing::ValuesIn(allSpecs()), [](const auto &info) {
  std::string name = info.param;
  for (char &c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)))
      c = '_';
  return name;
});

TEST(BlockCodes, AreTheFormatsOwn) {
  // The largest element is the format's largest value: the scale is 1 but for tapered formats.
  std::mt19937 rng(4);
  for (const std::string &name : knownFormatNames()) {
    const Format &f = *Format::parse(name);
    if (f.width() > 16 || f.max() > 3e38 || f.max() <= 0 || f.lowest() < -f.max() - 1)
      continue;
    std::vector<float> x{0.0f, -0.0f, std::nanf(""), -std::nanf(""), 1e-42f, -1e-42f, 1e-30f};
    for (uint32_t code = 0; code < f.numCodes(); ++code) {
      double v = f.decodeToDouble(code);
      double w = code + 1 < f.numCodes() ? f.decodeToDouble(code + 1) : v;
      for (double at : {v, v / 2 + w / 2}) {
        float near = static_cast<float>(at);
        for (float value : {near, std::nextafter(near, INFINITY), std::nextafter(near, -INFINITY)})
          if (std::fabs(value) <= f.max())
            x.push_back(value);
      }
    }
    for (int i = 0; i < 20000; ++i)
      if (float v = std::bit_cast<float>(static_cast<uint32_t>(rng())); std::fabs(v) <= f.max())
        x.push_back(v);
    x.push_back(static_cast<float>(f.max()));
    FormatSpec spec;
    spec.element = &f;
    BlockQuantized q = quantize(spec, x, {static_cast<int64_t>(x.size())}, rowRoles(1));
    const float s = static_cast<float>(f.max()) / static_cast<float>(scaleTarget(f));
    ASSERT_EQ(q.scales[0].values[0], s) << name;
    Conversion policy;
    policy.rounding = f.defaultRounding();
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(q.codes[i], f.encode(static_cast<double>(x[i] / s), policy))
          << name << " of " << x[i];
  }
}

TEST(BlockSearches, AreNeverWorse) {
  const Shape shape{16, 512};
  std::vector<float> x = gaussian(sizeOf(shape), 8);
  const char *rows[][2] = {
      {"int4/g32@mse", "int4/g32"},     {"uint3/g32/asym@mse", "uint3/g32/asym"},
      {"mxfp4@mse", "mxfp4@floor"},     {"nvfp4@mse", "nvfp4"},
      {"nvfp4@four_over_six", "nvfp4"}, {"any4", "uint4/g128/offset"},
      {"any3", "uint3/g128/offset"},    {"q4_k", "uint4/g32/offset"},
      {"q6_k", "int6/g16:fp16"}};
  for (auto [better, plain] : rows)
    EXPECT_LT(errorOf(better, x, shape), errorOf(plain, x, shape)) << better;
}

TEST(BlockSearches, FollowImportance) {
  const Shape shape{4, 256};
  std::vector<float> x = gaussian(sizeOf(shape), 12), importance(256, 0.01f);
  for (size_t i = 0; i < 256; i += 8)
    importance[i] = 10;
  for (const char *text : {"int3/g64@mse", "ganq2", "q4_k"}) {
    auto weighted = [&](std::span<const float> weights) {
      BlockQuantized q;
      std::string error;
      BlockOptions options;
      options.importance = weights;
      EXPECT_TRUE(quantizeBlocks(parse(text), x, shape, rowRoles(2), q, error, options)) << error;
      std::vector<float> y = dequantize(q, rowRoles(2));
      double sum = 0;
      for (size_t i = 0; i < x.size(); ++i)
        sum += importance[i % 256] * (x[i] - y[i]) * (x[i] - y[i]);
      return sum;
    };
    EXPECT_LT(weighted(importance), weighted({})) << text;
  }
}

TEST(BlockRefusals, SayWhatDoesNotFit) {
  BlockQuantized q;
  std::string error;
  std::vector<float> x(6), weights(2);
  BlockOptions options;
  options.importance = weights;
  EXPECT_FALSE(quantizeBlocks(parse("int8"), x, Shape{2, 2}, rowRoles(2), q, error));
  EXPECT_EQ(error, "the tensor has 6 elements, but its shape 4");
  EXPECT_FALSE(quantizeBlocks(parse("int8"), x, Shape{2, 3}, rowRoles(1), q, error));
  EXPECT_EQ(error, "each axis of the tensor needs a role");
  EXPECT_FALSE(quantizeBlocks(parse("int8"), x, Shape{2, 3}, rowRoles(2), q, error, options));
  EXPECT_EQ(error, "importance is given for 2 indices, but the contracted axis has 3");
  options = {};
  options.rounding = Rounding::Stochastic;
  EXPECT_FALSE(quantizeBlocks(parse("int8"), x, Shape{2, 3}, rowRoles(2), q, error, options));
  EXPECT_EQ(error, "blocks are rounded deterministically, not at random");
  EXPECT_FALSE(quantizeBlocks(parse("int8/g2"), x, Shape{6}, Roles{AxisRole::Across}, q, error));
  EXPECT_EQ(error, "'int8/g2' has groups along the contracted axis, which the tensor lacks");
  EXPECT_FALSE(quantizeBlocks(parse("int8"), x, Shape{2, 3}, Roles(2, AxisRole::Across), q, error));
  EXPECT_EQ(error, "a tensor has at most one contracted axis and one axis across it");
}

} // namespace
