// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises chains of elementary ops to norms, activations, softmax, attention. Later passes ask one
// question of one op instead of matching chains; the rotation of a residual stream is legal through
// an rms_norm, but not through a product with itself. The ops of a chain that nothing else uses
// die.
#include "dialects/Nn/Transforms/Passes.h"

#include "Idioms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace lpc::nn {

#define GEN_PASS_DEF_RAISEIDIOMSPASS
#include "dialects/Nn/Transforms/Passes.h.inc"

namespace {

struct RaiseIdiomsPass final : impl::RaiseIdiomsPassBase<RaiseIdiomsPass> {
  using RaiseIdiomsPassBase::RaiseIdiomsPassBase;

  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    populateNormIdioms(patterns);
    populateActivationIdioms(patterns);
    populateSoftmaxIdioms(patterns);
    populateRotaryIdioms(patterns);
    if (attention)
      populateAttentionIdioms(patterns);
    if (mlir::failed(mlir::applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      getOperation()->emitError("nn-raise-idioms: patterns did not converge");
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace lpc::nn
