// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants, bitcasts, observers and foreign operations on codes.
#include "Lowering.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;

namespace {

/// The packed bytes of a constant as a tensor, sharing its blob.
Value packedBytesOf(OpBuilder &b, Location loc, DenseResourceElementsAttr value,
                    RankedTensorType type) {
  return arith::ConstantOp::create(b, loc,
                                   DenseResourceElementsAttr::get(type, value.getRawHandle()));
}

/// The code of `width` bits at element `index` of a packed stream; a stream of bytes that ends at
/// `numBytes`.
Value extractCode(OpBuilder &b, Location loc, Value packed, Value index, unsigned width) {
  IntegerType i8 = b.getI8Type(), i16 = b.getI16Type(), i32 = b.getI32Type();
  auto c = [&](int64_t v) { return arith::ConstantIndexOp::create(b, loc, v).getResult(); };
  Value bit = arith::MulIOp::create(b, loc, index, c(width));
  Value byte = arith::ShRUIOp::create(b, loc, bit, c(3));
  Value shift = arith::AndIOp::create(b, loc, bit, c(7));
  auto read = [&](Value at) -> Value { return tensor::ExtractOp::create(b, loc, packed, at); };
  if (8 % width == 0) {
    Value amount = arith::IndexCastOp::create(b, loc, i8, shift);
    Value code = arith::ShRUIOp::create(b, loc, read(byte), amount);
    return arith::AndIOp::create(b, loc, code, intConstant(b, loc, i8, (1 << width) - 1));
  }
  // A code lies in up to three bytes; behind the end the last byte is read again and masked off.
  Value last = c(typeOf(packed).getDimSize(0) - 1);
  Value word = intConstant(b, loc, i32, 0);
  for (unsigned i = 0; i < (width + 14) / 8; ++i) {
    Value at = arith::MinUIOp::create(b, loc, arith::AddIOp::create(b, loc, byte, c(i)), last);
    Value part = arith::ExtUIOp::create(b, loc, i32, read(at));
    word = arith::OrIOp::create(
        b, loc, word, arith::ShLIOp::create(b, loc, part, intConstant(b, loc, i32, 8 * i)));
  }
  Value code = arith::ShRUIOp::create(b, loc, word, arith::IndexCastOp::create(b, loc, i32, shift));
  code = arith::AndIOp::create(b, loc, code, intConstant(b, loc, i32, (1 << width) - 1));
  return arith::TruncIOp::create(b, loc, width <= 8 ? i8 : i16, code);
}

/// lp.constant => arith.constant of the blob's bytes; codes of other widths than 8 and 16 are read
/// out of the bit stream where they are used, so that the artefact holds `width` bits per code.
struct LowerConstant : OpConversionPattern<lp::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::ConstantOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto value = dyn_cast<DenseResourceElementsAttr>(op.getValue());
    if (!value || !value.getRawHandle().getBlob())
      return op.emitOpError("expected the codes to be present, but the resource '")
             << (value ? value.getRawHandle().getKey() : "") << "' has no data";
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    unsigned width = lp::formatOf(op.getType())->width();
    if (width == type.getElementTypeBitWidth()) {
      rewriter.replaceOp(op, packedBytesOf(rewriter, loc, value, type));
      return success();
    }
    int64_t bytes = lp::packedBytes(type.getNumElements(), width);
    if (bytes == 0) {
      rewriter.replaceOpWithNewOp<tensor::EmptyOp>(op, type.getShape(), type.getElementType());
      return success();
    }
    Value packed =
        packedBytesOf(rewriter, loc, value, RankedTensorType::get({bytes}, rewriter.getI8Type()));
    rewriter.replaceOp(op, unpack(rewriter, loc, packed, type, width));
    return success();
  }

  /// Codes that never cross bytes: a loop over bytes with a short loop over the codes in each,
  /// which LLVM vectorises.
  static Value unpackBytes(OpBuilder &b, Location loc, Value packed, RankedTensorType type,
                           unsigned width) {
    int64_t bytes = typeOf(packed).getDimSize(0), perByte = 8 / width;
    SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), {bytes, perByte});
    AffineMap byteOf = AffineMap::get(2, 0, b.getAffineDimExpr(0));
    IntegerType i8 = b.getI8Type();
    Value codes = elementwise(
        b, loc, sizes, i8, packed, byteOf, [&](OpBuilder &n, Location l, ValueRange args) {
          Value lane = arith::IndexCastOp::create(n, l, i8, linalg::IndexOp::create(n, l, 1));
          Value shift = arith::MulIOp::create(n, l, lane, intConstant(n, l, i8, width));
          Value code = arith::ShRUIOp::create(n, l, args[0], shift);
          return arith::AndIOp::create(n, l, code, intConstant(n, l, i8, (1 << width) - 1))
              .getResult();
        });
    auto flat = RankedTensorType::get({type.getNumElements()}, i8);
    codes = tensor::CollapseShapeOp::create(b, loc, flat, codes,
                                            ArrayRef<ReassociationIndices>{{0, 1}});
    if (type.getRank() == 1)
      return codes;
    ReassociationIndices all = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
    return tensor::ExpandShapeOp::create(b, loc, type, codes, ArrayRef<ReassociationIndices>{all});
  }

  static Value unpack(OpBuilder &b, Location loc, Value packed, RankedTensorType type,
                      unsigned width) {
    unsigned perByte = 8 / width;
    if (8 % width == 0 && type.getNumElements() % perByte == 0 && type.getRank() > 0)
      return unpackBytes(b, loc, packed, type, width);
    SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), type.getShape());
    return elementwise(
        b, loc, sizes, type.getElementType(), {}, {}, [&](OpBuilder &n, Location l, ValueRange) {
          AffineExpr linear = n.getAffineConstantExpr(0);
          SmallVector<OpFoldResult> indices;
          for (auto [i, size] : llvm::enumerate(type.getShape())) {
            linear = linear * size + n.getAffineDimExpr(i);
            indices.push_back(linalg::IndexOp::create(n, l, i).getResult());
          }
          OpFoldResult at = affine::makeComposedFoldedAffineApply(
              n, l, AffineMap::get(type.getRank(), 0, linear), indices);
          return extractCode(n, l, packed, getValueOrCreateConstantIndexOp(n, l, at), width);
        });
  }
};

