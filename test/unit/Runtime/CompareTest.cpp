// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CompareTest.cpp: tolerance, bits and ULP.
#include "lpc-runtime/io/Compare.h"

#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

using namespace lpc::rt;

namespace {

HostTensor floats(std::vector<int64_t> shape, const std::vector<float> &values) {
  HostTensor tensor = *HostTensor::zeros(LPC_DTYPE_F32, std::move(shape));
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

const float kInf = std::numeric_limits<float>::infinity();

TEST(Compare, follows_allclose) {
  CompareOptions options{CompareOptions::Rule::Tolerance, 0.1, 0.5, 0};
  HostTensor expected = floats({4}, {10, 0, NAN, kInf});
  EXPECT_TRUE(
      compare(floats({4}, {11.5f, 0.5f, -NAN, kInf}), expected, options).equal); // 0.5 + 0.1 * 10
  EXPECT_FALSE(compare(floats({4}, {11.6f, 0, NAN, kInf}), expected, options).equal);
  EXPECT_FALSE(compare(floats({4}, {10, 0, 0, kInf}), expected, options).equal);
  EXPECT_FALSE(compare(floats({4}, {10, 0, NAN, -kInf}), expected, options).equal);
  EXPECT_FALSE(compare(floats({4}, {10, 0, NAN, 1e38f}), expected, options).equal);
}

TEST(Compare, reports_the_first_mismatch) {
  CompareReport report =
      compare(floats({2, 3}, {1, 2, 3, 4, 5.5f, 8}), floats({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_FALSE(report.equal);
  EXPECT_EQ(report.firstMismatch, 4);
  EXPECT_EQ(report.numMismatches, 2);
  EXPECT_EQ(report.maxAbsError, 2);
  EXPECT_EQ(report.message, "element [1, 1]: expected 5, but found 5.5 (1048576 ulp apart); 2 of 6 "
                            "elements differ, by at most 2");
  EXPECT_EQ(compare(floats({2}, {1, 2}), floats({1, 2}, {1, 2})).message,
            "expected shape 1x2, but found shape 2");
  EXPECT_EQ(compare(*HostTensor::zeros(LPC_DTYPE_I32, {2}), floats({2}, {1, 2})).message,
            "expected float32, but found int32");
}

TEST(Compare, sees_every_bit) {
  CompareOptions bits{CompareOptions::Rule::BitExact, 0, 0, 0};
  EXPECT_TRUE(compare(floats({1}, {NAN}), floats({1}, {NAN}), bits).equal);
  CompareReport report = compare(floats({1}, {-0.0f}), floats({1}, {0}), bits);
  EXPECT_EQ(report.message, "element [0]: expected 0 (bits 0x00000000), but found -0 (bits "
                            "0x80000000) (0 ulp apart); 1 of 1 element differs");
  HostTensor big = *HostTensor::zeros(LPC_DTYPE_I64, {1}), other = big;
  big.setBits(0, uint64_t(INT64_MAX));
  other.setBits(0, uint64_t(INT64_MAX) - 1); // the same double
  EXPECT_FALSE(compare(big, other, {CompareOptions::Rule::Tolerance, 0, 0, 0}).equal);
  EXPECT_TRUE(compare(big, other, {CompareOptions::Rule::Tolerance, 0, 1, 0}).equal);
}

TEST(Compare, counts_ulp) {
  auto f32 = [](float a, float b) {
    return ulpDistance(LPC_DTYPE_F32, std::bit_cast<uint32_t>(a), std::bit_cast<uint32_t>(b));
  };
  EXPECT_EQ(f32(1, std::nextafter(1.0f, 2.0f)), 1u);
  EXPECT_EQ(f32(-0.0f, 0.0f), 0u);
  EXPECT_EQ(f32(-1e-45f, 1e-45f), 2u);
  EXPECT_EQ(f32(NAN, NAN), 0u);
  EXPECT_EQ(f32(NAN, 1), UINT64_MAX);
  EXPECT_EQ(ulpDistance(LPC_DTYPE_I8, 0xff, 0x01), 2u);
  EXPECT_EQ(ulpDistance(LPC_DTYPE_I4, 0x8, 0x7), 15u);
  EXPECT_EQ(ulpDistance(LPC_DTYPE_U64, 0, UINT64_MAX), UINT64_MAX);
  CompareOptions options{CompareOptions::Rule::Ulp, 0, 0, 1};
  EXPECT_TRUE(compare(floats({1}, {std::nextafter(3.0f, 4.0f)}), floats({1}, {3}), options).equal);
  options.maxUlp = 0;
  EXPECT_FALSE(compare(floats({1}, {std::nextafter(3.0f, 4.0f)}), floats({1}, {3}), options).equal);
}

} // namespace
