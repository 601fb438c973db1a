// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Helpers of handlers that move data or compute shapes.
#ifndef LPC_LIB_CONVERSION_ONNXTONN_HANDLERSHAPES_H
#define LPC_LIB_CONVERSION_ONNXTONN_HANDLERSHAPES_H

#include "lib/Conversion/ONNXToNn/HandlerChecks.h"

namespace lpc::onnx_to_nn {

inline mlir::RankedTensorType tensorOf(mlir::Value v) {
  return llvm::cast<mlir::RankedTensorType>(v.getType());
}
inline Poly polyOf(int64_t x) { return SymbolicIndex::constant(x); }
inline bool isConstant(const Poly &p, int64_t x) { return p == polyOf(x); }

/// The product of sizes [from, to).
Poly productOf(NodeContext &ctx, llvm::ArrayRef<Poly> sizes, size_t from, size_t to);
/// The size that two sizes broadcast to.
Poly broadcastSize(NodeContext &ctx, const Poly &x, const Poly &y);
/// A strided box; elements that are followed stay so.
mlir::Value sliceBox(NodeContext &ctx, mlir::Value v, llvm::ArrayRef<Poly> offsets,
                     llvm::ArrayRef<Poly> sizes, llvm::ArrayRef<Poly> strides);
/// The box that takes [offset, offset + size) along one axis and everything along the others.
mlir::Value sliceAxis(NodeContext &ctx, mlir::Value v, int64_t axis, const Poly &offset,
                      const Poly &size);
mlir::Value iota(NodeContext &ctx, llvm::ArrayRef<Poly> shape, int64_t axis,
                 mlir::Type elementType);
mlir::Value reshapeTo(NodeContext &ctx, mlir::Value v, llvm::ArrayRef<Poly> shape);
mlir::Value broadcastToShape(NodeContext &ctx, mlir::Value v, llvm::ArrayRef<Poly> shape);
/// `v` with a dimension of size 1 at `axis`.
mlir::Value unsqueeze(NodeContext &ctx, mlir::Value v, int64_t axis);
/// The elements of input i, an integer tensor of rank 0 or 1, in normal form; fails with a sentence
/// that names `what`.
mlir::FailureOr<std::vector<Poly>> readPolys(NodeContext &ctx, unsigned i, llvm::StringRef what);
/// The same if they must be constants; `otherwise` if the input is absent.
mlir::FailureOr<llvm::SmallVector<int64_t>> readConstants(NodeContext &ctx, unsigned i,
                                                          llvm::StringRef what,
                                                          llvm::ArrayRef<int64_t> otherwise = {});
/// Axes normalized to [0, rank), which must not repeat.
mlir::FailureOr<llvm::SmallVector<int64_t>>
normalizeAxes(NodeContext &ctx, llvm::ArrayRef<int64_t> axes, int64_t rank);
/// 1 if the (possibly negative) axis is dimension d of `rank`, else 0.
Poly isAxis(NodeContext &ctx, const Poly &axis, int64_t d, int64_t rank);
/// The tensor as a tensor of i64 unless it is of i32 or i64, as nn ops take indices.
mlir::Value asIndices(NodeContext &ctx, mlir::Value v);
/// Where batch dimensions (all but the last `trailing`) meet whose sizes may differ, both sides are
/// broadcast.
void alignBatch(NodeContext &ctx, mlir::Value &x, mlir::Value &y, int64_t trailing);
/// The most static type that both types fit; fails with a sentence about `what`.
mlir::FailureOr<mlir::RankedTensorType> joinTypes(NodeContext &ctx, mlir::Type x, mlir::Type y,
                                                  llvm::StringRef what);
/// The value under a type that differs in which sizes are known.
mlir::Value castShape(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type type);

} // namespace lpc::onnx_to_nn

#endif // LPC_LIB_CONVERSION_ONNXTONN_HANDLERSHAPES_H
