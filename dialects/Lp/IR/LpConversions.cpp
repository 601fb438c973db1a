// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers, folders and shapes of the operations between real numbers, codes and scales.
#include "dialects/Lp/IR/VerifyScales.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp;

static RankedTensorType tensorType(Value v) { return cast<RankedTensorType>(v.getType()); }

//===- scale operands
//-----------------------------------------------------------------------------------===//

LogicalResult lp::verifyScales(Operation *op, Type data, ScaleAttr structure, ValueRange scales,
                               Value zeroPoint, StringRef what, StringRef name) {
  auto type = cast<RankedTensorType>(data);
  if (structure.getRank() != type.getRank())
    return op->emitOpError("expected the ")
           << name << " structure of the " << what << " to have rank " << type.getRank()
           << ", but got " << structure.getRank();
  if (!scales.empty() && scales.size() != structure.getLevels().size())
    return op->emitOpError("expected one ")
           << name << " operand for each of the " << structure.getLevels().size()
           << " levels, but got " << scales.size();
  auto check = [&](Value v, unsigned level, StringRef called) -> LogicalResult {
    SmallVector<int64_t> shape = structure.getScaleShape(type.getShape(), level);
    if (succeeded(verifyCompatibleShape(shape, tensorType(v).getShape())))
      return success();
    auto expected = RankedTensorType::get(shape, tensorType(v).getElementType());
    return op->emitOpError("expected the ") << called << " of the " << what << " to have type "
                                            << expected << ", but got " << v.getType();
  };
  for (auto [level, v] : llvm::enumerate(scales))
    if (failed(check(v, level, name)))
      return failure();
  return zeroPoint ? check(zeroPoint, 0, "zero point") : success();
}

static bool isReal(Value zeroPoint) {
  return zeroPoint && isa<FloatType>(getElementTypeOrSelf(zeroPoint.getType()));
}

/// Zero points are integers or f32; scales that depend on the sign need none.
static LogicalResult verifySigns(Operation *op, Type data, ScaleAttr structure, ValueRange scales,
                                 ValueRange negativeScales, Value zeroPoint, StringRef what) {
  if (zeroPoint)
    if (const num::Format *format = formatOf(zeroPoint.getType());
        format && !num::IntegerFormat::classof(format))
      return op->emitOpError("expected a zero point of integers or f32, but got ")
             << format->name();
  if (negativeScales.empty())
    return success();
  if (zeroPoint)
    return op->emitOpError("expected no zero point with negative scales");
  if (scales.empty())
    return op->emitOpError("expected scales with negative scales");
  return verifyScales(op, data, structure, negativeScales, {}, what, "negative scale");
}

static LogicalResult reifySame(Operation *op, OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(tensor::getMixedSizes(b, op->getLoc(), op->getOperand(0)));
  return success();
}

//===- quantize
//-----------------------------------------------------------------------------------------===//

num::Conversion QuantizeOp::getConversion() {
  num::Conversion c;
  static_assert(static_cast<unsigned>(Rounding::StochasticEven) + 1 == num::numRoundings);
  c.rounding = static_cast<num::Rounding>(getRounding());
  c.overflow = static_cast<num::Overflow>(getOverflow());
  c.nan = static_cast<num::NaNPolicy>(getNan());
  if (std::optional<uint32_t> bits = getRandomBits())
    c.randomBits = *bits;
  return c;
}

