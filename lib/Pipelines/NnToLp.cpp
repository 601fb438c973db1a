// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-observe-pipeline and lpc-nn-to-lp-pipeline: calibration and quantization.
#include "dialects/Nn/Transforms/Passes.h"
#include "lpc/Equivalence/Passes.h"
#include "lpc/Pipelines/Passes.h"
#include "lpc/Pipelines/Pipelines.h"
#include "lpc/Quantization/Passes.h"

#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace lpc;

void lpc::buildObservePipeline(OpPassManager &pm, const NnToLpOptions &options) {
  InsertObserversPassOptions observe;
  observe.keep = options.keep;
  if (!options.integerOnly.empty()) {
    // Norms and functions of one element have integer forms, the chains that exporters write do
    // not; attention and rotary embeddings have them in parts.
    nn::RaiseIdiomsPassOptions raise;
    raise.attention = false;
    pm.addPass(nn::createRaiseIdiomsPass(raise));
    pm.addPass(nn::createExpandAttentionPass());
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
    observe.where = "all";
    if (!options.activations.empty())
      observe.narrow = options.activations;
  }
  pm.addNestedPass<func::FuncOp>(createInsertObserversPass(observe));
}

void lpc::buildQuantizePipeline(OpPassManager &pm, const NnToLpOptions &options) {
  pm.addPass(nn::createExpandAttentionPass());
  // Observers are placed by the same pass as for calibration, so their numbers agree with the
  // file's.
  if (!options.activations.empty() || !options.activationLayers.empty()) {
    buildObservePipeline(pm, options);
    QuantizeActivationsPassOptions activations;
    activations.format = options.activations;
    activations.layers = options.activationLayers;
    activations.calibration = options.calibration;
    activations.method = options.activationMethod;
    pm.addNestedPass<func::FuncOp>(createQuantizeActivationsPass(activations));
  }
  if (!options.weights.empty() || !options.weightLayers.empty()) {
    QuantizeWeightsPassOptions weights;
    weights.format = options.weights;
    weights.layers = options.weightLayers;
    weights.method = options.weightMethod;
    weights.keep = options.keep;
    pm.addNestedPass<func::FuncOp>(createQuantizeWeightsPass(weights));
  }
}

void lpc::buildNnToLpPipeline(OpPassManager &pm, const NnToLpOptions &options) {
  buildQuantizePipeline(pm, options);
  // What rewrites changed and no format took.
  pm.addNestedPass<func::FuncOp>(createRoundConstantsPass());
  if (!options.integerOnly.empty()) {
    LowerToIntegerPassOptions integer;
    integer.strict = options.integerOnly == "strict";
    integer.maxTerms = options.maxTerms;
    pm.addNestedPass<func::FuncOp>(createLowerToIntegerPass(integer));
  }
  pm.addNestedPass<func::FuncOp>(createFuseQuantizedOpsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createProveAccumulatorsPass());
  if (!options.integerOnly.empty())
    pm.addNestedPass<func::FuncOp>(createProveIntegerRangesPass());
  pm.addPass(createVerifyContractPass(
      {"lp", {"nn", "lp", "arith", "tensor", "affine", "scf", "cf", "math"}}));
}
