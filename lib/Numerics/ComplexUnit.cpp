// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization of complex numbers to the four units.
#include "lpc/Numerics/ComplexUnit.h"

#include <cmath>
#include <cstddef>

namespace lpc::num {

ComplexUnit encodeUnit(Complex w) {
  // Each sector holds its clockwise border.
  if (w.re > 0 && w.im >= -w.re && w.im < w.re)
    return 0;
  if (w.im > 0 && w.re <= w.im && w.re > -w.im)
    return 1;
  if (w.re < 0 && w.im <= -w.re && w.im > w.re)
    return 2;
  if (w.im < 0 && w.re >= w.im && w.re < -w.im)
    return 3;
  return 0;
}

Complex decodeUnit(ComplexUnit code) { return multiplyUnit({1, 0}, code); }

Complex multiplyUnit(Complex x, ComplexUnit code) {
  switch (code & 3) {
  case 0:
    return x;
  case 1:
    return {-x.im, x.re};
  case 2:
    return {-x.re, -x.im};
  default:
    return {x.im, -x.re};
  }
}

UnitScales unitScales(std::span<const Complex> weights) {
  double sums[2] = {0, 0};
  size_t counts[2] = {0, 0};
  for (const Complex &w : weights) {
    const unsigned axis = encodeUnit(w) & 1;
    sums[axis] += std::fabs(axis == 0 ? w.re : w.im);
    ++counts[axis];
  }
  auto mean = [&](unsigned axis) {
    return counts[axis] == 0 ? 0.0f
                             : static_cast<float>(sums[axis] / static_cast<double>(counts[axis]));
  };
  return {mean(0), mean(1)};
}

} // namespace lpc::num
