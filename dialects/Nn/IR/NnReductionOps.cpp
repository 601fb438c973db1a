// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Type inference, shapes and verifiers of reductions, scans, normalizations and pooling.
#include "dialects/Nn/IR/NnOpHelpers.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;
using namespace lpc::nn;

//===- reduce, arg_reduce
//-----------------------------------------------------------------------------===//

static SmallVector<int64_t> reducedShape(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes,
                                         bool keep) {
  SmallVector<int64_t> result;
  for (auto [i, d] : llvm::enumerate(shape)) {
    bool reduced = llvm::is_contained(axes, static_cast<int64_t>(i));
    if (!reduced || keep)
      result.push_back(reduced ? 1 : d);
  }
  return result;
}

/// Sizes of a result that lacks (or keeps as 1) the reduced axes of `input`.
static SmallVector<OpFoldResult> reifyReduced(OpBuilder &b, Location loc, Value result, Value input,
                                              ArrayRef<int64_t> axes, bool keep) {
  SmallVector<int64_t> kept;
  for (int64_t i = 0, e = shapeOf(input).size(); i < e; ++i)
    if (keep || !llvm::is_contained(axes, i))
      kept.push_back(i);
  return reifyDims(b, result, [&](int64_t axis) { return dimOf(b, loc, input, kept[axis]); });
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType t = tensorType(adaptor.getInput());
  types.push_back(RankedTensorType::get(
      reducedShape(t.getShape(), adaptor.getAxes(), adaptor.getKeepDims()), t.getElementType()));
  return success();
}

LogicalResult ReduceOp::verify() {
  int64_t last = -1;
  for (int64_t a : getAxes()) {
    if (failed(checkAxis(*this, a, tensorType(getInput()).getRank())))
      return failure();
    if (a <= last)
      return emitOpError("expected axes in ascending order without repeats");
    last = a;
  }
  return success();
}

LogicalResult ReduceOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(reifyReduced(b, getLoc(), getOutput(), getInput(), getAxes(), getKeepDims()));
  return success();
}

LogicalResult ArgReduceOp::inferReturnTypes(MLIRContext *ctx, std::optional<Location>,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape =
      reducedShape(shapeOf(adaptor.getInput()), {static_cast<int64_t>(adaptor.getAxis())},
                   adaptor.getKeepDims());
  types.push_back(RankedTensorType::get(shape, IntegerType::get(ctx, 64)));
  return success();
}

LogicalResult ArgReduceOp::verify() {
  if (getKind() != ReduceKind::Max && getKind() != ReduceKind::Min)
    return emitOpError("expected kind 'max' or 'min', but got '")
           << stringifyReduceKind(getKind()) << "'";
  return checkAxis(*this, getAxis(), tensorType(getInput()).getRank());
}

LogicalResult ArgReduceOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(reifyReduced(b, getLoc(), getOutput(), getInput(),
                              {static_cast<int64_t>(getAxis())}, getKeepDims()));
  return success();
}

//===- ops whose result is like their input
//-----------------------------------------------------------===//

#define LIKE_INPUT(Op)                                                                             \
  LogicalResult Op::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,      \
                                     SmallVectorImpl<Type> &types) {                               \
    types.push_back(adaptor.getInput().getType());                                                 \
    return success();                                                                              \
  }                                                                                                \
  LogicalResult Op::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {           \
    dims.push_back(dimsOf(b, getLoc(), getInput()));                                               \
    return success();                                                                              \
  }                                                                                                \
  LogicalResult Op::verify() {                                                                     \
    return checkAxis(*this, getAxis(), tensorType(getInput()).getRank());                          \
  }
LIKE_INPUT(SoftmaxOp)
LIKE_INPUT(LayerNormOp)
LIKE_INPUT(RMSNormOp)
#undef LIKE_INPUT

LogicalResult ScanOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return success();
}

LogicalResult ScanOp::verify() {
  if (getKind() != ReduceKind::Sum && getKind() != ReduceKind::Prod)
    return emitOpError("expected kind 'sum' or 'prod', but got '")
           << stringifyReduceKind(getKind()) << "'";
  return checkAxis(*this, getAxis(), tensorType(getInput()).getRank());
}

LogicalResult ScanOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(dimsOf(b, getLoc(), getInput()));
  return success();
}

//===- top_k
//------------------------------------------------------------------------------------------===//

LogicalResult TopKOp::verify() {
  RankedTensorType in = tensorType(getInput()), out = tensorType(getValues());
  if (failed(checkAxis(*this, getAxis(), in.getRank())))
    return failure();
  if (out.getElementType() != in.getElementType() || out.getRank() != in.getRank() ||
      out.getShape() != tensorType(getIndices()).getShape())
    return emitOpError("expected both results to have one shape, and values of type ")
           << in.getElementType();
  if (out.isDynamicDim(getAxis()) != static_cast<bool>(getK()))
    return emitOpError("expected operand k exactly where the result's axis is '?'");
  return success();
}

LogicalResult TopKOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> sizes = reifyDims(b, getValues(), [&](int64_t axis) -> OpFoldResult {
    if (axis == static_cast<int64_t>(getAxis()))
      return getK();
    return dimOf(b, getLoc(), getInput(), axis);
  });
  dims.assign(2, sizes);
  return success();
}

//===- pool
//-------------------------------------------------------------------------------------------===//

LogicalResult PoolOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  RankedTensorType t = tensorType(adaptor.getInput());
  size_t n = adaptor.getKernel().size();
  if (t.getRank() != static_cast<int64_t>(n) + 2 || adaptor.getStrides().size() != n ||
      adaptor.getPads().size() != 2 * n || adaptor.getDilations().size() != n)
    return emitOptionalError(loc, "expected an input of rank ", n + 2, " with ", n,
                             " strides and dilations and ", 2 * n, " pads");
  SmallVector<int64_t> shape(t.getShape());
  for (size_t i = 0; i < n; ++i)
    shape[i + 2] =
        windowOutputSize(shape[i + 2], adaptor.getKernel()[i], adaptor.getStrides()[i],
                         adaptor.getPads()[i], adaptor.getPads()[n + i], adaptor.getDilations()[i]);
  types.push_back(RankedTensorType::get(shape, t.getElementType()));
  return success();
}

LogicalResult PoolOp::verify() {
  for (ArrayRef<int64_t> list : {getKernel(), getStrides(), getDilations()})
    if (llvm::any_of(list, [](int64_t x) { return x < 1; }))
      return emitOpError("expected kernel, strides and dilations of at least 1");
  return success();
}

LogicalResult PoolOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  size_t n = getKernel().size();
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t axis) {
    OpFoldResult size = dimOf(b, getLoc(), getInput(), axis);
    if (axis < 2)
      return size;
    int64_t i = axis - 2;
    int64_t extra = getPads()[i] + getPads()[n + i] - getDilations()[i] * (getKernel()[i] - 1) - 1;
    AffineExpr e = (b.getAffineSymbolExpr(0) + extra).floorDiv(getStrides()[i]) + 1;
    return affine::makeComposedFoldedAffineApply(b, getLoc(), e, {size});
  }));
  return success();
}
