// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the pattern files of nn-to-linalg share: element types, sizes, pointwise loops, scalar
// arithmetic.
#ifndef LPC_LIB_CONVERSION_NNTOLINALG_LOWERING_H
#define LPC_LIB_CONVERSION_NNTOLINALG_LOWERING_H

#include "dialects/Nn/IR/Nn.h"
#include "lpc/Numerics/Format.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/Transforms/DialectConversion.h"

namespace lpc::nn_to_linalg {

using mlir::ArrayRef;
using mlir::Location;
using mlir::OpBuilder;
using mlir::OpFoldResult;
using mlir::RankedTensorType;
using mlir::SmallVector;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;

// Element types
// ------------------------------------------------------------------------------------------

/// How an element type is held at run time. Unsigned and narrow integers take the signless integer
/// of their byte width
/// (`ui8`, `i4`, `ui4` -> `i8`; narrow values extended by their sign), floats of 8 bits and less
/// the code as `i8`.
Type storageType(Type element);
/// The element format of a float of 8 bits or less, else null.
const num::Format *minifloatOf(Type element);
inline bool isFloat(Type element) { return llvm::isa<mlir::FloatType>(element); }
inline bool isUnsigned(Type element) { return element.isUnsignedInteger() || element.isInteger(1); }
/// The type that arithmetic on a float element is done in: f64 for f64, else f32.
mlir::FloatType computeType(Type element);

/// A stored scalar as the type that is computed in (floats: computeType; integers: as stored), and
/// back. `fromCompute` rounds floats once, and wraps integers narrower than a byte.
Value toCompute(OpBuilder &b, Location loc, Value stored, Type element);
Value fromCompute(OpBuilder &b, Location loc, Value computed, Type element);
/// A byte whose low bits hold an integer narrower than a byte, extended by its sign; other integers
/// as they are.
Value wrapNarrow(OpBuilder &b, Location loc, Value v, Type element);

// Tensors
// ------------------------------------------------------------------------------------------------

inline RankedTensorType tensorTypeOf(Value v) { return llvm::cast<RankedTensorType>(v.getType()); }
inline Type elementOf(Value v) { return tensorTypeOf(v).getElementType(); }

/// The sizes of result `i` of an nn op.
SmallVector<OpFoldResult> sizesOf(OpBuilder &b, mlir::Operation *op, unsigned i = 0);
/// An uninitialised tensor of `type`; its '?' take their sizes from `sizes`.
Value emptyTensor(OpBuilder &b, Location loc, RankedTensorType type, ArrayRef<OpFoldResult> sizes);
/// A tensor of `type` filled with one scalar.
Value filledTensor(OpBuilder &b, Location loc, RankedTensorType type, ArrayRef<OpFoldResult> sizes,
                   Value scalar);
/// `v` with another static shape information.
Value castShape(OpBuilder &b, Location loc, Value v, RankedTensorType type);

using ScalarBody = llvm::function_ref<Value(OpBuilder &, Location, ValueRange)>;

/// `result[i] = body(operands[i]...)`, operands broadcast by their static sizes of 1 and aligned at
/// the last dimension.
Value pointwise(OpBuilder &b, Location loc, RankedTensorType type, ArrayRef<OpFoldResult> sizes,
                ValueRange operands, ScalarBody body);
/// `result[i] = body(i)`: the body reads tensors with tensor.extract.
Value generate(OpBuilder &b, Location loc, RankedTensorType type, ArrayRef<OpFoldResult> sizes,
               ScalarBody body);
/// The affine map that reads `operand` at the point of a loop nest over `rank` dimensions,
/// broadcasting sizes of 1.
mlir::AffineMap broadcastMap(mlir::MLIRContext *ctx, RankedTensorType operand,
                             ArrayRef<int64_t> result);

/// A sequential loop nest over `sizes` that carries tensors; `body` gets indices and tensors and
/// gives the new tensors.
SmallVector<Value> sequential(
    OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, ValueRange carried,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange, ValueRange)> body);

