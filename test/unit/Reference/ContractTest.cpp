// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products and convolutions against sums in 128-bit integers and against direct loops.
#include "Helpers.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace lpc::ref;
using namespace lpc::ref::testing;

using V = std::vector<double>;
using I = std::vector<int64_t>;

namespace {

/// Integers of up to 24 bits times powers of two: their products sum exactly in 128 bits, but
/// neither in f32 nor in f64.
struct WideNumbers {
  WideNumbers(int64_t n, unsigned seed) {
    std::mt19937_64 rng(seed);
    for (int64_t i = 0; i < n; ++i) {
      int64_t x = static_cast<int64_t>(rng() % (1u << 24)) - (1 << 23);
      exact.push_back(x * (int64_t{1} << rng() % 20));
      floats.push_back(static_cast<float>(exact.back()));
    }
  }
  std::vector<int64_t> exact;
  std::vector<float> floats;
};

} // namespace

TEST(MatMul, F32IsTheExactSumRoundedOnce) {
  for (auto [m, k, n] : {std::array<int64_t, 3>{3, 50, 9}, {1, 1, 1}, {5, 300, 17}, {2, 0, 3}}) {
    WideNumbers a(m * k, 1), b(k * n, 2);
    Tensor y = *matmul(f32({m, k}, a.floats), f32({k, n}, b.floats), false);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        __int128 sum = 0;
        for (int64_t x = 0; x < k; ++x)
          sum += static_cast<__int128>(a.exact[i * k + x]) * b.exact[x * n + j];
        EXPECT_EQ(y.as<float>()[i * n + j], static_cast<float>(sum)) << m << " " << k << " " << n;
      }
  }
}

TEST(MatMul, CancellationAndTies) {
  // 2^40 - 2^40 + 1 + 2^-24 is a tie; a term of 2^-90 decides it.
  Tensor one = f32({5, 1}, {1, 1, 1, 1, 1});
  EXPECT_EQ(matmul(f32({1, 5}, {0x1p40f, -0x1p40f, 1, 0x1p-24f, 0}), one, false)->at(0), 1);
  EXPECT_EQ(matmul(f32({1, 5}, {0x1p40f, -0x1p40f, 1, 0x1p-24f, 0x1p-90f}), one, false)->at(0),
            1 + 0x1p-23);
  EXPECT_EQ(
      matmul(f32({1, 5}, {0x1p60f, 0x1p-60f, 0x1p-126f, -0x1p60f, -0x1p-60f}), one, false)->at(0),
      0x1p-126);
  EXPECT_TRUE(std::isnan(matmul(f32({1, 2}, {kInf, 1}), f32({2, 1}, {0, 1}), false)->at(0)));
  EXPECT_EQ(matmul(f32({1, 2}, {kInf, 1}), f32({2, 1}, {1, 1}), false)->at(0), kInf);
  EXPECT_EQ(matmul(f64({1, 3}, {1e300, 1, -1e300}), f64({3, 1}, {1, 1, 1}), false)->at(0), 1);
  EXPECT_EQ(matmul(f64({1, 2}, {1e200, 1}), f64({2, 1}, {1e200, 1}), false)->at(0), HUGE_VAL);
}

TEST(MatMul, BatchesAndTransposes) {
  Tensor a = randomF32({2, 1, 3, 5}, 1), b = randomF32({4, 5, 6}, 2);
  Tensor y = *matmul(a, b, false);
  EXPECT_EQ(y.shape(), (Shape{2, 4, 3, 6}));
  std::vector<int64_t> swap{0, 2, 1};
  EXPECT_EQ(values(*matmul(a, transpose(b, swap), true)), values(y));
  for (int64_t i : {0, 17, 100, 143}) {
    int64_t n = i % 6, m = i / 6 % 3, q = i / 18 % 4, p = i / 72;
    double sum = 0;
    for (int64_t k = 0; k < 5; ++k)
      sum += a.at((p * 3 + m) * 5 + k) * b.at((q * 5 + k) * 6 + n);
    EXPECT_EQ(y.at(i), static_cast<float>(sum));
  }
  EXPECT_EQ(ints(*matmul(i8({1, 2}, {100, 100}), i8({2, 1}, {2, 1}), false)), (I{44}));
  EXPECT_FALSE(matmul(a, randomF32({4, 6, 6}, 3), false));
  EXPECT_EQ(matmul(Tensor::make(DType::f32(), {0, 3}), randomF32({3, 2}, 1), false)->shape(),
            (Shape{0, 2}));
}

