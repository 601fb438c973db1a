// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Types of the `onnx` dialect: what ONNX has and builtin tensors have not.
#ifndef LPC_DIALECTS_ONNX_IR_ONNXTYPES_TD
#define LPC_DIALECTS_ONNX_IR_ONNXTYPES_TD

include "dialects/ONNX/IR/ONNXDialect.td"
include "mlir/IR/AttrTypeBase.td"

class ONNX_Type<string name, string typeMnemonic> : TypeDef<ONNX_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def ONNX_OpaqueType : ONNX_Type<"Opaque", "opaque"> {
  let summary = "ONNX type without a tensor counterpart";
  let description = [{
    A sequence, map, optional, sparse tensor or opaque type in ONNX's own spelling, for instance
    `!onnx.opaque<"seq(tensor(float))">`. As the element type of a tensor, `!onnx.opaque<"string">` stands for strings.
  }];
  let parameters = (ins StringRefParameter<"ONNX's spelling of the type">:$spelling);
  let assemblyFormat = "`<` $spelling `>`";
}

def ONNX_UnknownType : ONNX_Type<"Unknown", "unknown"> {
  let summary = "type that the file does not state";
  let description = [{
    The type of a node result for which the file has neither a `value_info` entry nor a declared output type.
  }];
}

#endif // LPC_DIALECTS_ONNX_IR_ONNXTYPES_TD
