// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes of dialects/Nn/Transforms, in the order in which they usually run.
#ifndef LPC_DIALECTS_NN_TRANSFORMS_PASSES_TD
#define LPC_DIALECTS_NN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def RaiseIdiomsPass : Pass<"nn-raise-idioms"> {
  let summary = "Raise chains of elementary ops to norms, activations, softmax, rotary embeddings and attention";
  let description = [{
    Exporters write norms and activations as chains. These become one op each, equal as functions of real numbers:

    * `x / sqrt(mean(x^2) + e)`, also with `rsqrt`, `reciprocal`, `pow`, or a sum times 1/n: `nn.rms_norm`; of `x - mean(x)`:
      `nn.layer_norm`. A constant gain or shift behind it joins the op, also from behind a cast. The forms `x * (g / root)`,
      `x*s + (b - mean*s)` with `s = g*rsqrt(var + e)`, and `mean(x^2) - mean(x)^2` as the variance.
    * `x * sigmoid(x)`: `silu`; `1 / (1 + exp(-x))`: `sigmoid`.
    * `x/2 * (1 + erf(x/sqrt(2)))` and `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))`, factors in any order: `gelu`,
      `gelu_tanh`. Constants such as sqrt(2) may differ from the exact value by their rounding to the element type.
    * `exp(x - max(x)) / sum(exp(x - max(x)))`, also without the maximum: `nn.softmax`; its logarithm.
    * `x*c + (-b, a)*s` with a and b the halves or the pairs of x, and tables that hold each number twice; `(a*c - b*s, b*c + a*s)`;
      either with a rest behind it: `nn.rope`.
    * `softmax(q k' ...) v` with scales on q, k, both, or the product, a soft cap, masks that are added, chosen or multiplied
      (`s*m - c*(1 - m)`), and keys and values that are repeated for groups of query heads: `nn.attention`.

    A value inside of a chain that something else uses stays.

    Example:

    ```mlir
    %s = nn.unary sigmoid %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %y = nn.binary mul %x, %s : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
    // becomes
    %y = nn.unary silu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
  let options = [Option<"attention", "attention", "bool", "true", "whether attention becomes one op">];
}

def ExpandAttentionPass : Pass<"nn-expand-attention"> {
  let summary = "Take attention and rotary embeddings apart into elementary ops";
  let description = [{
    `nn.attention` becomes `scale * q`, a product with the keys, masks, `nn.softmax` and a product with the values; query heads that
    share a key head are rows of one product. `nn.rope` becomes slices, products, sums and a concat. The bits of the results stay.
    Pipelines run it before quantization and lowering, which know neither op.

    Example:

    ```mlir
    %y = nn.rope %x, %c, %s : (tensor<4x8xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
    // becomes two slices %a and %b of %x, and
    %y = nn.concat %ac_minus_bs, %bc_plus_as {axis = 1} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
    ```
  }];
  let dependentDialects = ["::lpc::nn::NnDialect", "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // LPC_DIALECTS_NN_TRANSFORMS_PASSES_TD
