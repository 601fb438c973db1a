// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Roots of two in fixed point: repeated square roots, and products of them.
#include "Roots.h"

#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>

namespace lpc::num::detail {

static constexpr unsigned mostRootBits = 16;

/// floor(a * b / 2^126) for numbers below 2^127.
static Uint128 multiply(Uint128 a, Uint128 b) {
  uint64_t a1 = static_cast<uint64_t>(a >> 64), a0 = static_cast<uint64_t>(a);
  uint64_t b1 = static_cast<uint64_t>(b >> 64), b0 = static_cast<uint64_t>(b);
  Uint128 low = Uint128(a0) * b0, middle1 = Uint128(a1) * b0, middle2 = Uint128(a0) * b1;
  Uint128 carry = (low >> 64) + static_cast<uint64_t>(middle1) + static_cast<uint64_t>(middle2);
  Uint128 high = Uint128(a1) * b1 + (middle1 >> 64) + (middle2 >> 64) + (carry >> 64);
  uint64_t next = static_cast<uint64_t>(carry);
  return (high << 2) | (next >> 62);
}

/// The square root of a number in [1, 4), one bit after another.
static Root squareRoot(Uint128 x) {
  Root y = 0;
  for (int bit = rootFraction; bit >= 0; --bit) {
    Root with = y | Uint128(1) << bit;
    if (multiply(with, with) <= x)
      y = with;
  }
  return y;
}

Root rootOfTwo(unsigned numerator, unsigned bits) {
  assert(bits <= mostRootBits && numerator < 1u << bits && "a root between 1 and 2");
  // roots[k] = 2^(1 / 2^k); the first one, 2, is never a factor.
  static const auto roots = [] {
    std::array<Root, mostRootBits + 1> r{};
    r[0] = rootOne * 2 - 1;
    for (unsigned k = 1; k <= mostRootBits; ++k)
      r[k] = squareRoot(k == 1 ? rootOne * 2 : r[k - 1]);
    return r;
  }();
  Root product = rootOne;
  for (unsigned k = 1; k <= bits; ++k)
    if (numerator >> (bits - k) & 1)
      product = multiply(product, roots[k]);
  return product;
}

static constexpr unsigned dropped = rootFraction - 52;

double nearestDouble(Root root) {
  Uint128 up = root + (Uint128(1) << (dropped - 1));
  return std::ldexp(static_cast<double>(static_cast<uint64_t>(up >> dropped)), -52);
}

double leastDouble(Root root) {
  Uint128 up = root + ((Uint128(1) << dropped) - 1);
  return std::ldexp(static_cast<double>(static_cast<uint64_t>(up >> dropped)), -52);
}

} // namespace lpc::num::detail
