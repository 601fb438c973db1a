// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers linalg on memrefs to loops that LLVM can vectorise, split over threads where the work is
// worth it.
//
// Loop order: outer parallel loops; then either the innermost parallel loop and the reductions
// inside it with the result in a register (if the data is contiguous along a reduction), or the
// reductions and inside them the innermost parallel loop (if it is contiguous along that one). One
// iteration of a parallel loop computes its elements alone, so that neither the split over threads
// nor the order of the parallel loops shows in the results.
#include "RuntimeCalls.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_LINALGTOLOOPSPASS
#include "lpc/Transforms/Passes.h.inc"

namespace {

/// A linalg operation on memrefs, its loops and accesses after collapsing.
struct Nest {
  linalg::LinalgOp op;
  SmallVector<Value> sizes; // index
  SmallVector<int64_t> knownSizes;
  SmallVector<bool> isParallel;
  SmallVector<Value> operands; // memrefs, or scalars
  SmallVector<AffineMap> maps;
};

using Loops = SmallVector<unsigned>;

} // namespace

/// Whether each access walks dimensions d and d + 1 together, as one, and contiguously.
static bool canCollapse(const Nest &nest, unsigned d) {
  if (nest.isParallel[d] != nest.isParallel[d + 1])
    return false;
  for (auto [value, map] : llvm::zip(nest.operands, nest.maps)) {
    auto type = dyn_cast<MemRefType>(value.getType());
    if (!type)
      continue;
    if (!map.isProjectedPermutation() || !type.getLayout().isIdentity())
      return false;
    bool first = map.isFunctionOfDim(d), second = map.isFunctionOfDim(d + 1);
    if (first != second)
      return false;
    if (!first)
      continue;
    std::optional<unsigned> at = map.getResultPosition(getAffineDimExpr(d, map.getContext()));
    if (*at + 1 >= map.getNumResults() ||
        map.getResult(*at + 1) != getAffineDimExpr(d + 1, map.getContext()))
      return false;
  }
  return true;
}

/// Makes one loop of d and d + 1.
static void collapse(OpBuilder &b, Nest &nest, unsigned d) {
  Location loc = nest.op.getLoc();
  MLIRContext *context = b.getContext();
  unsigned n = nest.sizes.size();
  SmallVector<AffineExpr> replacements;
  for (unsigned i = 0; i < n; ++i)
    replacements.push_back(getAffineDimExpr(i <= d ? i : i - 1, context));
  for (auto [value, map] : llvm::zip(nest.operands, nest.maps)) {
    SmallVector<AffineExpr> results;
    SmallVector<ReassociationIndices> groups;
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      if (expr == getAffineDimExpr(d + 1, context)) {
        groups.back().push_back(i);
        continue;
      }
      groups.push_back({(int64_t)i});
      results.push_back(expr.replaceDims(replacements));
    }
    if (results.size() != map.getNumResults())
      value = memref::CollapseShapeOp::create(b, loc, value, groups);
    map = AffineMap::get(n - 1, 0, results, context);
  }
  nest.sizes[d] = arith::MulIOp::create(b, loc, nest.sizes[d], nest.sizes[d + 1]);
  bool known =
      !ShapedType::isDynamic(nest.knownSizes[d]) && !ShapedType::isDynamic(nest.knownSizes[d + 1]);
  nest.knownSizes[d] = known ? nest.knownSizes[d] * nest.knownSizes[d + 1] : ShapedType::kDynamic;
  nest.sizes.erase(nest.sizes.begin() + d + 1);
  nest.knownSizes.erase(nest.knownSizes.begin() + d + 1);
  nest.isParallel.erase(nest.isParallel.begin() + d + 1);
}

static Nest makeNest(OpBuilder &b, linalg::LinalgOp op) {
  Nest nest;
  nest.op = op;
  for (Range range : op.createLoopRanges(b, op.getLoc()))
    nest.sizes.push_back(getValueOrCreateConstantIndexOp(b, op.getLoc(), range.size));
  nest.knownSizes = op.getStaticLoopRanges();
  for (utils::IteratorType kind : op.getIteratorTypesArray())
    nest.isParallel.push_back(kind == utils::IteratorType::parallel);
  nest.operands = SmallVector<Value>(op->getOperands());
  nest.maps = op.getIndexingMapsArray();
  if (op.hasIndexSemantics())
    return nest;
  for (unsigned d = nest.sizes.size(); d-- > 1;)
    if (canCollapse(nest, d - 1))
      collapse(b, nest, d - 1);
  return nest;
}

