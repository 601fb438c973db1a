// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dyadic multipliers and the three rounding contracts.
#include "lpc/Numerics/Rescale.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lpc::num {

std::optional<RescaleRounding> parseRescaleRounding(std::string_view word) {
  if (word == "single")
    return RescaleRounding::Single;
  if (word == "double")
    return RescaleRounding::Double;
  if (word == "half_even")
    return RescaleRounding::HalfEven;
  return std::nullopt;
}

double Multiplier::value() const { return std::ldexp(multiplier, -shift); }

std::optional<Multiplier> makeMultiplier(double factor, unsigned bits) {
  assert(bits == 16 || bits == 32);
  if (!std::isfinite(factor) || factor < 0)
    return std::nullopt;
  if (factor == 0)
    return Multiplier{};
  int exponent = 0;
  double fraction = std::frexp(factor, &exponent);
  const int width = static_cast<int>(bits) - 1;
  int shift = width - exponent;
  // Factors far below one keep fewer bits: the shift has an end.
  const int kept = width - std::max(0, shift - kMaxRescaleShift);
  shift = std::min(shift, kMaxRescaleShift);
  double m = kept < 0 ? 0 : std::floor(std::ldexp(fraction, kept) + 0.5);
  if (m == std::ldexp(1.0, width)) {
    m /= 2;
    --shift;
  }
  if (shift < kMinRescaleShift)
    return std::nullopt;
  return Multiplier{static_cast<int32_t>(m), shift};
}

__int128 rescale(int64_t value, int32_t multiplier, int shift, RescaleRounding rounding) {
  assert(shift >= kMinRescaleShift && shift <= kMaxRescaleShift);
  const __int128 one = 1, product = static_cast<__int128>(value) * multiplier;
  __int128 half = one << (shift - 1);
  switch (rounding) {
  case RescaleRounding::Single:
    break;
  case RescaleRounding::Double:
    if (shift > 31)
      half += value >= 0 ? one << 30 : -(one << 30);
    break;
  case RescaleRounding::HalfEven:
    // Just below a half, unless the floor is odd.
    half += ((product >> shift) & 1) - 1;
    break;
  }
  return (product + half) >> shift;
}

int64_t rescale(int64_t value, int32_t multiplier, int shift, RescaleRounding rounding,
                int64_t zero, int64_t lo, int64_t hi) {
  const __int128 y = rescale(value, multiplier, shift, rounding) + zero;
  return static_cast<int64_t>(std::clamp<__int128>(y, lo, hi));
}

const char *explainTosaRescale(int64_t value, int32_t multiplier, int shift, bool scale32,
                               RescaleRounding rounding) {
  if (shift < 2 || shift > 62)
    return "a shift of 2 to 62";
  if (multiplier < 0)
    return "a multiplier that is not negative";
  if (rounding == RescaleRounding::HalfEven)
    return "single or double rounding";
  const int64_t limit = int64_t{1} << (scale32 ? 31 : 47);
  if (value < -limit || value >= limit)
    return scale32 ? "a value of 32 bits" : "a value of 48 bits";
  if (!scale32 && multiplier >= 1 << 15)
    return "a multiplier of 15 bits";
  if (!scale32 && rounding == RescaleRounding::Double)
    return "single rounding with a multiplier of 16 bits";
  return nullptr;
}

} // namespace lpc::num
