// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-lp-to-linalg-pipeline, and the registration of the front pipelines.
#include "dialects/Nn/Transforms/Passes.h"
#include "lpc/Conversion/Passes.h"
#include "lpc/Pipelines/Passes.h"
#include "lpc/Pipelines/Pipelines.h"
#include "lpc/Pipelines/Rewrites.h"

#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace lpc;

void lpc::buildLpToLinalgPipeline(OpPassManager &pm) {
  pm.addPass(nn::createExpandAttentionPass());
  // Here operations still know what they demand of their operands' sizes.
  pm.addNestedPass<func::FuncOp>(createCheckShapesPass());
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createHoldScalesPass());
  // Micro-kernels where a weight is constant; the generic path takes what is left.
  pm.addPass(createConvertLpToPackedPass());
  // lp first: its scale arithmetic becomes nn or linalg, and codes become integers that nn's
  // lowering then carries.
  pm.addPass(createConvertLpToLinalgPass());
  pm.addPass(createConvertNnToLinalgPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(
      createVerifyContractPass({"linalg",
                                {"linalg", "arith", "math", "tensor", "bufferization", "affine",
                                 "scf", "cf", "complex", "llvm", "memref", "packed", "vector"}}));
}

void lpc::registerFrontPipelines() {
  PassPipelineRegistration<> onnxToNn("lpc-onnx-to-nn-pipeline",
                                      "onnx to nn: convert every node, fold constants",
                                      [](OpPassManager &pm) { buildONNXToNnPipeline(pm); });
  registerRewritePipeline();
  PassPipelineRegistration<NnToLpOptions> observe(
      "lpc-observe-pipeline", "nn with observers, for calibration", buildObservePipeline);
  PassPipelineRegistration<NnToLpOptions> nnToLp(
      "lpc-nn-to-lp-pipeline", "nn to lp: quantize, fuse, prove accumulators", buildNnToLpPipeline);
  PassPipelineRegistration<> lpToLinalg("lpc-lp-to-linalg-pipeline",
                                        "lp and nn to linalg on signless tensors",
                                        [](OpPassManager &pm) { buildLpToLinalgPipeline(pm); });
}