/// Rough cost of one element in simple operations.
static int64_t bodyCost(linalg::LinalgOp op) {
  int64_t cost = 1;
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (isa<math::MathDialect>(inner.getDialect()))
      cost += 12;
    else if (isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>(inner))
      cost += 4;
    else
      cost += 1;
  }
  return cost;
}

namespace {

/// Emits the loops of one nest.
struct Emitter {
  Nest &nest;
  Location loc;
  SmallVector<Value> ivs;

  explicit Emitter(Nest &nest) : nest(nest), loc(nest.op.getLoc()), ivs(nest.sizes.size()) {}

  SmallVector<Value> indices(OpBuilder &b, AffineMap map) {
    SmallVector<Value> result;
    for (AffineExpr expr : map.getResults()) {
      if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
        result.push_back(ivs[dim.getPosition()]);
        continue;
      }
      result.push_back(affine::makeComposedAffineApply(
          b, loc, AffineMap::get(map.getNumDims(), 0, expr), getAsOpFoldResult(ivs)));
    }
    return result;
  }

  /// One element: loads, body; `outputs` are the current values of the outputs, the new ones come
  /// back.
  SmallVector<Value> body(OpBuilder &b, ValueRange outputs) {
    Block *block = nest.op.getBlock();
    IRMapping mapping;
    unsigned inputs = nest.op.getNumDpsInputs();
    for (auto [i, argument] : llvm::enumerate(block->getArguments())) {
      if (i >= inputs) {
        mapping.map(argument, outputs[i - inputs]);
        continue;
      }
      Value operand = nest.operands[i];
      if (isa<MemRefType>(operand.getType()) && !argument.use_empty())
        operand = memref::LoadOp::create(b, loc, operand, indices(b, nest.maps[i]));
      mapping.map(argument, operand);
    }
    bool reduces = llvm::is_contained(nest.isParallel, false);
    for (Operation &inner : block->without_terminator()) {
      if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
        mapping.map(index.getResult(), ivs[index.getDim()]);
        continue;
      }
      Operation *copy = b.clone(inner, mapping);
      // Sums may be formed in any order (f32_relaxed): lets LLVM use vectors.
      auto add = dyn_cast<arith::AddFOp>(copy);
      if (add && reduces &&
          llvm::is_contained(block->getTerminator()->getOperands(), inner.getResult(0)))
        add.setFastmath(add.getFastmath() | arith::FastMathFlags::reassoc);
    }
    SmallVector<Value> results;
    for (Value value : block->getTerminator()->getOperands())
      results.push_back(mapping.lookupOrDefault(value));
    return results;
  }

  SmallVector<Value> loadOutputs(OpBuilder &b) {
    SmallVector<Value> values;
    unsigned inputs = nest.op.getNumDpsInputs();
    for (unsigned i = 0; i < nest.op.getNumDpsInits(); ++i) {
      // A value that the body overwrites unseen needs no load.
      if (nest.op.getBlock()->getArgument(inputs + i).use_empty()) {
        values.push_back({});
        continue;
      }
      values.push_back(memref::LoadOp::create(b, loc, nest.operands[inputs + i],
                                              indices(b, nest.maps[inputs + i])));
    }
    return values;
  }
  void storeOutputs(OpBuilder &b, ValueRange values) {
    unsigned inputs = nest.op.getNumDpsInputs();
    for (auto [i, value] : llvm::enumerate(values))
      memref::StoreOp::create(b, loc, value, nest.operands[inputs + i],
                              indices(b, nest.maps[inputs + i]));
  }

  scf::ForOp openLoop(OpBuilder &b, unsigned dim, ValueRange carried = {}) {
    auto loop = scf::ForOp::create(b, loc, constIndex(b, loc, 0), nest.sizes[dim],
                                   constIndex(b, loc, 1), carried);
    ivs[dim] = loop.getInductionVar();
    if (loop.getBody()->empty())
      b.setInsertionPointToEnd(loop.getBody());
    else
      b.setInsertionPointToStart(loop.getBody());
    return loop;
  }

  /// The loops `dims`, memory to memory.
  void plain(OpBuilder &b, ArrayRef<unsigned> dims) {
    OpBuilder::InsertionGuard guard(b);
    for (unsigned dim : dims)
      openLoop(b, dim);
    storeOutputs(b, body(b, loadOutputs(b)));
  }

  /// The reductions `dims` with the outputs in registers.
  void inRegisters(OpBuilder &b, ArrayRef<unsigned> dims) {
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Value> outputs;
    unsigned inputs = nest.op.getNumDpsInputs();
    for (unsigned i = 0; i < nest.op.getNumDpsInits(); ++i)
      outputs.push_back(memref::LoadOp::create(b, loc, nest.operands[inputs + i],
                                               indices(b, nest.maps[inputs + i])));
    storeOutputs(b, reduce(b, dims, outputs));
  }
  SmallVector<Value> reduce(OpBuilder &b, ArrayRef<unsigned> dims, ValueRange carried) {
    if (dims.empty())
      return body(b, carried);
    OpBuilder::InsertionGuard guard(b);
    auto loop = openLoop(b, dims.front(), carried);
    SmallVector<Value> next = reduce(b, dims.drop_front(), loop.getRegionIterArgs());
    scf::YieldOp::create(b, loc, next);
    return SmallVector<Value>(loop.getResults());
  }
};

} // namespace

