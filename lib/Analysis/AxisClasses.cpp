// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Asks every op of a function for its rule and closes them. What crosses the border of a function
// or of a region is a barrier, and so is what no rule mentions.
#include "AxisClosure.h"

#include "dialects/Nn/IR/Nn.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

#include "lpc/Analysis/AxisInterface.cpp.inc"

StringRef analysis::nameOf(Transform transform) {
  switch (transform) {
  case Transform::Diagonal:
    return "diagonal";
  case Transform::Permutation:
    return "permutation";
  case Transform::Orthogonal:
    return "orthogonal";
  case Transform::Centering:
    return "centering";
  }
  llvm_unreachable("unknown transform");
}

/// An nn.constant or the rounding of one.
static bool isConstantOp(Operation *op) {
  if (auto cast = dyn_cast_or_null<nn::CastOp>(op))
    return cast.getInput().getDefiningOp<nn::ConstantOp>() != nullptr;
  return isa_and_nonnull<nn::ConstantOp>(op);
}

bool analysis::isConstantUse(OpOperand &use) { return isConstantOp(use.get().getDefiningOp()); }

RankedTensorType AxisMember::getType() const {
  return cast<RankedTensorType>((use ? use->get() : value).getType());
}

bool AxisClass::hasConstant() const {
  return llvm::any_of(members, [](const AxisMember &m) { return m.use != nullptr; });
}

//===- what a rule says
//-------------------------------------------------------------------------===//

AxisRules::AxisRules(AxisClosure &closure, Operation *op) : closure(closure), op(op) {}

Transform AxisRules::transform() const { return closure.getTransform(); }

bool AxisRules::mixesChannels() const {
  return transform() == Transform::Orthogonal || transform() == Transform::Centering;
}

AxisSpan AxisRules::at(AxisPlace place, bool again) {
  mentioned.push_back(place);
  AxisSpan span = place.isResult ? closure.spanOf(op->getResult(place.index), place.axis)
                                 : closure.spanOf(op->getOpOperand(place.index), place.axis, again);
  span.place = place;
  return span;
}

AxisSpan AxisRules::operand(unsigned index, int64_t axis) { return at({false, index, axis}); }

AxisSpan AxisRules::result(int64_t axis, unsigned index) { return at({true, index, axis}); }

AxisSpan AxisRules::again(unsigned index, int64_t axis) {
  bool absorbs = isConstantUse(op->getOpOperand(index));
  AxisSpan span = at({false, index, axis}, absorbs);
  if (!absorbs)
    bar(span, "would have to absorb two transforms, but is no constant");
  return span;
}

AxisSpan AxisRules::product(ArrayRef<AxisSpan> axes) {
  AxisSpan all;
  for (const AxisSpan &axis : axes) {
    if (all.empty())
      all.place = axis.place;
    all.nodes.append(axis.nodes.begin(), axis.nodes.end());
  }
  return all;
}

/// The barrier of a tie that cannot be made.
static AxisBarrier mismatchOf(Operation *op, const AxisSpan &a, const AxisSpan &b) {
  AxisBarrier barrier;
  barrier.op = op;
  barrier.place = a.empty() ? b.getPlace() : a.getPlace();
  barrier.why = a.empty() || b.empty()
                    ? "has no counterpart of known size"
                    : "ties sizes that do not split into common outer x inner factors";
  return barrier;
}

void AxisRules::tie(const AxisSpan &a, const AxisSpan &b) {
  closure.tie(a, b, false, mismatchOf(op, a, b));
}

void AxisRules::tieDual(const AxisSpan &a, const AxisSpan &b) {
  closure.tie(a, b, true, mismatchOf(op, a, b));
}

void AxisRules::bar(const AxisSpan &a, const Twine &why) {
  AxisBarrier barrier;
  barrier.op = op;
  barrier.place = a.getPlace();
  barrier.why = why.str();
  closure.bar(a, barrier);
}

void AxisRules::accept(const AxisSpan &) {}

std::pair<AxisSpan, AxisSpan> AxisRules::cut(const AxisSpan &a, int64_t inner) {
  AxisBarrier barrier;
  barrier.op = op;
  barrier.place = a.getPlace();
  barrier.why = "cuts the axis across its outer x inner factors";
  return closure.cut(a, inner, barrier);
}

std::optional<SmallVector<AxisSpan>> AxisRules::parts(const AxisSpan &a, ArrayRef<int64_t> sizes) {
  AxisBarrier barrier;
  barrier.op = op;
  barrier.place = a.getPlace();
  barrier.why = "cuts the axis into parts";
  return closure.parts(a, sizes, barrier);
}

static int64_t rankOf(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type ? type.getRank() : 0;
}

void AxisRules::finish() {
  if (restIsFree)
    return;
  auto check = [&](bool isResult, unsigned index, Value v) {
    for (int64_t axis = 0; axis < rankOf(v); ++axis) {
      AxisPlace place{isResult, index, axis};
      if (!llvm::is_contained(mentioned, place))
        bar(at(place), isa<AxisRuleOpInterface>(op) ? "has no rule for this axis" : "has no rule");
    }
  };
  for (auto [i, v] : llvm::enumerate(op->getOperands()))
    check(false, i, v);
  for (auto [i, v] : llvm::enumerate(op->getResults()))
    check(true, i, v);
}

//===- the function
//-----------------------------------------------------------------------------===//

/// Bars every followed axis of a value.
static void barValue(AxisClosure &closure, Operation *op, unsigned index, Value v, StringRef why) {
  AxisBarrier barrier;
  barrier.op = op;
  barrier.why = why.str();
  for (int64_t axis = 0; axis < rankOf(v); ++axis) {
    barrier.place = {false, index, axis};
    closure.bar(closure.spanOf(v, axis), barrier);
  }
}

/// Values that a region of an op takes from outside. A constant may be copied instead.
static void barCaptures(AxisClosure &closure, Operation *op) {
  for (OpOperand &use : op->getOpOperands())
    if (use.get().getParentRegion() != op->getParentRegion() && !isConstantUse(use))
      barValue(closure, op, use.getOperandNumber(), use.get(),
               "takes the value from outside of its region of control flow");
}

std::vector<AxisClass> analysis::findAxisClasses(func::FuncOp func, Transform transform) {
  AxisClosure closure(transform);
  func.walk<WalkOrder::PreOrder>([&](Operation *op) {
    for (Region &region : op->getRegions())
      for (BlockArgument argument : region.getArguments())
        barValue(closure, op, argument.getArgNumber(), argument,
                 op == func ? "is an input of the graph" : "enters a region of control flow");
    if (op == func || isConstantOp(op))
      return;
    barCaptures(closure, op);
    AxisRules rules(closure, op);
    if (auto ruled = dyn_cast<AxisRuleOpInterface>(op))
      ruled.describeAxes(rules);
    rules.finish();
  });
  return closure.classes();
}
