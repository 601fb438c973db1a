// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keeps scales out of the code.
//
// Later passes write constants of one value into loop bodies. A scale is a number of the model as
// its weights are: new codes come with new scales, and a weights file must be able to replace both.
// So a scale of an lp operation becomes a buffer that nothing folds, which lpc-place-constants
// moves to the weight segment. Costs one load for each scale and loop.
#include "lpc/Transforms/Passes.h"

#include "dialects/Lp/IR/Lp.h"
#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_HOLDSCALESPASS
#include "lpc/Transforms/Passes.h.inc"
} // namespace lpc

/// Constants that are no splat and above this many elements stay data anyway.
static constexpr int64_t kMaxFolded = 1;

/// A float constant of one value (of one element, or repeated a few times) whose readers are lp
/// operations.
static bool isFoldableScale(lpc::nn::ConstantOp constant) {
  constexpr int64_t maxBytes = 1 << 20; // more is filled in at run time
  auto value = dyn_cast<DenseElementsAttr>(constant.getValue());
  auto type = cast<RankedTensorType>(constant.getType());
  if (!value || !type.getElementType().isF32() || type.getNumElements() * 4 > maxBytes ||
      (type.getNumElements() > kMaxFolded && !value.isSplat()))
    return false;
  return llvm::any_of(constant->getUsers(),
                      [](Operation *user) { return isa<lpc::lp::LpDialect>(user->getDialect()); });
}

namespace {
struct HoldScales final : lpc::impl::HoldScalesPassBase<HoldScales> {
  using HoldScalesPassBase::HoldScalesPassBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<lpc::nn::ConstantOp> scales;
    getOperation().walk([&](lpc::nn::ConstantOp constant) {
      if (isFoldableScale(constant))
        scales.push_back(constant);
    });
    for (lpc::nn::ConstantOp constant : scales) {
      OpBuilder b(constant);
      Location loc = constant.getLoc();
      auto type = cast<RankedTensorType>(constant.getType());
      auto bufferType = MemRefType::get(type.getShape(), type.getElementType());
      auto global =
          memref::GlobalOp::create(b, loc, "lpc_scale", b.getStringAttr("private"), bufferType,
                                   constant.getValue(), /*constant=*/true, b.getI64IntegerAttr(64));
      global->remove();
      StringAttr name = symbols.insert(global);
      Value buffer = memref::GetGlobalOp::create(b, loc, bufferType, name);
      Value tensor =
          bufferization::ToTensorOp::create(b, loc, type, buffer, /*restrict=*/true, false);
      constant->replaceUsesWithIf(ValueRange(tensor), [](OpOperand &use) {
        return isa<lpc::lp::LpDialect>(use.getOwner()->getDialect());
      });
    }
  }
};
} // namespace
