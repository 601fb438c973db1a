// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products and convolutions of codes. Integer images are summed in double while that is
// exact, else in 128 bits.
#include "lpc/Reference/Kernels.h"

#include "Batches.h"
#include "Scales.h"
#include "Values.h"
#include "Window.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lpc::ref {

namespace {

/// decode(code) - zero point of each element, as an integer times 2^-fractionBits.
struct Images {
  std::vector<double> values;
  int fractionBits = 0;
  double largest = 0; ///< of the magnitudes
};

/// An exact sum of products of images.
struct Sums {
  int fractionBits = 0;
  std::vector<double> narrow; ///< if every partial sum is below 2^53
  std::vector<__int128> wide; ///< else
  bool isWide() const { return !wide.empty(); }
};

} // namespace

static Result<Images> imagesOf(const Side &side) {
  const Tensor &t = *side.data;
  const num::Format &format = *t.dtype().format;
  Images out;
  out.fractionBits = format.fractionBits();
  std::vector<double> table = format.table();
  for (double &x : table)
    x = std::ldexp(x, out.fractionBits);
  int64_t n = t.numElements();
  out.values.resize(n);
  for (int64_t i = 0; i < n; ++i)
    out.values[i] = table[t.as<uint16_t>()[i]];
  if (side.zeroPoint) {
    Result<Tensor> full = spread(*side.zeroPoint, *side.block, t.shape());
    if (!full)
      return full.takeError();
    Doubles z(*full);
    for (int64_t i = 0; i < n; ++i)
      out.values[i] -= std::ldexp(z[i], out.fractionBits);
  }
  for (double x : out.values) {
    if (!std::isfinite(x))
      return Error{"an operand of format " + format.name() +
                   " holds an infinity or NaN, which an exact accumulator cannot take"};
    out.largest = std::max(out.largest, std::fabs(x));
  }
  return out;
}

/// The scale of a side for each index of its dimensions, the contracted ones in steps; empty if it
/// is 1.
static Result<std::vector<double>> scalesOf(const Side &side, const Shape &steps) {
  std::vector<double> out;
  if (!side.scale)
    return out;
  Result<Tensor> full = spread(*side.scale, *side.block, side.data->shape(), &steps);
  if (!full)
    return full.takeError();
  Doubles s(*full);
  out.assign(s.data(), s.data() + full->numElements());
  return out;
}

static Error doesNotFit(unsigned width) {
  return Error{"a sum does not fit the " + std::to_string(width) +
               "-bit accumulator, so that the proof of its width was wrong"};
}

static bool fits(double x, unsigned width) {
  double limit = std::ldexp(1.0, static_cast<int>(width) - 1);
  return x >= -limit && x < limit;
}
static bool fits(__int128 x, unsigned width) {
  __int128 limit = __int128{1} << (width - 1);
  return x >= -limit && x < limit;
}

/// fl32 (or double) of sum i.
template <typename T> static T rounded(const Sums &sums, int64_t i) {
  if (!sums.isWide())
    return static_cast<T>(std::ldexp(sums.narrow[i], -sums.fractionBits));
  return std::ldexp(static_cast<T>(sums.wide[i]), -sums.fractionBits);
}

/// The sums as integers, in units of 2^-fractionBits.
static void appendIntegers(const Sums &sums, std::vector<int64_t> &out) {
  for (double x : sums.narrow)
    out.push_back(static_cast<int64_t>(x));
  for (__int128 x : sums.wide)
    out.push_back(static_cast<int64_t>(x));
}

static std::optional<Error> check(const Sums &sums, unsigned width) {
  for (double x : sums.narrow)
    if (!fits(x, width))
      return doesNotFit(width);
  for (__int128 x : sums.wide)
    if (!fits(x, width))
      return doesNotFit(width);
  return std::nullopt;
}

/// Whether sums of k products stay exact in double; an error if images are too large even for 128
/// bits.
static Result<bool> isNarrow(const Images &a, const Images &b, int64_t k) {
  if (a.largest * b.largest * static_cast<double>(k) < 0x1p53)
    return true;
  if (a.largest >= 0x1p63 || b.largest >= 0x1p63)
    return Error{"the integer images of an operand are wider than 63 bits, which no exact "
                 "accumulator takes"};
  return false;
}

//===- matmul
//---------------------------------------------------------------------------------------------===//

/// The number of neighbours along the contracted axis that share both scales.
static int64_t groupSize(const Side &lhs, const Side &rhs, int64_t k) {
  auto own = [&](const Side &s, int64_t axis) {
    return s.block && (s.scale || s.zeroPoint) ? (*s.block)[axis] : 0;
  };
  int64_t g = std::gcd(own(lhs, lhs.data->rank() - 1), own(rhs, rhs.data->rank() - 2));
  return g == 0 ? std::max<int64_t>(k, 1) : g;
}

