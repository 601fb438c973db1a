// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of everything; the only place that knows all libraries.
#include "lpc/InitAll.h"

#include "dialects/Lp/IR/Lp.h"
#include "dialects/Nn/IR/Nn.h"
#include "dialects/Nn/Transforms/Passes.h"
#include "dialects/ONNX/IR/ONNXOps.h"
#include "dialects/Packed/IR/Packed.h"
#include "lpc/Analysis/AxisRules.h"
#include "lpc/Analysis/Passes.h"
#include "lpc/Conversion/Passes.h"
#include "lpc/Equivalence/Passes.h"
#include "lpc/Pipelines/CPU.h"
#include "lpc/Pipelines/Passes.h"
#include "lpc/Pipelines/Pipelines.h"
#include "lpc/Quantization/Passes.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

void lpc::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<onnx::ONNXDialect, nn::NnDialect, lp::LpDialect, packed::PackedDialect>();
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  analysis::registerAxisRules(registry);
}

void lpc::registerAllPasses() {
  mlir::registerAllPasses();
  registerAnalysisPasses();
  nn::registerNnPasses();
  registerConversionPasses();
  registerEquivalencePasses();
  registerQuantizationPasses();
  registerTransformsPasses();
  registerPipelinesPasses();
  registerFrontPipelines();
  registerCPUPipelines();
}
