// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// convert-lp-to-linalg: every lp operation as loops over stored codes.
//
// The generic path: it takes each format, shape and scale structure, static or dynamic, and gives
// the bits that the operations' descriptions state. Integer contractions are sums of integer
// images; decoding happens per element and run. Faster forms are chosen before this pass runs
// (convert-lp-to-packed).
#include "Lowering.h"

#include "dialects/Nn/IR/Nn.h"
#include "dialects/Packed/IR/Packed.h"
#include "lpc/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace lpc {
#define GEN_PASS_DEF_CONVERTLPTOLINALGPASS
#include "lpc/Conversion/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;

/// The ABI's element type of codes: a builtin type of the same meaning, or nothing where each code
/// takes a whole byte.
static Type abiType(MLIRContext *ctx, const num::Format &format) {
  auto *integer = dyn_cast<num::IntegerFormat>(&format);
  unsigned width = format.width();
  if (width != 2 && width != 4 && width != 8 && width != 16)
    return {};
  return IntegerType::get(ctx, width,
                          integer && integer->isSignedInteger() ? IntegerType::Signless
                                                                : IntegerType::Unsigned);
}

/// Codes at the function's border are packed as their builtin type is; the model's entry reads that
/// from `lpc.type`.
static void markBorder(func::FuncOp func) {
  MLIRContext *ctx = func.getContext();
  auto mark = [&](Type type, auto has, auto set) {
    const num::Format *format = lp::formatOf(type);
    if (!format || has("lpc.type"))
      return;
    if (Type abi = abiType(ctx, *format))
      set(TypeAttr::get(cast<RankedTensorType>(type).clone(abi)));
  };
  for (auto [i, type] : llvm::enumerate(func.getArgumentTypes()))
    mark(
        type, [&, i = i](StringRef name) { return func.getArgAttr(i, name) != nullptr; },
        [&, i = i](Attribute a) { func.setArgAttr(i, "lpc.type", a); });
  for (auto [i, type] : llvm::enumerate(func.getResultTypes()))
    mark(
        type, [&, i = i](StringRef name) { return func.getResultAttr(i, name) != nullptr; },
        [&, i = i](Attribute a) { func.setResultAttr(i, "lpc.type", a); });
}

namespace {
struct ConvertLpToLinalg final : lpc::impl::ConvertLpToLinalgPassBase<ConvertLpToLinalg> {
  using ConvertLpToLinalgPassBase::ConvertLpToLinalgPassBase;

  void runOnOperation() override {
    MLIRContext *ctx = &getContext();
    for (auto func : getOperation().getOps<func::FuncOp>())
      markBorder(func);

    TypeConverter converter;
    converter.addConversion([](Type type) { return type; });
    converter.addConversion([](lp::FormatType type) -> Type { return type.getCodeStorageType(); });
    converter.addConversion([](RankedTensorType type) -> std::optional<Type> {
      auto format = dyn_cast<lp::FormatType>(type.getElementType());
      if (!format)
        return std::nullopt;
      return type.clone(format.getCodeStorageType());
    });
    auto cast = [](OpBuilder &b, Type type, ValueRange values, Location loc) -> Value {
      return UnrealizedConversionCastOp::create(b, loc, type, values).getResult(0);
    };
    converter.addSourceMaterialization(cast);
    converter.addTargetMaterialization(cast);

    ConversionTarget target(*ctx);
    target.addIllegalDialect<lp::LpDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return converter.isSignatureLegal(op.getFunctionType()) && converter.isLegal(&op.getBody());
    });
    target.markUnknownOpDynamicallyLegal([&](Operation *op) {
      return converter.isLegal(op) && llvm::all_of(op->getRegions(), [&](Region &region) {
               return converter.isLegal(&region);
             });
    });

    RewritePatternSet patterns(ctx);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, converter);
    populateStorage(converter, patterns);
    populateConversions(converter, patterns);
    populateBlockScale(converter, patterns);
    populateMatMul(converter, patterns);
    populateConv(converter, patterns);
    populateInteger(converter, patterns);
    populateIntegerRows(converter, patterns);
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