/// Whether every input that reduction `dim` moves is contiguous along it: its last subscript is
/// this loop alone.
static bool isContiguousAlong(Nest &nest, unsigned dim) {
  bool any = false;
  for (unsigned i = 0; i < nest.op.getNumDpsInputs(); ++i) {
    AffineMap map = nest.maps[i];
    if (!isa<MemRefType>(nest.operands[i].getType()) || !map.isFunctionOfDim(dim))
      continue;
    if (map.getResults().back() != getAffineDimExpr(dim, map.getContext()))
      return false;
    any = true;
  }
  return any;
}

/// floor((2^64 - 1) / size), one bit a step: no division instruction, which would be slow in the
/// loop and may not occur in integer-only programs.
static Value emitReciprocal(OpBuilder &b, Location loc, Value size) {
  Type i64 = b.getI64Type();
  auto c = [&](int64_t v) -> Value {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(v));
  };
  Value d = arith::IndexCastOp::create(b, loc, i64, size), zero = c(0), one = c(1);
  auto loop = scf::ForOp::create(
      b, loc, constIndex(b, loc, 0), constIndex(b, loc, 64), constIndex(b, loc, 1),
      ValueRange{zero, zero}, [&](OpBuilder &n, Location l, Value, ValueRange carried) {
        Value rest = arith::OrIOp::create(n, l, arith::ShLIOp::create(n, l, carried[0], one), one);
        Value fits = arith::CmpIOp::create(n, l, arith::CmpIPredicate::uge, rest, d);
        Value less = arith::SubIOp::create(n, l, rest, d);
        Value bit = arith::ExtUIOp::create(n, l, i64, fits);
        Value q = arith::OrIOp::create(n, l, arith::ShLIOp::create(n, l, carried[1], one), bit);
        scf::YieldOp::create(
            n, l, ValueRange{arith::SelectOp::create(n, l, fits, less, rest).getResult(), q});
      });
  return loop.getResult(1);
}

/// Quotient and remainder of an index by a size: by a constant, which LLVM turns into a
/// multiplication; else by the reciprocal of the size, whose quotient is at most 2 too small.
static std::pair<Value, Value> emitDivide(OpBuilder &b, Location loc, Value x, Value size,
                                          Value reciprocal) {
  if (!reciprocal)
    return {arith::DivUIOp::create(b, loc, x, size), arith::RemUIOp::create(b, loc, x, size)};
  Type i64 = b.getI64Type();
  Value wide = arith::IndexCastOp::create(b, loc, i64, x),
        d = arith::IndexCastOp::create(b, loc, i64, size);
  Value one = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(1));
  Value q = arith::MulUIExtendedOp::create(b, loc, wide, reciprocal).getHigh();
  Value rest = arith::SubIOp::create(b, loc, wide, arith::MulIOp::create(b, loc, q, d));
  for (int step = 0; step < 2; ++step) {
    Value above = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, rest, d);
    q = arith::SelectOp::create(b, loc, above, arith::AddIOp::create(b, loc, q, one), q);
    rest = arith::SelectOp::create(b, loc, above, arith::SubIOp::create(b, loc, rest, d), rest);
  }
  return {arith::IndexCastOp::create(b, loc, b.getIndexType(), q),
          arith::IndexCastOp::create(b, loc, b.getIndexType(), rest)};
}