/// sum over [k0, k1) of a[m][k] b[k][n] for matrices of one batch.
static Sums sumGroup(const double *a, const double *b, int64_t m, int64_t n, int64_t k, int64_t k0,
                     int64_t k1, bool narrow) {
  Sums out;
  if (narrow) {
    std::vector<double> rows(m * (k1 - k0));
    for (int64_t i = 0; i < m; ++i)
      std::copy_n(a + i * k + k0, k1 - k0, rows.data() + i * (k1 - k0));
    out.narrow.resize(m * n);
    gemm(GemmMode::Plain, DType::f64(), m, rows.data(), PackedMatrix(b + k0 * n, k1 - k0, n, n, 1),
         out.narrow.data());
    return out;
  }
  out.wide.assign(m * n, 0);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t x = k0; x < k1; ++x)
      for (int64_t j = 0; j < n; ++j)
        out.wide[i * n + j] += static_cast<__int128>(static_cast<int64_t>(a[i * k + x])) *
                               static_cast<int64_t>(b[x * n + j]);
  return out;
}

/// T: float for the contract's roundings, double for none. `integers`, where given, gets the sums
/// instead.
template <typename T>
static Result<std::vector<double>>
exactMatmul(const Side &lhs, const Side &rhs, const Accumulator &acc, const Batches &batches,
            int64_t m, int64_t n, int64_t k, std::vector<int64_t> *integers) {
  Result<Images> a = imagesOf(lhs), b = imagesOf(rhs);
  if (!a || !b)
    return a ? b.takeError() : a.takeError();
  int64_t size = groupSize(lhs, rhs, k), groups = std::max<int64_t>(1, (k + size - 1) / size);
  Shape lhsSteps(lhs.data->rank(), 1), rhsSteps(rhs.data->rank(), 1);
  lhsSteps[lhs.data->rank() - 1] = size;
  rhsSteps[rhs.data->rank() - 2] = size;
  Result<std::vector<double>> sa = scalesOf(lhs, lhsSteps), sb = scalesOf(rhs, rhsSteps);
  if (!sa || !sb)
    return sa ? sb.takeError() : sa.takeError();
  Result<bool> narrow = isNarrow(*a, *b, std::min(size, k));
  if (!narrow)
    return narrow.takeError();
  bool grouped = acc.kind == AccumulatorKind::F32Grouped;
  unsigned width = grouped ? 64 : acc.width;
  int64_t count = static_cast<int64_t>(batches.lhs.size());
  std::vector<T> y(count * m * n, T(0));
  for (int64_t i = 0; i < count; ++i)
    for (int64_t g = 0; g < groups; ++g) {
      Sums sums = sumGroup(a->values.data() + batches.lhs[i] * m * k,
                           b->values.data() + batches.rhs[i] * k * n, m, n, k, g * size,
                           std::min(k, (g + 1) * size), *narrow);
      sums.fractionBits = a->fractionBits + b->fractionBits;
      if (std::optional<Error> e = check(sums, width))
        return *e;
      if (integers) {
        appendIntegers(sums, *integers);
        continue;
      }
      for (int64_t row = 0; row < m; ++row)
        for (int64_t c = 0; c < n; ++c) {
          T scaleA =
              sa->empty() ? T(1) : static_cast<T>((*sa)[(batches.lhs[i] * m + row) * groups + g]);
          T scaleB =
              sb->empty() ? T(1) : static_cast<T>((*sb)[(batches.rhs[i] * groups + g) * n + c]);
          T sum = rounded<T>(sums, row * n + c), scale = scaleA * scaleB;
          T &out = y[(i * m + row) * n + c];
          out = grouped ? std::fma(sum, scale, out) : sum * scale;
        }
    }
  return std::vector<double>(y.begin(), y.end());
}

/// The dequantized side (f32, or f64 if `to` says so).
static Result<Tensor> realSide(const Side &side, DType to) {
  if (!side.data->dtype().isCode())
    return cast(*side.data, to);
  std::vector<Tensor> scales;
  if (side.scale)
    scales.push_back(*side.scale);
  std::vector<ScaleBlock> levels;
  if (side.block)
    levels.push_back(*side.block);
  Scaling scaling;
  scaling.scales = scales;
  scaling.levels = levels;
  scaling.zeroPoint = side.zeroPoint;
  return dequantize(*side.data, scaling, to);
}

Result<Tensor> codeMatmul(const Side &lhs, const Side &rhs, const Accumulator &acc, bool real64,
                          std::optional<DType> integer) {
  DType to = real64 ? DType::f64() : DType::f32();
  if (acc.kind == AccumulatorKind::F32Relaxed) {
    Result<Tensor> a = realSide(lhs, to), b = realSide(rhs, to);
    if (!a || !b)
      return a ? b.takeError() : a.takeError();
    return matmul(*a, *b, false);
  }
  const Shape &l = lhs.data->shape(), &r = rhs.data->shape();
  int64_t m = l[l.size() - 2], k = l.back(), n = r.back();
  if (r[r.size() - 2] != k)
    return Error{"contracted sizes " + std::to_string(k) + " and " +
                 std::to_string(r[r.size() - 2]) + " of a matrix product differ"};
  Result<Batches> batches = batchesOf(l, r);
  if (!batches)
    return batches.takeError();
  Shape shape = batches->shape;
  shape.insert(shape.end(), {m, n});
  std::vector<int64_t> sums, *integers = integer ? &sums : nullptr;
  Result<std::vector<double>> y =
      real64 ? exactMatmul<double>(lhs, rhs, acc, *batches, m, n, k, integers)
             : exactMatmul<float>(lhs, rhs, acc, *batches, m, n, k, integers);
  if (!y)
    return y.takeError();
  if (integer)
    return fromInts(*integer, shape, std::move(sums));
  return fromDoubles(to, shape, std::move(*y));
}

