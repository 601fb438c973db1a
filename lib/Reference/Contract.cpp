// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products and convolutions of real numbers.
#include "lpc/Reference/Kernels.h"

#include "Batches.h"
#include "Gemm.h"
#include "Values.h"
#include "Window.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace lpc::ref {

//===- matmul
//---------------------------------------------------------------------------------------------===//

Result<Batches> batchesOf(const Shape &lhs, const Shape &rhs) {
  Shape l(lhs.begin(), lhs.end() - 2), r(rhs.begin(), rhs.end() - 2), shapes[] = {l, r};
  Result<Shape> shape = broadcastShape(shapes);
  if (!shape)
    return shape.takeError();
  auto number = [&](const Shape &own) {
    Tensor t = fromInts(DType::i(64), own, progression(0, 1, countElements(own)));
    return Ints(*broadcast(t, *shape));
  };
  Ints li = number(l), ri = number(r);
  Batches b;
  b.shape = *shape;
  int64_t n = countElements(*shape);
  b.lhs.assign(li.data(), li.data() + n);
  b.rhs.assign(ri.data(), ri.data() + n);
  return b;
}

static void intGemm(const int64_t *a, const int64_t *b, int64_t *out, int64_t m, int64_t n,
                    int64_t k, bool transposed) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t x = 0; x < k; ++x)
      for (int64_t j = 0; j < n; ++j)
        out[i * n + j] = static_cast<int64_t>(
            static_cast<uint64_t>(out[i * n + j]) +
            static_cast<uint64_t>(a[i * k + x]) *
                static_cast<uint64_t>(transposed ? b[j * k + x] : b[x * n + j]));
}

Result<Tensor> matmul(const Tensor &a, const Tensor &b, bool transposeRhs) {
  int64_t m = a.dim(a.rank() - 2), k = a.dim(a.rank() - 1);
  int64_t n = b.dim(b.rank() - (transposeRhs ? 2 : 1)),
          bk = b.dim(b.rank() - (transposeRhs ? 1 : 2));
  if (k != bk)
    return Error{"contracted sizes " + std::to_string(k) + " and " + std::to_string(bk) +
                 " of a matrix product differ"};
  Result<Batches> batches = batchesOf(a.shape(), b.shape());
  if (!batches)
    return batches.takeError();
  Shape shape = batches->shape;
  shape.insert(shape.end(), {m, n});
  int64_t count = static_cast<int64_t>(batches->lhs.size());
  if (a.dtype().isInt()) {
    Ints x(a), y(b);
    std::vector<int64_t> out(countElements(shape), 0);
    for (int64_t i = 0; i < count; ++i)
      intGemm(x.data() + batches->lhs[i] * m * k, y.data() + batches->rhs[i] * k * n,
              out.data() + i * m * n, m, n, k, transposeRhs);
    return fromInts(a.dtype(), shape, std::move(out));
  }
  Doubles x(a), y(b);
  std::vector<double> out(countElements(shape));
  GemmMode mode = modeFor(a.dtype());
  auto pack = [&](int64_t batch) {
    const double *p = y.data() + batch * k * n;
    return transposeRhs ? PackedMatrix(p, k, n, 1, k) : PackedMatrix(p, k, n, n, 1);
  };
  // Neighbouring batches often share the right operand.
  std::optional<PackedMatrix> packed;
  for (int64_t i = 0; i < count; ++i) {
    if (!packed || batches->rhs[i] != batches->rhs[i - 1])
      packed.emplace(pack(batches->rhs[i]));
    gemm(mode, a.dtype(), m, x.data() + batches->lhs[i] * m * k, *packed, out.data() + i * m * n);
  }
  return fromDoubles(a.dtype(), shape, std::move(out));
}

//===- conv
//-----------------------------------------------------------------------------------------------===//

