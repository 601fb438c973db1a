// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The nn dialect: everything a user of the dialect includes.
#ifndef LPC_DIALECTS_NN_IR_NN_H
#define LPC_DIALECTS_NN_IR_NN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

#include <limits>

#include "dialects/Nn/IR/NnDialect.h.inc"
#include "dialects/Nn/IR/NnEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Nn/IR/NnAttributes.h.inc"

namespace lpc::nn {

/// Equal element types, and shapes that differ only where one of them is unknown.
bool areCompatible(mlir::TypeRange lhs, mlir::TypeRange rhs);

/// The broadcast of static shapes (kDynamic for unknown), or failure if two sizes conflict.
mlir::FailureOr<llvm::SmallVector<int64_t>>
broadcastShapes(llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes);

/// Output size of a window along one dimension, kDynamic if the input is: floor((size + begin + end
/// - dilation*(kernel-1) - 1) / stride) + 1.
int64_t windowOutputSize(int64_t size, int64_t kernel, int64_t stride, int64_t begin, int64_t end,
                         int64_t dilation);

/// The size of dimension `axis` of `v`: an attribute if static, else `tensor.dim`.
mlir::OpFoldResult dimOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, int64_t axis);
llvm::SmallVector<mlir::OpFoldResult> dimsOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v);

} // namespace lpc::nn

#define GET_OP_CLASSES
#include "dialects/Nn/IR/NnOps.h.inc"

#endif // LPC_DIALECTS_NN_IR_NN_H
