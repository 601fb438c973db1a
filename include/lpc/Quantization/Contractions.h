// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the quantization passes call a contraction: a matmul or convolution of an activation with a
// weight.
#ifndef LPC_QUANTIZATION_CONTRACTIONS_H
#define LPC_QUANTIZATION_CONTRACTIONS_H

#include "lpc/Quantization/Passes.h"

#include "llvm/Support/Regex.h"

namespace lpc::quant {

/// A matmul or convolution whose right operand (weight, filter) is a constant.
struct Contraction {
  mlir::Operation *op;
  mlir::OpOperand *activation;
  mlir::OpOperand *weight;
  bool isConv() const { return mlir::isa<nn::ConvOp>(op); }
};

/// The name of an op that the user knows: of its ONNX node, from its location; empty if it has
/// none.
std::string nameOf(mlir::Operation *op);

/// A compiled `keep` option; an empty pattern matches nothing. Fails, reporting at `loc`, if it is
/// no regular expression.
mlir::FailureOr<std::optional<llvm::Regex>> compileKeep(mlir::Location loc,
                                                        llvm::StringRef pattern);

/// Contractions of a function in program order, without those that `keep` names. The weight may be
/// an nn.constant, one in f64 behind the nn.cast that will round it, or an lp.dequantize of an
/// lp.constant.
llvm::SmallVector<Contraction> findContractions(mlir::func::FuncOp func,
                                                std::optional<llvm::Regex> &keep);

/// An f32 activation that contractions read: what one observer sees. Numbers follow the order of
/// the ops and are those of lpc-insert-observers.
struct ObservedActivation {
  int64_t id;
  mlir::Value value;
  int64_t axis; ///< of its channels: the last one, or 1 for a convolution
  llvm::SmallVector<Contraction, 3> readers;
};
std::vector<ObservedActivation> findObservedActivations(mlir::func::FuncOp func);

/// The float constant behind a value or behind the nn.cast that will round it, or null.
nn::ConstantOp constantOf(mlir::Value v);

/// f32 elements of a constant; nothing if it is not f32, f16, bf16 or f64, or its blob is missing.
std::optional<std::vector<float>> readFloats(mlir::ElementsAttr value);

/// A constant tensor of f32 values.
mlir::Value makeConstant(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<int64_t> shape,
                         llvm::ArrayRef<float> values);

} // namespace lpc::quant

#endif // LPC_QUANTIZATION_CONTRACTIONS_H
