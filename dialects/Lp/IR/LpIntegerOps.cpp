// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers and shapes of the operations of integer-only programs.
#include "dialects/Lp/IR/Lp.h"

#include "lpc/Numerics/FormatFamilies.h"
#include "lpc/Numerics/IntegerNorm.h"
#include "lpc/Numerics/Rescale.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp;

static_assert(static_cast<int>(RescaleRounding::HalfEven) ==
              static_cast<int>(num::RescaleRounding::HalfEven));
static_assert(static_cast<int>(NormKind::RMS) == static_cast<int>(num::NormKind::RMS));

static RankedTensorType tensorType(Value v) { return cast<RankedTensorType>(v.getType()); }

static LogicalResult reifySame(Operation *op, OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(tensor::getMixedSizes(b, op->getLoc(), op->getOperand(0)));
  return success();
}

static LogicalResult verifySameShape(Operation *op) {
  if (succeeded(verifyCompatibleShape(op->getOperand(0).getType(), op->getResult(0).getType())))
    return success();
  return op->emitOpError("expected the result to have the operand's shape");
}

/// The ends of a type of integers: of builtin ones, or of codes that are integers.
static std::optional<std::pair<int64_t, int64_t>> endsOf(Type tensor) {
  if (const num::Format *format = formatOf(tensor)) {
    if (!isa<num::IntegerFormat>(format))
      return std::nullopt;
    return std::pair(static_cast<int64_t>(format->lowest()), static_cast<int64_t>(format->max()));
  }
  unsigned bits = getElementTypeOrSelf(tensor).getIntOrFloatBitWidth();
  return std::pair(llvm::minIntN(bits), llvm::maxIntN(bits));
}

static LogicalResult verifyIntegers(Operation *op, Value v, StringRef what) {
  if (endsOf(v.getType()))
    return success();
  return op->emitOpError("expected ")
         << what << " of integers, but got " << formatOf(v.getType())->name();
}

//===- to_integer
//---------------------------------------------------------------------------------------===//

LogicalResult ToIntegerOp::verify() {
  if (failed(verifySameShape(*this)))
    return failure();
  const num::Format &format = *formatOf(getInput().getType());
  if (!format.isDyadic() || format.hasInf() || format.hasNaN())
    return emitOpError(
               "expected a format whose values are finite and have integer images, but got ")
           << format.name();
  unsigned bits = tensorType(getOutput()).getElementTypeBitWidth();
  const auto zero = static_cast<double>(static_cast<int64_t>(getZeroPoint()));
  const int fraction = format.fractionBits();
  double lo = std::ldexp(format.lowest() - zero, fraction),
         hi = std::ldexp(format.max() - zero, fraction);
  double limit = std::ldexp(1.0, static_cast<int>(bits) - 1);
  if (lo >= -limit && hi < limit)
    return success();
  return emitOpError("expected a result that holds the values of ")
         << format.name() << " less " << static_cast<int64_t>(getZeroPoint()) << ", but got "
         << tensorType(getOutput()).getElementType();
}

LogicalResult ToIntegerOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  return reifySame(*this, b, dims);
}

//===- rescale
//------------------------------------------------------------------------------------------===//

std::pair<int64_t, int64_t> RescaleOp::getLimits() {
  auto [lo, hi] = *endsOf(getOutput().getType());
  return {static_cast<int64_t>(getLo().value_or(lo)), static_cast<int64_t>(getHi().value_or(hi))};
}

LogicalResult RescaleOp::verify() {
  if (failed(verifySameShape(*this)) || failed(verifyIntegers(*this, getOutput(), "a result")))
    return failure();
  RankedTensorType input = tensorType(getInput());
  for (Value v : {getMultiplier(), getShift()}) {
    RankedTensorType type = tensorType(v);
    bool fits = type.getRank() == input.getRank();
    for (int64_t i = 0; fits && i < type.getRank(); ++i)
      fits = type.getDimSize(i) == 1 ||
             (!type.isDynamicDim(i) &&
              (input.isDynamicDim(i) || type.getDimSize(i) == input.getDimSize(i)));
    if (!fits)
      return emitOpError("expected multipliers and shifts of rank ")
             << input.getRank() << " with the operand's sizes or 1, but got " << type;
  }
  auto [least, most] = *endsOf(getOutput().getType());
  auto [lo, hi] = getLimits();
  if (lo < least || hi > most || lo > hi)
    return emitOpError("expected limits inside of [")
           << least << ", " << most << "], but got [" << lo << ", " << hi << "]";
  auto zero = static_cast<int64_t>(getZeroPoint());
  if (zero < INT32_MIN || zero > INT32_MAX)
    return emitOpError("expected a zero point of 32 bits, but got ") << zero;
  return success();
}

