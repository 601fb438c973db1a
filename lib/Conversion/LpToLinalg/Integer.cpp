// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lp.to_integer and lp.rescale: one loop over elements, in 64-bit integers.
#include "Lowering.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;

namespace {

/// The elements of an operand that is stretched where its size is 1.
AffineMap stretchedMap(MLIRContext *ctx, RankedTensorType operand, RankedTensorType result) {
  SmallVector<AffineExpr> exprs;
  for (int64_t i = 0; i < operand.getRank(); ++i)
    exprs.push_back(operand.getDimSize(i) == 1 && result.getDimSize(i) != 1
                        ? getAffineConstantExpr(0, ctx)
                        : getAffineDimExpr(i, ctx));
  return AffineMap::get(result.getRank(), 0, exprs, ctx);
}

struct LowerToInteger : OpConversionPattern<lp::ToIntegerOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::ToIntegerOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getType());
    const num::Format &format = *lp::formatOf(op.getInput().getType());
    auto element = cast<IntegerType>(type.getElementType());
    Location loc = op.getLoc();
    auto zero = static_cast<int64_t>(op.getZeroPoint());
    Value y =
        elementwise(rewriter, loc, tensor::getMixedSizes(rewriter, loc, adaptor.getInput()),
                    element, adaptor.getInput(), rewriter.getMultiDimIdentityMap(type.getRank()),
                    [&](OpBuilder &b, Location l, ValueRange args) {
                      Value image = emitImage(b, l, args[0], format, Value(), Type(), element);
                      if (zero == 0)
                        return image;
                      Value shifted = intConstant(b, l, element, zero << format.fractionBits());
                      return arith::SubIOp::create(b, l, image, shifted).getResult();
                    });
    rewriter.replaceOp(op, castShape(rewriter, loc, y, type));
    return success();
  }
};

struct LowerRescale : OpConversionPattern<lp::RescaleOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::RescaleOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    RankedTensorType input = typeOf(adaptor.getInput());
    Location loc = op.getLoc();
    MLIRContext *ctx = rewriter.getContext();
    AffineMap factors = stretchedMap(ctx, typeOf(adaptor.getMultiplier()), input),
              shifts = stretchedMap(ctx, typeOf(adaptor.getShift()), input);
    AffineMap all[] = {rewriter.getMultiDimIdentityMap(input.getRank()), factors, shifts};
    Value y = elementwise(rewriter, loc, tensor::getMixedSizes(rewriter, loc, adaptor.getInput()),
                          type.getElementType(), adaptor.getOperands(), all,
                          [&](OpBuilder &b, Location l, ValueRange args) {
                            return emit(b, l, op, args[0], args[1], args[2], type.getElementType());
                          });
    rewriter.replaceOp(op, castShape(rewriter, loc, y, type));
    return success();
  }

  static Value emit(OpBuilder &b, Location loc, lp::RescaleOp op, Value x, Value multiplier,
                    Value shift, Type result) {
    Type i64 = b.getI64Type();
    auto c = [&](int64_t v) { return intConstant(b, loc, i64, v); };
    x = resizeSigned(b, loc, x, i64);
    Value p = arith::MulIOp::create(b, loc, x, resizeSigned(b, loc, multiplier, i64));
    Value t = arith::ExtUIOp::create(b, loc, i64, shift);
    Value before = arith::SubIOp::create(b, loc, t, c(1));
    Value half = arith::ShLIOp::create(b, loc, c(1), before);
    switch (op.getRounding()) {
    case lp::RescaleRounding::Single:
      break;
    case lp::RescaleRounding::Double: {
      Value negative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, c(0));
      Value nudge =
          arith::SelectOp::create(b, loc, negative, c(-(int64_t{1} << 30)), c(int64_t{1} << 30));
      Value beyond = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, t, c(31));
      nudge = arith::SelectOp::create(b, loc, beyond, nudge, c(0));
      half = arith::AddIOp::create(b, loc, half, nudge);
      break;
    }
    case lp::RescaleRounding::HalfEven: {
      // Just below a half, unless the floor is odd.
      Value odd = arith::AndIOp::create(b, loc, arith::ShRSIOp::create(b, loc, p, t), c(1));
      half = arith::AddIOp::create(b, loc, half, arith::SubIOp::create(b, loc, odd, c(1)));
      break;
    }
    }
    Value y = arith::ShRSIOp::create(b, loc, arith::AddIOp::create(b, loc, p, half), t);
    if (auto zero = static_cast<int64_t>(op.getZeroPoint()))
      y = arith::AddIOp::create(b, loc, y, c(zero));
    auto [lo, hi] = op.getLimits();
    y = arith::MaxSIOp::create(b, loc, y, c(lo));
    y = arith::MinSIOp::create(b, loc, y, c(hi));
    return resizeSigned(b, loc, y, result);
  }
};

} // namespace

void lp_to_linalg::populateInteger(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerToInteger, LowerRescale>(converter, patterns.getContext());
}
