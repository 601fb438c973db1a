// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Binds what earlier passes left abstract to the runtime: cf.assert becomes a call of lpc_rt_fail,
// which records the sentence and leaves the run; a call of the abstract observer becomes
// lpc_rt_observe_f32 with the run's context.
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
      return signalPassFailure();
    bindObservers(module);
  }

  /// `func.call @lpc_observe_f32(elements, id, inner)` => `lpc_rt_observe_f32(ctx, id, data, n,
  /// inner)`.
  void bindObservers(ModuleOp module) {
    auto declaration = module.lookupSymbol<func::FuncOp>("lpc_observe_f32");
    if (!declaration)
      return;
    MLIRContext *ctx = &this->getContext();
    auto pointerType = LLVM::LLVMPointerType::get(ctx);
    Type i32 = IntegerType::get(ctx, 32), i64 = IntegerType::get(ctx, 64);
    auto observe = getRuntimeFunction(module, "lpc_rt_observe_f32", {},
                                      {pointerType, i32, pointerType, i64, i64});
    module.walk([&](func::CallOp op) {
      if (op.getCallee() != declaration.getName())
        return;
      OpBuilder b(op);
      Location loc = op.getLoc();
      Value elements = op.getOperand(0);
      Value n = toI64(b, loc, memref::DimOp::create(b, loc, elements, 0));
      Value id = arith::TruncIOp::create(b, loc, i32, op.getOperand(1));
      LLVM::CallOp::create(
          b, loc, observe,
          ValueRange{lpc::getContext(op), id, dataPointer(b, loc, elements), n, op.getOperand(2)});
      op.erase();
    });
    declaration.erase();
  }
};
} // namespace
} // namespace lpc
