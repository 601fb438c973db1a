// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers, folders and shapes of constants, bitcasts and contractions of the lp dialect.
#include "dialects/Lp/IR/VerifyScales.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp;

#define GET_OP_CLASSES
#include "dialects/Lp/IR/LpOps.cpp.inc"

static RankedTensorType tensorType(Value v) { return cast<RankedTensorType>(v.getType()); }

//===- constant, bitcast
//------------------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::verify() {
  auto resource = dyn_cast<DenseResourceElementsAttr>(getValue());
  if (!resource)
    return emitOpError("expected a dense_resource value");
  if (!tensorType(getOutput()).hasStaticShape())
    return emitOpError("expected a static shape, but got ") << getType();
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return success(); // Elided blobs print and parse; whoever needs the codes reports them missing.
  int64_t need =
      packedBytes(tensorType(getOutput()).getNumElements(), formatOf(getType())->width());
  if (static_cast<int64_t>(blob->getData().size()) == need)
    return success();
  return emitOpError("expected a blob of ") << need << " bytes, but got " << blob->getData().size();
}

LogicalResult BitcastOp::verify() {
  if (failed(verifyCompatibleShape(getInput().getType(), getOutput().getType())))
    return emitOpError("expected the result to have the operand's shape");
  const num::Format *from = formatOf(getInput().getType()), *to = formatOf(getOutput().getType());
  if (static_cast<bool>(from) == static_cast<bool>(to))
    return emitOpError("expected an lp format on exactly one side");
  Type builtin = getElementTypeOrSelf(from ? getOutput().getType() : getInput().getType());
  unsigned width = (from ? from : to)->width();
  if (builtin.isIntOrFloat() && builtin.getIntOrFloatBitWidth() == width)
    return success();
  return emitOpError("expected a builtin type of ") << width << " bits, but got " << builtin;
}

OpFoldResult BitcastOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<BitcastOp>();
  return inner && inner.getInput().getType() == getType() ? OpFoldResult(inner.getInput())
                                                          : OpFoldResult();
}

LogicalResult BitcastOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(tensor::getMixedSizes(b, getLoc(), getInput()));
  return success();
}

//===- matmul, conv
//-----------------------------------------------------------------------------------===//

/// One side of a contraction: codes may have scales, floats have none.
static LogicalResult verifySide(Operation *op, Value data, Value scale, Value zeroPoint,
                                std::optional<ScaleAttr> block, StringRef what) {
  const num::Format *format = formatOf(data.getType());
  if (!format) {
    if (scale || zeroPoint)
      return op->emitOpError("expected no scale or zero point for the float ") << what;
    return success();
  }
  if (!scale && !zeroPoint)
    return success();
  if (!block)
    return op->emitOpError("expected a scale structure for the ") << what;
  if (block->getLevels().size() != 1)
    return op->emitOpError("expected a scale structure of one level for the ") << what;
  SmallVector<Value> scales;
  if (scale)
    scales.push_back(scale);
  return verifyScales(op, data.getType(), *block, scales, zeroPoint, what);
}

static LogicalResult verifyContract(Operation *op, AccumulatorAttr acc, const num::Format *lhs,
                                    const num::Format *rhs) {
  if (acc.getKind() == AccumulatorKind::F32Relaxed)
    return success();
  for (const num::Format *format : {lhs, rhs})
    if (format && (format->hasInf() || format->hasNaN()))
      return op->emitOpError("expected accumulator 'f32_relaxed' with ")
             << format->name() << ", whose infinities and NaNs have no integer image";
  for (const num::Format *format : {lhs, rhs})
    if (format && !format->isDyadic())
      return op->emitOpError("expected accumulator 'f32_relaxed' with ")
             << format->name() << ", whose values have no integer image";
  if (lhs && rhs)
    return success();
  return op->emitOpError("expected accumulator 'f32_relaxed' with a float operand");
}

/// A result of integers is the accumulator itself.
static LogicalResult verifyIntegerResult(Operation *op, AccumulatorAttr acc, Value scale,
                                         Value otherScale) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  if (element.isF32())
    return success();
  if (acc.getKind() != AccumulatorKind::Int || scale || otherScale)
    return op->emitOpError("expected an f32 result, or accumulator 'int<N>' and no scales for ")
           << element;
  if (acc.getWidth() <= element.getIntOrFloatBitWidth())
    return success();
  return op->emitOpError("expected a result that holds ")
         << acc.getWidth() << " bits, but got " << element;
}

