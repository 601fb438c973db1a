// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every part of one import shares: the context, the limits, and the first error.
#ifndef LPC_LIB_IMPORT_ONNX_IMPORTSTATE_H
#define LPC_LIB_IMPORT_ONNX_IMPORTSTATE_H

#include "lpc/Import/ONNX/Import.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/Twine.h"

namespace lpc::import {

struct ImportState {
  mlir::MLIRContext *context;
  const ImportOptions &options;
  ImportError &error;
  /// Name of the model in messages and locations: the last part of its path.
  std::string file;
  /// Folder of the model; empty if unknown.
  std::string directory;
  /// Memory that decoding may still take.
  uint64_t decodeBudget = 0;

  /// Records the error; always a failure, so that callers can return it.
  mlir::LogicalResult fail(ImportError::Kind kind, const llvm::Twine &message) {
    error.kind = kind;
    error.message = (file + ": " + message).str();
    return mlir::failure();
  }
  mlir::LogicalResult malformed(const llvm::Twine &message) {
    return fail(ImportError::Kind::Malformed, message);
  }

  /// Takes `bytes` off the budget for decoded data.
  mlir::LogicalResult spend(uint64_t bytes, const llvm::Twine &what) {
    if (bytes > decodeBudget)
      return fail(ImportError::Kind::Limit,
                  what + " needs " + llvm::Twine(bytes) + " bytes of decoded data, but only " +
                      llvm::Twine(decodeBudget) + " are left of what the file's size allows");
    decodeBudget -= bytes;
    return mlir::success();
  }
};

/// `name` in quotes for a message: control characters escaped, long names cut.
std::string quoted(llvm::StringRef name);

} // namespace lpc::import

#endif // LPC_LIB_IMPORT_ONNX_IMPORTSTATE_H
