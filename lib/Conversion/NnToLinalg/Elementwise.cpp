// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise operations as linalg.generic: one loop over the result, operands broadcast by their
// maps.
#include "Lowering.h"
#include "PopulatePatterns.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;
using nn::UnaryKind;

namespace {

using PredF = arith::CmpFPredicate;

/// Float arithmetic with the clutter removed.
struct Float {
  OpBuilder &b;
  Location loc;
  Type t;

  Value c(double v) { return floatConstant(b, loc, t, v); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value neg(Value x) { return arith::NegFOp::create(b, loc, x); }
  Value max(Value x, Value y) { return arith::MaximumFOp::create(b, loc, x, y); }
  Value min(Value x, Value y) { return arith::MinimumFOp::create(b, loc, x, y); }
  Value exp(Value x) { return math::ExpOp::create(b, loc, x); }
  Value cmp(PredF p, Value x, Value y) { return arith::CmpFOp::create(b, loc, p, x, y); }
  Value select(Value k, Value x, Value y) { return arith::SelectOp::create(b, loc, k, x, y); }
};

Value emitFloatUnary(OpBuilder &b, Location loc, UnaryKind kind, Value x) {
  Float f{b, loc, x.getType()};
  switch (kind) {
  case UnaryKind::Neg:
    return f.neg(x);
  case UnaryKind::Abs:
    return math::AbsFOp::create(b, loc, x);
  case UnaryKind::Sign: {
    Value low = f.select(f.cmp(PredF::OLT, x, f.c(0)), f.c(-1), x);
    return f.select(f.cmp(PredF::OGT, x, f.c(0)), f.c(1), low);
  }
  case UnaryKind::Sqrt:
    return math::SqrtOp::create(b, loc, x);
  case UnaryKind::Rsqrt:
    return f.div(f.c(1), math::SqrtOp::create(b, loc, x));
  case UnaryKind::Reciprocal:
    return f.div(f.c(1), x);
  case UnaryKind::Exp:
    return f.exp(x);
  case UnaryKind::Log:
    return math::LogOp::create(b, loc, x);
  case UnaryKind::Erf:
    return math::ErfOp::create(b, loc, x);
  case UnaryKind::Sin:
    return math::SinOp::create(b, loc, x);
  case UnaryKind::Cos:
    return math::CosOp::create(b, loc, x);
  case UnaryKind::Tan:
    return math::TanOp::create(b, loc, x);
  case UnaryKind::Asin:
    return math::AsinOp::create(b, loc, x);
  case UnaryKind::Acos:
    return math::AcosOp::create(b, loc, x);
  case UnaryKind::Atan:
    return math::AtanOp::create(b, loc, x);
  case UnaryKind::Sinh:
    return math::SinhOp::create(b, loc, x);
  case UnaryKind::Cosh:
    return math::CoshOp::create(b, loc, x);
  case UnaryKind::Tanh:
    return math::TanhOp::create(b, loc, x);
  case UnaryKind::Asinh:
    return math::AsinhOp::create(b, loc, x);
  case UnaryKind::Acosh:
    return math::AcoshOp::create(b, loc, x);
  case UnaryKind::Atanh:
    return math::AtanhOp::create(b, loc, x);
  case UnaryKind::Floor:
    return math::FloorOp::create(b, loc, x);
  case UnaryKind::Ceil:
    return math::CeilOp::create(b, loc, x);
  case UnaryKind::Round:
    return math::RoundEvenOp::create(b, loc, x);
  case UnaryKind::Trunc:
    return math::TruncOp::create(b, loc, x);
  case UnaryKind::IsNaN:
    return f.cmp(PredF::UNO, x, x);
  case UnaryKind::IsInf:
    return f.cmp(PredF::OEQ, math::AbsFOp::create(b, loc, x),
                 f.c(std::numeric_limits<double>::infinity()));
  case UnaryKind::Relu:
    return f.max(x, f.c(0));
  case UnaryKind::Sigmoid:
    return f.div(f.c(1), f.add(f.c(1), f.exp(f.neg(x))));
  case UnaryKind::Silu:
    return f.div(x, f.add(f.c(1), f.exp(f.neg(x))));
  case UnaryKind::Gelu: {
    Value erf = math::ErfOp::create(b, loc, f.mul(x, f.c(0.70710678118654752440)));
    return f.mul(f.mul(f.c(0.5), x), f.add(f.c(1), erf));
  }
  case UnaryKind::GeluTanh: {
    // (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), which does not cancel for negative u.
    Value cube = f.mul(f.mul(x, x), x);
    Value u = f.mul(f.c(-2 * 0.79788456080286535588), f.add(x, f.mul(f.c(0.044715), cube)));
    return f.div(x, f.add(f.c(1), f.exp(u)));
  }
  case UnaryKind::Softplus: {
    // log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), which does not overflow.
    Value small = f.exp(f.neg(math::AbsFOp::create(b, loc, x)));
    return f.add(f.max(x, f.c(0)), math::Log1pOp::create(b, loc, small));
  }
  case UnaryKind::HardSwish: {
    Value gate = f.add(f.div(x, f.c(6)), f.c(0.5));
    return f.mul(x, f.min(f.max(gate, f.c(0)), f.c(1)));
  }
  case UnaryKind::Not:
    break;
  }
  llvm_unreachable("the verifier admits 'not' on integers only");
}

Value emitIntUnary(OpBuilder &b, Location loc, UnaryKind kind, Value x, Type element) {
  Type t = x.getType();
  Value zero = intConstant(b, loc, t, 0);
  switch (kind) {
  case UnaryKind::Neg:
    return arith::SubIOp::create(b, loc, zero, x);
  case UnaryKind::Abs:
    return isUnsigned(element) ? x : math::AbsIOp::create(b, loc, x).getResult();
  case UnaryKind::Sign: {
    Value one = intConstant(b, loc, t, 1);
    if (isUnsigned(element))
      return arith::MinUIOp::create(b, loc, x, one);
    Value low = arith::MaxSIOp::create(b, loc, x, intConstant(b, loc, t, -1));
    return arith::MinSIOp::create(b, loc, low, one);
  }
  case UnaryKind::Not:
    return arith::XOrIOp::create(b, loc, x, intConstant(b, loc, t, -1));
  case UnaryKind::Relu:
    return isUnsigned(element) ? x : arith::MaxSIOp::create(b, loc, x, zero).getResult();
  default:
    llvm_unreachable("the verifier admits other kinds on floats only");
  }
}

struct LowerUnary : Lowering<nn::UnaryOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::UnaryOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Type element = elementOf(op.getInput()), result = elementOf(op.getOutput());
    UnaryKind kind = op.getKind();
    Value v = pointwise(rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op),
                        adaptor.getInput(), [&](OpBuilder &b, Location loc, ValueRange args) {
                          Value x = toCompute(b, loc, args[0], element);
                          Value y = isFloat(element) ? emitFloatUnary(b, loc, kind, x)
                                                     : emitIntUnary(b, loc, kind, x, element);
                          return fromCompute(b, loc, y, result);
                        });
    replace(op, v, rewriter);
    return success();
  }
};

