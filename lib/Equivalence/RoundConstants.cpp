// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ends the life of constants in f64: each is rounded to the type of its cast. Costs one pass over
// them; plain models have none.
#include "lpc/Equivalence/Passes.h"
#include "lpc/Reference/Evaluate.h"

namespace lpc {
#define GEN_PASS_DEF_ROUNDCONSTANTSPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;

namespace {

struct RoundConstantsPass final : lpc::impl::RoundConstantsPassBase<RoundConstantsPass> {
  using RoundConstantsPassBase::RoundConstantsPassBase;

  /// cast(constant)  =>  constant
  LogicalResult round(nn::CastOp cast, nn::ConstantOp exact) {
    ref::Result<ref::Tensor> value = ref::tensorOf(exact.getValue());
    if (!value)
      return exact.emitError() << value.error();
    ref::Result<ref::Tensors> rounded = ref::evaluateOperation(cast, {*value});
    if (!rounded)
      return cast.emitError() << rounded.error();
    StringRef name = "rounded";
    if (auto named = dyn_cast<NameLoc>(exact.getLoc()))
      name = named.getName();
    OpBuilder b(cast);
    auto type = mlir::cast<RankedTensorType>(cast.getType());
    Value constant = nn::ConstantOp::create(b, exact.getLoc(), type,
                                            ref::elementsOf(rounded->front(), type, name));
    cast.replaceAllUsesWith(constant);
    cast.erase();
    if (exact->use_empty())
      exact.erase();
    ++numConstants;
    return success();
  }

  void runOnOperation() override {
    SmallVector<nn::CastOp> casts;
    getOperation().walk([&](nn::CastOp cast) {
      auto exact = cast.getInput().getDefiningOp<nn::ConstantOp>();
      if (exact && getElementTypeOrSelf(exact.getType()).isF64())
        casts.push_back(cast);
    });
    for (nn::CastOp cast : casts)
      if (failed(round(cast, cast.getInput().getDefiningOp<nn::ConstantOp>())))
        return signalPassFailure();
  }
};

} // namespace
