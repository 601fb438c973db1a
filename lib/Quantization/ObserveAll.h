// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Observers on every tensor of a future integer-only program.
#ifndef LPC_LIB_QUANTIZATION_OBSERVEALL_H
#define LPC_LIB_QUANTIZATION_OBSERVEALL_H

#include "lpc/Quantization/Passes.h"

namespace lpc::quant {

/// `narrow`, `wide`: format specs of operands of contractions and of all other tensors.
void observeAll(mlir::func::FuncOp func, llvm::StringRef narrow, llvm::StringRef wide);

} // namespace lpc::quant

#endif // LPC_LIB_QUANTIZATION_OBSERVEALL_H
