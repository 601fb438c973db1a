// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Moves constants to the weight segment: all but small tables of sizes and truth values.
//
// The data stays where it is (a blob or the storage of an attribute): the module attribute
// `lpc.weights` refers to it until the emitter writes the segment. Code reaches it through
// ctx->weights, so that a weights file can take its place: scales and biases as well as weights,
// however small.
#include "RuntimeCalls.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_PLACECONSTANTSPASS
#include "lpc/Transforms/Passes.h.inc"

constexpr int64_t kAlignment = 64;

/// Sizes and the like are part of the program; 64-bit integers hold them.
static bool staysInCode(MemRefType type) {
  constexpr int64_t maxBytes = 64;
  Type element = type.getElementType();
  return byteSize(type) <= maxBytes &&
         (element.isIndex() || element.isInteger(64) || element.isInteger(1));
}

/// The name that the frontend gave: the innermost name of the location, else the global's own.
static std::string nameOf(memref::GlobalOp global) {
  std::string name = global.getSymName().str();
  global.getLoc()->walk([&](Location loc) {
    auto named = dyn_cast<NameLoc>(loc);
    if (!named || named.getName().empty())
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name;
}

namespace {
struct PlaceConstants final : impl::PlaceConstantsPassBase<PlaceConstants> {
  using PlaceConstantsPassBase::PlaceConstantsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder b(&getContext());
    llvm::StringMap<int64_t> offsets;
    llvm::StringSet<> names;
    SmallVector<Attribute> index;
    int64_t end = 0;
    for (auto global : llvm::make_early_inc_range(module.getOps<memref::GlobalOp>())) {
      if (!global.getConstant() || !global.getInitialValue() || staysInCode(global.getType()))
        continue;
      std::string name = nameOf(global);
      for (unsigned i = 1; !names.insert(name).second; ++i)
        name = nameOf(global) + "_" + std::to_string(i);
      offsets[global.getSymName()] = end;
      int64_t bytes = byteSize(global.getType());
      index.push_back(b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(name)),
                                           b.getNamedAttr("offset", b.getI64IntegerAttr(end)),
                                           b.getNamedAttr("bytes", b.getI64IntegerAttr(bytes)),
                                           b.getNamedAttr("value", *global.getInitialValue())}));
      end += llvm::alignTo(bytes, kAlignment);
    }
    if (index.empty())
      return;
    module->setAttr("lpc.weights", b.getArrayAttr(index));
    module->setAttr("lpc.weights_bytes", b.getI64IntegerAttr(end));

    auto pointerType = LLVM::LLVMPointerType::get(&getContext());
    DenseMap<Value, Value> bases;
    WalkResult result = module.walk([&](memref::GetGlobalOp get) {
      auto found = offsets.find(get.getName());
      if (found == offsets.end())
        return WalkResult::advance();
      Value context = lpc::getContext(get);
      if (!context) {
        get.emitError("expected constants to be used in the entry function only");
        return WalkResult::interrupt();
      }
      Value &base = bases[context];
      if (!base) {
        b.setInsertionPointToStart(cast<BlockArgument>(context).getOwner());
        base = LLVM::LoadOp::create(b, get.getLoc(), pointerType, context);
      }
      b.setInsertionPoint(get);
      Value pointer = offsetPointer(b, get.getLoc(), base, found->second);
      get.replaceAllUsesWith(
          bufferAt(b, get.getLoc(), pointer, 0, cast<MemRefType>(get.getType()), {}));
      get.erase();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (auto global : llvm::make_early_inc_range(module.getOps<memref::GlobalOp>()))
      if (offsets.contains(global.getSymName()))
        global.erase();
  }
};
} // namespace
} // namespace lpc
