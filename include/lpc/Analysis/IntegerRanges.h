// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Intervals of the values of integer tensors, from codes, constants, proved accumulators and the
// limits of rescales.
#ifndef LPC_ANALYSIS_INTEGERRANGES_H
#define LPC_ANALYSIS_INTEGERRANGES_H

#include "lpc/Analysis/AccumulatorRange.h"

#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace lpc::analysis {

class IntegerRanges {
public:
  /// Values of a tensor of builtin integers or of codes of integers; the whole range of its type
  /// where nothing more is known. Nothing for other types.
  std::optional<IntegerRange> rangeOf(mlir::Value v);

  /// Whether a value is computed from codes by operations of integer programs (and not, say, the
  /// arithmetic of shapes).
  bool isTracked(mlir::Value v);

  /// The sentence that says why an operation may leave its intermediate types; nothing if it is
  /// proved not to.
  std::optional<std::string> explain(mlir::Operation *op);

private:
  std::optional<IntegerRange> compute(mlir::Value v);
  llvm::DenseMap<mlir::Value, std::optional<IntegerRange>> known;
  llvm::DenseMap<mlir::Value, bool> tracked;
};

} // namespace lpc::analysis

#endif // LPC_ANALYSIS_INTEGERRANGES_H
