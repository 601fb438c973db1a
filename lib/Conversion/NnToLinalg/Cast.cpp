// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Changes of element type: cast (by value), bitcast (by bits), and constants (by storage).
#include "Lowering.h"
#include "PopulatePatterns.h"

#include "lib/Conversion/Common/ScalarEmit.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;

namespace {

using Pred = arith::CmpIPredicate;
using PredF = arith::CmpFPredicate;

/// The element format of f16, bf16 and narrower floats; null for f32 and f64.
const num::Format *narrowFloat(Type t) {
  if (t.isF16())
    return num::MinifloatFormat::get({5, 10, 15, num::Specials::IEEE, true, true});
  if (t.isBF16())
    return num::MinifloatFormat::get({8, 7, 127, num::Specials::IEEE, true, true});
  return minifloatOf(t);
}

/// A float (f32 or f64) as a float of 16 bits or less, rounded once from what it holds.
Value emitNarrow(OpBuilder &b, Location loc, Value real, Type to, bool saturate) {
  num::Conversion policy;
  policy.overflow = saturate && minifloatOf(to) ? num::Overflow::Saturate : num::Overflow::Infinity;
  Value code = emitEncode(b, loc, real, *narrowFloat(to), policy);
  return minifloatOf(to) ? code : arith::BitcastOp::create(b, loc, to, code).getResult();
}

Value emitFloatToFloat(OpBuilder &b, Location loc, Value stored, Type from, Type to,
                       bool saturate) {
  if (minifloatOf(to))
    return emitNarrow(b, loc, toCompute(b, loc, stored, from), to, saturate);
  // The machine rounds f64 to 16 bits in two steps.
  if (from.isF64() && to.getIntOrFloatBitWidth() == 16)
    return emitNarrow(b, loc, stored, to, saturate);
  Value x = stored;
  if (minifloatOf(from)) {
    // Every value of these formats is one of f32.
    x = toCompute(b, loc, stored, from);
    from = x.getType();
  }
  unsigned have = from.getIntOrFloatBitWidth(), want = to.getIntOrFloatBitWidth();
  if (from == to)
    return x;
  if (have < want)
    return emitWiden(b, loc, x, cast<FloatType>(to));
  if (have > want)
    return arith::TruncFOp::create(b, loc, to, x);
  // f16 and bf16 meet in f32.
  return arith::TruncFOp::create(b, loc, to, emitWiden(b, loc, x, b.getF32Type()));
}

/// Truncated toward zero (or rounded to nearest even into narrow integers), limited to the range,
/// NaN to 0.
Value emitFloatToInt(OpBuilder &b, Location loc, Value stored, Type from, Type to) {
  Value x = toCompute(b, loc, stored, from);
  Type t = x.getType(), storage = storageType(to);
  auto real = [&](double v) { return floatConstant(b, loc, t, v); };
  unsigned width = to.getIntOrFloatBitWidth();
  Value whole = width < 8 ? math::RoundEvenOp::create(b, loc, x).getResult()
                          : math::TruncOp::create(b, loc, x).getResult();
  bool noSign = isUnsigned(to);
  // The first power of two beyond the range is a float of every type; the conversion of what lies
  // outside is not used.
  double above = std::ldexp(1.0, static_cast<int>(noSign ? width : width - 1)),
         below = noSign ? 0.0 : -above;
  Value high = arith::CmpFOp::create(b, loc, PredF::OGE, whole, real(above));
  Value low = arith::CmpFOp::create(b, loc, PredF::OLE, whole, real(below));
  Value nan = arith::CmpFOp::create(b, loc, PredF::UNO, x, x);
  Value outside = arith::OrIOp::create(b, loc, arith::OrIOp::create(b, loc, high, low), nan);
  Value inside = arith::SelectOp::create(b, loc, outside, real(0), whole);
  Value v = noSign ? arith::FPToUIOp::create(b, loc, storage, inside).getResult()
                   : arith::FPToSIOp::create(b, loc, storage, inside).getResult();
  v = arith::SelectOp::create(b, loc, low, extremeOf(b, loc, to, false), v);
  return arith::SelectOp::create(b, loc, high, extremeOf(b, loc, to, true), v);
}

/// An integer as f64 such that rounding it to 16 bits or less gives what rounding the integer
/// itself would: of wide integers the low 12 bits become one bit that says whether any was set.
Value emitIntToF64(OpBuilder &b, Location loc, Value x, bool noSign) {
  Type t = x.getType();
  if (t.getIntOrFloatBitWidth() > 52) {
    auto c = [&](int64_t v) { return intConstant(b, loc, t, v); };
    Value low = arith::AndIOp::create(b, loc, x, c(0xfff));
    Value any = arith::CmpIOp::create(b, loc, Pred::ne, low, c(0));
    Value high = arith::AndIOp::create(b, loc, x, c(~int64_t(0xfff)));
    Value sticky =
        arith::SelectOp::create(b, loc, any, arith::OrIOp::create(b, loc, high, c(0x1000)), high);
    // Small numbers are exact as they are.
    Value magnitude = noSign ? x : math::AbsIOp::create(b, loc, x).getResult();
    Value far = arith::CmpIOp::create(b, loc, Pred::uge, magnitude, c(int64_t(1) << 52));
    x = arith::SelectOp::create(b, loc, far, sticky, x);
  }
  return noSign ? arith::UIToFPOp::create(b, loc, b.getF64Type(), x).getResult()
                : arith::SIToFPOp::create(b, loc, b.getF64Type(), x).getResult();
}

Value emitIntToFloat(OpBuilder &b, Location loc, Value x, Type from, Type to, bool saturate) {
  bool noSign = isUnsigned(from);
  if (!narrowFloat(to))
    return noSign ? arith::UIToFPOp::create(b, loc, to, x).getResult()
                  : arith::SIToFPOp::create(b, loc, to, x).getResult();
  if (x.getType().getIntOrFloatBitWidth() > 16)
    return emitNarrow(b, loc, emitIntToF64(b, loc, x, noSign), to, saturate);
  Value exact = emitIntToFloat(b, loc, x, from, b.getF32Type(), saturate);
  return emitFloatToFloat(b, loc, exact, b.getF32Type(), to, saturate);
}

Value emitIntToInt(OpBuilder &b, Location loc, Value x, Type from, Type to) {
  Type storage = storageType(to);
  unsigned have = x.getType().getIntOrFloatBitWidth(), want = storage.getIntOrFloatBitWidth();
  Value v = x;
  if (have > want)
    v = arith::TruncIOp::create(b, loc, storage, x);
  else if (have < want)
    v = isUnsigned(from) ? arith::ExtUIOp::create(b, loc, storage, x).getResult()
                         : arith::ExtSIOp::create(b, loc, storage, x).getResult();
  return wrapNarrow(b, loc, v, to);
}

struct LowerCast : Lowering<nn::CastOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::CastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Type from = elementOf(op.getInput()), to = elementOf(op.getOutput());
    if (from == to) {
      replace(op, adaptor.getInput(), rewriter);
      return success();
    }
    Value v = pointwise(rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op),
                        adaptor.getInput(), [&](OpBuilder &b, Location loc, ValueRange args) {
                          return emitCast(b, loc, args[0], from, to, op.getSaturate());
                        });
    replace(op, v, rewriter);
    return success();
  }
};

