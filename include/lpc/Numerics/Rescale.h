// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multiplication of integers by real factors without floating point: a multiplier, a shift, and a
// named rounding.
//
// A real M > 0 becomes m * 2^-t with an integer m of 15 or 31 bits. With p = value * m (exact):
//   single     floor((p + 2^(t-1)) / 2^t)             half toward +infinity; TOSA SINGLE_ROUND
//   double     t > 31: floor((p + 2^(t-1) + s * 2^30) / 2^t), s = 1 if value >= 0, else -1;
//              t <= 31: as single. TOSA DOUBLE_ROUND; equal to a rounding high multiply by 31 bits
//              followed by a rounding shift, half away from zero
//   half_even  p / 2^t to nearest, ties to even       the product of real numbers, rounded once
// Relative error of m * 2^-t to M: at most 2^-15 with 15 bits and 2^-31 with 31, while 1 <= t
// <= 62.
#ifndef LPC_NUMERICS_RESCALE_H
#define LPC_NUMERICS_RESCALE_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace lpc::num {

enum class RescaleRounding : uint8_t { Single, Double, HalfEven };
/// "single", "double", "half_even".
std::optional<RescaleRounding> parseRescaleRounding(std::string_view word);

constexpr int kMinRescaleShift = 1, kMaxRescaleShift = 62;

struct Multiplier {
  int32_t multiplier = 0;
  int shift = kMinRescaleShift;
  /// multiplier * 2^-shift.
  double value() const;
};

/// The nearest multiplier of 15 bits (`bits` 16) or 31 bits (`bits` 32), ties up. Factors that need
/// a shift beyond 62 lose low bits of the multiplier, down to 0. Nothing for a factor that is
/// negative, not finite, or so large that the shift would be below 1.
std::optional<Multiplier> makeMultiplier(double factor, unsigned bits = 32);

/// Exact for every value and multiplier; `shift` is 1 to 62. The result is below 2^94: callers
/// limit it.
__int128 rescale(int64_t value, int32_t multiplier, int shift, RescaleRounding rounding);
/// rescale + zero, limited to [lo, hi].
int64_t rescale(int64_t value, int32_t multiplier, int shift, RescaleRounding rounding,
                int64_t zero, int64_t lo, int64_t hi);

/// What TOSA's RESCALE demands: with `scale32` a value of 32 bits and a multiplier of 31; without,
/// a value of 48 bits, a multiplier of 15, and no double rounding; a shift of 2 to 62. Null, or the
/// demand that is not met, as a phrase.
const char *explainTosaRescale(int64_t value, int32_t multiplier, int shift, bool scale32,
                               RescaleRounding rounding);

} // namespace lpc::num

#endif // LPC_NUMERICS_RESCALE_H
