// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The packed dialect: physical layouts of codes and the operations that read them.
#ifndef LPC_DIALECTS_PACKED_IR_PACKEDDIALECT
#define LPC_DIALECTS_PACKED_IR_PACKEDDIALECT

include "mlir/IR/OpBase.td"

def Packed_Dialect : Dialect {
  let name = "packed";
  let cppNamespace = "::lpc::packed";
  let summary = "physical layouts of codes and their micro-kernels";
  let description = [{
    A weight that is known at compile time is stored in the order in which a micro-kernel reads it. The layout is an attribute
    that states where each logical element lies; the operations are parametrised by it, so that one kernel generator serves
    each width of codes.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect"];
  let extraClassDeclaration = [{ void registerAttributes(); }];
}

#endif // LPC_DIALECTS_PACKED_IR_PACKEDDIALECT