static Result<Shape> checkConv(const Tensor &x, const Tensor &filter, const Tensor *bias,
                               const Window &w) {
  if (w.groups < 1 || x.dim(1) != filter.dim(1) * w.groups || filter.dim(0) % w.groups != 0)
    return Error{"input of shape " + shapeText(x.shape()) + " does not fit a filter of shape " +
                 shapeText(filter.shape()) + " in " + std::to_string(w.groups) + " groups"};
  if (bias && bias->numElements() != filter.dim(0))
    return Error{"bias of " + std::to_string(bias->numElements()) + " elements for " +
                 std::to_string(filter.dim(0)) + " channels"};
  return Shape(filter.shape().begin() + 2, filter.shape().end());
}

Result<Tensor> conv(const Tensor &x, const Tensor &filter, const Tensor *bias, const Window &w) {
  Result<Shape> kernel = checkConv(x, filter, bias, w);
  if (!kernel)
    return kernel.takeError();
  Shape spatial = windowSizes(x, *kernel, w);
  ConvGeometry g(x, filter, *kernel, spatial, w);
  if (x.dtype().isInt()) {
    Ints in(x), f(filter);
    std::optional<Ints> b;
    if (bias)
      b.emplace(*bias);
    std::vector<int64_t> out(countElements(g.shape), 0);
    g.forEachGroup([&](int64_t base, int64_t inputBase, int64_t m0) {
      for (int64_t m = 0; m < g.channels; ++m)
        for (int64_t o = 0; o < g.outSize; ++o) {
          uint64_t sum = b ? static_cast<uint64_t>((*b)[m0 + m]) : 0;
          for (int64_t c = 0; c < g.depth; ++c)
            for (int64_t t = 0; t < g.taps; ++t)
              if (int64_t at = g.offsets[t * g.outSize + o]; at >= 0)
                sum += static_cast<uint64_t>(in[inputBase + c * g.inSize + at]) *
                       static_cast<uint64_t>(f[((m0 + m) * g.depth + c) * g.taps + t]);
          out[base + m * g.outSize + o] = static_cast<int64_t>(sum);
        }
    });
    return fromInts(x.dtype(), g.shape, std::move(out));
  }
  Doubles in(x), f(filter);
  std::optional<Doubles> b;
  if (bias)
    b.emplace(*bias);
  std::vector<double> out(countElements(g.shape));
  g.gemmGroups(modeFor(x.dtype()), x.dtype(), in.data(), f.data(), b ? b->data() : nullptr,
               out.data());
  return fromDoubles(x.dtype(), g.shape, std::move(out));
}

ConvGeometry::ConvGeometry(const Tensor &x, const Tensor &filter, const Shape &kernel,
                           const Shape &spatial, const Window &w)
    : batch(x.dim(0)), groups(w.groups), channels(filter.dim(0) / w.groups), depth(filter.dim(1)),
      taps(countElements(kernel)), outSize(countElements(spatial)),
      offsets(windowOffsets(x, kernel, spatial, w)) {
  for (size_t d = 0; d < kernel.size(); ++d)
    inSize *= x.dim(d + 2);
  shape = {batch, filter.dim(0)};
  shape.insert(shape.end(), spatial.begin(), spatial.end());
}

void ConvGeometry::gemmGroups(GemmMode mode, const DType &dtype, const double *in,
                              const double *filter, const double *bias, double *out) const {
  // Columns of the unrolled input in blocks of at most 32 MB.
  int64_t k = depth * taps;
  int64_t block = std::max<int64_t>(64, (int64_t{4} << 20) / std::max<int64_t>(1, k));
  std::vector<double> columns, result;
  forEachGroup([&](int64_t base, int64_t inputBase, int64_t m0) {
    for (int64_t first = 0; first < outSize; first += block) {
      int64_t n = std::min(block, outSize - first);
      columns.assign(k * n, 0.0);
      for (int64_t c = 0; c < depth; ++c)
        for (int64_t t = 0; t < taps; ++t)
          for (int64_t o = 0; o < n; ++o)
            if (int64_t at = offsets[t * outSize + first + o]; at >= 0)
              columns[(c * taps + t) * n + o] = in[inputBase + c * inSize + at];
      result.resize(channels * n);
      gemm(mode, dtype, channels, filter + m0 * k, PackedMatrix(columns.data(), k, n, n, 1),
           result.data(), bias ? bias + m0 : nullptr);
      for (int64_t m = 0; m < channels; ++m)
        std::copy_n(result.data() + m * n, n, out + base + m * outSize + first);
    }
  });
}

