// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The encoder of formats without a regular grid: a search in the sorted values, and one rounding
// decision between two neighbours.
#ifndef LPC_LIB_NUMERICS_VALUELIST_H
#define LPC_LIB_NUMERICS_VALUELIST_H

#include "lpc/Numerics/Format.h"

namespace lpc::num::detail {

/// Every finite value must be dyadic. Parity, where a rounding asks for it, is that of a value's
/// rank among the magnitudes of its sign, counted from zero or, without zero, from the least one;
/// for posits and HiFloat8 that is the parity of the code.
class ValueList {
public:
  struct Options {
    /// A magnitude beyond the largest that numbers are rounded to as if it were a value, which is
    /// then an overflow. 0: there is none, and all large numbers become the largest value.
    double beyond = 0;
    /// The boundaries of nearest rounding between neighbouring positive values, lowest first,
    /// beginning with that between zero and the least one. Empty: the middle.
    std::vector<double> boundaries;
  };

  /// `format` has derived its members; it must outlive the list.
  ValueList(const Format &format, Options options);

  uint32_t encode(double x, const Conversion &policy, uint32_t random) const;

private:
  uint32_t encodeNaN(const Conversion &policy) const;
  uint32_t overflow(bool negative, const Conversion &policy) const;
  uint32_t codeAt(size_t index, bool negative) const;
  bool goesAway(double magnitude, size_t inner, size_t outer, bool negative,
                const Conversion &policy, uint32_t random) const;
  size_t acrossZero(double x, size_t below, const Conversion &policy, uint32_t random) const;
  /// Rank of the value's magnitude among those of its sign.
  size_t rank(size_t index, bool negative) const;

  const Format &format_;
  Options options_;
  std::vector<double> values_;
  size_t firstPositive_ = 0; ///< index of the first value > 0
  std::optional<size_t> zero_;
  std::optional<uint32_t> minusZero_, nan_, inf_[2];
};

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_VALUELIST_H
