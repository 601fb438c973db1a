// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Orthogonal matrices by kind and seed.
#ifndef LPC_LIB_EQUIVALENCE_ROTATION_H
#define LPC_LIB_EQUIVALENCE_ROTATION_H

#include "lpc/Numerics/Hadamard.h"

#include <vector>

namespace lpc::equiv {

/// An orthogonal matrix R that is applied to vectors. The same arguments give the same matrix.
class Rotation {
public:
  /// H D / sqrt(m), D random signs and m the order of H: n itself, or blocks of the greatest power
  /// of two that divides n.
  static Rotation hadamard(int64_t n, uint64_t seed);
  /// Uniformly distributed.
  static Rotation random(int64_t n, uint64_t seed);

  int64_t size() const { return n; }
  /// Vectors are mixed within blocks of this size.
  int64_t blockSize() const { return matrix.empty() ? blocks.order() : n; }
  /// x <- R x
  void apply(double *x) const;

private:
  Rotation(int64_t n, num::Hadamard blocks) : n(n), blocks(std::move(blocks)) {}

  int64_t n;
  num::Hadamard blocks;
  std::vector<double> signs;  ///< of a Hadamard rotation, scaled
  std::vector<double> matrix; ///< of a random one, row by row
};

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_ROTATION_H
