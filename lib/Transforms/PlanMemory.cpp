// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gives each buffer a place and a life time.
//
// A buffer lives from its allocation to the last operation of its block that uses it or one of its
// aliases. Those of fixed size at the entry's top level share one arena by first fit over these
// intervals, in program order (O(n^2), n buffers); the others are allocated and freed at run time,
// so that peak memory follows the actual sizes.
//
// A buffer that a loop hands on from round to round has no last use in its block. At the end of
// each round such a loop takes back all that it has allocated but what it hands on, which the
// runtime finds by address.
#include "RuntimeCalls.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "lpc/Transforms/Passes.h.inc"

constexpr int64_t kAlignment = 64;

namespace {

/// Where a buffer ends: behind `last`, or, if it escapes its block, never.
struct LifeTime {
  Operation *last = nullptr;
  bool escapes = false;
};

struct ArenaBuffer {
  memref::AllocOp alloc;
  int64_t begin, end, offset, bytes;
};

struct PlanMemory final : impl::PlanMemoryPassBase<PlanMemory> {
  using PlanMemoryPassBase::PlanMemoryPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto entry = module.lookupSymbol<func::FuncOp>(kEntryName);
    if (!entry)
      return;
    BufferViewFlowAnalysis aliases(entry);
    SmallVector<memref::AllocOp> allocs;
    entry.walk([&](memref::AllocOp op) { allocs.push_back(op); });
    SmallVector<LifeTime> lifeTimes;
    for (memref::AllocOp alloc : allocs)
      lifeTimes.push_back(findLifeTime(alloc, aliases));

    Block &top = entry.getBody().front();
    DenseMap<Operation *, int64_t> position;
    for (auto [i, op] : llvm::enumerate(top))
      position[&op] = i;
    int64_t never = position.size();
    SmallVector<ArenaBuffer> arena;
    llvm::SetVector<Operation *> loops;
    for (auto [alloc, life] : llvm::zip(allocs, lifeTimes)) {
      if (alloc->getBlock() == &top && alloc.getType().hasStaticShape()) {
        arena.push_back({alloc, position[alloc], life.escapes ? never : position[life.last], 0,
                         (int64_t)llvm::alignTo(byteSize(alloc.getType()), kAlignment)});
        continue;
      }
      if (life.escapes)
        for (Operation *op = alloc->getParentOp(); op != entry.getOperation();
             op = op->getParentOp())
          if (isa<scf::ForOp, scf::WhileOp>(op))
            loops.insert(op);
      lowerDynamic(alloc, life);
    }
    for (Operation *loop : loops)
      freeEachRound(loop, entry);
    lowerArena(module, entry, arena);
  }

  /// The terminator that hands buffers on to the next round.
  static Operation *yieldOf(Operation *loop) {
    if (auto forOp = dyn_cast<scf::ForOp>(loop))
      return forOp.getBody()->getTerminator();
    return cast<scf::WhileOp>(loop).getYieldOp();
  }

  void freeEachRound(Operation *loop, func::FuncOp entry) {
    ModuleOp module = getOperation();
    MLIRContext *ctx = &this->getContext();
    auto pointerType = LLVM::LLVMPointerType::get(ctx);
    Location loc = loop->getLoc();
    OpBuilder b(loop);
    Type i64 = b.getI64Type();
    Value context = entry.getArgument(0);
    auto markFunction = getRuntimeFunction(module, "lpc_rt_mark", i64, {pointerType});
    Value mark = LLVM::CallOp::create(b, loc, markFunction, ValueRange{context}).getResult();

    Operation *yield = yieldOf(loop);
    SmallVector<Value> kept = llvm::filter_to_vector(
        yield->getOperands(), [](Value v) { return isa<MemRefType>(v.getType()); });
    // On the stack once, not in each round.
    b.setInsertionPointToStart(&entry.getBody().front());
    Value table = LLVM::AllocaOp::create(
        b, loc, pointerType, pointerType,
        constI64(b, loc, std::max<int64_t>(static_cast<int64_t>(kept.size()), 1)));
    b.setInsertionPoint(yield);
    for (auto [i, buffer] : llvm::enumerate(kept)) {
      Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
      Value pointer = LLVM::IntToPtrOp::create(b, loc, pointerType, toI64(b, loc, address));
      LLVM::StoreOp::create(b, loc, pointer, offsetPointer(b, loc, table, 8 * i));
    }
    auto freeFunction =
        getRuntimeFunction(module, "lpc_rt_free_since", {}, {pointerType, i64, pointerType, i64});
    LLVM::CallOp::create(b, loc, freeFunction,
                         ValueRange{context, mark, table, constI64(b, loc, kept.size())});
  }

