// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Type inference, verifier and folder of nn.rotate.
#include "dialects/Nn/IR/NnOpHelpers.h"

#include "lpc/Numerics/Hadamard.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn;

LogicalResult RotateOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return success();
}

LogicalResult RotateOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(dimsOf(b, getLoc(), getInput()));
  return success();
}

LogicalResult RotateOp::verify() {
  RankedTensorType input = tensorType(getInput());
  if (failed(checkAxis(*this, getAxis(), input.getRank())))
    return failure();
  int64_t n = input.getDimSize(getAxis()), order = getOrder(), inner = getInner(), m = 1;
  if (ShapedType::isDynamic(n))
    return emitOpError("expected an axis of known size, but got axis ")
           << getAxis() << " of " << input;
  if (order < 1 || inner < 1)
    return emitOpError("expected order and inner of at least 1, but got ")
           << order << " and " << inner;
  if (Value matrix = getMatrix()) {
    RankedTensorType type = tensorType(matrix);
    if (type.getRank() != 2 || !type.hasStaticShape() || type.getDimSize(0) < 1 ||
        type.getDimSize(0) != type.getDimSize(1) || type.getElementType() != input.getElementType())
      return emitOpError("expected a square matrix of ")
             << input.getElementType() << ", but got " << type;
    m = type.getDimSize(0);
  }
  if (Value signs = getSigns())
    if (tensorType(signs) != RankedTensorType::get({n}, input.getElementType()))
      return emitOpError("expected signs of type ")
             << RankedTensorType::get({n}, input.getElementType()) << ", but got "
             << signs.getType();
  int64_t block = n;
  for (int64_t factor : {order, m, inner}) {
    if (block % factor != 0)
      return emitOpError("expected order x matrix x inner to divide the size of the axis, but got ")
             << order << " x " << m << " x " << inner << " and " << n;
    block /= factor;
  }
  if (!num::Hadamard::ofOrder(order))
    return emitOpError("expected the order of a known Hadamard matrix, but got ") << order;
  return success();
}

/// Whether R = R'.
static bool isSymmetric(RotateOp op) {
  return !op.getMatrix() && !op.getSigns() &&
         num::Hadamard::ofOrder(op.getOrder())->coreOrder() == 1;
}

OpFoldResult RotateOp::fold(FoldAdaptor) {
  if (getOrder() == 1 && !getMatrix() && !getSigns() && getInput().getType() == getType())
    return getInput();
  auto before = getInput().getDefiningOp<RotateOp>();
  if (!before || before.getMatrix() != getMatrix() || before.getSigns() != getSigns() ||
      before.getAxis() != getAxis() || before.getOrder() != getOrder() ||
      before.getInner() != getInner() || before.getInput().getType() != getType())
    return {};
  if (before.getInverse() != getInverse() || isSymmetric(*this))
    return before.getInput();
  return {};
}
