// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Orders channels by magnitude, so that blocks that share a scale hold channels of like size. All
// orders are made at compile time: weights are permuted, nothing is gathered at run time. A
// residual stream has one order; the channels of keys and queries keep their rotary pairs, because
// the pairs are what the class permutes.
#include "Linear.h"

#include "lpc/Equivalence/Passes.h"
#include "lpc/Quantization/ChannelStatistics.h"
#include "lpc/Quantization/Contractions.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

#include <numeric>

namespace lpc {
#define GEN_PASS_DEF_SORTCHANNELSPASS
#include "lpc/Equivalence/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::equiv;

/// The products with constant weights whose results a value is made from, without other products
/// between.
static SmallVector<Linear> productsBehind(Value v) {
  SmallVector<Linear> found;
  llvm::SetVector<Operation *> seen;
  SmallVector<Value> open{v};
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op))
      continue;
    if (std::optional<Linear> l = Linear::of(op))
      found.push_back(*l);
    else if (!isa<nn::MatMulOp, nn::AttentionOp>(op))
      llvm::append_range(open, op->getOperands());
  }
  return found;
}

/// Whether an operand holds keys: the right one of a product of two computed tensors, or that of an
/// attention. `axis`: of their channels.
static bool isKey(OpOperand &use, int64_t &axis) {
  int64_t rank = cast<RankedTensorType>(use.get().getType()).getRank();
  axis = rank - 1;
  if (isa<nn::AttentionOp>(use.getOwner()))
    return use.getOperandNumber() == 1;
  auto product = dyn_cast<nn::MatMulOp>(use.getOwner());
  if (!product || use.getOperandNumber() != 1 || isConstantUse(product->getOpOperand(0)) ||
      isConstantUse(use))
    return false;
  axis = rank - (product.getTransposeRhs() ? 1 : 2);
  return true;
}

namespace {

/// Gives each product of queries and keys angles of its own, so that each has its own order of
/// rotary pairs. What is copied are tables: values made of constants and sizes alone.
class AngleTables {
public:
  void separate(func::FuncOp func) {
    bool isFirst = true;
    func.walk([&](Operation *product) {
      int64_t axis;
      if (product->getNumOperands() < 2 || !isKey(product->getOpOperand(1), axis))
        return;
      IRMapping copies;
      bool hasTables = false;
      for (Operation *op : between(product)) {
        // Masks are added or select: they have no channels.
        auto binary = dyn_cast<nn::BinaryOp>(op);
        if (!isa<nn::RopeOp>(op) && !(binary && binary.getKind() == nn::BinaryKind::Mul))
          continue;
        for (OpOperand &use : op->getOpOperands())
          if (isTable(use.get()) && isFloatTable(use.get())) {
            hasTables = true;
            if (!isFirst)
              use.set(copy(use.get(), op, copies));
          }
      }
      isFirst &= !hasTables;
    });
  }

private:
  /// Ops between a product of computed tensors and the weights behind it, in program order.
  SmallVector<Operation *> between(Operation *product) {
    llvm::SetVector<Operation *> seen;
    SmallVector<Value> open{product->getOperand(0), product->getOperand(1)};
    while (!open.empty()) {
      Operation *op = open.pop_back_val().getDefiningOp();
      if (op && op->getBlock() == product->getBlock() && !isa<nn::MatMulOp, nn::AttentionOp>(op) &&
          !Linear::of(op) && seen.insert(op))
        llvm::append_range(open, op->getOperands());
    }
    SmallVector<Operation *> ops(seen.begin(), seen.end());
    llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    llvm::erase_if(ops, [&](Operation *op) { return isTable(op->getResult(0)); });
    return ops;
  }
  bool isTable(Value v) {
    Operation *op = v.getDefiningOp();
    if (!op || op->getNumRegions())
      return false;
    auto [it, isNew] = known.try_emplace(op, false);
    if (isNew) {
      bool all = isa<tensor::DimOp>(op) ||
                 llvm::all_of(op->getOperands(), [&](Value operand) { return isTable(operand); });
      known[op] = all;
      return all;
    }
    return it->second;
  }
  /// Constants are copied with each use anyway.
  static bool isFloatTable(Value v) {
    auto type = dyn_cast<RankedTensorType>(v.getType());
    Operation *op = v.getDefiningOp();
    return type && isa<FloatType>(type.getElementType()) && op->getNumOperands() > 0 &&
           !(isa<nn::CastOp>(op) && op->getOperand(0).getDefiningOp<nn::ConstantOp>());
  }
  /// A copy of the float ops that make a table; sizes and positions are shared.
  Value copy(Value v, Operation *before, IRMapping &copies) {
    if (Value done = copies.lookupOrNull(v))
      return done;
    if (!isFloatTable(v))
      return v;
    Operation *op = v.getDefiningOp();
    Operation *clone = op->clone();
    OpBuilder(op).insert(clone);
    clone->moveAfter(op);
    copies.map(op->getResults(), clone->getResults());
    for (OpOperand &use : clone->getOpOperands())
      use.set(copy(use.get(), clone, copies));
    return clone->getResult(0);
  }

