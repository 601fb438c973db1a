// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Type inference, shapes, verifiers and folders of operations that move elements.
#include "dialects/Nn/IR/NnOpHelpers.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace lpc::nn;

//===- reshape, broadcast, iota: sizes are operands
//---------------------------------------------------===//

/// Result sizes where `sizes` holds one value per '?' of the result.
static SmallVector<OpFoldResult> reifySizes(OpBuilder &b, Value result, ValueRange sizes) {
  unsigned next = 0;
  return reifyDims(b, result, [&](int64_t) -> OpFoldResult { return sizes[next++]; });
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType from = tensorType(getInput()), to = tensorType(getOutput());
  if (from.getElementType() != to.getElementType())
    return emitOpError("expected one element type, but got ") << from << " and " << to;
  if (from.hasStaticShape() && to.hasStaticShape() && from.getNumElements() != to.getNumElements())
    return emitOpError("expected equal numbers of elements, but got ")
           << from.getNumElements() << " and " << to.getNumElements();
  return checkSizes(*this, to, getSizes().size());
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  RankedTensorType from = tensorType(getInput()), to = tensorType(getOutput());
  // With at most one '?' on each side at the same place, equal types mean equal shapes.
  if (from == to && to.getNumDynamicDims() <= 1)
    return getInput();
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput());
      dense && to.hasStaticShape())
    return dense.reshape(to);
  return {};
}

LogicalResult ReshapeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(reifySizes(b, getOutput(), getSizes()));
  return success();
}

namespace {
/// reshape(reshape(x)) => reshape(x): only the last shape matters.
struct ReshapeOfReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ReshapeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a reshape");
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(inner.getInput()); });
    return success();
  }
};
} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *ctx) {
  patterns.add<ReshapeOfReshape>(ctx);
}

LogicalResult BroadcastOp::verify() {
  RankedTensorType from = tensorType(getInput()), to = tensorType(getOutput());
  if (from.getElementType() != to.getElementType())
    return emitOpError("expected one element type, but got ") << from << " and " << to;
  if (from.getRank() > to.getRank())
    return emitOpError("expected a result of rank at least ")
           << from.getRank() << ", but got " << to.getRank();
  for (int64_t i = 0; i < from.getRank(); ++i) {
    int64_t d = from.getDimSize(i), r = to.getDimSize(to.getRank() - from.getRank() + i);
    if (d != 1 && !ShapedType::isDynamic(d) && !ShapedType::isDynamic(r) && d != r)
      return emitOpError("expected dimension ") << i << " to be 1 or " << r << ", but got " << d;
  }
  return checkSizes(*this, to, getSizes().size());
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  RankedTensorType from = tensorType(getInput()), to = tensorType(getOutput());
  if (from == to && to.hasStaticShape())
    return getInput();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getInput());
      splat && to.hasStaticShape())
    return splat.resizeSplat(to);
  return {};
}

LogicalResult BroadcastOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(reifySizes(b, getOutput(), getSizes()));
  return success();
}

LogicalResult IotaOp::verify() {
  if (failed(checkAxis(*this, getAxis(), tensorType(getOutput()).getRank())))
    return failure();
  return checkSizes(*this, tensorType(getOutput()), getSizes().size());
}

LogicalResult IotaOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(reifySizes(b, getOutput(), getSizes()));
  return success();
}

//===- transpose, concat
//----------------------------------------------------------------------------===//

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  RankedTensorType t = tensorType(adaptor.getInput());
  SmallVector<int64_t> shape;
  for (int64_t p : adaptor.getPermutation()) {
    if (p < 0 || p >= t.getRank())
      return emitOptionalError(loc, "expected a permutation of the input's ", t.getRank(),
                               " dimensions");
    shape.push_back(t.getDimSize(p));
  }
  types.push_back(RankedTensorType::get(shape, t.getElementType()));
  return success();
}