static void lower(linalg::LinalgOp op, int64_t threshold) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  Nest nest = makeNest(b, op);
  Loops parallel, reductions;
  for (unsigned d = 0; d < nest.sizes.size(); ++d)
    (nest.isParallel[d] ? parallel : reductions).push_back(d);
  Emitter emitter(nest);

  // The inner part: what one iteration of the outer parallel loops does.
  enum { Elementwise, Registers, Memory } inner = Elementwise;
  if (!reductions.empty()) {
    bool contiguous =
        llvm::any_of(reductions, [&](unsigned d) { return isContiguousAlong(nest, d); });
    inner = contiguous || parallel.empty() ? Registers : Memory;
  }
  Loops outer = parallel, innerDims;
  if (inner != Registers && (parallel.size() > 1 || inner == Memory)) {
    innerDims.push_back(outer.pop_back_val());
    if (inner == Memory)
      innerDims.insert(innerDims.begin(), reductions.begin(), reductions.end());
  } else if (inner == Registers) {
    innerDims = reductions;
  }
  auto emitInner = [&](OpBuilder &at) {
    if (inner == Registers)
      emitter.inRegisters(at, innerDims);
    else
      emitter.plain(at, innerDims);
  };

  // Split over threads?
  int64_t work = bodyCost(op);
  bool dynamic = false;
  for (int64_t size : nest.knownSizes) {
    if (ShapedType::isDynamic(size))
      dynamic = true;
    else
      work = llvm::SaturatingMultiply<uint64_t>(work, size);
  }
  bool inParallel = op->getParentOfType<scf::ParallelOp>() != nullptr;
  if (!outer.empty() && !inParallel && (dynamic || work >= threshold)) {
    Value total = nest.sizes[outer.front()];
    for (unsigned d : ArrayRef<unsigned>(outer).drop_front())
      total = arith::MulIOp::create(b, loc, total, nest.sizes[d]);
    Value zero = constIndex(b, loc, 0), one = constIndex(b, loc, 1);
    llvm::SmallDenseMap<unsigned, Value> reciprocals;
    for (unsigned d : ArrayRef<unsigned>(outer).drop_front())
      if (ShapedType::isDynamic(nest.knownSizes[d]))
        reciprocals[d] = emitReciprocal(b, loc, nest.sizes[d]);
    auto loop =
        scf::ParallelOp::create(b, loc, ValueRange{zero}, ValueRange{total}, ValueRange{one});
    loop->setAttr("lpc.cost", b.getI64IntegerAttr(bodyCost(op)));
    b.setInsertionPointToStart(loop.getBody());
    Value linear = loop.getInductionVars()[0];
    for (unsigned d : llvm::reverse(ArrayRef<unsigned>(outer).drop_front())) {
      auto [quotient, rest] = emitDivide(b, loc, linear, nest.sizes[d], reciprocals.lookup(d));
      emitter.ivs[d] = rest;
      linear = quotient;
    }
    emitter.ivs[outer.front()] = linear;
    emitInner(b);
  } else {
    OpBuilder::InsertionGuard guard(b);
    for (unsigned d : outer)
      emitter.openLoop(b, d);
    emitInner(b);
  }
  op.erase();
}

namespace {
struct LinalgToLoops final : impl::LinalgToLoopsPassBase<LinalgToLoops> {
  using LinalgToLoopsPassBase::LinalgToLoopsPassBase;

  void runOnOperation() override {
    // A copy is one more elementwise operation.
    getOperation().walk([](memref::CopyOp copy) {
      OpBuilder b(copy);
      linalg::CopyOp::create(b, copy.getLoc(), copy.getSource(), copy.getTarget());
      copy.erase();
    });
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      if (!op.hasPureBufferSemantics()) {
        op.emitError("expected the operation to be on buffers: bufferize first");
        return signalPassFailure();
      }
      lower(op, parallelThreshold);
    }
  }
};
} // namespace
} // namespace lpc
