// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Expands exp, log, tanh and erf of f32 into polynomials without branches.
//
// Each step is one correctly rounded operation, fused multiply-add included, so a vector lane and
// the scalar remainder of a loop give the same bits. Every function splits its argument into a part
// that is exact (an exponent, a sign) and a short interval with a minimax polynomial. Errors,
// measured over all arguments: at most 4 ulp, special values as libm.
#include "lpc/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <limits>

using namespace mlir;

namespace lpc {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "lpc/Transforms/Passes.h.inc"

namespace {

/// Formulas over f32 scalars or vectors, written as expressions.
struct Formula {
  OpBuilder &b;
  Location loc;
  Type type; // f32 or vector of it

  Type like(Type element) const {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(element)) : element;
  }
  Value constant(Type full, TypedAttr element) const {
    if (auto vector = dyn_cast<VectorType>(full))
      return arith::ConstantOp::create(b, loc,
                                       DenseElementsAttr::get(vector, {Attribute(element)}));
    return arith::ConstantOp::create(b, loc, element);
  }
  Value f(float v) const { return constant(type, b.getF32FloatAttr(v)); }
  Value i(int32_t v) const { return constant(like(b.getI32Type()), b.getI32IntegerAttr(v)); }
  Value add(Value x, Value y) const { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) const { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) const { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) const { return arith::DivFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) const { return math::FmaOp::create(b, loc, x, y, z); }
  Value abs(Value x) const { return math::AbsFOp::create(b, loc, x); }
  Value copySign(Value x, Value sign) const { return math::CopySignOp::create(b, loc, x, sign); }
  Value addI(Value x, Value y) const { return arith::AddIOp::create(b, loc, x, y); }
  Value subI(Value x, Value y) const { return arith::SubIOp::create(b, loc, x, y); }
  Value andI(Value x, Value y) const { return arith::AndIOp::create(b, loc, x, y); }
  Value orI(Value x, Value y) const { return arith::OrIOp::create(b, loc, x, y); }
  Value shl(Value x, int32_t n) const { return arith::ShLIOp::create(b, loc, x, i(n)); }
  Value sar(Value x, int32_t n) const { return arith::ShRSIOp::create(b, loc, x, i(n)); }
  Value bits(Value x) const { return arith::BitcastOp::create(b, loc, like(b.getI32Type()), x); }
  Value real(Value x) const { return arith::BitcastOp::create(b, loc, type, x); }
  Value toReal(Value x) const { return arith::SIToFPOp::create(b, loc, type, x); }
  Value less(Value x, Value y) const {
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, y);
  }
  Value equal(Value x, Value y) const {
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, y);
  }
  Value select(Value c, Value x, Value y) const { return arith::SelectOp::create(b, loc, c, x, y); }

  /// Horner's rule with fused steps; coefficients from the highest power down.
  Value polynomial(Value x, ArrayRef<float> coefficients) const {
    Value y = f(coefficients.front());
    for (float c : coefficients.drop_front())
      y = fma(y, x, f(c));
    return y;
  }

  Value exp(Value x) const;
  Value log(Value x) const;
  Value tanh(Value x) const;
  Value erf(Value x) const;
};

} // namespace

/// 2^n * e^r with n the integer nearest to x / ln 2 and |r| <= ln 2 / 2. Adding 1.5 * 2^23 rounds
/// to that integer and leaves it in the low bits. The power of two comes in two halves, so that
/// results below the normal range are rounded once.
Value Formula::exp(Value x) const {
  constexpr float magic = 12582912.0f;
  // Outside of these bounds the result is zero or infinite; comparisons let NaN through.
  x = select(less(x, f(-104.5f)), f(-104.5f), x);
  x = select(less(f(89.5f), x), f(89.5f), x);
  Value shifted = fma(x, f(1.44269504f), f(magic));
  Value n = subI(bits(shifted), i(0x4B400000));
  Value whole = sub(shifted, f(magic));
  Value r = fma(whole, f(-0.693145752f), x);
  r = fma(whole, f(-1.42860682e-6f), r);
  // e^r = 1 + r + r^2 * p(r)
  Value p = polynomial(
      r, {1.99178743e-4f, 1.39461167e-3f, 8.33326578e-3f, 4.16662693e-2f, 1.66666672e-1f, 0.5f});
  Value y = add(fma(p, mul(r, r), r), f(1.0f));
  Value half = sar(n, 1);
  Value first = real(shl(addI(half, i(127)), 23));
  Value second = real(shl(addI(subI(n, half), i(127)), 23));
  return mul(mul(y, first), second);
}

