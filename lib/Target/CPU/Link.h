// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linking with lld as a library.
#ifndef LPC_LIB_TARGET_CPU_LINK_H
#define LPC_LIB_TARGET_CPU_LINK_H

#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/SmallString.h"

namespace lpc {

/// A folder that disappears with its files.
class TemporaryFolder {
public:
  ~TemporaryFolder();
  mlir::LogicalResult make(mlir::ModuleOp module);
  std::string file(llvm::StringRef name) const;

private:
  llvm::SmallString<128> path;
};

/// Joins the objects with the runtime archive.
mlir::LogicalResult linkSharedObject(mlir::ModuleOp module, const TemporaryFolder &folder,
                                     llvm::ArrayRef<std::string> objects,
                                     llvm::StringRef outputPath, bool keepSymbols);

} // namespace lpc

#endif // LPC_LIB_TARGET_CPU_LINK_H
