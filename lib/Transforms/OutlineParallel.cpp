// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Outlines scf.parallel loops into bodies for lpc_rt_parallel_for.
//
// The body becomes a function (closure, begin, end). Values from outside are recomputed inside
// where that is cheap and safe (constants, views of raw memory); the others travel in a closure of
// 8-byte slots on the stack: scalars as they are, a memref as its pointer and those sizes and
// strides that its type leaves open.
#include "RuntimeCalls.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/RegionUtils.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_OUTLINEPARALLELPASS
#include "lpc/Transforms/Passes.h.inc"

/// Element operations that pay for waking a thread.
constexpr int64_t kGrainWork = 16384;

/// Operations that are worth a copy inside the body: their results are no data.
static bool isRecomputable(Operation *op) {
  return isa<arith::ConstantOp, memref::ViewOp, memref::CastOp, memref::CollapseShapeOp,
             memref::ExpandShapeOp, memref::SubViewOp, memref::ReinterpretCastOp,
             memref::GetGlobalOp, UnrealizedConversionCastOp, LLVM::InsertValueOp, LLVM::PoisonOp,
             LLVM::AddressOfOp, LLVM::GEPOp, arith::IndexCastOp>(op);
}

namespace {

/// The closure's layout: slots are given out in order, once outside (stores) and once inside
/// (loads).
struct Closure {
  Location loc;
  Value pointer;
  int64_t slots = 0;

  Value slot(OpBuilder &b) { return offsetPointer(b, loc, pointer, 8 * slots++); }
  void storeWord(OpBuilder &b, Value word) { LLVM::StoreOp::create(b, loc, word, slot(b)); }
  Value loadWord(OpBuilder &b, Type type) { return LLVM::LoadOp::create(b, loc, type, slot(b)); }

  void store(OpBuilder &b, Value value) {
    auto memref = dyn_cast<MemRefType>(value.getType());
    if (!memref)
      return storeWord(b, value.getType().isIndex() ? toI64(b, loc, value) : value);
    auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, value);
    Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, value);
    storeWord(b, LLVM::IntToPtrOp::create(b, loc, pointer.getType(), toI64(b, loc, address)));
    storeWord(b, toI64(b, loc, metadata.getOffset()));
    for (Value word : llvm::concat<Value>(metadata.getSizes(), metadata.getStrides()))
      storeWord(b, toI64(b, loc, word));
  }

  Value load(OpBuilder &b, Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    if (!memref) {
      if (type.isIndex())
        return toIndex(b, loc, loadWord(b, b.getI64Type()));
      return loadWord(b, type);
    }
    SmallVector<int64_t> strides;
    int64_t offset;
    (void)memref.getStridesAndOffset(strides, offset);
    Value data = loadWord(b, pointer.getType());
    auto word = [&](int64_t known) -> OpFoldResult {
      Value loaded = toIndex(b, loc, loadWord(b, b.getI64Type()));
      return ShapedType::isDynamic(known) ? OpFoldResult(loaded)
                                          : OpFoldResult(b.getIndexAttr(known));
    };
    OpFoldResult offsetWord = word(offset);
    SmallVector<OpFoldResult> sizes, steps;
    for (int64_t size : memref.getShape())
      sizes.push_back(word(size));
    for (int64_t stride : strides)
      steps.push_back(word(stride));
    Value scalar = bufferAt(b, loc, data, 0, MemRefType::get({}, memref.getElementType()), {});
    return memref::ReinterpretCastOp::create(b, loc, memref, scalar, offsetWord, sizes, steps);
  }
};

struct OutlineParallel final : impl::OutlineParallelPassBase<OutlineParallel> {
  using OutlineParallelPassBase::OutlineParallelPassBase;

  void runOnOperation() override {
    SmallVector<scf::ParallelOp> outer, nested;
    getOperation().walk<WalkOrder::PreOrder>([&](scf::ParallelOp op) {
      (op->getParentOfType<scf::ParallelOp>() || !lpc::getContext(op) ? nested : outer)
          .push_back(op);
    });
    for (scf::ParallelOp op : llvm::concat<scf::ParallelOp>(outer, nested)) {
      if (op.getNumLoops() == 1 && op.getNumReductions() == 0)
        continue;
      op.emitError("expected one loop without reductions");
      return signalPassFailure();
    }
    for (scf::ParallelOp op : llvm::reverse(nested))
      makeSequential(op);
    for (auto [i, op] : llvm::enumerate(outer))
      outline(op, i);
  }

  static scf::ForOp moveBody(OpBuilder &b, scf::ParallelOp op, Value begin, Value end) {
    auto loop = scf::ForOp::create(b, op.getLoc(), begin, end, constIndex(b, op.getLoc(), 1));
    Block *body = op.getBody();
    body->getArgument(0).replaceAllUsesWith(loop.getInductionVar());
    Operation *yield = loop.getBody()->getTerminator();
    body->getTerminator()->erase();
    loop.getBody()->getOperations().splice(yield->getIterator(), body->getOperations());
    return loop;
  }

  static void makeSequential(scf::ParallelOp op) {
    OpBuilder b(op);
    moveBody(b, op, op.getLowerBound()[0], op.getUpperBound()[0]);
    op.erase();
  }

