// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks that handlers share: which inputs are given, of which element types, and whether their
// shapes broadcast.
#ifndef LPC_LIB_CONVERSION_ONNXTONN_HANDLERCHECKS_H
#define LPC_LIB_CONVERSION_ONNXTONN_HANDLERCHECKS_H

#include "lib/Conversion/ONNXToNn/Converter.h"

namespace lpc::onnx_to_nn {

/// Classes of element types; a set of them is their bitwise or.
enum ElementClass : unsigned {
  Bool = 1,        ///< i1
  Float = 2,       ///< f16, bf16, f32, f64
  Signed = 4,      ///< i8 to i64
  Unsigned = 8,    ///< ui8 to ui64
  SmallFloat = 16, ///< floats of at most 8 bits
  SmallInt = 32,   ///< integers of 2 and 4 bits
  Integer = Signed | Unsigned,
  Number = Float | Integer,
  AnyNumber = Number | SmallFloat | SmallInt | Bool,
};

/// The class of an element type, 0 if it has none (strings).
unsigned classOf(mlir::Type element);

/// The builtin element type of an ONNX data type code (TensorProto.DataType); null for strings,
/// complex and unknown ones.
mlir::Type elementTypeOfCode(mlir::MLIRContext *ctx, int64_t code);

/// The element type named by the attribute `name`, or `otherwise` if it is absent or 0; fails for
/// types that lpc has not.
mlir::FailureOr<mlir::Type> elementTypeAttr(NodeContext &ctx, llvm::StringRef name,
                                            mlir::Type otherwise);

/// Inputs 0 to required-1 are given, and there are no more than `maximum`.
mlir::LogicalResult checkArity(NodeContext &ctx, unsigned required, unsigned maximum);

/// The given ones among these inputs have one element type, of one of the classes.
mlir::LogicalResult checkElements(NodeContext &ctx, llvm::ArrayRef<unsigned> inputs,
                                  unsigned classes);

/// checkArity and checkElements for operators whose inputs all have one element type.
mlir::LogicalResult checkUniform(NodeContext &ctx, unsigned required, unsigned maximum,
                                 unsigned classes);

/// The shapes of the values broadcast, as far as they are known.
mlir::LogicalResult checkBroadcast(NodeContext &ctx, llvm::ArrayRef<mlir::Value> values);

/// Element type of input i.
mlir::Type elementOf(NodeContext &ctx, unsigned i);
mlir::Type elementOf(mlir::Value v);
int64_t rankOf(mlir::Value v);

/// The type in which sums and transcendental functions of `element` are computed where an operator
/// does not say: f32 for f16 and bf16, f64 for integers, else the type itself.
mlir::Type computeType(mlir::Type element);

/// `v` with a tensor of rank 1, reshaped so that its only dimension lies along `axis` of a tensor
/// of rank `rank`.
mlir::Value alongAxis(NodeContext &ctx, mlir::Value v, int64_t axis, int64_t rank);

// Files that belong to a family of Converter.h.
void populateLoss(Registry &);             // Loss.cpp, of the reductions
void populateQuantizedLinear(Registry &);  // QuantizedLinear.cpp, of the quantization operators
void populateContribQuantized(Registry &); // ContribQuantized.cpp, of the quantization operators

} // namespace lpc::onnx_to_nn

#endif // LPC_LIB_CONVERSION_ONNXTONN_HANDLERCHECKS_H
