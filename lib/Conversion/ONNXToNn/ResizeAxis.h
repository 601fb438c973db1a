// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What Resize does to one axis, shared by the form for known sizes and the one for sizes known at
// run time.
#ifndef LPC_LIB_CONVERSION_ONNXTONN_RESIZEAXIS_H
#define LPC_LIB_CONVERSION_ONNXTONN_RESIZEAXIS_H

#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

namespace lpc::onnx_to_nn {

struct ResizeMode {
  std::string mode, coordinates, nearest;
  double cubicA = -0.75, extrapolation = 0;
  bool antialias = false, excludeOutside = false;
};

/// What happens to one axis. A scale, and a region of interest, is a number or an f64 scalar of the
/// program.
struct AxisPlan {
  int64_t axis = 0;
  Poly output;
  double scale = 1;
  mlir::Value scaleValue;
  double roiStart = 0, roiEnd = 1;
  mlir::Value roiStartValue, roiEndValue;
};

/// Resizes an axis where its size, the scale or the region is known at run time only. Without
/// antialiasing.
mlir::Value resizeAxisAtRunTime(NodeContext &ctx, const ResizeMode &mode, const AxisPlan &plan,
                                mlir::Value x);

} // namespace lpc::onnx_to_nn

#endif // LPC_LIB_CONVERSION_ONNXTONN_RESIZEAXIS_H