LogicalResult QuantizeOp::verify() {
  if (failed(verifyCompatibleShape(getInput().getType(), getOutput().getType())))
    return emitOpError("expected the result to have the operand's shape");
  const num::Format *format = formatOf(getType());
  bool isInt = num::IntegerFormat::classof(format);
  if (isReal(getZeroPoint())) {
    if (getOrder() != ZeroPointOrder::BeforeRounding)
      return emitOpError("expected order 'before_rounding' with a real zero point");
  } else if (getZeroPoint() && !isInt) {
    return emitOpError("expected no integer zero point with ")
           << format->name() << ", which is no integer format";
  }
  if (getOverflow() == Overflow::Wrap && !isInt && format->family() != num::Family::Fixed)
    return emitOpError("expected overflow 'saturate' or 'infinity' with ")
           << format->name() << ", which is neither an integer nor a fixed-point format";
  bool random = num::isStochastic(getConversion().rounding);
  if (random != getSeed().has_value())
    return emitOpError("expected a seed exactly with stochastic rounding");
  if (std::optional<uint32_t> bits = getRandomBits(); bits && (!random || *bits < 1 || *bits > 32))
    return emitOpError("expected 1 to 32 random bits, only with stochastic rounding");
  if (failed(verifySigns(*this, getInput().getType(), getScale(), getScales(), getNegativeScales(),
                         getZeroPoint(), "result")))
    return failure();
  return verifyScales(*this, getInput().getType(), getScale(), getScales(), getZeroPoint(),
                      "result");
}

LogicalResult QuantizeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  return reifySame(*this, b, dims);
}

//===- dequantize
//---------------------------------------------------------------------------------------===//

bool DequantizeOp::isLinear() {
  return formatOf(getInput().getType()) && getNegativeScales().empty() && getOffsets().empty() &&
         !isReal(getZeroPoint());
}

LogicalResult DequantizeOp::verify() {
  if (failed(verifyCompatibleShape(getInput().getType(), getOutput().getType())))
    return emitOpError("expected the result to have the operand's shape");
  if (failed(verifySigns(*this, getInput().getType(), getScale(), getScales(), getNegativeScales(),
                         getZeroPoint(), "operand")) ||
      failed(verifyScales(*this, getInput().getType(), getScale(), getScales(), getZeroPoint(),
                          "operand")))
    return failure();
  if (getZeroPoint() && !formatOf(getInput().getType()))
    return emitOpError("expected no zero point with real numbers");
  if (getOffsets().empty() != !getOffset())
    return emitOpError("expected an offset structure exactly with offsets");
  return getOffset() ? verifyScales(*this, getInput().getType(), *getOffset(), getOffsets(), {},
                                    "operand", "offset")
                     : success();
}

LogicalResult DequantizeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  return reifySame(*this, b, dims);
}

//===- lookup
//-------------------------------------------------------------------------------------------===//

LogicalResult LookupOp::verify() {
  if (failed(verifyCompatibleShape(getInput().getType(), getOutput().getType())))
    return emitOpError("expected the result to have the operand's shape");
  RankedTensorType input = tensorType(getInput()), table = tensorType(getTable());
  if (table.getElementType() != tensorType(getOutput()).getElementType())
    return emitOpError("expected the result to have the elements of the table, ")
           << table.getElementType() << ", but got " << tensorType(getOutput()).getElementType();
  SmallVector<int64_t> shape;
  for (int64_t axis : getAxes()) {
    if (axis < 0 || axis >= input.getRank())
      return emitOpError("expected axes of the operand, but got ") << axis;
    if (llvm::count(getAxes(), axis) > 1)
      return emitOpError("expected each axis once, but got ") << axis << " again";
    shape.push_back(input.getDimSize(axis));
  }
  shape.push_back(formatOf(input)->numCodes());
  if (succeeded(verifyCompatibleShape(shape, table.getShape())))
    return success();
  return emitOpError("expected a table of type ")
         << RankedTensorType::get(shape, table.getElementType()) << ", but got " << table;
}

/// A constant through a constant table of codes that are no wider: codes that stay as small.
OpFoldResult LookupOp::fold(FoldAdaptor adaptor) {
  auto codes = dyn_cast_if_present<ElementsAttr>(adaptor.getInput()),
       table = dyn_cast_if_present<ElementsAttr>(adaptor.getTable());
  const num::Format *from = formatOf(getInput().getType()), *to = formatOf(getType());
  if (!codes || !table || !to || to->width() > from->width() ||
      !tensorType(getOutput()).hasStaticShape())
    return {};
  std::optional<std::vector<uint16_t>> in = readCodes(codes), entries = readCodes(table);
  if (!in || !entries)
    return {};
  ArrayRef<int64_t> shape = tensorType(getInput()).getShape();
  std::vector<uint16_t> out(in->size());
  for (int64_t i = 0, e = in->size(); i < e; ++i) {
    SmallVector<int64_t> index(shape.size());
    for (int64_t d = shape.size() - 1, rest = i; d >= 0; rest /= shape[d--])
      index[d] = rest % shape[d];
    int64_t row = 0;
    for (int64_t axis : getAxes())
      row = row * shape[axis] + index[axis];
    out[i] = (*entries)[row * from->numCodes() + (*in)[i]];
  }
  return makeCodes(tensorType(getOutput()), out, "lookup");
}

