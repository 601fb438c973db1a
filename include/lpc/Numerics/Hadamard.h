// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hadamard matrices: entries 1 and -1, H * transposed(H) = n * I, applied without being stored.
//
// An order n = 2^k * m has H_n = H_{2^k} (x) H_m, where H_{2^k} is Sylvester's and H_m is Paley's:
// m = q + 1 for a prime q = 3 mod 4, or m = 2 (q + 1) for a prime q = 1 mod 4, at most 512. Orders
// that need another construction (fields of prime powers, Williamson) are not known here: 52, 92,
// 100, 116, 156, 172 and others; the greatest power of two still serves them in blocks.
#ifndef LPC_NUMERICS_HADAMARD_H
#define LPC_NUMERICS_HADAMARD_H

#include <cstdint>
#include <optional>
#include <vector>

namespace lpc::num {

class Hadamard {
public:
  /// Nothing if this order is not known.
  static std::optional<Hadamard> ofOrder(int64_t n);
  /// For any n: of the order itself, else of its greatest divisor that is a power of two.
  static Hadamard dividing(int64_t n);

  int64_t order() const { return powerOfTwo * small; }
  /// The two factors: Sylvester's, and Paley's, which is 1 or not symmetric in general.
  int64_t walshOrder() const { return powerOfTwo; }
  int64_t coreOrder() const { return small; }
  /// The entry: 1 or -1.
  int at(int64_t row, int64_t column) const;
  /// x <- H x; log2 of the power of two, plus m, additions for each element.
  void apply(double *x) const;

private:
  int64_t powerOfTwo = 1, small = 1;
  std::vector<int8_t> core; ///< the m x m matrix, row by row
};

} // namespace lpc::num

#endif // LPC_NUMERICS_HADAMARD_H