LogicalResult MatMulOp::verify() {
  RankedTensorType l = tensorType(getLhs()), r = tensorType(getRhs()), y = tensorType(getOutput());
  if (l.getRank() < 2 || r.getRank() < 2)
    return emitOpError("expected operands of rank 2 or more");
  int64_t k = l.getShape().back(), rk = r.getDimSize(r.getRank() - 2);
  if (!ShapedType::isDynamic(k) && !ShapedType::isDynamic(rk) && k != rk)
    return emitOpError("expected equal contracted dimensions, but got ") << k << " and " << rk;
  if (y.getRank() != std::max(l.getRank(), r.getRank()))
    return emitOpError("expected a result of rank ") << std::max(l.getRank(), r.getRank());
  const num::Format *lf = formatOf(l), *rf = formatOf(r);
  if (!lf && !rf)
    return emitOpError("expected codes on at least one side; floats alone are nn.matmul");
  if (failed(verifySide(*this, getLhs(), getLhsScale(), getLhsZeroPoint(), getLhsBlock(), "lhs")) ||
      failed(verifySide(*this, getRhs(), getRhsScale(), getRhsZeroPoint(), getRhsBlock(), "rhs")) ||
      failed(verifyContract(*this, getAccumulator(), lf, rf)) ||
      failed(verifyIntegerResult(*this, getAccumulator(), getLhsScale(), getRhsScale())))
    return failure();
  auto grouped = [](std::optional<ScaleAttr> block, int64_t axis) {
    return block && block->getBlock()[axis] != ScaleAttr::kAll;
  };
  bool groups = grouped(getLhsBlock(), l.getRank() - 1) || grouped(getRhsBlock(), r.getRank() - 2);
  if (groups && getAccumulator().getKind() == AccumulatorKind::Int)
    return emitOpError(
        "expected accumulator 'f32_grouped' or 'f32_relaxed' with scales that change "
        "along the contracted axis");
  return success();
}

LogicalResult MatMulOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  int64_t l = tensorType(getLhs()).getRank(), r = tensorType(getRhs()).getRank(),
          rank = std::max(l, r);
  SmallVector<OpFoldResult> sizes;
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (axis == rank - 2) {
      sizes.push_back(tensor::getMixedSize(b, getLoc(), getLhs(), l - 2));
    } else if (axis == rank - 1) {
      sizes.push_back(tensor::getMixedSize(b, getLoc(), getRhs(), r - 1));
    } else {
      OpFoldResult size = b.getIndexAttr(1);
      for (Value v : {getRhs(), getLhs()}) {
        int64_t own = axis - (rank - tensorType(v).getRank());
        if (own >= 0 && tensorType(v).getDimSize(own) != 1)
          size = tensor::getMixedSize(b, getLoc(), v, own);
      }
      sizes.push_back(size);
    }
  }
  dims.push_back(sizes);
  return success();
}

LogicalResult ConvOp::verify() {
  RankedTensorType in = tensorType(getInput()), filter = tensorType(getFilter());
  int64_t n = in.getRank() - 2;
  if (n < 1 || filter.getRank() != in.getRank() ||
      tensorType(getOutput()).getRank() != in.getRank())
    return emitOpError("expected input, filter and result of one rank, 3 or more");
  if (static_cast<int64_t>(getStrides().size()) != n ||
      static_cast<int64_t>(getDilations().size()) != n ||
      static_cast<int64_t>(getPads().size()) != 2 * n)
    return emitOpError("expected ") << n << " strides and dilations and " << 2 * n << " pads";
  const num::Format *inFormat = formatOf(in);
  if (failed(verifySide(*this, getInput(), getInputScale(), getInputZeroPoint(), getInputBlock(),
                        "input")) ||
      failed(verifySide(*this, getFilter(), getFilterScale(), getFilterZeroPoint(),
                        getFilterBlock(), "filter")) ||
      failed(verifyContract(*this, getAccumulator(), inFormat, formatOf(filter))) ||
      failed(verifyIntegerResult(*this, getAccumulator(), getInputScale(), getFilterScale())))
    return failure();
  if (getAccumulator().getKind() == AccumulatorKind::F32Grouped)
    return emitOpError("expected accumulator 'int<N>' or 'f32_relaxed'");
  if (getInputBlock() && !getInputBlock()->isPerTensor())
    return emitOpError("expected one scale per tensor for the input");
  if (auto block = getFilterBlock())
    for (auto [axis, size] : llvm::enumerate(block->getBlock()))
      if (axis > 0 && size != ScaleAttr::kAll && getAccumulator().getKind() == AccumulatorKind::Int)
        return emitOpError("expected filter scales per tensor or per output channel");
  return success();
}

LogicalResult ConvOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  int64_t n = tensorType(getInput()).getRank() - 2;
  SmallVector<OpFoldResult> sizes{tensor::getMixedSize(b, getLoc(), getInput(), 0),
                                  tensor::getMixedSize(b, getLoc(), getFilter(), 0)};
  for (int64_t i = 0; i < n; ++i) {
    AffineExpr size = b.getAffineSymbolExpr(0), kernel = b.getAffineSymbolExpr(1);
    AffineExpr span =
        size + (getPads()[i] + getPads()[n + i] - 1) - (kernel - 1) * getDilations()[i];
    sizes.push_back(affine::makeComposedFoldedAffineApply(
        b, getLoc(), span.floorDiv(getStrides()[i]) + 1,
        {tensor::getMixedSize(b, getLoc(), getInput(), i + 2),
         tensor::getMixedSize(b, getLoc(), getFilter(), i + 2)}));
  }
  dims.push_back(sizes);
  return success();
}
