// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-linalg-to-llvm-pipeline: linalg on tensors -> LLVM dialect with the entry function of the
// model ABI.
#include "lpc/Pipelines/CPU.h"

#include "lpc/Conversion/Passes.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

/// Fewer and larger operations on tensors.
static void addTensorSteps(OpPassManager &pm, const lpc::LinalgToLLVMOptions &options) {
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  OpPassManager &func = pm.nest<func::FuncOp>();
  func.addPass(lpc::createFoldUnitDimsPass());
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass());
  if (options.fuse)
    func.addPass(lpc::createFuseElementwisePass());
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass());
}

static void addBufferization(OpPassManager &pm) {
  pm.addPass(lpc::createPrepareBufferizationPass());
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  options.unknownTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  options.allowReturnAllocsFromLoops = true;
  pm.addPass(bufferization::createOneShotBufferizePass(options));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

static void addLLVMConversion(OpPassManager &pm) {
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(memref::createExpandOpsPass());
  arith::ArithExpandOpsPassOptions arithOptions;
  arithOptions.includeBf16 = true;
  arithOptions.includeF8E8M0 = true;
  arithOptions.includeF4E2M1 = true;
  pm.addPass(arith::createArithExpandOpsPass(arithOptions));
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertComplexToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(lpc::createWidenSubByteAccessesPass());
}

void lpc::buildLinalgToLLVMPipeline(OpPassManager &pm, const LinalgToLLVMOptions &options) {
  addTensorSteps(pm, options);
  addBufferization(pm);
  pm.addPass(createLowerEntryPass());
  pm.addPass(createPlaceConstantsPass());
  // Reads whole operations on buffers: must see the contractions before they become pointers.
  pm.addPass(createPlanMemoryPass());
  pm.addPass(createLowerContractionsPass());
  ConvertPackedToLLVMPassOptions packed;
  packed.features = options.features;
  pm.addPass(createConvertPackedToLLVMPass(packed));
  LinalgToLoopsPassOptions loops;
  loops.parallelThreshold = options.parallelThreshold;
  pm.addPass(createLinalgToLoopsPass(loops));
  pm.addPass(createLowerAssertsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.nest<func::FuncOp>().addPass(createExpandMathPass());
  pm.addPass(createOutlineParallelPass());
  addLLVMConversion(pm);
}

void lpc::registerCPUPipelines() {
  PassPipelineRegistration<LinalgToLLVMOptions>(
      "lpc-linalg-to-llvm-pipeline",
      "Lower linalg on tensors to the LLVM dialect, ready for the CPU target",
      [](OpPassManager &pm, const LinalgToLLVMOptions &options) {
        buildLinalgToLLVMPipeline(pm, options);
      });
}
