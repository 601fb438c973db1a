// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// packed.lookup on scalars and vectors.
//
// Tables are made here, after lpc-place-constants, so that they stay constants of the LLVM module:
// a loop that reads one and writes elsewhere vectorises without a check for overlap.
#include "Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::packed;

namespace {

constexpr int64_t kShuffledBytes = 16, kShuffledWords = 32, kWordLanes = 8;

struct Lookups {
  ModuleOp module;
  const TargetFeatures &features;
  DenseMap<Attribute, memref::GlobalOp> globals;

  memref::GlobalOp globalOf(ElementsAttr table) {
    memref::GlobalOp &global = globals[table];
    if (global)
      return global;
    OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
    ShapedType shape = table.getShapedType();
    std::string name;
    for (size_t i = globals.size() - 1;; ++i) {
      name = "lpc_lookup_" + std::to_string(i);
      if (!module.lookupSymbol(name))
        break;
    }
    global = memref::GlobalOp::create(
        b, UnknownLoc::get(module.getContext()), name, b.getStringAttr("private"),
        MemRefType::get(shape.getShape(), shape.getElementType()), table, /*constant=*/true,
        /*alignment=*/b.getI64IntegerAttr(64));
    return global;
  }

  Value memoryOf(ImplicitLocOpBuilder &b, ElementsAttr table) {
    memref::GlobalOp global = globalOf(table);
    return memref::GetGlobalOp::create(b, global.getType(), global.getSymName());
  }

  void lower(LookupOp op) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    auto type = dyn_cast<VectorType>(op.getType());
    Value result = type ? lowerVector(b, op, type) : lowerScalar(b, op);
    op.replaceAllUsesWith(result);
    op.erase();
  }

  Value lowerScalar(ImplicitLocOpBuilder &b, LookupOp op) {
    Value at = arith::IndexCastUIOp::create(b, b.getIndexType(), op.getIndex());
    return memref::LoadOp::create(b, memoryOf(b, op.getTable()), at);
  }

  Value lowerVector(ImplicitLocOpBuilder &b, LookupOp op, VectorType type) {
    auto dense = dyn_cast<DenseElementsAttr>(op.getTable());
    unsigned bits = type.getElementTypeBitWidth();
    if (dense && features.ssse3 && bits == 8 && type.getNumElements() == kShuffledBytes &&
        dense.getNumElements() <= kShuffledBytes)
      return shuffleBytes(b, op, type, dense);
    if (dense && features.avx2 && bits == 32 && type.getNumElements() == kWordLanes &&
        dense.getNumElements() <= kShuffledWords)
      return shuffleWords(b, op, type, dense);
    return gather(b, op, type);
  }

  /// The entries [first, first + count) as a vector; behind the end of the table zeros.
  static Value entries(ImplicitLocOpBuilder &b, DenseElementsAttr table, int64_t first,
                       int64_t count) {
    auto type = VectorType::get({count}, table.getElementType());
    SmallVector<Attribute> values;
    for (Attribute value : table.getValues<Attribute>())
      values.push_back(value);
    values.resize(std::max<int64_t>(values.size(), first + count),
                  b.getZeroAttr(table.getElementType()));
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, ArrayRef<Attribute>(values).slice(first, count)));
  }

  static Value resizeIndex(ImplicitLocOpBuilder &b, Value index, unsigned bits) {
    unsigned from = getElementTypeOrSelf(index).getIntOrFloatBitWidth();
    Type to = cast<VectorType>(index.getType()).clone(b.getIntegerType(bits));
    if (from == bits)
      return index;
    return from < bits ? arith::ExtUIOp::create(b, to, index).getResult()
                       : arith::TruncIOp::create(b, to, index).getResult();
  }

  static Value shuffleBytes(ImplicitLocOpBuilder &b, LookupOp op, VectorType type,
                            DenseElementsAttr table) {
    return LLVM::CallIntrinsicOp::create(
               b, type, b.getStringAttr("llvm.x86.ssse3.pshuf.b.128"),
               ValueRange{entries(b, table, 0, kShuffledBytes), resizeIndex(b, op.getIndex(), 8)})
        .getResult(0);
  }

  /// Each permutation takes three bits of the index and ignores the others, which then select.
  static Value shuffleWords(ImplicitLocOpBuilder &b, LookupOp op, VectorType type,
                            DenseElementsAttr table) {
    auto floats = type.clone(b.getF32Type()), words = type.clone(b.getI32Type());
    Value index = resizeIndex(b, op.getIndex(), 32);
    SmallVector<Value> parts;
    for (int64_t first = 0; first < table.getNumElements(); first += kWordLanes) {
      Value part = entries(b, table, first, kWordLanes);
      if (part.getType() != floats)
        part = arith::BitcastOp::create(b, floats, part);
      parts.push_back(LLVM::CallIntrinsicOp::create(b, floats,
                                                    b.getStringAttr("llvm.x86.avx2.permps"),
                                                    ValueRange{part, index})
                          .getResult(0));
    }
    // The bit as the sign of a word is what a blend reads.
    for (int64_t bit = 3; parts.size() > 1; ++bit) {
      Value up = arith::ShLIOp::create(
          b, index,
          arith::ConstantOp::create(b,
                                    DenseElementsAttr::get(words, static_cast<int32_t>(31 - bit))));
      Value isSet = arith::CmpIOp::create(
          b, arith::CmpIPredicate::slt, up,
          arith::ConstantOp::create(b, DenseElementsAttr::get(words, int32_t(0))));
      SmallVector<Value> next;
      for (size_t i = 0; i < parts.size(); i += 2)
        next.push_back(i + 1 == parts.size()
                           ? parts[i]
                           : arith::SelectOp::create(b, isSet, parts[i + 1], parts[i]).getResult());
      parts = std::move(next);
    }
    return parts[0].getType() == type ? parts[0]
                                      : arith::BitcastOp::create(b, type, parts[0]).getResult();
  }

  Value gather(ImplicitLocOpBuilder &b, LookupOp op, VectorType type) {
    Value zero = arith::ConstantIndexOp::create(b, 0);
    Value all =
        arith::ConstantOp::create(b, DenseElementsAttr::get(type.clone(b.getI1Type()), true));
    Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
    return vector::GatherOp::create(b, type, memoryOf(b, op.getTable()), ValueRange{zero},
                                    resizeIndex(b, op.getIndex(), 32), all, none);
  }
};

} // namespace

void packed::lowerLookups(ModuleOp module, const TargetFeatures &features) {
  Lookups lookups{module, features, DenseMap<Attribute, memref::GlobalOp>()};
  module.walk([&](LookupOp op) { lookups.lower(op); });
}
