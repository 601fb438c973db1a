// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Factories, options and registration of the passes of Analysis.
#ifndef LPC_ANALYSIS_PASSES_H
#define LPC_ANALYSIS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace lpc {

#define GEN_PASS_DECL
#include "lpc/Analysis/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lpc/Analysis/Passes.h.inc"

} // namespace lpc

#endif // LPC_ANALYSIS_PASSES_H
