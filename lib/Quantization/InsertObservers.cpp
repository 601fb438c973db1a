// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Puts observers on the activations of contractions. One observer per distinct value: what two
// contractions read is seen, and later quantized, once.
#include "ObserveAll.h"

#include "lpc/Quantization/Contractions.h"

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
    // Kept contractions count too: numbers do not depend on the option, so one calibration file
    // serves every choice of it.
    for (quant::ObservedActivation &a : quant::findObservedActivations(func)) {
      Value observed;
      for (quant::Contraction &c : a.readers) {
        if (*regex && (*regex)->match(quant::nameOf(c.op)))
          continue;
        if (!observed)
          observed = observe(a, c.op->getLoc());
        if (!channelsLast)
          c.activation->set(observed);
      }
    }
  }

  /// The value of the observer, or what it shows.
  Value observe(const quant::ObservedActivation &a, Location loc) {
    OpBuilder b(a.value.getContext());
    b.setInsertionPointAfterValue(a.value);
    Value shown = a.value;
    auto type = cast<RankedTensorType>(shown.getType());
    if (channelsLast && a.axis != type.getRank() - 1) {
      SmallVector<int64_t> order, shape;
      for (int64_t i = 0; i < type.getRank(); ++i)
        if (i != a.axis)
          order.push_back(i);
      order.push_back(a.axis);
      for (int64_t i : order)
        shape.push_back(type.getDimSize(i));
      shown = nn::TransposeOp::create(b, loc, type.clone(shape), shown, order);
    }
    return lp::ObserveOp::create(b, loc, shown.getType(), shown, b.getI64IntegerAttr(a.id),
                                 StringAttr());
  }
};
} // namespace
