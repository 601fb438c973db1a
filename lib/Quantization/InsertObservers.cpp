// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Puts observers on the activations of contractions. One observer per distinct value: what two
// contractions read is seen, and later quantized, once.
#include "Contractions.h"
#include "ObserveAll.h"

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
    if (where == "all")
      return quant::observeAll(func, narrow, wide);
    if (where != "weights") {
      func.emitError() << "option where: expected weights or all, but got '" << where << "'";
      return signalPassFailure();
    }
    llvm::DenseMap<Value, int64_t> ids;
    llvm::DenseMap<Value, Value> observed;
    // Kept contractions count too: numbers do not depend on the option, so one calibration file
    // serves every choice of it.
    std::optional<llvm::Regex> all;
    for (quant::Contraction &c : quant::findContractions(func, all)) {
      Value x = c.activation->get();
      if (x.getDefiningOp<lp::ObserveOp>() || !getElementTypeOrSelf(x.getType()).isF32())
        continue;
      int64_t id = ids.try_emplace(x, ids.size()).first->second;
      if (*regex && (*regex)->match(quant::nameOf(c.op)))
        continue;
      Value &o = observed[x];
      if (!o) {
        OpBuilder b(c.op);
        b.setInsertionPointAfterValue(x);
        o = lp::ObserveOp::create(b, c.op->getLoc(), x.getType(), x, b.getI64IntegerAttr(id),
                                  StringAttr());
      }
      c.activation->set(o);
    }
  }
};
} // namespace
