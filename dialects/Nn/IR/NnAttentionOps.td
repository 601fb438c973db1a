// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention and rotary embeddings: composites that the legality engine sees as one op. nn-expand-attention takes them apart.
#ifndef LPC_DIALECTS_NN_IR_NNATTENTIONOPS
#define LPC_DIALECTS_NN_IR_NNATTENTIONOPS

include "dialects/Nn/IR/NnBase.td"

def Nn_RopeOp : Nn_InferredOp<"rope", [AllElementTypesMatch<["input", "cosines", "sines"]>]> {
  let summary = "a rotary embedding: pairs of the last axis turned by angles";
  let description = [{
    `cosines` and `sines` have a last dimension of one size n and broadcast to `[input.shape[:-1], n]`. With `a = input[i]`,
    `b = input[n + i]`, `c = cosines[i]`, `s = sines[i]`, i below n:

    `output[i] = a*c - b*s`, `output[n + i] = b*c + a*s`; elements from 2n on stay. `interleaved` pairs `input[2i]` with
    `input[2i + 1]` instead. This is ONNX's RotaryEmbedding with its tables looked up and its heads split. The numbers need not be
    cosines and sines. Each product and each sum is rounded.

    Example: `%y = nn.rope %x, %c, %s : (tensor<?x8x?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x8x?x32xf32>`
  }];
  let arguments = (ins Nn_FloatTensor:$input, Nn_FloatTensor:$cosines, Nn_FloatTensor:$sines,
                       DefaultValuedAttr<BoolAttr, "false">:$interleaved);
  let results = (outs Nn_FloatTensor:$output);
  let extraClassDeclaration = [{
    /// The number of pairs that turn.
    int64_t getNumPairs() {
      return ::llvm::cast<::mlir::RankedTensorType>(getCosines().getType()).getShape().back();
    }
  }];
}

def Nn_AttentionOp : Nn_InferredOp<"attention", [AttrSizedOperandSegments,
                                                 AllElementTypesMatch<["query", "key", "value"]>]> {
  let summary = "scaled dot-product attention over split heads";
  let description = [{
    Query `[b..., h, t, d]`, key `[b..., g, s, d]`, value `[b..., g, s, e]`, output `[b..., h, t, e]`; g divides h, and query head
    i reads key and value head `i / (h / g)`. In this order:

    * `scores = scale * query key'`, per head `[t, s]`;
    * with a positive `softcap`: `scores = softcap * tanh(scores / softcap)`;
    * `keep` (`i1`, broadcasts to `[b..., h, t, s]`): where it is false the score is `fill`;
    * `causal`: the score of row i and column j is -inf where `j > i + s - t`;
    * `bias` (broadcasts alike) is added;
    * `output = softmax(scores) value`, the softmax over each row.

    Each step rounds its result. This is the core of ONNX's Attention, after heads are split and a cache is put before keys and values.

    Example:
    `%y = nn.attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>, scale = 0.25 : f64} :
     (tensor<?x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) -> tensor<?x4x?x16xf32>`
  }];
  let arguments = (ins Nn_FloatTensor:$query, Nn_FloatTensor:$key, Nn_FloatTensor:$value, Optional<Nn_BoolTensor>:$keep,
                       Optional<Nn_FloatTensor>:$bias, F64Attr:$scale, DefaultValuedAttr<F64Attr, "0.0">:$softcap,
                       DefaultValuedAttr<F64Attr, "-std::numeric_limits<double>::infinity()">:$fill,
                       DefaultValuedAttr<BoolAttr, "false">:$causal);
  let results = (outs Nn_FloatTensor:$output);
  let hasVerifier = 1;
}

#endif // LPC_DIALECTS_NN_IR_NNATTENTIONOPS
