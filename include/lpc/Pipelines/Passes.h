// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes that belong to the pipelines (see Passes.td).
#ifndef LPC_PIPELINES_PASSES_H
#define LPC_PIPELINES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace lpc {

#define GEN_PASS_DECL
#include "lpc/Pipelines/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lpc/Pipelines/Passes.h.inc"

} // namespace lpc

#endif // LPC_PIPELINES_PASSES_H
