// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Roots, quotients and exponentials of integers.
#include "lpc/Numerics/IntegerMath.h"

#include <array>
#include <cassert>
#include <cmath>

namespace lpc::num {

uint32_t isqrt(uint64_t v) {
  uint64_t rest = v, root = 0;
  for (int shift = 62; shift >= 0; shift -= 2) {
    // root holds the bits found so far at twice their place, so that the trial square is a sum.
    const uint64_t trial = root + (uint64_t{1} << shift);
    root >>= 1;
    if (rest >= trial) {
      rest -= trial;
      root += uint64_t{1} << shift;
    }
  }
  return static_cast<uint32_t>(root);
}

uint32_t reciprocal(uint32_t d) {
  assert(d >> 31);
  // x, with 31 fraction bits, goes to 2^32 / d. The first guess is 48/17 - 32/17 D, D = d / 2^32:
  // its relative error of 1/17 squares in each step, to 2^-32.7 after three.
  uint64_t x = uint64_t{6063483241} - ((uint64_t{4042322161u} * d) >> 32);
  for (int step = 0; step < 3; ++step) {
    const uint64_t rest = (uint64_t{1} << 32) - ((d * x) >> 32);
    x = (x * rest) >> 31;
  }
  // The step itself errs downward, its first truncation upward (2 units), its second downward (1).
  int64_t q = static_cast<int64_t>(x >> 1);
  int64_t rest = (int64_t{1} << 62) - q * static_cast<int64_t>(d);
  if (rest < 0) {
    --q;
    rest += d;
  }
  for (int step = 0; step < 2; ++step)
    if (rest >= static_cast<int64_t>(d)) {
      ++q;
      rest -= d;
    }
  return static_cast<uint32_t>(q);
}

InvariantDivider::InvariantDivider(uint32_t d, unsigned bits) {
  assert(d >= 1 && d < 1u << 31 && bits >= 1 && bits <= 32);
  for (shift = bits;; ++shift) {
    const unsigned __int128 power = static_cast<unsigned __int128>(1) << shift;
    const unsigned __int128 m = power / d + 1;
    if (m * d - power > power >> bits)
      continue;
    multiplier = static_cast<uint64_t>(m);
    return;
  }
}

uint32_t exp2Negative(uint64_t x) {
  static const std::array<uint32_t, 256> powers = [] {
    std::array<uint32_t, 256> t{};
    for (int i = 0; i < 256; ++i)
      t[i] = static_cast<uint32_t>(std::floor(std::ldexp(std::exp2(-i / 256.0), 31) + 0.5));
    return t;
  }();
  const uint64_t whole = x >> 24;
  if (whole >= 32)
    return 0;
  // r = ln 2 times the 16 low bits of the fraction, with 40 fraction bits; below 2^-8.
  const uint64_t r = ((x & 0xffff) * uint64_t{2977044472u}) >> 16;
  const uint64_t one = uint64_t{1} << 31;
  const uint64_t linear = r >> 9, square = (linear * linear) >> 32;
  return static_cast<uint32_t>((powers[x >> 16 & 255] * (one - linear + square)) >> 31 >> whole);
}

std::vector<uint32_t> makeExpTable(double scale, uint32_t entries, unsigned fraction) {
  std::vector<uint32_t> table(entries);
  for (uint32_t d = 0; d < entries; ++d)
    table[d] = static_cast<uint32_t>(
        std::floor(std::ldexp(std::exp(-scale * d), static_cast<int>(fraction)) + 0.5));
  return table;
}

} // namespace lpc::num
