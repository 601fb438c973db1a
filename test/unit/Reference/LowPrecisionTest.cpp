// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization, scales, and contractions of codes, against direct loops that round where the
// definition says so.
#include "Helpers.h"

#include "lpc/Reference/HostTensor.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace lpc::ref;
using namespace lpc::ref::testing;

using V = std::vector<double>;
using I = std::vector<int64_t>;

static const num::Format &format(const char *name) { return *num::Format::parse(name); }

static Scaling scaling(std::span<const Tensor> scales, const Tensor *zeroPoint,
                       std::span<const ScaleBlock> levels) {
  Scaling s;
  s.scales = scales;
  s.zeroPoint = zeroPoint;
  s.levels = levels;
  return s;
}
static Scaling scaling(const Tensor &scale, const Tensor *zeroPoint, const ScaleBlock &level) {
  return scaling(std::span<const Tensor>(&scale, 1), zeroPoint, {&level, 1});
}

TEST(Quantize, PerTensorWithZeroPoint) {
  Tensor x = f32({1, 6}, {0, 1, -1, 0.75f, 1000, kNaN}), s = f32({1, 1}, {0.5f}),
         z = codes("uint8", {1, 1}, {128});
  ScaleBlock level{0, 0};
  num::Conversion policy;
  policy.nan = num::NaNPolicy::Lowest;
  Tensor c = *quantize(x, scaling(s, &z, level), format("uint8"), {policy});
  EXPECT_EQ(values(c), (V{128, 130, 126, 130, 255, 0}));
  EXPECT_EQ(values(*dequantize(c, scaling(s, &z, level), DType::f32())),
            (V{0, 1, -1, 1, 63.5, -64}));
}

TEST(Quantize, ZeroPointOrderMatters) {
  // Half-even after the zero point sees another parity.
  Tensor x = f32({2}, {0.5f, 1.5f}), z = codes("int8", {1}, {1});
  ScaleBlock level{0};
  EXPECT_EQ(values(*quantize(x, scaling({}, &z, {&level, 1}), format("int8"), {})), (V{1, 3}));
  EXPECT_EQ(values(*quantize(x, scaling({}, &z, {&level, 1}), format("int8"), {{}, true})),
            (V{2, 2}));
}

TEST(Quantize, GroupsAndTwoLevels) {
  Tensor x = f32({2, 5}, {1, 2, 3, 4, 5, 10, 20, 30, 40, 50});
  // Groups of two along the second axis, the last one short; then one scale for all.
  Tensor scales[] = {f32({2, 3}, {1, 2, 5, 10, 20, 50}), f32({1, 1}, {0.5f})};
  ScaleBlock levels[] = {{1, 2}, {0, 0}};
  Tensor c = *quantize(x, scaling(scales, nullptr, levels), format("e2m1"), {});
  EXPECT_EQ(values(c), (V{2, 4, 3, 4, 2, 2, 4, 3, 4, 2}));
  EXPECT_EQ(values(*dequantize(c, scaling(scales, nullptr, levels), DType::f32())), values(x));
  Tensor wrong = f32({2, 2}, {1, 1, 1, 1});
  EXPECT_FALSE(quantize(x, scaling({&wrong, 1}, nullptr, {levels, 1}), format("e2m1"), {}));
}

TEST(Quantize, TheDivisionIsInF32) {
  Tensor x = randomF32({1000}, 5, 3), s = f32({1}, {0.037f});
  ScaleBlock level{0};
  Tensor c = *quantize(x, scaling(s, nullptr, level), format("int8"), {});
  for (int64_t i = 0; i < 1000; ++i)
    EXPECT_EQ(c.at(i), std::clamp(std::nearbyint(x.as<float>()[i] / 0.037f), -128.0f, 127.0f));
}

static Tensor randomCodes(const char *name, Shape shape, unsigned seed) {
  std::mt19937 rng(seed);
  const num::Format &f = format(name);
  std::vector<uint16_t> c(countElements(shape));
  for (uint16_t &x : c)
    do
      x = static_cast<uint16_t>(rng() % f.numCodes());
    while (!std::isfinite(f.table()[x]));
  return Tensor::of<uint16_t>(DType::code(&f), std::move(shape), c);
}

