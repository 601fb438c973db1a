// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dialect-neutral passes.
#ifndef LPC_TRANSFORMS_PASSES_H
#define LPC_TRANSFORMS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace lpc {
#define GEN_PASS_DECL
#include "lpc/Transforms/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "lpc/Transforms/Passes.h.inc"
} // namespace lpc

#endif // LPC_TRANSFORMS_PASSES_H
