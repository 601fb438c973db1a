// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-lsp-server: completion, hover and diagnostics of lpc's dialects for editors.
#include "lpc/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  lpc::registerAllDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
