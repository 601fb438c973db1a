// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sends matrix products and convolutions to the micro-kernel driver.
#include "RuntimeCalls.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_LOWERCONTRACTIONSPASS
#include "lpc/Transforms/Passes.h.inc"

namespace {
struct LowerContractions final : impl::LowerContractionsPassBase<LowerContractions> {
  using LowerContractionsPassBase::LowerContractionsPassBase;
  void runOnOperation() override {}
};
} // namespace
} // namespace lpc
