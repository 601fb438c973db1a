// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Micro-kernels over packed weights: unpack in registers, multiply pairs of i16, sum in i32
// registers.
#include "Kernels.h"

#include "lib/Conversion/Common/ScalarEmit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::packed;

namespace {

constexpr int64_t kColumns = 16, kLanes = 8;

struct Kernel : ImplicitLocOpBuilder {
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  Type pointer() { return LLVM::LLVMPointerType::get(getContext()); }
  VectorType vec(int64_t n, Type t) { return VectorType::get({n}, t); }
  Value i64(int64_t v) { return arith::ConstantOp::create(*this, getI64IntegerAttr(v)); }
  Value index(int64_t v) { return arith::ConstantOp::create(*this, getIndexAttr(v)); }
  Value toI64(Value v) { return arith::IndexCastOp::create(*this, getI64Type(), v); }
  Value at(Value base, Value bytes) {
    return LLVM::GEPOp::create(*this, pointer(), getI8Type(), base, ValueRange{bytes});
  }
  Value at(Value base, int64_t bytes) { return bytes == 0 ? base : at(base, i64(bytes)); }
  Value load(Type type, Value address, unsigned alignment) {
    return LLVM::LoadOp::create(*this, type, address, alignment);
  }
  void store(Value v, Value address, unsigned alignment) {
    LLVM::StoreOp::create(*this, v, address, alignment);
  }
  Value lookup(ArrayRef<int8_t> table, VectorType type, Value codes) {
    auto attr = DenseElementsAttr::get(
        RankedTensorType::get({static_cast<int64_t>(table.size())}, getI8Type()), table);
    return LookupOp::create(*this, type, codes, attr);
  }
  Value splat(VectorType type, int64_t v) {
    return arith::ConstantOp::create(
        *this, DenseElementsAttr::get(type, getIntegerAttr(type.getElementType(), v)));
  }
  Value splat(VectorType type, double v) {
    return arith::ConstantOp::create(
        *this, DenseElementsAttr::get(type, getFloatAttr(type.getElementType(), v)));
  }
};

/// The weight's values of one step as two vectors of 8 columns x 2 values.
SmallVector<Value> loadWeights(Kernel &k, const KernelSpec &spec, Value address) {
  VectorType bytes = k.vec(16, k.getI8Type()), halves = k.vec(16, k.getI16Type());
  auto widen = [&](Value v) -> Value { return arith::ExtSIOp::create(k, halves, v); };
  if (spec.layout.getBits() == 8)
    return {widen(k.load(bytes, address, 1)), widen(k.load(bytes, k.at(address, 16), 1))};
  Value both = k.load(bytes, address, 1);
  if (spec.codebook.empty()) {
    // Two's complement nibbles: up to the top of an i16 and down again.
    Value wide = widen(both);
    Value up = arith::ShLIOp::create(k, wide, k.splat(halves, int64_t(12)));
    return {arith::ShRSIOp::create(k, up, k.splat(halves, int64_t(12))),
            arith::ShRSIOp::create(k, wide, k.splat(halves, int64_t(4)))};
  }
  auto lookup = [&](Value codes) { return widen(k.lookup(spec.codebook, bytes, codes)); };
  Value low = arith::AndIOp::create(k, both, k.splat(bytes, int64_t(15)));
  Value high = arith::ShRUIOp::create(k, both, k.splat(bytes, int64_t(4)));
  return {lookup(low), lookup(high)};
}

/// One step of a weight for float activations: two vectors of 8 columns in f32.
SmallVector<Value> loadFloatWeights(Kernel &k, const KernelSpec &spec, Value address) {
  VectorType bytes = k.vec(8, k.getI8Type()), words = k.vec(8, k.getI32Type()),
             floats = k.vec(8, k.getF32Type());
  auto toFloat = [&](Value v) -> Value { return arith::SIToFPOp::create(k, floats, v); };
  auto widen = [&](Value v) -> Value { return arith::ExtSIOp::create(k, words, v); };
  if (spec.format) {
    auto decode = [&](Value codes) { return emitDecode(k, k.getLoc(), codes, *spec.format); };
    Value codes = k.load(bytes, address, 1);
    if (spec.layout.getBits() == 8)
      return {decode(codes), decode(k.load(bytes, k.at(address, 8), 1))};
    return {decode(codes), decode(arith::ShRUIOp::create(k, codes, k.splat(bytes, int64_t(4))))};
  }
  if (spec.layout.getBits() == 8)
    return {toFloat(widen(k.load(bytes, address, 1))),
            toFloat(widen(k.load(bytes, k.at(address, 8), 1)))};
  Value both = k.load(bytes, address, 1);
  if (spec.codebook.empty()) {
    Value wide = widen(both);
    Value up = arith::ShLIOp::create(k, wide, k.splat(words, int64_t(28)));
    return {toFloat(arith::ShRSIOp::create(k, up, k.splat(words, int64_t(28)))),
            toFloat(arith::ShRSIOp::create(k, wide, k.splat(words, int64_t(4))))};
  }
  // x86's table instruction works on 16 bytes: both planes at once.
  VectorType two = k.vec(16, k.getI8Type());
  Value low = arith::AndIOp::create(k, both, k.splat(bytes, int64_t(15)));
  Value high = arith::ShRUIOp::create(k, both, k.splat(bytes, int64_t(4)));
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, 16)),
                       lowLanes(order.begin(), order.begin() + 8),
                       highLanes(order.begin() + 8, order.end());
  Value codes = vector::ShuffleOp::create(k, low, high, order);
  Value images = k.lookup(spec.codebook, two, codes);
  auto half = [&](ArrayRef<int64_t> lanes) -> Value {
    return vector::ShuffleOp::create(k, images, images, lanes);
  };
  return {toFloat(widen(half(lowLanes))), toFloat(widen(half(highLanes)))};
}

