// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations of the lp dialect.
#ifndef LPC_DIALECTS_LP_IR_LPOPS
#define LPC_DIALECTS_LP_IR_LPOPS

include "dialects/Lp/IR/LpAttributes.td"
include "dialects/Lp/IR/LpTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Lp_AnyTensor : RankedTensorOf<[AnyType]>;
def Lp_Tensor : RankedTensorOf<[Lp_FormatType]>;
def Lp_FloatTensor : RankedTensorOf<[F32, F16, BF16, F64]>;
def Lp_ScaleTensor : RankedTensorOf<[F32, F16, BF16, F64, Lp_FormatType]>;
def Lp_ZeroPointTensor : RankedTensorOf<[Lp_FormatType, AnySignlessInteger]>;

class Lp_Op<string mnemonic, list<Trait> traits = []>
    : Op<Lp_Dialect, mnemonic, !listconcat(
        [Pure, DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>], traits)>;

//===- values and borders -----------------------------------------------------------------------------===//

def Lp_ConstantOp : Op<Lp_Dialect, "constant", [Pure, ConstantLike, AllTypesMatch<["value", "output"]>]> {
  let summary = "codes known at compile time";
  let description = [{
    The blob holds the codes as a bit stream, element i (row-major) in bits `[i*width, (i+1)*width)`, low bits first; the
    last byte is filled with zeros. Blobs are neither uniqued nor copied.

    Example: `%w = lp.constant dense_resource<w> : tensor<64x128x!lp.int4>`
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Lp_Tensor:$output);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Lp_BitcastOp : Lp_Op<"bitcast"> {
  let summary = "codes as stored data of a builtin type, or back";
  let description = [{
    The bits of each element stay; one side has an lp format, the other a builtin integer or float of the same width.
    Used where a program meets its caller.

    Example: `%c = lp.bitcast %x : tensor<4xui8> -> tensor<4x!lp.uint8>`
  }];
  let arguments = (ins Lp_AnyTensor:$input);
  let results = (outs Lp_AnyTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===- conversions ------------------------------------------------------------------------------------===//

def Lp_QuantizeOp : Lp_Op<"quantize", [AttrSizedOperandSegments]> {
  let summary = "real numbers to codes";
  let description = [{
    With s the product of the element's scales (rounded to f32 after each level, first level first) and z its zero point (0
    if absent), in this order:
      q = fl32(x / s)                       the division rounded once, in f32 (in f64 if x is f64)
      after_rounding (ONNX):   code = encode(round(q) + z)     integers; minifloats have no zero point
      before_rounding (QONNX): code = encode(round(fl32(q + z)))
    `encode` limits to the format by `overflow`; NaN by `nan` where the format has none. No scales: s = 1.

    Example:
    ```mlir
    %c = lp.quantize %x scales(%s) {scale = #lp.scale<[*, *]>}
       : tensor<?x64xf32>, (tensor<1x1xf32>) -> tensor<?x64x!lp.int8>
    ```
  }];
  let arguments = (ins Lp_FloatTensor:$input, Variadic<Lp_ScaleTensor>:$scales, Optional<Lp_ZeroPointTensor>:$zero_point,
                       Lp_ScaleAttr:$scale,
                       DefaultValuedAttr<Lp_RoundingAttr, "Rounding::NearestEven">:$rounding,
                       DefaultValuedAttr<Lp_OverflowAttr, "Overflow::Saturate">:$overflow,
                       DefaultValuedAttr<Lp_NaNPolicyAttr, "NaNPolicy::Lowest">:$nan,
                       DefaultValuedAttr<Lp_ZeroPointOrderAttr, "ZeroPointOrder::AfterRounding">:$order);
  let results = (outs Lp_Tensor:$output);
  let assemblyFormat = [{
    $input `scales` `(` $scales `)` (`zero_point` `(` $zero_point^ `:` type($zero_point) `)`)? attr-dict `:`
    type($input) (`,` `(` type($scales)^ `)`)? `->` type($output)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{ ::lpc::num::Conversion getConversion(); }];
}

def Lp_DequantizeOp : Lp_Op<"dequantize", [AttrSizedOperandSegments]> {
  let summary = "codes to real numbers";
  let description = [{
    `output = fl((decode(code) - z) * s)`: the difference is exact; s as in `lp.quantize`; one rounding to the result type.

    Example:
    ```mlir
    %x = lp.dequantize %c scales(%s) {scale = #lp.scale<[*, *]>}
       : tensor<?x64x!lp.int8>, (tensor<1x1xf32>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Lp_Tensor:$input, Variadic<Lp_ScaleTensor>:$scales, Optional<Lp_ZeroPointTensor>:$zero_point,
                       Lp_ScaleAttr:$scale);
  let results = (outs Lp_FloatTensor:$output);
  let assemblyFormat = [{
    $input `scales` `(` $scales `)` (`zero_point` `(` $zero_point^ `:` type($zero_point) `)`)? attr-dict `:`
    type($input) (`,` `(` type($scales)^ `)`)? `->` type($output)
  }];
  let hasVerifier = 1;
}

def Lp_BlockScaleOp : Lp_Op<"block_scale"> {
  let summary = "scales chosen at run time from the values of each block";
  let description = [{
    For each block of `scale` (one level), with lo and hi the least and largest finite value of `format`, in f32:
      absmax: s = fl32(max|x| / hi); the zero point is 0.
      minmax: a = min(0, min x), b = max(0, max x), s = fl32(fl32(b - a) / (hi - lo)),
              z = clamp(round_half_even(fl32(lo - fl32(a / s))), lo, hi)    (ONNX DynamicQuantizeLinear)
    A block of zeros has s = 1 and z = clamp(0, lo, hi). NaN elements are ignored. `minmax` needs an integer format and gives the
    zero point as a second result.

    Example:
    ```mlir
    %s = lp.block_scale %x {format = !lp.int8, scale = #lp.scale<[1, *]>} : tensor<?x64xf32> -> tensor<?x1xf32>
    ```
  }];
  let arguments = (ins Lp_FloatTensor:$input, TypeAttr:$format, Lp_ScaleAttr:$scale,
                       DefaultValuedAttr<Lp_ScaleRuleAttr, "ScaleRule::AbsMax">:$rule);
  let results = (outs Lp_FloatTensor:$scales, Optional<Lp_ZeroPointTensor>:$zero_point);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($scales) (`,` type($zero_point)^)?";
  let hasVerifier = 1;
}

//===- contractions -----------------------------------------------------------------------------------===//

def Lp_MatMulOp : Lp_Op<"matmul", [AttrSizedOperandSegments]> {
  let summary = "a matrix product of codes";
  let description = [{
    `lhs [b..., m, k]` times `rhs [b..., k, n]` (batch dimensions broadcast as in nn.matmul; a 2-D `rhs` serves every batch). Each
    side is codes with scales, or plain floats without. Scales have one level; along the contracted axis they are shared by all
    elements, or by groups of g. With G the groups (one if neither side has groups), qa, qb decoded values, za, zb zero points:

    `int<N>`, one group:
      acc = sum_k (qa - za)(qb - zb)            exact
      y = fl32(fl32(acc) * fl32(sa * sb))
    `f32_grouped`: y_0 = +0; for groups ascending:
      acc_g = sum_{k in g} (qa - za)(qb - zb)   exact, an integer times a power of two that fits N <= 64 bits
      y = fma32(fl32(acc_g), fl32(sa_g * sb_g), y)
    `f32_relaxed`: y = sum_k fl32((qa - za) sa) * fl32((qb - zb) sb), f32, any order; a scale that several terms share may be
    applied to their sum instead; required if a side is float.

    An absent scale is 1. The result is `f32`.

    Example:
    ```mlir
    %y = lp.matmul %x scale %xs, %w scale %ws
           {lhs_block = #lp.scale<[*, *]>, rhs_block = #lp.scale<[*, 1]>, accumulator = #lp.acc<int<21>>}
         : (tensor<?x64x!lp.int8>, tensor<1x1xf32>, tensor<64x10x!lp.int8>, tensor<1x10xf32>) -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Lp_AnyTensor:$lhs, Optional<Lp_FloatTensor>:$lhs_scale, Optional<Lp_ZeroPointTensor>:$lhs_zero_point,
                       Lp_AnyTensor:$rhs, Optional<Lp_FloatTensor>:$rhs_scale, Optional<Lp_ZeroPointTensor>:$rhs_zero_point,
                       OptionalAttr<Lp_ScaleAttr>:$lhs_block, OptionalAttr<Lp_ScaleAttr>:$rhs_block,
                       Lp_AccumulatorAttr:$accumulator);
  let results = (outs RankedTensorOf<[F32]>:$output);
  let assemblyFormat = [{
    $lhs (`scale` $lhs_scale^)? (`zero_point` $lhs_zero_point^)? `,` $rhs (`scale` $rhs_scale^)?
    (`zero_point` $rhs_zero_point^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Lp_ConvOp : Lp_Op<"conv", [AttrSizedOperandSegments]> {
  let summary = "a convolution of codes";
  let description = [{
    Shapes as in `nn.conv` (input `[N, C, D...]`, filter `[M, C/groups, K...]`). The input has one scale and zero point per tensor; the
    filter one per tensor or per output channel. Padding has the value of the input's zero point, so that it contributes nothing:
      acc = sum (qx - zx)(qw - zw)            exact (`int<N>`)
      y = fl32(fl32(acc) * fl32(sx * sw))
    or, `f32_relaxed`, sums of the dequantized products in f32 in any order; required if the input is float.
  }];
  let arguments = (ins Lp_AnyTensor:$input, Optional<Lp_FloatTensor>:$input_scale, Optional<Lp_ZeroPointTensor>:$input_zero_point,
                       Lp_Tensor:$filter, Optional<Lp_FloatTensor>:$filter_scale, Optional<Lp_ZeroPointTensor>:$filter_zero_point,
                       OptionalAttr<Lp_ScaleAttr>:$input_block, OptionalAttr<Lp_ScaleAttr>:$filter_block,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups, Lp_AccumulatorAttr:$accumulator);
  let results = (outs RankedTensorOf<[F32]>:$output);
  let assemblyFormat = [{
    $input (`scale` $input_scale^)? (`zero_point` $input_zero_point^)? `,` $filter (`scale` $filter_scale^)?
    (`zero_point` $filter_zero_point^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

//===- calibration ------------------------------------------------------------------------------------===//

def Lp_ObserveOp : Op<Lp_Dialect, "observe", [AllTypesMatch<["input", "output"]>]> {
  let summary = "a tensor shown to the calibration hook";
  let description = [{
    The result is the operand. Compiled code passes the elements (f32, row-major) and `id` to the runtime's observer. The
    op has a side effect and stays in order.
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$input, I64Attr:$id);
  let results = (outs RankedTensorOf<[F32]>:$output);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

#endif // LPC_DIALECTS_LP_IR_LPOPS
