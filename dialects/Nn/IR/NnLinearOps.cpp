// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Type inference, shapes and verifiers of contractions.
#include "dialects/Nn/IR/NnOpHelpers.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;
using namespace lpc::nn;

//===- matmul
//-----------------------------------------------------------------------------------------===//

LogicalResult MatMulOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  RankedTensorType l = tensorType(adaptor.getLhs()), r = tensorType(adaptor.getRhs());
  if (l.getRank() < 2 || r.getRank() < 2)
    return emitOptionalError(loc, "expected operands of rank 2 or more, but got ", l, " and ", r);
  bool t = adaptor.getTransposeRhs();
  int64_t k = l.getShape().back(), rk = r.getDimSize(r.getRank() - (t ? 1 : 2));
  if (!ShapedType::isDynamic(k) && !ShapedType::isDynamic(rk) && k != rk)
    return emitOptionalError(loc, "expected equal contracted dimensions, but got ", k, " and ", rk);
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes({l.getShape().drop_back(2), r.getShape().drop_back(2)});
  if (failed(shape))
    return emitOptionalError(loc, "expected batch dimensions that broadcast, but got ", l, " and ",
                             r);
  shape->push_back(l.getDimSize(l.getRank() - 2));
  shape->push_back(r.getDimSize(r.getRank() - (t ? 2 : 1)));
  types.push_back(RankedTensorType::get(*shape, l.getElementType()));
  return success();
}

LogicalResult MatMulOp::verify() { return success(); }

LogicalResult MatMulOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  int64_t rank = shapeOf(getOutput()).size();
  int64_t l = shapeOf(getLhs()).size(), r = shapeOf(getRhs()).size();
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t axis) -> OpFoldResult {
    if (axis == rank - 2)
      return dimOf(b, getLoc(), getLhs(), l - 2);
    if (axis == rank - 1)
      return dimOf(b, getLoc(), getRhs(), getTransposeRhs() ? r - 2 : r - 1);
    for (Value v : {getLhs(), getRhs()}) {
      int64_t own = axis - (rank - static_cast<int64_t>(shapeOf(v).size()));
      if (own >= 0 && shapeOf(v)[own] != 1)
        return dimOf(b, getLoc(), v, own);
    }
    return b.getIndexAttr(1);
  }));
  return success();
}

//===- conv
//-------------------------------------------------------------------------------------------===//

static LogicalResult checkWindow(std::optional<Location> loc, RankedTensorType in,
                                 RankedTensorType filter, ArrayRef<int64_t> strides,
                                 ArrayRef<int64_t> pads, ArrayRef<int64_t> dilations) {
  int64_t n = in.getRank() - 2;
  if (n < 1 || filter.getRank() != in.getRank())
    return emitOptionalError(loc, "expected input and filter of one rank, 3 or more, but got ", in,
                             " and ", filter);
  if (static_cast<int64_t>(strides.size()) != n || static_cast<int64_t>(dilations.size()) != n ||
      static_cast<int64_t>(pads.size()) != 2 * n)
    return emitOptionalError(loc, "expected ", n, " strides and dilations and ", 2 * n, " pads");
  if (llvm::any_of(strides, [](int64_t x) { return x < 1; }) ||
      llvm::any_of(dilations, [](int64_t x) { return x < 1; }))
    return emitOptionalError(loc, "expected strides and dilations of at least 1");
  return success();
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  RankedTensorType in = tensorType(adaptor.getInput()), filter = tensorType(adaptor.getFilter());
  ArrayRef<int64_t> pads = adaptor.getPads();
  if (failed(checkWindow(loc, in, filter, adaptor.getStrides(), pads, adaptor.getDilations())))
    return failure();
  int64_t n = in.getRank() - 2;
  SmallVector<int64_t> shape{in.getDimSize(0), filter.getDimSize(0)};
  for (int64_t i = 0; i < n; ++i)
    shape.push_back(windowOutputSize(in.getDimSize(i + 2), filter.getDimSize(i + 2),
                                     adaptor.getStrides()[i], pads[i], pads[n + i],
                                     adaptor.getDilations()[i]));
  types.push_back(RankedTensorType::get(shape, in.getElementType()));
  return success();
}

