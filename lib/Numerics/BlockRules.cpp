// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rules, one function each. lpc/Numerics/BlockQuantizer.h states them as formulas.
#include "BlockRules.h"

#include "Specs.h"

#include "lpc/Numerics/ScaleRules.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace lpc::num::detail {

static const Format *formatOf(const FormatSpec &spec, size_t level) {
  return level < spec.levels.size() ? spec.levels[level].format : nullptr;
}
static const Format *offsetFormatOf(const FormatSpec &spec, size_t level) {
  return level < spec.offsetFormats.size() ? spec.offsetFormats[level] : nullptr;
}

BlockChooser::BlockChooser(const BlockCoder &coder)
    : coder_(coder), spec_(coder.spec()), scale_(formatOf(spec_, 0)), outer_(formatOf(spec_, 1)),
      offset_(offsetFormatOf(spec_, 0)), outerOffset_(offsetFormatOf(spec_, 1)),
      powerOfTwo_(isPowerOfTwoScale(formatOf(spec_, 0))) {
  if (spec_.rule != Rule::Razor && spec_.rule != Rule::Razor16)
    return;
  for (double v : scale_.format()->table())
    if (std::isfinite(v) && v >= 1 && v <= std::numeric_limits<float>::max())
      shifts_.push_back(std::ilogb(v));
  std::sort(shifts_.begin(), shifts_.end());
}

// -- outer levels
// ----------------------------------------------------------------------------------------

OuterParams BlockChooser::chooseOuter(float most) const {
  OuterParams outer;
  switch (spec_.rule) {
  case Rule::NV:
  case Rule::NVDivide:
  case Rule::FourOverSix:
  case Rule::FourOverSix256:
  case Rule::MSE: {
    float limit = spec_.rule == Rule::FourOverSix256 ? 256 : scale_.max();
    NvOuter nv = nvOuter(most, limit, coder_.element());
    outer.encode = nv.encode;
    outer.scale.value = nv.decode;
    break;
  }
  case Rule::FloorFit:
    outer.scale.value = powerOfTwo(maxExponent(coder_.element()) + 1) / coder_.hi();
    break;
  case Rule::Razor:
  case Rule::Razor16:
    if (most > 0)
      outer.scale.value = most / static_cast<float>(razorBase(spec_.rule));
    break;
  default:
    break;
  }
  return outer;
}

BlockParams BlockChooser::choose(const Elements &e, const OuterParams &outer) {
  switch (spec_.rule) {
  case Rule::AbsMax:
    return absmax(e);
  case Rule::MinMax: {
    Range r = rangeOf(e.x, e.n);
    return fromRange(r.least, r.most);
  }
  case Rule::KMeans: {
    if (spec_.levels.empty())
      return {};
    if (spec_.zeroPoint == ZeroPointKind::Offset) {
      Range r = rangeOf(e.x, e.n);
      return fromRange(r.least, r.most);
    }
    bool hasNaN;
    return fromRange(0, absMax(e.x, e.n, hasNaN));
  }
  case Rule::MSE:
    if (spec_.levels.size() > 1)
      return searchNv(e, outer);
    return powerOfTwo_ ? searchPower(e) : searchRange(e);
  case Rule::Floor:
  case Rule::Ceil:
  case Rule::Even:
  case Rule::RCeil:
  case Rule::Log2:
  case Rule::Raise:
  case Rule::Pow2: {
    bool hasNaN;
    float a = absMax(e.x, e.n, hasNaN);
    return powerOfTwoBlock(blockExponent(spec_.rule, hasNaN ? NAN : a, coder_.element()));
  }
  case Rule::FloorFit: {
    bool hasNaN;
    float a = absMax(e.x, e.n, hasNaN);
    BlockParams p;
    p.scale =
        scale_.positive(powerOfTwo(blockExponent(Rule::Floor, hasNaN ? NAN : a, coder_.element())));
    p.wholeScale = p.scale.value * outer.scale.value;
    return p;
  }
  case Rule::DFP:
    return dynamicFixedPoint(e);
  case Rule::NV:
  case Rule::NVDivide: {
    bool hasNaN;
    float a = absMax(e.x, e.n, hasNaN);
    return nvBlock(nvInner(spec_.rule, a, outer.encode, coder_.element(), *scale_.format()), outer);
  }
  case Rule::FourOverSix:
  case Rule::FourOverSix256:
    return fourOverSix(e, outer);
  case Rule::SignedMax:
    return signedMax(e);
  case Rule::Reciprocal:
    return reciprocal(e);
  case Rule::AbsMean:
    return absmean(e);
  case Rule::Razor:
  case Rule::Razor16:
    return razor(e, outer);
  case Rule::KQuant:
    break; // chooseSuperBlock
  }
  return {};
}

// -- ranges
// ----------------------------------------------------------------------------------------------

