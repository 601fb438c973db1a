// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Drawn samples have the moments of their distributions; measures count what they say.
#include "lib/Driver/FormatCompare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace lpc;
using namespace lpc::driver;

namespace {

TEST(SamplesTest, ArePureFunctionsOfTheSeed) {
  EXPECT_EQ(drawSamples("gaussian", 100, 7), drawSamples("gaussian", 100, 7));
  EXPECT_NE(drawSamples("gaussian", 100, 7), drawSamples("gaussian", 100, 8));
  std::vector<float> longer = drawSamples("student", 200, 7);
  longer.resize(100);
  EXPECT_EQ(longer, drawSamples("student", 100, 7));
  EXPECT_TRUE(drawSamples("cauchy", 100, 7).empty());
}

struct Moments {
  double mean = 0, meanMagnitude = 0, meanSquare = 0, median = 0;
};
Moments moments(std::vector<float> x) {
  Moments m;
  for (float v : x) {
    m.mean += v;
    m.meanMagnitude += std::fabs(v);
    m.meanSquare += static_cast<double>(v) * v;
  }
  auto n = static_cast<double>(x.size());
  for (float &v : x)
    v = std::fabs(v);
  std::nth_element(x.begin(), x.begin() + static_cast<ptrdiff_t>(x.size() / 2), x.end());
  return {m.mean / n, m.meanMagnitude / n, m.meanSquare / n, x[x.size() / 2]};
}

TEST(SamplesTest, HaveTheMomentsOfTheirDistributions) {
  constexpr size_t n = 1 << 19;
  Moments g = moments(drawSamples("gaussian", n, 1));
  EXPECT_NEAR(0, g.mean, 0.01);
  EXPECT_NEAR(0.79788, g.meanMagnitude, 0.005);
  EXPECT_NEAR(1, g.meanSquare, 0.01);
  Moments l = moments(drawSamples("laplace", n, 1));
  EXPECT_NEAR(0, l.mean, 0.01);
  EXPECT_NEAR(1, l.meanMagnitude, 0.01);
  EXPECT_NEAR(2, l.meanSquare, 0.03);
  // Student's t with four degrees of freedom: mean magnitude 1, variance 2, |t| < 0.74070 for half.
  Moments t = moments(drawSamples("student", n, 1));
  EXPECT_NEAR(0, t.mean, 0.01);
  EXPECT_NEAR(1, t.meanMagnitude, 0.01);
  EXPECT_NEAR(2, t.meanSquare, 0.1);
  EXPECT_NEAR(0.74070, t.median, 0.005);
}

FormatErrors measure(const std::string &spec, SampleMatrix matrix) {
  FormatErrors e;
  std::string error;
  EXPECT_TRUE(measureFormat(*num::FormatSpec::parse(spec), matrix, e, error)) << error;
  return e;
}

TEST(MeasureTest, ExactFormatsHaveNoError) {
  FormatErrors e = measure("int4/channel", {{7, -7, 3, 0, 14, 2, -6, 0}, 2, 4});
  EXPECT_TRUE(std::isinf(e.sqnr));
  EXPECT_EQ(0, e.clipped);
  EXPECT_EQ(0, e.underflowed);
  EXPECT_EQ(4 + 2 * 32 / 8.0, e.bits);
}

TEST(MeasureTest, CountsUnderflowAndError) {
  // One scale, 1: 0.25 and -0.4 become 0, 2.5 becomes 2.
  FormatErrors e = measure("int4/tensor", {{7, 0.25, -0.4f, 2.5}, 1, 4});
  EXPECT_EQ(0.5, e.underflowed);
  EXPECT_EQ(0, e.clipped);
  double noise = 0.0625 + 0.16 + 0.25, signal = 49 + 0.0625 + 0.16 + 6.25;
  EXPECT_NEAR(10 * std::log10(signal / noise), e.sqnr, 1e-5);
}

TEST(MeasureTest, CountsClipping) {
  // mxfp4's floor rule keeps the scale 1 up to a maximum below 8: 7.5 clips to 6, by more than half
  // of the step from 4 to 6; 6.9 does not, 6.0 is a value.
  std::vector<float> x(32, 1);
  x[0] = 7.5;
  x[1] = -7.5;
  x[2] = 6.9f;
  x[3] = 6;
  FormatErrors e = measure("mxfp4", {x, 1, 32});
  EXPECT_EQ(2 / 32.0, e.clipped);
  EXPECT_EQ(4.25, e.bits);
  // A table's ends are those of its row.
  EXPECT_EQ(0, measure("ganq2", {{1, 2, 3, 4, 5, 6, 7, 8}, 2, 4}).clipped);
}

} // namespace
