// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// convert-packed-to-llvm: packed operations on buffers become calls of the runtime's driver with
// generated micro-kernels.
#include "Kernels.h"

#include "dialects/Lp/IR/Lp.h"
#include "lib/Transforms/RuntimeCalls.h"
#include "lpc/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace lpc {
#define GEN_PASS_DEF_CONVERTPACKEDTOLLVMPASS
#include "lpc/Conversion/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;

namespace {

/// The strides of a memref as i64 values.
SmallVector<Value> stridesOf(OpBuilder &b, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto [known, offset] = type.getStridesAndOffset();
  memref::ExtractStridedMetadataOp metadata;
  SmallVector<Value> strides;
  for (auto [i, stride] : llvm::enumerate(known)) {
    if (!ShapedType::isDynamic(stride)) {
      strides.push_back(constI64(b, loc, stride));
      continue;
    }
    if (!metadata)
      metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
    strides.push_back(toI64(b, loc, metadata.getStrides()[i]));
  }
  return strides;
}

Value addressOf(OpBuilder &b, Location loc, func::FuncOp function) {
  Value address = func::ConstantOp::create(b, loc, function.getFunctionType(), function.getName());
  return UnrealizedConversionCastOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()),
                                            address)
      .getResult(0);
}

void lower(ModuleOp module, packed::MatMulOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  packed::LayoutAttr layout = op.getLayout();
  auto pointerType = LLVM::LLVMPointerType::get(b.getContext());
  Value null = LLVM::ZeroOp::create(b, loc, pointerType);
  bool scaled = op.getRhsScale() != nullptr,
       isFloat = getElementTypeOrSelf(op.getLhs().getType()).isF32();
  ArrayRef<int8_t> codebook = op.getCodebook().value_or(ArrayRef<int8_t>());
  const num::Format *format = op.getFormat() ? lp::formatOf(*op.getFormat()) : nullptr;
  auto c64 = [&](int64_t v) { return constI64(b, loc, v); };
  auto sizeOf = [&](Value v, int64_t d) {
    return toI64(b, loc, memref::DimOp::create(b, loc, v, d));
  };

  // struct lpc_packed_product, word by word.
  SmallVector<Value> words = {sizeOf(op.getLhs(), 0),   sizeOf(op.getInit(), 1),
                              sizeOf(op.getLhs(), 1),   c64(layout.getGroup()),
                              c64(layout.getColumns()), c64(layout.getStepBytes()),
                              c64(packed::kTileRows),   c64(isFloat ? 4 : 2)};
  packed::KernelSpec tile{layout, codebook, packed::kTileRows, isFloat, format}, row = tile,
                                                                                 plain = tile;
  row.rows = 1;
  plain.isUnpacked = true;
  for (func::FuncOp kernel :
       {packed::getTileKernel(module, tile), packed::getTileKernel(module, row),
        packed::getUnpackKernel(module, tile), packed::getTileKernel(module, plain)})
    words.push_back(addressOf(b, loc, kernel));
  int64_t depth = cast<MemRefType>(op.getLhs().getType()).getDimSize(1);
  int64_t steps = layout.getSteps(std::min<int64_t>(op.getGroupSize(), depth));
  words.push_back(c64(scaled ? steps * layout.getGroup() : 0));
  words.push_back(
      scaled ? addressOf(b, loc, packed::getRescaleKernel(module, op.getFraction(), isFloat))
             : null);
  words.append(stridesOf(b, loc, op.getLhs()));
  words.append(stridesOf(b, loc, op.getInit()));
  if (scaled) {
    bool perRow =
        op.getLhsScale() && cast<MemRefType>(op.getLhsScale().getType()).getDimSize(0) != 1;
    words.push_back(perRow ? stridesOf(b, loc, op.getLhsScale())[0] : c64(0));
    SmallVector<Value> strides = stridesOf(b, loc, op.getRhsScale());
    bool perColumn = cast<MemRefType>(op.getRhsScale().getType()).getDimSize(1) != 1;
    words.append({strides[0], perColumn ? strides[1] : c64(0)});
  } else {
    words.append(3, c64(0));
  }
  auto function = op->getParentOfType<func::FuncOp>();
  OpBuilder entry = OpBuilder::atBlockBegin(&function.getBody().front());
  Value block = LLVM::AllocaOp::create(entry, loc, pointerType,
                                       LLVM::LLVMArrayType::get(b.getI64Type(), words.size()),
                                       constI64(entry, loc, 1), /*alignment=*/8);
  for (auto [i, word] : llvm::enumerate(words))
    LLVM::StoreOp::create(b, loc, word, offsetPointer(b, loc, block, 8 * i));
  auto run =
      getRuntimeFunction(module, "lpc_rt_packed_product", {}, SmallVector<Type>(7, pointerType));
  auto dataOr = [&](Value v) { return v ? dataPointer(b, loc, v) : null; };
  LLVM::CallOp::create(b, loc, run,
                       ValueRange{lpc::getContext(op), block, dataOr(op.getLhs()),
                                  dataOr(op.getRhs()), dataOr(op.getLhsScale()),
                                  dataOr(op.getRhsScale()), dataOr(op.getInit())});
  op.erase();
}

struct ConvertPackedToLLVM final : lpc::impl::ConvertPackedToLLVMPassBase<ConvertPackedToLLVM> {
  using ConvertPackedToLLVMPassBase::ConvertPackedToLLVMPassBase;

  void runOnOperation() override {
    SmallVector<packed::MatMulOp> ops;
    getOperation().walk([&](packed::MatMulOp op) { ops.push_back(op); });
    for (packed::MatMulOp op : ops) {
      if (!op.getOutput().empty() || !lpc::getContext(op)) {
        op.emitOpError("expected buffers inside of the entry function: bufferize and run "
                       "lpc-lower-entry first");
        return signalPassFailure();
      }
      bool isFloat = getElementTypeOrSelf(op.getLhs().getType()).isF32();
      if (!packed::hasKernel(op.getLayout(), isFloat)) {
        op.emitOpError("expected a layout with 16 columns, groups of ")
            << (isFloat ? 1 : 2) << " and 4 or 8 bits: no kernel reads another one";
        return signalPassFailure();
      }
      lower(getOperation(), op);
    }
    packed::lowerHadamards(getOperation());
    packed::TargetFeatures target;
    for (StringRef name : llvm::split(features, ',')) {
      target.ssse3 |= name == "ssse3";
      target.avx2 |= name == "avx2";
    }
    packed::lowerLookups(getOperation(), target);
  }
};

} // namespace
