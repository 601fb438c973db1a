// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Generator of micro-kernels.
//
// The loop over K carries all accumulators as loop values: LLVM keeps them in registers and no
// memory is touched but the panels.
#include "lpc/Target/CPU/MicroKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lpc {

namespace {

struct Builder {
  OpBuilder &b;
  Location loc;

  Type pointer() const { return LLVM::LLVMPointerType::get(b.getContext()); }
  Value i64(int64_t v) const { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(v)); }
  Value index(int64_t v) const { return arith::ConstantOp::create(b, loc, b.getIndexAttr(v)); }
  Value at(Value base, Value bytes) const {
    return LLVM::GEPOp::create(b, loc, pointer(), b.getI8Type(), base, bytes);
  }
  Value at(Value base, int64_t bytes) const { return bytes == 0 ? base : at(base, i64(bytes)); }
  Value mul(Value x, int64_t y) const { return arith::MulIOp::create(b, loc, x, i64(y)); }
  Value add(Value x, Value y) const { return arith::AddIOp::create(b, loc, x, y); }
  Value toIndex(Value x) const { return arith::IndexCastOp::create(b, loc, b.getIndexType(), x); }
  Value toI64(Value x) const { return arith::IndexCastOp::create(b, loc, b.getI64Type(), x); }
  Value load(Type type, Value address, unsigned alignment) const {
    return LLVM::LoadOp::create(b, loc, type, address, alignment);
  }
  void store(Value value, Value address, unsigned alignment) const {
    LLVM::StoreOp::create(b, loc, value, address, alignment);
  }
};

} // namespace

/// A new private function of the module, or null if it is already there (then `found`).
static func::FuncOp declare(ModuleOp module, StringRef name, ArrayRef<Type> arguments,
                            bool &isNew) {
  if (auto found = module.lookupSymbol<func::FuncOp>(name)) {
    isNew = false;
    return found;
  }
  isNew = true;
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(b, UnknownLoc::get(module.getContext()), name,
                                       b.getFunctionType(arguments, {}));
  function.setPrivate();
  function.addEntryBlock();
  return function;
}