TEST(CodeMatmul, IntegerAccumulatorWithZeroPoints) {
  Tensor a = randomCodes("uint8", {3, 40}, 1), b = randomCodes("int8", {40, 5}, 2);
  Tensor sa = randomF32({3, 1}, 3), sb = randomF32({1, 5}, 4),
         za = codes("uint8", {3, 1}, {128, 0, 255});
  ScaleBlock rows{1, 0}, columns{0, 1};
  Tensor y =
      *codeMatmul({&a, &sa, &za, &rows}, {&b, &sb, nullptr, &columns}, {AccumulatorKind::Int, 24});
  for (int64_t m = 0; m < 3; ++m)
    for (int64_t n = 0; n < 5; ++n) {
      int64_t acc = 0;
      for (int64_t k = 0; k < 40; ++k)
        acc += static_cast<int64_t>(a.at(m * 40 + k) - za.at(m)) *
               static_cast<int64_t>(b.at(k * 5 + n));
      float scale = sa.as<float>()[m] * sb.as<float>()[n];
      EXPECT_EQ(y.as<float>()[m * 5 + n], static_cast<float>(acc) * scale);
    }
  Result<Tensor> narrow =
      codeMatmul({&a, &sa, &za, &rows}, {&b, &sb, nullptr, &columns}, {AccumulatorKind::Int, 12});
  EXPECT_EQ(narrow.error(),
            "a sum does not fit the 12-bit accumulator, so that the proof of its width was wrong");
}

TEST(CodeMatmul, WideAccumulatorsRoundOnce) {
  // 16-bit codes over a long axis: sums beyond 2^53 need the 128-bit path.
  int64_t k = 1 << 17;
  std::vector<uint16_t> top(k, 0x8000), bottom(k, 0x8000); // -32768 each
  bottom[0] = 1;
  Tensor a = Tensor::of<uint16_t>(DType::code(&format("int16")), {1, k}, top);
  Tensor b = Tensor::of<uint16_t>(DType::code(&format("int16")), {k, 1}, bottom);
  Tensor big = *codeMatmul({&a}, {&b}, {AccumulatorKind::Int, 64});
  EXPECT_EQ(big.at(0), static_cast<float>((k - 1) * (int64_t{1} << 30) - 32768));
  Tensor e = randomCodes("e5m2", {2, 30}, 7), f = randomCodes("e5m2", {30, 2}, 8);
  Tensor y = *codeMatmul({&e}, {&f}, {AccumulatorKind::F32Grouped, 0});
  for (int64_t m = 0; m < 2; ++m)
    for (int64_t n = 0; n < 2; ++n) {
      __int128 acc = 0;
      for (int64_t i = 0; i < 30; ++i)
        acc += static_cast<__int128>(std::ldexp(e.at(m * 30 + i), 16)) *
               static_cast<int64_t>(std::ldexp(f.at(i * 2 + n), 16));
      EXPECT_EQ(y.as<float>()[m * 2 + n], std::ldexp(static_cast<float>(acc), -32));
    }
}

TEST(CodeMatmul, GroupedIsOneFusedStepForEachGroup) {
  Tensor a = randomCodes("int8", {2, 70}, 1), b = randomCodes("int4", {70, 3}, 2);
  Tensor sa = randomF32({2, 1}, 3), sb = randomF32({3, 3}, 4);
  ScaleBlock rows{1, 0}, groups{32, 1};
  Tensor y = *codeMatmul({&a, &sa, nullptr, &rows}, {&b, &sb, nullptr, &groups},
                         {AccumulatorKind::F32Grouped, 0});
  for (int64_t m = 0; m < 2; ++m)
    for (int64_t n = 0; n < 3; ++n) {
      float expected = 0;
      for (int64_t g = 0; g < 3; ++g) {
        int64_t acc = 0;
        for (int64_t k = g * 32; k < std::min<int64_t>(70, g * 32 + 32); ++k)
          acc += static_cast<int64_t>(a.at(m * 70 + k)) * static_cast<int64_t>(b.at(k * 3 + n));
        float scale = sa.as<float>()[m] * sb.as<float>()[g * 3 + n];
        expected = std::fma(static_cast<float>(acc), scale, expected);
      }
      EXPECT_EQ(y.as<float>()[m * 3 + n], expected);
    }
}

