// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What rounding a weight does to the results of a contraction, on sample rows of its activation.
#ifndef LPC_LIB_EQUIVALENCE_WEIGHTERROR_H
#define LPC_LIB_EQUIVALENCE_WEIGHTERROR_H

#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Quantization/Contractions.h"

namespace lpc::equiv {

/// A weight as a matrix: one row for each channel of the activation, one column for each of its
/// uses in a result (an output channel, or one tap of it).
class WeightError {
public:
  /// Fails, with one sentence in `error`, for what has no such form: grouped convolutions.
  static mlir::FailureOr<WeightError> make(const quant::Contraction &c,
                                           llvm::ArrayRef<double> values, std::string &error);

  int64_t channels() const { return k; }
  int64_t columns() const { return n; }
  llvm::ArrayRef<float> values() const { return weight; } ///< [k, n]

  /// The matrix after rounding to a format; false, with one sentence, where it does not fit.
  bool round(const num::FormatSpec &spec, llvm::ArrayRef<float> matrix, std::vector<float> &rounded,
             std::string &error) const;
  /// Which scale of the innermost level each element has, by number.
  std::vector<int64_t> blocksOf(const num::FormatSpec &spec) const;

  /// The inverse of values(): in the layout of the operand.
  std::vector<double> toOperand(llvm::ArrayRef<double> matrix) const;
  /// values() before they were rounded to f32.
  llvm::ArrayRef<double> exactValues() const { return exact; }

private:
  int64_t k = 0, n = 0;
  std::vector<float> weight;
  std::vector<double> exact;
  /// Of the rounding: the layout in which codes are made, and where each of its elements is here.
  std::vector<int64_t> shape;
  std::vector<num::AxisRole> roles;
  std::vector<int64_t> places;  ///< in the layout of codes
  std::vector<int64_t> operand; ///< in the layout of the operand
};

/// The sum of squares of X * difference; X: [rows, k], difference: [k, n].
double outputError(llvm::ArrayRef<float> x, llvm::ArrayRef<float> difference, int64_t k, int64_t n);

/// The same for each run of rows [begin, end) of the difference alone, column by column:
/// sums[run * n + column].
std::vector<double> outputErrors(llvm::ArrayRef<float> x, llvm::ArrayRef<float> difference,
                                 int64_t k, int64_t n, llvm::ArrayRef<int64_t> runEnds);

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_WEIGHTERROR_H
