// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the parameters of a block to its codes and back.
#include "BlockCoder.h"

#include "BlockStats.h"

#include "lpc/Numerics/ScaleRules.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lpc::num::detail {

std::vector<float> floatTable(const Format &format) {
  std::vector<float> values;
  values.reserve(format.numCodes());
  for (double v : format.table())
    values.push_back(static_cast<float>(v));
  return values;
}

int32_t razorBase(Rule rule) { return rule == Rule::Razor16 ? 32767 : 127; }

// -- StoredFormat
// ----------------------------------------------------------------------------------------

StoredFormat::StoredFormat(const Format *format) : format_(format) {
  if (!format)
    return;
  Conversion policy;
  // Posits and the like keep their own rounding.
  policy.rounding = format->defaultRounding();
  encoder_.emplace(*format, policy);
  fast_ = FastEncoder::make(*format, policy);
  table_ = floatTable(*format);
}

Stored StoredFormat::operator()(float x) const {
  if (!format_)
    return {0, x};
  Stored s;
  if (fast_)
    fast_->encode(&x, 1, &s.code);
  else
    encoder_->encode(std::span<const float>(&x, 1), std::span<uint16_t>(&s.code, 1));
  s.value = table_[s.code];
  return s;
}

Stored StoredFormat::positive(float x) const {
  Stored s = (*this)(x);
  if (format_ && x > 0 && s.value == 0) {
    s.code = static_cast<uint16_t>(storedScale(*format_, static_cast<double>(x)));
    s.value = table_[s.code];
  }
  return s;
}

float StoredFormat::max() const { return static_cast<float>(format_->max()); }

// -- BlockCoder
// ------------------------------------------------------------------------------------------

/// gguf rounds ties away from zero; else the format says how.
static Conversion policyOf(const FormatSpec &spec, std::optional<Rounding> rounding) {
  Conversion policy;
  policy.rounding = rounding                        ? *rounding
                    : spec.rule == Rule::Reciprocal ? Rounding::NearestAway
                                                    : spec.element->defaultRounding();
  return policy;
}

BlockCoder::BlockCoder(const FormatSpec &spec, std::optional<Rounding> rounding)
    : spec_(spec), encoder_(*spec.element, policyOf(spec, rounding)),
      fast_(FastEncoder::make(*spec.element, policyOf(spec, rounding))),
      hi_(static_cast<float>(spec.element->max() > 0 ? spec.element->max()
                                                     : -spec.element->lowest())),
      lo_(static_cast<float>(spec.element->lowest())), values_(floatTable(*spec.element)) {
  zeroCode_ = static_cast<uint16_t>(spec.element->encode(0.0, {}));
  pointwise_ = spec.zeroPoint != ZeroPointKind::Integer && spec.rule != Rule::SignedMax &&
               spec.rule != Rule::Razor && spec.rule != Rule::Razor16 && !spec.hasTable;
}

LPC_MULTIVERSION static void divideSplit(const float *x, size_t n, float positive, float negative,
                                         float *y) {
  for (size_t i = 0; i < n; ++i)
    y[i] = x[i] / (x[i] < 0 ? negative : positive);
}

LPC_MULTIVERSION static void divideThenAdd(const float *x, size_t n, float divisor, float z,
                                           float *y) {
  for (size_t i = 0; i < n; ++i)
    y[i] = x[i] / divisor + z;
}

LPC_MULTIVERSION static void subtractThenDivide(const float *x, size_t n, float m, float divisor,
                                                float *y) {
  for (size_t i = 0; i < n; ++i)
    y[i] = (x[i] - m) / divisor;
}

void BlockCoder::normalize(const BlockParams &p, const float *x, size_t n, float *y) const {
  if (p.multiplies)
    return multiply(x, n, p.factor, y);
  if (p.wholeScale == 0)
    return std::fill(y, y + n, 0.0f);
  if (spec_.signSplit)
    return divideSplit(x, n, p.wholeScale, p.wholeNegative, y);
  switch (spec_.zeroPoint) {
  case ZeroPointKind::Float:
    return divideThenAdd(x, n, p.wholeScale, p.floatZero, y);
  case ZeroPointKind::Offset:
    return subtractThenDivide(x, n, p.wholeOffset, p.wholeScale, y);
  default:
    return divide(x, n, p.wholeScale, y);
  }
}

void BlockCoder::encodeNormalized(const float *y, size_t n, uint16_t *codes) const {
  if (fast_)
    return fast_->encode(y, n, codes);
  encoder_.encode(std::span<const float>(y, n), std::span<uint16_t>(codes, n));
}

