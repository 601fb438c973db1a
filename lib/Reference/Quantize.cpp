// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between real numbers and codes, and scales chosen from values. All in f32, or in f64
// for f64 data.
#include "lpc/Reference/Kernels.h"

#include "Scales.h"
#include "Values.h"

#include "lpc/Numerics/Bulk.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace lpc::ref {

Result<Tensor> spread(const Tensor &scale, const ScaleBlock &block, const Shape &shape,
                      const Shape *steps) {
  Shape strides = stridesOf(scale.shape()), out;
  std::vector<std::vector<int64_t>> offsets;
  if (scale.rank() != static_cast<int64_t>(shape.size()))
    return Error{"scales of shape " + shapeText(scale.shape()) + " for data of shape " +
                 shapeText(shape)};
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t step = steps ? (*steps)[d] : 1, n = (shape[d] + step - 1) / step;
    int64_t need = block[d] == 0 ? 1 : (shape[d] + block[d] - 1) / block[d];
    if (scale.dim(d) != need)
      return Error{"scales of shape " + shapeText(scale.shape()) + " for data of shape " +
                   shapeText(shape) + ": expected " + std::to_string(need) + " along axis " +
                   std::to_string(d)};
    std::vector<int64_t> &o = offsets.emplace_back(n);
    for (int64_t i = 0; i < n; ++i)
      o[i] = block[d] == 0 ? 0 : i * step / block[d] * strides[d];
    out.push_back(n);
  }
  return mapped(scale, out, offsets);
}

template <typename T>
Result<std::vector<T>> scaleProducts(std::span<const Tensor> scales,
                                     std::span<const ScaleBlock> levels, const Shape &shape) {
  std::vector<T> product;
  for (size_t level = 0; level < scales.size(); ++level) {
    Result<Tensor> full = spread(scales[level], levels[level], shape);
    if (!full)
      return full.takeError();
    Doubles s(*full);
    int64_t n = full->numElements();
    if (level == 0) {
      product.resize(n);
      for (int64_t i = 0; i < n; ++i)
        product[i] = static_cast<T>(s[i]);
      continue;
    }
    for (int64_t i = 0; i < n; ++i)
      product[i] = product[i] * static_cast<T>(s[i]);
  }
  return product;
}
template Result<std::vector<float>> scaleProducts(std::span<const Tensor>,
                                                  std::span<const ScaleBlock>, const Shape &);
template Result<std::vector<double>> scaleProducts(std::span<const Tensor>,
                                                   std::span<const ScaleBlock>, const Shape &);

/// The zero point of each element as an integer, or empty.
static Result<std::vector<int32_t>>
zeroPoints(const Tensor *zeroPoint, std::span<const ScaleBlock> levels, const Shape &shape) {
  std::vector<int32_t> out;
  if (!zeroPoint)
    return out;
  Result<Tensor> full = spread(*zeroPoint, levels.front(), shape);
  if (!full)
    return full.takeError();
  Doubles z(*full);
  out.resize(full->numElements());
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<int32_t>(z[i]);
  return out;
}

/// Whether scales are multiplied and values divided in double.
static bool inDouble(const DType &data, std::span<const Tensor> scales) {
  return data.kind == Kind::F64 && std::all_of(scales.begin(), scales.end(), [](const Tensor &s) {
           return s.dtype().kind != Kind::F32;
         });
}

template <typename T>
static Result<Tensor> quantizeAs(const Tensor &x, std::span<const Tensor> scales,
                                 const Tensor *zeroPoint, std::span<const ScaleBlock> levels,
                                 const num::Format &format, const num::Conversion &policy,
                                 bool before) {
  Result<std::vector<T>> s = scaleProducts<T>(scales, levels, x.shape());
  if (!s)
    return s.takeError();
  Result<std::vector<int32_t>> z = zeroPoints(zeroPoint, levels, x.shape());
  if (!z)
    return z.takeError();
  Doubles in(x);
  size_t n = static_cast<size_t>(x.numElements());
  std::vector<T> q(n);
  for (size_t i = 0; i < n; ++i) {
    q[i] = static_cast<T>(in[i]);
    if (!s->empty())
      q[i] = q[i] / (*s)[i];
    if (before && !z->empty())
      q[i] = q[i] + static_cast<T>((*z)[i]);
  }
  Tensor out = Tensor::make(DType::code(&format), x.shape());
  std::span<uint16_t> codes(out.mutableAs<uint16_t>(), n);
  std::span<const T> values(q);
  num::Encoder encoder(format, policy);
  if (before || z->empty()) {
    encoder.encode(values, codes);
    return out;
  }
  // Runs of elements with the same zero point.
  for (size_t first = 0, last; first < n; first = last) {
    last = first + 1;
    while (last < n && (*z)[last] == (*z)[first])
      ++last;
    encoder.quantize(values.subspan(first, last - first), T(1), (*z)[first],
                     codes.subspan(first, last - first));
  }
  return out;
}

Result<Tensor> quantize(const Tensor &x, std::span<const Tensor> scales, const Tensor *zeroPoint,
                        std::span<const ScaleBlock> levels, const num::Format &format,
                        const num::Conversion &policy, bool before) {
  if (x.dtype().kind != Kind::F64)
    return quantizeAs<float>(x, scales, zeroPoint, levels, format, policy, before);
  if (inDouble(x.dtype(), scales))
    return quantizeAs<double>(x, scales, zeroPoint, levels, format, policy, before);
  // The scale is a product in f32, the division is in f64.
  std::vector<Tensor> narrow(scales.begin(), scales.end());
  Result<std::vector<float>> s = scaleProducts<float>(scales, levels, x.shape());
  if (!s)
    return s.takeError();
  Tensor full = Tensor::of<float>(DType::f32(), x.shape(), *s);
  Doubles in(x), by(full);
  std::vector<double> q(x.numElements());
  for (size_t i = 0; i < q.size(); ++i)
    q[i] = in[i] / by[i];
  return quantizeAs<double>(fromDoubles(DType::f64(), x.shape(), std::move(q)), {}, zeroPoint,
                            levels, format, policy, before);
}

