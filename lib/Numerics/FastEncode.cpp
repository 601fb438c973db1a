// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encoders of f32 arrays without branches and without table look-ups.
#include "FastEncode.h"

#include "BlockStats.h"

#include "lpc/Numerics/FormatFamilies.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace lpc::num::detail {

// -- integers
// --------------------------------------------------------------------------------------------

/// q = clamp(round(x / scale)) + zero. The bounds are integers, so clamping first is the same.
LPC_MULTIVERSION static void integersEven(const float *x, size_t n, float scale, float low,
                                          float high, float ifNaN, int32_t zero, uint16_t mask,
                                          uint16_t *codes) {
  // Adding 1.5 * 2^23 leaves no fraction bits: the addition rounds to nearest even.
  constexpr float magic = 12582912.0f;
  for (size_t i = 0; i < n; ++i) {
    float y = x[i] / scale;
    y = y == y ? y : ifNaN;
    y = y < low ? low : y;
    y = y > high ? high : y;
    y += magic;
    int32_t bits;
    std::memcpy(&bits, &y, sizeof bits);
    codes[i] = static_cast<uint16_t>(static_cast<uint32_t>(bits + zero) & mask);
  }
}

LPC_MULTIVERSION static void integersAway(const float *x, size_t n, float scale, float low,
                                          float high, float ifNaN, int32_t zero, uint16_t mask,
                                          uint16_t *codes) {
  for (size_t i = 0; i < n; ++i) {
    float y = x[i] / scale;
    y = y == y ? y : ifNaN;
    y = y < low ? low : y;
    y = y > high ? high : y;
    int32_t q = static_cast<int32_t>(y);
    float rest = y - static_cast<float>(q); // exact
    q += rest >= 0.5f ? 1 : 0;
    q -= rest <= -0.5f ? 1 : 0;
    codes[i] = static_cast<uint16_t>(static_cast<uint32_t>(q + zero) & mask);
  }
}

// -- minifloats
// ------------------------------------------------------------------------------------------

namespace {
struct MinifloatConstants {
  int32_t shift, rebias;
  float hi, leastNormal, subnormalMagic;
  int32_t signBit, nanPositive, nanNegative;
};
} // namespace

/// Normal numbers are rounded in their bits, subnormal ones by an addition after which the unit in
/// the last place is the format's least subnormal. Both carry into the next binade correctly.
LPC_MULTIVERSION static void minifloats(const float *x, size_t n, const MinifloatConstants &c,
                                        uint16_t *codes) {
  const int32_t half = (1 << (c.shift - 1)) - 1;
  const int32_t shift = c.shift, rebias = c.rebias, signBit = c.signBit;
  const int32_t nanPositive = c.nanPositive, nanNegative = c.nanNegative;
  const float hi = c.hi, leastNormal = c.leastNormal, magic = c.subnormalMagic;
  // Without a sign, what is below zero is zero.
  const int32_t negativeMask = signBit ? -1 : 0;
  for (size_t i = 0; i < n; ++i) {
    int32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    int32_t negative = bits >> 31;
    int32_t magnitude = bits & 0x7fffffff;
    float a;
    std::memcpy(&a, &magnitude, sizeof a);
    a = a < hi ? a : hi; // NaN too; it is replaced below
    int32_t u;
    std::memcpy(&u, &a, sizeof u);
    int32_t normal = ((u + half + ((u >> shift) & 1)) >> shift) - rebias;
    float t = a + magic;
    int32_t subnormal;
    std::memcpy(&subnormal, &t, sizeof subnormal);
    subnormal &= 0x7fffff;
    int32_t code = a < leastNormal ? subnormal : normal;
    code = negative ? (code | signBit) & negativeMask : code;
    int32_t nan = negative ? nanNegative : nanPositive;
    code = magnitude > 0x7f800000 ? nan : code;
    codes[i] = static_cast<uint16_t>(code);
  }
}

// -- few steps
// -------------------------------------------------------------------------------------------

static int32_t keyOf(float x) {
  int32_t bits = std::bit_cast<int32_t>(x);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}
static float ofKey(int32_t key) { return std::bit_cast<float>(key ^ ((key >> 31) & 0x7fffffff)); }

LPC_MULTIVERSION static void countSteps(const float *x, size_t n, const int32_t *thresholds,
                                        int32_t ifNaN, uint16_t *codes) {
  int32_t t[15];
  std::memcpy(t, thresholds, sizeof t);
  for (size_t i = 0; i < n; ++i) {
    int32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    int32_t nan = (bits & 0x7fffffff) > 0x7f800000;
    int32_t key = bits ^ ((bits >> 31) & 0x7fffffff);
    int32_t steps = 0;
    for (int s = 0; s < 15; ++s)
      steps += key >= t[s];
    codes[i] = static_cast<uint16_t>(nan ? ifNaN : steps);
  }
}

// -- FastEncoder
// -----------------------------------------------------------------------------------------

