// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A bridge is an nn.rotate that does nothing, with an attribute that says which of its sides the
// class may have. The rules read that attribute, so whether bridges make a class legal is no
// guess: the closure is asked again, and what does not help is taken out.
#include "Bridges.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

/// The member that stands for a value along an axis, if its factor is in the class.
static const AxisMember *memberOf(const AxisClass &c, Value v, int64_t axis) {
  for (const AxisMember &m : c.members)
    if (m.value == v && m.axis == axis)
      return &m;
  return nullptr;
}

/// The value at a barrier, if a bridge can stand there.
static Value valueAt(const AxisBarrier &barrier) {
  AxisPlace place = barrier.place;
  if (place.isResult)
    return barrier.op->getResult(place.index);
  if (auto func = dyn_cast<func::FuncOp>(barrier.op))
    return func.getArgument(place.index);
  // Operands of control flow and arguments of its regions have the same numbers.
  if (barrier.op->getNumRegions() || isConstantUse(barrier.op->getOpOperand(place.index)))
    return Value();
  return barrier.op->getOperand(place.index);
}

/// Whether the barrier is what makes the value, not what reads it.
static bool isSource(const AxisBarrier &barrier) {
  return barrier.place.isResult || isa<func::FuncOp>(barrier.op);
}

/// A use of a member that no barrier is at: what stands there afterwards is in the class still.
static OpOperand *anchorOf(const AxisClass &c) {
  for (const AxisMember &m : c.members) {
    if (!m.value)
      continue;
    for (OpOperand &use : m.value.getUses())
      if (use.getOwner()->getNumRegions() == 0 && !isa<func::ReturnOp>(use.getOwner()) &&
          llvm::none_of(c.barriers, [&](const AxisBarrier &b) { return b.op == use.getOwner(); }))
        return &use;
  }
  return nullptr;
}

static nn::RotateOp makeBridge(Value v, int64_t axis, StringRef kind) {
  OpBuilder b(v.getContext());
  b.setInsertionPointAfterValue(v);
  auto bridge = nn::RotateOp::create(b, v.getLoc(), v.getType(), v, Value(), Value(), axis, 1, 1,
                                     /*inverse=*/false);
  bridge->setAttr(kBridgeAttr, b.getStringAttr(kind));
  return bridge;
}

static void takeOut(nn::RotateOp bridge) {
  bridge.getOutput().replaceAllUsesWith(bridge.getInput());
  bridge.erase();
}

Bridging equiv::bridgeBarriers(func::FuncOp func, const AxisClass &start, int64_t most) {
  Bridging result;
  auto giveUp = [&](const Twine &why) {
    for (nn::RotateOp bridge : llvm::reverse(result.bridges))
      takeOut(bridge);
    return Bridging{{}, why.str()};
  };
  OpOperand *anchor = anchorOf(start);
  if (!anchor)
    return giveUp("a barrier is at each of its uses");
  const AxisMember first = *memberOf(start, anchor->get(), [&] {
    for (const AxisMember &m : start.members)
      if (m.value == anchor->get())
        return m.axis;
    return int64_t(0);
  }());
  AxisClass c = start;
  while (!c.isLegal()) {
    // What makes values first: readers then see what their bridges are to undo.
    llvm::sort(c.barriers, [](const AxisBarrier &a, const AxisBarrier &b) {
      return isSource(a) != isSource(b) ? isSource(a) : a.order < b.order;
    });
    size_t before = result.bridges.size();
    auto behindBridges = [&](Value v) {
      while (auto rotate = v.getDefiningOp<nn::RotateOp>()) {
        if (!llvm::is_contained(ArrayRef(result.bridges).drop_front(before), rotate))
          break;
        v = rotate.getInput();
      }
      return v;
    };
    llvm::DenseMap<std::pair<Value, int64_t>, nn::RotateOp> leaving;
    for (const AxisBarrier &barrier : c.barriers) {
      Value v = valueAt(barrier);
      int64_t axis = barrier.place.axis;
      if (!v || !memberOf(c, behindBridges(v), axis))
        return giveUp("no bridge can stand where it " + barrier.why);
      if (auto rotate = dyn_cast<nn::RotateOp>(barrier.op); rotate && rotate->hasAttr(kBridgeAttr))
        return giveUp("it would have to cross a bridge");
      if (isSource(barrier)) {
        nn::RotateOp bridge = makeBridge(v, axis, kEnters);
        v.replaceAllUsesExcept(bridge.getOutput(), bridge);
        result.bridges.push_back(bridge);
      } else {
        // What is made behind a barrier and read at one is taken as it was made.
        auto enters = v.getDefiningOp<nn::RotateOp>();
        bool isUndone = enters && static_cast<int64_t>(enters.getAxis()) == axis &&
                        llvm::is_contained(result.bridges, enters) &&
                        enters->getAttrOfType<StringAttr>(kBridgeAttr).getValue() == kEnters;
        nn::RotateOp &bridge = leaving[{v, axis}];
        if (!isUndone && !bridge) {
          bridge = makeBridge(v, axis, kLeaves);
          result.bridges.push_back(bridge);
        }
        barrier.op->setOperand(barrier.place.index,
                               isUndone ? enters.getInput() : bridge.getOutput());
      }
      if (static_cast<int64_t>(result.bridges.size()) > most)
        return giveUp("it takes more than " + Twine(most) + " bridges");
    }
    std::vector<AxisClass> classes = findAxisClasses(func, Transform::Orthogonal);
    AxisClass *next = nullptr;
    for (AxisClass &other : classes) {
      const AxisMember *m = memberOf(other, anchor->get(), first.axis);
      if (m && m->outer == first.outer && m->inner == first.inner && other.size == start.size)
        next = &other;
    }
    if (!next)
      return giveUp("bridges take it apart");
    c = *next;
  }
  return result;
}

int64_t equiv::rotateBridges(const AxisClass &c, const Rotation &rotation) {
  struct Place {
    nn::RotateOp bridge;
    int64_t inner;
    bool inverse;
  };
  SmallVector<Place> places;
  for (const AxisMember &m : c.members) {
    if (!m.value)
      continue;
    auto add = [&](nn::RotateOp bridge, StringRef kind) {
      auto own = bridge ? bridge->getAttrOfType<StringAttr>(kBridgeAttr) : StringAttr();
      if (own && own.getValue() == kind && static_cast<int64_t>(bridge.getAxis()) == m.axis)
        places.push_back({bridge, m.inner, kind == kLeaves});
    };
    add(m.value.getDefiningOp<nn::RotateOp>(), kEnters);
    for (Operation *user : m.value.getUsers())
      add(dyn_cast<nn::RotateOp>(user), kLeaves);
  }
  for (Place &place : places) {
    setRotation(place.bridge, place.inner, rotation, place.inverse);
    place.bridge->removeAttr(kBridgeAttr);
  }
  return places.size();
}

void equiv::dropBridges(func::FuncOp func) {
  SmallVector<nn::RotateOp> left;
  func.walk([&](nn::RotateOp op) {
    if (op->hasAttr(kBridgeAttr))
      left.push_back(op);
  });
  llvm::for_each(left, takeOut);
}
