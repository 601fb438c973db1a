// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which sizes of an idiom are equal. A size is followed to the value that it comes from; what is
// not followed is equal to nothing else.
#include "Idioms.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

namespace {
/// A dimension of a value, an index value (axis -1), or a number (no value).
using Key = std::pair<Value, int64_t>;
} // namespace

static Key keyOf(Value v, int64_t axis, int depth = 64);

static Key keyOf(OpFoldResult size, int depth) {
  if (std::optional<int64_t> known = getConstantIntValue(size))
    return {nullptr, *known};
  Value v = cast<Value>(size);
  auto dim = v.getDefiningOp<tensor::DimOp>();
  std::optional<int64_t> axis = dim ? dim.getConstantIndex() : std::nullopt;
  return axis && isa<RankedTensorType>(dim.getSource().getType()) && depth > 0
             ? keyOf(dim.getSource(), *axis, depth - 1)
             : Key{v, -1};
}

/// The operand of a broadcasting op that gives the size of a dimension of the result.
static Key throughBroadcast(Value result, int64_t axis, ValueRange operands, int depth) {
  for (Value v : operands) {
    int64_t own = axis - (typeOf(result).getRank() - typeOf(v).getRank());
    if (own >= 0 && typeOf(v).getDimSize(own) != 1)
      return keyOf(v, own, depth);
  }
  return {result, axis};
}

static Key keyOf(Value v, int64_t axis, int depth) {
  RankedTensorType type = typeOf(v);
  if (!type.isDynamicDim(axis))
    return {nullptr, type.getDimSize(axis)};
  Operation *op = v.getDefiningOp();
  if (!op || depth == 0)
    return {v, axis};
  auto stated = [&](ValueRange sizes) {
    return keyOf(OpFoldResult(sizes[type.getDynamicDimIndex(axis)]), depth - 1);
  };
  return llvm::TypeSwitch<Operation *, Key>(op)
      .Case<UnaryOp, ClampOp, CastOp, SoftmaxOp, LayerNormOp, RMSNormOp, RopeOp>(
          [&](auto o) { return keyOf(o->getOperand(0), axis, depth - 1); })
      .Case<BinaryOp, CompareOp, SelectOp>(
          [&](auto o) { return throughBroadcast(v, axis, o->getOperands(), depth - 1); })
      .Case<ReshapeOp, BroadcastOp, IotaOp>([&](auto o) { return stated(o.getSizes()); })
      .Case<SliceOp>([&](SliceOp o) { return keyOf(o.getMixedSizes()[axis], depth - 1); })
      .Case<TransposeOp>(
          [&](TransposeOp o) { return keyOf(o.getInput(), o.getPermutation()[axis], depth - 1); })
      .Case<ConcatOp>([&](ConcatOp o) {
        return static_cast<int64_t>(o.getAxis()) == axis ? Key{v, axis}
                                                         : keyOf(o.getInputs()[0], axis, depth - 1);
      })
      .Case<MatMulOp>([&](MatMulOp o) {
        int64_t fromEnd = type.getRank() - axis;
        int64_t l = typeOf(o.getLhs()).getRank(), r = typeOf(o.getRhs()).getRank();
        if (fromEnd == 1)
          return keyOf(o.getRhs(), r - (o.getTransposeRhs() ? 2 : 1), depth - 1);
        if (fromEnd == 2 || l - fromEnd >= 0)
          return keyOf(o.getLhs(), l - fromEnd, depth - 1);
        return Key{v, axis};
      })
      .Case<GatherOp>([&](GatherOp o) {
        int64_t at = o.getAxis(), n = typeOf(o.getIndices()).getRank();
        if (axis < at)
          return keyOf(o.getData(), axis, depth - 1);
        return axis < at + n ? keyOf(o.getIndices(), axis - at, depth - 1)
                             : keyOf(o.getData(), axis - n + 1, depth - 1);
      })
      .Default([&](Operation *) { return Key{v, axis}; });
}

bool nn::isSizeOf(OpFoldResult size, Value v, int64_t axis) {
  return keyOf(size, 64) == keyOf(v, axis);
}

bool nn::haveOneSize(Value a, int64_t axisOfA, Value b, int64_t axisOfB) {
  return keyOf(a, axisOfA) == keyOf(b, axisOfB);
}

bool nn::keepsFirst(ReshapeOp op, Value like, int64_t count) {
  int64_t open = 0;
  for (int64_t i = 0; i < count; ++i)
    open += !haveOneSize(op.getOutput(), i, like, i);
  // Sizes that are known and differ are a different matter from one that is not proven.
  for (int64_t i = 0; i < count; ++i)
    if (typeOf(op.getOutput()).getDimSize(i) != typeOf(like).getDimSize(i))
      return false;
  return open <= 1;
}

Value nn::reshapeTo(OpBuilder &b, Location loc, Value v, ArrayRef<OpFoldResult> sizes) {
  SmallVector<int64_t> shape;
  SmallVector<Value> unknown;
  dispatchIndexOpFoldResults(sizes, unknown, shape);
  RankedTensorType type = typeOf(v).clone(shape);
  return type == v.getType() ? v : Value(ReshapeOp::create(b, loc, type, v, unknown));
}
