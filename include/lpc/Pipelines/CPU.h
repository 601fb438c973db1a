// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pipeline from linalg on tensors to the LLVM dialect, for the CPU target.
#ifndef LPC_PIPELINES_CPU_H
#define LPC_PIPELINES_CPU_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace lpc {

struct LinalgToLLVMOptions : mlir::PassPipelineOptions<LinalgToLLVMOptions> {
  Option<bool> fuse{*this, "fuse", llvm::cl::desc("Fuse elementwise operations"),
                    llvm::cl::init(true)};
  Option<int64_t> parallelThreshold{
      *this, "parallel-threshold",
      llvm::cl::desc("Number of element operations from which an operation is split over threads"),
      llvm::cl::init(32768)};
  /// The default is what the default CPU has, so that lpc-opt makes what lpc compile does.
  Option<std::string> features{
      *this, "features",
      llvm::cl::desc("Features of the target that kernels may use, of ssse3 and avx2"),
      llvm::cl::init("ssse3,avx2")};
};

/// linalg, tensor, arith, math, scf and one function @main -> LLVM dialect with the entry function
/// of the model ABI.
void buildLinalgToLLVMPipeline(mlir::OpPassManager &pm, const LinalgToLLVMOptions &options);

/// Registers lpc-linalg-to-llvm-pipeline.
void registerCPUPipelines();

} // namespace lpc

#endif // LPC_PIPELINES_CPU_H
