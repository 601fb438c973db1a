// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations of integer-only programs: rescales, softmax and norms on codes.
#include "lpc/Reference/Kernels.h"

#include "Values.h"

#include "lpc/Numerics/IntegerSoftmax.h"

#include <algorithm>
#include <cmath>

namespace lpc::ref {

/// The value of each code of a format of integers; of another dyadic format, times 2^fractionBits.
static std::vector<int64_t> imagesByCode(const num::Format &format) {
  std::vector<int64_t> images;
  for (double x : format.table())
    images.push_back(static_cast<int64_t>(std::ldexp(x, format.fractionBits())));
  return images;
}

/// Integers as elements of a builtin type or as codes.
static Tensor fromIntegers(DType dtype, const Shape &shape, std::vector<int64_t> values) {
  if (!dtype.isCode())
    return fromInts(dtype, shape, std::move(values));
  Tensor out = Tensor::make(dtype, shape);
  const uint32_t mask = dtype.format->numCodes() - 1;
  std::transform(values.begin(), values.end(), out.mutableAs<uint16_t>(),
                 [&](int64_t v) { return static_cast<uint16_t>(v & mask); });
  return out;
}

Tensor toInteger(const Tensor &codes, int64_t zeroPoint, DType to) {
  const num::Format &format = *codes.dtype().format;
  const std::vector<int64_t> images = imagesByCode(format);
  const int64_t zero = zeroPoint << format.fractionBits();
  std::vector<int64_t> values(codes.numElements());
  for (int64_t i = 0; i < codes.numElements(); ++i)
    values[i] = images[codes.as<uint16_t>()[i]] - zero;
  return fromInts(to, codes.shape(), std::move(values));
}

Result<Tensor> rescale(const Tensor &x, const Tensor &multiplier, const Tensor &shift,
                       num::RescaleRounding rounding, const Limits &limits, DType to) {
  Result<Tensor> m = broadcast(multiplier, x.shape()), t = broadcast(shift, x.shape());
  if (!m || !t)
    return m ? t.takeError() : m.takeError();
  Ints value(x), factor(*m), amount(*t);
  std::vector<int64_t> out(x.numElements());
  for (int64_t i = 0; i < x.numElements(); ++i) {
    if (amount[i] < num::kMinRescaleShift || amount[i] > num::kMaxRescaleShift)
      return Error{"a shift of " + std::to_string(amount[i]) + " is not one of 1 to 62"};
    if (factor[i] < 0)
      return Error{"a multiplier of " + std::to_string(factor[i]) + " is negative"};
    const __int128 product = static_cast<__int128>(value[i]) * factor[i],
                   most = product + (__int128{1} << (amount[i] - 1)) + (__int128{1} << 30);
    if (product < INT64_MIN || product - (__int128{1} << 30) < INT64_MIN || most > INT64_MAX)
      return Error{"the product " + std::to_string(value[i]) + " * " + std::to_string(factor[i]) +
                   " does not fit 64 bits, so that the proof of its range was wrong"};
    out[i] = num::rescale(value[i], static_cast<int32_t>(factor[i]), static_cast<int>(amount[i]),
                          rounding, limits.zeroPoint, limits.lo, limits.hi);
  }
  return fromIntegers(to, x.shape(), std::move(out));
}

Result<Tensor> intSoftmax(const Tensor &codes, const Tensor &table, const Tensor *mask,
                          int64_t axis, unsigned fraction, int64_t maxTerms, DType to) {
  const Shape &shape = codes.shape();
  const int64_t n = shape[axis];
  if (maxTerms > 0 && n > maxTerms)
    return Error{"the axis has " + std::to_string(n) + " elements, more than its bound of " +
                 std::to_string(maxTerms)};
  Tensor included;
  if (mask) {
    Result<Tensor> full = broadcast(*mask, shape);
    if (!full)
      return full.takeError();
    included = *full;
  }
  const std::vector<int64_t> images = imagesByCode(*codes.dtype().format);
  std::vector<uint32_t> entries(table.numElements());
  for (int64_t i = 0; i < table.numElements(); ++i)
    entries[i] = static_cast<uint32_t>(table.intAt(i));
  const auto largest = static_cast<int32_t>(to.format->max());
  const int64_t step = stridesOf(shape)[axis];
  std::vector<int64_t> out(codes.numElements());
  std::vector<int32_t> row(n);
  std::vector<uint8_t> rowMask(mask ? n : 0);
  for (int64_t first = 0; first < codes.numElements(); ++first) {
    if (first / step % n != 0)
      continue;
    uint64_t sum = 0;
    int64_t top = INT64_MIN;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t at = first + i * step;
      row[i] = static_cast<int32_t>(images[codes.as<uint16_t>()[at]]);
      if (mask)
        rowMask[i] = included.intAt(at) != 0;
      if (!mask || rowMask[i])
        top = std::max<int64_t>(top, row[i]);
    }
    for (int64_t i = 0; i < n; ++i)
      if (!mask || rowMask[i])
        sum += entries[top - row[i]];
    if (sum >> 32)
      return Error{"a sum of exponentials does not fit 32 bits, so that the proof of its range was "
                   "wrong"};
    num::integerSoftmax(row, rowMask, entries, fraction, largest, row);
    for (int64_t i = 0; i < n; ++i)
      out[first + i * step] = row[i];
  }
  return fromIntegers(to, shape, std::move(out));
}

Result<Tensor> intNorm(const Tensor &codes, const Tensor &multiplier, const Tensor &bias,
                       const num::IntegerNorm &norm, DType to) {
  const int64_t n = codes.shape().back();
  const std::vector<int64_t> images = imagesByCode(*codes.dtype().format);
  std::vector<int32_t> m(n), row(n);
  std::vector<int64_t> b(n), y(n), out(codes.numElements());
  for (int64_t i = 0; i < n; ++i) {
    m[i] = static_cast<int32_t>(multiplier.intAt(i));
    b[i] = bias.intAt(i);
    // |u| is at most 2^24, and one more where it was rounded.
    const __int128 most = ((__int128{1} << 24) + 1) * std::abs(static_cast<int64_t>(m[i]));
    const __int128 room = (__int128{1} << 62) - most;
    if (b[i] >= room || b[i] <= -room)
      return Error{"a product of the normalized value does not fit 62 bits"};
  }
  for (int64_t first = 0; first < codes.numElements(); first += n) {
    for (int64_t i = 0; i < n; ++i)
      row[i] = static_cast<int32_t>(images[codes.as<uint16_t>()[first + i]]);
    norm.apply(row, m, b, y);
    std::copy(y.begin(), y.end(), out.begin() + first);
  }
  return fromIntegers(to, codes.shape(), std::move(out));
}

} // namespace lpc::ref
