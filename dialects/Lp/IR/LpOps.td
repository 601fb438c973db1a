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
def Lp_AnyZeroPointTensor : RankedTensorOf<[Lp_FormatType, AnySignlessInteger, F32]>;

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
    With s the product of the element's scales (rounded to f32 after each level, first level first; 1 without scales; the
    product of `negative_scales` instead where x < 0, if there are any) and z its zero point, in this order:
      q = fl32(x / s)                       the division rounded once, in f32 (in f64 if x is f64)
      q = fl32(x * r)                       with `reciprocal`: r = fl32(1 / s), limited to the finite floats
      after_rounding (ONNX):   code = encode(round(q) + z)         integers with an integer zero point
      before_rounding (QONNX): code = encode(round(fl32(q + z)))   also real zero points (f32), of any format
    `encode` limits to the format by `overflow`; NaN by `nan` where the format has none. The stochastic roundings take
    `random_bits` bits (8 if absent) of a counter-based generator: a function of `seed` and the row-major index of the element in
    the logical tensor.

    Example:
    ```mlir
    %c = lp.quantize %x scales(%s) {scale = #lp.scale<[*, *]>}
       : tensor<?x64xf32>, (tensor<1x1xf32>) -> tensor<?x64x!lp.int8>
    %d = lp.quantize %x scales(%b, %t) {reciprocal, scale = #lp.scale<[1, 16], [*, *]>}
       : tensor<?x64xf32>, (tensor<?x4x!lp.e4m3>, tensor<1x1xf32>) -> tensor<?x64x!lp.e2m1>
    ```
  }];
  let arguments = (ins Lp_FloatTensor:$input, Variadic<Lp_ScaleTensor>:$scales, Variadic<Lp_ScaleTensor>:$negative_scales,
                       Optional<Lp_AnyZeroPointTensor>:$zero_point, Lp_ScaleAttr:$scale,
                       DefaultValuedAttr<Lp_RoundingAttr, "Rounding::NearestEven">:$rounding,
                       DefaultValuedAttr<Lp_OverflowAttr, "Overflow::Saturate">:$overflow,
                       DefaultValuedAttr<Lp_NaNPolicyAttr, "NaNPolicy::Lowest">:$nan,
                       DefaultValuedAttr<Lp_ZeroPointOrderAttr, "ZeroPointOrder::AfterRounding">:$order,
                       UnitAttr:$reciprocal, OptionalAttr<I64Attr>:$seed, OptionalAttr<I32Attr>:$random_bits);
  let results = (outs Lp_Tensor:$output);
  let builders = [
    OpBuilder<(ins "::mlir::Type":$output, "::mlir::Value":$input, "::mlir::ValueRange":$scales, "::mlir::Value":$zeroPoint,
                   "ScaleAttr":$scale, CArg<"Rounding", "Rounding::NearestEven">:$rounding,
                   CArg<"Overflow", "Overflow::Saturate">:$overflow, CArg<"NaNPolicy", "NaNPolicy::Lowest">:$nan,
                   CArg<"ZeroPointOrder", "ZeroPointOrder::AfterRounding">:$order), [{
      build($_builder, $_state, output, input, scales, ::mlir::ValueRange(), zeroPoint, scale, rounding, overflow, nan, order,
            /*reciprocal=*/false, ::mlir::IntegerAttr(), ::mlir::IntegerAttr());
    }]>];
  let assemblyFormat = [{
    $input `scales` `(` $scales `)` (`negative_scales` `(` $negative_scales^ `:` type($negative_scales) `)`)?
    (`zero_point` `(` $zero_point^ `:` type($zero_point) `)`)? attr-dict `:`
    type($input) (`,` `(` type($scales)^ `)`)? `->` type($output)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{ ::lpc::num::Conversion getConversion(); }];
}

