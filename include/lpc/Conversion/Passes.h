// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Declarations and registration of the conversion passes.
#ifndef LPC_CONVERSION_PASSES_H
#define LPC_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace lpc {

#define GEN_PASS_DECL
#include "lpc/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lpc/Conversion/Passes.h.inc"

} // namespace lpc

#endif // LPC_CONVERSION_PASSES_H
