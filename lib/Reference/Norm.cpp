// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and normalizations, in double (f64: long double) with one rounding of each result.
#include "lpc/Reference/Kernels.h"

#include "Values.h"

#include <cmath>

namespace lpc::ref {

template <typename T>
static void softmaxRow(const double *x, double *out, int64_t n, int64_t step, bool log,
                       std::vector<T> &e) {
  double m = -HUGE_VAL;
  for (int64_t i = 0; i < n; ++i)
    m = maximum(m, x[i * step]);
  T sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    e[i] = std::exp(T(x[i * step]) - T(m));
    sum += e[i];
  }
  if (log) {
    T logSum = std::log(sum);
    for (int64_t i = 0; i < n; ++i)
      out[i * step] = static_cast<double>(T(x[i * step]) - T(m) - logSum);
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    out[i * step] = static_cast<double>(e[i] / sum);
}

Tensor softmax(const Tensor &x, int64_t axis, bool log) {
  Doubles in(x);
  std::vector<double> out(x.numElements());
  int64_t n = x.dim(axis), inner = 1, outer = 1;
  for (int64_t d = 0; d < x.rank(); ++d)
    (d < axis ? outer : inner) *= d == axis ? 1 : x.dim(d);
  auto run = [&](auto tag) {
    std::vector<decltype(tag)> e(n);
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i)
        softmaxRow(in.data() + o * n * inner + i, out.data() + o * n * inner + i, n, inner, log, e);
  };
  if (x.dtype().kind == Kind::F64)
    run(static_cast<long double>(0));
  else
    run(0.0);
  return fromDoubles(x.dtype(), x.shape(), std::move(out));
}

/// `part` broadcast to x, or nothing if it is absent.
static Result<std::optional<Doubles>> broadcastPart(const Tensor *part, const Tensor &x) {
  if (!part)
    return std::optional<Doubles>();
  Result<Tensor> full = broadcast(*part, x.shape());
  if (!full)
    return full.takeError();
  return std::optional<Doubles>(Doubles(*full));
}

template <typename T>
static void normRow(const double *x, double *out, int64_t n, bool center, double epsilon,
                    const double *scale, const double *bias) {
  T mean = 0, squares = 0;
  if (center) {
    for (int64_t i = 0; i < n; ++i)
      mean += x[i];
    mean /= n;
  }
  for (int64_t i = 0; i < n; ++i)
    squares += (x[i] - mean) * (x[i] - mean);
  T root = std::sqrt(squares / n + T(epsilon));
  for (int64_t i = 0; i < n; ++i) {
    T y = (x[i] - mean) / root;
    if (scale)
      y *= scale[i];
    if (bias)
      y += bias[i];
    out[i] = static_cast<double>(y);
  }
}

static Result<Tensor> normalize(const Tensor &x, const Tensor *scale, const Tensor *bias,
                                int64_t axis, double epsilon, bool center) {
  Result<std::optional<Doubles>> s = broadcastPart(scale, x), b = broadcastPart(bias, x);
  if (!s || !b)
    return s ? b.takeError() : s.takeError();
  Doubles in(x);
  std::vector<double> out(x.numElements());
  int64_t n = 1, rows = 1;
  for (int64_t d = 0; d < x.rank(); ++d)
    (d < axis ? rows : n) *= x.dim(d);
  for (int64_t r = 0; r < rows && n > 0; ++r) {
    const double *sr = *s ? (**s).data() + r * n : nullptr,
                 *br = *b ? (**b).data() + r * n : nullptr;
    if (x.dtype().kind == Kind::F64)
      normRow<long double>(in.data() + r * n, out.data() + r * n, n, center, epsilon, sr, br);
    else
      normRow<double>(in.data() + r * n, out.data() + r * n, n, center, epsilon, sr, br);
  }
  return fromDoubles(x.dtype(), x.shape(), std::move(out));
}

Result<Tensor> layerNorm(const Tensor &x, const Tensor *scale, const Tensor *bias, int64_t axis,
                         double epsilon) {
  return normalize(x, scale, bias, axis, epsilon, true);
}

Result<Tensor> rmsNorm(const Tensor &x, const Tensor *scale, int64_t axis, double epsilon) {
  return normalize(x, scale, nullptr, axis, epsilon, false);
}

} // namespace lpc::ref
