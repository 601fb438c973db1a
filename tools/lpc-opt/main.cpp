// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-opt: runs passes and pipelines over IR text.
#include "lpc/InitAll.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  lpc::registerAllDialects(registry);
  lpc::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "lpc optimizer driver\n", registry));
}
