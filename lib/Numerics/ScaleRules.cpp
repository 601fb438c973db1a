// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scale rules as functions of a block's statistics.
#include "lpc/Numerics/ScaleRules.h"

#include "lpc/Numerics/FormatFamilies.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace lpc::num {

double scaleTarget(const Format &f) {
  if (f.family() == Family::HiFloat8)
    return 15;
  if (!PositFormat::classof(&f))
    return f.max();
  const unsigned es = static_cast<const PositFormat &>(f).exponentBits();
  // Sign, two bits of regime, exponent; the rest is fraction.
  const int fraction = static_cast<int>(f.width()) - 3 - static_cast<int>(es);
  const double top = std::ldexp(1.0, (1 << es) - 1);
  return fraction < 0 ? std::min(2 * top, f.max()) : (2 - std::ldexp(1.0, -fraction)) * top;
}

uint32_t storedScale(const Format &f, double t) {
  Conversion policy;
  policy.rounding = f.defaultRounding();
  const uint32_t code = f.encode(t, policy);
  return t > 0 && f.zeroCode() == code ? f.encode(f.minPositive(), policy) : code;
}

/// A quotient that f32 holds with all its bits: smaller ones become the least such scale, and those
/// of finite numbers stay finite.
static float normalScale(double quotient, bool finite) {
  constexpr double least = std::numeric_limits<float>::min();
  constexpr double most = std::numeric_limits<float>::max();
  return static_cast<float>(
      std::clamp(quotient, least, finite ? most : std::numeric_limits<double>::infinity()));
}

float rangeScale(float least, float most, const Format &f) {
  // In double: the difference of two large floats may not be one.
  const double range = static_cast<double>(most) - static_cast<double>(least);
  return range > 0 ? normalScale(range / (f.max() - f.lowest()), std::isfinite(range)) : 1;
}

int32_t rangeZero(float least, float scale, const Format &f) {
  const double z = std::nearbyint(static_cast<float>(f.lowest()) - std::min(least, 0.0f) / scale);
  // An infinite range has no zero point.
  return static_cast<int32_t>(std::clamp(std::isnan(z) ? 0 : z, f.lowest(), f.max()));
}

ScaleZero chooseScale(float least, float most, const Format &f, bool asymmetric) {
  ScaleZero result;
  if (!asymmetric) {
    float magnitude = std::max(std::fabs(least), std::fabs(most));
    // An unsigned format sees only what is positive; int1 has only 0 and -1.
    double reach = f.max() > 0 ? scaleTarget(f) : -f.lowest();
    if (f.lowest() >= 0)
      magnitude = std::max(most, 0.0f);
    if (magnitude > 0)
      result.scale = normalScale(magnitude / static_cast<float>(reach), std::isfinite(magnitude));
  } else {
    least = std::min(least, 0.0f);
    most = std::max(most, 0.0f);
    if (most > least) {
      result.scale = rangeScale(least, most, f);
      result.zero = rangeZero(least, result.scale, f);
    }
  }
  return result;
}

int maxExponent(const Format &element) { return std::ilogb(element.max()); }

/// The mantissa bits that the rule `even` rounds to.
static int mantissaBits(const Format &f) {
  if (MinifloatFormat::classof(&f))
    return static_cast<int>(static_cast<const MinifloatFormat &>(f).params().mantissaBits);
  // Bits below the leading one of the largest value.
  int exponent;
  double m = std::frexp(f.max(), &exponent);
  int bits = 0;
  while (m != std::floor(m) && bits < 24) {
    m *= 2;
    ++bits;
  }
  return std::max(bits - 1, 0);
}

/// The exponent field of a non-negative float.
static int exponentOf(uint32_t bits) { return static_cast<int>(bits >> 23 & 0xff) - 127; }

static constexpr uint32_t mantissaMask = 0x7fffff;

/// The least power of two not below d, or the nearest by ratio.
static int exponentAbove(float d, uint32_t mantissaAbove) {
  // Subnormal quotients are made normal first, without rounding.
  const int lift = exponentOf(std::bit_cast<uint32_t>(d)) == -127 ? 64 : 0;
  const uint32_t bits = std::bit_cast<uint32_t>(lift ? d * 0x1p64f : d);
  return exponentOf(bits) - lift + ((bits & mantissaMask) > mantissaAbove);
}

int blockExponent(Rule rule, float a, const Format &element) {
  if (std::isnan(a))
    return 128;
  const uint32_t bits = std::bit_cast<uint32_t>(a);
  const float hi = static_cast<float>(element.max());
  int exponent = exponentOf(bits) - maxExponent(element);
  switch (rule) {
  case Rule::Ceil:
    exponent += (bits & mantissaMask) != 0;
    break;
  case Rule::Even:
    exponent = exponentOf(bits + (uint32_t(1) << std::max(22 - mantissaBits(element), 0))) -
               maxExponent(element);
    break;
  case Rule::RCeil:
  case Rule::DFP:
    exponent = exponentAbove(a / hi, 0);
    break;
  case Rule::Log2:
    // The largest float significand below sqrt(2).
    exponent = exponentAbove(a / hi, 0x3504f3);
    break;
  case Rule::Pow2:
    exponent = exponentAbove(std::max(a, 1e-4f) / hi, 0);
    break;
  case Rule::Raise: {
    double below = element.lowest();
    for (double v : element.table())
      if (std::isfinite(v) && v < element.max())
        below = std::max(below, v);
    int e = std::clamp(exponent, -127, 127);
    exponent +=
        std::ldexp(static_cast<double>(a), -e) >= element.max() + (element.max() - below) / 2;
    break;
  }
  default:
    break;
  }
  // Only NaN makes NaN: numbers near the largest float saturate, whatever emax is.
  return std::clamp(exponent, -127, 127);
}

float powerOfTwo(int exponent) {
  if (exponent > 127)
    return std::numeric_limits<float>::quiet_NaN();
  // 2^-127 is a subnormal.
  if (exponent < -126)
    return std::bit_cast<float>(uint32_t(1) << (exponent + 149));
  return std::bit_cast<float>(static_cast<uint32_t>(exponent + 127) << 23);
}

NvOuter nvOuter(float most, float limit, const Format &element) {
  const float hi = static_cast<float>(element.max());
  NvOuter outer;
  outer.encode = std::min(limit * hi / most, std::numeric_limits<float>::max());
  if (!(outer.encode > 0))
    outer.encode = 1;
  // The inverse of a subnormal number may be infinite.
  outer.decode = std::min(1 / outer.encode, std::numeric_limits<float>::max());
  return outer;
}

float nvInner(Rule rule, float b, float encode, const Format &element, const Format &scale) {
  const float hi = static_cast<float>(element.max());
  // Limited, since a block of zeros has the largest encode, and 0 * inf is NaN.
  const float factor = std::min(encode * (1 / hi), std::numeric_limits<float>::max());
  float t = rule == Rule::NVDivide ? b / hi * encode : b * factor;
  return std::min(t, static_cast<float>(scale.max()));
}

float nvReciprocal(float stored, float decode) {
  return std::min(1 / (stored * decode), std::numeric_limits<float>::max());
}

} // namespace lpc::num