//===- conv_transpose
//-------------------------------------------------------------------------------------===//

Result<Tensor> convTranspose(const Tensor &x, const Tensor &filter, const Tensor *bias,
                             const Window &w, const Shape &outputPadding) {
  int64_t n = x.rank() - 2, perGroup = filter.dim(1), channels = perGroup * w.groups,
          depth = x.dim(1) / w.groups;
  if (x.dim(1) != filter.dim(0) || x.dim(1) % w.groups != 0)
    return Error{"input of shape " + shapeText(x.shape()) +
                 " does not fit a transposed filter of shape " + shapeText(filter.shape()) +
                 " in " + std::to_string(w.groups) + " groups"};
  Shape kernel(filter.shape().begin() + 2, filter.shape().end()), shape{x.dim(0), channels};
  Shape in(x.shape().begin() + 2, x.shape().end()), spatial;
  for (int64_t d = 0; d < n; ++d)
    spatial.push_back(std::max<int64_t>(0, (in[d] - 1) * w.strides[d] +
                                               w.dilations[d] * (kernel[d] - 1) + 1 +
                                               outputPadding[d] - w.pads[d] - w.pads[n + d]));
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  int64_t inSize = countElements(in), outSize = countElements(spatial),
          taps = countElements(kernel);
  // For each output position the (input position, tap) pairs that reach it.
  std::vector<std::vector<std::pair<int64_t, int64_t>>> sources(outSize);
  if (inSize && taps && outSize) {
    Shape i(n, 0);
    for (int64_t at = 0;; ++at) {
      Shape t(n, 0);
      for (int64_t tap = 0;; ++tap) {
        int64_t target = 0;
        for (int64_t d = 0; d < n && target >= 0; ++d) {
          int64_t p = i[d] * w.strides[d] + t[d] * w.dilations[d] - w.pads[d];
          target = p < 0 || p >= spatial[d] ? -1 : target * spatial[d] + p;
        }
        if (target >= 0)
          sources[target].push_back({at, tap});
        if (!advance(t, kernel))
          break;
      }
      if (!advance(i, in))
        break;
    }
  }
  auto forEach = [&](auto fn) {
    for (int64_t b = 0; b < x.dim(0); ++b)
      for (int64_t m = 0; m < channels; ++m)
        for (int64_t o = 0; o < outSize; ++o)
          fn(b, m, o, [&](auto term) {
            int64_t g = m / perGroup;
            for (int64_t c = g * depth; c < (g + 1) * depth; ++c)
              for (auto [at, tap] : sources[o])
                term((b * x.dim(1) + c) * inSize + at, (c * perGroup + m % perGroup) * taps + tap);
          });
  };
  if (x.dtype().isInt()) {
    Ints a(x), f(filter);
    std::vector<int64_t> out;
    forEach([&](int64_t, int64_t m, int64_t, auto terms) {
      uint64_t sum = bias ? static_cast<uint64_t>(Ints(*bias)[m]) : 0;
      terms([&](int64_t i, int64_t j) {
        sum += static_cast<uint64_t>(a[i]) * static_cast<uint64_t>(f[j]);
      });
      out.push_back(static_cast<int64_t>(sum));
    });
    return fromInts(x.dtype(), shape, std::move(out));
  }
  Doubles a(x), f(filter);
  std::optional<Doubles> b;
  if (bias)
    b.emplace(*bias);
  bool wide = x.dtype().kind == Kind::F64;
  std::vector<double> out;
  forEach([&](int64_t, int64_t m, int64_t, auto terms) {
    ExactSum sum;
    if (b)
      sum.add((*b)[m]);
    terms([&](int64_t i, int64_t j) {
      double p = a[i] * f[j];
      sum.add(p);
      if (wide && std::isfinite(p))
        sum.add(std::fma(a[i], f[j], -p));
    });
    out.push_back(sum.result(x.dtype()));
  });
  return fromDoubles(x.dtype(), shape, std::move(out));
}

} // namespace lpc::ref
