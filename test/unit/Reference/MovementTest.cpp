// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that move elements, gathers and scatters.
#include "Helpers.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace lpc::ref;
using namespace lpc::ref::testing;

using V = std::vector<double>;
using I = std::vector<int64_t>;

static Tensor count(Shape shape) {
  return iota(DType::f32(), {countElements(shape)}, 0).reshaped(shape);
}
static std::vector<int64_t> list(std::initializer_list<int64_t> v) { return v; }

TEST(Movement, TransposeAndBroadcast) {
  Tensor x = count({2, 3});
  EXPECT_EQ(values(transpose(x, list({1, 0}))), (V{0, 3, 1, 4, 2, 5}));
  Tensor y = transpose(count({2, 3, 4}), list({2, 0, 1}));
  EXPECT_EQ(y.shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(y.at(1 * 6 + 1 * 3 + 2), 1 * 12 + 2 * 4 + 1);
  EXPECT_EQ(values(*broadcast(count({2, 1}), {2, 2})), (V{0, 0, 1, 1}));
  EXPECT_FALSE(broadcast(x, {2, 4}));
  EXPECT_EQ(values(transpose(f32({}, {3}), {})), (V{3}));
}

TEST(Movement, SliceWithNegativeStrides) {
  Tensor x = count({3, 4});
  EXPECT_EQ(values(*slice(x, list({2, 3}), list({2, 2}), list({-2, -3}))), (V{11, 8, 3, 0}));
  EXPECT_EQ(slice(x, list({0, 4}), list({3, 0}), list({1, 1}))->shape(), (Shape{3, 0}));
  EXPECT_EQ(slice(x, list({0, 2}), list({3, 3}), list({1, 1})).error(),
            "slice reads position 4 of axis 1, which has size 4");
  EXPECT_FALSE(slice(x, list({0, 0}), list({1, 2}), list({1, -1})));
}

TEST(Movement, PadModes) {
  Tensor x = count({4});
  Tensor nine = f32({}, {9});
  EXPECT_EQ(values(*pad(x, list({1}), list({2}), PadMode::Constant, &nine)),
            (V{9, 0, 1, 2, 3, 9, 9}));
  EXPECT_EQ(values(*pad(x, list({1}), list({2}), PadMode::Constant, nullptr)),
            (V{0, 0, 1, 2, 3, 0, 0}));
  EXPECT_EQ(values(*pad(x, list({2}), list({2}), PadMode::Edge, nullptr)),
            (V{0, 0, 0, 1, 2, 3, 3, 3}));
  EXPECT_EQ(values(*pad(x, list({3}), list({2}), PadMode::Reflect, nullptr)),
            (V{3, 2, 1, 0, 1, 2, 3, 2, 1}));
  EXPECT_EQ(values(*pad(x, list({2}), list({1}), PadMode::Wrap, nullptr)),
            (V{2, 3, 0, 1, 2, 3, 0}));
  EXPECT_EQ(values(*pad(x, list({-1}), list({-2}), PadMode::Constant, nullptr)), (V{1}));
  EXPECT_FALSE(pad(x, list({-3}), list({-2}), PadMode::Constant, nullptr));
}

TEST(Movement, ConcatWithEmptyPart) {
  Tensor parts[] = {count({2, 2}), Tensor::make(DType::f32(), {2, 0}), count({2, 1})};
  Tensor y = *concat(parts, 1);
  EXPECT_EQ(y.shape(), (Shape{2, 3}));
  EXPECT_EQ(values(y), (V{0, 1, 0, 2, 3, 1}));
}

TEST(Movement, IotaInEveryType) {
  EXPECT_EQ(ints(iota(DType::u(8), {2, 3}, 1)), (I{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(values(iota(DType::bf16(), {2, 2}, 0)), (V{0, 0, 1, 1}));
}

TEST(Gather, AxisAndNegativeIndices) {
  Tensor x = count({3, 2});
  EXPECT_EQ(values(*gather(x, i64({2}, {-1, 0}), 0)), (V{4, 5, 0, 1}));
  Tensor y = *gather(x, i64({1, 2}, {1, 1}), 1);
  EXPECT_EQ(y.shape(), (Shape{3, 1, 2}));
  EXPECT_EQ(values(y), (V{1, 1, 3, 3, 5, 5}));
  EXPECT_EQ(gather(x, i64({}, {3}), 0).error(), "index 3 is outside of axis 0, which has size 3");
  EXPECT_FALSE(gather(x, i64({}, {-4}), 0));
}

TEST(Gather, ElementsAndTuples) {
  Tensor x = count({2, 3});
  EXPECT_EQ(values(*gatherElements(x, i64({2, 2}, {2, 0, -1, 1}), 1)), (V{2, 0, 5, 4}));
  EXPECT_EQ(values(*gatherND(x, i64({2, 2}, {0, 2, 1, -3}), 0)), (V{2, 3}));
  EXPECT_EQ(values(*gatherND(x, i64({1, 1}, {1}), 0)), (V{3, 4, 5}));
  EXPECT_EQ(values(*gatherND(x, i64({2, 1}, {2, 0}), 1)), (V{2, 3}));
}

TEST(Scatter, KindsInOrder) {
  Tensor x = f32({1, 4}, {1, 2, 3, 4}), u = f32({1, 3}, {10, 20, 30});
  Tensor at = i64({1, 3}, {1, 1, -1});
  EXPECT_EQ(values(*scatterElements(x, at, u, 1, ScatterKind::Assign)), (V{1, 20, 3, 30}));
  EXPECT_EQ(values(*scatterElements(x, at, u, 1, ScatterKind::Add)), (V{1, 32, 3, 34}));
  EXPECT_EQ(values(*scatterElements(x, at, u, 1, ScatterKind::Mul)), (V{1, 400, 3, 120}));
  EXPECT_EQ(values(*scatterElements(x, at, u, 1, ScatterKind::Min)), (V{1, 2, 3, 4}));
  EXPECT_EQ(
      ints(*scatterElements(i8({2}, {100, 1}), i64({1}, {0}), i8({1}, {100}), 0, ScatterKind::Add)),
      (I{-56, 1}));
  EXPECT_EQ(values(*scatterND(count({3, 2}), i64({2, 1}, {2, 0}), f32({2, 2}, {7, 8, 9, 6}),
                              ScatterKind::Assign)),
            (V{9, 6, 2, 3, 7, 8}));
  EXPECT_FALSE(
      scatterND(count({3, 2}), i64({1, 1}, {5}), f32({1, 2}, {7, 8}), ScatterKind::Assign));
}