// Scalars
// ------------------------------------------------------------------------------------------------

Value indexConstant(OpBuilder &b, Location loc, int64_t v);
Value asIndex(OpBuilder &b, Location loc, OpFoldResult v);
Value intConstant(OpBuilder &b, Location loc, Type type, int64_t v);
Value floatConstant(OpBuilder &b, Location loc, Type type, double v);
/// The number of elements along `axes`.
Value countAlong(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> axes);

/// kind(x, y) on scalars in their compute type; `element` tells signedness and width.
Value emitBinary(OpBuilder &b, Location loc, nn::BinaryKind kind, Value x, Value y, Type element);
/// x kind y on scalars in their compute type, as i1.
Value emitCompare(OpBuilder &b, Location loc, nn::CompareKind kind, Value x, Value y, Type element);
/// A stored scalar converted as nn.cast says.
Value emitCast(OpBuilder &b, Location loc, Value stored, Type from, Type to, bool saturate);
/// `x / y` on integers: 0 where y is 0, and min / -1 wraps.
Value emitIntDiv(OpBuilder &b, Location loc, Value x, Value y, bool isUnsigned);
/// The stored scalar 0 or 1.
Value zeroOf(OpBuilder &b, Location loc, Type element);
/// The least (`highest` false) or greatest number in the compute type of `element`, infinities
/// included.
Value extremeOf(OpBuilder &b, Location loc, Type element, bool highest);

/// Combines two values of the compute type in a reduction.
Value emitCombine(OpBuilder &b, Location loc, nn::ReduceKind kind, Value x, Value y, Type element);
/// The value that a reduction starts from, in the compute type.
Value reductionStart(OpBuilder &b, Location loc, nn::ReduceKind kind, Type element);

/// Sums of `body(element)` (or max, ...) over `axes` of `input`, in `accumulator` type without the
/// reduced dimensions.
Value reduceAxes(
    OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> axes, Type accumulator, Value start,
    llvm::function_ref<Value(OpBuilder &, Location, Value element, Value accumulated)> body);
/// Each dimension of `v` cut into the dimensions of its group, giving `type` and `sizes`.
Value expandShape(OpBuilder &b, Location loc, RankedTensorType type, Value v,
                  ArrayRef<mlir::ReassociationIndices> groups, ArrayRef<OpFoldResult> sizes);
/// A tensor that lacks `axes` of a shape, with sizes of 1 put there.
Value insertUnitAxes(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> axes, int64_t rank);

/// A convolution, as nn.conv on converted operands; amounts of padding may be negative. `element`
/// is the nn element type.
Value emitConv(OpBuilder &b, Location loc, Value input, Value filter, Value bias, Type element,
               ArrayRef<int64_t> strides, ArrayRef<int64_t> pads, ArrayRef<int64_t> dilations,
               int64_t groups, RankedTensorType type, ArrayRef<OpFoldResult> sizes);
/// Spatial dimensions (from 2 on) with `pads` (n begins, n ends) elements of `value` around;
/// negative amounts crop.
Value padSpatial(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> pads, Value value);

/// Base of the patterns: the converted type of the one result, its sizes.
template <typename Op> struct Lowering : mlir::OpConversionPattern<Op> {
  using mlir::OpConversionPattern<Op>::OpConversionPattern;

  RankedTensorType convertedType(Value result) const {
    return llvm::cast<RankedTensorType>(this->getTypeConverter()->convertType(result.getType()));
  }
  /// Replaces `op` by a value of the same shape with perhaps other static knowledge.
  void replace(Op op, Value v, mlir::ConversionPatternRewriter &rewriter) const {
    rewriter.replaceOp(op, castShape(rewriter, op.getLoc(), v, convertedType(op->getResult(0))));
  }
};

} // namespace lpc::nn_to_linalg

#endif // LPC_LIB_CONVERSION_NNTOLINALG_LOWERING_H
