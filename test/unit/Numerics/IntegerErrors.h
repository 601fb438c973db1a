// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The measured errors of integer functions, as the table of docs/IntegerOnly.md.
#ifndef LPC_TEST_UNIT_NUMERICS_INTEGERERRORS_H
#define LPC_TEST_UNIT_NUMERICS_INTEGERERRORS_H

#include "lpc/Numerics/IntegerMath.h"
#include "lpc/Numerics/IntegerSoftmax.h"
#include "lpc/Numerics/IntegerVariants.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace lpc::num {

inline double worstOn(int64_t first, int64_t last, double scale,
                      const std::function<double(int64_t)> &approximate,
                      const std::function<double(double)> &exact) {
  double worst = 0;
  for (int64_t q = first; q <= last; ++q)
    worst = std::max(worst, std::fabs(approximate(q) - exact(static_cast<double>(q) * scale)));
  return worst;
}

/// Largest error of 2000 random rows of 64 scores in 8 bits, spread over 16.
inline double
worstSoftmax(const std::function<void(std::span<const int32_t>, std::span<int32_t>)> &softmax) {
  std::mt19937 random(12);
  double worst = 0;
  const double scale = 16.0 / 256;
  for (int row = 0; row < 2000; ++row) {
    std::vector<int32_t> q(64), y(64);
    for (int32_t &x : q)
      x = static_cast<int32_t>(random() % 256) - 128;
    softmax(q, y);
    const int32_t top = *std::ranges::max_element(q);
    double sum = 0;
    for (int32_t x : q)
      sum += std::exp(scale * (x - top));
    for (size_t i = 0; i < q.size(); ++i)
      worst = std::max(worst, std::fabs(y[i] / 256.0 - std::exp(scale * (q[i] - top)) / sum));
  }
  return worst;
}

inline std::string errorTable() {
  const double scale = 0x1p-12;
  auto exponential = [](double x) { return std::exp(x); };
  auto gelu = [](double x) { return x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); };
  std::string text = "| function | domain | I-BERT | I-ViT | lpc |\n|---|---|---|---|---|\n";
  auto row = [&](const char *name, const char *domain, double a, double b, double c) {
    text += std::string("| ") + name + " | " + domain;
    for (double error : {a, b, c}) {
      char figure[40];
      std::snprintf(figure, sizeof figure, std::isnan(error) ? " | -" : " | %.2g", error);
      text += figure;
    }
    text += " |\n";
  };
  auto ours = [&](int64_t q) {
    // -q scale log2(e) with 24 fraction bits.
    const auto x = static_cast<uint64_t>(
        std::llround(static_cast<double>(-q) * scale * std::numbers::log2e * 0x1p24));
    return std::ldexp(exp2Negative(x), -31);
  };
  row("exp", "(-ln 2, 0]",
      worstOn(
          -2839, 0, scale, [&](int64_t q) { return ibert::exp(q, scale).value(); }, exponential),
      worstOn(
          -2839, 0, scale, [&](int64_t q) { return ivit::exp(q, scale).value(); }, exponential),
      worstOn(-2839, 0, scale, ours, exponential));
  row("exp", "[-10, 0]",
      worstOn(
          -40960, 0, scale, [&](int64_t q) { return ibert::exp(q, scale).value(); }, exponential),
      worstOn(
          -40960, 0, scale, [&](int64_t q) { return ivit::exp(q, scale).value(); }, exponential),
      worstOn(-40960, 0, scale, ours, exponential));
  // An entry of a table of 16-bit results over [-4, 4): the error is half a step.
  auto table16 = [](double y) { return std::nearbyint(y / (4.0 / 32767)) * (4.0 / 32767); };
  row("GELU", "[-4, 4)",
      worstOn(
          -16384, 16383, scale, [&](int64_t q) { return ibert::gelu(q, scale).value(); }, gelu),
      NAN,
      worstOn(-16384, 16383, scale, [&](int64_t q) { return table16(gelu(q * scale)); }, gelu));
  const double coarse = 8.0 / 256;
  row("GELU, codes of 8 bits", "[-4, 4)",
      worstOn(
          -128, 127, coarse, [&](int64_t q) { return ibert::gelu(q, coarse).value(); }, gelu),
      worstOn(
          -128, 127, coarse, [&](int64_t q) { return ivit::gelu(q, 127, coarse).value(); }, gelu),
      worstOn(-128, 127, coarse, [&](int64_t q) { return table16(gelu(q * coarse)); }, gelu));
  const std::vector<uint32_t> table = makeExpTable(16.0 / 256, 256, 15);
  row("softmax, 8 bits", "64 scores in [-8, 8)",
      worstSoftmax([](auto q, auto y) { ibert::softmax(q, 16.0 / 256, 8, y); }),
      worstSoftmax([](auto q, auto y) { ivit::softmax(q, 16.0 / 256, 9, y); }),
      worstSoftmax([&](auto q, auto y) { integerSoftmax(q, {}, table, 8, 255, y); }));
  auto worstRoot = [](uint32_t (*root)(uint32_t)) {
    double worst = 0;
    for (uint32_t v = 1; v < 1u << 20; ++v)
      worst = std::max(worst, static_cast<double>(root(v)) - static_cast<double>(isqrt(v)));
    return worst;
  };
  row("floor of square root", "[0, 2^20)", worstRoot(ibert::isqrt), worstRoot(ivit::isqrt), 0);
  return text;
}

} // namespace lpc::num

#endif // LPC_TEST_UNIT_NUMERICS_INTEGERERRORS_H
