// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sends matrix products and convolutions to the micro-kernel driver
// (runtime/include/lpc-runtime/contract.h).
//
// A loop of the operation steps through each operand by a fixed distance, as all subscripts are
// linear. Which operands a loop moves tells its kind: two inputs and the output: batch; one input
// and the output: rows or columns; inputs only: K.
#include "RuntimeCalls.h"
#include "lpc/Target/CPU/MicroKernel.h"
#include "lpc/Transforms/Passes.h"

#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_LOWERCONTRACTIONSPASS
#include "lpc/Transforms/Passes.h.inc"

/// Multiply-adds below which the tables of the driver cost more than they bring.
constexpr int64_t kMinimumWork = 4096;
/// Depth below which a product without rows (a depthwise convolution) is better off as a vector
/// loop.
constexpr int64_t kMinimumDepth = 32;

namespace {

enum Kind { Batch, Rows, Columns, Depth };

/// A contraction in terms of its loops. `coefficients[operand][loop][subscript]`: how a loop moves
/// a subscript.
struct Contraction {
  linalg::LinalgOp op;
  StringRef kernel;
  unsigned a, b; // operand numbers: `b` is the one that walks along C's last subscript
  SmallVector<Kind> kinds;
  SmallVector<SmallVector<int64_t>> coefficients[3];
  SmallVector<int64_t> sizes;
};

} // namespace

/// `v`, or what it extends by its sign.
static Value behindExtension(Value v) {
  auto extension = v.getDefiningOp<arith::ExtSIOp>();
  return extension ? extension.getIn() : v;
}

/// The micro-kernel of a body `out + a * b`: "f32", or "i16" for products of two i16 in an i32
/// (exact modulo 2^32). Empty: none.
static StringRef kernelOf(linalg::LinalgOp op) {
  Block *block = op.getBlock();
  if (block->getNumArguments() != 3)
    return {};
  Value x = block->getArgument(0), y = block->getArgument(1), out = block->getArgument(2);
  bool isFloat = llvm::all_of(block->getArgumentTypes(), [](Type t) { return t.isF32(); });
  bool isInt =
      x.getType().isInteger(16) && y.getType().isInteger(16) && out.getType().isInteger(32);
  if ((!isFloat && !isInt) || !llvm::hasNItems(block->without_terminator(), isFloat ? 2 : 4))
    return {};
  Operation *add = block->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(add))
    return {};
  Value other = add->getOperand(0) == out   ? add->getOperand(1)
                : add->getOperand(1) == out ? add->getOperand(0)
                                            : Value();
  Operation *mul = other ? other.getDefiningOp() : nullptr;
  if (!isa_and_nonnull<arith::MulFOp, arith::MulIOp>(mul))
    return {};
  Value l = behindExtension(mul->getOperand(0)), r = behindExtension(mul->getOperand(1));
  if (!((l == x && r == y) || (l == y && r == x)))
    return {};
  return isFloat ? "f32" : "i16";
}

/// How each loop moves each subscript of `map`; false if a subscript is not linear.
static bool getCoefficients(AffineMap map, SmallVector<SmallVector<int64_t>> &result) {
  result.assign(map.getNumDims(), SmallVector<int64_t>(map.getNumResults(), 0));
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isPureAffine() || llvm::any_of(llvm::seq(0u, map.getNumSymbols()), [&](unsigned s) {
          return expr.isFunctionOfSymbol(s);
        }))
      return false;
    SmallVector<int64_t> flat;
    if (failed(getFlattenedAffineExpr(expr, map.getNumDims(), 0, &flat)) ||
        flat.size() != map.getNumDims() + 1 || flat.back() != 0)
      return false;
    for (unsigned d = 0; d < map.getNumDims(); ++d)
      result[d][i] = flat[d];
  }
  return true;
}

static bool moves(const Contraction &c, unsigned operand, unsigned loop) {
  return llvm::any_of(c.coefficients[operand][loop], [](int64_t v) { return v != 0; });
}