  llvm::DenseMap<Operation *, bool> known;
};

struct SortChannelsPass final : lpc::impl::SortChannelsPassBase<SortChannelsPass> {
  using SortChannelsPassBase::SortChannelsPassBase;

  /// Mean squares of the channels of a weight along a member's axis; their mean is 1.
  FailureOr<std::vector<double>> weigh(const AxisMember &m, int64_t size) {
    FailureOr<std::vector<double>> values = readExact(*m.use);
    if (failed(values))
      return failure();
    std::vector<double> squares(size);
    forEachLane(*values, m, size, [&](MutableArrayRef<double> lane) {
      for (auto [sum, x] : llvm::zip_equal(squares, lane))
        sum += x * x;
    });
    double mean = std::accumulate(squares.begin(), squares.end(), 0.0) / static_cast<double>(size);
    for (double &x : squares)
      x = mean > 0 ? std::sqrt(x / mean) : 0;
    return squares;
  }

  /// The channels are contracted with a weight, and neighbours in the order are neighbours there.
  static bool isInput(const AxisMember &m) {
    std::optional<Linear> l = m.use ? Linear::of(m.use->getOwner()) : std::nullopt;
    if (!l || &l->weight() != m.use || m.inner != 1)
      return false;
    if (auto product = dyn_cast<nn::MatMulOp>(l->op))
      return m.axis == (product.getTransposeRhs() ? 1 : 0);
    return m.axis == (isa<nn::ConvTransposeOp>(l->op) ? 0 : 1);
  }

  /// The right operands of products of two computed tensors that contract these channels: keys.
  static SmallVector<Value> keysOf(const AxisClass &c) {
    SmallVector<Value> keys;
    for (const AxisMember &m : c.members) {
      if (!m.value || m.inner != 1)
        continue;
      for (OpOperand &use : m.value.getUses()) {
        int64_t axis;
        if (isKey(use, axis) && axis == m.axis)
          keys.push_back(m.value);
      }
    }
    return keys;
  }

  /// How large each channel is; empty if the class is none to sort.
  FailureOr<std::vector<double>> magnitudes(const AxisClass &c) {
    std::vector<double> total(c.size);
    auto add = [&](const AxisMember &m) -> LogicalResult {
      FailureOr<std::vector<double>> one = weigh(m, c.size);
      if (succeeded(one))
        for (auto [sum, x] : llvm::zip_equal(total, *one))
          sum += x;
      return success(succeeded(one));
    };
    bool isFound = false;
    if (axes != "keys" && llvm::any_of(c.members, isInput)) {
      isFound = true;
      if (hasStatistics)
        observe(c, total);
      else
        for (const AxisMember &m : c.members)
          if (isInput(m) && failed(add(m)))
            return failure();
    } else if (axes != "inputs") {
      llvm::SetVector<OpOperand *> weights;
      for (Value key : keysOf(c))
        for (const Linear &l : productsBehind(key))
          weights.insert(&l.weight());
      for (const AxisMember &m : c.members)
        if (m.use && weights.contains(m.use)) {
          isFound = true;
          if (failed(add(m)))
            return failure();
        }
    }
    return isFound ? total : std::vector<double>();
  }

