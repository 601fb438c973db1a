// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Enumerations of the nn dialect; each prints as its word.
#ifndef LPC_DIALECTS_NN_IR_NNENUMS
#define LPC_DIALECTS_NN_IR_NNENUMS

include "dialects/Nn/IR/NnDialect.td"
include "mlir/IR/EnumAttr.td"

class Nn_Enum<string name, string summary, list<I32EnumCase> cases> : I32Enum<name, summary, cases> {
  let cppNamespace = "::lpc::nn";
}
class Nn_EnumAttr<EnumInfo e, string mnemonic> : EnumAttr<Nn_Dialect, e, mnemonic> {
  let assemblyFormat = "$value";
}
// For enumerations that appear in attribute dictionaries rather than beside the op's name.
class Nn_DictEnumAttr<EnumInfo e, string mnemonic> : EnumAttr<Nn_Dialect, e, mnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

def Nn_UnaryKind : Nn_Enum<"UnaryKind", "a function of one number", [
  I32EnumCase<"Neg", 0, "neg">, I32EnumCase<"Abs", 1, "abs">, I32EnumCase<"Sign", 2, "sign">,
  I32EnumCase<"Sqrt", 3, "sqrt">, I32EnumCase<"Rsqrt", 4, "rsqrt">, I32EnumCase<"Reciprocal", 5, "reciprocal">,
  I32EnumCase<"Exp", 6, "exp">, I32EnumCase<"Log", 7, "log">, I32EnumCase<"Erf", 8, "erf">,
  I32EnumCase<"Sin", 9, "sin">, I32EnumCase<"Cos", 10, "cos">, I32EnumCase<"Tan", 11, "tan">,
  I32EnumCase<"Asin", 12, "asin">, I32EnumCase<"Acos", 13, "acos">, I32EnumCase<"Atan", 14, "atan">,
  I32EnumCase<"Sinh", 15, "sinh">, I32EnumCase<"Cosh", 16, "cosh">, I32EnumCase<"Tanh", 17, "tanh">,
  I32EnumCase<"Asinh", 18, "asinh">, I32EnumCase<"Acosh", 19, "acosh">, I32EnumCase<"Atanh", 20, "atanh">,
  I32EnumCase<"Floor", 21, "floor">, I32EnumCase<"Ceil", 22, "ceil">, I32EnumCase<"Round", 23, "round">,
  I32EnumCase<"Trunc", 24, "trunc">, I32EnumCase<"Not", 25, "not">, I32EnumCase<"IsNaN", 26, "isnan">,
  I32EnumCase<"IsInf", 27, "isinf">, I32EnumCase<"Relu", 28, "relu">, I32EnumCase<"Sigmoid", 29, "sigmoid">,
  I32EnumCase<"Silu", 30, "silu">, I32EnumCase<"Gelu", 31, "gelu">, I32EnumCase<"GeluTanh", 32, "gelu_tanh">,
  I32EnumCase<"Softplus", 33, "softplus">, I32EnumCase<"HardSwish", 34, "hard_swish">]>;
def Nn_UnaryKindAttr : Nn_EnumAttr<Nn_UnaryKind, "unary_kind">;

def Nn_BinaryKind : Nn_Enum<"BinaryKind", "a function of two numbers", [
  I32EnumCase<"Add", 0, "add">, I32EnumCase<"Sub", 1, "sub">, I32EnumCase<"Mul", 2, "mul">,
  I32EnumCase<"Div", 3, "div">, I32EnumCase<"Pow", 4, "pow">, I32EnumCase<"Mod", 5, "mod">,
  I32EnumCase<"Rem", 6, "rem">, I32EnumCase<"Min", 7, "min">, I32EnumCase<"Max", 8, "max">,
  I32EnumCase<"And", 9, "and">, I32EnumCase<"Or", 10, "or">, I32EnumCase<"Xor", 11, "xor">,
  I32EnumCase<"Shl", 12, "shl">, I32EnumCase<"Shr", 13, "shr">]>;
def Nn_BinaryKindAttr : Nn_EnumAttr<Nn_BinaryKind, "binary_kind">;

def Nn_CompareKind : Nn_Enum<"CompareKind", "an ordered comparison (false if a NaN is involved, but for ne)", [
  I32EnumCase<"Eq", 0, "eq">, I32EnumCase<"Ne", 1, "ne">, I32EnumCase<"Lt", 2, "lt">,
  I32EnumCase<"Le", 3, "le">, I32EnumCase<"Gt", 4, "gt">, I32EnumCase<"Ge", 5, "ge">]>;
def Nn_CompareKindAttr : Nn_EnumAttr<Nn_CompareKind, "compare_kind">;

def Nn_ReduceKind : Nn_Enum<"ReduceKind", "a reduction", [
  I32EnumCase<"Sum", 0, "sum">, I32EnumCase<"Mean", 1, "mean">, I32EnumCase<"Max", 2, "max">,
  I32EnumCase<"Min", 3, "min">, I32EnumCase<"Prod", 4, "prod">]>;
def Nn_ReduceKindAttr : Nn_EnumAttr<Nn_ReduceKind, "reduce_kind">;

def Nn_PoolKind : Nn_Enum<"PoolKind", "a pooling function", [
  I32EnumCase<"Max", 0, "max">, I32EnumCase<"Avg", 1, "avg">]>;
def Nn_PoolKindAttr : Nn_EnumAttr<Nn_PoolKind, "pool_kind">;

def Nn_PadMode : Nn_Enum<"PadMode", "where padded elements come from", [
  I32EnumCase<"Constant", 0, "constant">, I32EnumCase<"Edge", 1, "edge">,
  I32EnumCase<"Reflect", 2, "reflect">, I32EnumCase<"Wrap", 3, "wrap">]>;
def Nn_PadModeAttr : Nn_DictEnumAttr<Nn_PadMode, "pad_mode">;

def Nn_ScatterKind : Nn_Enum<"ScatterKind", "how a scattered update meets the element that is there", [
  I32EnumCase<"Assign", 0, "assign">, I32EnumCase<"Add", 1, "add">, I32EnumCase<"Mul", 2, "mul">,
  I32EnumCase<"Max", 3, "max">, I32EnumCase<"Min", 4, "min">]>;
def Nn_ScatterKindAttr : Nn_DictEnumAttr<Nn_ScatterKind, "scatter_kind">;

#endif // LPC_DIALECTS_NN_IR_NNENUMS
