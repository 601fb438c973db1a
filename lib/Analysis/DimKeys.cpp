// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Follows a dimension up to the op or function argument that makes it.
#include "lpc/Analysis/DimKeys.h"

#include "dialects/Lp/IR/Lp.h"
#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

namespace {

/// What dimension `axis` of a result is: a dimension of an operand, a stated size, or (neither) its
/// own.
struct Origin {
  Value value;
  int64_t axis = -1;
  OpFoldResult size;
};

int64_t rankOf(Value v) { return cast<RankedTensorType>(v.getType()).getRank(); }
int64_t sizeOf(Value v, int64_t axis) {
  return cast<RankedTensorType>(v.getType()).getDimSize(axis);
}

/// The operand that gives a broadcast dimension its size.
Origin throughBroadcast(Value result, int64_t axis, ValueRange operands, int64_t trailing = 0) {
  for (Value v : operands) {
    int64_t own = axis - (rankOf(result) - rankOf(v));
    if (own >= 0 && own < rankOf(v) - trailing && sizeOf(v, own) != 1)
      return {v, own, {}};
  }
  return {};
}

/// The size of a result whose '?' are given by `sizes` in order.
Origin statedSize(Value result, int64_t axis, ValueRange sizes) {
  int64_t next = 0;
  for (int64_t i = 0; i < axis; ++i)
    next += ShapedType::isDynamic(sizeOf(result, i));
  return {nullptr, -1, sizes[next]};
}

Origin throughReduction(Operation *op, Value input, ArrayRef<int64_t> axes, bool keep,
                        int64_t axis) {
  if (keep)
    return {input, axis, {}};
  for (int64_t i = 0, left = axis; i < rankOf(input); ++i)
    if (!llvm::is_contained(axes, i) && left-- == 0)
      return {input, i, {}};
  return {};
}

Origin originOf(OpResult result, int64_t axis) {
  return TypeSwitch<Operation *, Origin>(result.getOwner())
      .Case<nn::UnaryOp, nn::ClampOp, nn::CastOp, nn::BitcastOp, nn::SoftmaxOp, nn::LayerNormOp,
            nn::RMSNormOp, nn::RopeOp, nn::RotateOp, nn::ScanOp, nn::ScatterElementsOp,
            nn::ScatterNDOp, lp::QuantizeOp, lp::DequantizeOp, lp::LookupOp, lp::BitcastOp,
            lp::ObserveOp, tensor::CastOp>(
          [&](auto op) { return Origin{op->getOperand(0), axis, {}}; })
      .Case<nn::AttentionOp>([&](nn::AttentionOp op) {
        return Origin{axis == rankOf(result) - 1 ? op.getValue() : op.getQuery(), axis, {}};
      })
      .Case<nn::BinaryOp, nn::CompareOp, nn::SelectOp>(
          [&](auto op) { return throughBroadcast(result, axis, op->getOperands()); })
      .Case<nn::MatMulOp>([&](nn::MatMulOp op) {
        int64_t fromEnd = rankOf(result) - axis;
        if (fromEnd == 2)
          return Origin{op.getLhs(), rankOf(op.getLhs()) - 2, {}};
        if (fromEnd == 1)
          return Origin{op.getRhs(), rankOf(op.getRhs()) - (op.getTransposeRhs() ? 2 : 1), {}};
        return throughBroadcast(result, axis, ValueRange{op.getLhs(), op.getRhs()}, 2);
      })
      .Case<lp::MatMulOp>([&](lp::MatMulOp op) {
        int64_t fromEnd = rankOf(result) - axis;
        if (fromEnd == 2)
          return Origin{op.getLhs(), rankOf(op.getLhs()) - 2, {}};
        if (fromEnd == 1)
          return Origin{op.getRhs(), rankOf(op.getRhs()) - 1, {}};
        return throughBroadcast(result, axis, ValueRange{op.getLhs(), op.getRhs()}, 2);
      })
      .Case<nn::ConvOp, nn::ConvTransposeOp, nn::PoolOp, lp::ConvOp>(
          [&](auto op) { return axis == 0 ? Origin{op.getInput(), 0, {}} : Origin{}; })
      .Case<nn::TransposeOp>(
          [&](nn::TransposeOp op) { return Origin{op.getInput(), op.getPermutation()[axis], {}}; })
      .Case<nn::ReshapeOp, nn::BroadcastOp, nn::IotaOp>(
          [&](auto op) { return statedSize(result, axis, op.getSizes()); })
      .Case<nn::SliceOp>(
          [&](nn::SliceOp op) { return Origin{nullptr, -1, op.getMixedSizes()[axis]}; })
      .Case<nn::PadOp>([&](nn::PadOp op) {
        bool plain = op.getStaticLow()[axis] == 0 && op.getStaticHigh()[axis] == 0;
        return plain ? Origin{op.getInput(), axis, {}} : Origin{};
      })
      .Case<nn::ConcatOp>([&](nn::ConcatOp op) {
        bool joined = axis == static_cast<int64_t>(op.getAxis());
        return joined ? Origin{} : Origin{op.getInputs()[0], axis, {}};
      })
      .Case<nn::GatherOp>([&](nn::GatherOp op) {
        int64_t at = op.getAxis(), n = rankOf(op.getIndices());
        if (axis < at)
          return Origin{op.getData(), axis, {}};
        return axis < at + n ? Origin{op.getIndices(), axis - at, {}}
                             : Origin{op.getData(), axis - n + 1, {}};
      })
      .Case<nn::GatherElementsOp>(
          [&](nn::GatherElementsOp op) { return Origin{op.getIndices(), axis, {}}; })
      .Case<nn::ReduceOp>([&](nn::ReduceOp op) {
        return throughReduction(op, op.getInput(), op.getAxes(), op.getKeepDims(), axis);
      })
      .Case<nn::ArgReduceOp>([&](nn::ArgReduceOp op) {
        return throughReduction(op, op.getInput(), static_cast<int64_t>(op.getAxis()),
                                op.getKeepDims(), axis);
      })
      .Default([](Operation *) { return Origin{}; });
}

/// The name of an argument's dimension, which says what it is equal to.
StringAttr nameOf(FunctionOpInterface func, unsigned argument, int64_t axis) {
  auto names = func.getArgAttrOfType<ArrayAttr>(argument, "nn.dims");
  if (!names || axis >= static_cast<int64_t>(names.size()))
    return nullptr;
  auto name = dyn_cast<StringAttr>(names[axis]);
  return name && !name.getValue().empty() ? name : nullptr;
}

/// The first place of a function's arguments whose dimension has the same name as this one.
std::pair<Value, int64_t> firstOfName(Value v, int64_t axis) {
  auto argument = dyn_cast<BlockArgument>(v);
  // The old arguments of a function whose types have been converted have no function.
  if (!argument || !argument.getOwner()->getParent() || !argument.getOwner()->isEntryBlock())
    return {v, axis};
  auto func = dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp());
  StringAttr name = func ? nameOf(func, argument.getArgNumber(), axis) : nullptr;
  if (!name)
    return {v, axis};
  for (BlockArgument other : argument.getOwner()->getArguments()) {
    auto type = dyn_cast<RankedTensorType>(other.getType());
    for (int64_t i = 0; type && i < type.getRank(); ++i)
      if (type.isDynamicDim(i) && nameOf(func, other.getArgNumber(), i) == name)
        return {other, i};
  }
  return {v, axis};
}