/// A stored builtin element (nnStorageType) from a stored code, and back.
Value codeToBuiltin(OpBuilder &b, Location loc, Value code, const num::Format &format,
                    Type builtin) {
  Type to = nnStorageType(builtin);
  unsigned stored = code.getType().getIntOrFloatBitWidth(), width = format.width();
  if (isa<FloatType>(to))
    return arith::BitcastOp::create(b, loc, to, code);
  if (to.isInteger(1))
    return arith::TruncIOp::create(b, loc, to, code);
  if (width == stored || isa<FloatType>(builtin))
    return code;
  // Narrow integers are extended by their sign on the nn side.
  Value up = intConstant(b, loc, code.getType(), stored - width);
  code = arith::ShLIOp::create(b, loc, code, up);
  if (builtin.isUnsignedInteger())
    return arith::ShRUIOp::create(b, loc, code, up);
  return arith::ShRSIOp::create(b, loc, code, up);
}

Value builtinToCode(OpBuilder &b, Location loc, Value stored, IntegerType code) {
  if (isa<FloatType>(stored.getType()))
    return arith::BitcastOp::create(b, loc, code, stored);
  if (stored.getType().isInteger(1))
    return arith::ExtUIOp::create(b, loc, code, stored);
  return stored;
}

struct LowerBitcast : OpConversionPattern<lp::BitcastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::BitcastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value v = adaptor.getInput();
    const num::Format *from = lp::formatOf(op.getInput().getType());
    Type builtin = getElementTypeOrSelf(from ? op.getType() : op.getInput().getType());
    Type stored = nnStorageType(builtin);
    auto map = [&](Type element, ScalarBody body) {
      AffineMap id = rewriter.getMultiDimIdentityMap(typeOf(v).getRank());
      return elementwise(rewriter, loc, tensor::getMixedSizes(rewriter, loc, v), element, v, id,
                         body);
    };
    // The border to nn's own lowering is a cast that disappears when both are done.
    auto retype = [&](Value t, Type element) -> Value {
      RankedTensorType type = typeOf(t).clone(element);
      if (t.getType() == type)
        return t;
      return UnrealizedConversionCastOp::create(rewriter, loc, type, t).getResult(0);
    };
    if (from) {
      bool same = from->width() == typeOf(v).getElementTypeBitWidth() && isa<IntegerType>(stored);
      if (!same)
        v = map(stored, [&](OpBuilder &n, Location l, ValueRange args) {
          return codeToBuiltin(n, l, args[0], *from, builtin);
        });
      v = retype(v, builtin);
    } else {
      auto code = cast<IntegerType>(
          cast<RankedTensorType>(getTypeConverter()->convertType(op.getType())).getElementType());
      v = retype(v, stored);
      if (stored != code)
        v = map(code, [&](OpBuilder &n, Location l, ValueRange args) {
          return builtinToCode(n, l, args[0], code);
        });
    }
    rewriter.replaceOp(
        op, castShape(rewriter, loc, v,
                      cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()))));
    return success();
  }
};

