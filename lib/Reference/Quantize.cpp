// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between real numbers and codes. All in f32, or in f64 for f64 data.
#include "lpc/Reference/Kernels.h"

#include "Scales.h"
#include "Values.h"

#include "lpc/Numerics/Bulk.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

std::vector<double> codeValues(const num::Format &format) {
  std::vector<double> values = format.table();
  if (!format.isDyadic())
    for (double &v : values)
      v = static_cast<float>(v);
  return values;
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

/// The zero point of each element, or empty.
static Result<std::vector<double>> zeroPoints(const Scaling &scaling, const Shape &shape) {
  if (!scaling.zeroPoint)
    return std::vector<double>();
  Result<Tensor> full = spread(*scaling.zeroPoint, scaling.levels.front(), shape);
  if (!full)
    return full.takeError();
  Doubles z(*full);
  return std::vector<double>(z.data(), z.data() + full->numElements());
}

static bool isReal(const Tensor *zeroPoint) { return zeroPoint && zeroPoint->dtype().isFloat(); }

/// Whether scales are multiplied and values divided in double.
static bool inDouble(const DType &data, const Scaling &scaling) {
  bool any = false, all = true;
  for (std::span<const Tensor> list : {scaling.scales, scaling.negativeScales, scaling.offsets})
    for (const Tensor &s : list) {
      any |= s.dtype().kind == Kind::F64;
      all &= s.dtype().kind != Kind::F32;
    }
  return data.kind == Kind::F64 && (scaling.scales.empty() || (any && all));
}

/// Scale products for both signs; one for negative numbers only where they differ.
template <typename S> struct SignedScales {
  std::vector<S> scales, negative;
  bool empty() const { return scales.empty(); }
  S at(size_t i, bool isNegative) const {
    return isNegative && !negative.empty() ? negative[i] : scales[i];
  }
};

template <typename S>
static Result<SignedScales<S>> signedScales(const Scaling &scaling, const Shape &shape) {
  Result<std::vector<S>> s = scaleProducts<S>(scaling.scales, scaling.levels, shape),
                         n = scaleProducts<S>(scaling.negativeScales, scaling.levels, shape);
  if (!s || !n)
    return s ? n.takeError() : s.takeError();
  return SignedScales<S>{std::move(*s), std::move(*n)};
}

//===- quantize
//-------------------------------------------------------------------------------------------===//

/// S: the type of scales, T: the type of quotients.
template <typename S, typename T>
static Result<Tensor> quantizeAs(const Tensor &x, const Scaling &scaling, const num::Format &format,
                                 const QuantizeOptions &options) {
  Result<SignedScales<S>> s = signedScales<S>(scaling, x.shape());
  if (!s)
    return s.takeError();
  Result<std::vector<double>> z = zeroPoints(scaling, x.shape());
  if (!z)
    return z.takeError();
  bool before = options.zeroPointBeforeRounding;
  constexpr S largest = static_cast<S>(std::numeric_limits<float>::max());
  Doubles in(x);
  size_t n = static_cast<size_t>(x.numElements());
  std::vector<T> q(n);
  for (size_t i = 0; i < n; ++i) {
    q[i] = static_cast<T>(in[i]);
    if (!s->empty()) {
      S scale = s->at(i, in[i] < 0);
      if (options.reciprocal)
        q[i] = q[i] * static_cast<T>(std::clamp(S(1) / scale, -largest, largest));
      else
        q[i] = q[i] / static_cast<T>(scale);
    }
    if (before && !z->empty())
      q[i] = q[i] + static_cast<T>((*z)[i]);
  }
  Tensor out = Tensor::make(DType::code(&format), x.shape());
  std::span<uint16_t> codes(out.mutableAs<uint16_t>(), n);
  std::span<const T> values(q);
  num::Encoder encoder(format, options.policy);
  if (before || z->empty()) {
    encoder.encode(values, codes, {options.seed, 0});
    return out;
  }
  // Runs of elements with the same zero point.
  for (size_t first = 0, last; first < n; first = last) {
    last = first + 1;
    while (last < n && (*z)[last] == (*z)[first])
      ++last;
    encoder.quantize(values.subspan(first, last - first), T(1), static_cast<int32_t>((*z)[first]),
                     codes.subspan(first, last - first), {options.seed, first});
  }
  return out;
}

Result<Tensor> quantize(const Tensor &x, const Scaling &scaling, const num::Format &format,
                        const QuantizeOptions &options) {
  if (x.dtype().kind != Kind::F64)
    return quantizeAs<float, float>(x, scaling, format, options);
  if (inDouble(x.dtype(), scaling))
    return quantizeAs<double, double>(x, scaling, format, options);
  return quantizeAs<float, double>(x, scaling, format, options);
}

//===- dequantize
//-----------------------------------------------------------------------------------------===//

template <typename T>
static Result<Tensor> dequantizeAs(const Tensor &codes, const Scaling &scaling, DType to) {
  Result<SignedScales<T>> s = signedScales<T>(scaling, codes.shape());
  if (!s)
    return s.takeError();
  Result<std::vector<double>> z = zeroPoints(scaling, codes.shape());
  if (!z)
    return z.takeError();
  Result<std::vector<T>> m = scaleProducts<T>(scaling.offsets, scaling.offsetLevels, codes.shape());
  if (!m)
    return m.takeError();
  std::vector<double> out(codes.numElements());
  if (codes.dtype().isCode()) {
    const std::vector<double> table = codeValues(*codes.dtype().format);
    const uint16_t *c = codes.as<uint16_t>();
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = table[c[i]];
  } else {
    Doubles d(codes);
    std::copy_n(d.data(), out.size(), out.data());
  }
  bool real = isReal(scaling.zeroPoint);
  // A difference has at most 24 bits and an f32 scale as many: the product is exact in double.
  for (size_t i = 0; i < out.size(); ++i) {
    double d = out[i], x = d;
    if (real)
      x = static_cast<T>(static_cast<T>(d) - static_cast<T>((*z)[i]));
    else if (!z->empty())
      x -= (*z)[i];
    if (!s->empty())
      x *= static_cast<double>(s->at(i, d < 0));
    if (!m->empty())
      x = static_cast<T>(static_cast<T>(x) + (*m)[i]);
    out[i] = x;
  }
  return fromDoubles(to, codes.shape(), std::move(out));
}

Result<Tensor> dequantize(const Tensor &codes, const Scaling &scaling, DType to) {
  if (inDouble(to, scaling))
    return dequantizeAs<double>(codes, scaling, to);
  return dequantizeAs<float>(codes, scaling, to);
}

//===- lookup
//---------------------------------------------------------------------------------------------===//

Result<Tensor> lookup(const Tensor &codes, const Tensor &table, const Shape &axes) {
  Shape expected;
  for (int64_t axis : axes)
    expected.push_back(codes.dim(axis));
  expected.push_back(codes.dtype().format->numCodes());
  if (table.shape() != expected)
    return Error{"a table of shape " + shapeText(table.shape()) + ": expected " +
                 shapeText(expected)};
  // The row of each element: the table's rows numbered, and stretched along all other axes.
  Shape strides = stridesOf(expected);
  std::vector<std::vector<int64_t>> at;
  for (int64_t d = 0; d < codes.rank(); ++d) {
    std::vector<int64_t> &o = at.emplace_back(codes.dim(d), 0);
    for (size_t a = 0; a < axes.size(); ++a)
      if (axes[a] == d)
        for (int64_t i = 0; i < codes.dim(d); ++i)
          o[i] += i * strides[a];
  }
  std::vector<int64_t> numbers(countElements(expected));
  for (size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<int64_t>(i);
  Tensor row = mapped(fromInts(DType::i(64), expected, std::move(numbers)), codes.shape(), at);
  Tensor out = Tensor::make(table.dtype(), codes.shape());
  const uint16_t *c = codes.as<uint16_t>();
  size_t bytes = table.dtype().size();
  for (int64_t i = 0, n = codes.numElements(); i < n; ++i)
    std::memcpy(out.mutableBytes() + i * bytes,
                table.bytes() + (row.as<int64_t>()[i] + c[i]) * bytes, bytes);
  return out;
}

} // namespace lpc::ref
