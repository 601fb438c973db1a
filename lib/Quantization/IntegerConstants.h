// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants of integer-only programs, and the scales of codes.
#ifndef LPC_LIB_QUANTIZATION_INTEGERCONSTANTS_H
#define LPC_LIB_QUANTIZATION_INTEGERCONSTANTS_H

#include "IntegerForms.h"

#include "lpc/Reference/Kernels.h"

namespace lpc::quant {

/// Codes of integers with one constant scale and zero point: `(decode - zero) * scale`.
struct Codes {
  mlir::Value codes, zeroPoint; ///< the operand of the zero point; null if it is 0
  double scale = 1;
  int64_t zero = 0;
  const num::Format *format() const { return lp::formatOf(codes.getType()); }
};

/// What an lp.quantize makes: codes of an integer format with one scale, within limits.
struct Target {
  mlir::RankedTensorType type;
  double scale = 1;
  int64_t zero = 0, lo = 0, hi = 0;
  const num::Format *format() const { return lp::formatOf(type); }
  /// Whether the limits are those of the format.
  bool isWhole() const;
  /// Narrows the limits to real numbers.
  void limit(double low, double high);
};

/// The codes behind a value, if it is an lp.dequantize with one constant scale.
std::optional<Codes> codesOf(mlir::Value v);
std::optional<Target> targetOf(lp::QuantizeOp op);

/// A constant weight: codes, one scale per tensor or for each index of `axis`.
struct WeightCodes {
  lp::DequantizeOp op;
  mlir::Value codes;
  std::vector<double> scales;
};
std::optional<WeightCodes> weightOf(mlir::Value v, int64_t axis);

/// The f64 elements of a constant or positional value, each unknown size taken as `maxSize`;
/// `size` gets the index value that stands for it (all unknown sizes must be this one).
std::optional<ref::Tensor> evaluatePositional(mlir::Value v, int64_t maxSize, mlir::Value &size);

/// An nn.constant of integers.
mlir::Value makeIntegers(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<int64_t> shape,
                         mlir::Type element, std::vector<int64_t> values, llvm::StringRef name);
/// An lp.constant of codes of the numbers, rounded to nearest even.
mlir::Value makeCodesOf(mlir::OpBuilder &b, mlir::Location loc, const ref::Tensor &numbers,
                        const Target &target);

/// code = clamp(round(x / scale) + zero).
int64_t encode(double x, const Target &target);

} // namespace lpc::quant

#endif // LPC_LIB_QUANTIZATION_INTEGERCONSTANTS_H