LogicalResult TransposeOp::verify() {
  if (static_cast<int64_t>(getPermutation().size()) == tensorType(getInput()).getRank() &&
      isPermutationVector(getPermutation()))
    return success();
  return emitOpError("expected a permutation of the input's ")
         << tensorType(getInput()).getRank() << " dimensions";
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getInput()))
    if (getType().hasStaticShape() && splat.getElementType() == getType().getElementType())
      return splat.resizeSplat(getType());
  for (auto [i, p] : llvm::enumerate(getPermutation()))
    if (static_cast<int64_t>(i) != p)
      return {};
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult TransposeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t axis) {
    return dimOf(b, getLoc(), getInput(), getPermutation()[axis]);
  }));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  if (adaptor.getInputs().empty())
    return emitOptionalError(loc, "expected at least one operand");
  RankedTensorType first = tensorType(adaptor.getInputs()[0]);
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= first.getRank())
    return emitOptionalError(loc, "expected axis to be in [0, ", first.getRank(), "), but got ",
                             axis);
  SmallVector<int64_t> shape(first.getShape());
  shape[axis] = 0;
  for (Value v : adaptor.getInputs()) {
    RankedTensorType t = tensorType(v);
    if (t.getRank() != first.getRank() || t.getElementType() != first.getElementType())
      return emitOptionalError(loc, "expected operands of one rank and element type, but got ",
                               first, " and ", t);
    for (int64_t i = 0; i < t.getRank(); ++i) {
      int64_t d = t.getDimSize(i);
      if (i == axis)
        shape[i] = ShapedType::isDynamic(d) || ShapedType::isDynamic(shape[i])
                       ? ShapedType::kDynamic
                       : shape[i] + d;
      else if (ShapedType::isDynamic(shape[i]))
        shape[i] = d;
      else if (!ShapedType::isDynamic(d) && d != shape[i])
        return emitOptionalError(loc, "expected dimension ", i, " of all operands to be ", shape[i],
                                 ", but got ", d);
    }
  }
  types.push_back(RankedTensorType::get(shape, first.getElementType()));
  return success();
}

LogicalResult ConcatOp::verify() { return success(); }

LogicalResult ConcatOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t axis) -> OpFoldResult {
    if (axis != static_cast<int64_t>(getAxis()))
      return dimOf(b, getLoc(), getInputs()[0], axis);
    AffineExpr sum = b.getAffineConstantExpr(0);
    SmallVector<OpFoldResult> sizes;
    for (auto [i, v] : llvm::enumerate(getInputs())) {
      sum = sum + b.getAffineSymbolExpr(i);
      sizes.push_back(dimOf(b, getLoc(), v, axis));
    }
    return affine::makeComposedFoldedAffineApply(b, getLoc(), sum, sizes);
  }));
  return success();
}

//===- slice, pad: mixed static and dynamic numbers
//---------------------------------------------------===//

void SliceOp::build(OpBuilder &b, OperationState &state, Value input,
                    ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                    ArrayRef<OpFoldResult> strides) {
  SmallVector<Value> dynOffsets, dynSizes, dynStrides;
  SmallVector<int64_t> offs, szs, strs;
  dispatchIndexOpFoldResults(offsets, dynOffsets, offs);
  dispatchIndexOpFoldResults(sizes, dynSizes, szs);
  dispatchIndexOpFoldResults(strides, dynStrides, strs);
  auto type = RankedTensorType::get(szs, tensorType(input).getElementType());
  build(b, state, type, input, dynOffsets, dynSizes, dynStrides, offs, szs, strs);
}

SmallVector<OpFoldResult> SliceOp::getMixedOffsets() {
  return getMixedValues(getStaticOffsets(), getOffsets(), getContext());
}
SmallVector<OpFoldResult> SliceOp::getMixedSizes() {
  return getMixedValues(getStaticSizes(), getSizes(), getContext());
}
SmallVector<OpFoldResult> SliceOp::getMixedStrides() {
  return getMixedValues(getStaticStrides(), getStrides(), getContext());
}

