// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calibration statistics: counts, growth of the histogram, choice of ranges, the file.
#include "lpc/Quantization/Calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace lpc;
using namespace lpc::quant;

static num::FormatSpec spec(const char *text) {
  std::string error;
  std::optional<num::FormatSpec> parsed = num::FormatSpec::parse(text, &error);
  EXPECT_TRUE(parsed) << error;
  return *parsed;
}

static std::vector<float> normals(size_t n, float sigma, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> d(0, sigma);
  std::vector<float> out(n);
  for (float &x : out)
    x = d(rng);
  return out;
}

TEST(TensorStatistics, CountsFiniteAndOtherValuesApart) {
  TensorStatistics t;
  float inf = std::numeric_limits<float>::infinity();
  t.add({1.0f, -2.0f, inf, -inf, std::nanf(""), 0.5f});
  EXPECT_EQ(t.count(), 3u);
  EXPECT_EQ(t.nonFinite(), 3u);
  EXPECT_EQ(t.min(), -2.0f);
  EXPECT_EQ(t.max(), 1.0f);
}

TEST(TensorStatistics, EmptyAndZeroTensorsHaveAnEmptyRange) {
  TensorStatistics t;
  for (RangeMethod m : {RangeMethod::MinMax, RangeMethod::Percentile, RangeMethod::MSE})
    EXPECT_EQ(t.range(m, spec("int8")), std::make_pair(0.0f, 0.0f));
  t.add({0.0f, 0.0f});
  for (RangeMethod m : {RangeMethod::MinMax, RangeMethod::Percentile, RangeMethod::MSE})
    EXPECT_EQ(t.range(m, spec("int8")), std::make_pair(0.0f, 0.0f));
}

// The histogram must not depend on the order in which values came: merged bins are the bins of the
// larger limit.
TEST(TensorStatistics, GrowthKeepsEveryCount) {
  std::vector<float> values = normals(20000, 1.0f, 1);
  values.push_back(100.0f);
  std::vector<float> reversed(values.rbegin(), values.rend());
  CalibrationFile grown, direct;
  grown.tensors[0].add(values);    // The outlier comes last: limit grows from about 4 to 128.
  direct.tensors[0].add(reversed); // It comes first.
  EXPECT_EQ(grown.toJSON(), direct.toJSON());
}

TEST(TensorStatistics, GrowthFromZeros) {
  TensorStatistics t;
  t.add(std::vector<float>(1000, 0.0f));
  t.add({1.0f});
  t.add({1e30f});
  t.add({1e-30f});
  EXPECT_EQ(t.count(), 1003u);
  EXPECT_EQ(t.max(), 1e30f);
  // Nearly all is in the middle: the percentile leaves out nothing of 1003 values (budget 0).
  EXPECT_EQ(t.range(RangeMethod::Percentile, spec("int8")).second, 1e30f);
}

TEST(TensorStatistics, PercentileClipsOutliers) {
  std::vector<float> values(100000);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i) / values.size() * 2 - 1; // uniform in [-1, 1)
  for (int i = 0; i < 9; ++i)
    values[i] = 50.0f; // 9 of 100000 are below 0.01 %
  TensorStatistics t;
  t.add(values);
  auto [lo, hi] = t.range(RangeMethod::Percentile, spec("int8"));
  double bin = 2.0 * 64 / TensorStatistics::kBins;
  EXPECT_GE(lo, -1.0f - bin);
  EXPECT_LE(hi, 1.0 + bin);
  EXPECT_GE(hi, 1.0 - bin);
}

TEST(TensorStatistics, PercentileKeepsWhatIsFrequent) {
  std::vector<float> values = normals(1000, 0.01f, 2);
  for (int i = 0; i < 10; ++i)
    values[i] = 8.0f; // one in a hundred stays inside
  TensorStatistics t;
  t.add(values);
  EXPECT_EQ(t.range(RangeMethod::Percentile, spec("int8")).second, 8.0f);
}

// Squared error of rounding the values themselves under the range.
static double trueError(const std::vector<float> &values, std::pair<float, float> range,
                        const num::FormatSpec &s) {
  ScaleZero z = chooseScale(range.first, range.second, s);
  double sum = 0;
  num::Conversion policy;
  for (float x : values) {
    double y;
    if (s.zeroPoint == num::ZeroPointKind::Integer) {
      double q = std::clamp<double>(std::nearbyint(x / z.scale) + z.zero, s.element->lowest(),
                                    s.element->max());
      y = (q - z.zero) * z.scale;
    } else {
      y = s.element->decodeToDouble(s.element->encode(x / z.scale, policy)) * z.scale;
    }
    sum += (x - y) * (x - y);
  }
  return sum;
}

TEST(TensorStatistics, LeastSquaresIsNearTheBestOfAllRanges) {
  for (const char *text : {"int4", "int8", "uint4/asym", "e2m1"}) {
    num::FormatSpec s = spec(text);
    std::vector<float> values = normals(5000, 1.0f, 3);
    values.push_back(12.0f);
    TensorStatistics t;
    t.add(values);
    double found = trueError(values, t.range(RangeMethod::MSE, s), s);
    double best = std::numeric_limits<double>::infinity();
    for (int percent = 30; percent <= 100; ++percent)
      best =
          std::min(best, trueError(values, {t.min() * percent / 100, t.max() * percent / 100}, s));
    EXPECT_LE(found, best * 1.05) << text;
    EXPECT_LE(found, trueError(values, {t.min(), t.max()}, s) * 1.0001) << text;
  }
}

