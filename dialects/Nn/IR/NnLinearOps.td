// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Contractions: matmul, convolutions, rotations.
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

def Nn_RotateOp : Nn_InferredOp<"rotate", [AttrSizedOperandSegments]> {
  let summary = "multiplication along an axis by an orthogonal matrix";
  let description = [{
    `output = R input` along `axis`, with `R = (I (x) H / sqrt(order) (x) matrix (x) I_inner) diag(signs)`; with `inverse`, `R'`.
    `H` is the Hadamard matrix of that order in include/lpc/Numerics/Hadamard.h, a Walsh matrix of order 2^k times a core of
    order c. `matrix` [m, m] (absent: 1) is to be orthogonal, `signs` [n] (absent: ones) are to be 1 or -1; `order m inner`
    divides the size n of the axis, which is static. Without operands and with order 1 it is the identity.

    The bits of f32 and f64 are fixed, and narrower floats are computed in f32 and rounded once: product with the signs; `matrix`,
    then the core, each by sums that start at 0 with one fused multiply-add per element, ascending; k stages that replace a pair
    (a, b) by (a + b, a - b), whose distances are c, 2 c, 4 c, ... times `m inner`; one multiplication by `1/sqrt(order)`, itself
    rounded. The inverse takes the transposed matrix and core, and the signs last. Where only f64 values count, so does no order.

    Example: `%y = nn.rotate %x {axis = 1 : i64, order = 64 : i64} : (tensor<?x704xf32>) -> tensor<?x704xf32>`
  }];
  let arguments = (ins Nn_FloatTensor:$input, Optional<Nn_FloatTensor>:$matrix, Optional<Nn_FloatTensor>:$signs, I64Attr:$axis,
                       DefaultValuedAttr<I64Attr, "1">:$order, DefaultValuedAttr<I64Attr, "1">:$inner,
                       DefaultValuedAttr<BoolAttr, "false">:$inverse);
  let results = (outs Nn_FloatTensor:$output);
  let assemblyFormat = [{
    $input (`matrix` $matrix^)? (`signs` $signs^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // LPC_DIALECTS_NN_IR_NNLINEAROPS
