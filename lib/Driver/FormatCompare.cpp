// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats side by side on the same values: error, clipping, underflow, size.
#include "FormatCompare.h"

#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Numerics/Bulk.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

using namespace lpc;
using namespace lpc::driver;

// -- samples
// ---------------------------------------------------------------------------------------------

/// The k-th number of element i, uniform in (0, 1).
static double uniform(uint64_t seed, uint64_t i, unsigned k) {
  uint64_t high = num::randomBits(seed, 8 * i + 2 * k, 32);
  uint64_t low = num::randomBits(seed, 8 * i + 2 * k + 1, 32);
  return (static_cast<double>((high << 32 | low) >> 11) + 0.5) * 0x1p-53;
}

static double gaussian(uint64_t seed, uint64_t i) {
  return std::sqrt(-2 * std::log(uniform(seed, i, 0))) *
         std::cos(2 * std::numbers::pi * uniform(seed, i, 1));
}

static double laplace(uint64_t seed, uint64_t i) {
  double u = uniform(seed, i, 0);
  return u < 0.5 ? std::log(2 * u) : -std::log(2 * (1 - u));
}

/// A gaussian divided by the root of a mean of four squares.
static double student(uint64_t seed, uint64_t i) {
  double meanSquare = -(std::log(uniform(seed, i, 2)) + std::log(uniform(seed, i, 3))) / 2;
  return gaussian(seed, i) / std::sqrt(meanSquare);
}

std::vector<float> driver::drawSamples(std::string_view distribution, size_t n, uint64_t seed) {
  double (*draw)(uint64_t, uint64_t) = distribution == "gaussian"  ? gaussian
                                       : distribution == "laplace" ? laplace
                                       : distribution == "student" ? student
                                                                   : nullptr;
  if (!draw)
    return {};
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i)
    values[i] = static_cast<float>(draw(seed, i));
  return values;
}

// -- measures
// --------------------------------------------------------------------------------------------

/// For each code the next one toward the middle if it stands at an end of the range, else itself.
static std::vector<uint16_t> inwardCodes(std::span<const double> values,
                                         std::vector<uint16_t> byValue) {
  std::vector<uint16_t> inward(values.size());
  std::iota(inward.begin(), inward.end(), uint16_t(0));
  std::sort(byValue.begin(), byValue.end(),
            [&](uint16_t a, uint16_t b) { return values[a] < values[b]; });
  auto next = [&](auto begin, auto end) {
    auto other = std::find_if(begin, end, [&](uint16_t c) { return values[c] != values[*begin]; });
    for (auto it = begin; other != end && it != other; ++it)
      inward[*it] = *other;
  };
  next(byValue.begin(), byValue.end());
  next(byValue.rbegin(), byValue.rend());
  return inward;
}

/// The codes of `q`, those at an end of their range moved inward by one value.
static std::vector<uint16_t> movedInward(const num::BlockQuantized &q, int64_t columns) {
  std::vector<uint16_t> moved(q.codes.size());
  if (!q.spec.hasTable) {
    const num::Format &f = *q.spec.element;
    std::vector<uint16_t> codes(f.codesByValue().begin(), f.codesByValue().end());
    std::vector<uint16_t> inward = inwardCodes(f.table(), codes);
    for (size_t i = 0; i < moved.size(); ++i)
      moved[i] = inward[q.codes[i]];
    return moved;
  }
  size_t entries = q.spec.element->numCodes();
  for (size_t row = 0; row * static_cast<size_t>(columns) < moved.size(); ++row) {
    std::vector<double> values(q.table.values.begin() + static_cast<ptrdiff_t>(row * entries),
                               q.table.values.begin() +
                                   static_cast<ptrdiff_t>((row + 1) * entries));
    std::vector<uint16_t> codes(entries);
    std::iota(codes.begin(), codes.end(), uint16_t(0));
    std::vector<uint16_t> inward = inwardCodes(values, codes);
    for (size_t i = row * static_cast<size_t>(columns), end = i + static_cast<size_t>(columns);
         i < end; ++i)
      moved[i] = inward[q.codes[i]];
  }
  return moved;
}

static double storedBits(const num::BlockQuantized &q) {
  double width = q.spec.element->width();
  auto level = [](const num::LevelValues &l) {
    return static_cast<double>(l.values.size()) * (l.format ? l.format->width() : 32);
  };
  double bits = static_cast<double>(q.codes.size()) * width;
  for (const auto *levels : {&q.scales, &q.offsets, &q.negativeScales})
    for (const num::LevelValues &l : *levels)
      bits += level(l);
  return bits + static_cast<double>(q.zeros.size()) * width +
         static_cast<double>(q.floatZeros.size()) * 32 + level(q.table);
}

bool driver::measureFormat(const num::FormatSpec &spec, const SampleMatrix &matrix,
                           FormatErrors &out, std::string &error) {
  const std::vector<float> &x = matrix.values;
  const int64_t shape[] = {matrix.rows, matrix.columns};
  std::vector<num::AxisRole> roles = num::rowRoles(2);
  num::BlockQuantized q;
  if (!num::quantizeBlocks(spec, x, shape, roles, q, error))
    return false;
  std::vector<float> y(x.size()), inward(x.size());
  num::dequantizeBlocks(q, roles, y);
  double bits = storedBits(q);
  std::vector<uint16_t> codes = q.codes;
  q.codes = movedInward(q, matrix.columns);
  num::dequantizeBlocks(q, roles, inward);

  double signal = 0, noise = 0;
  size_t clipped = 0, underflowed = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    double e = static_cast<double>(x[i]) - y[i];
    signal += static_cast<double>(x[i]) * x[i];
    noise += e * e;
    underflowed += x[i] != 0 && y[i] == 0;
    double step = static_cast<double>(y[i]) - inward[i];
    // Scales are rounded: a maximum may stand a hair beyond the range without being clipped.
    clipped += step * e > 0 && std::fabs(e) > std::fabs(step) * (0.5 + 1e-6);
  }
  auto n = static_cast<double>(std::max<size_t>(1, x.size()));
  out.sqnr = 10 * std::log10(signal / noise);
  out.clipped = static_cast<double>(clipped) / n;
  out.underflowed = static_cast<double>(underflowed) / n;
  out.bits = bits / n;
  return true;
}
