// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX types as MLIR types.
#ifndef LPC_LIB_IMPORT_ONNX_TYPEIMPORT_H
#define LPC_LIB_IMPORT_ONNX_TYPEIMPORT_H

#include "ModelView.h"

#include "mlir/IR/Types.h"

namespace lpc::import {

/// The element type of that code, or null if lpc does not know the code.
mlir::Type convertElementType(int32_t code, mlir::MLIRContext *context);

/// "the unknown element type code 99; ..." for messages.
std::string describeUnknownCode(int32_t code);

/// Converts a type; one that is not stated at all is `!onnx.unknown`. `what` names the value in
/// messages.
mlir::FailureOr<mlir::Type> convertType(const onnx_pb::TypeProto &type, ImportState &state,
                                        const llvm::Twine &what);

/// What a value_info entry says about a node's result: the element type, or `!onnx.unknown`. Never
/// fails.
mlir::Type convertHint(const onnx_pb::TypeProto &type, mlir::MLIRContext *context);

/// Names of the dimensions of a tensor type that has a shape; "" for a number or nothing.
llvm::SmallVector<llvm::StringRef> getDimensionNames(const onnx_pb::TypeProto &type);

} // namespace lpc::import

#endif // LPC_LIB_IMPORT_ONNX_TYPEIMPORT_H
