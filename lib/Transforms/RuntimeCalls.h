// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Building blocks for code that talks to the runtime: the context, raw pointers, buffers made of
// them.
#ifndef LPC_LIB_TRANSFORMS_RUNTIMECALLS_H
#define LPC_LIB_TRANSFORMS_RUNTIMECALLS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace lpc {

/// The name of the entry function that lpc-lower-entry makes.
constexpr llvm::StringLiteral kEntryName = "lpc_entry";

/// The lpc_ctx* of the function around `op`: its first argument. Null if there is none.
mlir::Value getContext(mlir::Operation *op);

/// The runtime function `name`, declared in the module at the first use.
mlir::LLVM::LLVMFuncOp getRuntimeFunction(mlir::ModuleOp module, llvm::StringRef name,
                                          mlir::Type result, llvm::ArrayRef<mlir::Type> arguments);

/// Bytes that one element takes in memory: at least one.
int64_t elementBytes(mlir::Type type);
/// Bytes of a memref of fixed shape.
int64_t byteSize(mlir::MemRefType type);

mlir::Value constI64(mlir::OpBuilder &b, mlir::Location loc, int64_t value);
mlir::Value constIndex(mlir::OpBuilder &b, mlir::Location loc, int64_t value);
mlir::Value toI64(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v);
mlir::Value toIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v);

/// `base + offset` in bytes.
mlir::Value offsetPointer(mlir::OpBuilder &b, mlir::Location loc, mlir::Value base, int64_t offset);
/// The pointer to element 0 of a memref, its offset included.
mlir::Value dataPointer(mlir::OpBuilder &b, mlir::Location loc, mlir::Value memref);

/// A memref<?xi8> over raw memory (`bytes`: index).
mlir::Value bytesAt(mlir::OpBuilder &b, mlir::Location loc, mlir::Value pointer, mlir::Value bytes);
/// A contiguous memref of `type` (identity layout) at `offset` bytes into raw memory.
mlir::Value bufferAt(mlir::OpBuilder &b, mlir::Location loc, mlir::Value pointer, int64_t offset,
                     mlir::MemRefType type, mlir::ValueRange dynamicSizes);

/// A pointer to a zero-terminated text in the module.
mlir::Value textPointer(mlir::OpBuilder &b, mlir::Location loc, mlir::ModuleOp module,
                        llvm::StringRef text);

} // namespace lpc

#endif // LPC_LIB_TRANSFORMS_RUNTIMECALLS_H
