// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encoders of f32 arrays that compilers vectorise, for the common families and roundings. Equal to
// Format::encode with saturation; a test compares them exhaustively.
#ifndef LPC_LIB_NUMERICS_FASTENCODE_H
#define LPC_LIB_NUMERICS_FASTENCODE_H

#include "lpc/Numerics/Format.h"

#include <cstddef>

namespace lpc::num::detail {

class FastEncoder {
public:
  /// Nothing if the format or the policy has no fast path.
  static std::optional<FastEncoder> make(const Format &format, const Conversion &policy);

  void encode(const float *x, size_t n, uint16_t *codes) const;
  /// Integers: overflow(round(x / scale) + zeroPoint), the quotient rounded to f32.
  bool isInteger() const { return kind_ == Kind::IntegerEven || kind_ == Kind::IntegerAway; }
  void quantize(const float *x, size_t n, float scale, int32_t zeroPoint, uint16_t *codes) const;

private:
  enum class Kind : uint8_t { IntegerEven, IntegerAway, Minifloat, Steps };
  Kind kind_ = Kind::IntegerEven;
  uint16_t mask_ = 0, nanPositive_ = 0, nanNegative_ = 0, signMask_ = 0;
  int32_t mantissaBits_ = 0, rebias_ = 0;
  float unit_ = 1; ///< fixed point: the value of the integer 1
  float lo_ = 0, hi_ = 0, leastNormal_ = 0, subnormalMagic_ = 0;
  /// Steps: code `codes_[i]` from the i-th threshold on, as integers of the floats' order.
  static constexpr size_t mostSteps = 15;
  int32_t thresholds_[mostSteps] = {};
  uint16_t codes_[mostSteps + 1] = {};
  bool counts_ = false; ///< codes_[i] is i
};

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_FASTENCODE_H
