// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns cf.assert into a call of lpc_rt_fail, which records the sentence and leaves the run.
#include "RuntimeCalls.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_LOWERASSERTSPASS
#include "lpc/Transforms/Passes.h.inc"

namespace {
struct LowerAsserts final : impl::LowerAssertsPassBase<LowerAsserts> {
  using LowerAssertsPassBase::LowerAssertsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    WalkResult result = module.walk([&](cf::AssertOp op) {
      Value context = lpc::getContext(op);
      if (!context) {
        op.emitError("expected an assertion to be inside of the entry function");
        return WalkResult::interrupt();
      }
      OpBuilder b(op);
      Location loc = op.getLoc();
      auto pointerType = LLVM::LLVMPointerType::get(&this->getContext());
      auto fail = getRuntimeFunction(module, "lpc_rt_fail", {}, {pointerType, pointerType});
      Value no = arith::XOrIOp::create(b, loc, op.getArg(),
                                       arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
      auto ifOp = scf::IfOp::create(b, loc, no, /*withElseRegion=*/false);
      b.setInsertionPointToStart(&ifOp.getThenRegion().front());
      LLVM::CallOp::create(b, loc, fail,
                           ValueRange{context, textPointer(b, loc, module, op.getMsg())});
      op.erase();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
} // namespace lpc