  static LifeTime findLifeTime(memref::AllocOp alloc, const BufferViewFlowAnalysis &aliases) {
    LifeTime life{alloc, false};
    Block *block = alloc->getBlock();
    for (Value alias : aliases.resolve(alloc)) {
      for (Operation *user : alias.getUsers()) {
        Operation *ancestor = block->findAncestorOpInBlock(*user);
        // A use outside of the block, a terminator that hands the buffer on, or a pointer whose
        // uses are not followed.
        if (!ancestor || ancestor->hasTrait<OpTrait::IsTerminator>() ||
            isa<memref::ExtractAlignedPointerAsIndexOp>(user)) {
          life.escapes = true;
          return life;
        }
        if (life.last->isBeforeInBlock(ancestor))
          life.last = ancestor;
      }
    }
    return life;
  }

  void lowerDynamic(memref::AllocOp alloc, LifeTime life) {
    ++numDynamic;
    OpBuilder b(alloc);
    Location loc = alloc.getLoc();
    ModuleOp module = getOperation();
    Value context = lpc::getContext(alloc);
    auto pointerType = LLVM::LLVMPointerType::get(&this->getContext());
    auto allocate =
        getRuntimeFunction(module, "lpc_rt_alloc", pointerType, {pointerType, b.getI64Type()});
    MemRefType type = alloc.getType();
    int64_t known = elementBytes(type.getElementType());
    for (int64_t size : type.getShape())
      known *= ShapedType::isDynamic(size) ? 1 : size;
    Value bytes = constIndex(b, loc, known);
    // The product may leave 64 bits: the high halves of partial products tell, and then the runtime
    // gets a size that it refuses. A size of 0 makes all of them good.
    Value tooLarge, empty;
    auto either = [&](Value x, Value y) {
      return x ? arith::OrIOp::create(b, loc, x, y).getResult() : y;
    };
    auto compare = [&](arith::CmpIPredicate p, Value x, int64_t y) -> Value {
      return arith::CmpIOp::create(b, loc, p, x, constIndex(b, loc, y));
    };
    for (Value size : alloc.getDynamicSizes()) {
      auto product = arith::MulUIExtendedOp::create(b, loc, bytes, size);
      bytes = product.getLow();
      tooLarge = either(tooLarge, compare(arith::CmpIPredicate::ne, product.getHigh(), 0));
      tooLarge = either(tooLarge, compare(arith::CmpIPredicate::ugt, bytes, int64_t{1} << 48));
      empty = either(empty, compare(arith::CmpIPredicate::eq, size, 0));
    }
    if (tooLarge) {
      Value refused = arith::SelectOp::create(b, loc, tooLarge, constIndex(b, loc, -1), bytes);
      bytes = arith::SelectOp::create(b, loc, empty, constIndex(b, loc, 0), refused);
    }
    Value pointer =
        LLVM::CallOp::create(b, loc, allocate, ValueRange{context, toI64(b, loc, bytes)})
            .getResult();
    Value buffer = bufferAt(b, loc, pointer, 0, type, alloc.getDynamicSizes());
    alloc.replaceAllUsesWith(buffer);
    if (!life.escapes) {
      if (life.last == alloc)
        b.setInsertionPointAfter(alloc);
      else
        b.setInsertionPointAfter(life.last);
      auto release = getRuntimeFunction(module, "lpc_rt_free", {}, {pointerType, pointerType});
      LLVM::CallOp::create(b, loc, release, ValueRange{context, pointer});
    }
    alloc.erase();
  }

  void lowerArena(ModuleOp module, func::FuncOp entry, SmallVectorImpl<ArenaBuffer> &buffers) {
    if (buffers.empty())
      return;
    int64_t total = 0;
    SmallVector<const ArenaBuffer *> placed; // by offset
    for (ArenaBuffer &buffer : buffers) {
      int64_t offset = 0;
      for (const ArenaBuffer *other : placed) {
        if (other->end < buffer.begin)
          continue;
        if (offset + buffer.bytes <= other->offset)
          break;
        offset = std::max(offset, other->offset + other->bytes);
      }
      buffer.offset = offset;
      total = std::max(total, offset + buffer.bytes);
      auto at = llvm::upper_bound(placed, &buffer, [](const ArenaBuffer *a, const ArenaBuffer *b) {
        return a->offset < b->offset;
      });
      placed.insert(at, &buffer);
    }
    OpBuilder b = OpBuilder::atBlockBegin(&entry.getBody().front());
    Location loc = entry.getLoc();
    auto pointerType = LLVM::LLVMPointerType::get(&this->getContext());
    Value arena =
        LLVM::LoadOp::create(b, loc, pointerType, offsetPointer(b, loc, entry.getArgument(0), 8));
    for (ArenaBuffer &buffer : buffers) {
      ++numArena;
      b.setInsertionPoint(buffer.alloc);
      Value pointer = offsetPointer(b, loc, arena, buffer.offset);
      buffer.alloc.replaceAllUsesWith(bufferAt(b, loc, pointer, 0, buffer.alloc.getType(), {}));
      buffer.alloc.erase();
    }
    module->setAttr("lpc.arena_bytes", b.getI64IntegerAttr(total));
  }
};
} // namespace
} // namespace lpc
