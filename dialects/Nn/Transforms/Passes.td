// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes of dialects/Nn/Transforms, in the order in which they usually run.
#ifndef LPC_DIALECTS_NN_TRANSFORMS_PASSES_TD
#define LPC_DIALECTS_NN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def RaiseIdiomsPass : Pass<"nn-raise-idioms"> {
  let summary = "Raise chains of elementary ops to norms, activations and softmax";
  let description = [{
    Exporters write norms and activations as chains. These become one op each, equal as functions of real numbers:

    * `x / sqrt(mean(x^2) + e)`, also with `rsqrt`, `reciprocal`, `pow`, or a sum times 1/n: `nn.rms_norm`; of `x - mean(x)`:
      `nn.layer_norm`. A constant gain or shift behind it joins the op. The form `x*s + (b - mean*s)` with `s = g*rsqrt(var + e)`.
    * `x * sigmoid(x)`: `silu`; `1 / (1 + exp(-x))`: `sigmoid`.
    * `x/2 * (1 + erf(x/sqrt(2)))` and `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))`, factors in any order: `gelu`,
      `gelu_tanh`. Constants such as sqrt(2) may differ from the exact value by their rounding to the element type.
    * `exp(x - max(x)) / sum(exp(x - max(x)))`, also without the maximum: `nn.softmax`; its logarithm.

    A value inside of a chain that something else uses stays.

    Example:

    ```mlir
    %s = nn.unary sigmoid %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %y = nn.binary mul %x, %s : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
    // becomes
    %y = nn.unary silu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
    ```
  }];
}

#endif // LPC_DIALECTS_NN_TRANSFORMS_PASSES_TD
