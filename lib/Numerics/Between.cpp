// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exact comparisons with means of two doubles, and exact division of their distances.
#include "Between.h"

#include "lpc/Numerics/Exact.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>

namespace lpc::num::detail {

int compareToMean(double x, double lower, double upper) {
  // lower + upper = sum + rest exactly, and |rest| is too small to carry sum past another double.
  double sum = lower + upper;
  double part = sum - upper;
  double rest = (lower - part) + (upper - (sum - part));
  double twice = x + x;
  if (twice != sum)
    return twice < sum ? -1 : 1;
  return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

int compareDyadic(Uint128 a, int64_t aExponent, Uint128 b, int64_t bExponent) {
  auto width = [](Uint128 v) {
    auto high = static_cast<uint64_t>(v >> 64);
    return high ? 64 + std::bit_width(high) : std::bit_width(static_cast<uint64_t>(v));
  };
  if (a == 0 || b == 0)
    return a == b ? 0 : a == 0 ? -1 : 1;
  int64_t aTop = width(a) + aExponent, bTop = width(b) + bExponent;
  if (aTop != bTop)
    return aTop < bTop ? -1 : 1;
  a <<= 128 - width(a);
  b <<= 128 - width(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

static uint64_t magnitude(const Exact &v) { return static_cast<uint64_t>(std::abs(v.significand)); }

int compareToGeometricMean(double x, double lower, double upper) {
  Exact e = Exact::fromDouble(x), u = Exact::fromDouble(upper);
  Exact l = lower == 0 ? Exact::finite(u.significand, u.exponent - 1) : Exact::fromDouble(lower);
  return compareDyadic(Uint128(magnitude(e)) * magnitude(e), 2 * int64_t(e.exponent),
                       Uint128(magnitude(l)) * magnitude(u), int64_t(l.exponent) + u.exponent);
}

namespace {

/// A natural number with room for the difference of two doubles, in units of their least bit, and
/// one bit more.
struct Natural {
  static constexpr size_t mostLimbs = 34;
  std::array<uint64_t, mostLimbs> limbs{};
  size_t size = 1;

  void assign(uint64_t value, unsigned shift) {
    size_t at = shift / 64;
    assert(at + 1 < mostLimbs && "doubles between 2^-1074 and 2^960");
    limbs[at] |= value << (shift % 64);
    if (shift % 64 != 0)
      limbs[at + 1] |= value >> (64 - shift % 64);
    size = std::max(size, at + 2);
  }
  void add(const Natural &other) {
    uint64_t carry = 0;
    size = std::min(std::max(size, other.size) + 1, mostLimbs);
    for (size_t i = 0; i < size; ++i) {
      Uint128 sum = Uint128(limbs[i]) + other.limbs[i] + carry;
      limbs[i] = static_cast<uint64_t>(sum);
      carry = static_cast<uint64_t>(sum >> 64);
    }
  }
  void subtract(const Natural &other) {
    uint64_t borrow = 0;
    for (size_t i = 0; i < std::max(size, other.size); ++i) {
      Uint128 difference = Uint128(limbs[i]) - other.limbs[i] - borrow;
      limbs[i] = static_cast<uint64_t>(difference);
      borrow = static_cast<uint64_t>(difference >> 64) & 1;
    }
  }
  void twice() {
    uint64_t carry = 0;
    for (size_t i = 0; i < mostLimbs && (i <= size || carry); ++i) {
      uint64_t next = limbs[i] >> 63;
      limbs[i] = limbs[i] << 1 | carry;
      carry = next;
      if (limbs[i] != 0)
        size = std::max(size, i + 1);
    }
  }
  bool atLeast(const Natural &other) const {
    for (size_t i = std::max(size, other.size); i-- > 0;)
      if (limbs[i] != other.limbs[i])
        return limbs[i] > other.limbs[i];
    return true;
  }
  bool isZero() const {
    return std::all_of(limbs.begin(), limbs.end(), [](uint64_t limb) { return limb == 0; });
  }
};

} // namespace

FixedPoint positionBetween(double x, double lower, double upper) {
  Exact values[] = {Exact::fromDouble(x), Exact::fromDouble(lower), Exact::fromDouble(upper)};
  int32_t unit = values[2].exponent;
  for (const Exact &v : values)
    if (!v.isZero())
      unit = std::min(unit, v.exponent);
  Natural n[3];
  for (int i = 0; i < 3; ++i)
    if (!values[i].isZero())
      n[i].assign(magnitude(values[i]), static_cast<unsigned>(values[i].exponent - unit));
  // Distances of magnitudes; across zero they add up.
  Natural rest = n[0], whole = n[2];
  if (lower >= 0) {
    rest.subtract(n[1]);
    whole.subtract(n[1]);
  } else {
    whole.add(n[1]);
    if (x < 0) {
      rest = n[1];
      rest.subtract(n[0]);
    } else {
      rest.add(n[1]);
    }
  }
  FixedPoint f;
  for (int bit = 63; bit >= 0; --bit) {
    rest.twice();
    if (rest.atLeast(whole)) {
      rest.subtract(whole);
      f.fraction |= uint64_t(1) << bit;
    }
  }
  f.sticky = !rest.isZero();
  return f;
}

} // namespace lpc::num::detail