/// Product of the sizes of one kind of loop; nullopt if one is dynamic.
static std::optional<int64_t> sizeOf(const Contraction &c, Kind kind) {
  int64_t size = 1;
  for (auto [k, s] : llvm::zip(c.kinds, c.sizes)) {
    if (k != kind)
      continue;
    if (ShapedType::isDynamic(s))
      return std::nullopt;
    size *= s;
  }
  return size;
}

static bool hasUnitStrideAlong(const Contraction &c, unsigned operand, unsigned loop) {
  auto &coefficients = c.coefficients[operand][loop];
  return !coefficients.empty() && coefficients.back() == 1 &&
         llvm::all_of(ArrayRef(coefficients).drop_back(), [](int64_t v) { return v == 0; });
}

static std::optional<Contraction> match(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0 ||
      op.hasIndexSemantics())
    return std::nullopt;
  Contraction c;
  c.op = op;
  c.kernel = kernelOf(op);
  if (c.kernel.empty())
    return std::nullopt;
  c.sizes = op.getStaticLoopRanges();
  for (unsigned i = 0; i < 3; ++i)
    if (!isa<MemRefType>(op->getOperand(i).getType()) ||
        !getCoefficients(op.getIndexingMapsArray()[i], c.coefficients[i]))
      return std::nullopt;
  // Columns belong to the input that moves with the output's last subscript.
  unsigned loops = op.getNumLoops();
  std::optional<unsigned> last;
  for (unsigned d = 0; d < loops; ++d)
    if (hasUnitStrideAlong(c, 2, d))
      last = d;
  if (!last || moves(c, 0, *last) == moves(c, 1, *last))
    return std::nullopt;
  c.b = moves(c, 0, *last) ? 0 : 1;
  c.a = 1 - c.b;
  bool hasDepth = false;
  for (unsigned d = 0; d < loops; ++d) {
    bool inA = moves(c, c.a, d), inB = moves(c, c.b, d), inC = moves(c, 2, d);
    if (inC && inA && inB)
      c.kinds.push_back(Batch);
    else if (inC && inA)
      c.kinds.push_back(Rows);
    else if (inC && inB)
      c.kinds.push_back(Columns);
    else if (!inC && inA && inB)
      c.kinds.push_back(Depth);
    else
      return std::nullopt;
    hasDepth |= c.kinds.back() == Depth;
  }
  if (!hasDepth)
    return std::nullopt;
  std::optional<int64_t> rows = sizeOf(c, Rows), columns = sizeOf(c, Columns),
                         depth = sizeOf(c, Depth);
  if (rows && columns && depth && *rows * *columns * *depth < kMinimumWork)
    return std::nullopt;
  if (rows && *rows == 1 &&
      ((depth && *depth < kMinimumDepth) || !hasUnitStrideAlong(c, c.b, *last)))
    return std::nullopt;
  return c;
}

/// The distance in elements that a loop moves an operand: sum of coefficient times stride.
static Value distance(OpBuilder &b, Location loc, ArrayRef<int64_t> coefficients,
                      ArrayRef<OpFoldResult> strides) {
  int64_t known = 0;
  Value sum;
  for (auto [coefficient, stride] : llvm::zip(coefficients, strides)) {
    if (coefficient == 0)
      continue;
    if (auto constant = getConstantIntValue(stride)) {
      known += coefficient * *constant;
      continue;
    }
    Value term = arith::MulIOp::create(b, loc, toI64(b, loc, cast<Value>(stride)),
                                       constI64(b, loc, coefficient));
    sum = sum ? Value(arith::AddIOp::create(b, loc, sum, term)) : term;
  }
  Value constant = constI64(b, loc, known);
  return sum ? Value(arith::AddIOp::create(b, loc, sum, constant)) : constant;
}

static SmallVector<OpFoldResult> stridesOf(OpBuilder &b, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto [known, offset] = type.getStridesAndOffset();
  SmallVector<OpFoldResult> strides;
  memref::ExtractStridedMetadataOp metadata;
  for (auto [i, stride] : llvm::enumerate(known)) {
    if (!ShapedType::isDynamic(stride)) {
      strides.push_back(b.getIndexAttr(stride));
      continue;
    }
    if (!metadata)
      metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
    strides.push_back(metadata.getStrides()[i]);
  }
  return strides;
}

