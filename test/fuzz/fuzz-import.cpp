// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// libFuzzer target: any bytes are imported and verified, or refused with a message.
#include "lpc/Import/ONNX/Import.h"

#include "mlir/IR/MLIRContext.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.getDiagEngine().registerHandler([](mlir::Diagnostic &) {});
  lpc::ImportOptions options;
  // Small enough that a run never hits the fuzzer's own limits.
  options.limits.maxNodes = 20'000;
  options.limits.decodedSlack = 16 << 20;
  lpc::ImportError error;
  llvm::MemoryBufferRef buffer(llvm::StringRef(reinterpret_cast<const char *>(data), size), "fuzz");
  auto module = lpc::importONNX(buffer, "", &context, options, error);
  // A refusal without a reason, or a module that our own verifier refuses, is a bug.
  if (mlir::failed(module) &&
      (error.message.empty() || llvm::StringRef(error.message).contains("does not verify")))
    std::abort();
  return 0;
}