template <typename T>
static Result<Tensor> dequantizeAs(const Tensor &codes, std::span<const Tensor> scales,
                                   const Tensor *zeroPoint, std::span<const ScaleBlock> levels,
                                   DType to) {
  Result<std::vector<T>> s = scaleProducts<T>(scales, levels, codes.shape());
  if (!s)
    return s.takeError();
  Result<std::vector<int32_t>> z = zeroPoints(zeroPoint, levels, codes.shape());
  if (!z)
    return z.takeError();
  const std::vector<double> &table = codes.dtype().format->table();
  const uint16_t *c = codes.as<uint16_t>();
  std::vector<double> out(codes.numElements());
  // The difference has at most 17 bits and the f32 scale 24: the product is exact in double.
  for (size_t i = 0; i < out.size(); ++i) {
    double x = table[c[i]];
    if (!z->empty())
      x -= (*z)[i];
    out[i] = s->empty() ? x : x * static_cast<double>((*s)[i]);
  }
  return fromDoubles(to, codes.shape(), std::move(out));
}

Result<Tensor> dequantize(const Tensor &codes, std::span<const Tensor> scales,
                          const Tensor *zeroPoint, std::span<const ScaleBlock> levels, DType to) {
  if (inDouble(to, scales))
    return dequantizeAs<double>(codes, scales, zeroPoint, levels, to);
  return dequantizeAs<float>(codes, scales, zeroPoint, levels, to);
}

//===- block_scale
//----------------------------------------------------------------------------------------===//

namespace {

struct Range {
  double least = 0, most = 0; ///< including 0
};

} // namespace

/// The range of each block, NaN elements left out.
static std::vector<Range> blockRanges(const Tensor &x, const ScaleBlock &block,
                                      const Shape &shape) {
  std::vector<Range> ranges(countElements(shape));
  Shape strides = stridesOf(shape);
  std::vector<std::vector<int64_t>> at;
  for (int64_t d = 0; d < x.rank(); ++d) {
    std::vector<int64_t> &o = at.emplace_back(x.dim(d));
    for (int64_t i = 0; i < x.dim(d); ++i)
      o[i] = block[d] == 0 ? 0 : i / block[d] * strides[d];
  }
  std::vector<int64_t> numbers(ranges.size());
  for (size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<int64_t>(i);
  Tensor owner = mapped(fromInts(DType::i(64), shape, std::move(numbers)), x.shape(), at);
  Doubles in(x);
  for (int64_t i = 0; i < x.numElements(); ++i) {
    Range &r = ranges[owner.as<int64_t>()[i]];
    if (in[i] < r.least)
      r.least = in[i];
    if (in[i] > r.most)
      r.most = in[i];
  }
  return ranges;
}

template <typename T>
static BlockScales blockScaleAs(const std::vector<Range> &ranges, const Shape &shape,
                                const num::Format &format, ScaleRule rule, DType scaleType,
                                std::optional<DType> zeroPointType) {
  double lo = format.lowest(), hi = format.max();
  std::vector<double> scales;
  std::vector<int64_t> zeros;
  for (const Range &r : ranges) {
    T a = static_cast<T>(r.least), b = static_cast<T>(r.most), s;
    T z = static_cast<T>(std::clamp(0.0, lo, hi));
    if (a == 0 && b == 0) {
      s = 1;
    } else if (rule == ScaleRule::AbsMax) {
      s = std::max(-a, b) / static_cast<T>(hi);
    } else {
      s = static_cast<T>(b - a) / static_cast<T>(hi - lo);
      T quotient = a / s;
      T raw = static_cast<T>(lo) - quotient;
      double rounded = std::nearbyint(static_cast<double>(raw));
      z = static_cast<T>(std::isnan(rounded) ? lo : std::clamp(rounded, lo, hi));
    }
    scales.push_back(s);
    zeros.push_back(static_cast<int64_t>(z));
  }
  BlockScales out;
  out.scales = fromDoubles(scaleType, shape, std::move(scales));
  if (rule == ScaleRule::MinMax && zeroPointType) {
    if (!zeroPointType->isCode()) {
      out.zeroPoint = fromInts(*zeroPointType, shape, std::move(zeros));
    } else {
      Tensor codes = Tensor::make(*zeroPointType, shape);
      for (size_t i = 0; i < zeros.size(); ++i)
        codes.mutableAs<uint16_t>()[i] =
            static_cast<uint16_t>(zeroPointType->format->encode(static_cast<double>(zeros[i]), {}));
      out.zeroPoint = codes;
    }
  }
  return out;
}

Result<BlockScales> blockScale(const Tensor &x, const num::Format &format, const ScaleBlock &block,
                               ScaleRule rule, DType scaleType,
                               std::optional<DType> zeroPointType) {
  Shape shape;
  for (int64_t d = 0; d < x.rank(); ++d)
    shape.push_back(block[d] == 0 ? 1 : (x.dim(d) + block[d] - 1) / block[d]);
  std::vector<Range> ranges = blockRanges(x, block, shape);
  if (x.dtype().kind == Kind::F64)
    return blockScaleAs<double>(ranges, shape, format, rule, scaleType, zeroPointType);
  return blockScaleAs<float>(ranges, shape, format, rule, scaleType, zeroPointType);
}

} // namespace lpc::ref
