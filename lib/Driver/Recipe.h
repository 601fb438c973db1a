// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recipes: what `lpc compile` does to a model's numbers, as a YAML file (docs/Recipes.md).
#ifndef LPC_LIB_DRIVER_RECIPE_H
#define LPC_LIB_DRIVER_RECIPE_H

#include "Commands.h"

#include "lpc/Pipelines/Rewrites.h"

namespace lpc::driver {

struct Recipe {
  std::vector<RewriteStep> rewrites;
  /// Empty: not said.
  std::string weights, activations, weightMethod, activationMethod, keep;
  /// regex=format;..., as the pipelines take them.
  std::string weightLayers, activationLayers;

  /// Mistakes are one sentence behind file:line.
  static Outcome read(llvm::StringRef path, Recipe &recipe);
};

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_RECIPE_H
