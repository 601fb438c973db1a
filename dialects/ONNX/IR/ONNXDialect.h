// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `onnx` dialect and its types.
#ifndef LPC_DIALECTS_ONNX_IR_ONNXDIALECT_H
#define LPC_DIALECTS_ONNX_IR_ONNXDIALECT_H

#include "mlir/IR/Dialect.h"
#include "mlir/IR/Types.h"

#include "dialects/ONNX/IR/ONNXDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/ONNX/IR/ONNXTypes.h.inc"

#endif // LPC_DIALECTS_ONNX_IR_ONNXDIALECT_H