//===- conv
//-----------------------------------------------------------------------------------------------===//

template <typename T>
static Result<std::vector<double>> exactConv(const Side &input, const Side &filter,
                                             const ConvGeometry &g, const Accumulator &acc,
                                             std::vector<int64_t> *integers) {
  Result<Images> a = imagesOf(input), b = imagesOf(filter);
  if (!a || !b)
    return a ? b.takeError() : a.takeError();
  Result<bool> narrow = isNarrow(*a, *b, g.depth * g.taps);
  if (!narrow)
    return narrow.takeError();
  int64_t n = countElements(g.shape), channels = g.shape[1];
  Sums sums;
  sums.fractionBits = a->fractionBits + b->fractionBits;
  if (*narrow) {
    sums.narrow.resize(n);
    g.gemmGroups(GemmMode::Plain, DType::f64(), a->values.data(), b->values.data(), nullptr,
                 sums.narrow.data());
  } else {
    sums.wide.assign(n, 0);
    g.forEachGroup([&](int64_t base, int64_t inputBase, int64_t m0) {
      for (int64_t i = 0; i < g.channels * g.outSize; ++i)
        for (int64_t c = 0; c < g.depth; ++c)
          for (int64_t t = 0; t < g.taps; ++t)
            if (int64_t at = g.offsets[t * g.outSize + i % g.outSize]; at >= 0)
              sums.wide[base + i] +=
                  static_cast<__int128>(
                      static_cast<int64_t>(a->values[inputBase + c * g.inSize + at])) *
                  static_cast<int64_t>(
                      b->values[((m0 + i / g.outSize) * g.depth + c) * g.taps + t]);
    });
  }
  if (std::optional<Error> e = check(sums, acc.width))
    return *e;
  if (integers) {
    appendIntegers(sums, *integers);
    return std::vector<double>();
  }
  // One scale of the input, one of each output channel of the filter.
  Shape inputSteps = input.data->shape(), filterSteps = filter.data->shape();
  for (int64_t &s : inputSteps)
    s = std::max<int64_t>(s, 1);
  filterSteps[0] = 1;
  Result<std::vector<double>> sx = scalesOf(input, inputSteps), sw = scalesOf(filter, filterSteps);
  if (!sx || !sw)
    return sx ? sw.takeError() : sx.takeError();
  std::vector<double> y(n);
  T scaleX = sx->empty() ? T(1) : static_cast<T>(sx->front());
  for (int64_t i = 0; i < n; ++i) {
    T scaleW = sw->empty() ? T(1) : static_cast<T>((*sw)[i / g.outSize % channels]);
    T scale = scaleX * scaleW, sum = rounded<T>(sums, i);
    y[i] = static_cast<T>(sum * scale);
  }
  return y;
}

Result<Tensor> codeConv(const Side &input, const Side &filter, const Window &w,
                        const Accumulator &acc, bool real64, std::optional<DType> integer) {
  DType to = real64 ? DType::f64() : DType::f32();
  if (acc.kind != AccumulatorKind::Int) {
    Result<Tensor> x = realSide(input, to), f = realSide(filter, to);
    if (!x || !f)
      return x ? f.takeError() : x.takeError();
    return conv(*x, *f, nullptr, w);
  }
  const Tensor &x = *input.data, &f = *filter.data;
  if (w.groups < 1 || x.dim(1) != f.dim(1) * w.groups || f.dim(0) % w.groups != 0)
    return Error{"input of shape " + shapeText(x.shape()) + " does not fit a filter of shape " +
                 shapeText(f.shape()) + " in " + std::to_string(w.groups) + " groups"};
  Shape kernel(f.shape().begin() + 2, f.shape().end());
  ConvGeometry g(x, f, kernel, windowSizes(x, kernel, w), w);
  std::vector<int64_t> sums, *integers = integer ? &sums : nullptr;
  Result<std::vector<double>> y = real64 ? exactConv<double>(input, filter, g, acc, integers)
                                         : exactConv<float>(input, filter, g, acc, integers);
  if (!y)
    return y.takeError();
  if (integer)
    return fromInts(*integer, g.shape, std::move(sums));
  return fromDoubles(to, g.shape, std::move(*y));
}

} // namespace lpc::ref
