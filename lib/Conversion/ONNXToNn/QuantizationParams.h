// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scale and zero point inputs of the quantization operators, in the form of the lp dialect.
#ifndef LPC_LIB_CONVERSION_ONNXTONN_QUANTIZATIONPARAMS_H
#define LPC_LIB_CONVERSION_ONNXTONN_QUANTIZATIONPARAMS_H

#include "dialects/Lp/IR/Lp.h"
#include "lib/Conversion/ONNXToNn/HandlerChecks.h"

namespace lpc::onnx_to_nn {

/// Scale and zero point of a tensor. Both have the tensor's rank and the shape that `structure`
/// asks for.
struct QuantParams {
  lp::ScaleAttr structure;
  mlir::Value scale;     ///< f32
  mlir::Value zeroPoint; ///< of the builtin type of the codes; null for zero
};

/// Where the scale and zero point of a tensor are, and how they lie along it.
struct QuantInputs {
  unsigned scale, zeroPoint; ///< Positions of the inputs; the zero point may be absent.
  int64_t axis = 0;          ///< Of parameters of rank 1, and of blocks.
  int64_t blockSize = 0;     ///< 0: parameters of rank 1 or one element.
  bool anyShape =
      false; ///< Parameters of the tensor's rank: one for each index where their size is not 1.
};

/// Reads the parameters of a tensor of shape `data` whose codes have the builtin type `code`.
mlir::FailureOr<QuantParams> readQuantParams(NodeContext &ctx, mlir::Value data, mlir::Type code,
                                             const QuantInputs &inputs);

/// True if lpc stores codes of this builtin type: integers of 2 to 16 bits, 8-bit floats,
/// float4e2m1.
bool isCodeType(mlir::Type element);

/// Codes of a builtin type as codes of the lp format, and back.
mlir::Value toCodes(NodeContext &ctx, mlir::Value v);
mlir::Value fromCodes(NodeContext &ctx, mlir::Value v, mlir::Type builtin);

/// x as numbers of type `code`. `saturate` as the attribute of QuantizeLinear: it matters for 8-bit
/// floats only.
mlir::Value quantize(NodeContext &ctx, mlir::Value x, const QuantParams &p, mlir::Type code,
                     bool saturate = true);
/// (x - zero point) * scale, of type `result`.
mlir::Value dequantize(NodeContext &ctx, mlir::Value x, const QuantParams &p, mlir::Type result);

/// Codes and parameters that are chosen at run time.
struct QuantizedDynamically {
  mlir::Value codes;
  QuantParams params;
};
/// DynamicQuantizeLinear: x as ui8, per tensor, over the range of its values and 0.
QuantizedDynamically quantizeDynamically(NodeContext &ctx, mlir::Value x);

/// Input `data`, of codes, as f32 numbers with the parameters that `inputs` finds.
mlir::FailureOr<mlir::Value> dequantizedInput(NodeContext &ctx, unsigned data,
                                              const QuantInputs &inputs);
/// Makes `y` result 0, as codes of type `code` with the parameters that `inputs` finds.
mlir::LogicalResult setQuantizedOutput(NodeContext &ctx, mlir::Value y, mlir::Type code,
                                       const QuantInputs &inputs);
/// The given ones of these inputs are codes; one type for all.
mlir::LogicalResult checkCodes(NodeContext &ctx, llvm::ArrayRef<unsigned> inputs, bool floats);
/// numpy's matmul: operands of rank 1 are a row or a column, whose dimension the result lacks. Null
/// if refused.
mlir::Value numpyMatMul(NodeContext &ctx, mlir::Value a, mlir::Value b);

void populateQONNX(Registry &); // QONNX.cpp, called by populateQuantization

} // namespace lpc::onnx_to_nn

#endif // LPC_LIB_CONVERSION_ONNXTONN_QUANTIZATIONPARAMS_H
