// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a module given as text must have to be a model.
#ifndef LPC_LIB_DRIVER_ENTRY_H
#define LPC_LIB_DRIVER_ENTRY_H

#include "Commands.h"

#include "mlir/IR/BuiltinOps.h"

namespace lpc::driver {

/// A function @main with a body, from ranked tensors to ranked tensors of element types that the C
/// interface has. Modules on the onnx floor may have other types: their conversion judges them.
Outcome checkEntry(mlir::ModuleOp module, llvm::StringRef file);

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_ENTRY_H