/// Bytes of a step of an unpacked weight: 16 f32, or 16 pairs of i16.
constexpr int64_t kPlainStep = 64;

SmallVector<Value> loadStep(Kernel &k, const KernelSpec &spec, Value address) {
  if (!spec.isUnpacked)
    return spec.isFloat ? loadFloatWeights(k, spec, address) : loadWeights(k, spec, address);
  VectorType type = spec.isFloat ? k.vec(8, k.getF32Type()) : k.vec(16, k.getI16Type());
  return {k.load(type, address, 4), k.load(type, k.at(address, kPlainStep / 2), 4)};
}

/// sum[j] + a[2j] * b[2j] + a[2j+1] * b[2j+1]: LLVM makes one vpmaddwd of the products and their
/// sum.
Value dotPairs(Kernel &k, Value a, Value b, Value sum) {
  VectorType words = k.vec(16, k.getI32Type());
  Value product = arith::MulIOp::create(k, arith::ExtSIOp::create(k, words, a),
                                        arith::ExtSIOp::create(k, words, b));
  SmallVector<int64_t> even, odd;
  for (int64_t i = 0; i < 16; i += 2) {
    even.push_back(i);
    odd.push_back(i + 1);
  }
  Value pairs = arith::AddIOp::create(k, vector::ShuffleOp::create(k, product, product, even),
                                      vector::ShuffleOp::create(k, product, product, odd));
  return arith::AddIOp::create(k, sum, pairs);
}

/// A new private function of the module; nothing if it is there already.
func::FuncOp declare(ModuleOp module, StringRef name, ArrayRef<Type> arguments) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(b, UnknownLoc::get(module.getContext()), name,
                                       b.getFunctionType(arguments, {}));
  function.setPrivate();
  function.addEntryBlock();
  return function;
}

std::string kernelName(const KernelSpec &spec) {
  if (spec.isUnpacked)
    return std::string("lpc_packed_plain_") + (spec.isFloat ? "f32_" : "i16_") +
           std::to_string(spec.rows);
  std::string name = std::string("lpc_packed_") + (spec.isFloat ? "f32_" : "") + "int" +
                     std::to_string(spec.layout.getBits()) + "_" + std::to_string(spec.rows) + "x" +
                     std::to_string(spec.layout.getColumns());
  if (spec.format)
    name += "_" + spec.format->name();
  if (!spec.codebook.empty()) {
    ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(spec.codebook.data()),
                            spec.codebook.size());
    name += "_" + llvm::toHex(bytes, /*LowerCase=*/true);
  }
  return name;
}

} // namespace

