// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Factories, options and registration of the passes of Equivalence.
#ifndef LPC_EQUIVALENCE_PASSES_H
#define LPC_EQUIVALENCE_PASSES_H

#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace lpc {

#define GEN_PASS_DECL
#include "lpc/Equivalence/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lpc/Equivalence/Passes.h.inc"

} // namespace lpc

#endif // LPC_EQUIVALENCE_PASSES_H
