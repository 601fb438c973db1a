// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `onnx` dialect: ONNX graphs as they stand in the file, before any meaning is given to a node.
#ifndef LPC_DIALECTS_ONNX_IR_ONNXDIALECT_TD
#define LPC_DIALECTS_ONNX_IR_ONNXDIALECT_TD

include "mlir/IR/OpBase.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let summary = "ONNX graphs, carried node by node";
  let description = [{
    A mechanical image of an ONNX file. One op, `onnx.node`, carries any node of any domain; nothing here knows what
    `Conv` means. The dialect exists so that a model with unknown operators can still be read, printed, listed and
    reported on; `convert-onnx-to-nn` gives the nodes their meaning and leaves nothing of this dialect behind.

    **Module.** The graph is `func.func @main`. Each argument and result has `onnx.name` (its name in the file) and,
    when it is a ranked tensor, `nn.dims`: one string per dimension, the symbolic name or `""`. The module carries
    `onnx.ir_version`, `onnx.opset_imports` (a dictionary; the default domain is written `ai.onnx`), `onnx.producer`,
    `onnx.graph_name`, `onnx.file`, `onnx.model_hash` (xxHash64 of the file's bytes) and, if the file has any,
    `onnx.metadata`.

    **Types.** Tensors are builtin tensors. Element types: `f32 f64 f16 bf16`, `i8 i16 i32 i64` (signed), `ui8 ui16
    ui32 ui64`, `i1` (bool), `i4 ui4 i2 ui2`, `f8E4M3FN f8E4M3FNUZ f8E5M2 f8E5M2FNUZ f4E2M1FN f8E8M0FNU`,
    `complex<f32> complex<f64>` and `!onnx.opaque<"string">`. Types of node results are hints taken from the file
    (`value_info`, declared outputs); every consumer infers types anew.

    **Storage.** Constants of at most 64 bytes and splats are `dense`, larger ones `dense_resource`, whose blob is the
    file's own memory wherever that is possible. In both, an element takes whole bytes: `i1` and all 4-bit and 2-bit
    types take one byte per element in a resource blob: the value in the low bits, the rest zero, for signed types too.

    **Locations.** Each op has `fused<{file, node, outputs}>["name"]`: the node's name (or its first output's name if it
    has none), the file's name, the index of the node in its graph, and the names of its outputs.
  }];
  let cppNamespace = "::lpc::onnx";
  let useDefaultTypePrinterParser = 1;
}

#endif // LPC_DIALECTS_ONNX_IR_ONNXDIALECT_TD
