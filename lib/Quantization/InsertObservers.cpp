// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Puts observers on the activations of contractions. One observer per distinct value: what two
// contractions read is seen, and later quantized, once.
#include "Contractions.h"

namespace lpc {
#define GEN_PASS_DEF_INSERTOBSERVERSPASS
#include "lpc/Quantization/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;

namespace {
struct InsertObserversPass final : lpc::impl::InsertObserversPassBase<InsertObserversPass> {
  using InsertObserversPassBase::InsertObserversPassBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    auto regex = quant::compileKeep(func.getLoc(), keep);
    if (failed(regex))
      return signalPassFailure();
    llvm::DenseMap<Value, Value> observed;
    int64_t next = 0;
    for (quant::Contraction &c : quant::findContractions(func, *regex)) {
      Value x = c.activation->get();
      if (x.getDefiningOp<lp::ObserveOp>() || !getElementTypeOrSelf(x.getType()).isF32())
        continue;
      Value &o = observed[x];
      if (!o) {
        OpBuilder b(c.op);
        b.setInsertionPointAfterValue(x);
        o = lp::ObserveOp::create(b, c.op->getLoc(), x.getType(), x, b.getI64IntegerAttr(next++));
      }
      c.activation->set(o);
    }
  }
};
} // namespace
