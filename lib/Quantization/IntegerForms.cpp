// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors of an integer-only program: which are held as codes.
#include "IntegerForms.h"

#include "lpc/Quantization/Contractions.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

static bool isFloat(Value v) {
  return isa<RankedTensorType>(v.getType()) && isa<FloatType>(getElementTypeOrSelf(v.getType()));
}

bool quant::isMovement(Operation *op) {
  if (auto pool = dyn_cast<nn::PoolOp>(op))
    return pool.getKind() == nn::PoolKind::Max;
  if (auto pad = dyn_cast<nn::PadOp>(op))
    return pad.getMode() != nn::PadMode::Constant || !pad.getValue() ||
           scalarConstant(pad.getValue()) == 0.0;
  return isa<nn::ReshapeOp, nn::TransposeOp, nn::SliceOp, nn::BroadcastOp, nn::ConcatOp,
             nn::GatherOp>(op);
}

SmallVector<Value> quant::movedBy(Operation *op) {
  if (auto concat = dyn_cast<nn::ConcatOp>(op))
    return SmallVector<Value>(concat.getInputs());
  return {op->getOperand(0)};
}

bool quant::isPositional(Value v) {
  Operation *op = v.getDefiningOp();
  if (!op)
    return false;
  if (isa<nn::ConstantOp, nn::IotaOp>(op))
    return true;
  if (!isa<nn::ReshapeOp, nn::CastOp, nn::UnaryOp, nn::BinaryOp, nn::ClampOp>(op))
    return false;
  return llvm::all_of(op->getOperands(), [](Value operand) {
    return !isa<RankedTensorType>(operand.getType()) || isPositional(operand);
  });
}

std::optional<double> quant::scalarConstant(Value v) {
  auto constant = v.getDefiningOp<nn::ConstantOp>();
  if (!constant || constant.getValue().getNumElements() != 1)
    return std::nullopt;
  std::optional<std::vector<float>> values = readFloats(constant.getValue());
  return values ? std::optional<double>(values->front()) : std::nullopt;
}

std::optional<Mask> quant::matchMask(Value v) {
  auto select = v.getDefiningOp<nn::SelectOp>();
  if (!select)
    return std::nullopt;
  std::optional<double> a = scalarConstant(select.getOnTrue()),
                        b = scalarConstant(select.getOnFalse());
  if (!a || !b)
    return std::nullopt;
  if (*a == 0 && *b <= -1000)
    return Mask{select.getCondition(), true};
  if (*b == 0 && *a <= -1000)
    return Mask{select.getCondition(), false};
  return std::nullopt;
}

//===- inner values
//-------------------------------------------------------------------------------------===//

InnerValues::InnerValues(func::FuncOp func) {
  func.walk([&](Operation *op) {
    if (op->getNumResults() != 1 || !isFloat(op->getResult(0)))
      return;
    Value v = op->getResult(0);
    Inner kind = classify(op);
    if (kind != Inner::None && v.hasOneUse() && absorbs(*v.getUsers().begin(), kind, v))
      kinds[v] = kind;
  });
}

/// What the result of an operation would be inside of its reader.
Inner InnerValues::classify(Operation *op) const {
  auto all = [&](ValueRange values, std::initializer_list<Inner> kinds) {
    return llvm::all_of(values, [&](Value v) { return llvm::is_contained(kinds, of(v)); });
  };
  using enum Inner;
  return llvm::TypeSwitch<Operation *, Inner>(op)
      .Case<nn::MatMulOp, nn::ConvOp>([](auto) { return Linear; })
      .Case<nn::ReduceOp>([&](nn::ReduceOp o) {
        bool sum = o.getKind() == nn::ReduceKind::Sum || o.getKind() == nn::ReduceKind::Mean;
        return sum && of(o.getInput()) == None ? Linear : None;
      })
      .Case<nn::UnaryOp>([&](nn::UnaryOp o) {
        Inner input = of(o.getInput());
        if (o.getKind() == nn::UnaryKind::Relu && (input == Linear || input == Clamped))
          return Clamped;
        if (o.getKind() == nn::UnaryKind::Neg && input == Linear)
          return Linear;
        return input == None || input == Table || input == Affine ? Table : None;
      })
      .Case<nn::ClampOp>([&](nn::ClampOp o) {
        Inner input = of(o.getInput());
        if (input == Linear || input == Clamped)
          return Clamped;
        return input == None || input == Table || input == Affine ? Table : None;
      })
      .Case<nn::BinaryOp>([&](nn::BinaryOp o) {
        bool sum = o.getKind() == nn::BinaryKind::Add || o.getKind() == nn::BinaryKind::Sub;
        bool factor = o.getKind() == nn::BinaryKind::Mul || o.getKind() == nn::BinaryKind::Div;
        if (!sum && !factor)
          return None;
        if (scalarConstant(o.getRhs()) ||
            (o.getKind() != nn::BinaryKind::Div && scalarConstant(o.getLhs()))) {
          Inner input = of(scalarConstant(o.getRhs()) ? o.getLhs() : o.getRhs());
          if (input == Linear || input == Table)
            return input;
          return input == None || input == Affine ? Affine : None;
        }
        if (sum && all(o.getOperands(), {None, Linear, Affine}))
          return Linear;
        return o.getKind() == nn::BinaryKind::Mul && all(o.getOperands(), {None, Affine}) ? Linear
                                                                                          : None;
      })
      .Default([](Operation *) { return None; });
}

/// Whether the only reader of a value takes it in.
bool InnerValues::absorbs(Operation *user, Inner kind, Value v) const {
  using enum Inner;
  return llvm::TypeSwitch<Operation *, bool>(user)
      .Case<nn::UnaryOp>([&](nn::UnaryOp o) {
        if (o.getKind() == nn::UnaryKind::Relu)
          return true;
        return kind == Table || kind == Affine ||
               (kind == Linear && o.getKind() == nn::UnaryKind::Neg);
      })
      .Case<nn::ClampOp>([](auto) { return true; })
      .Case<nn::BinaryOp>([&](nn::BinaryOp o) {
        Value other = o.getLhs() == v ? o.getRhs() : o.getLhs();
        if (o.getLhs() == o.getRhs())
          return false;
        // The sum with a mask is the softmax's.
        if (matchMask(other) || matchMask(v))
          return false;
        const bool sum = o.getKind() == nn::BinaryKind::Add || o.getKind() == nn::BinaryKind::Sub;
        const bool scalar = scalarConstant(other).has_value() &&
                            (o.getKind() == nn::BinaryKind::Mul || sum ||
                             (o.getKind() == nn::BinaryKind::Div && o.getRhs() == other));
        if (scalar)
          return kind != Clamped;
        return sum && (kind == Linear || kind == Affine);
      })
      .Default([](Operation *) { return false; });
}
