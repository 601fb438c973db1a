// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns @main on memrefs into the entry function of the model ABI: void lpc_entry(lpc_ctx *, const
// lpc_buffer *in, lpc_buffer *out).
//
// Buffers of the ABI are contiguous, so an argument is a view of raw memory with the sizes that the
// buffer names. Types below 8 bits are one byte per element inside the program and packed, low bits
// first, outside.
#include "RuntimeCalls.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_LOWERENTRYPASS
#include "lpc/Transforms/Passes.h.inc"

/// sizeof(lpc_buffer): a pointer and LPC_MAX_RANK sizes.
constexpr int64_t kBufferBytes = 8 + 16 * 8;
constexpr int64_t kMaxRank = 16;

/// The element type that the ABI states: `lpc.type` where it is given (it knows unsigned types),
/// else that of the buffer.
static Type abiElementType(MemRefType type, DictionaryAttr attrs) {
  if (attrs)
    if (auto stated = attrs.getAs<TypeAttr>("lpc.type"))
      return getElementTypeOrSelf(stated.getValue());
  return type.getElementType();
}

static bool isPackedType(Type type) {
  return type.isIntOrFloat() && type.getIntOrFloatBitWidth() < 8 && !type.isInteger(1);
}

static Attribute describe(OpBuilder &b, MemRefType type, DictionaryAttr attrs,
                          StringRef defaultName, unsigned index) {
  std::string name = (defaultName + Twine(index)).str();
  SmallVector<Attribute> dimNames;
  if (attrs) {
    if (auto given = attrs.getAs<StringAttr>("onnx.name"))
      name = given.getValue().str();
    if (auto given = attrs.getAs<ArrayAttr>("nn.dims"))
      llvm::append_range(dimNames, given.getValue());
  }
  dimNames.resize(type.getRank(), b.getStringAttr(""));
  SmallVector<int64_t> dims(type.getShape());
  for (int64_t &dim : dims)
    dim = ShapedType::isDynamic(dim) ? -1 : dim;
  return b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(name)),
                              b.getNamedAttr("type", TypeAttr::get(abiElementType(type, attrs))),
                              b.getNamedAttr("dims", b.getDenseI64ArrayAttr(dims)),
                              b.getNamedAttr("dim_names", b.getArrayAttr(dimNames))});
}

