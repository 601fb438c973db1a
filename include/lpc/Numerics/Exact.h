// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exact values of number formats: dyadic rationals, roots of powers of two, and the special values.
#ifndef LPC_NUMERICS_EXACT_H
#define LPC_NUMERICS_EXACT_H

#include <cstdint>

namespace lpc::num {

/// What a code stands for: `significand * 2^(exponent + rootNumerator / 2^rootBits)`, held here
/// without rounding. Only logarithmic formats have a root; all other finite values are dyadic.
struct Exact {
  enum class Kind : uint8_t { Finite, PosInf, NegInf, NaN };

  Kind kind = Kind::Finite;
  /// Zero has significand 0 and exponent 0; otherwise the significand is odd (the form is unique).
  int64_t significand = 0;
  int32_t exponent = 0;
  /// The fraction of the binary exponent: 0, or odd and below 2^rootBits (then significand is 1 or
  /// -1).
  uint16_t rootNumerator = 0;
  uint8_t rootBits = 0;
  /// The code is a negative zero (only with significand 0).
  bool negativeZero = false;

  static Exact finite(int64_t significand, int32_t exponent);
  /// 2^(numerator / 2^bits), or its negative; bits is 0 to 15.
  static Exact power(bool negative, int64_t numerator, unsigned bits);
  static Exact negZero();
  static Exact inf(bool negative);
  static Exact nan();
  /// Every double is dyadic: nothing is lost.
  static Exact fromDouble(double x);

  bool isFinite() const { return kind == Kind::Finite; }
  bool isNaN() const { return kind == Kind::NaN; }
  bool isZero() const { return isFinite() && significand == 0; }
  /// The value is significand * 2^exponent (zero is); false for irrational and special values.
  bool isDyadic() const { return isFinite() && rootBits == 0; }
  /// The nearest double. That is exact for a dyadic value of any format here, whose exponents stay
  /// within 2^-959 to 2^959.
  double toDouble() const;

  friend bool operator==(const Exact &, const Exact &) = default;
};

} // namespace lpc::num

#endif // LPC_NUMERICS_EXACT_H
