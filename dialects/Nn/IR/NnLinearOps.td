// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Contractions: matmul and convolutions.
#ifndef LPC_DIALECTS_NN_IR_NNLINEAROPS
#define LPC_DIALECTS_NN_IR_NNLINEAROPS

include "dialects/Nn/IR/NnBase.td"

def Nn_MatMulOp : Nn_InferredOp<"matmul", [AllElementTypesMatch<["lhs", "rhs"]>]> {
  let summary = "a batched matrix product";
  let description = [{
    `output[b..., m, n] = sum_k lhs[b..., m, k] * rhs[b..., k, n]`; both ranks are at least 2; the batch dimensions broadcast.
    `transpose_rhs` reads `rhs[b..., n, k]`. Float sums are exact, rounded once (CPU: any order, error at most
    `2 K eps sum |a b|`); integer sums wrap.

    Example: `%y = nn.matmul %x, %w : (tensor<?x64xf32>, tensor<64x10xf32>) -> tensor<?x10xf32>`
  }];
  let arguments = (ins Nn_Tensor:$lhs, Nn_Tensor:$rhs, DefaultValuedAttr<BoolAttr, "false">:$transpose_rhs);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

def Nn_ConvOp : Nn_InferredOp<"conv", [AllElementTypesMatch<["input", "filter"]>]> {
  let summary = "a convolution (cross-correlation)";
  let description = [{
    Input `[N, C, D1..Dn]`, filter `[M, C/groups, K1..Kn]`, optional bias `[M]`, output `[N, M, E1..En]`:
    `output[n, m, e] = bias[m] + sum_{c, k} padded[n, g*C/groups + c, e*strides + k*dilations] * filter[m, c, k]`, `g` the group
    of m. `pads` holds n begins, then n ends, of zeros. Sums as in `nn.matmul`.
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$filter, Optional<Nn_Tensor>:$bias, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

def Nn_ConvTransposeOp : Nn_InferredOp<"conv_transpose", [AllElementTypesMatch<["input", "filter"]>]> {
  let summary = "a transposed convolution";
  let description = [{
    Input `[N, C, D1..Dn]`, filter `[C, M/groups, K1..Kn]`, optional bias `[M]`. Each input element adds its filter, times its
    value, at output position `d*strides + k*dilations - pads`; output size
    `(D-1)*stride + dilation*(K-1) + 1 + output_padding - begin - end`. Sums as in `nn.matmul`.
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$filter, Optional<Nn_Tensor>:$bias, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$output_padding,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs Nn_Tensor:$output);
  let hasVerifier = 1;
}

#endif // LPC_DIALECTS_NN_IR_NNLINEAROPS
