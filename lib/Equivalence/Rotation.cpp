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

void Rotation::drawSigns(uint64_t seed) {
  signs.clear();
  for (int64_t i = 0; i < n; ++i)
    signs.push_back(bitsAt(seed, i) >> 63 ? -1 : 1);
}

Rotation Rotation::hadamard(int64_t n, uint64_t seed) {
  Rotation r(n, num::Hadamard::dividing(n));
  r.drawSigns(seed);
  return r;
}

Rotation Rotation::blocks(int64_t n, int64_t order) {
  return Rotation(n, *num::Hadamard::ofOrder(order));
}

/// A normally distributed number (Box and Muller).
static double normalAt(uint64_t seed, uint64_t i) {
  double u = std::ldexp(static_cast<double>((bitsAt(seed, 2 * i) >> 11) + 1), -53);
  double v = std::ldexp(static_cast<double>(bitsAt(seed, 2 * i + 1) >> 11), -53);
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

Rotation Rotation::random(int64_t n, uint64_t seed) {
  Rotation r(n, num::Hadamard::dividing(1));
  r.m = n;
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

Rotation Rotation::dense(int64_t n, std::vector<double> matrix) {
  Rotation r(n, num::Hadamard::dividing(1));
  r.m = n;
  r.matrix = std::move(matrix);
  return r;
}

Rotation Rotation::kronecker(int64_t n, uint64_t seed) {
  int64_t p = n & -n;
  if (p == n)
    return hadamard(n, seed);
  Rotation r = random(n / p, seed);
  r.n = n;
  r.had = *num::Hadamard::ofOrder(p);
  r.drawSigns(seed);
  return r;
}

int64_t Rotation::cost() const {
  int64_t perElement = 0;
  if (!signs.empty())
    perElement += 1;
  if (m > 1)
    perElement += 2 * m;
  if (had.coreOrder() > 1)
    perElement += 2 * had.coreOrder();
  for (int64_t d = 1; d < had.walshOrder(); d *= 2)
    perElement += 1;
  return n * (perElement + (had.order() > 1));
}

void Rotation::apply(double *x) const {
  for (size_t i = 0; i < signs.size(); ++i)
    x[i] *= signs[i];
  if (!matrix.empty()) {
    std::vector<double> y(m);
    for (double *part = x; part != x + n; part += m) {
      for (int64_t i = 0; i < m; ++i) {
        y[i] = 0;
        for (int64_t k = 0; k < m; ++k)
          y[i] += matrix[i * m + k] * part[k];
      }
      std::copy(y.begin(), y.end(), part);
    }
  }
  int64_t order = had.order();
  if (order == 1)
    return;
  double scale = 1 / std::sqrt(static_cast<double>(order));
  std::vector<double> lane(order);
  for (int64_t base = 0; base < n; base += order * m)
    for (int64_t i = 0; i < m; ++i) {
      double *first = x + base + i;
      if (m == 1) {
        had.apply(first);
        for (int64_t k = 0; k < order; ++k)
          first[k] *= scale;
        continue;
      }
      for (int64_t k = 0; k < order; ++k)
        lane[k] = first[k * m];
      had.apply(lane.data());
      for (int64_t k = 0; k < order; ++k)
        first[k * m] = lane[k] * scale;
    }
}
