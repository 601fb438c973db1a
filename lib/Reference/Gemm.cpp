// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Blocked product of matrices of doubles. A sum is kept as hi + lo, where lo gathers the rounding
// errors of hi; an error bound says whether the rounding of hi + lo to the result type is certain,
// and where it is not, the sum is done again without any error.
#include "Gemm.h"

#include "Values.h"

#include <algorithm>
#include <cmath>

namespace lpc::ref {

PackedMatrix::PackedMatrix(const double *b, int64_t k, int64_t n, int64_t rowStride,
                           int64_t columnStride)
    : k_(k), n_(n), data_((n + kPanel - 1) / kPanel * kPanel * k), columnMax_(n) {
  for (int64_t p = 0; p * kPanel < n; ++p) {
    double *out = data_.data() + p * k * kPanel;
    int64_t width = std::min(kPanel, n - p * kPanel);
    for (int64_t i = 0; i < k; ++i)
      for (int64_t j = 0; j < width; ++j) {
        double x = b[i * rowStride + (p * kPanel + j) * columnStride];
        out[i * kPanel + j] = x;
        columnMax_[p * kPanel + j] = std::max(columnMax_[p * kPanel + j], std::fabs(x));
      }
  }
}

using Vec = double __attribute__((vector_size(32)));

/// Rows of the left operand that one call of the kernel takes.
static constexpr int kRows = 2;

/// Adds the products of kRows rows and one panel to hi + lo.
template <GemmMode mode>
[[gnu::always_inline]] static inline void
kernel(int64_t k, const double *const *a, const double *panel, double *hiOut, double *loOut) {
  Vec hi[kRows][2] = {}, lo[kRows][2] = {};
  for (int64_t i = 0; i < k; ++i, panel += PackedMatrix::kPanel) {
    Vec b[2];
    __builtin_memcpy(b, panel, sizeof(b));
    for (int r = 0; r < kRows; ++r) {
      double x = a[r][i];
      Vec v = {x, x, x, x};
      for (int c = 0; c < 2; ++c) {
        Vec p = v * b[c];
        if constexpr (mode == GemmMode::Plain) {
          hi[r][c] += p;
          continue;
        }
        Vec s = hi[r][c] + p;
        Vec t = s - hi[r][c];
        Vec e = (hi[r][c] - (s - t)) + (p - t);
        if constexpr (mode == GemmMode::Compensated)
          e += __builtin_elementwise_fma(v, b[c], -p);
        lo[r][c] += e;
        hi[r][c] = s;
      }
    }
  }
  __builtin_memcpy(hiOut, hi, sizeof(hi));
  __builtin_memcpy(loOut, lo, sizeof(lo));
}

template <GemmMode mode>
static void kernelDefault(int64_t k, const double *const *a, const double *panel, double *hi,
                          double *lo) {
  kernel<mode>(k, a, panel, hi, lo);
}

using Kernel = void (*)(int64_t, const double *const *, const double *, double *, double *);

#if defined(__x86_64__)
// The same operations on wider registers: the same bits.
template <GemmMode mode>
__attribute__((target("avx2,fma"))) static void
kernelAvx2(int64_t k, const double *const *a, const double *panel, double *hi, double *lo) {
  kernel<mode>(k, a, panel, hi, lo);
}
template <GemmMode mode> static Kernel choose() {
  static const bool wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return wide ? kernelAvx2<mode> : kernelDefault<mode>;
}
#else
template <GemmMode mode> static Kernel choose() { return kernelDefault<mode>; }
#endif

/// hi + lo rounded to odd, where |exact - (hi + lo)| <= bound, or the exact sum if the bound does
/// not settle the rounding.
static double settle(const DType &dtype, double hi, double lo, double bound, const double *a,
                     const PackedMatrix &b, int64_t n, double bias) {
  double s, e;
  twoSum(hi, lo, s, e);
  if (std::isfinite(s) && std::isfinite(e)) {
    double least = roundToOdd(s, e - bound), most = roundToOdd(s, e + bound);
    if (least == most ||
        (dtype.kind == Kind::F32 ? static_cast<float>(least) == static_cast<float>(most)
                                 : roundTo(dtype, least) == roundTo(dtype, most)))
      return least;
  }
  ExactSum sum;
  sum.add(bias);
  for (int64_t k = 0; k < b.rows(); ++k)
    sum.add(a[k] * b.at(k, n));
  return sum.result(dtype);
}

/// f64: an infinity or NaN among the terms makes the compensation meaningless; ordinary addition
/// decides then.
static double finish64(double hi, double lo, const double *a, const PackedMatrix &b, int64_t n,
                       double bias) {
  double s = hi + lo;
  if (std::isfinite(s))
    return s;
  s = bias;
  for (int64_t k = 0; k < b.rows(); ++k)
    s += a[k] * b.at(k, n);
  return s;
}

void gemm(GemmMode mode, const DType &dtype, int64_t m, const double *a, const PackedMatrix &b,
          double *out, const double *bias) {
  int64_t k = b.rows(), n = b.columns();
  Kernel run = mode == GemmMode::Plain           ? choose<GemmMode::Plain>()
               : mode == GemmMode::ExactProducts ? choose<GemmMode::ExactProducts>()
                                                 : choose<GemmMode::Compensated>();
  std::vector<double> rowMax(m, 0.0);
  if (mode == GemmMode::ExactProducts)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < k; ++j)
        rowMax[i] = std::max(rowMax[i], std::fabs(a[i * k + j]));
  // Each step errs by 2^-53 of lo, which is at most k * 2^-53 of the largest partial sum.
  double unit = static_cast<double>(k + 1) * static_cast<double>(k + 1) *
                static_cast<double>(k + 1) * 0x1p-104;
  double hi[kRows][PackedMatrix::kPanel], lo[kRows][PackedMatrix::kPanel];
  for (int64_t p = 0; p * PackedMatrix::kPanel < n; ++p)
    for (int64_t i = 0; i < m; i += kRows) {
      const double *rows[kRows];
      for (int r = 0; r < kRows; ++r)
        rows[r] = a + std::min(i + r, m - 1) * k;
      run(k, rows, b.panel(p), &hi[0][0], &lo[0][0]);
      int64_t width = std::min(PackedMatrix::kPanel, n - p * PackedMatrix::kPanel);
      for (int64_t r = 0; r < std::min<int64_t>(kRows, m - i); ++r)
        for (int64_t c = 0; c < width; ++c) {
          int64_t column = p * PackedMatrix::kPanel + c;
          double h = hi[r][c], l = lo[r][c], extra = bias ? bias[i + r] : 0.0;
          if (bias && mode != GemmMode::Plain) {
            double s, e;
            twoSum(h, extra, s, e);
            h = s;
            l += e;
          }
          double &y = out[(i + r) * n + column];
          if (mode == GemmMode::Plain)
            y = h + extra;
          else if (mode == GemmMode::Compensated)
            y = finish64(h, l, rows[r], b, column, extra);
          else
            y = settle(dtype, h, l, unit * (rowMax[i + r] * b.columnMax(column) + std::fabs(extra)),
                       rows[r], b, column, extra);
        }
    }
}

} // namespace lpc::ref