std::optional<FastEncoder> FastEncoder::make(const Format &format, const Conversion &policy) {
  if (policy.overflow != Overflow::Saturate || policy.nan != NaNPolicy::Zero)
    return std::nullopt;
  const bool even = policy.rounding == Rounding::NearestEven,
             away = policy.rounding == Rounding::NearestAway;
  FastEncoder f;
  f.mask_ = static_cast<uint16_t>(format.numCodes() - 1);
  f.lo_ = static_cast<float>(format.lowest());
  f.hi_ = static_cast<float>(format.max());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  f.nanPositive_ = static_cast<uint16_t>(format.encode(nan, policy));
  f.nanNegative_ = static_cast<uint16_t>(format.encode(-nan, policy));
  if (FixedFormat::classof(&format) && (even || away)) {
    // Dividing by a power of two is exact; what leaves the range of floats saturates all the same.
    const auto &fixed = static_cast<const FixedFormat &>(format);
    f.unit_ = std::ldexp(1.0f, -fixed.fraction());
    f.lo_ = static_cast<float>(fixed.integer().lo());
    f.hi_ = static_cast<float>(fixed.integer().hi());
    f.kind_ = even ? Kind::IntegerEven : Kind::IntegerAway;
    return f;
  }
  if (IntegerFormat::classof(&format) && (even || away)) {
    f.kind_ = even ? Kind::IntegerEven : Kind::IntegerAway;
    return f;
  }
  if (MinifloatFormat::classof(&format) && even) {
    const MinifloatParams &p = static_cast<const MinifloatFormat &>(format).params();
    const int leastExponent = 1 - p.bias;
    const bool negativeZero = p.specials != Specials::FNUZ && p.specials != Specials::Extended;
    if (p.mantissaBits >= 1 && p.exponentBits >= 1 && p.subnormals && negativeZero &&
        leastExponent >= -126 && leastExponent <= 60 && format.max() < 3.4e38) {
      f.kind_ = Kind::Minifloat;
      f.mantissaBits_ = static_cast<int32_t>(p.mantissaBits);
      f.rebias_ = (127 - p.bias) * (1 << p.mantissaBits);
      f.leastNormal_ = std::ldexp(1.0f, leastExponent);
      f.subnormalMagic_ = std::ldexp(1.0f, leastExponent - static_cast<int>(p.mantissaBits) + 23);
      f.signMask_ = static_cast<uint16_t>(p.isSigned ? format.numCodes() / 2 : 0);
      return f;
    }
  }
  if (format.width() > 4 || isStochastic(policy.rounding))
    return std::nullopt;
  // Any other small format: the steps of its encoder, found by bisection between neighbours.
  auto codeAt = [&](int32_t key) {
    return static_cast<uint16_t>(format.encode(static_cast<double>(ofKey(key)), policy));
  };
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<int32_t> anchors{keyOf(-inf), keyOf(-0.0f), keyOf(0.0f), keyOf(inf)};
  for (double v : format.table())
    if (std::isfinite(v))
      anchors.push_back(keyOf(static_cast<float>(v)));
  std::sort(anchors.begin(), anchors.end());
  size_t steps = 0;
  f.codes_[0] = codeAt(anchors[0]);
  std::fill(std::begin(f.thresholds_), std::end(f.thresholds_),
            std::numeric_limits<int32_t>::max());
  for (size_t i = 1; i < anchors.size(); ++i) {
    const uint16_t upper = codeAt(anchors[i]);
    if (upper == f.codes_[steps])
      continue;
    int32_t below = anchors[i - 1], from = anchors[i];
    while (from - below > 1) {
      int32_t middle = below + (from - below) / 2;
      (codeAt(middle) == upper ? from : below) = middle;
    }
    // A code between the two: these neighbours are not what was assumed.
    if (steps == mostSteps || codeAt(from - 1) != f.codes_[steps])
      return std::nullopt;
    f.thresholds_[steps] = from;
    f.codes_[++steps] = upper;
  }
  f.counts_ = true;
  for (size_t i = 0; i <= steps; ++i)
    f.counts_ &= f.codes_[i] == i;
  f.kind_ = Kind::Steps;
  return f;
}

void FastEncoder::quantize(const float *x, size_t n, float scale, int32_t zeroPoint,
                           uint16_t *codes) const {
  const float low = lo_ - static_cast<float>(zeroPoint), high = hi_ - static_cast<float>(zeroPoint);
  const float ifNaN = std::clamp(0.0f, low, high);
  (kind_ == Kind::IntegerEven ? integersEven : integersAway)(x, n, scale, low, high, ifNaN,
                                                             zeroPoint, mask_, codes);
}

void FastEncoder::encode(const float *x, size_t n, uint16_t *codes) const {
  switch (kind_) {
  case Kind::IntegerEven:
  case Kind::IntegerAway:
    return quantize(x, n, unit_, 0, codes);
  case Kind::Minifloat:
    return minifloats(x, n,
                      {23 - mantissaBits_, rebias_, hi_, leastNormal_, subnormalMagic_, signMask_,
                       nanPositive_, nanNegative_},
                      codes);
  case Kind::Steps:
    if (counts_ && nanPositive_ == nanNegative_)
      return countSteps(x, n, thresholds_, nanPositive_, codes);
    // NaN becomes a count beyond all others.
    countSteps(x, n, thresholds_, mostSteps + 1, codes);
    for (size_t i = 0; i < n; ++i)
      codes[i] = codes[i] <= mostSteps ? codes_[codes[i]]
                 : std::signbit(x[i])  ? nanNegative_
                                       : nanPositive_;
    return;
  }
}

} // namespace lpc::num::detail
