// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The quantization passes (see Passes.td).
#ifndef LPC_QUANTIZATION_PASSES_H
#define LPC_QUANTIZATION_PASSES_H

#include "dialects/Lp/IR/Lp.h"
#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace lpc {

#define GEN_PASS_DECL
#include "lpc/Quantization/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lpc/Quantization/Passes.h.inc"

} // namespace lpc

#endif // LPC_QUANTIZATION_PASSES_H
