// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers every nn op to linalg, tensor, arith, math and scf on storage types. One dialect
// conversion: nn ops by one pattern each, all other ops by changing their types. Function arguments
// and results whose type changes keep the old one in the attribute `lpc.type`. It leaves lp ops
// alone.
#include "lpc/Conversion/Passes.h"

#include "Lowering.h"
#include "PopulatePatterns.h"
#include "dialects/Lp/IR/Lp.h"
#include "dialects/Packed/IR/Packed.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_CONVERTNNTOLINALGPASS
#include "lpc/Conversion/Passes.h.inc"
} // namespace lpc

using namespace lpc;
using namespace lpc::nn_to_linalg;

/// Keeps the types that a caller sees: `lpc.type` on arguments and results whose storage differs.
static void recordCallerTypes(func::FuncOp func, const TypeConverter &converter) {
  for (auto [i, t] : llvm::enumerate(func.getArgumentTypes()))
    if (converter.convertType(t) != t)
      func.setArgAttr(i, "lpc.type", TypeAttr::get(t));
  for (auto [i, t] : llvm::enumerate(func.getResultTypes()))
    if (converter.convertType(t) != t)
      func.setResultAttr(i, "lpc.type", TypeAttr::get(t));
}

/// Element types that tensors of nn programs can have and that have a storage here.
static bool isSupported(Type t) {
  auto tensor = dyn_cast<RankedTensorType>(t);
  if (!tensor)
    return !isa<TensorType>(t);
  Type e = tensor.getElementType();
  if (auto integer = dyn_cast<IntegerType>(e))
    return integer.getWidth() <= 64;
  return e.isF64() || e.isF32() || e.isF16() || e.isBF16() || e.isIndex() || minifloatOf(e);
}

/// The first thing about an nn op that has no lowering, as an error on the op.
static LogicalResult checkOp(Operation *op) {
  for (Type t : llvm::concat<const Type>(llvm::to_vector(op->getOperandTypes()),
                                         llvm::to_vector(op->getResultTypes())))
    if (!isSupported(t))
      return op->emitOpError("has an operand or result of type ")
             << t << ", whose element type has no lowering";
  return success();
}

namespace {

/// Any op that follows the types of its operands, on converted types.
struct ConvertTypes : ConversionPattern {
  ConvertTypes(const TypeConverter &converter, MLIRContext *ctx)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/0, ctx) {}
  LogicalResult matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override {
    if (isa<nn::NnDialect, lp::LpDialect>(op->getDialect()) || op->getNumSuccessors() != 0)
      return rewriter.notifyMatchFailure(op, "not an op that follows its types");
    SmallVector<Type> types;
    if (failed(getTypeConverter()->convertTypes(op->getResultTypes(), types)))
      return rewriter.notifyMatchFailure(op, "a type has no storage");
    OperationState state(op->getLoc(), op->getName(), operands, types, op->getAttrs());
    for (unsigned i = 0; i < op->getNumRegions(); ++i)
      state.addRegion();
    Operation *converted = rewriter.create(state);
    for (auto [from, to] : llvm::zip_equal(op->getRegions(), converted->getRegions())) {
      rewriter.inlineRegionBefore(from, to, to.end());
      if (failed(rewriter.convertRegionTypes(&to, *getTypeConverter())))
        return rewriter.notifyMatchFailure(op, "a type in a region has no storage");
    }
    rewriter.replaceOp(op, converted);
    return success();
  }
};

struct ConvertNnToLinalg final : lpc::impl::ConvertNnToLinalgPassBase<ConvertNnToLinalg> {
  using ConvertNnToLinalgPassBase::ConvertNnToLinalgPassBase;

  void runOnOperation() override {
    TypeConverter converter;
    converter.addConversion([](Type t) { return t; });
    converter.addConversion([](IntegerType t) { return storageType(t); });
    converter.addConversion([](FloatType t) { return storageType(t); });
    converter.addConversion(
        [](RankedTensorType t) -> Type { return t.clone(storageType(t.getElementType())); });
    auto cast = [](OpBuilder &b, Type type, ValueRange inputs, Location loc) -> Value {
      return UnrealizedConversionCastOp::create(b, loc, type, inputs).getResult(0);
    };
    converter.addSourceMaterialization(cast);
    converter.addTargetMaterialization(cast);

    WalkResult checked = getOperation()->walk([&](Operation *op) {
      return isa<nn::NnDialect>(op->getDialect()) && failed(checkOp(op)) ? WalkResult::interrupt()
                                                                         : WalkResult::advance();
    });
    if (checked.wasInterrupted())
      return signalPassFailure();
    getOperation()->walk([&](func::FuncOp func) { recordCallerTypes(func, converter); });

    RewritePatternSet patterns(&getContext());
    ConversionTarget target(getContext());
    populateElementwise(converter, patterns);
    populateCast(converter, patterns);
    populateShape(converter, patterns);
    populateBoxes(converter, patterns);
    populateGather(converter, patterns);
    populateReduction(converter, patterns);
    populateNormalization(converter, patterns);
    populateLinear(converter, patterns);
    populatePooling(converter, patterns);
    populateRotate(converter, patterns);
    patterns.add<ConvertTypes>(converter, &getContext());
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    populateCallOpTypeConversionPattern(patterns, converter);
    scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns, target);

    target.addIllegalDialect<nn::NnDialect>();
    target.addLegalDialect<lp::LpDialect>();
    target.addLegalOp<ModuleOp, UnrealizedConversionCastOp>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return converter.isSignatureLegal(op.getFunctionType()) && converter.isLegal(&op.getBody());
    });
    target.markUnknownOpDynamicallyLegal([&](Operation *op) {
      return converter.isLegal(op) && llvm::all_of(op->getRegions(), [&](Region &region) {
               return converter.isLegal(&region);
             });
    });
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
