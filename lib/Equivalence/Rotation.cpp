// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random numbers come from a counter, so that a matrix depends on its seed and size alone.
#include "Rotation.h"

#include <cmath>
#include <numbers>

using namespace lpc;
using namespace lpc::equiv;

/// The i-th number of the sequence of a seed: 64 well mixed bits.
static uint64_t bitsAt(uint64_t seed, uint64_t i) {
  uint64_t z = seed * 0xD1342543DE82EF95u + (i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

Rotation Rotation::hadamard(int64_t n, uint64_t seed) {
  Rotation r(n, num::Hadamard::dividing(n));
  double scale = 1 / std::sqrt(static_cast<double>(r.blocks.order()));
  for (int64_t i = 0; i < n; ++i)
    r.signs.push_back(bitsAt(seed, i) >> 63 ? -scale : scale);
  return r;
}

/// A normally distributed number (Box and Muller).
static double normalAt(uint64_t seed, uint64_t i) {
  double u = std::ldexp(static_cast<double>((bitsAt(seed, 2 * i) >> 11) + 1), -53);
  double v = std::ldexp(static_cast<double>(bitsAt(seed, 2 * i + 1) >> 11), -53);
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

Rotation Rotation::random(int64_t n, uint64_t seed) {
  Rotation r(n, num::Hadamard::dividing(1));
  std::vector<double> &m = r.matrix;
  m.resize(n * n);
  for (int64_t i = 0; i < n * n; ++i)
    m[i] = normalAt(seed, i);
  auto dot = [&](int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t k = 0; k < n; ++k)
      sum += m[i * n + k] * m[j * n + k];
    return sum;
  };
  // Gram and Schmidt, each row twice, which leaves it orthogonal to working precision.
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t pass = 0; pass < 2; ++pass)
      for (int64_t j = 0; j < i; ++j) {
        double c = dot(i, j);
        for (int64_t k = 0; k < n; ++k)
          m[i * n + k] -= c * m[j * n + k];
      }
    double length = std::sqrt(dot(i, i));
    for (int64_t k = 0; k < n; ++k)
      m[i * n + k] /= length;
  }
  return r;
}

void Rotation::apply(double *x) const {
  if (!matrix.empty()) {
    std::vector<double> y(n);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t k = 0; k < n; ++k)
        y[i] += matrix[i * n + k] * x[k];
    std::copy(y.begin(), y.end(), x);
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    x[i] *= signs[i];
  for (int64_t i = 0; i < n; i += blocks.order())
    blocks.apply(x + i);
}
