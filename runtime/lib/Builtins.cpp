// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builtins.cpp: helpers that LLVM's code generator calls for operations that the base instruction
// set lacks. A model .so links no compiler runtime, so they are here; weak, because a host that
// links one statically may bring its own.
#include <stdint.h>
#include <string.h>

#define LPC_BUILTIN __attribute__((weak, visibility("hidden"))) extern "C"

namespace {

template <typename To, typename From> To bitsAs(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof(to));
  return to;
}

float halfToFloat(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16, exponent = half >> 10 & 0x1f,
           fraction = half & 0x3ff;
  if (exponent == 0x1f) // infinities and NaN; a NaN becomes quiet
    return bitsAs<float>(sign | 0x7f800000u | fraction << 13 | (fraction ? 0x400000u : 0));
  if (exponent)
    return bitsAs<float>(sign | (exponent + 112) << 23 | fraction << 13);
  float magnitude = float(fraction) * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

/// Rounds the double-precision bits once, to nearest, ties to even, into a format with the given
/// field widths.
template <int kExponentBits, int kFractionBits> uint16_t roundDouble(uint64_t bits) {
  constexpr int kBias = (1 << (kExponentBits - 1)) - 1, kMaxExponent = (1 << kExponentBits) - 1;
  constexpr uint16_t kInfinity = uint16_t(kMaxExponent << kFractionBits);
  uint16_t sign = uint16_t(bits >> 63 << 15);
  int exponent = int(bits >> 52 & 0x7ff);
  uint64_t fraction = bits & 0xfffffffffffffull;
  if (exponent == 0x7ff) {
    uint16_t payload =
        uint16_t(fraction >> (52 - kFractionBits) | (fraction ? 1u << (kFractionBits - 1) : 0));
    return uint16_t(sign | kInfinity | payload);
  }
  if (!exponent)
    return sign; // below 2^-1022: rounds to zero
  uint64_t significand = fraction | 1ull << 52;
  int target = exponent - 1023 + kBias;
  int shift = 52 - kFractionBits;
  if (target <= 0) { // denormal: one shift more for each missing exponent
    shift += 1 - target;
    target = 0;
  }
  if (shift > 60)
    return sign;
  uint64_t kept = significand >> shift, rest = significand & ((1ull << shift) - 1),
           half = 1ull << (shift - 1);
  kept += rest > half || (rest == half && (kept & 1));
  // A normal number's hidden bit adds one to the exponent field; a carry out of the fraction does
  // the same.
  uint64_t result = target ? (uint64_t(target - 1) << kFractionBits) + kept : kept;
  return uint16_t(sign | (result >= kInfinity ? kInfinity : result));
}

/// Widening is exact, the bits of NaN included.
uint64_t widen(float x) {
  uint32_t bits = bitsAs<uint32_t>(x);
  if ((bits & 0x7fffffffu) <= 0x7f800000u)
    return bitsAs<uint64_t>(double(x));
  return uint64_t(bits >> 31) << 63 | 0x7ffull << 52 | uint64_t(bits & 0x7fffffu) << 29;
}

struct Division {
  unsigned __int128 quotient, remainder;
};

Division divide(unsigned __int128 n, unsigned __int128 d) {
  if (!(n >> 64) && !(d >> 64))
    return {uint64_t(n) / uint64_t(d), uint64_t(n) % uint64_t(d)};
  Division result = {0, 0};
  for (int i = 127; i >= 0; --i) {
    bool carry = result.remainder >> 127;
    result.remainder = result.remainder << 1 | (n >> i & 1);
    if (!carry && result.remainder < d)
      continue;
    result.remainder -= d;
    result.quotient |= (unsigned __int128)1 << i;
  }
  return result;
}

unsigned __int128 magnitude(__int128 x) {
  return x < 0 ? -(unsigned __int128)x : (unsigned __int128)x;
}

template <typename T> T power(T base, int exponent) {
  unsigned n = exponent < 0 ? 0u - unsigned(exponent) : unsigned(exponent);
  T result = 1;
  for (; n; n >>= 1, base *= base)
    if (n & 1)
      result *= base;
  return exponent < 0 ? 1 / result : result;
}

} // namespace

#if defined(__x86_64__)
LPC_BUILTIN float __extendhfsf2(_Float16 x) { return halfToFloat(bitsAs<uint16_t>(x)); }
LPC_BUILTIN double __extendhfdf2(_Float16 x) { return double(halfToFloat(bitsAs<uint16_t>(x))); }
LPC_BUILTIN _Float16 __truncsfhf2(float x) {
  return bitsAs<_Float16>(roundDouble<5, 10>(widen(x)));
}
LPC_BUILTIN _Float16 __truncdfhf2(double x) {
  return bitsAs<_Float16>(roundDouble<5, 10>(bitsAs<uint64_t>(x)));
}
LPC_BUILTIN __bf16 __truncsfbf2(float x) { return bitsAs<__bf16>(roundDouble<8, 7>(widen(x))); }
LPC_BUILTIN __bf16 __truncdfbf2(double x) {
  return bitsAs<__bf16>(roundDouble<8, 7>(bitsAs<uint64_t>(x)));
}
#endif

LPC_BUILTIN unsigned __int128 __udivti3(unsigned __int128 a, unsigned __int128 b) {
  return divide(a, b).quotient;
}
LPC_BUILTIN unsigned __int128 __umodti3(unsigned __int128 a, unsigned __int128 b) {
  return divide(a, b).remainder;
}
LPC_BUILTIN __int128 __divti3(__int128 a, __int128 b) {
  unsigned __int128 q = divide(magnitude(a), magnitude(b)).quotient;
  return (a < 0) != (b < 0) ? -__int128(q) : __int128(q);
}
LPC_BUILTIN __int128 __modti3(__int128 a, __int128 b) {
  unsigned __int128 r = divide(magnitude(a), magnitude(b)).remainder;
  return a < 0 ? -__int128(r) : __int128(r);
}
LPC_BUILTIN float __powisf2(float base, int exponent) { return power(base, exponent); }
LPC_BUILTIN double __powidf2(double base, int exponent) { return power(base, exponent); }
