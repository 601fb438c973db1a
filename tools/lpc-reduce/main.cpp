// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-reduce: makes a module smaller while a script still finds it interesting.
#include "lpc/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  lpc::registerAllDialects(registry);
  lpc::registerAllPasses();
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
