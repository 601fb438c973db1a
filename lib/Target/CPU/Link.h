// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linking with lld as a library.
#ifndef LPC_LIB_TARGET_CPU_LINK_H
#define LPC_LIB_TARGET_CPU_LINK_H

#include "lpc/Support/TemporaryFolder.h"

#include "mlir/IR/BuiltinOps.h"

namespace lpc {

/// Joins the objects with the runtime archive: a shared object, or, if `relocatable`, one object
/// for a linker. `outputPath` is written in place.
mlir::LogicalResult linkObjects(mlir::ModuleOp module, const TemporaryFolder &folder,
                                llvm::ArrayRef<std::string> objects, llvm::StringRef outputPath,
                                bool relocatable, bool keepSymbols);

} // namespace lpc

#endif // LPC_LIB_TARGET_CPU_LINK_H
