// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hadamard matrices against their definition, in integers.
#include "lpc/Numerics/Hadamard.h"

#include <gtest/gtest.h>

using namespace lpc::num;

TEST(Hadamard, RowsAreOrthogonal) {
  // Every order that is known up to 152 times itself transposed.
  int found = 0;
  for (int64_t n = 1; n <= 152; ++n) {
    std::optional<Hadamard> h = Hadamard::ofOrder(n);
    if (!h)
      continue;
    ++found;
    ASSERT_EQ(h->order(), n);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) {
        int64_t sum = 0;
        for (int64_t k = 0; k < n; ++k) {
          ASSERT_EQ(std::abs(h->at(i, k)), 1);
          sum += h->at(i, k) * h->at(j, k);
        }
        ASSERT_EQ(sum, i == j ? n : 0) << "order " << n;
      }
  }
  // 1, 2, and the multiples of 4 without 52, 92, 100, 116.
  EXPECT_EQ(found, 2 + 152 / 4 - 4);
}

TEST(Hadamard, KnowsTheWidthsOfModels) {
  for (int64_t n : {64, 256, 704, 768, 1280, 3072, 5120, 8960, 9728, 13824, 14336, 17408, 18944})
    EXPECT_TRUE(Hadamard::ofOrder(n)) << n;
  for (int64_t n : {3, 6, 10, 11, 52, 92, 172, 11008})
    EXPECT_FALSE(Hadamard::ofOrder(n)) << n;
}

TEST(Hadamard, AppliesItself) {
  for (int64_t n : {1, 2, 8, 12, 24, 28, 44, 56, 704}) {
    Hadamard h = *Hadamard::ofOrder(n);
    std::vector<double> x(n), y(n);
    for (int64_t i = 0; i < n; ++i)
      x[i] = static_cast<double>((i * i * 7 + 3) % 11) - 5;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        y[i] += h.at(i, j) * x[j];
    h.apply(x.data());
    EXPECT_EQ(x, y) << "order " << n;
  }
}

TEST(Hadamard, FallsBackToPowersOfTwo) {
  EXPECT_EQ(Hadamard::dividing(52).order(), 4);
  EXPECT_EQ(Hadamard::dividing(11008).order(), 256);
  EXPECT_EQ(Hadamard::dividing(704).order(), 704);
  EXPECT_EQ(Hadamard::dividing(7).order(), 1);
}
