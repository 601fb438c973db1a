// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matchers that idioms share: constants, kinds, polynomials.
#include "Idioms.h"

#include <cmath>

using namespace mlir;
using namespace lpc;

std::optional<double> nn::scalarOf(Value v) {
  if (auto cast = v.getDefiningOp<CastOp>())
    v = cast.getInput();
  auto constant = v.getDefiningOp<ConstantOp>();
  auto dense = constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : nullptr;
  if (!dense || !dense.isSplat())
    return std::nullopt;
  APFloat value = dense.getSplatValue<APFloat>();
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

bool nn::isAbout(double value, double exact, Value like) {
  auto type = dyn_cast<FloatType>(getElementTypeOrSelf(like.getType()));
  if (!type)
    return false;
  // Two factors that are rounded, and one rounding of their product.
  double unit = std::ldexp(1.0, 2 - static_cast<int>(type.getFPMantissaWidth()));
  return std::abs(value - exact) <= unit * std::abs(exact);
}

nn::UnaryOp nn::unaryOf(Value v, UnaryKind kind) {
  auto op = v.getDefiningOp<UnaryOp>();
  return op && op.getKind() == kind ? op : UnaryOp();
}

nn::BinaryOp nn::binaryOf(Value v, BinaryKind kind) {
  auto op = v.getDefiningOp<BinaryOp>();
  return op && op.getKind() == kind ? op : BinaryOp();
}

std::array<std::pair<Value, Value>, 2> nn::orders(BinaryOp op) {
  return {{{op.getLhs(), op.getRhs()}, {op.getRhs(), op.getLhs()}}};
}

/// Nothing if the degree of the product is above 3.
static std::optional<nn::Polynomial> product(const nn::Polynomial &a, const nn::Polynomial &b) {
  nn::Polynomial c{};
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) {
      double term = a[i] * b[j];
      if (term == 0)
        continue;
      if (i + j > 3)
        return std::nullopt;
      c[i + j] += term;
    }
  return c;
}

static std::optional<nn::Polynomial> power(const nn::Polynomial &base, double exponent) {
  nn::Polynomial one{1, 0, 0, 0};
  std::optional<nn::Polynomial> result = one;
  if (exponent != 1 && exponent != 2 && exponent != 3)
    return std::nullopt;
  for (int i = 0; i < static_cast<int>(exponent) && result; ++i)
    result = product(*result, base);
  return result;
}

std::optional<nn::Polynomial> nn::polynomialIn(Value v, Value x) {
  if (v == x)
    return Polynomial{0, 1, 0, 0};
  if (std::optional<double> c = scalarOf(v))
    return Polynomial{*c, 0, 0, 0};
  if (auto neg = unaryOf(v, UnaryKind::Neg)) {
    std::optional<Polynomial> p = polynomialIn(neg.getInput(), x);
    return p ? product(*p, {-1, 0, 0, 0}) : std::nullopt;
  }
  auto op = v.getDefiningOp<BinaryOp>();
  if (!op)
    return std::nullopt;
  std::optional<Polynomial> a = polynomialIn(op.getLhs(), x);
  std::optional<Polynomial> b = a ? polynomialIn(op.getRhs(), x) : std::nullopt;
  if (!b)
    return std::nullopt;
  bool isConstant = (*b)[1] == 0 && (*b)[2] == 0 && (*b)[3] == 0;
  switch (op.getKind()) {
  case BinaryKind::Add:
  case BinaryKind::Sub:
    for (int i = 0; i < 4; ++i)
      (*a)[i] += op.getKind() == BinaryKind::Add ? (*b)[i] : -(*b)[i];
    return a;
  case BinaryKind::Mul:
    return product(*a, *b);
  case BinaryKind::Div:
    if (!isConstant || (*b)[0] == 0)
      return std::nullopt;
    return product(*a, {1 / (*b)[0], 0, 0, 0});
  case BinaryKind::Pow:
    return isConstant ? power(*a, (*b)[0]) : std::nullopt;
  default:
    return std::nullopt;
  }
}
