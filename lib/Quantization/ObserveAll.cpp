// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Observers for an integer-only program: on every float tensor that it holds, with the format that
// the tensor will have. Tensors that movement connects share an observer's number and so a scale.
#include "ObserveAll.h"

#include "IntegerForms.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

namespace {

struct Need {
  bool wide = false, narrow = false;
};

class Observing {
public:
  Observing(func::FuncOp func, StringRef narrow, StringRef wide)
      : func(func), inner(func), narrowName(narrow), wideName(wide) {}

  void run() {
    collect();
    for (Value v : llvm::reverse(held))
      needs[v] = needOf(v);
    unite();
    for (Value v : held)
      observe(v);
  }

private:
  /// The tensors that are held as codes, in program order.
  void collect() {
    auto add = [&](Value v) {
      auto type = dyn_cast<RankedTensorType>(v.getType());
      if (type && type.getElementType().isF32() && !v.use_empty() && inner.of(v) == Inner::None)
        held.push_back(v);
    };
    for (Value arg : func.getArguments())
      add(arg);
    func.walk([&](Operation *op) {
      if (isa<nn::ConstantOp, lp::ObserveOp, lp::DequantizeOp>(op))
        return;
      for (Value v : op->getResults())
        if (!isPositional(v) && !matchMask(v) && !isMaskedSum(v))
          add(v);
    });
    for (Value v : held)
      isHeld.insert(v);
  }

  static bool isMaskedSum(Value v) {
    auto sum = v.getDefiningOp<nn::BinaryOp>();
    return sum && sum.getKind() == nn::BinaryKind::Add &&
           (matchMask(sum.getLhs()) || matchMask(sum.getRhs())) &&
           llvm::all_of(v.getUsers(), [](Operation *user) { return isa<nn::SoftmaxOp>(user); });
  }

  static bool readsNarrow(OpOperand &use) { return isa<nn::MatMulOp, nn::ConvOp>(use.getOwner()); }

  Need needOf(Value v) const {
    Need need;
    for (OpOperand &use : v.getUses()) {
      Operation *user = use.getOwner();
      if (isa<tensor::DimOp>(user))
        continue;
      Value moved = isMovement(user) ? user->getResult(0) : Value();
      if (readsNarrow(use)) {
        need.narrow = true;
      } else if (moved && isHeld.contains(moved)) {
        Need behind = needs.lookup(moved);
        need.wide |= behind.wide;
        need.narrow |= !behind.wide;
      } else {
        need.wide = true;
      }
    }
    return need;
  }

  void unite() {
    for (Value v : held) {
      classes.insert(v.getAsOpaquePointer());
      Operation *op = v.getDefiningOp();
      if (op && isMovement(op))
        for (Value from : movedBy(op))
          if (isHeld.contains(from))
            classes.unionSets(from.getAsOpaquePointer(), v.getAsOpaquePointer());
    }
    for (Value v : held)
      ids.try_emplace(classes.getLeaderValue(v.getAsOpaquePointer()), ids.size());
  }

  /// Whether a tensor has no negative element.
  bool isNonNegative(Value v) const {
    Operation *op = v.getDefiningOp();
    if (!op)
      return false;
    if (isa<nn::SoftmaxOp>(op))
      return !cast<nn::SoftmaxOp>(op).getLog();
    if (auto unary = dyn_cast<nn::UnaryOp>(op))
      return llvm::is_contained(
          {nn::UnaryKind::Relu, nn::UnaryKind::Sigmoid, nn::UnaryKind::Exp, nn::UnaryKind::Abs},
          unary.getKind());
    if (auto clamp = dyn_cast<nn::ClampOp>(op))
      return clamp.getLo().convertToDouble() >= 0;
    if (auto reduce = dyn_cast<nn::ReduceOp>(op))
      return reduce.getKind() != nn::ReduceKind::Prod && isNonNegative(reduce.getInput());
    if (isMovement(op))
      return llvm::all_of(movedBy(op), [&](Value from) { return isNonNegative(from); });
    return false;
  }

  std::string formatOf(Value v, bool wide) const {
    StringRef name = wide ? wideName : narrowName;
    return (isNonNegative(v) && name.starts_with("int") ? "u" + name : name).str();
  }

  /// One observer behind the tensor, and one more for contractions where others need more bits.
  void observe(Value v) {
    const Need need = needs.lookup(v);
    OpBuilder b(func.getContext());
    b.setInsertionPointAfterValue(v);
    const int64_t id = ids.lookup(classes.getLeaderValue(v.getAsOpaquePointer()));
    auto make = [&](Value input, bool wide) {
      return lp::ObserveOp::create(b, v.getLoc(), v.getType(), input, b.getI64IntegerAttr(id),
                                   b.getStringAttr(formatOf(v, wide)));
    };
    lp::ObserveOp first = make(v, need.wide);
    lp::ObserveOp second = need.wide && need.narrow ? make(first, false) : lp::ObserveOp();
    // Sizes do not read elements.
    v.replaceUsesWithIf(first, [&](OpOperand &use) {
      return use.getOwner() != first && !isa<tensor::DimOp>(use.getOwner());
    });
    if (!second)
      return;
    first.getOutput().replaceUsesWithIf(second, [&](OpOperand &use) {
      Operation *user = use.getOwner();
      if (user == second)
        return false;
      if (readsNarrow(use))
        return true;
      return isMovement(user) && isHeld.contains(user->getResult(0)) &&
             !needs.lookup(user->getResult(0)).wide;
    });
  }

  func::FuncOp func;
  InnerValues inner;
  StringRef narrowName, wideName;
  SmallVector<Value> held;
  llvm::DenseSet<Value> isHeld;
  llvm::DenseMap<Value, Need> needs;
  llvm::EquivalenceClasses<void *> classes;
  llvm::DenseMap<void *, int64_t> ids;
};

} // namespace

void quant::observeAll(func::FuncOp func, StringRef narrow, StringRef wide) {
  Observing(func, narrow, wide).run();
}
