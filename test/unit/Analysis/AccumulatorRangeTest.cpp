// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// accumulatorRange against all partial sums that small random weights can form.
#include "lpc/Analysis/AccumulatorRange.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace mlir;
using namespace lpc;

namespace {
class AccumulatorRange : public ::testing::Test {
protected:
  AccumulatorRange() : builder(&context) {
    context.loadDialect<lp::LpDialect, func::FuncDialect>();
    module = ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToEnd(module->getBody());
  }

  Value argument(Type type) {
    auto func = func::FuncOp::create(builder, builder.getUnknownLoc(), "f" + std::to_string(next++),
                                     builder.getFunctionType({type}, {}));
    Block *block = func.addEntryBlock();
    builder.setInsertionPointToEnd(block);
    return block->getArgument(0);
  }

  Value codes(const num::Format *format, ArrayRef<int64_t> shape, ArrayRef<uint16_t> values) {
    auto type = lp::codeTensor(&context, shape, format);
    return lp::ConstantOp::create(builder, builder.getUnknownLoc(), type,
                                  lp::makeCodes(type, values, "w"));
  }

  /// x [?, k] of all codes times constant w [k, n], with groups of g along k (0: none) and a zero
  /// point of x.
  analysis::IntegerRange matmulRange(const num::Format *xf, const num::Format *wf, int64_t k,
                                     int64_t n, ArrayRef<uint16_t> w, int64_t group,
                                     std::optional<uint16_t> zero) {
    builder.setInsertionPointToEnd(module->getBody());
    Value x = argument(lp::codeTensor(&context, {ShapedType::kDynamic, k}, xf));
    Value weight = codes(wf, {k, n}, w), weightScale, zeroPoint;
    lp::ScaleAttr xBlock = lp::ScaleAttr::perTensor(&context, 2), wBlock;
    if (zero)
      zeroPoint = codes(xf, {1, 1}, {*zero});
    if (group) {
      wBlock = lp::ScaleAttr::singleLevel(&context, {group, 1});
      weightScale =
          argument(RankedTensorType::get(wBlock.getScaleShape({k, n}), builder.getF32Type()));
    } else {
      wBlock = lp::ScaleAttr::perTensor(&context, 2);
    }
    auto acc = group ? lp::AccumulatorAttr::get(&context, lp::AccumulatorKind::F32Grouped, 0)
                     : lp::AccumulatorAttr::get(&context, lp::AccumulatorKind::Int, 64);
    auto type = RankedTensorType::get({ShapedType::kDynamic, n}, builder.getF32Type());
    auto op = lp::MatMulOp::create(builder, builder.getUnknownLoc(), type, x, Value(), zeroPoint,
                                   weight, weightScale, Value(), xBlock, wBlock, acc);
    FailureOr<analysis::IntegerRange> range = analysis::accumulatorRange(op);
    EXPECT_TRUE(succeeded(range));
    return *range;
  }

  MLIRContext context;
  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
  int next = 0;
};
/// Formats without integer images, or with images that no sum holds, have no range; all others do.
TEST_F(AccumulatorRange, NeedsImages) {
  auto range = [&](const char *name) {
    const num::Format *f = num::Format::parse(name);
    builder.setInsertionPointToEnd(module->getBody());
    Value x = argument(lp::codeTensor(&context, {ShapedType::kDynamic, 2}, f));
    Value w = codes(f, {2, 1}, {0, 1});
    auto type = RankedTensorType::get({ShapedType::kDynamic, 1}, builder.getF32Type());
    auto block = lp::ScaleAttr::perTensor(&context, 2);
    auto acc = lp::AccumulatorAttr::get(&context, lp::AccumulatorKind::F32Relaxed, 0);
    return analysis::accumulatorRange(lp::MatMulOp::create(builder, builder.getUnknownLoc(), type,
                                                           x, Value(), Value(), w, Value(), Value(),
                                                           block, block, acc));
  };
  for (const char *name : {"bf16", "lns8", "posit16", "e8m0"})
    EXPECT_TRUE(failed(range(name))) << name;
  for (const char *name : {"fix8<f=4>", "ternary", "nf4", "posit8", "hif8", "e5m2"})
    EXPECT_TRUE(succeeded(range(name))) << name;
}
} // namespace