/// Where a dimension is made: another value's dimension, or a stated size.
Origin rootOf(Value tensor, int64_t axis) {
  while (true) {
    if (int64_t size = sizeOf(tensor, axis); !ShapedType::isDynamic(size))
      return {nullptr, -1, IntegerAttr::get(IndexType::get(tensor.getContext()), size)};
    auto result = dyn_cast<OpResult>(tensor);
    Origin origin = result ? originOf(result, axis) : Origin{};
    if (origin.value) {
      tensor = origin.value;
      axis = origin.axis;
      continue;
    }
    if (!origin.size) {
      auto [first, i] = firstOfName(tensor, axis);
      return {first, i, {}};
    }
    auto dim =
        isa<Value>(origin.size) ? cast<Value>(origin.size).getDefiningOp<tensor::DimOp>() : nullptr;
    std::optional<int64_t> at = dim ? dim.getConstantIndex() : std::nullopt;
    if (!at || !isa<RankedTensorType>(dim.getSource().getType()))
      return origin;
    tensor = dim.getSource();
    axis = *at;
  }
}

} // namespace

DimKey analysis::sizeKey(OpFoldResult size) {
  if (std::optional<int64_t> n = getConstantIntValue(size))
    return {nullptr, *n};
  Value v = cast<Value>(size);
  if (auto dim = v.getDefiningOp<tensor::DimOp>())
    if (std::optional<int64_t> axis = dim.getConstantIndex();
        axis && isa<RankedTensorType>(dim.getSource().getType()))
      return dimKey(dim.getSource(), *axis);
  return {v.getAsOpaquePointer(), -1};
}

DimKey analysis::dimKey(Value tensor, int64_t axis) {
  Origin root = rootOf(tensor, axis);
  if (root.value)
    return {root.value.getAsOpaquePointer(), root.axis};
  return sizeKey(root.size);
}

std::optional<OpFoldResult> analysis::sizeAtRoot(OpBuilder &b, Location loc, Value tensor,
                                                 int64_t axis) {
  Origin root = rootOf(tensor, axis);
  if (root.size)
    return root.size;
  if (root.value == tensor)
    return std::nullopt;
  return tensor::DimOp::create(b, loc, root.value, root.axis).getResult();
}
