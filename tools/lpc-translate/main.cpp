// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lpc-translate: formats from outside into modules and back, for developers and tests.
#include "lpc/Import/ONNX/Import.h"

#include "mlir/Support/LogicalResult.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  lpc::registerImportONNXTranslation();
  return mlir::failed(mlir::mlirTranslateMain(argc, argv, "lpc translation tool"));
}
