// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sylvester's and Paley's Hadamard matrices.
#include "lpc/Numerics/Hadamard.h"

#include <bit>

using namespace lpc::num;

static bool isPrime(int64_t q) {
  if (q < 2)
    return false;
  for (int64_t d = 2; d * d <= q; ++d)
    if (q % d == 0)
      return false;
  return true;
}

/// Q[i][j] = 1 if i - j is a square modulo q, 0 if it is zero, else -1.
static std::vector<int8_t> jacobsthal(int64_t q) {
  std::vector<int8_t> character(q, -1), matrix(q * q);
  character[0] = 0;
  for (int64_t i = 1; i < q; ++i)
    character[i * i % q] = 1;
  for (int64_t i = 0; i < q; ++i)
    for (int64_t j = 0; j < q; ++j)
      matrix[i * q + j] = character[(i - j + q) % q];
  return matrix;
}

/// I + S, where S is Q with a border: 1 above, -1 to the left. q = 3 mod 4.
static std::vector<int8_t> paleyFirst(int64_t q) {
  int64_t n = q + 1;
  std::vector<int8_t> inner = jacobsthal(q), h(n * n);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      int8_t s = i == 0 ? j != 0 : j == 0 ? -1 : inner[(i - 1) * q + j - 1];
      h[i * n + j] = static_cast<int8_t>(s + (i == j));
    }
  return h;
}

/// The conference matrix C, Q with a border of ones, with each 0 replaced by [[1, -1], [-1, -1]]
/// and each c by c * [[1, 1], [1, -1]]. q = 1 mod 4.
static std::vector<int8_t> paleySecond(int64_t q) {
  int64_t m = q + 1, n = 2 * m;
  std::vector<int8_t> inner = jacobsthal(q), h(n * n);
  constexpr int8_t zero[2][2] = {{1, -1}, {-1, -1}}, one[2][2] = {{1, 1}, {1, -1}};
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      int64_t r = i / 2, c = j / 2;
      int8_t entry = r == c ? 0 : r == 0 || c == 0 ? 1 : inner[(r - 1) * q + c - 1];
      h[i * n + j] =
          static_cast<int8_t>(entry == 0 ? zero[i % 2][j % 2] : entry * one[i % 2][j % 2]);
    }
  return h;
}

/// Paley's matrix of order m; empty if there is none, or if it is too large to be applied row by
/// row.
static std::vector<int8_t> paley(int64_t m) {
  constexpr int64_t largest = 512;
  if (m > largest)
    return {};
  if (m % 4 == 0 && isPrime(m - 1) && (m - 1) % 4 == 3)
    return paleyFirst(m - 1);
  if (m % 4 == 0 && isPrime(m / 2 - 1) && (m / 2 - 1) % 4 == 1)
    return paleySecond(m / 2 - 1);
  return {};
}

std::optional<Hadamard> Hadamard::ofOrder(int64_t n) {
  if (n < 1)
    return std::nullopt;
  Hadamard h;
  // The greatest power of two first: its transform is the fast one.
  for (h.powerOfTwo = n & -n; h.powerOfTwo >= 1; h.powerOfTwo /= 2) {
    h.small = n / h.powerOfTwo;
    if (h.small == 1)
      h.core = {1};
    else
      h.core = paley(h.small);
    if (!h.core.empty())
      return h;
  }
  return std::nullopt;
}

Hadamard Hadamard::dividing(int64_t n) {
  if (std::optional<Hadamard> h = ofOrder(n))
    return *h;
  return *ofOrder(n & -n);
}

int Hadamard::at(int64_t row, int64_t column) const {
  auto common = static_cast<uint64_t>((row / small) & (column / small));
  int sign = std::popcount(common) % 2 ? -1 : 1;
  return sign * core[(row % small) * small + column % small];
}

void Hadamard::apply(double *x) const {
  std::vector<double> row(small);
  for (int64_t p = 0; small > 1 && p < powerOfTwo; ++p) {
    double *part = x + p * small;
    for (int64_t i = 0; i < small; ++i) {
      row[i] = 0;
      for (int64_t j = 0; j < small; ++j)
        row[i] += core[i * small + j] * part[j];
    }
    std::copy(row.begin(), row.end(), part);
  }
  for (int64_t half = small; half < order(); half *= 2)
    for (int64_t base = 0; base < order(); base += 2 * half)
      for (int64_t i = base; i < base + half; ++i) {
        double a = x[i], b = x[i + half];
        x[i] = a + b;
        x[i + half] = a - b;
      }
}