LogicalResult SliceOp::verify() {
  RankedTensorType from = tensorType(getInput()), to = tensorType(getOutput());
  size_t rank = from.getRank();
  if (getStaticOffsets().size() != rank || getStaticSizes().size() != rank ||
      getStaticStrides().size() != rank)
    return emitOpError("expected ")
           << rank << " offsets, sizes and strides, but got " << getStaticOffsets().size() << ", "
           << getStaticSizes().size() << " and " << getStaticStrides().size();
  auto expected = RankedTensorType::get(getStaticSizes(), from.getElementType());
  if (!areCompatible(TypeRange{expected}, TypeRange{to}))
    return emitOpError("expected result type ") << expected << ", but got " << to;
  if (llvm::is_contained(getStaticStrides(), 0))
    return emitOpError("expected strides that are not zero");
  for (size_t i = 0; i < rank; ++i) {
    int64_t o = getStaticOffsets()[i], n = getStaticSizes()[i], s = getStaticStrides()[i];
    int64_t d = from.getDimSize(i);
    if (ShapedType::isDynamic(o) || ShapedType::isDynamic(n) || ShapedType::isDynamic(s) ||
        ShapedType::isDynamic(d) || n == 0)
      continue;
    int64_t last = o + (n - 1) * s;
    if (o < 0 || o >= d || last < 0 || last >= d)
      return emitOpError("expected positions of dimension ")
             << i << " to lie in [0, " << d << "), but got " << o << " to " << last;
  }
  return success();
}

LogicalResult SliceOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> sizes = getMixedSizes();
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t axis) { return sizes[axis]; }));
  return success();
}

void PadOp::build(OpBuilder &b, OperationState &state, Value input, Value value,
                  ArrayRef<OpFoldResult> low, ArrayRef<OpFoldResult> high, PadMode mode) {
  SmallVector<Value> dynLow, dynHigh;
  SmallVector<int64_t> lo, hi, shape(shapeOf(input));
  dispatchIndexOpFoldResults(low, dynLow, lo);
  dispatchIndexOpFoldResults(high, dynHigh, hi);
  for (auto [d, l, h] : llvm::zip(shape, lo, hi))
    d = ShapedType::isDynamic(d) || ShapedType::isDynamic(l) || ShapedType::isDynamic(h)
            ? ShapedType::kDynamic
            : d + l + h;
  auto type = RankedTensorType::get(shape, tensorType(input).getElementType());
  build(b, state, type, input, value, dynLow, dynHigh, b.getDenseI64ArrayAttr(lo),
        b.getDenseI64ArrayAttr(hi), PadModeAttr::get(b.getContext(), mode));
}

SmallVector<OpFoldResult> PadOp::getMixedLow() {
  return getMixedValues(getStaticLow(), getLow(), getContext());
}
SmallVector<OpFoldResult> PadOp::getMixedHigh() {
  return getMixedValues(getStaticHigh(), getHigh(), getContext());
}

LogicalResult PadOp::verify() {
  RankedTensorType from = tensorType(getInput()), to = tensorType(getOutput());
  size_t rank = from.getRank();
  if (getStaticLow().size() != rank || getStaticHigh().size() != rank)
    return emitOpError("expected ") << rank << " amounts on each side, but got "
                                    << getStaticLow().size() << " and " << getStaticHigh().size();
  if (to.getElementType() != from.getElementType() || to.getRank() != from.getRank())
    return emitOpError("expected a result of the input's rank and element type, but got ") << to;
  if (getValue() && tensorType(getValue()).getElementType() != from.getElementType())
    return emitOpError("expected a padding value of type ") << from.getElementType();
  return success();
}

LogicalResult PadOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> low = getMixedLow(), high = getMixedHigh();
  AffineExpr sum = b.getAffineSymbolExpr(0) + b.getAffineSymbolExpr(1) + b.getAffineSymbolExpr(2);
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t axis) {
    return affine::makeComposedFoldedAffineApply(
        b, getLoc(), sum, {dimOf(b, getLoc(), getInput(), axis), low[axis], high[axis]});
  }));
  return success();
}

//===- gather, scatter
//--------------------------------------------------------------------------------===//

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  RankedTensorType data = tensorType(adaptor.getData());
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= data.getRank())
    return emitOptionalError(loc, "expected axis to be in [0, ", data.getRank(), "), but got ",
                             axis);
  SmallVector<int64_t> shape(data.getShape().take_front(axis));
  llvm::append_range(shape, shapeOf(adaptor.getIndices()));
  llvm::append_range(shape, data.getShape().drop_front(axis + 1));
  types.push_back(RankedTensorType::get(shape, data.getElementType()));
  return success();
}