LogicalResult RescaleOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  return reifySame(*this, b, dims);
}

//===- int_softmax
//--------------------------------------------------------------------------------------===//

LogicalResult IntSoftmaxOp::verify() {
  if (failed(verifySameShape(*this)) || failed(verifyIntegers(*this, getInput(), "an operand")) ||
      failed(verifyIntegers(*this, getOutput(), "a result")))
    return failure();
  RankedTensorType input = tensorType(getInput());
  auto axis = static_cast<int64_t>(getAxis());
  if (axis < 0 || axis >= input.getRank())
    return emitOpError("expected an axis of the operand, but got ") << axis;
  if (getFraction() < 1 || getFraction() > 30)
    return emitOpError("expected a fraction of 1 to 30 bits, but got ")
           << static_cast<int64_t>(getFraction());
  int64_t entries = formatOf(input)->numCodes();
  if (tensorType(getTable()).getShape()[0] != entries)
    return emitOpError("expected a table of ")
           << entries << " entries, but got " << getTable().getType();
  if (input.isDynamicDim(getAxis()) && !getMaxTerms())
    return emitOpError("expected 'max_terms', as the size of axis ")
           << getAxis() << " is not known";
  if (Value mask = getMask()) {
    RankedTensorType type = tensorType(mask);
    bool fits = type.getRank() == input.getRank();
    for (int64_t i = 0; fits && i < type.getRank(); ++i)
      fits = type.getDimSize(i) == 1 || type.isDynamicDim(i) || input.isDynamicDim(i) ||
             type.getDimSize(i) == input.getDimSize(i);
    if (!fits)
      return emitOpError("expected a mask of rank ")
             << input.getRank() << " with the operand's sizes or 1, but got " << type;
  }
  return success();
}

LogicalResult IntSoftmaxOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  return reifySame(*this, b, dims);
}

//===- int_norm
//-----------------------------------------------------------------------------------------===//

LogicalResult IntNormOp::verify() {
  if (failed(verifySameShape(*this)) || failed(verifyIntegers(*this, getInput(), "an operand")) ||
      failed(verifyIntegers(*this, getOutput(), "a result")))
    return failure();
  RankedTensorType input = tensorType(getInput());
  if (input.getRank() < 1 || ShapedType::isDynamic(input.getShape().back()))
    return emitOpError("expected a static last dimension, but got ") << input;
  int64_t n = input.getShape().back();
  for (Value v : {getMultiplier(), getBias()})
    if (tensorType(v).getShape()[0] != n)
      return emitOpError("expected ") << n << " multipliers and biases, but got " << v.getType();
  if (getShift() < num::kMinRescaleShift || getShift() > num::kMaxRescaleShift)
    return emitOpError("expected a shift of 1 to 62, but got ") << getShift();
  if (static_cast<int64_t>(getEpsilon()) < 1)
    return emitOpError("expected an epsilon of 1 or more, but got ")
           << static_cast<int64_t>(getEpsilon());
  const num::Format &format = *formatOf(input);
  auto lo = static_cast<int64_t>(format.lowest()), hi = static_cast<int64_t>(format.max());
  auto zero = static_cast<int64_t>(getZeroIn());
  if (zero < lo || zero > hi)
    return emitOpError("expected a zero point among the codes of the operand, but got ") << zero;
  uint64_t magnitude = getKind() == NormKind::RMS ? std::max(zero - lo, hi - zero) : hi - lo;
  if (num::largestNormSum(static_cast<num::NormKind>(getKind()), n, magnitude, getEpsilon()) >=
      uint64_t{1} << 62)
    return emitOpError("expected sums of squares below 2^62, but ")
           << n << " elements of " << format.name() << " can exceed that: use a narrower format";
  return success();
}

LogicalResult IntNormOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  return reifySame(*this, b, dims);
}