TEST(CodeMatmul, RelaxedIsTheExactSumOfDequantizedProducts) {
  Tensor a = randomF32({2, 16}, 1), b = randomCodes("e2m1", {16, 3}, 2), sb = randomF32({2, 3}, 4);
  ScaleBlock groups{8, 1};
  Tensor y = *codeMatmul({&a}, {&b, &sb, nullptr, &groups}, {AccumulatorKind::F32Relaxed, 0});
  Tensor w = *dequantize(b, scaling(sb, nullptr, groups), DType::f32());
  EXPECT_EQ(values(y), values(*matmul(a, w, false)));
}

TEST(CodeMatmul, BatchesSharingTheRightSide) {
  Tensor a = randomCodes("int8", {2, 3, 8}, 1), b = randomCodes("int8", {8, 4}, 2),
         s = randomF32({2, 3, 1}, 3);
  ScaleBlock rows{1, 1, 0};
  Tensor y = *codeMatmul({&a, &s, nullptr, &rows}, {&b}, {AccumulatorKind::Int, 32});
  EXPECT_EQ(y.shape(), (Shape{2, 3, 4}));
  ScaleBlock flat{1, 0};
  Tensor a2 = a.reshaped({6, 8}), s2 = s.reshaped({6, 1});
  EXPECT_EQ(values(y),
            values(*codeMatmul({&a2, &s2, nullptr, &flat}, {&b}, {AccumulatorKind::Int, 32})));
}

TEST(CodeMatmul, NaNCodesAreAnError) {
  Tensor a = Tensor::of<uint16_t>(DType::code(&format("e4m3")), {1, 1}, {0x7f}),
         b = codes("int8", {1, 1}, {1});
  EXPECT_FALSE(codeMatmul({&a}, {&b}, {AccumulatorKind::Int, 32}));
}

TEST(CodeConv, PaddingHasTheZeroPoint) {
  Tensor x = codes("uint8", {1, 1, 3}, {10, 20, 30}), zx = codes("uint8", {1, 1, 1}, {10}),
         sx = f32({1, 1, 1}, {0.5f});
  Tensor f = codes("int8", {2, 1, 3}, {1, 1, 1, 0, 2, 0}), sf = f32({2, 1, 1}, {1, 0.25f});
  ScaleBlock all{0, 0, 0}, channel{1, 0, 0};
  Window w{{1}, {1, 1}, {1}, 1};
  Tensor y =
      *codeConv({&x, &sx, &zx, &all}, {&f, &sf, nullptr, &channel}, w, {AccumulatorKind::Int, 16});
  EXPECT_EQ(values(y), (V{5, 15, 15, 0, 2.5, 5}));
  EXPECT_EQ(values(*codeConv({&x, &sx, &zx, &all}, {&f, &sf, nullptr, &channel}, w,
                             {AccumulatorKind::F32Relaxed, 0})),
            values(y));
  EXPECT_FALSE(
      codeConv({&x, &sx, &zx, &all}, {&f, &sf, nullptr, &channel}, w, {AccumulatorKind::Int, 5}));
}

TEST(HostTensor, RoundTrips) {
  Tensor four = Tensor::of<uint8_t>(DType::i(4), {3}, {7, 8, 15});
  rt::HostTensor host = *toHost(four);
  EXPECT_EQ(host.bytes.size(), 2u);
  EXPECT_EQ(ints(*fromHost(host)), (I{7, -8, -1}));
  Tensor x = randomF32({2, 3}, 1);
  EXPECT_EQ(values(*fromHost(*toHost(x))), values(x));
  EXPECT_EQ(fromHost(*toHost(codes("e2m1", {2}, {6, -0.5})))->at(0), 6);
  EXPECT_EQ(toHost(codes("int8", {1}, {-3}))->dtype, LPC_DTYPE_I8);
  EXPECT_FALSE(toHost(codes("int5", {1}, {-3})));
}