/// A flat memref<?xT> of a contiguous buffer, and its number of elements.
static std::pair<Value, Value> flatten(OpBuilder &b, Location loc, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  Value count = constIndex(b, loc, 1);
  for (int64_t i = 0; i < type.getRank(); ++i)
    count = arith::MulIOp::create(b, loc, count, memref::DimOp::create(b, loc, buffer, i));
  auto flatType = MemRefType::get({ShapedType::kDynamic}, type.getElementType());
  Value flat = memref::ReinterpretCastOp::create(
      b, loc, flatType, buffer, OpFoldResult(b.getIndexAttr(0)), ArrayRef<OpFoldResult>{count},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
  return {flat, count};
}

/// The integer code of an element, `bits` wide and zero-extended to a byte, and back.
static Value elementToCode(OpBuilder &b, Location loc, Value element, unsigned bits) {
  unsigned width = element.getType().getIntOrFloatBitWidth();
  if (!element.getType().isInteger())
    element = arith::BitcastOp::create(b, loc, b.getIntegerType(width), element);
  if (width > bits)
    element = arith::TruncIOp::create(b, loc, b.getIntegerType(bits), element);
  return arith::ExtUIOp::create(b, loc, b.getI8Type(), element);
}
static Value codeToElement(OpBuilder &b, Location loc, Value byte, Type stated, Type type) {
  unsigned bits = stated.getIntOrFloatBitWidth(), width = type.getIntOrFloatBitWidth();
  Value code = arith::TruncIOp::create(b, loc, b.getIntegerType(bits), byte);
  if (width > bits && stated.isUnsignedInteger())
    code = arith::ExtUIOp::create(b, loc, b.getIntegerType(width), code);
  else if (width > bits)
    code = arith::ExtSIOp::create(b, loc, b.getIntegerType(width), code);
  return type.isInteger() ? code : Value(arith::BitcastOp::create(b, loc, type, code));
}

/// The loops `for i in [0, n)` with a body.
static void loop(OpBuilder &b, Location loc, Value n, function_ref<void(OpBuilder &, Value)> body) {
  auto forOp = scf::ForOp::create(b, loc, constIndex(b, loc, 0), n, constIndex(b, loc, 1));
  OpBuilder inner = OpBuilder::atBlockBegin(forOp.getBody());
  body(inner, forOp.getInductionVar());
}

static Value unpack(OpBuilder &b, Location loc, Value pointer, MemRefType type, ValueRange sizes,
                    Type stated) {
  unsigned bits = stated.getIntOrFloatBitWidth(), perByte = 8 / bits;
  Value result = memref::AllocOp::create(b, loc, type, sizes);
  auto [flat, count] = flatten(b, loc, result);
  Value perByteValue = constIndex(b, loc, perByte);
  Value packed = bytesAt(b, loc, pointer, arith::CeilDivUIOp::create(b, loc, count, perByteValue));
  Value target = flat;
  loop(b, loc, count, [&](OpBuilder &in, Value i) {
    Value byte = memref::LoadOp::create(
        in, loc, packed, arith::DivUIOp::create(in, loc, i, perByteValue).getResult());
    Value lane = arith::RemUIOp::create(in, loc, i, perByteValue);
    Value shift = arith::MulIOp::create(in, loc, lane, constIndex(in, loc, bits));
    byte = arith::ShRUIOp::create(in, loc, byte,
                                  arith::IndexCastOp::create(in, loc, in.getI8Type(), shift));
    memref::StoreOp::create(in, loc, codeToElement(in, loc, byte, stated, type.getElementType()),
                            target, i);
  });
  return result;
}

static Value pack(OpBuilder &b, Location loc, Value context, ModuleOp module, Value buffer,
                  Type stated) {
  unsigned bits = stated.getIntOrFloatBitWidth(), perByte = 8 / bits;
  auto [flat, count] = flatten(b, loc, buffer);
  Value source = flat, total = count;
  Value bytes = arith::CeilDivUIOp::create(b, loc, count, constIndex(b, loc, perByte));
  auto pointerType = LLVM::LLVMPointerType::get(b.getContext());
  auto alloc =
      getRuntimeFunction(module, "lpc_rt_alloc", pointerType, {pointerType, b.getI64Type()});
  Value pointer =
      LLVM::CallOp::create(b, loc, alloc, ValueRange{context, toI64(b, loc, bytes)}).getResult();
  Value packed = bytesAt(b, loc, pointer, bytes);
  loop(b, loc, bytes, [&](OpBuilder &in, Value i) {
    Value byte = arith::ConstantOp::create(in, loc, in.getI8IntegerAttr(0));
    Value first = arith::MulIOp::create(in, loc, i, constIndex(in, loc, perByte));
    for (unsigned lane = 0; lane < perByte; ++lane) {
      Value at = arith::AddIOp::create(in, loc, first, constIndex(in, loc, lane));
      Value inside = arith::CmpIOp::create(in, loc, arith::CmpIPredicate::ult, at, total);
      // Past the end: read element 0 and drop it, so that the last byte is filled with zero bits.
      Value safe = arith::SelectOp::create(in, loc, inside, at, constIndex(in, loc, 0));
      Value code = elementToCode(in, loc, memref::LoadOp::create(in, loc, source, safe), bits);
      Value zero = arith::ConstantOp::create(in, loc, in.getI8IntegerAttr(0));
      code = arith::SelectOp::create(in, loc, inside, code, zero);
      Value shift = arith::ConstantOp::create(in, loc, in.getI8IntegerAttr(lane * bits));
      byte = arith::OrIOp::create(in, loc, byte, arith::ShLIOp::create(in, loc, code, shift));
    }
    memref::StoreOp::create(in, loc, byte, packed, i);
  });
  return pointer;
}

namespace {
struct LowerEntry final : impl::LowerEntryPassBase<LowerEntry> {
  using LowerEntryPassBase::LowerEntryPassBase;

  void runOnOperation() override {
    func::FuncOp main;
    for (auto func : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (func.isExternal())
        continue;
      if (main) {
        func.emitError("expected one function after inlining, but found a second one");
        return signalPassFailure();
      }
      main = func;
    }
    if (!main) {
      getOperation().emitError("expected a function @main");
      return signalPassFailure();
    }
    if (failed(check(main)))
      return signalPassFailure();
    lower(main);
  }

  LogicalResult check(func::FuncOp main) {
    auto checkType = [&](Type type) -> LogicalResult {
      auto memref = dyn_cast<MemRefType>(type);
      if (!memref || !memref.getLayout().isIdentity())
        return main.emitError(
                   "expected tensors at the function's border to become plain buffers, but got ")
               << type;
      if (memref.getRank() > kMaxRank)
        return main.emitError("expected at most ") << kMaxRank << " dimensions, but got " << type;
      return success();
    };
    for (Type type : llvm::concat<const Type>(main.getArgumentTypes(), main.getResultTypes()))
      if (failed(checkType(type)))
        return failure();
    return success();
  }

  void lower(func::FuncOp main) {
    ModuleOp module = getOperation();
    OpBuilder b(&getContext());
    SmallVector<Attribute> inputs, outputs;
    for (auto [i, type] : llvm::enumerate(main.getArgumentTypes()))
      inputs.push_back(describe(b, cast<MemRefType>(type), main.getArgAttrDict(i), "input", i));
    for (auto [i, type] : llvm::enumerate(main.getResultTypes()))
      outputs.push_back(
          describe(b, cast<MemRefType>(type), main.getResultAttrDict(i), "output", i));
    module->setAttr("lpc.inputs", b.getArrayAttr(inputs));
    module->setAttr("lpc.outputs", b.getArrayAttr(outputs));

    auto pointerType = LLVM::LLVMPointerType::get(&getContext());
    Block &body = main.getBody().front();
    SmallVector<Value> arguments(body.getArguments());
    Location loc = main.getLoc();
    Value context = body.insertArgument(0u, pointerType, loc);
    Value in = body.insertArgument(1u, pointerType, loc);
    Value out = body.insertArgument(2u, pointerType, loc);
    b.setInsertionPointToStart(&body);
    for (auto [i, argument] : llvm::enumerate(arguments)) {
      auto type = cast<MemRefType>(argument.getType());
      Value entry = offsetPointer(b, loc, in, i * kBufferBytes);
      Value data = LLVM::LoadOp::create(b, loc, pointerType, entry);
      SmallVector<Value> sizes;
      for (int64_t d = 0; d < type.getRank(); ++d)
        if (type.isDynamicDim(d))
          sizes.push_back(toIndex(b, loc,
                                  LLVM::LoadOp::create(b, loc, b.getI64Type(),
                                                       offsetPointer(b, loc, entry, 8 + 8 * d))));
      Type stated = abiElementType(type, main.getArgAttrDict(i));
      Value buffer = isPackedType(stated) ? unpack(b, loc, data, type, sizes, stated)
                                          : bufferAt(b, loc, data, 0, type, sizes);
      argument.replaceAllUsesWith(buffer);
    }
    body.eraseArguments(3, arguments.size());

    main.walk([&](func::ReturnOp ret) {
      b.setInsertionPoint(ret);
      for (auto [i, value] : llvm::enumerate(ret.getOperands())) {
        auto type = cast<MemRefType>(value.getType());
        Type stated = abiElementType(type, main.getResultAttrDict(i));
        Value pointer = isPackedType(stated) ? pack(b, loc, context, module, value, stated)
                                             : dataPointer(b, loc, value);
        Value entry = offsetPointer(b, loc, out, i * kBufferBytes);
        LLVM::StoreOp::create(b, loc, pointer, entry);
        for (int64_t d = 0; d < type.getRank(); ++d)
          LLVM::StoreOp::create(b, loc, toI64(b, loc, memref::DimOp::create(b, loc, value, d)),
                                offsetPointer(b, loc, entry, 8 + 8 * d));
      }
      func::ReturnOp::create(b, ret.getLoc());
      ret.erase();
    });
    main->removeAttr(main.getArgAttrsAttrName());
    main->removeAttr(main.getResAttrsAttrName());
    main.setType(b.getFunctionType({pointerType, pointerType, pointerType}, {}));
    main.setName(kEntryName);
    main.setPublic();
  }
};
} // namespace
} // namespace lpc