/// e * ln 2 + log(m), m in [sqrt(1/2), sqrt(2)).
Value Formula::log(Value x) const {
  Value tiny = less(x, f(1.17549435e-38f));
  Value scaled = select(tiny, mul(x, f(8388608.0f)), x);
  Value shifted = subI(bits(scaled), i(0x3F3504F3));
  Value e = toReal(sar(shifted, 23));
  e = select(tiny, sub(e, f(23.0f)), e);
  Value m = real(addI(andI(shifted, i(0x007FFFFF)), i(0x3F3504F3)));
  Value t = sub(m, f(1.0f));
  Value t2 = mul(t, t);
  // log(1 + t) = t - t^2 / 2 + t^3 * p(t)
  Value p = polynomial(t, {6.74660131e-2f, -1.16756409e-1f, 1.18881747e-1f, -1.24055915e-1f,
                           1.42195508e-1f, -1.66679963e-1f, 2.00021192e-1f, -2.50000089e-1f,
                           3.33333135e-1f});
  Value low = fma(mul(t2, t), p, mul(e, f(-2.12194440e-4f)));
  low = fma(t2, f(-0.5f), low);
  Value y = fma(e, f(0.693359375f), add(t, low));
  constexpr float infinity = std::numeric_limits<float>::infinity();
  y = select(less(x, f(infinity)), y, x); // infinity and NaN stay
  y = select(equal(x, f(0.0f)), f(-infinity), y);
  return select(less(x, f(0.0f)), f(std::numeric_limits<float>::quiet_NaN()), y);
}

/// Near zero x + x^3 * p(x^2), elsewhere 1 - 2 / (e^(2|x|) + 1) with the sign of x.
Value Formula::tanh(Value x) const {
  Value a = abs(x), x2 = mul(x, x);
  Value p = polynomial(x2, {2.14753696e-3f, -8.18267372e-3f, 2.17029676e-2f, -5.39472029e-2f,
                            1.33332103e-1f, -3.33333313e-1f});
  Value small = fma(mul(p, x2), x, x);
  Value large = sub(f(1.0f), div(f(2.0f), add(exp(add(a, a)), f(1.0f))));
  return copySign(select(less(a, f(0.625f)), small, large), x);
}

/// Near zero x + x * p(x^2), elsewhere 1 - e^q(|x|) with the sign of x, q the logarithm of erfc.
Value Formula::erf(Value x) const {
  Value a = abs(x);
  Value p = polynomial(mul(x, x), {8.2154234e-05f, -8.105965e-4f, 5.197797e-3f, -2.6858104e-2f,
                                   1.12836726e-1f, -3.7612632e-1f, 1.2837917e-1f});
  Value small = fma(p, x, x);
  // Beyond 4.1 the result is 1; the comparison lets NaN through.
  Value t = select(less(f(4.1f), a), f(4.1f), a);
  Value q = polynomial(t, {-2.090955422318075e-05f, 4.323030007071793e-4f, -4.160527139902115e-3f,
                           2.5091497227549553e-2f, -1.0823661834001541e-1f, -6.333866715431213e-1f,
                           -1.1294951438903809f, 1.7055201169569045e-4f});
  Value large = copySign(sub(f(1.0f), exp(q)), x);
  return select(less(a, f(0.95f)), small, large);
}

namespace {

template <typename Op, Value (Formula::*formula)(Value) const>
struct ExpandF32 final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "not f32");
    Formula f{rewriter, op.getLoc(), op.getType()};
    rewriter.replaceOp(op, (f.*formula)(op.getOperand()));
    return success();
  }
};

/// f16 and bf16 functions go through f32.
struct WidenHalf final : RewritePattern {
  explicit WidenHalf(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa_and_present<math::MathDialect>(op->getDialect()) || op->getNumResults() != 1)
      return failure();
    Type element = getElementTypeOrSelf(op->getResult(0).getType());
    if (!isa<FloatType>(element) || element.getIntOrFloatBitWidth() >= 32)
      return failure();
    auto widen = [&](Type type) -> Type {
      Type inner = getElementTypeOrSelf(type);
      if (!isa<FloatType>(inner) || inner.getIntOrFloatBitWidth() >= 32)
        return type;
      auto vector = dyn_cast<VectorType>(type);
      return vector ? Type(vector.clone(rewriter.getF32Type())) : rewriter.getF32Type();
    };
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      Type wide = widen(operand.getType());
      operands.push_back(wide == operand.getType()
                             ? operand
                             : Value(arith::ExtFOp::create(rewriter, op->getLoc(), wide, operand)));
    }
    OperationState state(op->getLoc(), op->getName(), operands, {widen(op->getResult(0).getType())},
                         op->getAttrs());
    Operation *wide = rewriter.create(state);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op->getResult(0).getType(),
                                                 wide->getResult(0));
    return success();
  }
};

struct ExpandMath final : impl::ExpandMathPassBase<ExpandMath> {
  using ExpandMathPassBase::ExpandMathPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandF32<math::ExpOp, &Formula::exp>, ExpandF32<math::LogOp, &Formula::log>,
                 ExpandF32<math::TanhOp, &Formula::tanh>, ExpandF32<math::ErfOp, &Formula::erf>,
                 WidenHalf>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace lpc