struct LowerBitcast : Lowering<nn::BitcastOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::BitcastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Type to = elementOf(op.getOutput()), storage = storageType(to);
    bool narrow = to.getIntOrFloatBitWidth() < 8;
    if (!narrow && elementOf(adaptor.getInput()) == storage) {
      replace(op, adaptor.getInput(), rewriter);
      return success();
    }
    unsigned width = to.getIntOrFloatBitWidth();
    Value v =
        pointwise(rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op),
                  adaptor.getInput(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                    if (!narrow)
                      return arith::BitcastOp::create(b, loc, storage, args[0]);
                    if (isa<IntegerType>(to))
                      return wrapNarrow(b, loc, args[0], to);
                    Value mask = intConstant(b, loc, storage, (1 << width) - 1);
                    return arith::AndIOp::create(b, loc, args[0], mask);
                  });
    replace(op, v, rewriter);
    return success();
  }
};

/// One byte of a constant of a narrow type: the value extended by its sign, or the code.
uint8_t normalByte(uint8_t byte, Type element) {
  unsigned width = element.getIntOrFloatBitWidth(), up = 8 - width;
  uint8_t high = static_cast<uint8_t>(byte << up);
  bool noSign = isFloat(element) || isUnsigned(element);
  return noSign ? static_cast<uint8_t>(high >> up)
                : static_cast<uint8_t>(static_cast<int8_t>(high) >> up);
}

