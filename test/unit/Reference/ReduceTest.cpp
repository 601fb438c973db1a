// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions, scans, selections, normalizations, pooling.
#include "Helpers.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace lpc::ref;
using namespace lpc::ref::testing;

using V = std::vector<double>;
using I = std::vector<int64_t>;

static std::vector<int64_t> list(std::initializer_list<int64_t> v) { return v; }

TEST(Reduce, SumsAreExactAndRoundedOnce) {
  // Any order of f32 additions loses the 1s; the exact sum keeps them.
  EXPECT_EQ(reduce(ReduceKind::Sum, f32({4}, {1e30f, 1, -1e30f, 1}), list({0}), false).at(0), 2);
  // A tie that only a tiny third term decides.
  EXPECT_EQ(reduce(ReduceKind::Sum, f32({3}, {1, 0x1p-24f, 0x1p-100f}), list({0}), false).at(0),
            1 + 0x1p-23);
  EXPECT_EQ(reduce(ReduceKind::Sum, f32({3}, {1, 0x1p-24f, -0x1p-100f}), list({0}), false).at(0),
            1);
  EXPECT_EQ(reduce(ReduceKind::Sum, f32({2}, {1, 0x1p-24f}), list({0}), false).at(0), 1);
  EXPECT_EQ(reduce(ReduceKind::Sum, f64({4}, {1e300, 1, -1e300, 1}), list({0}), false).at(0), 2);
  EXPECT_TRUE(std::isnan(reduce(ReduceKind::Sum, f32({2}, {kInf, -kInf}), list({0}), false).at(0)));
}

TEST(Reduce, MeanRoundsOnce) {
  // (2^24 + 2^24 + 1) / 3: the sum alone would already round.
  EXPECT_EQ(reduce(ReduceKind::Mean, f32({3}, {16777216, 16777216, 1}), list({0}), false).at(0),
            static_cast<float>(33554433.0 / 3));
  EXPECT_EQ(ints(reduce(ReduceKind::Mean, i32({2, 2}, {-3, 0, 3, 0}), list({1}), false)),
            (I{-1, 1}));
}

TEST(Reduce, AxesAndEmptySets) {
  Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(values(reduce(ReduceKind::Sum, x, list({0}), false)), (V{5, 7, 9}));
  EXPECT_EQ(reduce(ReduceKind::Prod, x, list({1}), true).shape(), (Shape{2, 1}));
  EXPECT_EQ(values(reduce(ReduceKind::Sum, x, {}, false)), values(x));
  Tensor none = Tensor::make(DType::f32(), {2, 0});
  EXPECT_EQ(values(reduce(ReduceKind::Sum, none, list({1}), false)), (V{0, 0}));
  EXPECT_EQ(values(reduce(ReduceKind::Prod, none, list({1}), false)), (V{1, 1}));
  EXPECT_EQ(values(reduce(ReduceKind::Max, none, list({1}), false)), (V{-kInf, -kInf}));
  EXPECT_EQ(values(reduce(ReduceKind::Min, none, list({1}), false)), (V{kInf, kInf}));
  EXPECT_TRUE(std::isnan(reduce(ReduceKind::Mean, none, list({1}), false).at(0)));
  EXPECT_EQ(ints(reduce(ReduceKind::Max, Tensor::make(DType::i(8), {0}), list({0}), false)),
            (I{-128}));
  EXPECT_EQ(reduce(ReduceKind::Sum, f32({}, {4}), {}, false).at(0), 4);
}

TEST(Reduce, MaxPropagatesNaNAndBoolsAreAnyAll) {
  EXPECT_TRUE(std::isnan(reduce(ReduceKind::Max, f32({3}, {1, kNaN, 2}), list({0}), false).at(0)));
  Tensor b = boolean({2, 2}, {1, 0, 1, 1});
  EXPECT_EQ(ints(reduce(ReduceKind::Max, b, list({1}), false)), (I{1, 1}));
  EXPECT_EQ(ints(reduce(ReduceKind::Min, b, list({1}), false)), (I{0, 1}));
}

