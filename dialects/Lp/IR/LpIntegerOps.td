// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations of integer-only programs: from codes to integers, back with a multiplier and a shift, softmax and norms.
#ifndef LPC_DIALECTS_LP_IR_LPINTEGEROPS
#define LPC_DIALECTS_LP_IR_LPINTEGEROPS

include "dialects/Lp/IR/LpAttributes.td"
include "dialects/Lp/IR/LpTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Lp_IntegerTensor : RankedTensorOf<[I8, I16, I32, I64]>;
def Lp_CodeTensor : RankedTensorOf<[Lp_FormatType]>;

class Lp_IntegerOp<string mnemonic, list<Trait> traits = []>
    : Op<Lp_Dialect, mnemonic, !listconcat(
        [Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>], traits)>;

def Lp_ToIntegerOp : Lp_IntegerOp<"to_integer"> {
  let summary = "codes as builtin integers";
  let description = [{
    `output[i] = (decode(input[i]) - zero_point) * 2^f` with f the fraction bits of the format (0 for integers): exact. The
    result type must hold every value, which the verifier checks; the values of the format must be dyadic and finite.

    Example: `%y = lp.to_integer %x {zero_point = 3} : tensor<?x64x!lp.uint8> -> tensor<?x64xi32>`
  }];
  let arguments = (ins Lp_CodeTensor:$input, DefaultValuedAttr<I64Attr, "0">:$zero_point);
  let results = (outs Lp_IntegerTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Lp_RescaleOp : Lp_IntegerOp<"rescale"> {
  let summary = "integers times a real factor, as a multiplier and a shift";
  let description = [{
    `output[i] = clamp(round(input[i] * multiplier * 2^-shift) + zero_point, lo, hi)`. Multipliers and shifts have the rank of the
    input and size 1 where they are shared. Multipliers are not negative; shifts are 1 to 62. `rounding`, with p = input *
    multiplier, t = shift:
      single     floor((p + 2^(t-1)) / 2^t)
      double     floor((p + 2^(t-1) + s 2^30) / 2^t) where t > 31, s the sign of the input (1 for 0); else as single
      half_even  p / 2^t to nearest, ties to even
    Intermediate values take 64 bits; that they fit is proved by `lpc-prove-integer-ranges`. `lo` and `hi` are codes of the
    result (a clamp, ReLU); absent, they are the ends of its type.

    Example:
    ```mlir
    %y = lp.rescale %acc, %m, %t {zero_point = -128, lo = -128, rounding = #lp.rescale_rounding<single>}
       : (tensor<?x64xi32>, tensor<1x64xi32>, tensor<1x64xi8>) -> tensor<?x64x!lp.int8>
    ```
  }];
  let arguments = (ins Lp_IntegerTensor:$input, RankedTensorOf<[I32]>:$multiplier, RankedTensorOf<[I8]>:$shift,
                       DefaultValuedAttr<Lp_RescaleRoundingAttr, "RescaleRounding::Single">:$rounding,
                       DefaultValuedAttr<I64Attr, "0">:$zero_point, OptionalAttr<I64Attr>:$lo, OptionalAttr<I64Attr>:$hi);
  let results = (outs RankedTensorOf<[I8, I16, I32, I64, Lp_FormatType]>:$output);
  let assemblyFormat = "$input `,` $multiplier `,` $shift attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The interval of the result: lo and hi, or the ends of its type.
    std::pair<int64_t, int64_t> getLimits();
  }];
}

def Lp_IntSoftmaxOp : Lp_IntegerOp<"int_softmax"> {
  let summary = "softmax on codes, by table and reciprocal";
  let description = [{
    Along `axis`, for elements with a true `mask` (all without one): e_j = table[max q - q_j], S = sum e_j, b = floor(log2 S),
      r = floor(2^62 / (S 2^(31-b))),   y_j = min(floor((e_j r + 2^(t-1)) / 2^t), largest code),   t = 31 + b - fraction.
    Other elements, and rows without any, give 0. The value of a result is `y * 2^-fraction`. The table (unsigned, in i32) has an
    entry for every difference of two codes: `round(2^f exp(-scale d))` for a softmax of numbers `scale * q`. `max_terms` bounds the
    size of the axis where that is not static; sums stay below 2^32, which the verifier checks with the largest entry 2^31 - 1
    left to `lpc-prove-integer-ranges`. Error: include/lpc/Numerics/IntegerSoftmax.h.

    Example:
    ```mlir
    %y = lp.int_softmax %q table(%e : tensor<256xi32>) {axis = 1, fraction = 8}
       : tensor<?x64x!lp.int8> -> tensor<?x64x!lp.uint8>
    ```
  }];
  let arguments = (ins Lp_CodeTensor:$input, TensorRankOf<[I32], [1]>:$table, Optional<RankedTensorOf<[I1]>>:$mask,
                       I64Attr:$axis, I64Attr:$fraction, OptionalAttr<I64Attr>:$max_terms);
  let results = (outs Lp_CodeTensor:$output);
  let assemblyFormat = [{
    $input `table` `(` $table `:` type($table) `)` (`mask` `(` $mask^ `:` type($mask) `)`)? attr-dict `:` type($input) `->`
    type($output)
  }];
  let hasVerifier = 1;
}

def Lp_IntNormOp : Lp_IntegerOp<"int_norm"> {
  let summary = "layer or root-mean-square normalization of codes, by exact root and reciprocal";
  let description = [{
    Over the last axis, of n elements:
      layer: d_j = n q_j - sum q      rms: d_j = q_j - zero_in
      V = sum d_j^2 + epsilon,   h = floor(leading zeros of V in 64 bits / 2),   r = floor(2^62 / floor(sqrt(V 4^h)))
      u_j = floor((d_j r + 2^(37-h)) / 2^(38-h))           d_j / sqrt(V) with 24 fraction bits
      y_j = clamp(floor((u_j multiplier_j + bias_j + 2^(shift-1)) / 2^shift) + zero_point, ends of the result)
    The gain, times sqrt(n) and over the result's scale, is in the multiplier; epsilon is in units of V and at least 1. V stays below
    2^62, which the verifier checks. Error: include/lpc/Numerics/IntegerNorm.h.

    Example:
    ```mlir
    %y = lp.int_norm %q, %m, %b {kind = #lp.norm_kind<layer>, epsilon = 12, shift = 40}
       : (tensor<?x64x!lp.int16>, tensor<64xi32>, tensor<64xi64>) -> tensor<?x64x!lp.int8>
    ```
  }];
  let arguments = (ins Lp_CodeTensor:$input, TensorRankOf<[I32], [1]>:$multiplier, TensorRankOf<[I64], [1]>:$bias,
                       Lp_NormKindAttr:$kind, I64Attr:$epsilon, I64Attr:$shift,
                       DefaultValuedAttr<I64Attr, "0">:$zero_in, DefaultValuedAttr<I64Attr, "0">:$zero_point);
  let results = (outs Lp_CodeTensor:$output);
  let assemblyFormat = "$input `,` $multiplier `,` $bias attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // LPC_DIALECTS_LP_IR_LPINTEGEROPS
