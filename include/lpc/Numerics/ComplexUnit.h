// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Complex weights of two bits (iFairy): {1, i, -1, -i}. Not a Format, whose values are real.
#ifndef LPC_NUMERICS_COMPLEXUNIT_H
#define LPC_NUMERICS_COMPLEXUNIT_H

#include <cstdint>
#include <span>

namespace lpc::num {

/// The code k of i^k: 0, 1, 2, 3 for 1, i, -1, -i. Codes are packed with packBits(codes, 2, ...).
using ComplexUnit = uint8_t;

struct Complex {
  float re = 0, im = 0;
  friend bool operator==(const Complex &, const Complex &) = default;
};

/// The nearest axis by angle: k for the angles [90k - 45, 90k + 45) degrees. Zero, which has no
/// angle, and NaN give 1.
ComplexUnit encodeUnit(Complex w);
/// i^k.
Complex decodeUnit(ComplexUnit code);
/// x * i^k, exactly: parts are swapped and negated.
Complex multiplyUnit(Complex x, ComplexUnit code);
/// i^j * i^k.
inline ComplexUnit multiplyUnits(ComplexUnit a, ComplexUnit b) {
  return static_cast<ComplexUnit>((a + b) & 3);
}

/// The scales of a tensor: the mean magnitude of the real parts of the weights that land on the
/// real axis, of the imaginary parts of the others; summed in double in order, 0 without such
/// weights. A weight is decoded as i^k times the scale of its axis.
struct UnitScales {
  float real = 0, imaginary = 0;
};
UnitScales unitScales(std::span<const Complex> weights);

} // namespace lpc::num

#endif // LPC_NUMERICS_COMPLEXUNIT_H
