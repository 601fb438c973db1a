// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Building blocks for code that talks to the runtime.
#include "RuntimeCalls.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace lpc {

Value getContext(Operation *op) {
  auto func = op->getParentOfType<func::FuncOp>();
  if (!func || func.isExternal() || func.getNumArguments() == 0 ||
      !isa<LLVM::LLVMPointerType>(func.getArgument(0).getType()))
    return {};
  return func.getArgument(0);
}

LLVM::LLVMFuncOp getRuntimeFunction(ModuleOp module, StringRef name, Type result,
                                    ArrayRef<Type> arguments) {
  if (auto found = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return found;
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  if (!result)
    result = LLVM::LLVMVoidType::get(module.getContext());
  return LLVM::LLVMFuncOp::create(b, UnknownLoc::get(module.getContext()), name,
                                  LLVM::LLVMFunctionType::get(result, arguments));
}

int64_t elementBytes(Type type) {
  if (type.isIndex())
    return 8;
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * elementBytes(complex.getElementType());
  unsigned bits = type.getIntOrFloatBitWidth();
  return bits <= 8 ? 1 : llvm::PowerOf2Ceil(llvm::divideCeil(bits, 8));
}

int64_t byteSize(MemRefType type) {
  return type.getNumElements() * elementBytes(type.getElementType());
}

Value constI64(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
}
Value constIndex(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getIndexAttr(value));
}
Value toI64(OpBuilder &b, Location loc, Value v) {
  return v.getType().isIndex() ? Value(arith::IndexCastOp::create(b, loc, b.getI64Type(), v)) : v;
}
Value toIndex(OpBuilder &b, Location loc, Value v) {
  return v.getType().isIndex() ? v : Value(arith::IndexCastOp::create(b, loc, b.getIndexType(), v));
}

Value offsetPointer(OpBuilder &b, Location loc, Value base, int64_t offset) {
  if (offset == 0)
    return base;
  return LLVM::GEPOp::create(b, loc, base.getType(), b.getI8Type(), base,
                             ValueRange{constI64(b, loc, offset)});
}

Value dataPointer(OpBuilder &b, Location loc, Value memref) {
  auto pointerType = LLVM::LLVMPointerType::get(b.getContext());
  auto type = cast<MemRefType>(memref.getType());
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memref);
  Value pointer = LLVM::IntToPtrOp::create(b, loc, pointerType, toI64(b, loc, address));
  if (type.getLayout().isIdentity())
    return pointer;
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
  Value bytes = arith::MulIOp::create(b, loc, toI64(b, loc, metadata.getOffset()),
                                      constI64(b, loc, elementBytes(type.getElementType())));
  return LLVM::GEPOp::create(b, loc, pointerType, b.getI8Type(), pointer, ValueRange{bytes});
}

Value bytesAt(OpBuilder &b, Location loc, Value pointer, Value bytes) {
  MLIRContext *context = b.getContext();
  auto i64 = b.getI64Type();
  auto array = LLVM::LLVMArrayType::get(i64, 1);
  auto descriptorType = LLVM::LLVMStructType::getLiteral(
      context, {pointer.getType(), pointer.getType(), i64, array, array});
  Value zero = constI64(b, loc, 0), one = constI64(b, loc, 1);
  Value d = LLVM::PoisonOp::create(b, loc, descriptorType);
  d = LLVM::InsertValueOp::create(b, loc, d, pointer, ArrayRef<int64_t>{0});
  d = LLVM::InsertValueOp::create(b, loc, d, pointer, ArrayRef<int64_t>{1});
  d = LLVM::InsertValueOp::create(b, loc, d, zero, ArrayRef<int64_t>{2});
  d = LLVM::InsertValueOp::create(b, loc, d, toI64(b, loc, bytes), ArrayRef<int64_t>{3, 0});
  d = LLVM::InsertValueOp::create(b, loc, d, one, ArrayRef<int64_t>{4, 0});
  auto bytesType = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  return UnrealizedConversionCastOp::create(b, loc, bytesType, d).getResult(0);
}

Value bufferAt(OpBuilder &b, Location loc, Value pointer, int64_t offset, MemRefType type,
               ValueRange dynamicSizes) {
  int64_t known = elementBytes(type.getElementType());
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      known *= size;
  Value bytes = constIndex(b, loc, known + offset);
  for (Value size : dynamicSizes)
    bytes = arith::MulIOp::create(b, loc, bytes, size);
  Value memory = bytesAt(b, loc, pointer, bytes);
  auto plain = MemRefType::get(type.getShape(), type.getElementType());
  Value view =
      memref::ViewOp::create(b, loc, plain, memory, constIndex(b, loc, offset), dynamicSizes);
  return plain == type ? view : Value(memref::CastOp::create(b, loc, type, view));
}

Value textPointer(OpBuilder &b, Location loc, ModuleOp module, StringRef text) {
  std::string name = "lpc_text_" + llvm::utohexstr(llvm::xxh3_64bits(text), /*LowerCase=*/true);
  if (!module.lookupSymbol(name)) {
    OpBuilder at = OpBuilder::atBlockBegin(module.getBody());
    std::string bytes = text.str() + '\0';
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
    LLVM::GlobalOp::create(at, UnknownLoc::get(b.getContext()), type, /*isConstant=*/true,
                           LLVM::Linkage::Internal, name, at.getStringAttr(bytes));
  }
  return LLVM::AddressOfOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), name);
}

} // namespace lpc
