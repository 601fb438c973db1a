// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codes of f64 values: f32 values keep theirs under every structure, others are rounded once.
#include "lpc/Numerics/BlockQuantizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace lpc::num;

namespace {

struct Tensor {
  std::vector<int64_t> shape;
  std::vector<AxisRole> roles;
  size_t size() const {
    size_t n = 1;
    for (int64_t d : shape)
      n *= static_cast<size_t>(d);
    return n;
  }
};

FormatSpec specOf(const char *text) {
  std::string error;
  std::optional<FormatSpec> spec = FormatSpec::parse(text, &error);
  EXPECT_TRUE(spec) << error;
  return *spec;
}

std::vector<double> normals(size_t n) {
  std::mt19937 rng(3);
  std::normal_distribution<double> d(0.1, 1);
  std::vector<double> out(n);
  for (double &x : out)
    x = d(rng);
  return out;
}

class RefineCodes : public testing::TestWithParam<const char *> {};

TEST_P(RefineCodes, FloatsKeepTheirCodes) {
  FormatSpec spec = specOf(GetParam());
  for (const Tensor &t :
       {Tensor{{70, 9}, matmulWeightRoles(2)}, Tensor{{9, 70}, rowRoles(2)},
        Tensor{{6, 34, 3, 3}, filterRoles(4)}, Tensor{{2, 40, 5}, matmulWeightRoles(3)}}) {
    std::vector<double> exact = normals(t.size());
    for (size_t i = 0; i < exact.size(); ++i)
      exact[i] = i / 8 == 2 ? 0 : static_cast<float>(exact[i]);
    std::vector<float> x(exact.begin(), exact.end());
    BlockQuantized q;
    std::string error;
    ASSERT_TRUE(quantizeBlocks(spec, x, t.shape, t.roles, q, error)) << error;
    std::vector<uint16_t> before = q.codes;
    ASSERT_TRUE(refineCodes(q, exact, t.roles));
    EXPECT_EQ(q.codes, before) << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(Structures, RefineCodes,
                         testing::Values("int8/channel", "int4/g32", "int4/g32@mse", "int8/tensor",
                                         "uint4/g8/asym", "uint4/g16/asym:float",
                                         "uint4/g32:fp16/offset:fp16", "e2m1/g16", "e4m3/128x128",
                                         "mxfp4", "mxfp8", "mxint8", "nvfp4", "nvint4",
                                         "int4/g16:e4m3", "int4/g32/posneg", "dfp8"));

// A value a little beside the middle of two codes, by less than a float can say.
TEST(RefineCodesTest, RoundsOnce) {
  // Scale 1: the largest is 7.
  std::vector<double> exact = {7, 2.5 + 1e-12, 2.5 - 1e-12, 3.5 - 1e-12, -2.5 - 1e-12, 0.5 + 1e-12};
  std::vector<float> x(exact.begin(), exact.end());
  // The quotient is rounded to f32 by definition, so these are still ties...
  BlockQuantized q;
  std::string error;
  std::vector<AxisRole> roles = rowRoles(2);
  ASSERT_TRUE(
      quantizeBlocks(specOf("int4/channel"), x, std::vector<int64_t>{1, 6}, roles, q, error));
  std::vector<uint16_t> before = q.codes;
  ASSERT_TRUE(refineCodes(q, exact, roles));
  EXPECT_EQ(q.codes, before);
  // ... but with a scale that is no power of two the float of x and x have other quotients.
  std::vector<double> wide = normals(60000);
  x.assign(wide.begin(), wide.end());
  std::vector<int64_t> shape = {60, 1000};
  ASSERT_TRUE(quantizeBlocks(specOf("int16/channel"), x, shape, roles, q, error));
  before = q.codes;
  ASSERT_TRUE(refineCodes(q, wide, roles));
  size_t changed = 0;
  for (size_t i = 0; i < wide.size(); ++i) {
    double s = q.scales[0].values[i / 1000];
    int expected = static_cast<int>(std::nearbyint(static_cast<float>(wide[i] / s)));
    ASSERT_EQ(q.codes[i], static_cast<uint16_t>(expected)) << i;
    changed += q.codes[i] != before[i];
  }
  EXPECT_GT(changed, 0u);
  EXPECT_LT(changed, wide.size() / 100);
}

TEST(RefineCodesTest, LeavesSearchesAlone) {
  std::vector<double> exact = normals(512);
  std::vector<float> x(exact.begin(), exact.end());
  for (const char *text : {"q4_k", "nf4/g64", "any4", "ternary"}) {
    BlockQuantized q;
    std::string error;
    std::vector<int64_t> shape = {2, 256};
    if (!quantizeBlocks(specOf(text), x, shape, rowRoles(2), q, error))
      ADD_FAILURE() << error;
    std::vector<uint16_t> before = q.codes;
    if (!refineCodes(q, exact, rowRoles(2)))
      EXPECT_EQ(q.codes, before);
    else
      EXPECT_STREQ(text, "nf4/g64");
  }
}

} // namespace
