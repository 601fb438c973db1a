// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes what the quantization passes decided back into the ONNX file that a module came from.
#ifndef LPC_EXPORT_ONNX_EXPORT_H
#define LPC_EXPORT_ONNX_EXPORT_H

#include "lpc/Numerics/Format.h"

#include "mlir/IR/BuiltinOps.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lpc {

/// One level of scales, row-major in `shape`; see lp::ScaleAttr for `block`.
struct ExportScale {
  const num::Format *format = nullptr; ///< null: f32
  std::vector<int64_t> block, shape;
  std::vector<float> values;   ///< decoded
  std::vector<uint16_t> codes; ///< with a format
};

/// A constant weight in a format: [..., k, n] of a matmul, [m, c, window...] of a convolution.
struct ExportWeight {
  const num::Format *format = nullptr;
  std::vector<int64_t> shape;
  std::vector<uint16_t> codes;
  std::vector<ExportScale> scales; ///< innermost first
  std::vector<int32_t> zeros;      ///< on the grid of scales[0]; empty: none
  bool isF32 = true;               ///< else the model computes with 16-bit floats
};

/// An activation with one static scale.
struct ExportActivation {
  const num::Format *format = nullptr;
  float scale = 1;
  int32_t zero = 0;
  bool hasZero = false;
};

/// What becomes of one node of the file.
struct ExportNode {
  std::string name;   ///< for messages
  std::string output; ///< its first output, which no other node has
  bool isConv = false;
  std::shared_ptr<const ExportWeight> weight; ///< null: stays as it is
  std::optional<ExportActivation> activation;
};

/// Why nothing is written: one sentence.
struct ExportError {
  enum class Kind { Io, Unsupported, Malformed, Limit };
  Kind kind = Kind::Unsupported;
  std::string message;

  /// Exit code of the command line: 2, 3, 4 or 5.
  int getExitCode() const { return static_cast<int>(kind) + 2; }
};

enum class ExportForm {
  QDQ,  ///< QuantizeLinear and DequantizeLinear of the standard
  QONNX ///< Quant, BipolarQuant and FloatQuant of qonnx.custom_op.general
};

/// The contractions of a module of nn and quantize/dequantize pairs, before they are fused. The
/// module must come from an ONNX file, whose nodes its locations name.
mlir::FailureOr<std::vector<ExportNode>> collectQuantized(mlir::ModuleOp module,
                                                          ExportError &error);

/// Copies the model at `input` to `output`. The weights of `nodes` become codes with their scales,
/// their activations pass through a pair of nodes; what else the file holds stays as it is, but for
/// the version of the operator set and weights that nothing reads any more.
mlir::LogicalResult exportQuantized(llvm::StringRef input, llvm::StringRef output,
                                    llvm::ArrayRef<ExportNode> nodes, ExportForm form,
                                    ExportError &error);

} // namespace lpc

#endif // LPC_EXPORT_ONNX_EXPORT_H
