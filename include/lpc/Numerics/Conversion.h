// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversion policy: how a real number becomes a code. A property of the operation, never of the
// format.
#ifndef LPC_NUMERICS_CONVERSION_H
#define LPC_NUMERICS_CONVERSION_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace lpc::num {

/// How a value between two neighbours is rounded. The lower neighbour is the one nearer to zero; d
/// in (0, 1) is how far |x| has come from it to the other one. Posits measure d of the four nearest
/// roundings on the bit string (the Posit Standard's rule); everything else measures it by value.
enum class Rounding : uint8_t {
  NearestEven,    ///< d > 1/2, or d = 1/2 and the code of the lower neighbour is odd: away
  NearestAway,    ///< d >= 1/2: away from zero
  TowardZero,     ///< never away from zero
  Up,             ///< toward +inf
  Down,           ///< toward -inf
  AwayFromZero,   ///< always away from zero
  ToOdd,          ///< the code of the lower neighbour is even: away from zero
  NearestUp,      ///< nearest, ties toward +inf (QONNX HALF_UP)
  NearestDown,    ///< nearest, ties toward -inf (QONNX HALF_DOWN)
  Stochastic,     ///< floor(d * 2^n) + r >= 2^n: away (r: n random bits of the caller)
  NearestLog,     ///< nearest by ratio: |x|^2 > lower * upper, or equal and the lower code is odd:
                  ///< away. Zero counts as half of the least magnitude (LNS: one step below it).
  StochasticFast, ///< floor(d * 2^(n+1)) + 2r + 1 >= 2^(n+1): away (half a step less bias)
  StochasticEven, ///< d * 2^n rounded to the nearest integer, ties to even, + r >= 2^n: away
};

constexpr bool isStochastic(Rounding r) {
  return r == Rounding::Stochastic || r == Rounding::StochasticFast ||
         r == Rounding::StochasticEven;
}
/// The number of rounding words: Rounding(0) to Rounding(numRoundings - 1) are all of them.
inline constexpr unsigned numRoundings = 13;

/// What a finite value becomes whose rounded magnitude exceeds the largest finite one.
enum class Overflow : uint8_t {
  Saturate, ///< the largest finite value of that sign; infinities too
  Infinity, ///< inf if the format has it, else NaN if it has it, else the largest finite value
  Wrap,     ///< integers and fixed point only: modulo 2^width
};

/// What NaN becomes in a format without NaN. A format with NaN always keeps it.
enum class NaNPolicy : uint8_t {
  Zero,   ///< +0, or the code nearest to zero in a format without zero
  Max,    ///< the largest finite value
  Lowest, ///< the lowest value (what ONNX Runtime's clamp-first quantizer does)
};

/// The whole policy. Words of each enum: nearest_even, nearest_away, toward_zero, up, down, away,
/// to_odd, nearest_up, nearest_down, stochastic, nearest_log, stochastic_fast, stochastic_even;
/// saturate, infinity, wrap; zero, max, lowest.
struct Conversion {
  Rounding rounding = Rounding::NearestEven;
  Overflow overflow = Overflow::Saturate;
  NaNPolicy nan = NaNPolicy::Zero;
  /// Stochastic rounding: the number of random bits n, 1 to 32.
  unsigned randomBits = 8;
};

std::string_view toString(Rounding);
std::string_view toString(Overflow);
std::string_view toString(NaNPolicy);
std::optional<Rounding> parseRounding(std::string_view);
std::optional<Overflow> parseOverflow(std::string_view);
std::optional<NaNPolicy> parseNaNPolicy(std::string_view);

} // namespace lpc::num

#endif // LPC_NUMERICS_CONVERSION_H