  /// kGrainWork over the work of one iteration: its cost times the sizes of the first nest of loops
  /// inside.
  static Value grainOf(OpBuilder &b, scf::ParallelOp op) {
    Location loc = op.getLoc();
    int64_t cost = 1;
    if (auto stated = op->getAttrOfType<IntegerAttr>("lpc.cost"))
      cost = stated.getInt();
    Value work = constI64(b, loc, cost);
    Block *block = op.getBody();
    while (block) {
      Block *next = nullptr;
      for (Operation &inner : *block) {
        auto loop = dyn_cast<scf::ForOp>(inner);
        if (!loop)
          continue;
        if (op.getRegion().isAncestor(loop.getUpperBound().getParentRegion()) &&
            !loop.getUpperBound().getDefiningOp<arith::ConstantOp>())
          break;
        Value size;
        if (auto known = getConstantIntValue(loop.getUpperBound()))
          size = constI64(b, loc, *known);
        else
          size = toI64(b, loc, loop.getUpperBound());
        work = arith::MulIOp::create(b, loc, work, size);
        next = loop.getBody();
        break;
      }
      block = next;
    }
    Value one = constI64(b, loc, 1);
    work = arith::MaxSIOp::create(b, loc, work, one);
    // By the power of two below: a schedule needs no exact quotient, and a program without
    // divisions stays without.
    Value log = arith::SubIOp::create(
        b, loc, constI64(b, loc, 63),
        LLVM::CountLeadingZerosOp::create(b, loc, b.getI64Type(), work, b.getBoolAttr(false)));
    Value grain = arith::ShRUIOp::create(b, loc, constI64(b, loc, kGrainWork), log);
    return arith::MaxSIOp::create(b, loc, grain, one);
  }

  /// Values from outside that the body needs, after pulling recomputable operations in: `cloned` in
  /// dominance order.
  static void findCaptures(scf::ParallelOp op, SetVector<Value> &captures,
                           SetVector<Operation *> &cloned) {
    SetVector<Value> used;
    getUsedValuesDefinedAbove(op.getRegion(), op.getRegion(), used);
    SmallVector<Operation *> order;
    DenseMap<Operation *, bool> done;
    std::function<void(Value)> visit = [&](Value value) {
      Operation *def = value.getDefiningOp();
      if (!def || !isRecomputable(def)) {
        captures.insert(value);
        return;
      }
      if (!done.try_emplace(def, true).second)
        return;
      for (Value operand : def->getOperands())
        visit(operand);
      cloned.insert(def);
    };
    for (Value value : used)
      visit(value);
  }

  void outline(scf::ParallelOp op, unsigned number) {
    ModuleOp module = getOperation();
    Location loc = op.getLoc();
    MLIRContext *context = &this->getContext();
    auto pointerType = LLVM::LLVMPointerType::get(context);
    auto parent = op->getParentOfType<func::FuncOp>();

    OpBuilder b(parent);
    b.setInsertionPointAfter(parent);
    auto i64 = b.getI64Type();
    auto body = func::FuncOp::create(b, loc, (parent.getName() + "_part" + Twine(number)).str(),
                                     b.getFunctionType({pointerType, i64, i64}, {}));
    body.setPrivate();
    Block *block = body.addEntryBlock();

    SetVector<Value> captures;
    SetVector<Operation *> cloned;
    findCaptures(op, captures, cloned);

    // Outside: fill the closure and call.
    OpBuilder entry = OpBuilder::atBlockBegin(&parent.getBody().front());
    b.setInsertionPoint(op);
    auto alloca = LLVM::AllocaOp::create(entry, loc, pointerType, i64, constI64(entry, loc, 1),
                                         /*alignment=*/8);
    Closure outside{loc, alloca};
    for (Value value : captures)
      outside.store(b, value);
    alloca.setElemType(LLVM::LLVMArrayType::get(i64, std::max<int64_t>(outside.slots, 1)));
    auto parallelFor = getRuntimeFunction(module, "lpc_rt_parallel_for", {},
                                          {pointerType, i64, i64, pointerType, pointerType});
    Value lower = toI64(b, loc, op.getLowerBound()[0]);
    Value count = arith::SubIOp::create(b, loc, toI64(b, loc, op.getUpperBound()[0]), lower);
    // The body's address: func.func has no such operation in the LLVM dialect yet, so a constant of
    // function type goes through a cast that the conversion resolves.
    Value address = func::ConstantOp::create(b, loc, body.getFunctionType(), body.getName());
    address = UnrealizedConversionCastOp::create(b, loc, pointerType, address).getResult(0);
    LLVM::CallOp::create(
        b, loc, parallelFor,
        ValueRange{lpc::getContext(op), count, grainOf(b, op), address, outside.pointer});

    // Inside: read it back in the same order, then the loop over the range.
    OpBuilder in = OpBuilder::atBlockBegin(block);
    Closure inside{loc, block->getArgument(0)};
    IRMapping mapping;
    for (Value value : captures)
      mapping.map(value, inside.load(in, value.getType()));
    for (Operation *def : cloned)
      in.clone(*def, mapping);
    Value begin = toIndex(in, loc, block->getArgument(1)),
          end = toIndex(in, loc, block->getArgument(2));
    if (auto known = getConstantIntValue(op.getLowerBound()[0]); !known || *known != 0) {
      Value first = mapping.lookupOrDefault(op.getLowerBound()[0]);
      begin = arith::AddIOp::create(in, loc, begin, first);
      end = arith::AddIOp::create(in, loc, end, first);
    }
    scf::ForOp loop = moveBody(in, op, begin, end);
    // By the uses inside: a captured value may have uses in every other loop too.
    loop->walk([&](Operation *inner) {
      for (OpOperand &use : inner->getOpOperands())
        if (Value to = mapping.lookupOrNull(use.get()))
          use.set(to);
    });
    func::ReturnOp::create(in, loc);
    op.erase();
  }
};
} // namespace
} // namespace lpc
