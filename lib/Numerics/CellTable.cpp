// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cells of the number line. Tapered and logarithmic formats have many steps around 1 and few far
// away, so each binade has cells of its own size: as large as its closest steps allow.
#include "CellTable.h"

#include "BlockStats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace lpc::num::detail {

static constexpr uint32_t signBit = 0x80000000, mantissaMask = 0x7fffff;
static constexpr size_t mostCells = size_t(1) << 21;

/// -NaN, -inf, ..., -0, +0, ..., inf, NaN.
static uint32_t keyOf(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  return bits & signBit ? ~bits : bits | signBit;
}
static float ofKey(uint32_t key) {
  return std::bit_cast<float>(key & signBit ? key ^ signBit : ~key);
}

namespace {
/// From `from` on, numbers have this code.
struct Step {
  uint32_t from;
  uint16_t code;
};
} // namespace

static std::vector<Step> findSteps(const Format &format, const Conversion &policy) {
  auto codeAt = [&](uint32_t key) {
    return static_cast<uint16_t>(format.encode(static_cast<double>(ofKey(key)), policy));
  };
  // Between neighbouring values there is at most one step: rounding goes to one or the other.
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<uint32_t> anchors{keyOf(-inf), keyOf(-0.0f), keyOf(0.0f), keyOf(inf)};
  for (double v : format.table()) {
    if (!std::isfinite(v))
      continue;
    const float x = static_cast<float>(v);
    anchors.push_back(keyOf(x));
    // The value itself may lie beside x.
    if (!format.isDyadic() || static_cast<double>(x) != v)
      for (float to : {-inf, inf})
        anchors.push_back(keyOf(std::nextafter(x, to)));
  }
  std::sort(anchors.begin(), anchors.end());
  anchors.erase(std::unique(anchors.begin(), anchors.end()), anchors.end());

  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<Step> steps{{0, static_cast<uint16_t>(format.encode(-nan, policy))}};
  auto add = [&](uint32_t from, uint16_t code) {
    if (code != steps.back().code)
      steps.push_back({from, code});
  };
  add(anchors[0], codeAt(anchors[0]));
  for (size_t i = 1; i < anchors.size(); ++i) {
    const uint16_t upper = codeAt(anchors[i]);
    if (upper == steps.back().code)
      continue;
    uint32_t below = anchors[i - 1], from = anchors[i];
    while (from - below > 1) {
      const uint32_t middle = below + (from - below) / 2;
      (codeAt(middle) == upper ? from : below) = middle;
    }
    add(from, upper);
  }
  add(keyOf(inf) + 1, static_cast<uint16_t>(format.encode(nan, policy)));
  return steps;
}

std::unique_ptr<CellTable> CellTable::make(const Format &format, const Conversion &policy) {
  const std::vector<Step> steps = findSteps(format, policy);
  auto table = std::make_unique<CellTable>();
  size_t at = 0; // the last step at or before where we are
  for (uint32_t b = 0; b < 512; ++b) {
    Binade &binade = table->binades_[b];
    const uint32_t begin = b << 23;
    size_t end = at + 1;
    while (end < steps.size() && steps[end].from >> 23 == b)
      ++end;
    for (size_t i = at + 2; i < end; ++i)
      while (binade.shift > 0 && (steps[i].from & mantissaMask) >> binade.shift ==
                                     (steps[i - 1].from & mantissaMask) >> binade.shift)
        --binade.shift;
    binade.first = static_cast<uint32_t>(table->cells_.size());
    const size_t count = size_t(1) << (23 - binade.shift);
    if (table->cells_.size() + count > mostCells)
      return nullptr;
    for (size_t c = 0; c < count; ++c) {
      const uint32_t last = begin + static_cast<uint32_t>(((c + 1) << binade.shift) - 1);
      Cell cell{last, steps[at].code, steps[at].code};
      if (at + 1 < steps.size() && steps[at + 1].from <= last)
        cell = {steps[at + 1].from, steps[at].code, steps[at + 1].code}, ++at;
      table->cells_.push_back(cell);
    }
  }
  return table;
}

LPC_MULTIVERSION static void divideInto(const float *x, size_t n, float scale, float *y) {
  for (size_t i = 0; i < n; ++i)
    y[i] = x[i] / scale;
}

void CellTable::quantize(const float *x, size_t n, float scale, uint16_t *codes) const {
  constexpr size_t chunk = 512;
  float quotients[chunk];
  const Cell *cells = cells_.data();
  for (size_t begin = 0; begin < n; begin += chunk) {
    const size_t count = std::min(chunk, n - begin);
    const float *y = x + begin;
    if (scale != 1) {
      divideInto(y, count, scale, quotients);
      y = quotients;
    }
    for (size_t i = 0; i < count; ++i) {
      const uint32_t key = keyOf(y[i]);
      const Binade b = binades_[key >> 23];
      const Cell cell = cells[b.first + ((key & mantissaMask) >> b.shift)];
      codes[begin + i] = key >= cell.from ? cell.above : cell.below;
    }
  }
}

} // namespace lpc::num::detail
