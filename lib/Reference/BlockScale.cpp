// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scales chosen from the values of blocks, level by level from the outermost inward. In f32, or in
// f64 for f64 data.
#include "lpc/Reference/Kernels.h"

#include "Scales.h"
#include "Values.h"

#include "lpc/Numerics/ScaleRules.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lpc::ref {

namespace {

/// What a rule may need of a block.
struct Range {
  double least = 0, most = 0; ///< including 0, NaN left out
  bool hasNaN = false;
};

/// Scales of one level: shape, values as stored, and the encode scale of rule nv.
struct Level {
  Shape shape;
  std::vector<double> scales, encode;
};

} // namespace

/// Number of blocks along each dimension.
static Shape gridOf(const Tensor &x, const ScaleBlock &block) {
  Shape shape;
  for (int64_t d = 0; d < x.rank(); ++d)
    shape.push_back(block[d] == 0 ? 1 : (x.dim(d) + block[d] - 1) / block[d]);
  return shape;
}

/// For each entry of a grid of `block`s, the entry of a coarser grid that contains it. A block of
/// size 1 stands for the elements.
static std::vector<int64_t> ownerOf(const Shape &shape, const ScaleBlock &block,
                                    const Shape &outerShape, const ScaleBlock &outerBlock) {
  Shape strides = stridesOf(outerShape);
  std::vector<std::vector<int64_t>> at;
  for (size_t d = 0; d < shape.size(); ++d) {
    std::vector<int64_t> &o = at.emplace_back(shape[d]);
    for (int64_t i = 0; i < shape[d]; ++i)
      o[i] = outerBlock[d] == 0 ? 0 : i * block[d] / outerBlock[d] * strides[d];
  }
  std::vector<int64_t> numbers(countElements(outerShape));
  for (size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<int64_t>(i);
  Tensor owner = mapped(fromInts(DType::i(64), outerShape, std::move(numbers)), shape, at);
  return {owner.as<int64_t>(), owner.as<int64_t>() + owner.numElements()};
}

static std::vector<Range> blockRanges(const Tensor &x, const ScaleBlock &block,
                                      const Shape &shape) {
  std::vector<Range> ranges(countElements(shape));
  std::vector<int64_t> owner = ownerOf(x.shape(), Shape(x.rank(), 1), shape, block);
  Doubles in(x);
  for (int64_t i = 0; i < x.numElements(); ++i) {
    Range &r = ranges[owner[i]];
    r.hasNaN |= std::isnan(in[i]);
    if (in[i] < r.least)
      r.least = in[i];
    if (in[i] > r.most)
      r.most = in[i];
  }
  return ranges;
}

static double largestFinite(const DType &type) {
  switch (type.kind) {
  case Kind::F64:
    return std::numeric_limits<double>::max();
  case Kind::F32:
    return std::numeric_limits<float>::max();
  case Kind::F16:
    return 65504;
  case Kind::BF16:
    return 0x1.fep127;
  default:
    return type.format->max();
  }
}

static double leastPositive(const DType &type) {
  switch (type.kind) {
  case Kind::F64:
    return std::numeric_limits<double>::denorm_min();
  case Kind::F32:
    return std::numeric_limits<float>::denorm_min();
  case Kind::F16:
    return 0x1p-24;
  case Kind::BF16:
    return 0x1p-133;
  default:
    return type.format->minPositive();
  }
}

/// The code of a scale, rounded as the format says. NVIDIA's rules may store 0 for a number that is
/// not, all others store the least positive value then.
static uint16_t storedCode(const num::Format &format, double t, bool mayUnderflow) {
  if (!mayUnderflow)
    return static_cast<uint16_t>(num::storedScale(format, t));
  num::Conversion policy;
  policy.rounding = format.defaultRounding();
  return static_cast<uint16_t>(format.encode(t, policy));
}

/// `t` in the format of stored scales.
static double store(const DType &type, double t, bool mayUnderflow) {
  if (type.isCode())
    return codeValues(*type.format)[storedCode(*type.format, t, mayUnderflow)];
  double s = roundTo(type, t);
  if (std::isinf(s) && std::isfinite(t))
    s = largestFinite(type);
  return s == 0 && t > 0 && !mayUnderflow ? leastPositive(type) : s;
}

/// Of scales that are stored already.
static Tensor storedScales(const DType &type, const Level &level) {
  if (!type.isCode())
    return fromDoubles(type, level.shape, level.scales);
  Tensor out = Tensor::make(type, level.shape);
  for (size_t i = 0; i < level.scales.size(); ++i)
    out.mutableAs<uint16_t>()[i] = storedCode(*type.format, level.scales[i], true);
  return out;
}

static std::optional<num::Rule> powerRule(ScaleRule rule) {
  switch (rule) {
  case ScaleRule::Floor:
    return num::Rule::Floor;
  case ScaleRule::Ceil:
    return num::Rule::Ceil;
  case ScaleRule::Even:
    return num::Rule::Even;
  case ScaleRule::RCeil:
    return num::Rule::RCeil;
  case ScaleRule::Log2:
    return num::Rule::Log2;
  case ScaleRule::Raise:
    return num::Rule::Raise;
  case ScaleRule::Pow2:
    return num::Rule::Pow2;
  default:
    return std::nullopt;
  }
}

/// min(x, the largest float), 1 if that is not positive.
template <typename T> static T limited(T x) {
  x = std::min(x, static_cast<T>(std::numeric_limits<float>::max()));
  return x > 0 ? x : T(1);
}

template <typename T>
static Result<BlockScales>
blockScaleAs(const Tensor &x, std::span<const Tensor> outer, const num::Format &format,
             std::span<const ScaleBlock> levels, ScaleRule rule, std::span<const DType> scaleTypes,
             std::optional<DType> zeroPointType) {
  const size_t own = scaleTypes.size();
  const T lo = static_cast<T>(format.lowest()), hi = static_cast<T>(format.max());
  constexpr T largest = std::numeric_limits<T>::max();
  const bool nv = rule == ScaleRule::NV || rule == ScaleRule::NVDivide;
  std::vector<Level> made(levels.size());
  for (size_t l = own; l < levels.size(); ++l) {
    made[l].shape = gridOf(x, levels[l]);
    const Tensor &given = outer[l - own];
    if (given.shape() != made[l].shape)
      return Error{"outer scales of shape " + shapeText(given.shape()) + ": expected " +
                   shapeText(made[l].shape)};
    Doubles s(given);
    made[l].scales.assign(s.data(), s.data() + given.numElements());
    for (double v : made[l].scales)
      made[l].encode.push_back(limited<T>(T(1) / static_cast<T>(v)));
  }
  BlockScales out;
  std::vector<double> zeros;
  for (size_t l = own; l-- > 0;) {
    const DType &type = scaleTypes[l];
    Level &level = made[l];
    level.shape = gridOf(x, levels[l]);
    std::vector<Range> ranges = blockRanges(x, levels[l], level.shape);
    T reach = rule == ScaleRule::AbsMax ? static_cast<T>(num::scaleTarget(format)) : hi;
    for (size_t inner = 0; inner < l; ++inner)
      if (scaleTypes[inner].isCode())
        reach = reach * static_cast<T>(scaleTypes[inner].format->max());
    // The product of the scales outside, and the encode scale of the next level.
    std::vector<T> outside(ranges.size(), T(1)), encode(ranges.size(), T(1));
    for (size_t o = l + 1; o < levels.size(); ++o) {
      std::vector<int64_t> owner = ownerOf(level.shape, levels[l], made[o].shape, levels[o]);
      for (size_t i = 0; i < ranges.size(); ++i) {
        T s = static_cast<T>(made[o].scales[owner[i]]);
        outside[i] = o == l + 1 ? s : static_cast<T>(outside[i] * s);
        if (o == l + 1)
          encode[i] = static_cast<T>(made[o].encode[owner[i]]);
      }
    }
    for (size_t i = 0; i < ranges.size(); ++i) {
      const Range &r = ranges[i];
      T a = static_cast<T>(std::max(r.most, -r.least)), t = 1, e = 1;
      if (rule == ScaleRule::AbsMax) {
        if (a != 0)
          t = std::clamp(static_cast<T>(a / reach) / outside[i], std::numeric_limits<T>::min(),
                         std::max(a, largest));
      } else if (rule == ScaleRule::MinMax) {
        T u = static_cast<T>(r.least), v = static_cast<T>(r.most);
        const T range = static_cast<T>(v - u), width = static_cast<T>(hi - lo);
        // Half of a range that is too large for a number is none.
        if (u != v)
          t = std::isfinite(range) ? range / width
                                   : static_cast<T>(v / 2 - u / 2) / static_cast<T>(width / 2);
        if (u != v)
          t = std::clamp(t, std::numeric_limits<T>::min(), std::max({v, -u, largest}));
        T s = static_cast<T>(store(type, t, false));
        T quotient = u / s, raw = lo - quotient;
        if (zeroPointType && zeroPointType->isFloat()) {
          zeros.push_back(raw);
        } else {
          double z = u == v ? 0 : std::nearbyint(static_cast<double>(raw));
          zeros.push_back(std::isnan(z) ? lo : std::clamp<double>(z, lo, hi));
        }
      } else if (std::optional<num::Rule> power = powerRule(rule)) {
        float magnitude =
            r.hasNaN ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(a);
        t = num::powerOfTwo(num::blockExponent(*power, magnitude, format));
      } else if (!type.isCode()) {
        e = limited<T>(reach / a);
        t = std::min(T(1) / e, largest);
      } else {
        if (rule == ScaleRule::NVDivide)
          t = static_cast<T>(a / reach) * encode[i];
        else
          t = a * std::min(static_cast<T>(encode[i] * static_cast<T>(T(1) / reach)),
                           static_cast<T>(std::numeric_limits<float>::max()));
        t = std::min(t, static_cast<T>(type.format->max()));
      }
      level.scales.push_back(store(type, t, nv));
      level.encode.push_back(e);
    }
    out.scales.insert(out.scales.begin(), storedScales(type, level));
  }
  if (rule != ScaleRule::MinMax || !zeroPointType)
    return out;
  const Shape &shape = made.front().shape;
  if (zeroPointType->isFloat()) {
    out.zeroPoint = fromDoubles(*zeroPointType, shape, std::move(zeros));
  } else if (!zeroPointType->isCode()) {
    out.zeroPoint = fromInts(*zeroPointType, shape, {zeros.begin(), zeros.end()});
  } else {
    Tensor codes = Tensor::make(*zeroPointType, shape);
    for (size_t i = 0; i < zeros.size(); ++i)
      codes.mutableAs<uint16_t>()[i] =
          static_cast<uint16_t>(zeroPointType->format->encode(zeros[i], {}));
    out.zeroPoint = codes;
  }
  return out;
}

Result<BlockScales> blockScale(const Tensor &x, std::span<const Tensor> outer,
                               const num::Format &format, std::span<const ScaleBlock> levels,
                               ScaleRule rule, std::span<const DType> scaleTypes,
                               std::optional<DType> zeroPointType) {
  if (x.dtype().kind == Kind::F64)
    return blockScaleAs<double>(x, outer, format, levels, rule, scaleTypes, zeroPointType);
  return blockScaleAs<float>(x, outer, format, levels, rule, scaleTypes, zeroPointType);
}

} // namespace lpc::ref
