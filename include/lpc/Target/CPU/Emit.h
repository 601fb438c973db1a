// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the LLVM dialect to a file: shared object, object, assembly or LLVM IR text.
#ifndef LPC_TARGET_CPU_EMIT_H
#define LPC_TARGET_CPU_EMIT_H

#include "mlir/IR/BuiltinOps.h"

namespace lpc {

struct CPUOptions {
  /// "x86-64-v3", "native", or any CPU name of LLVM's X86 target.
  std::string cpu = "x86-64-v3";
  unsigned optLevel = 3;
  /// Not empty: the weights go to this file instead of the shared object; the descriptor names it
  /// without its folder.
  std::string weightsFile;
  /// Keep the names of functions in the shared object, for profilers.
  bool keepSymbols = false;
  /// Hash of the source model, for the manifest; may be empty.
  std::string modelHash;
  /// A JSON object whose members join the manifest (quantization table, observers); may be empty.
  std::string extraManifest;
};

/// The names that CPUOptions::cpu may have, "native" aside.
std::vector<std::string> knownCPUs();
bool isKnownCPU(llvm::StringRef cpu);

/// Those features of `options.cpu` that the generation of kernels asks for: of avx2, fma and ssse3.
/// An unknown CPU is an error on the module.
mlir::FailureOr<llvm::SmallVector<std::string>> getKernelFeatures(mlir::ModuleOp module,
                                                                  const CPUOptions &options);

/// An object holds what the shared object holds: code, weights and runtime, for a linker. Assembly
/// and LLVM IR show the code alone.
enum class CPUOutputKind { SharedObject, Object, Assembly, LLVMIR };

enum class EmitFailure {
  Internal,
  File, ///< a file cannot be written
};

/// Compiles the module (LLVM dialect, as made by lpc-linalg-to-llvm-pipeline) and writes
/// `outputPath` by renaming a complete temporary file. Errors are reported on the module; then
/// nothing is left behind, and `failure` says whose fault it is.
mlir::LogicalResult emitCPU(mlir::ModuleOp module, const CPUOptions &options, CPUOutputKind kind,
                            llvm::StringRef outputPath, EmitFailure *failure = nullptr);

inline mlir::LogicalResult emitSharedObject(mlir::ModuleOp module, const CPUOptions &options,
                                            llvm::StringRef outputPath) {
  return emitCPU(module, options, CPUOutputKind::SharedObject, outputPath);
}

} // namespace lpc

#endif // LPC_TARGET_CPU_EMIT_H
