// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Axis rules of elementwise ops. A permutation passes through all of them. A positive diagonal
// passes what is homogeneous, a map that mixes channels only what is linear.
#include "Rules.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

namespace {

/// f(d x) = d f(x) for d > 0.
bool isHomogeneous(nn::UnaryKind kind) {
  return kind == nn::UnaryKind::Neg || kind == nn::UnaryKind::Abs || kind == nn::UnaryKind::Relu;
}

void unaryRule(nn::UnaryOp op, AxisRules &r) {
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis), out = r.result(axis);
    bool passes = r.transform() == Transform::Permutation || op.getKind() == nn::UnaryKind::Neg ||
                  (r.transform() == Transform::Diagonal && isHomogeneous(op.getKind()));
    if (passes) {
      r.tie(in, out);
      continue;
    }
    StringRef why =
        r.mixesChannels() ? "acts on each channel alone" : "does not commute with a scale";
    r.bar(in, why);
    r.bar(out, why);
  }
}

void clampRule(nn::ClampOp op, AxisRules &r) {
  auto isFree = [](double bound) { return bound == 0 || std::isinf(bound); };
  bool noBounds =
      std::isinf(op.getLo().convertToDouble()) && std::isinf(op.getHi().convertToDouble());
  bool scales = isFree(op.getLo().convertToDouble()) && isFree(op.getHi().convertToDouble());
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis), out = r.result(axis);
    if (noBounds || r.transform() == Transform::Permutation ||
        (scales && r.transform() == Transform::Diagonal)) {
      r.tie(in, out);
      continue;
    }
    StringRef why = r.mixesChannels() ? "acts on each channel alone"
                                      : "has bounds that are the same for all channels";
    r.bar(in, why);
    r.bar(out, why);
  }
}

/// Among floats of at least 16 bits a cast is the identity on real numbers.
void castRule(nn::CastOp op, AxisRules &r) {
  auto isReal = [](Value v) {
    auto type = dyn_cast<FloatType>(getElementTypeOrSelf(v.getType()));
    return type && type.getWidth() >= 16;
  };
  bool keeps =
      r.transform() == Transform::Permutation || (isReal(op.getInput()) && isReal(op.getOutput()));
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis) {
    AxisSpan in = r.operand(0, axis), out = r.result(axis);
    if (keeps) {
      r.tie(in, out);
      continue;
    }
    r.bar(in, "rounds to another set of numbers");
    r.bar(out, "rounds to another set of numbers");
  }
}

/// A function that is not homogeneous of degree 1: no scale comes through it, so the other factor
/// of a product carries the scale.
bool endsScale(Value v) {
  auto unary = v.getDefiningOp<nn::UnaryOp>();
  return unary && !isHomogeneous(unary.getKind());
}

/// One axis of a binary op; `lhs`, `rhs` are present where the operands run along it.
struct BinaryAxis {
  AxisRules &r;
  nn::BinaryOp op;
  AxisSpan out;
  std::optional<AxisSpan> lhs, rhs;

  void barAll(StringRef why) {
    for (const std::optional<AxisSpan> &operand : {lhs, rhs})
      if (operand)
        r.bar(*operand, why);
    r.bar(out, why);
  }
  void tieAll() {
    for (const std::optional<AxisSpan> &operand : {lhs, rhs})
      if (operand)
        r.tie(*operand, out);
  }

  /// Sums, and what is homogeneous in both operands together.
  void sum() {
    if (lhs && rhs)
      return tieAll();
    barAll("has an operand that is the same for all channels");
  }

  void product() {
    if (lhs && rhs)
      return productOfTwo();
    tieAll(); // by one number for all channels
  }

  void productOfTwo() {
    bool byConstant = isConstantUse(op->getOpOperand(0)) || isConstantUse(op->getOpOperand(1));
    if (r.mixesChannels())
      return barAll(byConstant ? "multiplies by a constant per channel: fold it away first"
                               : "is a product along the axis");
    if (op.getLhs() == op.getRhs())
      return barAll("is a square");
    bool isLeft = isConstantUse(op->getOpOperand(1)) ||
                  (!isConstantUse(op->getOpOperand(0)) && endsScale(op.getRhs()));
    r.tie(isLeft ? *lhs : *rhs, out);
    r.bar(isLeft ? *rhs : *lhs, byConstant ? "stays as it is: a scale commutes with the product"
                                           : "leaves the scale to the other factor");
  }