LogicalResult ConvOp::verify() {
  RankedTensorType in = tensorType(getInput()), filter = tensorType(getFilter());
  int64_t groups = getGroups(), c = in.getDimSize(1), cg = filter.getDimSize(1),
          m = filter.getDimSize(0);
  if (groups < 1)
    return emitOpError("expected groups to be at least 1, but got ") << groups;
  if (!ShapedType::isDynamic(c) && !ShapedType::isDynamic(cg) && c != cg * groups)
    return emitOpError("expected the filter to read ")
           << c << " channels in " << groups << " groups, but it reads " << cg << " in each";
  if (!ShapedType::isDynamic(m) && m % groups != 0)
    return emitOpError("expected the number of filters to be a multiple of groups, but got ")
           << m << " and " << groups;
  return success();
}

LogicalResult ConvOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  int64_t n = shapeOf(getInput()).size() - 2;
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t axis) {
    if (axis < 2)
      return axis == 0 ? dimOf(b, getLoc(), getInput(), 0) : dimOf(b, getLoc(), getFilter(), 0);
    int64_t i = axis - 2;
    AffineExpr size = b.getAffineSymbolExpr(0), kernel = b.getAffineSymbolExpr(1);
    AffineExpr span =
        size + (getPads()[i] + getPads()[n + i] - 1) - (kernel - 1) * getDilations()[i];
    return affine::makeComposedFoldedAffineApply(
        b, getLoc(), span.floorDiv(getStrides()[i]) + 1,
        {dimOf(b, getLoc(), getInput(), axis), dimOf(b, getLoc(), getFilter(), axis)});
  }));
  return success();
}

//===- conv_transpose
//---------------------------------------------------------------------------------===//

LogicalResult ConvTransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                                Adaptor adaptor, SmallVectorImpl<Type> &types) {
  RankedTensorType in = tensorType(adaptor.getInput()), filter = tensorType(adaptor.getFilter());
  ArrayRef<int64_t> pads = adaptor.getPads();
  if (failed(checkWindow(loc, in, filter, adaptor.getStrides(), pads, adaptor.getDilations())))
    return failure();
  int64_t n = in.getRank() - 2;
  if (static_cast<int64_t>(adaptor.getOutputPadding().size()) != n)
    return emitOptionalError(loc, "expected ", n, " output paddings");
  int64_t mg = filter.getDimSize(1);
  SmallVector<int64_t> shape{
      in.getDimSize(0),
      ShapedType::isDynamic(mg) ? mg : mg * static_cast<int64_t>(adaptor.getGroups())};
  for (int64_t i = 0; i < n; ++i) {
    int64_t d = in.getDimSize(i + 2), k = filter.getDimSize(i + 2);
    shape.push_back(ShapedType::isDynamic(d) || ShapedType::isDynamic(k)
                        ? ShapedType::kDynamic
                        : (d - 1) * adaptor.getStrides()[i] + adaptor.getDilations()[i] * (k - 1) +
                              1 + adaptor.getOutputPadding()[i] - pads[i] - pads[n + i]);
  }
  types.push_back(RankedTensorType::get(shape, in.getElementType()));
  return success();
}

LogicalResult ConvTransposeOp::verify() {
  if (getGroups() >= 1)
    return success();
  return emitOpError("expected groups to be at least 1");
}

LogicalResult ConvTransposeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  int64_t n = shapeOf(getInput()).size() - 2;
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t axis) {
    AffineExpr size = b.getAffineSymbolExpr(0), kernel = b.getAffineSymbolExpr(1);
    if (axis == 0)
      return dimOf(b, getLoc(), getInput(), 0);
    if (axis == 1)
      return affine::makeComposedFoldedAffineApply(b, getLoc(), size * getGroups(),
                                                   {dimOf(b, getLoc(), getFilter(), 1)});
    int64_t i = axis - 2;
    AffineExpr e = (size - 1) * getStrides()[i] + (kernel - 1) * getDilations()[i] + 1 +
                   (getOutputPadding()[i] - getPads()[i] - getPads()[n + i]);
    return affine::makeComposedFoldedAffineApply(
        b, getLoc(), e,
        {dimOf(b, getLoc(), getInput(), axis), dimOf(b, getLoc(), getFilter(), axis)});
  }));
  return success();
}
