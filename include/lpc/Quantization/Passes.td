// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization passes, in the order in which they usually run: observe, (run the compiled model), quantize activations,
// quantize weights, fuse, prove accumulators.
#ifndef LPC_QUANTIZATION_PASSES
#define LPC_QUANTIZATION_PASSES

include "mlir/Pass/PassBase.td"

def InsertObserversPass : Pass<"lpc-insert-observers", "::mlir::func::FuncOp"> {
  let summary = "show the activations of contractions to the calibration hook";
  let description = [{
    Puts an `lp.observe` on the float activation operand of each `nn.matmul` and `nn.conv` whose other operand is a
    constant. Operands that are one value share one observer. Numbers (`id`) follow the order of the ops and do not
    depend on `keep`.

    *Example*: `%y = nn.matmul %x, %w` becomes `%o = lp.observe %x {id = 0}`, `%y = nn.matmul %o, %w`.

    With `channels-last` observers show the channels of convolutions along the last axis, as statistics of channels want
    them (include/lpc/Quantization/ChannelStatistics.h), and contractions read what they read before.

    *Preconditions*: weights are `nn.constant` (constants are folded), or in f64 behind an `nn.cast`. *Does not* look at
    matmuls of two activations.
  }];
  let options = [
    Option<"channelsLast", "channels-last", "bool", "false", "show channels along the last axis, apart from the program">,
    Option<"keep", "keep", "std::string", "\"\"",
           "regular expression over ONNX node names: these contractions stay in float (default: none)">];
  let dependentDialects = ["::lpc::lp::LpDialect", "::lpc::nn::NnDialect"];
}

def QuantizeActivationsPass : Pass<"lpc-quantize-activations", "::mlir::func::FuncOp"> {
  let summary = "turn observers into quantize/dequantize pairs";
  let description = [{
    Each `lp.observe` becomes `lp.quantize`, `lp.dequantize`. One scale for the tensor is a constant from the calibration file
    (ids must be present there). All other structures (tokens, groups, tiles, several levels) get their scales at run time from
    `lp.block_scale` by the format's rule, and no calibration is needed. Convolutions take per-tensor scales only: with another
    structure their observers are dropped with a warning. Tables, offsets, scales that depend on the sign and rules that search
    are for weights only.

    *Example*: `%o = lp.observe %x {id = 0}` becomes
    `%q = lp.quantize %x scales(%s) {scale = #lp.scale<[*, *]>}`, `%o = lp.dequantize %q scales(%s) {scale = #lp.scale<[*, *]>}`.
  }];
  let options = [
    Option<"format", "format", "std::string", "\"int8\"", "format spec of activations, for example int8, uint8/asym, int8/token, mxfp8, nvfp4">,
    Option<"layers", "layers", "std::string", "\"\"",
           "formats by node name, regex=format;regex=format, the first that matches decides; float, or nothing for `format`">,
    Option<"calibration", "calibration", "std::string", "\"\"", "calibration file (JSON) written by `lpc compile --calib`">,
    Option<"method", "method", "std::string", "\"minmax\"",
           "how a static range is chosen: minmax, percentile (99.99 % of the values inside), mse (least squared error)">];
  let dependentDialects = ["::lpc::lp::LpDialect", "::lpc::nn::NnDialect"];
}

def QuantizeWeightsPass : Pass<"lpc-quantize-weights", "::mlir::func::FuncOp"> {
  let summary = "round constant operands of contractions to a format";
  let description = [{
    The constant right operand of each `nn.matmul` and the constant filter of each `nn.conv` becomes an `lp.constant` of codes
    and an `lp.dequantize` with constant scales, in the formats that the spec gives them: of several levels, with zero points,
    offsets or scales for negative numbers, or behind an `lp.lookup` in a learned table. Codes and scales are those of
    include/lpc/Numerics/BlockQuantizer.h by the format's rule. The method mse takes the place of that rule: it searches for the
    least squared error.

    *Example*: `%w = nn.constant ... : tensor<64x10xf32>` with `int8/channel` becomes `lp.constant ... : tensor<64x10x!lp.int8>` and
    `lp.dequantize` with `{scale = #lp.scale<[*, 1]>}`.

    *Does not* touch constants of fewer than `min-elements` elements, nor contractions that match `keep`.
  }];
  let options = [
    Option<"format", "format", "std::string", "\"int8/channel\"", "format spec of weights, for example int4/g128, mxfp4, nvfp4, any4">,
    Option<"layers", "layers", "std::string", "\"\"",
           "formats by node name, regex=format;regex=format, the first that matches decides; float, or nothing for `format`">,
    Option<"method", "method", "std::string", "\"absmax\"", "how a scale is chosen: absmax (the format's own rule) or mse">,
    Option<"minElements", "min-elements", "int64_t", "1", "leave smaller constants in float (elements)">,
    Option<"keep", "keep", "std::string", "\"\"",
           "regular expression over ONNX node names: these contractions stay in float (default: none)">];
  let statistics = [
    Statistic<"numTensors", "tensors", "constants rounded to codes">,
    Statistic<"numElements", "elements", "elements rounded to codes">];
  let dependentDialects = ["::lpc::lp::LpDialect", "::lpc::nn::NnDialect"];
}

def FuseQuantizedOpsPass : Pass<"lpc-fuse-quantized-ops", "::mlir::func::FuncOp"> {
  let summary = "turn contractions of dequantized operands into lp ops with an accumulation contract";
  let description = [{
    `nn.matmul(lp.dequantize(a), lp.dequantize(b))` becomes `lp.matmul(a, b)`: with accumulator `int<64>` where the sum of
    integer images fits, `f32_grouped` where scales change along the contracted axis, `f32_relaxed` where the images are too
    wide (fp16, bf16, two 5-bit exponents) or one side is float. `nn.conv` likewise; its bias becomes an addition.
    The result differs from the operands' exact sum by at most two roundings for `int`, by G fused multiply-adds for
    `f32_grouped`, by `2 K eps sum |a b|` for `f32_relaxed`. Scales of several levels, and scales in a narrow format, become
    one f32 tensor by an `lp.dequantize` of the innermost level, with the roundings of the original; narrow constants stay.

    *Does not* fuse a matmul of two floats, nor operands with offsets, real zero points, tables or scales that depend on the sign:
    these stay dequantized, and the product is `f32_relaxed`.
  }];
  let dependentDialects = ["::lpc::lp::LpDialect", "::lpc::nn::NnDialect"];
}

def ProveAccumulatorsPass : Pass<"lpc-prove-accumulators", "::mlir::func::FuncOp"> {
  let summary = "give each integer accumulator the least width that cannot overflow";
  let description = [{
    For each `lp.matmul` and `lp.conv` with an integer accumulator: the exact range of the sum over the actual codes of a
    constant right operand and all codes of the other. `int<64>` becomes `int<N>` with the least N that holds every partial
    sum in any order. A sum that does not fit the stated width is an error that gives the bound.

    *Example*: `int<64>` of 64 products of int8 activations with weights of absolute sum 1000 becomes `int<18>`.
  }];
  let dependentDialects = ["::lpc::lp::LpDialect"];
}

#endif // LPC_QUANTIZATION_PASSES
