// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ranges of integer accumulators, proved from the actual codes of constant operands.
#ifndef LPC_ANALYSIS_ACCUMULATORRANGE_H
#define LPC_ANALYSIS_ACCUMULATORRANGE_H

#include "dialects/Lp/IR/Lp.h"

namespace lpc::analysis {

/// An interval of integers; 128 bits hold every bound that can occur (2^32 products of 64 bits).
struct IntegerRange {
  __int128 lo = 0, hi = 0;
  /// Least N with -2^(N-1) <= lo and hi <= 2^(N-1) - 1; at least 2.
  unsigned bits() const;
  /// Decimal text.
  std::string str() const;
};

/// Range of every partial sum, in any order, of the integer sum of an lp.matmul or lp.conv (of one
/// group, if scales change along the contracted axis): sums of the positive products only and of
/// the negative ones only. The images are decoded codes minus zero points, times 2^fractionBits of
/// both formats. The right operand's codes are read where they are constant; anything else takes
/// every value of its format. Fails where an operand has no integer images of at most 62 bits:
/// floats, wide exponents, irrational values.
mlir::FailureOr<IntegerRange> accumulatorRange(lp::MatMulOp op);
mlir::FailureOr<IntegerRange> accumulatorRange(lp::ConvOp op);

} // namespace lpc::analysis

#endif // LPC_ANALYSIS_ACCUMULATORRANGE_H