TEST(Reduce, Positions) {
  Tensor x = f32({2, 4}, {1, 3, 3, 0, 5, kNaN, 7, kNaN});
  EXPECT_EQ(ints(*argReduce(ReduceKind::Max, x, 1, false, false)), (I{1, 1}));
  EXPECT_EQ(ints(*argReduce(ReduceKind::Max, x, 1, true, true)), (I{2, 3}));
  EXPECT_EQ(ints(*argReduce(ReduceKind::Min, u8({3}, {200, 100, 100}), 0, false, false)), (I{1}));
  EXPECT_FALSE(argReduce(ReduceKind::Max, Tensor::make(DType::f32(), {2, 0}), 1, false, false));
}

TEST(Reduce, TopK) {
  Tensor x = i32({2, 4}, {3, 1, 3, 2, 0, 5, 5, 5});
  auto best = *topK(x, 2, 1, true);
  EXPECT_EQ(ints(best.first), (I{3, 3, 5, 5}));
  EXPECT_EQ(ints(best.second), (I{0, 2, 1, 2}));
  auto least = *topK(x, 1, 0, false);
  EXPECT_EQ(least.first.shape(), (Shape{1, 4}));
  EXPECT_EQ(ints(least.first), (I{0, 1, 3, 2}));
  EXPECT_EQ(ints(least.second), (I{1, 0, 0, 0}));
  EXPECT_FALSE(topK(x, 5, 1, true));
}

TEST(Scan, ExclusiveAndReverse) {
  Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(values(scan(ReduceKind::Sum, x, 1, false, false)), (V{1, 3, 6, 4, 9, 15}));
  EXPECT_EQ(values(scan(ReduceKind::Sum, x, 1, true, true)), (V{5, 3, 0, 11, 6, 0}));
  EXPECT_EQ(values(scan(ReduceKind::Prod, x, 0, false, false)), (V{1, 2, 3, 4, 10, 18}));
}

TEST(Norm, Softmax) {
  Tensor y = softmax(f32({2, 2}, {0, std::log(3.0f), 1000, 1000}), 1, false);
  EXPECT_NEAR(y.at(0), 0.25, 1e-7);
  EXPECT_EQ(y.at(2), 0.5);
  EXPECT_EQ(softmax(f32({2}, {1000, -1000}), 0, true).at(1), -2000);
  EXPECT_EQ(values(softmax(f32({2, 1}, {0, 0}), 0, false)), (V{0.5, 0.5}));
  EXPECT_TRUE(std::isnan(softmax(f32({2}, {-kInf, -kInf}), 0, false).at(0)));
}

TEST(Norm, LayerAndRMS) {
  Tensor x = f32({1, 4}, {1, 2, 3, 4}), scale = f32({4}, {1, 1, 2, 2}), bias = f32({}, {1});
  Tensor y = *layerNorm(x, &scale, &bias, 1, 0);
  EXPECT_NEAR(y.at(0), -1.5 / std::sqrt(1.25) + 1, 1e-6);
  EXPECT_NEAR(y.at(3), 3 / std::sqrt(1.25) + 1, 1e-6);
  EXPECT_NEAR(rmsNorm(x, nullptr, 1, 0.5)->at(1), 2 / std::sqrt(8.0), 1e-7);
}

TEST(Pool, MaxSkipsPaddingAndAverageCounts) {
  Tensor x = f32({1, 1, 4}, {-1, -2, -3, -4});
  Window w{{2}, {1, 1}, {1}, 1};
  EXPECT_EQ(values(*pool(PoolKind::Max, x, {3}, w, false, nullptr)), (V{-1, -2}));
  EXPECT_EQ(values(*pool(PoolKind::Avg, x, {3}, w, false, nullptr)), (V{-1.5, -3}));
  EXPECT_EQ(values(*pool(PoolKind::Avg, x, {3}, w, true, nullptr)), (V{-1, -3}));
  // Ceil mode: the end has one more position that does not count.
  Window ceil{{2}, {0, 1}, {1}, 1};
  Shape counted{0, 0};
  EXPECT_EQ(values(*pool(PoolKind::Avg, x, {3}, ceil, true, &counted)), (V{-2, -3.5}));
  EXPECT_EQ(ints(*pool(PoolKind::Max, u8({1, 1, 2, 2}, {9, 200, 3, 4}), {2, 2},
                       {{1, 1}, {0, 0, 0, 0}, {1, 1}, 1}, false, nullptr)),
            (I{200}));
}