bool packed::hasKernel(LayoutAttr layout, bool isFloat) {
  return layout.getColumns() == kColumns && layout.getGroup() == (isFloat ? 1 : 2) &&
         (layout.getBits() == 8 || layout.getBits() == 4);
}

func::FuncOp packed::getTileKernel(ModuleOp module, const KernelSpec &spec) {
  std::string name = kernelName(spec);
  if (auto found = module.lookupSymbol<func::FuncOp>(name))
    return found;
  MLIRContext *ctx = module.getContext();
  Type pointer = LLVM::LLVMPointerType::get(ctx), i64 = IntegerType::get(ctx, 64);
  func::FuncOp function = declare(module, name, {i64, pointer, pointer, pointer, i64});
  Kernel k(function.getLoc(), OpBuilder::atBlockBegin(&function.getBody().front()));
  Value steps = function.getArgument(0), a = function.getArgument(1), b = function.getArgument(2),
        c = function.getArgument(3), ldc = function.getArgument(4);
  VectorType sumType = k.vec(kLanes, spec.isFloat ? Type(k.getF32Type()) : Type(k.getI32Type()));
  constexpr int64_t vectors = kColumns / kLanes;

  SmallVector<Value> addresses, sums;
  for (int64_t i = 0; i < spec.rows; ++i) {
    Value row = k.at(c, arith::MulIOp::create(k, ldc, k.i64(i * 4)));
    for (int64_t j = 0; j < vectors; ++j) {
      addresses.push_back(k.at(row, j * kLanes * 4));
      sums.push_back(k.load(sumType, addresses.back(), 4));
    }
  }
  // All kernels take 4 bytes of a row of activations in a step: one f32 or a pair of i16.
  auto addStep = [&](Value step, ValueRange current) {
    Value aAt = k.at(a, arith::MulIOp::create(k, step, k.i64(spec.rows * 4)));
    Value bAt =
        k.at(b, arith::MulIOp::create(
                    k, step, k.i64(spec.isUnpacked ? kPlainStep : spec.layout.getStepBytes())));
    SmallVector<Value> weights = loadStep(k, spec, bAt), next;
    for (int64_t i = 0; i < spec.rows; ++i) {
      Value word = k.load(sumType.getElementType(), k.at(aAt, i * 4), 2);
      Value everywhere = vector::BroadcastOp::create(k, sumType, word);
      if (!spec.isFloat)
        everywhere = vector::BitCastOp::create(k, k.vec(16, k.getI16Type()), everywhere);
      for (int64_t j = 0; j < vectors; ++j) {
        Value sum = current[i * vectors + j];
        next.push_back(spec.isFloat
                           ? math::FmaOp::create(k, everywhere, weights[j], sum).getResult()
                           : dotPairs(k, everywhere, weights[j], sum));
      }
    }
    return next;
  };
  Value end = arith::IndexCastOp::create(k, k.getIndexType(), steps), begin = k.index(0);
  // One row alone: two steps at once, as the latency of the sums would show.
  if (spec.rows == 1) {
    Value even = arith::AndIOp::create(k, steps, k.i64(-2));
    Value evenEnd = arith::IndexCastOp::create(k, k.getIndexType(), even);
    SmallVector<Value> both = sums;
    both.append(vectors, arith::ConstantOp::create(k, k.getZeroAttr(sumType)));
    auto loop = scf::ForOp::create(k, begin, evenEnd, k.index(2), both);
    {
      OpBuilder::InsertionGuard guard(k);
      k.setInsertionPointToStart(loop.getBody());
      Value step = k.toI64(loop.getInductionVar());
      SmallVector<Value> next = addStep(step, loop.getRegionIterArgs().take_front(vectors));
      llvm::append_range(next, addStep(arith::AddIOp::create(k, step, k.i64(1)),
                                       loop.getRegionIterArgs().drop_front(vectors)));
      scf::YieldOp::create(k, next);
    }
    for (int64_t j = 0; j < vectors; ++j) {
      Value x = loop.getResult(j), y = loop.getResult(vectors + j);
      sums[j] = spec.isFloat ? arith::AddFOp::create(k, x, y).getResult()
                             : arith::AddIOp::create(k, x, y).getResult();
    }
    begin = evenEnd;
  }
  auto loop = scf::ForOp::create(k, begin, end, k.index(1), sums);
  {
    OpBuilder::InsertionGuard guard(k);
    k.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> next = addStep(k.toI64(loop.getInductionVar()), loop.getRegionIterArgs());
    scf::YieldOp::create(k, next);
  }
  for (auto [address, value] : llvm::zip(addresses, loop.getResults()))
    k.store(value, address, 4);
  func::ReturnOp::create(k);
  return function;
}

