// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of operators that slide a window over spatial dimensions.
#ifndef LPC_LIB_CONVERSION_ONNXTONN_HANDLERWINDOWS_H
#define LPC_LIB_CONVERSION_ONNXTONN_HANDLERWINDOWS_H

#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

namespace lpc::onnx_to_nn {

struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  /// All begins, then all ends.
  llvm::SmallVector<int64_t> pads;
  /// Padding of `auto_pad` that depends on sizes known at run time only; empty if there is none.
  std::vector<Poly> runtimePads;
};

/// Reads strides, dilations, pads and auto_pad for an input [N, C, D1..Dn] and a window of these
/// sizes. `forward`: the output shrinks; transposed convolutions resolve auto_pad on their own.
mlir::FailureOr<Window> readWindow(NodeContext &ctx, mlir::Value input,
                                   llvm::ArrayRef<int64_t> kernel, bool forward = true);
/// The same with the window's sizes taken from a filter [M, C, K1..Kn].
mlir::FailureOr<Window> readFilterWindow(NodeContext &ctx, mlir::Value input, mlir::Value filter,
                                         bool forward);
/// Pads the input itself (with `value`, or zero) if the window has run-time padding.
mlir::Value padForWindow(NodeContext &ctx, mlir::Value input, const Window &window,
                         mlir::Value value);

} // namespace lpc::onnx_to_nn

#endif // LPC_LIB_CONVERSION_ONNXTONN_HANDLERWINDOWS_H
