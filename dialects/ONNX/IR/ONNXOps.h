// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops of the `onnx` dialect, and how names are kept in locations.
#ifndef LPC_DIALECTS_ONNX_IR_ONNXOPS_H
#define LPC_DIALECTS_ONNX_IR_ONNXOPS_H

#include "dialects/ONNX/IR/ONNXDialect.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "dialects/ONNX/IR/ONNXOps.h.inc"

namespace lpc::onnx {

/// The location of a node or initializer: its name, the file, its index in its graph and the names
/// of its outputs.
mlir::Location getSourceLocation(mlir::MLIRContext *context, llvm::StringRef name,
                                 llvm::StringRef file, int64_t index,
                                 llvm::ArrayRef<llvm::StringRef> outputs);

/// The name that `loc` keeps, or "" if it has none. Looks through fused and call-site locations, so
/// it also works on ops that a conversion made from a node.
llvm::StringRef getSourceName(mlir::Location loc);

/// The name of output `index` of the node that `loc` belongs to, or "".
llvm::StringRef getOutputName(mlir::Location loc, unsigned index);

} // namespace lpc::onnx

#endif // LPC_DIALECTS_ONNX_IR_ONNXOPS_H
