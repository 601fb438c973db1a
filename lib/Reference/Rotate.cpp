// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multiplication along an axis by an orthogonal matrix, in the order of additions that nn.rotate
// fixes: compiled code gives the same bits.
#include "lpc/Reference/Kernels.h"

#include "Values.h"

#include "lpc/Numerics/Hadamard.h"

#include <cmath>
#include <functional>

namespace lpc::ref {

namespace {

/// One vector, in the type in which the operation is computed.
template <typename T> struct Lane {
  std::vector<T> x, y;

  /// x <- (I (x) A (x) I_step) x, A of order m with these entries.
  void multiply(int64_t m, int64_t step, const std::function<T(int64_t, int64_t)> &entry) {
    for (int64_t base = 0; base < static_cast<int64_t>(x.size()); base += m * step)
      for (int64_t i = base; i < base + step; ++i)
        for (int64_t j = 0; j < m; ++j) {
          T sum = 0;
          for (int64_t k = 0; k < m; ++k)
            sum = std::fma(x[i + k * step], entry(j, k), sum);
          y[i + j * step] = sum;
        }
    std::swap(x, y);
  }

  void stage(int64_t distance) {
    for (int64_t base = 0; base < static_cast<int64_t>(x.size()); base += 2 * distance)
      for (int64_t i = base; i < base + distance; ++i) {
        T a = x[i], b = x[i + distance];
        x[i] = a + b;
        x[i + distance] = a - b;
      }
  }
};

template <typename T>
void rotateLane(Lane<T> &lane, const double *matrix, int64_t m, const double *signs,
                const num::Hadamard &hadamard, int64_t inner, bool inverse) {
  int64_t n = lane.x.size(), core = hadamard.coreOrder();
  auto sign = [&] {
    for (int64_t i = 0; signs && i < n; ++i)
      lane.x[i] *= static_cast<T>(signs[i]);
  };
  if (!inverse)
    sign();
  if (matrix)
    lane.multiply(m, inner, [&](int64_t j, int64_t k) {
      return static_cast<T>(inverse ? matrix[k * m + j] : matrix[j * m + k]);
    });
  if (core > 1)
    lane.multiply(core, m * inner, [&](int64_t j, int64_t k) {
      return static_cast<T>(inverse ? hadamard.at(k, j) : hadamard.at(j, k));
    });
  for (int64_t d = core; d < hadamard.order(); d *= 2)
    lane.stage(d * m * inner);
  if (hadamard.order() > 1) {
    T scale = static_cast<T>(1 / std::sqrt(static_cast<double>(hadamard.order())));
    for (T &v : lane.x)
      v *= scale;
  }
  if (inverse)
    sign();
}

template <typename T>
std::vector<double> rotateAll(const Tensor &x, const Tensor *matrix, const Tensor *signs,
                              int64_t axis, const num::Hadamard &hadamard, int64_t inner,
                              bool inverse) {
  Doubles in(x);
  std::optional<Doubles> entries, flips;
  if (matrix)
    entries.emplace(*matrix);
  if (signs)
    flips.emplace(*signs);
  std::vector<double> out(x.numElements());
  int64_t n = x.dim(axis), outer = 1, after = 1;
  for (int64_t d = 0; d < x.rank(); ++d)
    (d < axis ? outer : after) *= d == axis ? 1 : x.dim(d);
  Lane<T> lane{std::vector<T>(n), std::vector<T>(n)};
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < after; ++i) {
      int64_t first = o * n * after + i;
      for (int64_t k = 0; k < n; ++k)
        lane.x[k] = static_cast<T>(in[first + k * after]);
      rotateLane(lane, entries ? entries->data() : nullptr, matrix ? matrix->dim(0) : 1,
                 flips ? flips->data() : nullptr, hadamard, inner, inverse);
      for (int64_t k = 0; k < n; ++k)
        out[first + k * after] = lane.x[k];
    }
  return out;
}

} // namespace

Result<Tensor> rotate(const Tensor &x, const Tensor *matrix, const Tensor *signs, int64_t axis,
                      int64_t order, int64_t inner, bool inverse) {
  std::optional<num::Hadamard> hadamard = num::Hadamard::ofOrder(order);
  int64_t block = order * inner * (matrix ? matrix->dim(0) : 1);
  if (!hadamard || block < 1 || x.dim(axis) % block != 0)
    return Error{"no rotation of order " + std::to_string(order) + " acts on " +
                 std::to_string(x.dim(axis)) + " elements"};
  bool wide = x.dtype().kind == Kind::F64;
  return fromDoubles(x.dtype(), x.shape(),
                     wide ? rotateAll<double>(x, matrix, signs, axis, *hadamard, inner, inverse)
                          : rotateAll<float>(x, matrix, signs, axis, *hadamard, inner, inverse));
}

} // namespace lpc::ref