constexpr StringLiteral kObserve = "lpc_observe_f32";

/// lp.observe => a call of the external function lpc_observe_f32(buffer, id, inner), which the CPU
/// pipeline binds to the run's context.
struct LowerObserve : OpConversionPattern<lp::ObserveOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::ObserveOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    RankedTensorType type = typeOf(input);
    auto module = op->getParentOfType<ModuleOp>();
    Type i64 = rewriter.getI64Type();
    auto flat = MemRefType::get({ShapedType::kDynamic}, rewriter.getF32Type());
    if (!module.lookupSymbol(kObserve)) {
      OpBuilder at = OpBuilder::atBlockBegin(module.getBody());
      func::FuncOp::create(at, UnknownLoc::get(getContext()), kObserve,
                           rewriter.getFunctionType({flat, i64, i64}, {}))
          .setPrivate();
    }
    auto bufferType = MemRefType::get(type.getShape(), type.getElementType());
    Value buffer =
        bufferization::ToBufferOp::create(rewriter, loc, bufferType, input, /*read_only=*/true);
    Value one = arith::ConstantIndexOp::create(rewriter, loc, 1), count = one, inner = one;
    for (int64_t i = 0; i < type.getRank(); ++i) {
      inner = memref::DimOp::create(rewriter, loc, buffer, i);
      count = arith::MulIOp::create(rewriter, loc, count, inner);
    }
    Value elements = memref::ReinterpretCastOp::create(
        rewriter, loc, flat, buffer, OpFoldResult(rewriter.getIndexAttr(0)),
        ArrayRef<OpFoldResult>{count}, ArrayRef<OpFoldResult>{rewriter.getIndexAttr(1)});
    Value id = arith::ConstantOp::create(rewriter, loc, rewriter.getI64IntegerAttr(op.getId()));
    func::CallOp::create(
        rewriter, loc, kObserve, TypeRange(),
        ValueRange{elements, id, arith::IndexCastOp::create(rewriter, loc, i64, inner)});
    rewriter.replaceOp(op, input);
    return success();
  }
};

/// Any other operation on codes moves them: the same operation on their storage.
struct RetypeForeign : ConversionPattern {
  RetypeForeign(const TypeConverter &converter, MLIRContext *ctx)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/0, ctx) {}

  LogicalResult matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override {
    if (isa<lp::LpDialect>(op->getDialect()) || isa<FunctionOpInterface>(op))
      return rewriter.notifyMatchFailure(op, "has its own pattern");
    SmallVector<Type> results;
    if (failed(getTypeConverter()->convertTypes(op->getResultTypes(), results)))
      return rewriter.notifyMatchFailure(op, "result type");
    OperationState state(op->getLoc(), op->getName(), operands, results,
                         op->getDiscardableAttrDictionary().getValue(), op->getSuccessors());
    state.propertiesAttr = op->getPropertiesAsAttribute();
    for (unsigned i = 0; i < op->getNumRegions(); ++i)
      state.addRegion();
    Operation *copy = rewriter.create(state);
    for (auto [from, to] : llvm::zip(op->getRegions(), copy->getRegions())) {
      rewriter.inlineRegionBefore(from, to, to.end());
      if (failed(rewriter.convertRegionTypes(&to, *getTypeConverter())))
        return rewriter.notifyMatchFailure(op, "region types");
    }
    rewriter.replaceOp(op, copy->getResults());
    return success();
  }
};

} // namespace

void lp_to_linalg::populateStorage(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerConstant, LowerBitcast, LowerObserve, RetypeForeign>(converter,
                                                                         patterns.getContext());
}