LogicalResult LookupOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  return reifySame(*this, b, dims);
}

//===- block_scale
//--------------------------------------------------------------------------------------===//

LogicalResult BlockScaleOp::verify() {
  const num::Format *format = formatOf(getFormat());
  if (!format)
    return emitOpError("expected format to be an lp type, but got ") << getFormat();
  if (format->max() <= 0)
    return emitOpError("expected a format with positive values, but got ") << format->name();
  size_t levels = getScale().getLevels().size();
  if (getScales().empty() || getScales().size() + getOuter().size() != levels)
    return emitOpError("expected a result for each level that is not given as outer, ")
           << levels << " in all, but got " << getScales().size() << " results and "
           << getOuter().size() << " outer levels";
  StringRef rule = stringifyScaleRule(getRule());
  auto nests = [](int64_t inner, int64_t outer) {
    return outer == ScaleAttr::kAll || (inner != ScaleAttr::kAll && outer % inner == 0);
  };
  for (size_t l = 1; l < levels; ++l)
    for (auto [inner, outer] : llvm::zip(getScale().getBlock(l - 1), getScale().getBlock(l)))
      if (!nests(inner, outer))
        return emitOpError("expected each block of a level to lie within a block of the next");
  bool nv = getRule() == ScaleRule::NV || getRule() == ScaleRule::NVDivide;
  bool nested = nv || getRule() == ScaleRule::AbsMax;
  if (levels != 1 && !nested)
    return emitOpError("expected a scale structure of one level with rule '") << rule << "'";
  if (nv && levels > 1) {
    Value last = getOuter().empty() ? getScales().back() : getOuter().back();
    if (levels > 2 || !formatOf(getScales().front().getType()) || formatOf(last.getType()))
      return emitOpError("expected one level, or codes and then floats, with rule '")
             << rule << "'";
  }
  bool minmax = getRule() == ScaleRule::MinMax;
  if (minmax != static_cast<bool>(getZeroPoint()))
    return emitOpError("expected a zero point result exactly with rule 'minmax'");
  if (minmax && !isReal(getZeroPoint())) {
    if (!num::IntegerFormat::classof(format))
      return emitOpError("expected rule 'minmax' to have an integer format, but got ")
             << format->name();
    if (const num::Format *zero = formatOf(getZeroPoint().getType());
        zero && !num::IntegerFormat::classof(zero))
      return emitOpError("expected a zero point of integers or f32, but got ") << zero->name();
  }
  SmallVector<Value> scales(getScales());
  scales.append(getOuter().begin(), getOuter().end());
  for (Value s : scales)
    if (const num::Format *f = formatOf(s.getType()); f && f->max() <= 0)
      return emitOpError("expected scales in a format with positive values, but got ") << f->name();
  return verifyScales(*this, getInput().getType(), getScale(), scales, getZeroPoint(), "operand");
}

LogicalResult BlockScaleOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  for (size_t result = 0; result < getNumResults(); ++result) {
    size_t level = result < getScales().size() ? result : 0;
    SmallVector<OpFoldResult> &sizes = dims.emplace_back();
    for (auto [axis, block] : llvm::enumerate(getScale().getBlock(level))) {
      if (block == ScaleAttr::kAll) {
        sizes.push_back(b.getIndexAttr(1));
        continue;
      }
      OpFoldResult dim = tensor::getMixedSize(b, getLoc(), getInput(), axis);
      sizes.push_back(affine::makeComposedFoldedAffineApply(
          b, getLoc(), b.getAffineSymbolExpr(0).ceilDiv(block), {dim}));
    }
  }
  return success();
}