/// absmax or minmax of a range of values.
BlockParams BlockChooser::fromRange(float least, float most) const {
  if (spec_.zeroPoint == ZeroPointKind::Float || spec_.zeroPoint == ZeroPointKind::Offset)
    return fromAffineRange(least, most);
  BlockParams p;
  const bool asymmetric = spec_.zeroPoint == ZeroPointKind::Integer;
  ScaleZero s = chooseScale(least, most, coder_.element(), asymmetric);
  p.scale = scale_.positive(s.scale);
  p.wholeScale = p.scale.value;
  p.zero = s.zero;
  // The zero point belongs to the scale that is stored.
  if (asymmetric && scale_.format())
    p.zero = rangeZero(least, p.scale.value, coder_.element());
  return p;
}

BlockParams BlockChooser::fromAffineRange(float least, float most) const {
  BlockParams p;
  p.scale = scale_.positive(rangeScale(least, most, coder_.element()));
  p.wholeScale = p.scale.value;
  if (spec_.zeroPoint == ZeroPointKind::Float) {
    p.floatZero = coder_.lo() - least / p.wholeScale;
  } else {
    float bottom = coder_.lo() * p.wholeScale;
    p.offset = offset_(least - bottom);
    p.wholeOffset = p.offset.value;
  }
  return p;
}

BlockParams BlockChooser::absmax(const Elements &e) const {
  if (!spec_.signSplit && coder_.lo() < 0) {
    bool hasNaN;
    float a = absMax(e.x, e.n, hasNaN);
    return fromRange(-a, a);
  }
  Range r = rangeOf(e.x, e.n);
  if (!spec_.signSplit)
    return fromRange(r.least, r.most);
  BlockParams p = fromRange(0, std::max(r.most, 0.0f));
  BlockParams negative = fromRange(std::min(r.least, 0.0f), 0);
  p.negative = negative.scale;
  p.wholeNegative = negative.wholeScale;
  return p;
}

double BlockChooser::error(const BlockParams &p, const Elements &e) {
  codes_.resize(e.n);
  back_.resize(e.n);
  coder_.encode(p, e.x, e.n, codes_.data());
  coder_.decode(p, codes_.data(), e.n, nullptr, back_.data());
  double sum = 0;
  for (size_t i = 0; i < e.n; ++i) {
    if (std::isnan(e.x[i])) // as if it were absent
      continue;
    double d = static_cast<double>(e.x[i]) - static_cast<double>(back_[i]);
    // A number must not become NaN.
    if (std::isnan(d))
      return std::numeric_limits<double>::infinity();
    sum += e.importance ? d * d * static_cast<double>(e.importance[i]) : d * d;
  }
  return sum;
}

BlockParams BlockChooser::searchRange(const Elements &e) {
  Range r = rangeOf(e.x, e.n);
  BlockParams best = fromRange(r.least, r.most);
  double bestError = error(best, e);
  for (int percent = 98; percent >= 40; percent -= 2) {
    // Never the product with the percentage: of large floats it is infinite.
    const float part = static_cast<float>(percent) / 100;
    BlockParams p = fromRange(r.least * part, r.most * part);
    double d = error(p, e);
    if (d < bestError) {
      bestError = d;
      best = p;
    }
  }
  return best;
}

// -- powers of two
// ---------------------------------------------------------------------------------------

BlockParams BlockChooser::powerOfTwoBlock(int exponent) const {
  BlockParams p;
  p.scale = scale_.positive(powerOfTwo(exponent));
  p.wholeScale = p.scale.value;
  // Where the inverse is a normal number, multiplying by it is the same as dividing.
  if (exponent >= -126 && exponent <= 126 && spec_.zeroPoint == ZeroPointKind::None &&
      p.scale.value == powerOfTwo(exponent)) {
    p.multiplies = true;
    p.factor = powerOfTwo(-exponent);
  }
  return p;
}

BlockParams BlockChooser::searchPower(const Elements &e) {
  bool hasNaN;
  float a = absMax(e.x, e.n, hasNaN);
  int exponent = blockExponent(Rule::Floor, hasNaN ? NAN : a, coder_.element());
  BlockParams best = powerOfTwoBlock(exponent);
  if (exponent > 127)
    return best;
  double bestError = error(best, e);
  for (int step : {1, -1}) {
    int other = exponent + step;
    if (other < -127 || other > 127)
      continue;
    BlockParams p = powerOfTwoBlock(other);
    double d = error(p, e);
    if (d < bestError) {
      bestError = d;
      best = p;
    }
  }
  return best;
}

BlockParams BlockChooser::dynamicFixedPoint(const Elements &e) const {
  bool hasNaN;
  float a = absMax(e.x, e.n, hasNaN);
  int exponent = blockExponent(Rule::DFP, hasNaN ? NAN : a, coder_.element());
  if (exponent > 127)
    return powerOfTwoBlock(exponent);
  const size_t allowed = e.n / 10000;
  while (exponent > -127 && allowed > 0) {
    const float s = powerOfTwo(exponent - 1);
    size_t clipped = 0;
    for (size_t i = 0; i < e.n; ++i)
      clipped += std::fabs(e.x[i]) / s > coder_.hi();
    if (clipped > allowed)
      break;
    --exponent;
  }
  return powerOfTwoBlock(exponent);
}