void BlockCoder::encode(const BlockParams &p, const float *x, size_t n, uint16_t *codes) const {
  if (spec_.rule == Rule::SignedMax)
    return encodeSignedMax(p, x, n, codes);
  if (spec_.rule == Rule::Razor || spec_.rule == Rule::Razor16)
    return encodeRazor(p, x, n, codes);
  if (spec_.zeroPoint == ZeroPointKind::Integer) {
    if (p.wholeScale == 0)
      return std::fill(
          codes, codes + n,
          static_cast<uint16_t>(p.zero & static_cast<int32_t>(element().numCodes() - 1)));
    if (fast_)
      return fast_->quantize(x, n, p.wholeScale, p.zero, codes);
    return encoder_.quantize(std::span<const float>(x, n), p.wholeScale, p.zero,
                             std::span<uint16_t>(codes, n));
  }
  constexpr size_t chunk = 512;
  float y[chunk];
  for (size_t i = 0; i < n; i += chunk) {
    size_t count = std::min(chunk, n - i);
    normalize(p, x + i, count, y);
    encodeNormalized(y, count, codes + i);
  }
}

LPC_MULTIVERSION static void truncateShifted(const float *x, size_t n, float r, float half,
                                             float lo, float hi, int32_t mask, uint16_t *codes) {
  // fl(fl(x * r) + half) counts from lo, so that truncation is rounding down.
  const float most = hi - lo;
  const int32_t first = static_cast<int32_t>(lo);
  for (size_t i = 0; i < n; ++i) {
    float t = x[i] * r + half;
    t = t == t ? t : -lo;
    t = t < 0 ? 0 : t;
    t = t > most ? most : t;
    codes[i] = static_cast<uint16_t>((static_cast<int32_t>(t) + first) & mask);
  }
}

void BlockCoder::encodeSignedMax(const BlockParams &p, const float *x, size_t n,
                                 uint16_t *codes) const {
  truncateShifted(x, n, p.factor, 0.5f - lo_, lo_, hi_,
                  static_cast<int32_t>(element().numCodes() - 1), codes);
}

LPC_MULTIVERSION static void dropBits(const float *x, size_t n, float step, float base,
                                      int32_t shift, int32_t most, int32_t mask, uint16_t *codes) {
  // Adding 1.5 * 2^23 leaves no fraction bits: the addition rounds to nearest even.
  constexpr float magic = 12582912.0f;
  const int32_t magicBits = std::bit_cast<int32_t>(magic), half = (1 << shift) >> 1;
  for (size_t i = 0; i < n; ++i) {
    float t = x[i] / step;
    t = t == t ? t : 0.0f;
    t = t < -base ? -base : t;
    t = t > base ? base : t;
    t += magic;
    const int32_t b = std::bit_cast<int32_t>(t) - magicBits;
    const int32_t sign = b >> 31;
    int32_t q = (((b ^ sign) - sign) + half) >> shift;
    q = q > most ? most : q;
    codes[i] = static_cast<uint16_t>(((q ^ sign) - sign) & mask);
  }
}

void BlockCoder::encodeRazor(const BlockParams &p, const float *x, size_t n,
                             uint16_t *codes) const {
  // Dropping 17 bits or more leaves none of 15, rounded up or not.
  dropBits(x, n, p.factor, static_cast<float>(razorBase(spec_.rule)), std::min(p.shift, 17),
           static_cast<int32_t>(element().max()), static_cast<int32_t>(element().numCodes() - 1),
           codes);
}

void BlockCoder::decode(const BlockParams &p, const uint16_t *codes, size_t n, const float *table,
                        float *x) const {
  const float *values = table ? table : values_.data();
  const float s = p.wholeScale;
  if (spec_.signSplit) {
    for (size_t i = 0; i < n; ++i) {
      float v = values[codes[i]];
      x[i] = v * (v < 0 ? p.wholeNegative : s);
    }
    return;
  }
  switch (spec_.zeroPoint) {
  case ZeroPointKind::None:
    for (size_t i = 0; i < n; ++i)
      x[i] = values[codes[i]] * s;
    return;
  case ZeroPointKind::Integer: {
    const float z = static_cast<float>(p.zero);
    for (size_t i = 0; i < n; ++i)
      x[i] = (values[codes[i]] - z) * s;
    return;
  }
  case ZeroPointKind::Float:
    for (size_t i = 0; i < n; ++i)
      x[i] = (values[codes[i]] - p.floatZero) * s;
    return;
  case ZeroPointKind::Offset:
    for (size_t i = 0; i < n; ++i) {
      float product = values[codes[i]] * s;
      x[i] = product + p.wholeOffset;
    }
    return;
  }
}

} // namespace lpc::num::detail
