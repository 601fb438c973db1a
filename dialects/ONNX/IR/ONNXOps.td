// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops of the `onnx` dialect: the node, the constant, the absent input and the end of a subgraph.
#ifndef LPC_DIALECTS_ONNX_IR_ONNXOPS_TD
#define LPC_DIALECTS_ONNX_IR_ONNXOPS_TD

include "dialects/ONNX/IR/ONNXDialect.td"
include "dialects/ONNX/IR/ONNXTypes.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class ONNX_Op<string mnemonic, list<Trait> traits = []> : Op<ONNX_Dialect, mnemonic, traits>;

def ONNX_NodeOp : ONNX_Op<"node", [
    SingleBlock, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "one node of an ONNX graph, of any operator";
  let description = [{
    Carries a node as the file states it. The operator is (`domain`, `op_type`) at operator-set version `opset`, the
    version that the model (or the local function that the node was inlined from) imports for that domain. The default
    domain is the empty string, also when the file spells it `ai.onnx`. The op says nothing about what the operator computes, so no
    effect, type or shape may be concluded from it.

    *Operands* are the node's inputs by position. An input that the file leaves out (an empty name) is a value of type
    `none`, made by `onnx.none`; inputs left out at the end may be missing altogether. *Results* are the outputs by
    position; one that the file leaves out is a result without users.

    `node_attrs` holds the attributes that are not graphs: `i64` integers, `f32` floats with their exact bits, strings,
    tensors (elements attributes), types, and arrays of one of these. Each graph attribute is a *region*, named by
    the entry of `region_names` with the same index: block arguments are the subgraph's inputs, `onnx.yield` lists its
    outputs, and values of outer graphs are used directly. A list of graphs is several regions of one name.

    Example:

    ```mlir
    %y = onnx.node "Conv"(%x, %w) named "Conv_12" {strides = [2, 2]} opset 18
        : (tensor<?x1x8x8xf32>, tensor<32x1x3x3xf32>) -> tensor<*xf32>
    %z = onnx.node "If"(%c) opset 18 graph then_branch {
      onnx.yield %x : tensor<?x1x8x8xf32>
    } graph else_branch {
      onnx.yield %y : tensor<*xf32>
    } : (tensor<i1>) -> !onnx.unknown
    ```
  }];

  let arguments = (ins
    Variadic<AnyType>:$inputs,
    StrAttr:$op_type,
    DefaultValuedStrAttr<StrAttr, "">:$domain,
    I64Attr:$opset,
    DefaultValuedStrAttr<StrAttr, "">:$node_name,
    DefaultValuedAttr<DictionaryAttr, "{}">:$node_attrs,
    DefaultValuedAttr<StrArrayAttr, "{}">:$region_names
  );
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<SizedRegion<1>>:$graphs);

  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;

  let extraClassDeclaration = [{
    /// True if this is `opType` of `domain` ("" is the default domain).
    bool isOp(::llvm::StringRef opType, ::llvm::StringRef domain = "") {
      return getOpType() == opType && getDomain() == domain;
    }
    /// The attribute of that name, or null if the node does not have it.
    ::mlir::Attribute getNodeAttr(::llvm::StringRef name) { return getNodeAttrsAttr().get(name); }
    /// True if the node has the input of that position: it is neither missing nor `none`.
    bool hasInput(unsigned index) {
      return index < getInputs().size() && !::llvm::isa<::mlir::NoneType>(getInputs()[index].getType());
    }
    /// The input of that position, or null if it is missing or `none`.
    ::mlir::Value getInput(unsigned index) {
      return hasInput(index) ? ::mlir::Value(getInputs()[index]) : ::mlir::Value();
    }
    /// The first region of that name, or null.
    ::mlir::Region *getGraph(::llvm::StringRef name);
  }];
}

def ONNX_ConstantOp : ONNX_Op<"constant", [
    Pure, ConstantLike, AllTypesMatch<["value", "output"]>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "initializer of a graph";
  let description = [{
    An initializer; its name is the op's location. Elements are as in the file, bit for bit. Large values are
    `dense_resource` attributes over the memory of the model file or of its external data, so they are neither copied nor
    hashed. (The operator `Constant` stays an `onnx.node`.)

    Example:

    ```mlir
    %w = onnx.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyTensor:$output);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def ONNX_NoneOp : ONNX_Op<"none", [Pure, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "absent optional input";
  let description = [{
    Stands at the position of an optional input that a node leaves out, so that operand positions equal input positions.

    Example:

    ```mlir
    %none = onnx.none
    %y = onnx.node "Clip"(%x, %none, %max) opset 13 : (tensor<4xf32>, none, tensor<f32>) -> tensor<4xf32>
    ```
  }];
  let results = (outs NoneType:$output);
  let assemblyFormat = "attr-dict";
}

def ONNX_YieldOp : ONNX_Op<"yield", [Pure, Terminator, ReturnLike, HasParent<"NodeOp">]> {
  let summary = "outputs of a subgraph";
  let description = [{
    Ends a region of `onnx.node` and lists the outputs of the subgraph by position.

    Example:

    ```mlir
    onnx.yield %a, %b : tensor<4xf32>, tensor<i1>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif // LPC_DIALECTS_ONNX_IR_ONNXOPS_TD