def Lp_DequantizeOp : Lp_Op<"dequantize", [AttrSizedOperandSegments]> {
  let summary = "codes to real numbers";
  let description = [{
    With d = decode(code) (exact; an irrational value rounded to f32), or d the operand itself if that is f32 already (an entry
    of a table, say), s as in `lp.quantize` (`negative_scales` where d < 0), z the zero point, m the product of the element's
    offsets (`offset` says who shares them; rounded to f32 after each level):
      no or integer zero point:   y = fl((d - z) * s)           the difference exact, one rounding to the result type
      real zero point (f32):      y = fl(fl32(d - z) * s)
      offsets:                    y = fl(fl32(fl32((d - z) * s) + m)), the same for a real zero point

    Example:
    ```mlir
    %x = lp.dequantize %c scales(%s) {scale = #lp.scale<[*, *]>}
       : tensor<?x64x!lp.int8>, (tensor<1x1xf32>) -> tensor<?x64xf32>
    %y = lp.dequantize %q scales(%d) offsets(%m : tensor<2x8x!lp.fp16>)
         {scale = #lp.scale<[32, 1]>, offset = #lp.scale<[32, 1]>} : tensor<64x8x!lp.uint4>, (tensor<2x8x!lp.fp16>) -> tensor<64x8xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, Lp_FormatType]>:$input, Variadic<Lp_ScaleTensor>:$scales,
                       Variadic<Lp_ScaleTensor>:$negative_scales,
                       Optional<Lp_AnyZeroPointTensor>:$zero_point, Variadic<Lp_ScaleTensor>:$offsets,
                       Lp_ScaleAttr:$scale, OptionalAttr<Lp_ScaleAttr>:$offset);
  let results = (outs Lp_FloatTensor:$output);
  let builders = [
    OpBuilder<(ins "::mlir::Type":$output, "::mlir::Value":$input, "::mlir::ValueRange":$scales, "::mlir::Value":$zeroPoint,
                   "ScaleAttr":$scale), [{
      build($_builder, $_state, output, input, scales, ::mlir::ValueRange(), zeroPoint, ::mlir::ValueRange(), scale, ScaleAttr());
    }]>];
  let assemblyFormat = [{
    $input `scales` `(` $scales `)` (`negative_scales` `(` $negative_scales^ `:` type($negative_scales) `)`)?
    (`zero_point` `(` $zero_point^ `:` type($zero_point) `)`)? (`offsets` `(` $offsets^ `:` type($offsets) `)`)? attr-dict `:`
    type($input) (`,` `(` type($scales)^ `)`)? `->` type($output)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether the value is a code less an integer, times one product of scales: no offset, real zero point or scale that
    /// depends on the sign.
    bool isLinear();
  }];
}

def Lp_LookupOp : Lp_Op<"lookup"> {
  let summary = "codes through a table that is data";
  let description = [{
    `output[i] = table[i_a, ..., input[i]]`, a the `axes`: the code, read as an unsigned number, selects the entry. The table has
    the operand's sizes along the axes (none: one table for all), then 2^width entries. Entries are real numbers (a learned
    codebook) or codes of any format (a function of a code, computed beforehand); they need not be sorted or distinct. Nothing is
    rounded.

    Example:
    ```mlir
    %x = lp.lookup %c table(%t : tensor<128x16xf32>) axes [1] : tensor<64x128x!lp.uint4> -> tensor<64x128xf32>
    %y = lp.lookup %q table(%f : tensor<256x!lp.int8>) : tensor<?x64x!lp.int8> -> tensor<?x64x!lp.int8>
    ```
  }];
  let arguments = (ins Lp_Tensor:$input, RankedTensorOf<[F32, F16, BF16, F64, Lp_FormatType]>:$table,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$axes);
  let results = (outs RankedTensorOf<[F32, F16, BF16, F64, Lp_FormatType]>:$output);
  let assemblyFormat = [{
    $input `table` `(` $table `:` type($table) `)` (`axes` $axes^)? attr-dict `:` type($input) `->` type($output)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Lp_BlockScaleOp : Lp_Op<"block_scale", [AttrSizedResultSegments]> {
  let summary = "scales chosen at run time from the values of each block";
  let description = [{
    One scale tensor for each level of `scale`, first level first; the outermost levels may be given as `outer` instead. Levels
    are computed from the outermost inward. All steps are in f32, each rounded once. With, for a level, F the element type of
    its result, a the largest |x| of the block, lo and hi the least and largest finite value of `format`, c = hi times the
    largest finite values of the lp formats of all levels inside this one, o the product of the levels outside (1 if none):
      absmax: t = max(fl(fl(a / c) / o), 2^-126), at most max f32 if a is finite; t = 1 if a = 0. For tapered formats, hi in c
              is the largest value with as many fraction bits as any (num::scaleTarget: 15 for hif8 and posit8).
      minmax: u = min(0, min x), v = max(0, max x), t = max(fl(fl(v - u) / fl(hi - lo)), 2^-126), at most max f32 if u and v
              are finite (from halves of u, v and hi - lo where fl(v - u) is not); t = 1 if u = v. An integer zero point is
              clamp(round_half_even(fl(lo - fl(u / s))), lo, hi) (ONNX DynamicQuantizeLinear), clamp(0, lo, hi) if u = v; a
              real one (f32) is fl(lo - fl(u / s)).
      floor:  t = 2^e, e = exponent(a) - emax, the OCP MX rule; emax = floor(log2 hi)
      ceil:   e = exponent(a) - emax, plus 1 if a is no power of two
      even:   e = exponent(a plus half a unit of the element at a) - emax
      rceil:  d = fl(a / hi), e the least with d <= 2^e
      log2:   d as before, e the one with 2^e nearest to d by ratio
      raise:  floor, plus 1 if a / 2^e is at least hi and half of the step below hi
      pow2:   rceil of max(a, 1e-4)
              These: `exponent` is read from the bits of a float (-127 for 0 and subnormals, 128 for infinity), e is limited to
              [-127, 127]; t is NaN for a NaN in the block, and for nothing else.
      nv:     NVIDIA's order of operations. If F is a builtin float: E = min(fl(c / a), max f32), 1 if that is not positive, and
              t = min(fl(1 / E), max f32). If F is an lp format: t = min(fl(a * min(fl(E * fl(1 / c)), max f32)), max F), with E
              of the level outside; E = 1 if there is none, and E = min(fl(1 / o), max f32), 1 if that is not positive, where that level is given.
      nv_divide: nv with t = min(fl(fl(a / c) * E), max F)
    The result is s = t rounded to F, in F's default rounding (nearest even for most formats), saturating (an infinite t stays
    so in builtin floats). Where a t > 0 would become 0, s is the least positive value of F, but with `nv` and `nv_divide`. NaN
    elements are ignored but where stated. Only `absmax`, `nv` and `nv_divide` take several levels, and only `minmax` gives a
    zero point.

    Example:
    ```mlir
    %s = lp.block_scale %x {format = !lp.int8, scale = #lp.scale<[1, *]>} : tensor<?x64xf32> -> tensor<?x1xf32>
    %b, %t = lp.block_scale %x {format = !lp.e2m1, scale = #lp.scale<[1, 16], [*, *]>, rule = #lp.scale_rule<nv>}
           : tensor<?x64xf32> -> tensor<?x4x!lp.e4m3>, tensor<1x1xf32>
    ```
  }];
  let arguments = (ins Lp_FloatTensor:$input, Variadic<Lp_ScaleTensor>:$outer, TypeAttr:$format, Lp_ScaleAttr:$scale,
                       DefaultValuedAttr<Lp_ScaleRuleAttr, "ScaleRule::AbsMax">:$rule);
  let results = (outs Variadic<Lp_ScaleTensor>:$scales, Optional<Lp_AnyZeroPointTensor>:$zero_point);
  let assemblyFormat = [{
    $input (`outer` `(` $outer^ `:` type($outer) `)`)? attr-dict `:` type($input) `->` type($scales)
    (`zero_point` type($zero_point)^)?
  }];
  let hasVerifier = 1;
}

//===- contractions -----------------------------------------------------------------------------------===//

def Lp_MatMulOp : Lp_Op<"matmul", [AttrSizedOperandSegments]> {
  let summary = "a matrix product of codes";
  let description = [{
    `lhs [b..., m, k]` times `rhs [b..., k, n]` (batch dimensions broadcast as in nn.matmul; a 2-D `rhs` serves every batch). Each
    side is codes with scales, or plain floats without. Scales have one level; along the contracted axis they are shared by all
    elements, or by groups. A group of the product has as many elements as divide the groups of both sides: the greatest common
    divisor, the whole axis if neither side has groups. qa, qb are decoded values, za, zb zero points:

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
