// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the pattern files of lp-to-linalg share: storage of codes, loops over tensors, scales and
// integer images.
#ifndef LPC_LIB_CONVERSION_LPTOLINALG_LOWERING_H
#define LPC_LIB_CONVERSION_LPTOLINALG_LOWERING_H

#include "dialects/Lp/IR/Lp.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

namespace lpc::lp_to_linalg {

using mlir::AffineMap;
using mlir::ArrayRef;
using mlir::Location;
using mlir::OpBuilder;
using mlir::OpFoldResult;
using mlir::RankedTensorType;
using mlir::SmallVector;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;

// Storage: a tensor of codes becomes a tensor of i8 (formats of up to 8 bits) or i16. Bits above
// the format's width hold anything; whoever reads a code ignores them.

/// How nn's lowering holds a builtin element: integers signless and at least a byte wide, floats
/// below 16 bits as i8.
Type nnStorageType(Type builtin);

inline RankedTensorType typeOf(Value v) { return llvm::cast<RankedTensorType>(v.getType()); }

// Scalars
// -------------------------------------------------------------------------------------------------

Value intConstant(OpBuilder &b, Location loc, Type type, int64_t v);
Value floatConstant(OpBuilder &b, Location loc, Type type, double v);
/// Sign-extends or truncates an integer.
Value resizeSigned(OpBuilder &b, Location loc, Value v, Type type);
/// A float rounded once to, or held exactly by, another float type.
Value convertFloat(OpBuilder &b, Location loc, Value v, mlir::FloatType type);

/// Whether f32 holds each finite value of the format.
bool isExactInF32(const num::Format &format);
/// The integer `(decode(code) - zero_point) * 2^fractionBits` as `type`, modulo 2^width.
/// `zeroPoint` (may be null) is a stored scalar; its lp or builtin type is given.
Value emitImage(OpBuilder &b, Location loc, Value code, const num::Format &format, Value zeroPoint,
                Type zeroPointElement, mlir::IntegerType type);
/// fl32(acc * 2^-fraction): one rounding to nearest even.
Value emitScaledToF32(OpBuilder &b, Location loc, Value acc, int fraction);
/// A stored scale as f32 (or as f64 of the same value): codes are decoded, floats rounded to f32.
Value emitScale(OpBuilder &b, Location loc, Value stored, Type element);
/// A stored zero point as i32.
Value emitZeroPoint(OpBuilder &b, Location loc, Value stored, Type element);
/// The value of a code in the narrowest of f32 and f64 that holds every value of the format; an
/// irrational one as f32.
Value emitValue(OpBuilder &b, Location loc, Value code, const num::Format &format);
/// fl_result((decode(code) - zero) * scale), the difference exact; `zero` and `scale` (f32) may be
/// null.
Value emitDequantize(OpBuilder &b, Location loc, Value code, const num::Format &format,
                     Value zeroPoint, Type zeroPointElement, Value scale, mlir::FloatType result);

// Tensors
// -------------------------------------------------------------------------------------------------

Value emptyTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, Type element);
Value filledTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, Value scalar);
Value castShape(OpBuilder &b, Location loc, Value v, RankedTensorType type);

/// Elements sign-extended or truncated.
Value resizedTensor(OpBuilder &b, Location loc, Value v, Type element);

using ScalarBody = llvm::function_ref<Value(OpBuilder &, Location, ValueRange)>;
/// result[i] = body(operands read through their maps); all loops are parallel.
Value elementwise(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, Type element,
                  ValueRange operands, ArrayRef<AffineMap> maps, ScalarBody body);
/// Where an element of a tensor with `rank` dimensions finds its scale of a level: subscripts per
/// block, 0 for `*`.
AffineMap scaleMap(mlir::MLIRContext *ctx, lp::ScaleAttr structure, unsigned level = 0);

/// One operand of a contraction: stored codes or floats, its original types, scales.
struct Side {
  Value data, scale, zeroPoint;
  Type dataType, zeroPointElement;
  lp::ScaleAttr block;

  Side(Value data, Value scale, Value zeroPoint, Value originalData, Value originalZeroPoint,
       std::optional<lp::ScaleAttr> block);
  const num::Format *format() const { return lp::formatOf(dataType); }
  int fractionBits() const { return format()->fractionBits(); }
  /// The block size along a dimension, kAll where nothing changes along it.
  int64_t blockAlong(int64_t dim) const {
    return block && (scale || zeroPoint) ? block.getBlock()[dim] : lp::ScaleAttr::kAll;
  }
};
/// Bits of the images of a side's elements.
unsigned imageWidth(const Side &side);
/// The images of a side's elements in the narrowest of i8, i16, i32, i64 that holds them and has
/// `minWidth` bits; the codes themselves where they are their images.
Value imageTensor(OpBuilder &b, Location loc, const Side &side, unsigned minWidth = 8);
/// Images of both operands of a sum in an accumulator of `accBits`: both i16 where they fit and the
/// sum has 32 bits, as the integer micro-kernel takes them.
std::pair<Value, Value> imageTensors(OpBuilder &b, Location loc, const Side &x, const Side &y,
                                     unsigned accBits);
/// fl32((q - z) * s) of each element; floats as they are.
Value dequantizedTensor(OpBuilder &b, Location loc, const Side &side);

/// The result of an `int<N>` product from its exact sums: fl32(fl32(sum * 2^-fraction) * fl32(sa *
/// sb)), or the sums themselves for a result of integers.
Value emitRescale(OpBuilder &b, Location loc, const Side &lhs, const Side &rhs,
                  RankedTensorType type, Value sum);

void populateStorage(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateConversions(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateBlockScale(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateMatMul(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateConv(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateInteger(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateIntegerRows(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);

} // namespace lpc::lp_to_linalg

#endif // LPC_LIB_CONVERSION_LPTOLINALG_LOWERING_H