func::FuncOp packed::getUnpackKernel(ModuleOp module, const KernelSpec &spec) {
  std::string name = kernelName(spec) + "_unpack";
  if (auto found = module.lookupSymbol<func::FuncOp>(name))
    return found;
  MLIRContext *ctx = module.getContext();
  Type pointer = LLVM::LLVMPointerType::get(ctx), i64 = IntegerType::get(ctx, 64);
  func::FuncOp function = declare(module, name, {i64, pointer, pointer});
  Kernel k(function.getLoc(), OpBuilder::atBlockBegin(&function.getBody().front()));
  Value end = arith::IndexCastOp::create(k, k.getIndexType(), function.getArgument(0));
  auto loop = scf::ForOp::create(k, k.index(0), end, k.index(1));
  {
    OpBuilder::InsertionGuard guard(k);
    k.setInsertionPointToStart(loop.getBody());
    Value step = k.toI64(loop.getInductionVar());
    Value from = k.at(function.getArgument(1),
                      arith::MulIOp::create(k, step, k.i64(spec.layout.getStepBytes())));
    Value to = k.at(function.getArgument(2), arith::MulIOp::create(k, step, k.i64(kPlainStep)));
    for (auto [i, values] : llvm::enumerate(loadStep(k, spec, from)))
      k.store(values, k.at(to, i * kPlainStep / 2), 4);
  }
  func::ReturnOp::create(k);
  return function;
}

func::FuncOp packed::getRescaleKernel(ModuleOp module, int64_t fraction, bool isFloat) {
  std::string name =
      std::string("lpc_packed_rescale_") + (isFloat ? "f32_" : "i32_") + std::to_string(fraction);
  if (auto found = module.lookupSymbol<func::FuncOp>(name))
    return found;
  MLIRContext *ctx = module.getContext();
  Type pointer = LLVM::LLVMPointerType::get(ctx), i64 = IntegerType::get(ctx, 64);
  func::FuncOp function = declare(module, name, {pointer, pointer, pointer, pointer, i64});
  Kernel k(function.getLoc(), OpBuilder::atBlockBegin(&function.getBody().front()));
  Value sums = function.getArgument(0), sa = function.getArgument(1), sb = function.getArgument(2),
        y = function.getArgument(3), ldc = function.getArgument(4);
  VectorType ints = k.vec(kLanes, k.getI32Type()), floats = k.vec(kLanes, k.getF32Type());
  for (int64_t i = 0; i < kTileRows; ++i) {
    Value row = k.at(y, arith::MulIOp::create(k, ldc, k.i64(i * 4)));
    Value left = vector::BroadcastOp::create(k, floats, k.load(k.getF32Type(), k.at(sa, 4 * i), 4));
    for (int64_t j = 0; j < kColumns; j += kLanes) {
      Value at = k.at(sums, (i * kColumns + j) * 4);
      Value sum = isFloat ? k.load(floats, at, 4)
                          : arith::SIToFPOp::create(k, floats, k.load(ints, at, 4)).getResult();
      if (fraction != 0)
        sum = arith::MulFOp::create(k, sum, k.splat(floats, std::ldexp(1.0, -fraction)));
      Value scale = arith::MulFOp::create(k, left, k.load(floats, k.at(sb, 4 * j), 4));
      Value address = k.at(row, 4 * j);
      k.store(math::FmaOp::create(k, sum, scale, k.load(floats, address, 4)), address, 4);
    }
  }
  func::ReturnOp::create(k);
  return function;
}