/// The definition, in double.
static V directConv(const Tensor &x, const Tensor &f, const Tensor *bias, const Window &w,
                    int64_t oh, int64_t ow) {
  V out;
  int64_t m = f.dim(0), depth = f.dim(1), kh = f.dim(2), kw = f.dim(3), h = x.dim(2), wd = x.dim(3);
  for (int64_t n = 0; n < x.dim(0); ++n)
    for (int64_t c = 0; c < m; ++c)
      for (int64_t i = 0; i < oh; ++i)
        for (int64_t j = 0; j < ow; ++j) {
          double sum = bias ? bias->at(c) : 0;
          for (int64_t d = 0; d < depth; ++d)
            for (int64_t p = 0; p < kh; ++p)
              for (int64_t q = 0; q < kw; ++q) {
                int64_t y = i * w.strides[0] - w.pads[0] + p * w.dilations[0];
                int64_t z = j * w.strides[1] - w.pads[1] + q * w.dilations[1];
                int64_t channel = c / (m / w.groups) * depth + d;
                if (y >= 0 && y < h && z >= 0 && z < wd)
                  sum += x.at(((n * x.dim(1) + channel) * h + y) * wd + z) *
                         f.at(((c * depth + d) * kh + p) * kw + q);
              }
          out.push_back(static_cast<float>(sum));
        }
  return out;
}

TEST(Conv, GroupsStridesPadsDilations) {
  Tensor x = randomF32({2, 4, 7, 6}, 1), bias = randomF32({6}, 3);
  Window w{{2, 1}, {1, 0, 2, 1}, {1, 2}, 2};
  Tensor f = randomF32({6, 2, 3, 2}, 2);
  Tensor y = *conv(x, f, &bias, w);
  EXPECT_EQ(y.shape(), (Shape{2, 6, 4, 5}));
  EXPECT_EQ(values(y), directConv(x, f, &bias, w, 4, 5));
  Window depthwise{{1, 1}, {1, 1, 1, 1}, {1, 1}, 4};
  Tensor d = randomF32({4, 1, 3, 3}, 4);
  EXPECT_EQ(values(*conv(x, d, nullptr, depthwise)), directConv(x, d, nullptr, depthwise, 7, 6));
  EXPECT_FALSE(conv(x, randomF32({6, 3, 3, 2}, 2), nullptr, w));
}

TEST(Conv, OneDimensionAndIntegers) {
  Window w{{1}, {1, 1}, {1}, 1};
  EXPECT_EQ(values(*conv(f32({1, 1, 3}, {1, 2, 3}), f32({1, 1, 3}, {1, 10, 100}), nullptr, w)),
            (V{210, 321, 32}));
  EXPECT_EQ(ints(*conv(i32({1, 1, 3}, {1, 2, 3}), i32({1, 1, 3}, {1, 10, 100}), nullptr, w)),
            (I{210, 321, 32}));
}

TEST(ConvTranspose, ScattersTheFilter) {
  Window w{{2}, {0, 0}, {1}, 1};
  Tensor x = f32({1, 1, 2}, {1, 10}), f = f32({1, 2, 3}, {1, 2, 3, 4, 5, 6}),
         bias = f32({2}, {0, 1});
  Tensor y = *convTranspose(x, f, &bias, w, {1});
  EXPECT_EQ(y.shape(), (Shape{1, 2, 6}));
  EXPECT_EQ(values(y), (V{1, 2, 13, 20, 30, 0, 5, 6, 47, 51, 61, 1}));
  Window cut{{2}, {1, 1}, {1}, 1};
  EXPECT_EQ(values(*convTranspose(x, f, nullptr, cut, {0})), (V{2, 13, 20, 5, 46, 50}));
}
