// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-onnx-to-nn-pipeline: from the imported graph to real-number tensor programs.
#include "lpc/Conversion/Passes.h"
#include "lpc/Pipelines/Passes.h"
#include "lpc/Pipelines/Pipelines.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Transforms/Passes.h"

using namespace mlir;

void lpc::buildONNXToNnPipeline(OpPassManager &pm) {
  pm.addPass(createConvertONNXToNnPass());
  pm.addPass(createCanonicalizerPass());
  // Weights that the exporter transposed or cast become plain constants: the quantizer looks for
  // those.
  pm.addPass(createFoldConstantsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createVerifyContractPass(
      {"nn", {"nn", "lp", "arith", "tensor", "affine", "scf", "cf", "math"}}));
}