static Value functionAddress(OpBuilder &b, Location loc, func::FuncOp function) {
  Value address = func::ConstantOp::create(b, loc, function.getFunctionType(), function.getName());
  return UnrealizedConversionCastOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()),
                                            address)
      .getResult(0);
}

static void lower(ModuleOp module, const Contraction &c, const MicroKernelSpec &spec) {
  linalg::LinalgOp op = c.op;
  Location loc = op.getLoc();
  OpBuilder b(op);
  auto pointerType = LLVM::LLVMPointerType::get(b.getContext());
  Value context = getContext(op);
  SmallVector<Range> ranges(op.createLoopRanges(b, loc));
  SmallVector<OpFoldResult> strides[3];
  for (unsigned i = 0; i < 3; ++i)
    strides[i] = stridesOf(b, loc, op->getOperand(i));

  // struct lpc_contraction, word by word.
  SmallVector<Value> words;
  for (Kind kind : {Batch, Rows, Columns, Depth})
    words.push_back(constI64(b, loc, llvm::count(c.kinds, kind)));
  for (int64_t number : {spec.rows, spec.columns, spec.group, spec.inBytes, spec.outBytes})
    words.push_back(constI64(b, loc, number));
  words.push_back(functionAddress(b, loc, getTileKernel(module, spec)));
  // A row kernel reads B where it lies, so it has no groups along K.
  words.push_back(spec.group == 1 ? functionAddress(b, loc, getRowKernel(module, spec))
                                  : LLVM::ZeroOp::create(b, loc, pointerType).getResult());
  words.push_back(constI64(b, loc, spec.rowColumns));
  for (Kind kind : {Batch, Rows, Columns, Depth}) {
    for (auto [loop, loopKind] : llvm::enumerate(c.kinds)) {
      if (loopKind != kind)
        continue;
      words.push_back(toI64(b, loc, getValueOrCreateConstantIndexOp(b, loc, ranges[loop].size)));
      for (unsigned operand : {c.a, c.b, 2u})
        words.push_back(distance(b, loc, c.coefficients[operand][loop], strides[operand]));
    }
  }
  auto function = op->getParentOfType<func::FuncOp>();
  OpBuilder entry = OpBuilder::atBlockBegin(&function.getBody().front());
  Value block = LLVM::AllocaOp::create(entry, loc, pointerType,
                                       LLVM::LLVMArrayType::get(b.getI64Type(), words.size()),
                                       constI64(entry, loc, 1), /*alignment=*/8);
  for (auto [i, word] : llvm::enumerate(words))
    LLVM::StoreOp::create(b, loc, word, offsetPointer(b, loc, block, 8 * i));
  auto run = getRuntimeFunction(module, "lpc_rt_contract", {},
                                {pointerType, pointerType, pointerType, pointerType, pointerType});
  LLVM::CallOp::create(b, loc, run,
                       ValueRange{context, block, dataPointer(b, loc, op->getOperand(c.a)),
                                  dataPointer(b, loc, op->getOperand(c.b)),
                                  dataPointer(b, loc, op->getOperand(2))});
  op.erase();
}

namespace {
struct LowerContractions final : impl::LowerContractionsPassBase<LowerContractions> {
  using LowerContractionsPassBase::LowerContractionsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<Contraction, 0> found;
    module.walk([&](linalg::LinalgOp op) {
      if (!op.hasPureBufferSemantics() || !lpc::getContext(op))
        return;
      if (std::optional<Contraction> contraction = match(op))
        found.push_back(std::move(*contraction));
    });
    if (found.empty())
      return;
    MicroKernelSpec f32 = makeF32Spec(&getContext()), i16 = makeI16Spec(&getContext());
    for (const Contraction &contraction : found)
      lower(module, contraction, contraction.kernel == "f32" ? f32 : i16);
  }
};
} // namespace
} // namespace lpc
