// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model descriptor and the manifest.
#ifndef LPC_LIB_TARGET_CPU_DESCRIPTOR_H
#define LPC_LIB_TARGET_CPU_DESCRIPTOR_H

#include "Weights.h"
#include "lpc/Target/CPU/Emit.h"

namespace llvm {
class Module;
}

namespace lpc {

/// The manifest: what the model takes and gives, where its weights are, what made it.
llvm::FailureOr<std::string> makeManifest(mlir::ModuleOp module, const CPUOptions &options,
                                          const WeightIndex &index);

/// Adds `lpc_model_descriptor` with all tables behind it to `llvmModule`.
mlir::LogicalResult addDescriptor(mlir::ModuleOp module, llvm::Module &llvmModule,
                                  const CPUOptions &options, const WeightIndex &index,
                                  uint64_t requiredFeatures);

} // namespace lpc

#endif // LPC_LIB_TARGET_CPU_DESCRIPTOR_H
