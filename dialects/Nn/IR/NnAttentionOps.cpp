// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Type inference, shapes and verifiers of attention and rotary embeddings.
#include "dialects/Nn/IR/NnOpHelpers.h"

using namespace mlir;
using namespace lpc::nn;

//===- rope
//-------------------------------------------------------------------------------------------===//

LogicalResult RopeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  RankedTensorType in = tensorType(adaptor.getInput());
  if (in.getRank() < 1 || in.isDynamicDim(in.getRank() - 1))
    return emitOptionalError(loc, "expected an input with a last dimension of known size, but got ",
                             in);
  int64_t pairs = -1, size = in.getShape().back();
  for (Value table : {adaptor.getCosines(), adaptor.getSines()}) {
    RankedTensorType t = tensorType(table);
    if (t.getRank() < 1 || t.isDynamicDim(t.getRank() - 1))
      return emitOptionalError(loc, "expected tables with a last dimension of known size, but got ",
                               t);
    int64_t n = t.getShape().back();
    if (pairs >= 0 && n != pairs)
      return emitOptionalError(loc, "expected as many sines as cosines, but got ", n, " and ",
                               pairs);
    pairs = n;
    FailureOr<SmallVector<int64_t>> shape =
        broadcastShapes({in.getShape().drop_back(), t.getShape().drop_back()});
    if (failed(shape) || static_cast<int64_t>(shape->size()) != in.getRank() - 1)
      return emitOptionalError(loc, "expected tables that broadcast to the input, but got ", t,
                               " for ", in);
  }
  if (2 * pairs > size)
    return emitOptionalError(loc, "expected at most ", size / 2, " pairs in ", size,
                             " elements, but got ", pairs);
  types.push_back(in);
  return success();
}

LogicalResult RopeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(dimsOf(b, getLoc(), getInput()));
  return success();
}

//===- attention
//--------------------------------------------------------------------------------------===//

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  RankedTensorType q = tensorType(adaptor.getQuery()), k = tensorType(adaptor.getKey()),
                   v = tensorType(adaptor.getValue());
  int64_t rank = q.getRank();
  if (rank < 3 || k.getRank() != rank || v.getRank() != rank)
    return emitOptionalError(loc, "expected query, key and value of one rank, 3 or more, but got ",
                             q, ", ", k, ", ", v);
  auto conflict = [](int64_t a, int64_t b) {
    return !ShapedType::isDynamic(a) && !ShapedType::isDynamic(b) && a != b;
  };
  SmallVector<int64_t> shape(q.getShape());
  for (int64_t i = 0; i < rank - 3; ++i)
    for (int64_t size : {k.getDimSize(i), v.getDimSize(i)}) {
      if (conflict(shape[i], size))
        return emitOptionalError(loc, "expected dimension ", i,
                                 " of query, key and value to be equal, but got ", shape[i],
                                 " and ", size);
      if (ShapedType::isDynamic(shape[i]))
        shape[i] = size;
    }
  if (conflict(q.getShape().back(), k.getShape().back()))
    return emitOptionalError(loc, "expected queries and keys of one size, but got ",
                             q.getShape().back(), " and ", k.getShape().back());
  for (int64_t axis : {rank - 3, rank - 2})
    if (conflict(k.getDimSize(axis), v.getDimSize(axis)))
      return emitOptionalError(loc, "expected as many keys as values, but got ", k, " and ", v);
  int64_t heads = q.getDimSize(rank - 3), kvHeads = k.getDimSize(rank - 3);
  if (ShapedType::isDynamic(heads) != ShapedType::isDynamic(kvHeads))
    return emitOptionalError(
        loc, "expected the numbers of heads to be known for both queries and keys, or for none");
  if (!ShapedType::isDynamic(heads) && (kvHeads < 1 || heads % kvHeads != 0))
    return emitOptionalError(loc, "expected the number of query heads to be a multiple of ",
                             kvHeads, ", but got ", heads);
  shape.back() = v.getShape().back();
  types.push_back(RankedTensorType::get(shape, q.getElementType()));
  return success();
}

LogicalResult AttentionOp::verify() {
  SmallVector<int64_t> scores(shapeOf(getQuery()));
  scores.back() = shapeOf(getKey())[scores.size() - 2];
  for (Value mask : {getKeep(), getBias()}) {
    if (!mask)
      continue;
    FailureOr<SmallVector<int64_t>> shape = broadcastShapes({scores, shapeOf(mask)});
    if (failed(shape) || shape->size() != scores.size())
      return emitOpError("expected masks that broadcast to the scores, but got ") << mask.getType();
  }
  if (getBias() &&
      tensorType(getBias()).getElementType() != tensorType(getQuery()).getElementType())
    return emitOpError("expected a bias of the query's element type, but got ")
           << getBias().getType();
  if (getSoftcap().isNegative() || getSoftcap().isNaN())
    return emitOpError("expected a softcap of 0 or more, but got ")
           << getSoftcap().convertToDouble();
  return success();
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  int64_t rank = shapeOf(getOutput()).size();
  dims.push_back(reifyDims(b, getOutput(), [&](int64_t axis) {
    return dimOf(b, getLoc(), axis == rank - 1 ? getValue() : getQuery(), axis);
  }));
  return success();
}