  void quotient() {
    if (lhs && !rhs)
      return tieAll();
    if (r.mixesChannels())
      return barAll("divides along the axis");
    if (!lhs)
      return r.tieDual(*rhs, out);
    if (op.getLhs() == op.getRhs())
      return barAll("is a quotient of a value and itself");
    r.tie(*lhs, out);
    r.bar(*rhs, "leaves the scale to the dividend");
  }
};

void binaryRule(nn::BinaryOp op, AxisRules &r) {
  for (int64_t axis = 0; axis < rankOf(op.getOutput()); ++axis) {
    BinaryAxis a{r, op, r.result(axis), std::nullopt, std::nullopt};
    if (std::optional<int64_t> own = axisAlong(op.getLhs(), op.getOutput(), axis))
      a.lhs = r.operand(0, *own);
    if (std::optional<int64_t> own = axisAlong(op.getRhs(), op.getOutput(), axis))
      a.rhs = r.operand(1, *own);
    if (r.transform() == Transform::Permutation) {
      a.tieAll();
      continue;
    }
    switch (op.getKind()) {
    case nn::BinaryKind::Add:
    case nn::BinaryKind::Sub:
      a.sum();
      break;
    case nn::BinaryKind::Mul:
      a.product();
      break;
    case nn::BinaryKind::Div:
      a.quotient();
      break;
    case nn::BinaryKind::Min:
    case nn::BinaryKind::Max:
      if (r.transform() == Transform::Diagonal) {
        a.sum();
        break;
      }
      [[fallthrough]];
    default:
      a.barAll(r.mixesChannels() ? "acts on each channel alone" : "does not commute with a scale");
    }
  }
}

/// A comparison with zero does not notice a positive scale.
void compareRule(nn::CompareOp op, AxisRules &r) {
  auto isZero = [](Value v) {
    auto constant = v.getDefiningOp<nn::ConstantOp>();
    auto splat = constant ? dyn_cast<SplatElementsAttr>(constant.getValue()) : SplatElementsAttr();
    return splat && isa<FloatType>(splat.getElementType()) &&
           splat.getSplatValue<APFloat>().isZero();
  };
  bool withZero = isZero(op.getLhs()) || isZero(op.getRhs());
  for (int64_t axis = 0; axis < rankOf(op.getOutput()); ++axis) {
    AxisSpan out = r.result(axis);
    for (unsigned i : {0u, 1u}) {
      std::optional<int64_t> own = axisAlong(op->getOperand(i), op.getOutput(), axis);
      if (!own)
        continue;
      AxisSpan in = r.operand(i, *own);
      if (r.transform() == Transform::Permutation)
        r.tie(in, out);
      else if (r.transform() == Transform::Diagonal && withZero)
        r.accept(in);
      else
        r.bar(in,
              r.mixesChannels() ? "acts on each channel alone" : "does not commute with a scale");
    }
  }
}

void selectRule(nn::SelectOp op, AxisRules &r) {
  for (int64_t axis = 0; axis < rankOf(op.getOutput()); ++axis) {
    AxisSpan out = r.result(axis);
    std::optional<int64_t> along0 = axisAlong(op.getCondition(), op.getOutput(), axis);
    AxisSpan condition = along0 ? r.operand(0, *along0) : AxisSpan();
    SmallVector<AxisSpan> along;
    for (unsigned i : {1u, 2u})
      if (std::optional<int64_t> own = axisAlong(op->getOperand(i), op.getOutput(), axis))
        along.push_back(r.operand(i, *own));
    StringRef why;
    if (along0 && r.mixesChannels())
      why = "has a condition along the axis";
    else if (along0 && r.transform() == Transform::Permutation)
      r.tie(condition, out);
    else if (along.size() != 2 && r.transform() != Transform::Permutation)
      why = "has an operand that is the same for all channels";
    for (const AxisSpan &in : along)
      why.empty() ? r.tie(in, out) : r.bar(in, why);
    if (!why.empty())
      r.bar(out, why);
  }
}

} // namespace

void analysis::attachElementwiseRules(MLIRContext *context) {
  attachRule<nn::UnaryOp, unaryRule>(context);
  attachRule<nn::ClampOp, clampRule>(context);
  attachRule<nn::CastOp, castRule>(context);
  attachRule<nn::BinaryOp, binaryRule>(context);
  attachRule<nn::CompareOp, compareRule>(context);
  attachRule<nn::SelectOp, selectRule>(context);
}
