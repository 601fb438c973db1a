// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises sigmoid, SiLU and both forms of GELU. A product is taken apart into factors, so that the
// order in which an exporter multiplies does not matter.
#include "Idioms.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace lpc;
using namespace lpc::nn;

namespace {

/// x where v = 1 + exp(-x), or null.
Value onePlusExpOfNegative(Value v) {
  auto sum = binaryOf(v, BinaryKind::Add);
  if (!sum)
    return nullptr;
  for (auto [one, exponential] : orders(sum)) {
    auto exp = unaryOf(exponential, UnaryKind::Exp);
    auto neg = exp ? unaryOf(exp.getInput(), UnaryKind::Neg) : UnaryOp();
    if (neg && scalarOf(one) == 1.0)
      return neg.getInput();
  }
  return nullptr;
}

/// 1 / (1 + exp(-x))  =>  sigmoid(x);  x / (1 + exp(-x))  =>  silu(x)
struct RaiseSigmoidQuotient : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    Value x = op.getKind() == BinaryKind::Div ? onePlusExpOfNegative(op.getRhs()) : Value();
    if (!x || x.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "is no division by 1 + exp(-x)");
    if (op.getLhs() != x && scalarOf(op.getLhs()) != 1.0)
      return rewriter.notifyMatchFailure(op, "the dividend is neither 1 nor x");
    UnaryKind kind = op.getLhs() == x ? UnaryKind::Silu : UnaryKind::Sigmoid;
    rewriter.replaceOpWithNewOp<UnaryOp>(op, op.getType(), kind, x);
    return success();
  }
};

/// reciprocal(1 + exp(-x))  =>  sigmoid(x)
struct RaiseSigmoidReciprocal : OpRewritePattern<UnaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(UnaryOp op, PatternRewriter &rewriter) const override {
    Value x = op.getKind() == UnaryKind::Reciprocal ? onePlusExpOfNegative(op.getInput()) : Value();
    if (!x)
      return rewriter.notifyMatchFailure(op, "is no reciprocal of 1 + exp(-x)");
    rewriter.replaceOpWithNewOp<UnaryOp>(op, op.getType(), UnaryKind::Sigmoid, x);
    return success();
  }
};

/// x * sigmoid(x)  =>  silu(x)
struct RaiseSilu : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() == BinaryKind::Mul)
      for (auto [x, factor] : orders(op))
        if (auto gate = unaryOf(factor, UnaryKind::Sigmoid); gate && gate.getInput() == x) {
          rewriter.replaceOpWithNewOp<UnaryOp>(op, op.getType(), UnaryKind::Silu, x);
          return success();
        }
    return rewriter.notifyMatchFailure(op, "is no product of a value and its sigmoid");
  }
};

/// coefficient * product of the factors.
struct Product {
  double coefficient = 1;
  SmallVector<Value> factors;
};

/// Takes products and quotients by numbers apart; what else uses stays one factor.
void collectFactors(Value v, bool isRoot, Product &product) {
  if (std::optional<double> c = scalarOf(v)) {
    product.coefficient *= *c;
    return;
  }
  auto op = v.getDefiningOp<BinaryOp>();
  bool opens = op && (isRoot || op->hasOneUse());
  if (opens && op.getKind() == BinaryKind::Mul) {
    collectFactors(op.getLhs(), false, product);
    collectFactors(op.getRhs(), false, product);
    return;
  }
  std::optional<double> by =
      opens && op.getKind() == BinaryKind::Div ? scalarOf(op.getRhs()) : std::nullopt;
  if (by) {
    product.coefficient /= *by;
    collectFactors(op.getLhs(), false, product);
    return;
  }
  product.factors.push_back(v);
}

/// The erf or tanh that a sum of constants and multiples is made of.
UnaryOp findBell(Value v, int depth = 3) {
  if (auto op = v.getDefiningOp<UnaryOp>())
    return op.getKind() == UnaryKind::Erf || op.getKind() == UnaryKind::Tanh ? op : UnaryOp();
  auto op = v.getDefiningOp<BinaryOp>();
  if (!op || depth == 0)
    return UnaryOp();
  if (auto found = findBell(op.getLhs(), depth - 1))
    return found;
  return findBell(op.getRhs(), depth - 1);
}

/// x * c * (a + a * erf(x / sqrt(2))), c * a = 1/2  =>  gelu(x); the same with tanh  =>  gelu_tanh
struct RaiseGelu : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  static bool isArgument(UnaryOp bell, Value x) {
    std::optional<Polynomial> p = polynomialIn(bell.getInput(), x);
    if (!p || (*p)[0] != 0 || (*p)[2] != 0)
      return false;
    if (bell.getKind() == UnaryKind::Erf)
      return (*p)[3] == 0 && isAbout((*p)[1], 1 / std::numbers::sqrt2, x);
    double slope = std::sqrt(2 / std::numbers::pi);
    return isAbout((*p)[1], slope, x) && isAbout((*p)[3], slope * 0.044715, x);
  }

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::Mul && op.getKind() != BinaryKind::Div)
      return rewriter.notifyMatchFailure(op, "is no product");
    Product product;
    collectFactors(op, true, product);
    if (product.factors.size() != 2)
      return rewriter.notifyMatchFailure(op, "has not two factors that vary");
    for (int i : {0, 1}) {
      Value x = product.factors[1 - i], factor = product.factors[i];
      UnaryOp bell = findBell(factor);
      if (!bell || x.getType() != op.getType())
        continue;
      std::optional<Polynomial> p = polynomialIn(factor, bell.getOutput());
      if (!p || (*p)[0] != (*p)[1] || (*p)[2] != 0 || (*p)[3] != 0 ||
          product.coefficient * (*p)[0] != 0.5 || !isArgument(bell, x))
        continue;
      bool isErf = bell.getKind() == UnaryKind::Erf;
      rewriter.replaceOpWithNewOp<UnaryOp>(op, op.getType(),
                                           isErf ? UnaryKind::Gelu : UnaryKind::GeluTanh, x);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "is no GELU");
  }
};

} // namespace

void nn::populateActivationIdioms(RewritePatternSet &patterns) {
  patterns.add<RaiseSigmoidQuotient, RaiseSigmoidReciprocal, RaiseSilu, RaiseGelu>(
      patterns.getContext());
}