/// Squared error of the values under chooseStatic, element by element.
static double staticError(const std::vector<float> &values, std::pair<float, float> range,
                          const num::FormatSpec &s) {
  StaticScale z = chooseStatic(range.first, range.second, s);
  num::Conversion policy;
  policy.rounding = z.rounding;
  double sum = 0;
  for (float x : values) {
    float y = x / z.divisor + (s.zeroPoint == num::ZeroPointKind::Float ? z.zero : 0.0f);
    double back = (s.element->decodeToDouble(s.element->encode(y, policy)) - z.zero) * z.stored;
    sum += (x - back) * (x - back);
  }
  return sum;
}

// The error that counts is that of the rule, the format of the scale and the zero point that will
// be used: a power of two for a scale, a range that does not contain 0.
TEST(TensorStatistics, LeastSquaresFollowsTheRule) {
  for (const char *text :
       {"int4/tensor:e8m0@floor", "int4/tensor:e8m0@rceil", "e2m1/tensor:e8m0@ceil",
        "int4/tensor:e2m1", "int4/tensor:fp16@reciprocal", "uint4/asym:float"}) {
    num::FormatSpec s = spec(text);
    std::vector<float> values = normals(5000, 1.0f, 3);
    values.push_back(text == std::string("int4/tensor:e8m0@rceil") ? 7.5f : 12.0f);
    if (s.zeroPoint == num::ZeroPointKind::Float)
      for (float &x : values)
        x += 40;
    TensorStatistics t;
    t.add(values);
    double found = staticError(values, t.range(RangeMethod::MSE, s), s), best = found;
    const float middle = s.zeroPoint == num::ZeroPointKind::Float ? (t.min() + t.max()) / 2 : 0.0f;
    for (int percent = 30; percent <= 100; ++percent) {
      auto part = [&](float end) { return middle + (end - middle) * percent / 100; };
      best = std::min(best, staticError(values, {part(t.min()), part(t.max())}, s));
    }
    EXPECT_LE(found, best * 1.05) << text;
    EXPECT_LT(found, staticError(values, {t.min(), t.max()}, s)) << text;
  }
}

TEST(ChooseScale, Symmetric) {
  EXPECT_EQ(chooseScale(-127, 3, spec("int8")).scale, 1.0f);
  EXPECT_EQ(chooseScale(-3, 254, spec("int8")).scale, 2.0f);
  EXPECT_EQ(chooseScale(-7, 7, spec("int4")).scale, 1.0f);
  EXPECT_EQ(chooseScale(-448, 1, spec("e4m3")).scale, 1.0f);
  EXPECT_EQ(chooseScale(-100, 255, spec("uint8")).scale, 1.0f); // only what is positive
  EXPECT_EQ(chooseScale(0, 0, spec("int8")).scale, 1.0f);
  EXPECT_EQ(chooseScale(0, 1e-45f, spec("int8")).scale, 0x1p-126f); // the least with all bits
  EXPECT_GT(chooseScale(-1, 1, spec("int1")).scale, 0.0f);
}

TEST(ChooseScale, WithZeroPoint) {
  ScaleZero z = chooseScale(-1, 50, spec("uint8/asym"));
  EXPECT_FLOAT_EQ(z.scale, 0.2f);
  EXPECT_EQ(z.zero, 5);
  z = chooseScale(10, 51, spec("uint8/asym")); // widened to contain 0
  EXPECT_FLOAT_EQ(z.scale, 0.2f);
  EXPECT_EQ(z.zero, 0);
  z = chooseScale(-51, -10, spec("int8/asym"));
  EXPECT_FLOAT_EQ(z.scale, 0.2f);
  EXPECT_EQ(z.zero, 127);
}

TEST(CalibrationFile, RoundTrips) {
  CalibrationFile file;
  file.samples = 17;
  file.tensors[0].add(normals(1000, 3.0f, 4));
  file.tensors[5].add({0.0f});
  file.tensors[7].add({std::nanf("")});
  std::string error, text = file.toJSON();
  mlir::FailureOr<CalibrationFile> back = CalibrationFile::fromJSON(text, error);
  ASSERT_TRUE(mlir::succeeded(back)) << error;
  EXPECT_EQ(back->toJSON(), text);
  EXPECT_EQ(back->samples, 17u);
  EXPECT_EQ(back->tensors.at(7).nonFinite(), 1u);
  for (RangeMethod m : {RangeMethod::MinMax, RangeMethod::Percentile, RangeMethod::MSE})
    EXPECT_EQ(back->tensors.at(0).range(m, spec("int8")),
              file.tensors.at(0).range(m, spec("int8")));
}

TEST(CalibrationFile, RefusesWhatItIsNot) {
  for (
      const char *text :
      {"", "[]", "{}", "not json", R"({"lpc_calibration": 2, "tensors": []})",
       R"({"lpc_calibration": 1, "tensors": [{"id": 0}]})",
       R"({"lpc_calibration": 1, "tensors": [{"id": 0, "min": 0, "max": 1, "limit": 1, "bins": [[4096, 1]]}]})",
       R"({"lpc_calibration": 1, "tensors": [{"id": 0, "min": 0, "max": 1, "limit": 0, "bins": [[0, 1]]}]})"}) {
    std::string error;
    EXPECT_TRUE(mlir::failed(CalibrationFile::fromJSON(text, error))) << text;
    EXPECT_EQ(error, "not a calibration file of lpc");
  }
}