struct LowerBinary : Lowering<nn::BinaryOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::BinaryOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Type element = elementOf(op.getLhs());
    Value v = pointwise(
        rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op),
        adaptor.getOperands(), [&](OpBuilder &b, Location loc, ValueRange args) {
          Value x = toCompute(b, loc, args[0], element), y = toCompute(b, loc, args[1], element);
          return fromCompute(b, loc, emitBinary(b, loc, op.getKind(), x, y, element), element);
        });
    replace(op, v, rewriter);
    return success();
  }
};

struct LowerCompare : Lowering<nn::CompareOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::CompareOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Type element = elementOf(op.getLhs());
    Value v = pointwise(rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op),
                        adaptor.getOperands(), [&](OpBuilder &b, Location loc, ValueRange args) {
                          Value x = toCompute(b, loc, args[0], element),
                                y = toCompute(b, loc, args[1], element);
                          return emitCompare(b, loc, op.getKind(), x, y, element);
                        });
    replace(op, v, rewriter);
    return success();
  }
};

struct LowerSelect : Lowering<nn::SelectOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::SelectOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Value v =
        pointwise(rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op),
                  adaptor.getOperands(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                    return arith::SelectOp::create(b, loc, args[0], args[1], args[2]);
                  });
    replace(op, v, rewriter);
    return success();
  }
};

/// A bound of a clamp as an integer of `element`'s range, held in its storage type.
Value integerBound(OpBuilder &b, Location loc, double bound, Type element) {
  unsigned width = element.getIntOrFloatBitWidth();
  APSInt v(width, isUnsigned(element));
  bool exact;
  APFloat(bound).convertToInteger(v, APFloat::rmNearestTiesToEven, &exact); // saturates
  APInt held = v.extOrTrunc(storageType(element).getIntOrFloatBitWidth());
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(storageType(element), held));
}

/// A bound of a clamp rounded to a float element type, in its compute type.
Value floatBound(OpBuilder &b, Location loc, double bound, Type element) {
  double rounded = bound;
  if (const num::Format *f = minifloatOf(element)) {
    num::Conversion policy{num::Rounding::NearestEven, num::Overflow::Saturate,
                           num::NaNPolicy::Zero};
    rounded = std::isinf(bound) ? bound : f->decodeToDouble(f->encode(bound, policy));
  } else {
    APFloat v(bound);
    bool lost;
    v.convert(cast<FloatType>(element).getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    v.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
    rounded = v.convertToDouble();
  }
  return floatConstant(b, loc, computeType(element), rounded);
}

struct LowerClamp : Lowering<nn::ClampOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ClampOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Type element = elementOf(op.getInput());
    double lo = op.getLo().convertToDouble(), hi = op.getHi().convertToDouble();
    double inf = std::numeric_limits<double>::infinity();
    Value v = pointwise(
        rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op),
        adaptor.getInput(), [&](OpBuilder &b, Location loc, ValueRange args) {
          auto bound = isFloat(element) ? floatBound : integerBound;
          Value x = toCompute(b, loc, args[0], element);
          if (lo != -inf)
            x = emitBinary(b, loc, nn::BinaryKind::Max, x, bound(b, loc, lo, element), element);
          if (hi != inf)
            x = emitBinary(b, loc, nn::BinaryKind::Min, x, bound(b, loc, hi, element), element);
          return fromCompute(b, loc, x, element);
        });
    replace(op, v, rewriter);
    return success();
  }
};

} // namespace

void nn_to_linalg::populateElementwise(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerUnary, LowerBinary, LowerCompare, LowerSelect, LowerClamp>(
      converter, patterns.getContext());
}
