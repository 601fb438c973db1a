// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions, scans, normalizations, softmax, pooling.
#ifndef LPC_DIALECTS_NN_IR_NNREDUCTIONOPS
#define LPC_DIALECTS_NN_IR_NNREDUCTIONOPS

include "dialects/Nn/IR/NnBase.td"

def Nn_ReduceOp : Nn_InferredOp<"reduce"> {
  let summary = "a reduction over axes";
  let description = [{
    Combines the elements along `axes` (ascending, no repeats; none: every element on its own). With `keep_dims` the reduced
    dimensions stay with size 1. Sums and means are exact, rounded once; integer sums and products wrap; `mean` of integers
    truncates toward zero. The reduction of nothing is 0, 1, the lowest value (`max`), the highest (`min`), NaN for `mean`.
    `max`, `min` propagate NaN; on `i1` they are "any" and "all".

    Example: `%y = nn.reduce mean %x {axes = array<i64: 2, 3>} : (tensor<?x8x4x4xf32>) -> tensor<?x8xf32>`
  }];
  let arguments = (ins Nn_ReduceKindAttr:$kind, Nn_Tensor:$input, DenseI64ArrayAttr:$axes,
                       DefaultValuedAttr<BoolAttr, "false">:$keep_dims);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "`` $kind $input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ArgReduceOp : Nn_InferredOp<"arg_reduce"> {
  let summary = "the position of the largest or smallest element along an axis";
  let description = [{
    `kind` is `max` or `min`. Among equal elements the first position, or the last with `select_last`. The result is `i64`.
  }];
  let arguments = (ins Nn_ReduceKindAttr:$kind, Nn_Tensor:$input, I64Attr:$axis,
                       DefaultValuedAttr<BoolAttr, "false">:$keep_dims, DefaultValuedAttr<BoolAttr, "false">:$select_last);
  let results = (outs RankedTensorOf<[I64]>:$output);
  let assemblyFormat = "`` $kind $input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ScanOp : Nn_InferredOp<"scan"> {
  let summary = "running sums or products along an axis";
  let description = [{
    `output[i] = input[0] kind ... kind input[i]` along the axis, in ascending order (descending with `reverse`), each step
    rounded; `exclusive` leaves out element i. `kind` is `sum` or `prod`.
  }];
  let arguments = (ins Nn_ReduceKindAttr:$kind, Nn_Tensor:$input, I64Attr:$axis,
                       DefaultValuedAttr<BoolAttr, "false">:$exclusive, DefaultValuedAttr<BoolAttr, "false">:$reverse);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "`` $kind $input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_TopKOp : Nn_Op<"top_k"> {
  let summary = "the k largest or smallest elements along an axis";
  let description = [{
    Results are sorted, best first; among equal elements the lower position comes first. `k` is given by the result type, or
    by the operand where that dimension is `?`. The second result holds the positions.
  }];
  let arguments = (ins Nn_Tensor:$input, Optional<Index>:$k, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "true">:$largest);
  let results = (outs Nn_Tensor:$values, RankedTensorOf<[I64]>:$indices);
  let hasVerifier = 1;
}

def Nn_SoftmaxOp : Nn_InferredOp<"softmax"> {
  let summary = "softmax along an axis";
  let description = [{
    `output[i] = exp(input[i] - m) / sum_j exp(input[j] - m)`, `m = max_j input[j]`; exact but for one rounding of the result.
    With `log`: the logarithm of that, `input[i] - m - log(sum_j exp(input[j] - m))`.
  }];
  let arguments = (ins Nn_FloatTensor:$input, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$log);
  let results = (outs Nn_FloatTensor:$output);
  let hasVerifier = 1;
}

def Nn_LayerNormOp : Nn_InferredOp<"layer_norm", [AttrSizedOperandSegments]> {
  let summary = "layer normalization over the last axes";
  let description = [{
    Over the dimensions from `axis` on: `output = (input - mean) / sqrt(var + epsilon) * scale + bias` with the biased
    variance; `scale` and `bias` (each optional) broadcast to the input.
  }];
  let arguments = (ins Nn_FloatTensor:$input, Optional<Nn_FloatTensor>:$scale, Optional<Nn_FloatTensor>:$bias,
                       I64Attr:$axis, F64Attr:$epsilon);
  let results = (outs Nn_FloatTensor:$output);
  let hasVerifier = 1;
}

def Nn_RMSNormOp : Nn_InferredOp<"rms_norm"> {
  let summary = "root-mean-square normalization over the last axes";
  let description = [{
    Over the dimensions from `axis` on: `output = input / sqrt(mean(input^2) + epsilon) * scale`; `scale` (optional)
    broadcasts to the input.
  }];
  let arguments = (ins Nn_FloatTensor:$input, Optional<Nn_FloatTensor>:$scale, I64Attr:$axis, F64Attr:$epsilon);
  let results = (outs Nn_FloatTensor:$output);
  let hasVerifier = 1;
}

def Nn_PoolOp : Nn_InferredOp<"pool"> {
  let summary = "pooling over windows of the spatial dimensions";
  let description = [{
    Input `[N, C, D1..Dn]`. Output position o along spatial dimension d covers inputs
    `o*strides[d] - pads[d] + k*dilations[d]`, k in [0, kernel[d]). `pads` holds n begins, then n ends; an end may be more than
    the window needs (ceil mode). `max` skips padding; `avg` divides by the number of covered input elements, or with
    `count_include_pad` by the number of covered positions inside the padded input (`counted_pads`, where given, replaces `pads` for this count: ceil mode adds ends that do not count).
    Output size: `floor((D + begin + end - dilation*(kernel-1) - 1) / stride) + 1`.
  }];
  let arguments = (ins Nn_PoolKindAttr:$kind, Nn_Tensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<BoolAttr, "false">:$count_include_pad,
                       OptionalAttr<DenseI64ArrayAttr>:$counted_pads);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "`` $kind $input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // LPC_DIALECTS_NN_IR_NNREDUCTIONOPS