  /// The largest magnitudes that contractions of the class have seen.
  void observe(const AxisClass &c, std::vector<double> &largest) {
    for (const AxisMember &m : c.members) {
      auto it = observed.find({m.value, m.axis});
      if (!m.value || it == observed.end())
        continue;
      const quant::ChannelStatistics &x = *it->second;
      for (int64_t i = 0; i < x.channels(); ++i)
        if (std::optional<int64_t> own = m.indexAt(i, c.size))
          largest[*own] = std::max(largest[*own], static_cast<double>(x.absMax(i)));
    }
  }

  LogicalResult readStatistics() {
    hasStatistics = !statistics.empty() && statistics != "none";
    observed.clear();
    if (!hasStatistics)
      return success();
    std::string error;
    FailureOr<quant::ChannelStatisticsFile> read =
        quant::ChannelStatisticsFile::read(statistics, error);
    if (failed(read))
      return getOperation().emitError() << "option statistics: " << error;
    file = std::move(*read);
    for (const quant::ObservedActivation &a : quant::findObservedActivations(getOperation())) {
      int64_t channels = cast<RankedTensorType>(a.value.getType()).getDimSize(a.axis);
      const quant::ChannelStatistics *x = file.find(a.id, channels, error);
      if (!x)
        return a.readers.front().op->emitError() << "option statistics: " << error;
      observed[{a.value, a.axis}] = x;
    }
    return success();
  }

  /// Puts channel order[i] at place i of every constant of the class.
  LogicalResult permute(const AxisClass &c, ArrayRef<int64_t> order) {
    std::vector<double> old(c.size);
    for (const AxisMember &m : c.members) {
      if (!m.use)
        continue;
      if (failed(changeLanes(m, c.size, [&](MutableArrayRef<double> lane) {
            llvm::copy(lane, old.begin());
            for (auto [x, from] : llvm::zip_equal(lane, order))
              x = old[from];
          })))
        return failure();
      ++numConstants;
    }
    ++numClasses;
    return success();
  }

  void remark(const AxisClass &c) {
    const AxisBarrier &barrier = c.barriers.front();
    barrier.op->emitRemark() << c.size << " channels are not sorted: here their axis "
                             << barrier.why;
  }

  void runOnOperation() override {
    if (axes != "inputs" && axes != "keys" && axes != "all") {
      getOperation().emitError() << "option axes: expected inputs, keys or all, but got '" << axes
                                 << "'";
      return signalPassFailure();
    }
    if (angles != "own" && angles != "shared") {
      getOperation().emitError() << "option angles: expected own or shared, but got '" << angles
                                 << "'";
      return signalPassFailure();
    }
    if (failed(readStatistics()))
      return signalPassFailure();
    if (axes != "inputs" && angles == "own")
      AngleTables().separate(getOperation());
    // Orders of one class do not change another: members name axes, and values of constants do not
    // change classes.
    std::vector<AxisClass> classes = findAxisClasses(getOperation(), Transform::Permutation);
    for (const AxisClass &c : classes) {
      FailureOr<std::vector<double>> size = magnitudes(c);
      if (failed(size))
        return signalPassFailure();
      if (size->empty())
        continue;
      if (!c.isLegal()) {
        remark(c);
        continue;
      }
      std::vector<int64_t> order(c.size);
      std::iota(order.begin(), order.end(), 0);
      llvm::sort(order, [&](int64_t a, int64_t b) {
        return std::pair(-(*size)[a], a) < std::pair(-(*size)[b], b);
      });
      if (!llvm::is_sorted(order) && failed(permute(c, order)))
        return signalPassFailure();
    }
  }

private:
  bool hasStatistics = false;
  quant::ChannelStatisticsFile file;
  llvm::DenseMap<std::pair<Value, int64_t>, const quant::ChannelStatistics *> observed;
};

} // namespace