/// Integer images of all finite codes of a format.
static std::vector<int64_t> imagesOf(const num::Format *f) {
  std::vector<int64_t> images;
  for (uint32_t c = 0; c < f->numCodes(); ++c)
    if (double v = f->decodeToDouble(c); std::isfinite(v))
      images.push_back(static_cast<int64_t>(std::ldexp(v, f->fractionBits())));
  return images;
}

/// Least and largest sum of any subset of the terms x_k * w_k for any x: by enumeration of every
/// subset and every x.
static std::pair<int64_t, int64_t> enumerate(const std::vector<int64_t> &images,
                                             const std::vector<int64_t> &w) {
  std::pair<int64_t, int64_t> range{0, 0};
  std::vector<int64_t> sums{0};
  for (int64_t weight : w) {
    std::vector<int64_t> more = sums; // the term left out
    for (int64_t s : sums)
      for (int64_t x : images)
        more.push_back(s + x * weight);
    llvm::sort(more);
    more.erase(std::unique(more.begin(), more.end()), more.end());
    sums = std::move(more);
  }
  for (int64_t s : sums) {
    range.first = std::min(range.first, s);
    range.second = std::max(range.second, s);
  }
  return range;
}

TEST_F(AccumulatorRange, MatchesEnumeration) {
  std::mt19937 rng(5);
  for (auto [x, w] : {std::pair{"int2", "int4"},
                      {"uint2", "int3"},
                      {"int3", "int3"},
                      {"e2m1", "int2"},
                      {"int2", "e2m1"},
                      {"uint1", "int1"}}) {
    const num::Format *xf = num::Format::parse(x), *wf = num::Format::parse(w);
    ASSERT_TRUE(xf && wf);
    for (int round = 0; round < 8; ++round) {
      int64_t k = 1 + rng() % 5, n = 1 + rng() % 3, group = round % 2 ? 2 : 0;
      std::optional<uint16_t> zero;
      if (round % 4 >= 2 && xf->family() == num::Family::Integer)
        zero = rng() % xf->numCodes();
      std::vector<uint16_t> codes(k * n);
      for (uint16_t &c : codes)
        c = rng() % wf->numCodes();
      std::vector<int64_t> images = imagesOf(xf);
      for (int64_t &i : images)
        i -= zero ? static_cast<int64_t>(xf->decodeToDouble(*zero)) : 0;
      std::pair<int64_t, int64_t> expected{0, 0};
      for (int64_t j = 0; j < n; ++j)
        for (int64_t begin = 0; begin < k; begin += group ? group : k) {
          std::vector<int64_t> column;
          for (int64_t i = begin; i < std::min(k, group ? begin + group : k); ++i)
            column.push_back(static_cast<int64_t>(
                std::ldexp(wf->decodeToDouble(codes[i * n + j]), wf->fractionBits())));
          auto [lo, hi] = enumerate(images, column);
          expected = {std::min(expected.first, lo), std::max(expected.second, hi)};
        }
      analysis::IntegerRange found = matmulRange(xf, wf, k, n, codes, group, zero);
      EXPECT_EQ(static_cast<int64_t>(found.lo), expected.first)
          << x << " " << w << " round " << round;
      EXPECT_EQ(static_cast<int64_t>(found.hi), expected.second)
          << x << " " << w << " round " << round;
    }
  }
}

TEST_F(AccumulatorRange, Bits) {
  EXPECT_EQ((analysis::IntegerRange{0, 0}.bits()), 2u);
  EXPECT_EQ((analysis::IntegerRange{-2, 1}.bits()), 2u);
  EXPECT_EQ((analysis::IntegerRange{-3, 1}.bits()), 3u);
  EXPECT_EQ((analysis::IntegerRange{0, 2}.bits()), 3u);
  EXPECT_EQ((analysis::IntegerRange{-128, 127}.bits()), 8u);
  EXPECT_EQ((analysis::IntegerRange{-128, 128}.bits()), 9u);
  __int128 big = static_cast<__int128>(1) << 63;
  EXPECT_EQ((analysis::IntegerRange{-big, big - 1}.bits()), 64u);
  EXPECT_EQ((analysis::IntegerRange{-big, big}.bits()), 65u);
}

TEST_F(AccumulatorRange, Text) {
  EXPECT_EQ((analysis::IntegerRange{-12, 0}.str()), "[-12, 0]");
  __int128 big = static_cast<__int128>(1) << 64;
  EXPECT_EQ((analysis::IntegerRange{-big, big}.str()),
            "[-18446744073709551616, 18446744073709551616]");
}
