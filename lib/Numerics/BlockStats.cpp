// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions over blocks. Floats are compared as integers of the same order: that is associative,
// so it vectorises, and NaN comes out on top instead of getting lost.
#include "BlockStats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace lpc::num::detail {

static constexpr int32_t magnitudeMask = 0x7fffffff, infinityBits = 0x7f800000;

LPC_MULTIVERSION static int32_t largestMagnitude(const float *x, size_t n) {
  int32_t most = 0;
  for (size_t i = 0; i < n; ++i) {
    int32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    bits &= magnitudeMask;
    most = bits > most ? bits : most;
  }
  return most;
}

float absMax(const float *x, size_t n, bool &hasNaN) {
  int32_t most = largestMagnitude(x, n);
  hasNaN = most > infinityBits;
  if (hasNaN) {
    most = 0;
    for (size_t i = 0; i < n; ++i)
      if (!std::isnan(x[i]))
        most = std::max(most, std::bit_cast<int32_t>(x[i]) & magnitudeMask);
  }
  return std::bit_cast<float>(most);
}

LPC_MULTIVERSION static void keyRange(const float *x, size_t n, int32_t &least, int32_t &most) {
  int32_t a = INT32_MAX, b = INT32_MIN;
  for (size_t i = 0; i < n; ++i) {
    int32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    bits ^= (bits >> 31) & magnitudeMask;
    a = bits < a ? bits : a;
    b = bits > b ? bits : b;
  }
  least = a;
  most = b;
}

Range rangeOf(const float *x, size_t n) {
  Range r;
  if (n == 0)
    return r;
  auto value = [](int32_t key) {
    return std::bit_cast<float>(key ^ ((key >> 31) & magnitudeMask));
  };
  int32_t a, b;
  keyRange(x, n, a, b);
  r.least = value(a);
  r.most = value(b);
  r.hasNaN = std::isnan(r.least) || std::isnan(r.most);
  if (!r.hasNaN)
    return r;
  bool any = false;
  r.least = r.most = 0;
  for (size_t i = 0; i < n; ++i) {
    if (std::isnan(x[i]))
      continue;
    r.least = any ? std::min(r.least, x[i]) : x[i];
    r.most = any ? std::max(r.most, x[i]) : x[i];
    any = true;
  }
  return r;
}

LPC_MULTIVERSION void multiply(const float *x, size_t n, float factor, float *y) {
  for (size_t i = 0; i < n; ++i)
    y[i] = x[i] * factor;
}

LPC_MULTIVERSION void divide(const float *x, size_t n, float divisor, float *y) {
  for (size_t i = 0; i < n; ++i)
    y[i] = x[i] / divisor;
}

} // namespace lpc::num::detail
