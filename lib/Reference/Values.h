// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How kernels see elements: every float type as double, every integer type as int64, with one
// rounding back.
#ifndef LPC_LIB_REFERENCE_VALUES_H
#define LPC_LIB_REFERENCE_VALUES_H

#include "lpc/Reference/Tensor.h"

#include <span>

namespace lpc::ref {

/// Calls `run` with an unsigned integer of `size` bytes, for what moves elements without reading
/// them.
template <typename Run> void withWord(int64_t size, Run run) {
  switch (size) {
  case 1:
    return run(uint8_t());
  case 2:
    return run(uint16_t());
  case 4:
    return run(uint32_t());
  default:
    return run(uint64_t());
  }
}

/// The elements as doubles: exact for all floats and codes, and integers up to 2^53. Reads f64 in
/// place.
class Doubles {
public:
  explicit Doubles(const Tensor &t);
  double operator[](int64_t i) const { return data_[i]; }
  const double *data() const { return data_; }

private:
  Tensor keep_;
  std::vector<double> own_;
  const double *data_;
};

/// The elements of an integer or boolean tensor as int64 (ui64: the bits). Reads i64 in place.
class Ints {
public:
  explicit Ints(const Tensor &t);
  int64_t operator[](int64_t i) const { return data_[i]; }
  const int64_t *data() const { return data_; }

private:
  Tensor keep_;
  std::vector<int64_t> own_;
  const int64_t *data_;
};

/// Rounds each value once to `dtype`, a float type (nearest even; a SmallFloat without infinity
/// saturates).
Tensor fromDoubles(DType dtype, Shape shape, std::vector<double> values);
/// Wraps each value modulo 2^bits; Bool: value != 0.
Tensor fromInts(DType dtype, Shape shape, std::vector<int64_t> values);

/// x rounded once to a float type, as a double.
double roundTo(const DType &dtype, double x);
/// Modulo 2^bits, then extended by the sign of the type.
int64_t wrapTo(const DType &dtype, int64_t x);

/// hi + lo, exact but for the last bit, which is sticky (round to odd): rounding the result once
/// more to a narrower type gives the rounding of the exact sum.
double roundToOdd(double hi, double lo);
/// s + e = a + b exactly.
inline void twoSum(double a, double b, double &s, double &e) {
  s = a + b;
  double t = s - a;
  e = (a - (s - t)) + (b - t);
}

/// The exact sum of finite doubles, rounded once to `dtype` (as a double, sticky for narrower types
/// than f64). Infinities and NaN give what ordinary addition gives.
class ExactSum {
public:
  void add(double x);
  /// Nearest even to f64 if `dtype` is f64, else round to odd.
  double result(const DType &dtype) const;
  /// The quotient by n in the same sense.
  double quotient(double n, const DType &dtype) const;

private:
  void leading(double &hi, double &lo) const;
  std::vector<double> parts_; ///< non-overlapping, growing magnitude
  double special_ = 0;        ///< sum of infinities and NaNs
  bool hasSpecial_ = false;
};

/// Extremes of a type: of floats -inf and inf (of formats without: their finite ones).
double lowestOf(const DType &dtype);
double highestOf(const DType &dtype);
int64_t lowestInt(const DType &dtype);
int64_t highestInt(const DType &dtype);

/// a < b for integers seen as int64.
inline bool lessInt(int64_t a, int64_t b, bool isUnsigned) {
  return isUnsigned ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b;
}
/// IEEE 754-2019 minimum and maximum: NaN propagates, -0 < +0.
double minimum(double a, double b);
double maximum(double a, double b);

/// Row-major strides in elements.
Shape stridesOf(const Shape &shape);

/// out[i0, i1, ...] = in[offsets[0][i0] + offsets[1][i1] + ...]; an entry below 0 in any dimension
/// gives `fill` (one element of in's type; null: zero bytes).
Tensor mapped(const Tensor &in, const Shape &shape,
              const std::vector<std::vector<int64_t>> &offsets, const void *fill = nullptr);
/// Offsets of one dimension: start, start + step, ...
std::vector<int64_t> progression(int64_t start, int64_t step, int64_t count);

} // namespace lpc::ref

#endif // LPC_LIB_REFERENCE_VALUES_H
