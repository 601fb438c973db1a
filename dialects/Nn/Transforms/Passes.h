// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Factories, options and registration of the passes of dialects/Nn/Transforms.
#ifndef LPC_DIALECTS_NN_TRANSFORMS_PASSES_H
#define LPC_DIALECTS_NN_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace lpc::nn {

#define GEN_PASS_DECL
#include "dialects/Nn/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dialects/Nn/Transforms/Passes.h.inc"

} // namespace lpc::nn

#endif // LPC_DIALECTS_NN_TRANSFORMS_PASSES_H