/// The same elements in the storage type; a blob keeps its handle unless narrow elements have to be
/// extended.
ElementsAttr convertConstant(ElementsAttr value, RankedTensorType type) {
  Type element = value.getElementType();
  bool narrow = element.getIntOrFloatBitWidth() < 8 && !element.isInteger(1);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    if (!narrow)
      return DenseResourceElementsAttr::get(type, resource.getRawHandle());
    ArrayRef<char> data = resource.getData();
    auto normal = [&](char c) {
      return static_cast<uint8_t>(c) == normalByte(static_cast<uint8_t>(c), element);
    };
    if (llvm::all_of(data, normal))
      return DenseResourceElementsAttr::get(type, resource.getRawHandle());
    AsmResourceBlob blob = HeapAsmResourceBlob::allocate(data.size(), 64);
    llvm::transform(data, blob.getMutableData().begin(), [&](char c) {
      return static_cast<char>(normalByte(static_cast<uint8_t>(c), element));
    });
    return DenseResourceElementsAttr::get(type, "narrow", std::move(blob));
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return nullptr;
  if (type.getElementType() == element)
    return dense;
  if (!narrow)
    return dense.bitcast(type.getElementType());
  auto extend = [&](APInt bits) {
    return APInt(8, normalByte(static_cast<uint8_t>(bits.getZExtValue()), element));
  };
  if (isFloat(element))
    return dense.mapValues(type.getElementType(),
                           llvm::function_ref<APInt(const APFloat &)>(
                               [&](const APFloat &v) { return extend(v.bitcastToAPInt()); }));
  return dense.mapValues(type.getElementType(), llvm::function_ref<APInt(const APInt &)>(
                                                    [&](const APInt &v) { return extend(v); }));
}

struct LowerConstant : Lowering<nn::ConstantOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ConstantOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    ElementsAttr value = convertConstant(op.getValue(), convertedType(op.getOutput()));
    if (!value)
      return rewriter.notifyMatchFailure(op, "a constant of this kind has no lowering");
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, value);
    return success();
  }
};

/// arith.constant on tensors whose element type changes.
struct ConvertArithConstant : OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(arith::ConstantOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto elements = dyn_cast<ElementsAttr>(op.getValue());
    auto type = dyn_cast_or_null<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    if (!elements || !type)
      return rewriter.notifyMatchFailure(op, "no tensor");
    ElementsAttr value = convertConstant(elements, type);
    if (!value)
      return rewriter.notifyMatchFailure(op, "a constant of this kind has no lowering");
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, value);
    return success();
  }
};

} // namespace

Value nn_to_linalg::emitCast(OpBuilder &b, Location loc, Value stored, Type from, Type to,
                             bool saturate) {
  if (from == to)
    return stored;
  if (to.isInteger(1)) {
    Value x = toCompute(b, loc, stored, from);
    if (isFloat(from))
      return arith::CmpFOp::create(b, loc, PredF::UNE, x, floatConstant(b, loc, x.getType(), 0));
    return arith::CmpIOp::create(b, loc, Pred::ne, x, intConstant(b, loc, x.getType(), 0));
  }
  if (isFloat(from))
    return isFloat(to) ? emitFloatToFloat(b, loc, stored, from, to, saturate)
                       : emitFloatToInt(b, loc, stored, from, to);
  return isFloat(to) ? emitIntToFloat(b, loc, stored, from, to, saturate)
                     : emitIntToInt(b, loc, stored, from, to);
}

void nn_to_linalg::populateCast(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerCast, LowerBitcast, LowerConstant, ConvertArithConstant>(converter,
                                                                             patterns.getContext());
}
