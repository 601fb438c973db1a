// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants and elementwise operations.
#ifndef LPC_DIALECTS_NN_IR_NNELEMENTWISEOPS
#define LPC_DIALECTS_NN_IR_NNELEMENTWISEOPS

include "dialects/Nn/IR/NnBase.td"

def Nn_ConstantOp : Op<Nn_Dialect, "constant", [Pure, ConstantLike, AllTypesMatch<["value", "output"]>]> {
  let summary = "a tensor known at compile time";
  let description = [{
    Large values are `dense_resource` blobs, which are neither uniqued nor copied. Element types narrower than a byte take
    one byte per element in a blob. The name of the ONNX initializer is the location.

    Example: `%w = nn.constant dense<1.0> : tensor<4x4xf32>`
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

// An elementwise op: operands broadcast, one result.
class Nn_ElementwiseOp<string mnemonic, list<Trait> traits = []> : Nn_InferredOp<mnemonic, traits>;

def Nn_UnaryOp : Nn_ElementwiseOp<"unary"> {
  let summary = "a function of each element";
  let description = [{
    `output[i] = kind(input[i])`. Meanings that are not plain from the word: `sign` is -1, 0 or 1 (NaN stays);
    `round` is to nearest, ties to even; `rsqrt(x) = 1/sqrt(x)`; `not` is logical on `i1`, bitwise on integers;
    `isnan`, `isinf` give `i1`; `relu = max(x, 0)` (NaN stays); `sigmoid = 1/(1+exp(-x))`; `silu = x*sigmoid(x)`;
    `gelu = x/2 * (1 + erf(x/sqrt(2)))`; `gelu_tanh = x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))`;
    `softplus = log(1+exp(x))`; `hard_swish = x * clamp(x/6 + 1/2, 0, 1)`. Integers: `neg`, `abs`, `sign`, `not`, `relu` only.

    Example: `%y = nn.unary relu %x : (tensor<?x10xf32>) -> tensor<?x10xf32>`
  }];
  let arguments = (ins Nn_UnaryKindAttr:$kind, Nn_Tensor:$input);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "`` $kind $input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_BinaryOp : Nn_ElementwiseOp<"binary", [AllElementTypesMatch<["lhs", "rhs"]>]> {
  let summary = "a function of each pair of elements";
  let description = [{
    `output[i] = kind(lhs[i], rhs[i])` with broadcasting. `div` truncates toward zero on integers (division by zero gives 0,
    min/-1 wraps); `mod` has the sign of the divisor, `rem` that of the dividend; `min`, `max` propagate NaN;
    `shr` is logical on `ui` and arithmetic on signed; shifts by the width or more give 0 (or the sign); `pow` on integers wraps.
    `and`, `or`, `xor` act on `i1` and integers.

    Example: `%y = nn.binary add %a, %b : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>`
  }];
  let arguments = (ins Nn_BinaryKindAttr:$kind, Nn_Tensor:$lhs, Nn_Tensor:$rhs);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "`` $kind $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Nn_CompareOp : Nn_ElementwiseOp<"compare", [AllElementTypesMatch<["lhs", "rhs"]>]> {
  let summary = "a comparison of each pair of elements";
  let description = [{
    `output[i] = lhs[i] kind rhs[i]` with broadcasting; unsigned on `ui`. With a NaN all but `ne` are false.

    Example: `%m = nn.compare gt %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>`
  }];
  let arguments = (ins Nn_CompareKindAttr:$kind, Nn_Tensor:$lhs, Nn_Tensor:$rhs);
  let results = (outs Nn_BoolTensor:$output);
  let assemblyFormat = "`` $kind $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Nn_SelectOp : Nn_ElementwiseOp<"select"> {
  let summary = "a choice between two elements";
  let description = [{
    `output[i] = condition[i] ? on_true[i] : on_false[i]` with broadcasting of all three.
  }];
  let arguments = (ins Nn_BoolTensor:$condition, Nn_Tensor:$on_true, Nn_Tensor:$on_false);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

def Nn_ClampOp : Nn_ElementwiseOp<"clamp"> {
  let summary = "elements limited to an interval";
  let description = [{
    `output[i] = min(max(input[i], lo), hi)` with both bounds rounded to the element type; NaN stays. `lo` may be `-inf`
    and `hi` may be `inf`.

    Example: `%y = nn.clamp %x {lo = 0.0 : f64, hi = 6.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, F64Attr:$lo, F64Attr:$hi);
  let results = (outs Nn_Tensor:$output);
}

def Nn_CastOp : Nn_Op<"cast"> {
  let summary = "a change of element type";
  let description = [{
    Float to float: round to nearest even; into an 8-bit or smaller float, `saturate` clamps overflow and infinities to the
    largest finite value, otherwise overflow gives the format's infinity, or NaN where it has none. Float to integer:
    truncation toward zero, clamped to the range, NaN gives 0; into 4-bit and 2-bit integers round to nearest even.
    Integer to integer: modulo 2^N. To `i1`: `x != 0`.

    Example: `%y = nn.cast %x : (tensor<4xi64>) -> tensor<4xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, DefaultValuedAttr<BoolAttr, "true">:$saturate);
  let results = (outs Nn_Tensor:$output);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Nn_BitcastOp : Nn_Op<"bitcast"> {
  let summary = "the same bits as another element type of the same width";
  let arguments = (ins Nn_Tensor:$input);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

#endif // LPC_DIALECTS_NN_IR_NNELEMENTWISEOPS
