// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Helpers shared by the op implementations of the nn dialect (not for users of the dialect).
#ifndef LPC_DIALECTS_NN_IR_NNOPHELPERS_H
#define LPC_DIALECTS_NN_IR_NNOPHELPERS_H

#include "dialects/Nn/IR/Nn.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace lpc::nn {

inline mlir::RankedTensorType tensorType(mlir::Value v) {
  return llvm::cast<mlir::RankedTensorType>(v.getType());
}
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value v) { return tensorType(v).getShape(); }

/// Sizes of a result: its static ones as attributes, the others from `dynamic(axis)`.
inline llvm::SmallVector<mlir::OpFoldResult>
reifyDims(mlir::OpBuilder &b, mlir::Value result,
          llvm::function_ref<mlir::OpFoldResult(int64_t)> dynamic) {
  llvm::SmallVector<mlir::OpFoldResult> dims;
  for (auto [axis, size] : llvm::enumerate(shapeOf(result)))
    dims.push_back(mlir::ShapedType::isDynamic(size) ? dynamic(axis)
                                                     : mlir::OpFoldResult(b.getIndexAttr(size)));
  return dims;
}

/// Sizes of a result whose shape is the broadcast of `operands`: of two operands, the one whose
/// size is not 1.
llvm::SmallVector<mlir::OpFoldResult> reifyBroadcast(mlir::OpBuilder &b, mlir::Location loc,
                                                     mlir::Value result, mlir::ValueRange operands,
                                                     int64_t trailing = 0);

/// Checks that 0 <= axis < rank; otherwise reports on `op`.
mlir::LogicalResult checkAxis(mlir::Operation *op, int64_t axis, int64_t rank);

/// One size operand for each `?` of the result.
mlir::LogicalResult checkSizes(mlir::Operation *op, mlir::RankedTensorType result, size_t sizes);

} // namespace lpc::nn

#endif // LPC_DIALECTS_NN_IR_NNOPHELPERS_H
