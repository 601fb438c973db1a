// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rewrites of the nn floor as lists of steps: what recipes, `lpc compile --rewrite` and
// lpc-rewrite-pipeline share.
#ifndef LPC_PIPELINES_REWRITES_H
#define LPC_PIPELINES_REWRITES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <string>
#include <vector>

namespace lpc {

/// The pass `lpc-<name>` with its own options.
struct RewriteStep {
  std::string name;
  std::string options; ///< as in a textual pipeline: `alpha=0.5 clamp=false`
  std::string str() const { return options.empty() ? name : name + "{" + options + "}"; }
};

/// Steps from text: `fold-norm-gains,rotate-axes{axes=all seed=7}`. Returns false and sets `error`
/// to one sentence for what is no list of steps.
bool parseRewrites(llvm::StringRef text, std::vector<RewriteStep> &steps, std::string &error);

/// Whether a pass has that name and takes these options; sets `error` to one sentence if not.
bool checkRewrite(const RewriteStep &step, std::string &error);

/// Whether a step reads statistics of activations and has not been given any: it has an option
/// `statistics`, a path, that is empty.
bool needsStatistics(const RewriteStep &step);

/// The idioms that rewrites look for: runs before the first step.
void addRewritePreparation(mlir::OpPassManager &pm);
/// One checked step.
void addRewrite(mlir::OpPassManager &pm, const RewriteStep &step);

struct RewriteOptions : mlir::PassPipelineOptions<RewriteOptions> {
  Option<std::string> steps{
      *this, "steps",
      llvm::cl::desc("Steps of a recipe, for example fold-norm-gains,rotate-axes{axes=all}")};
};

/// Registers lpc-rewrite-pipeline: nn -> nn.
void registerRewritePipeline();

} // namespace lpc

#endif // LPC_PIPELINES_REWRITES_H