/// A loop over [0, n) that carries `values`; the body gets them and returns the next ones.
static SmallVector<Value>
carryLoop(Builder &build, Value n, ValueRange values,
          llvm::function_ref<SmallVector<Value>(Builder &, Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(build.b, build.loc, build.index(0), build.toIndex(n),
                                 build.index(1), values);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  Builder inside{inner, build.loc};
  SmallVector<Value> next =
      body(inside, inside.toI64(loop.getInductionVar()), loop.getRegionIterArgs());
  scf::YieldOp::create(inner, build.loc, next);
  return SmallVector<Value>(loop.getResults());
}

func::FuncOp getTileKernel(ModuleOp module, const MicroKernelSpec &spec) {
  MLIRContext *context = module.getContext();
  Type pointer = LLVM::LLVMPointerType::get(context), i64 = IntegerType::get(context, 64);
  bool isNew;
  func::FuncOp function =
      declare(module, "lpc_tile_" + spec.name, {i64, pointer, pointer, pointer, i64}, isNew);
  if (!isNew)
    return function;
  OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
  Builder build{b, function.getLoc()};
  Value steps = function.getArgument(0), a = function.getArgument(1),
        panel = function.getArgument(2), c = function.getArgument(3), ldc = function.getArgument(4);
  auto vectorType = VectorType::get({spec.lanes}, spec.accumulator);
  int64_t vectors = spec.columns / spec.lanes;

  SmallVector<Value> addresses, accumulators;
  for (int64_t i = 0; i < spec.rows; ++i) {
    Value row = build.at(c, build.mul(ldc, i * spec.outBytes));
    for (int64_t j = 0; j < vectors; ++j) {
      addresses.push_back(build.at(row, j * spec.lanes * spec.outBytes));
      accumulators.push_back(build.load(vectorType, addresses.back(), spec.outBytes));
    }
  }
  int64_t aStep = spec.rows * spec.group * spec.inBytes,
          bStep = spec.columns * spec.group * spec.inBytes;
  accumulators =
      carryLoop(build, steps, accumulators, [&](Builder &in, Value k, ValueRange current) {
        Value aRow = in.at(a, in.mul(k, aStep)), bRow = in.at(panel, in.mul(k, bStep));
        SmallVector<Value> bs, next;
        for (int64_t j = 0; j < vectors; ++j)
          bs.push_back(
              spec.loadB(in.b, in.loc, in.at(bRow, j * spec.lanes * spec.group * spec.inBytes)));
        for (int64_t i = 0; i < spec.rows; ++i) {
          Value av = spec.loadA(in.b, in.loc, in.at(aRow, i * spec.group * spec.inBytes));
          for (int64_t j = 0; j < vectors; ++j)
            next.push_back(spec.dot(in.b, in.loc, av, bs[j], current[i * vectors + j]));
        }
        return next;
      });
  for (auto [address, value] : llvm::zip(addresses, accumulators))
    build.store(value, address, spec.outBytes);
  func::ReturnOp::create(b, build.loc);
  return function;
}

func::FuncOp getRowKernel(ModuleOp module, const MicroKernelSpec &spec) {
  assert(spec.group == 1 && "a row kernel reads B where it lies");
  MLIRContext *context = module.getContext();
  Type pointer = LLVM::LLVMPointerType::get(context), i64 = IntegerType::get(context, 64);
  bool isNew;
  func::FuncOp function = declare(module, "lpc_row_" + spec.name,
                                  {i64, pointer, pointer, pointer, pointer, pointer}, isNew);
  if (!isNew)
    return function;
  OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
  Builder build{b, function.getLoc()};
  Value depth = function.getArgument(0), a = function.getArgument(1),
        aDepth = function.getArgument(2), data = function.getArgument(3),
        bDepth = function.getArgument(4), c = function.getArgument(5);
  auto vectorType = VectorType::get({spec.lanes}, spec.accumulator);
  int64_t vectors = spec.rowColumns / spec.lanes;
  SmallVector<Value> accumulators;
  for (int64_t j = 0; j < vectors; ++j)
    accumulators.push_back(
        build.load(vectorType, build.at(c, j * spec.lanes * spec.outBytes), spec.outBytes));
  accumulators =
      carryLoop(build, depth, accumulators, [&](Builder &in, Value k, ValueRange current) {
        Value word = in.mul(k, 8);
        Value aOffset = in.load(in.b.getI64Type(), in.at(aDepth, word), 8);
        Value bOffset = in.load(in.b.getI64Type(), in.at(bDepth, word), 8);
        Value av = spec.loadA(in.b, in.loc, in.at(a, in.mul(aOffset, spec.inBytes)));
        Value bRow = in.at(data, in.mul(bOffset, spec.inBytes));
        SmallVector<Value> next;
        for (int64_t j = 0; j < vectors; ++j)
          next.push_back(spec.dot(
              in.b, in.loc, av,
              spec.loadB(in.b, in.loc, in.at(bRow, j * spec.lanes * spec.inBytes)), current[j]));
        return next;
      });
  for (int64_t j = 0; j < vectors; ++j)
    build.store(accumulators[j], build.at(c, j * spec.lanes * spec.outBytes), spec.outBytes);
  func::ReturnOp::create(b, build.loc);
  return function;
}

/// accumulator[j] + a[2j] * b[2j] + a[2j+1] * b[2j+1], from i16 in i32: LLVM makes one vpmaddwd of
/// the products and the sum.
static Value dotPairs(OpBuilder &b, Location loc, Value a, Value bv, Value accumulator) {
  auto type = cast<VectorType>(a.getType());
  auto wide = type.clone(b.getI32Type());
  Value product = arith::MulIOp::create(b, loc, arith::ExtSIOp::create(b, loc, wide, a),
                                        arith::ExtSIOp::create(b, loc, wide, bv));
  SmallVector<int64_t> even, odd;
  for (int64_t i = 0; i < type.getNumElements(); i += 2) {
    even.push_back(i);
    odd.push_back(i + 1);
  }
  Value pairs =
      arith::AddIOp::create(b, loc, vector::ShuffleOp::create(b, loc, product, product, even),
                            vector::ShuffleOp::create(b, loc, product, product, odd));
  return arith::AddIOp::create(b, loc, accumulator, pairs);
}

MicroKernelSpec makeI16Spec(MLIRContext *context) {
  MicroKernelSpec spec;
  spec.name = "i16";
  spec.group = 2;
  spec.inBytes = 2;
  spec.accumulator = IntegerType::get(context, 32);
  auto words = VectorType::get({spec.lanes}, spec.accumulator);
  auto halves = VectorType::get({2 * spec.lanes}, IntegerType::get(context, 16));
  spec.loadA = [=](OpBuilder &b, Location loc, Value address) -> Value {
    Value pair = LLVM::LoadOp::create(b, loc, words.getElementType(), address, /*alignment=*/2);
    return vector::BitCastOp::create(b, loc, halves,
                                     vector::BroadcastOp::create(b, loc, words, pair));
  };
  spec.loadB = [=](OpBuilder &b, Location loc, Value address) -> Value {
    return LLVM::LoadOp::create(b, loc, halves, address, /*alignment=*/2);
  };
  spec.dot = dotPairs;
  return spec;
}

MicroKernelSpec makeF32Spec(MLIRContext *context) {
  MicroKernelSpec spec;
  spec.name = "f32";
  spec.accumulator = Float32Type::get(context);
  auto vectorType = VectorType::get({spec.lanes}, spec.accumulator);
  spec.loadA = [=](OpBuilder &b, Location loc, Value address) -> Value {
    Value scalar =
        LLVM::LoadOp::create(b, loc, vectorType.getElementType(), address, /*alignment=*/4);
    return vector::BroadcastOp::create(b, loc, vectorType, scalar);
  };
  spec.loadB = [=](OpBuilder &b, Location loc, Value address) -> Value {
    return LLVM::LoadOp::create(b, loc, vectorType, address, /*alignment=*/4);
  };
  spec.dot = [](OpBuilder &b, Location loc, Value a, Value bv, Value accumulator) -> Value {
    return math::FmaOp::create(b, loc, a, bv, accumulator);
  };
  return spec;
}

} // namespace lpc