// -- NVFP4 and its kin
// -----------------------------------------------------------------------------------

BlockParams BlockChooser::nvBlock(float t, const OuterParams &outer) const {
  BlockParams p;
  p.scale = scale_(t);
  p.wholeScale = p.scale.value * outer.scale.value;
  p.multiplies = true;
  p.factor = nvReciprocal(p.scale.value, outer.scale.value);
  return p;
}

BlockParams BlockChooser::searchNv(const Elements &e, const OuterParams &outer) {
  bool hasNaN;
  float a = absMax(e.x, e.n, hasNaN);
  float t = nvInner(Rule::NV, a, outer.encode, coder_.element(), *scale_.format());
  BlockParams best = nvBlock(t, outer);
  double bestError = error(best, e);
  for (int i = 0; i < 10; ++i) {
    float c = 0.8f + 0.7f * static_cast<float>(i) / 9;
    BlockParams p = nvBlock(std::min(t * c, scale_.max()), outer);
    if (p.scale.code == best.scale.code)
      continue;
    double d = error(p, e);
    if (d < bestError) {
      bestError = d;
      best = p;
    }
  }
  return best;
}

BlockParams BlockChooser::fourOverSix(const Elements &e, const OuterParams &outer) {
  bool hasNaN;
  float a = absMax(e.x, e.n, hasNaN);
  float t = nvInner(Rule::NV, a, outer.encode, coder_.element(), *scale_.format());
  BlockParams six = nvBlock(t, outer);
  BlockParams four = nvBlock(std::min(t * 1.5f, scale_.max()), outer);
  return error(four, e) < error(six, e) ? four : six;
}

// -- gguf, BitNet, QRazor
// --------------------------------------------------------------------------------

/// 1 / d, finite, so that a subnormal d does not make NaN of zeros and the largest code of all
/// else.
static float inverse(float d) {
  constexpr float most = std::numeric_limits<float>::max();
  return d == 0 ? 0 : std::clamp(1 / d, -most, most);
}

BlockParams BlockChooser::signedMax(const Elements &e) const {
  bool hasNaN;
  float a = absMax(e.x, e.n, hasNaN), v = 0;
  for (size_t i = 0; i < e.n; ++i)
    if (std::fabs(e.x[i]) == a) {
      v = e.x[i];
      break;
    }
  BlockParams p;
  float d = v / coder_.lo();
  p.scale = scale_(d);
  p.wholeScale = p.scale.value;
  p.factor = inverse(d);
  return p;
}

BlockParams BlockChooser::reciprocal(const Elements &e) const {
  bool hasNaN;
  const float a = absMax(e.x, e.n, hasNaN);
  // A largest value below 1 must not make the scale of a finite block infinite.
  float d = std::min(a / coder_.hi(), std::max(a, std::numeric_limits<float>::max()));
  BlockParams p;
  p.scale = scale_(d);
  p.wholeScale = p.scale.value;
  p.multiplies = true;
  p.factor = inverse(d);
  return p;
}

BlockParams BlockChooser::absmean(const Elements &e) const {
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < e.n; ++i)
    if (!std::isnan(e.x[i])) {
      sum += std::fabs(static_cast<double>(e.x[i]));
      ++count;
    }
  float mean =
      std::max(static_cast<float>(sum / static_cast<double>(std::max<size_t>(count, 1))), 1e-5f);
  BlockParams p;
  p.scale = scale_.positive(mean);
  p.wholeScale = p.scale.value;
  p.multiplies = true;
  p.factor = 1 / p.wholeScale;
  return p;
}

BlockParams BlockChooser::razor(const Elements &e, const OuterParams &outer) const {
  bool hasNaN;
  const float base = static_cast<float>(razorBase(spec_.rule));
  // The highest bit of the OR of all magnitudes is that of the largest one.
  float t = absMax(e.x, e.n, hasNaN) / outer.scale.value;
  t = std::isnan(t) ? 0 : std::min(std::nearbyint(t), base);
  const int height = std::bit_width(static_cast<uint32_t>(t));
  const int kept = std::bit_width(static_cast<uint32_t>(coder_.element().max()));
  BlockParams p;
  // The least shift that the format of scales can store; the largest one if all are too small.
  const int needed = std::max(0, height - kept);
  auto at = std::lower_bound(shifts_.begin(), shifts_.end(), needed);
  p.shift = at == shifts_.end() ? shifts_.back() : *at;
  p.scale = scale_(powerOfTwo(p.shift));
  p.wholeScale = p.scale.value * outer.scale.value;
  p.factor = outer.scale.value;
  return p;
}

} // namespace lpc::num::detail