LogicalResult GatherOp::verify() { return success(); }

LogicalResult GatherOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  int64_t axis = getAxis(), n = shapeOf(getIndices()).size();
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t i) {
    if (i < axis)
      return dimOf(b, getLoc(), getData(), i);
    return i < axis + n ? dimOf(b, getLoc(), getIndices(), i - axis)
                        : dimOf(b, getLoc(), getData(), i - n + 1);
  }));
  return success();
}

LogicalResult GatherElementsOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                                 Adaptor adaptor, SmallVectorImpl<Type> &types) {
  types.push_back(RankedTensorType::get(shapeOf(adaptor.getIndices()),
                                        tensorType(adaptor.getData()).getElementType()));
  return success();
}

LogicalResult GatherElementsOp::verify() {
  RankedTensorType data = tensorType(getData());
  if (data.getRank() != tensorType(getIndices()).getRank())
    return emitOpError("expected indices of rank ")
           << data.getRank() << ", but got " << tensorType(getIndices()).getRank();
  return checkAxis(*this, getAxis(), data.getRank());
}

LogicalResult GatherElementsOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(dimsOf(b, getLoc(), getIndices()));
  return success();
}

LogicalResult GatherNDOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                           Adaptor adaptor, SmallVectorImpl<Type> &types) {
  RankedTensorType data = tensorType(adaptor.getData());
  ArrayRef<int64_t> idx = shapeOf(adaptor.getIndices());
  int64_t batch = adaptor.getBatchDims();
  if (idx.empty() || ShapedType::isDynamic(idx.back()))
    return emitOptionalError(loc, "expected indices with a static last dimension");
  if (batch < 0 || batch >= static_cast<int64_t>(idx.size()) || batch + idx.back() > data.getRank())
    return emitOptionalError(loc, "expected batch_dims plus the tuple length to be at most ",
                             data.getRank(), ", but got ", batch, " and ", idx.back());
  SmallVector<int64_t> shape(idx.drop_back());
  llvm::append_range(shape, data.getShape().drop_front(batch + idx.back()));
  types.push_back(RankedTensorType::get(shape, data.getElementType()));
  return success();
}

LogicalResult GatherNDOp::verify() { return success(); }

LogicalResult GatherNDOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  int64_t n = shapeOf(getIndices()).size() - 1;
  int64_t skip = getBatchDims() + shapeOf(getIndices()).back();
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t i) {
    return i < n ? dimOf(b, getLoc(), getIndices(), i)
                 : dimOf(b, getLoc(), getData(), i - n + skip);
  }));
  return success();
}

#define SCATTER(Op)                                                                                \
  LogicalResult Op::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,      \
                                     SmallVectorImpl<Type> &types) {                               \
    types.push_back(adaptor.getData().getType());                                                  \
    return success();                                                                              \
  }                                                                                                \
  LogicalResult Op::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {           \
    dims.push_back(dimsOf(b, getLoc(), getData()));                                                \
    return success();                                                                              \
  }
SCATTER(ScatterElementsOp)
SCATTER(ScatterNDOp)
#undef SCATTER

static LogicalResult verifyUpdates(Operation *op, Value data, Value updates) {
  Type d = tensorType(data).getElementType(), u = tensorType(updates).getElementType();
  return d == u ? success()
                : op->emitOpError("expected updates of element type ") << d << ", but got " << u;
}

LogicalResult ScatterElementsOp::verify() {
  int64_t rank = tensorType(getData()).getRank();
  if (tensorType(getIndices()).getRank() != rank || tensorType(getUpdates()).getRank() != rank)
    return emitOpError("expected indices and updates of rank ") << rank;
  if (failed(verifyUpdates(*this, getData(), getUpdates())))
    return failure();
  return checkAxis(*this, getAxis(), rank);
}

LogicalResult ScatterNDOp::verify() {
  ArrayRef<int64_t> idx = shapeOf(getIndices());
  if (idx.empty() || ShapedType::isDynamic(idx.back()) ||
      idx.back() > tensorType(getData()).getRank())
    return emitOpError("expected indices with a static last dimension of at most ")
           << tensorType(getData()).getRank();
  return verifyUpdates(*this, getData(), getUpdates());
}
