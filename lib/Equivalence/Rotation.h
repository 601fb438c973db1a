// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Orthogonal matrices by kind and seed.
#ifndef LPC_LIB_EQUIVALENCE_ROTATION_H
#define LPC_LIB_EQUIVALENCE_ROTATION_H

#include "lpc/Numerics/Hadamard.h"

#include <vector>

namespace lpc::equiv {

/// An orthogonal matrix `R = (I (x) H / sqrt(order) (x) M) diag(signs)` that is applied to vectors,
/// H a Hadamard matrix, M a small dense one: what nn.rotate can say. The same arguments give the
/// same matrix.
class Rotation {
public:
  /// H D / sqrt(m), D random signs and m the order of H: n itself, or blocks of the greatest power
  /// of two that divides n.
  static Rotation hadamard(int64_t n, uint64_t seed);
  /// Blocks of a known order that divides n; no signs.
  static Rotation blocks(int64_t n, int64_t order);
  /// (H (x) Q) D, H of the greatest power of two p that divides n, Q a random one of order n / p.
  static Rotation kronecker(int64_t n, uint64_t seed);
  /// Uniformly distributed.
  static Rotation random(int64_t n, uint64_t seed);
  /// This matrix, row by row.
  static Rotation dense(int64_t n, std::vector<double> matrix);

  /// The same with random signs, or without.
  void drawSigns(uint64_t seed);
  void dropSigns() { signs.clear(); }

  int64_t size() const { return n; }
  int64_t order() const { return had.order(); }
  /// Vectors are mixed within blocks of this size.
  int64_t blockSize() const { return had.order() * m; }
  /// The order of the dense factor, and its rows; empty for 1.
  int64_t denseSize() const { return m; }
  const std::vector<double> &denseMatrix() const { return matrix; }
  /// 1 or -1 each; empty if there are none.
  const std::vector<double> &getSigns() const { return signs; }
  /// Additions and multiplications for one vector, about.
  int64_t cost() const;

  /// x <- R x
  void apply(double *x) const;

private:
  Rotation(int64_t n, num::Hadamard had) : n(n), had(std::move(had)) {}

  int64_t n, m = 1;
  num::Hadamard had;
  std::vector<double> signs, matrix;
};

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_ROTATION_H
