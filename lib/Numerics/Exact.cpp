// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exact values and their rounding to double.
#include "lpc/Numerics/Exact.h"

#include "Roots.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lpc::num {

Exact Exact::finite(int64_t significand, int32_t exponent) {
  Exact v;
  if (significand == 0)
    return v;
  // Shifting an even number right by its trailing zeros loses nothing, for negative numbers too.
  int zeros = std::countr_zero(static_cast<uint64_t>(significand));
  v.significand = significand >> zeros;
  v.exponent = exponent + zeros;
  return v;
}

Exact Exact::power(bool negative, int64_t numerator, unsigned bits) {
  // An odd numerator makes the form unique.
  while (bits > 0 && numerator % 2 == 0) {
    numerator /= 2;
    --bits;
  }
  Exact v = finite(negative ? -1 : 1, static_cast<int32_t>(numerator >> bits));
  v.rootNumerator = static_cast<uint16_t>(numerator & ((int64_t(1) << bits) - 1));
  v.rootBits = static_cast<uint8_t>(bits);
  return v;
}

Exact Exact::negZero() {
  Exact v;
  v.negativeZero = true;
  return v;
}

Exact Exact::inf(bool negative) {
  Exact v;
  v.kind = negative ? Kind::NegInf : Kind::PosInf;
  return v;
}

Exact Exact::nan() {
  Exact v;
  v.kind = Kind::NaN;
  return v;
}

Exact Exact::fromDouble(double x) {
  if (std::isnan(x))
    return nan();
  if (std::isinf(x))
    return inf(std::signbit(x));
  if (x == 0)
    return std::signbit(x) ? negZero() : Exact();
  // A double is mantissa * 2^(field - 1075), with a hidden bit unless the field is 0.
  uint64_t bits = std::bit_cast<uint64_t>(x);
  int field = static_cast<int>(bits >> 52 & 0x7ff);
  auto mantissa = static_cast<int64_t>(bits & ((uint64_t(1) << 52) - 1));
  if (field != 0)
    mantissa |= int64_t(1) << 52;
  return finite(std::signbit(x) ? -mantissa : mantissa, std::max(field, 1) - 1075);
}

double Exact::toDouble() const {
  switch (kind) {
  case Kind::NaN:
    return std::nan("");
  case Kind::PosInf:
    return HUGE_VAL;
  case Kind::NegInf:
    return -HUGE_VAL;
  case Kind::Finite:
    break;
  }
  if (significand == 0)
    return negativeZero ? -0.0 : 0.0;
  if (rootBits != 0)
    return std::ldexp(static_cast<double>(significand) *
                          detail::nearestDouble(detail::rootOfTwo(rootNumerator, rootBits)),
                      exponent);
  return std::ldexp(static_cast<double>(significand), exponent);
}

} // namespace lpc::num
