// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exact values of number formats: dyadic rationals and the special values.
#ifndef LPC_NUMERICS_EXACT_H
#define LPC_NUMERICS_EXACT_H

#include <cstdint>

namespace lpc::num {

/// What a code stands for. Every finite value of an integer or minifloat format of up to 16 bits is
/// `significand * 2^exponent`, held here without rounding.
struct Exact {
  enum class Kind : uint8_t { Finite, PosInf, NegInf, NaN };

  Kind kind = Kind::Finite;
  /// Zero has significand 0 and exponent 0; otherwise the significand is odd (the form is unique).
  int64_t significand = 0;
  int32_t exponent = 0;
  /// The code is a negative zero (only with significand 0).
  bool negativeZero = false;

  static Exact finite(int64_t significand, int32_t exponent);
  static Exact negZero();
  static Exact inf(bool negative);
  static Exact nan();
  /// Every double is dyadic: nothing is lost.
  static Exact fromDouble(double x);

  bool isFinite() const { return kind == Kind::Finite; }
  bool isNaN() const { return kind == Kind::NaN; }
  bool isZero() const { return isFinite() && significand == 0; }
  /// The value as a double; exact for |exponent| <= 1022 - 63, which holds for each format here.
  double toDouble() const;

  friend bool operator==(const Exact &, const Exact &) = default;
};

} // namespace lpc::num

#endif // LPC_NUMERICS_EXACT_H
