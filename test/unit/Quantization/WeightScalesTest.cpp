// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// quantizeTensor against a brute force that looks at each element by its index.
#include "lpc/Quantization/WeightScales.h"
#include "lpc/Quantization/Calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace lpc;
using namespace lpc::quant;

using Shape = std::vector<int64_t>;

static num::FormatSpec spec(const std::string &text) { return *num::FormatSpec::parse(text); }

static std::vector<float> randomValues(size_t n, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> d(0, 1);
  std::vector<float> out(n);
  for (float &x : out)
    x = d(rng);
  return out;
}

/// Multi-index of a row-major position.
static Shape indexOf(int64_t at, const Shape &shape) {
  Shape index(shape.size());
  for (size_t axis = shape.size(); axis-- > 0; at /= shape[axis])
    index[axis] = at % shape[axis];
  return index;
}

/// Row-major position of the block of an element.
static int64_t blockOf(const Shape &index, const Shape &shape, const Shape &block) {
  int64_t at = 0;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    int64_t count = block[axis] == 0 ? 1 : (shape[axis] + block[axis] - 1) / block[axis];
    at = at * count + (block[axis] == 0 ? 0 : index[axis] / block[axis]);
  }
  return at;
}

static void checkAbsMax(const std::string &format, const Shape &shape, const Shape &block) {
  num::FormatSpec s = spec(format);
  int64_t n = 1;
  for (int64_t d : shape)
    n *= d;
  std::vector<float> values = randomValues(n, 7);
  mlir::FailureOr<QuantizedTensor> q = quantizeTensor(values, shape, block, s, ScaleMethod::AbsMax);
  ASSERT_TRUE(mlir::succeeded(q));
  ASSERT_EQ(q->codes.size(), values.size());
  std::vector<float> lo(q->scales.size(), 0), hi(q->scales.size(), 0);
  std::vector<bool> seen(q->scales.size());
  for (int64_t i = 0; i < n; ++i) {
    int64_t b = blockOf(indexOf(i, shape), shape, block);
    ASSERT_LT(b, static_cast<int64_t>(q->scales.size()));
    lo[b] = seen[b] ? std::min(lo[b], values[i]) : values[i];
    hi[b] = seen[b] ? std::max(hi[b], values[i]) : values[i];
    seen[b] = true;
  }
  EXPECT_EQ(q->zeros.size(), s.zeroPoint == num::ZeroPointKind::Integer ? q->scales.size() : 0u);
  for (size_t b = 0; b < q->scales.size(); ++b) {
    ScaleZero z = chooseScale(lo[b], hi[b], s);
    EXPECT_EQ(q->scales[b], z.scale) << format << " block " << b;
    if (!q->zeros.empty())
      EXPECT_EQ(q->zeros[b], z.zero);
  }
  // Each code is a nearest one: no other code of the format is closer to the quotient.
  for (int64_t i = 0; i < n; ++i) {
    int64_t b = blockOf(indexOf(i, shape), shape, block);
    double x = values[i] / q->scales[b] + (q->zeros.empty() ? 0 : q->zeros[b]);
    double mine = std::fabs(s.element->decodeToDouble(q->codes[i]) - x), best = mine;
    for (uint32_t c = 0; c < s.element->numCodes(); ++c)
      if (double v = s.element->decodeToDouble(c); std::isfinite(v) && !s.element->isReserved(c))
        best = std::min(best, std::fabs(v - x));
    EXPECT_LE(mine, best + 1e-5 * std::fabs(x)) << format << " element " << i;
  }
}

TEST(QuantizeTensor, AbsMaxAgreesWithBruteForce) {
  for (const char *format : {"int8", "int4", "int4.narrow", "int2", "uint3/asym", "int8/asym",
                             "e2m1", "e4m3", "e3m2", "e5m2"}) {
    checkAbsMax(format, {7, 5}, {0, 0});
    checkAbsMax(format, {7, 5}, {0, 1});
    checkAbsMax(format, {7, 5}, {3, 1});
    checkAbsMax(format, {3, 4, 2, 2}, {1, 0, 0, 0});
    checkAbsMax(format, {3, 4, 2, 2}, {1, 3, 0, 0});
    checkAbsMax(format, {2, 6, 3}, {1, 4, 1});
    checkAbsMax(format, {1, 1}, {32, 1});
  }
}

TEST(QuantizeTensor, LeastSquaresIsNeverWorse) {
  for (const char *format : {"int8", "int4", "int3", "int2", "e2m1", "uint4/asym"}) {
    num::FormatSpec s = spec(format);
    Shape shape{64, 6}, block{32, 1};
    std::vector<float> values = randomValues(64 * 6, 11);
    auto error = [&](ScaleMethod method) {
      mlir::FailureOr<QuantizedTensor> q = quantizeTensor(values, shape, block, s, method);
      double sum = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        int64_t b = blockOf(indexOf(i, shape), shape, block);
        double y = (s.element->decodeToDouble(q->codes[i]) - (q->zeros.empty() ? 0 : q->zeros[b])) *
                   q->scales[b];
        sum += (values[i] - y) * (values[i] - y);
      }
      return sum;
    };
    EXPECT_LE(error(ScaleMethod::MSE), error(ScaleMethod::AbsMax)) << format;
  }
}

TEST(QuantizeTensor, ZeroBlocksHaveScaleOne) {
  mlir::FailureOr<QuantizedTensor> q =
      quantizeTensor({0, 1, 0, -2}, {2, 2}, {0, 1}, spec("int8"), ScaleMethod::AbsMax);
  ASSERT_TRUE(mlir::succeeded(q));
  EXPECT_EQ(q->scales, (std::vector<float>{1.0f, 2.0f / 127}));
  EXPECT_EQ(q->codes[0], 0);
  EXPECT_EQ(q->codes[3], 0x81); // -127
}

TEST(QuantizeTensor, EmptyTensor) {
  mlir::FailureOr<QuantizedTensor> q =
      quantizeTensor({}, {0, 3}, {0, 1}, spec("int8"), ScaleMethod::AbsMax);
  if (mlir::succeeded(q))
    EXPECT_TRUE(q->codes.empty());
}

TEST(QuantizeTensor, RefusesSpecials) {
  for (float bad : {std::nanf(""), INFINITY, -INFINITY})
    EXPECT_TRUE(
        mlir::failed(quantizeTensor({1, bad}, {2}, {0}, spec("int8"), ScaleMethod::AbsMax)));
}
