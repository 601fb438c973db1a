// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The inner product kernel of all contractions: matrices of doubles, three degrees of exactness.
#ifndef LPC_LIB_REFERENCE_GEMM_H
#define LPC_LIB_REFERENCE_GEMM_H

#include "lpc/Reference/Tensor.h"

namespace lpc::ref {

enum class GemmMode : uint8_t {
  Plain, ///< ordinary double arithmetic: exact for integers while the sums of |a b| stay below 2^53
  ExactProducts, ///< products are exact in double (f32 and narrower); sums in two doubles
  Compensated,   ///< f64: products and sums in two doubles
};

/// The right operand in panels of 8 columns.
class PackedMatrix {
public:
  /// Element (k, n) is b[k * rowStride + n * columnStride].
  PackedMatrix(const double *b, int64_t k, int64_t n, int64_t rowStride, int64_t columnStride);
  int64_t rows() const { return k_; }
  int64_t columns() const { return n_; }
  double at(int64_t k, int64_t n) const {
    return data_[(n / kPanel * k_ + k) * kPanel + n % kPanel];
  }
  const double *panel(int64_t p) const { return data_.data() + p * k_ * kPanel; }
  /// max |b[k, n]| over k.
  double columnMax(int64_t n) const { return columnMax_[n]; }
  static constexpr int64_t kPanel = 8;

private:
  int64_t k_, n_;
  std::vector<double> data_, columnMax_;
};

/// out[m, n] = sum_k a[m, k] b[k, n] (+ bias[m] or nothing), m-th row of `a` at a + m * b.rows().
/// The values are rounded to `dtype` in effect: exact sums, rounded to odd doubles for types
/// narrower than f64, so that the one rounding that follows is that of the exact sum.
void gemm(GemmMode mode, const DType &dtype, int64_t m, const double *a, const PackedMatrix &b,
          double *out, const double *bias = nullptr);

/// The mode for elements of a float type.
inline GemmMode modeFor(const DType &d) {
  return d.kind == Kind::F64 ? GemmMode::Compensated : GemmMode::ExactProducts;
}

} // namespace lpc::ref

#endif // LPC_LIB_REFERENCE_GEMM_H
