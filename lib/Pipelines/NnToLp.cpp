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
  pm.addNestedPass<func::FuncOp>(createFuseQuantizedOpsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createProveAccumulatorsPass());
  pm.addPass(createVerifyContractPass(
      {"lp", {"nn", "lp", "arith", "tensor", "affine", "scf", "cf", "math"}}));
}
