// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which unknown sizes are the same size.
#ifndef LPC_ANALYSIS_DIMKEYS_H
#define LPC_ANALYSIS_DIMKEYS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/Value.h"

#include <optional>
#include <utility>

namespace lpc::analysis {

/// Equal keys mean equal sizes; different keys of unknown sizes say nothing. A known size is {null,
/// size}.
using DimKey = std::pair<const void *, int64_t>;

/// The key of dimension `axis` of an nn value, followed up through the ops that keep it to where it
/// is made.
DimKey dimKey(mlir::Value tensor, int64_t axis);
/// The key of a size that an op states.
DimKey sizeKey(mlir::OpFoldResult size);

/// The size of dimension `axis` of an nn value from where it is made: a number, a stated size, or
/// `tensor.dim` of another value, so that equal sizes are one value. Nothing if `tensor`'s own op
/// makes it.
std::optional<mlir::OpFoldResult> sizeAtRoot(mlir::OpBuilder &b, mlir::Location loc,
                                             mlir::Value tensor, int64_t axis);

/// Cuts both shapes of a reshape into groups of equal size, as many as can be shown: pairs of
/// (first dimension of the input, first of the result), the start left out, the ends last.
llvm::SmallVector<std::pair<int64_t, int64_t>> reshapeCuts(mlir::Value input, mlir::Value output);

} // namespace lpc::analysis

#endif // LPC_ANALYSIS_DIMKEYS_H
