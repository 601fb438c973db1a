// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar arithmetic of nn's binary kinds, comparisons and reductions.
#include "Lowering.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;
using nn::BinaryKind;
using nn::CompareKind;
using nn::ReduceKind;

namespace {

using Pred = arith::CmpIPredicate;

/// Divisor and dividend of an integer division that cannot trap: where it would (zero, or -1 on
/// signed), the divisor is 1.
struct SafeDivision {
  Value divisor, isZero, isMinusOne;
  SafeDivision(OpBuilder &b, Location loc, Value y, bool isUnsigned) {
    Value one = intConstant(b, loc, y.getType(), 1);
    isZero = arith::CmpIOp::create(b, loc, Pred::eq, y, intConstant(b, loc, y.getType(), 0));
    Value unsafe = isZero;
    if (!isUnsigned) {
      isMinusOne = arith::CmpIOp::create(b, loc, Pred::eq, y, intConstant(b, loc, y.getType(), -1));
      unsafe = arith::OrIOp::create(b, loc, isZero, isMinusOne);
    }
    divisor = arith::SelectOp::create(b, loc, unsafe, one, y);
  }
};

/// The remainder with the sign of the dividend; 0 where y is 0.
Value emitIntRem(OpBuilder &b, Location loc, Value x, Value y, bool isUnsigned) {
  SafeDivision safe(b, loc, y, isUnsigned);
  if (isUnsigned)
    return arith::RemUIOp::create(b, loc, x, safe.divisor);
  return arith::RemSIOp::create(b, loc, x, safe.divisor);
}

/// x^y modulo 2^N by squaring; a negative exponent gives the truncated reciprocal.
Value emitIntPow(OpBuilder &b, Location loc, Value x, Value y, bool isUnsigned) {
  Type t = x.getType();
  Value zero = intConstant(b, loc, t, 0), one = intConstant(b, loc, t, 1);
  auto loop = scf::WhileOp::create(
      b, loc, TypeRange{t, t, t}, ValueRange{one, x, y},
      [&](OpBuilder &n, Location l, ValueRange args) {
        Value more = arith::CmpIOp::create(n, l, isUnsigned ? Pred::ne : Pred::sgt, args[2], zero);
        scf::ConditionOp::create(n, l, more, args);
      },
      [&](OpBuilder &n, Location l, ValueRange args) {
        Value bit = arith::TruncIOp::create(n, l, n.getI1Type(), args[2]);
        Value times = arith::MulIOp::create(n, l, args[0], args[1]);
        Value result = arith::SelectOp::create(n, l, bit, times, args[0]);
        Value square = arith::MulIOp::create(n, l, args[1], args[1]);
        Value rest = arith::ShRUIOp::create(n, l, args[2], one);
        scf::YieldOp::create(n, l, ValueRange{result, square, rest});
      });
  Value power = loop.getResult(0);
  if (isUnsigned)
    return power;
  Value negative = arith::CmpIOp::create(b, loc, Pred::slt, y, zero);
  // 1/x^n is 1 for x = 1, +-1 for x = -1, and 0 after truncation for the rest.
  Value isOne = arith::CmpIOp::create(b, loc, Pred::eq, x, one);
  Value isMinusOne = arith::CmpIOp::create(b, loc, Pred::eq, x, intConstant(b, loc, t, -1));
  Value odd = arith::TruncIOp::create(b, loc, b.getI1Type(), y);
  Value sign = arith::SelectOp::create(b, loc, odd, intConstant(b, loc, t, -1), one);
  Value reciprocal = arith::SelectOp::create(b, loc, isOne, one, zero);
  reciprocal = arith::SelectOp::create(b, loc, isMinusOne, sign, reciprocal);
  return arith::SelectOp::create(b, loc, negative, reciprocal, power);
}

Value emitShift(OpBuilder &b, Location loc, bool left, Value x, Value y, bool isUnsigned) {
  Type t = x.getType();
  Value top = intConstant(b, loc, t, t.getIntOrFloatBitWidth() - 1);
  Value far = arith::CmpIOp::create(b, loc, Pred::ugt, y, top);
  Value amount = arith::SelectOp::create(b, loc, far, top, y);
  if (!left && !isUnsigned)
    return arith::ShRSIOp::create(b, loc, x, amount);
  Value shifted = left ? arith::ShLIOp::create(b, loc, x, amount).getResult()
                       : arith::ShRUIOp::create(b, loc, x, amount).getResult();
  return arith::SelectOp::create(b, loc, far, intConstant(b, loc, t, 0), shifted);
}

Value emitFloatBinary(OpBuilder &b, Location loc, BinaryKind kind, Value x, Value y) {
  switch (kind) {
  case BinaryKind::Add:
    return arith::AddFOp::create(b, loc, x, y);
  case BinaryKind::Sub:
    return arith::SubFOp::create(b, loc, x, y);
  case BinaryKind::Mul:
    return arith::MulFOp::create(b, loc, x, y);
  case BinaryKind::Div:
    return arith::DivFOp::create(b, loc, x, y);
  case BinaryKind::Pow:
    return math::PowFOp::create(b, loc, x, y);
  case BinaryKind::Rem:
    return arith::RemFOp::create(b, loc, x, y);
  case BinaryKind::Min:
    return arith::MinimumFOp::create(b, loc, x, y);
  case BinaryKind::Max:
    return arith::MaximumFOp::create(b, loc, x, y);
  case BinaryKind::Mod: {
    using PredF = arith::CmpFPredicate;
    Value rem = arith::RemFOp::create(b, loc, x, y), zero = floatConstant(b, loc, x.getType(), 0.0);
    Value inexact = arith::CmpFOp::create(b, loc, PredF::ONE, rem, zero);
    Value low = arith::CmpFOp::create(b, loc, PredF::OLT, rem, zero);
    Value lowDivisor = arith::CmpFOp::create(b, loc, PredF::OLT, y, zero);
    Value differ = arith::XOrIOp::create(b, loc, low, lowDivisor);
    Value moved = arith::AddFOp::create(b, loc, rem, y);
    Value move = arith::AndIOp::create(b, loc, inexact, differ);
    return arith::SelectOp::create(b, loc, move, moved, rem);
  }
  default:
    llvm_unreachable("the verifier admits logic and shifts on integers only");
  }
}

Value emitIntBinary(OpBuilder &b, Location loc, BinaryKind kind, Value x, Value y,
                    bool isUnsigned) {
  switch (kind) {
  case BinaryKind::Add:
    return arith::AddIOp::create(b, loc, x, y);
  case BinaryKind::Sub:
    return arith::SubIOp::create(b, loc, x, y);
  case BinaryKind::Mul:
    return arith::MulIOp::create(b, loc, x, y);
  case BinaryKind::Div:
    return emitIntDiv(b, loc, x, y, isUnsigned);
  case BinaryKind::Pow:
    return emitIntPow(b, loc, x, y, isUnsigned);
  case BinaryKind::Rem:
    return emitIntRem(b, loc, x, y, isUnsigned);
  case BinaryKind::Mod: {
    Value rem = emitIntRem(b, loc, x, y, isUnsigned);
    if (isUnsigned)
      return rem;
    Value zero = intConstant(b, loc, x.getType(), 0);
    Value inexact = arith::CmpIOp::create(b, loc, Pred::ne, rem, zero);
    Value differ =
        arith::CmpIOp::create(b, loc, Pred::slt, arith::XOrIOp::create(b, loc, rem, y), zero);
    Value moved = arith::AddIOp::create(b, loc, rem, y);
    Value move = arith::AndIOp::create(b, loc, inexact, differ);
    return arith::SelectOp::create(b, loc, move, moved, rem);
  }
  case BinaryKind::Min:
    return isUnsigned ? arith::MinUIOp::create(b, loc, x, y).getResult()
                      : arith::MinSIOp::create(b, loc, x, y).getResult();
  case BinaryKind::Max:
    return isUnsigned ? arith::MaxUIOp::create(b, loc, x, y).getResult()
                      : arith::MaxSIOp::create(b, loc, x, y).getResult();
  case BinaryKind::And:
    return arith::AndIOp::create(b, loc, x, y);
  case BinaryKind::Or:
    return arith::OrIOp::create(b, loc, x, y);
  case BinaryKind::Xor:
    return arith::XOrIOp::create(b, loc, x, y);
  case BinaryKind::Shl:
  case BinaryKind::Shr:
    return emitShift(b, loc, kind == BinaryKind::Shl, x, y, isUnsigned);
  }
  llvm_unreachable("all kinds are covered");
}

} // namespace

Value nn_to_linalg::emitIntDiv(OpBuilder &b, Location loc, Value x, Value y, bool isUnsigned) {
  SafeDivision safe(b, loc, y, isUnsigned);
  Value zero = intConstant(b, loc, x.getType(), 0);
  if (isUnsigned) {
    Value q = arith::DivUIOp::create(b, loc, x, safe.divisor);
    return arith::SelectOp::create(b, loc, safe.isZero, zero, q);
  }
  Value q = arith::DivSIOp::create(b, loc, x, safe.divisor);
  q = arith::SelectOp::create(b, loc, safe.isMinusOne, arith::SubIOp::create(b, loc, zero, x), q);
  return arith::SelectOp::create(b, loc, safe.isZero, zero, q);
}

Value nn_to_linalg::emitBinary(OpBuilder &b, Location loc, BinaryKind kind, Value x, Value y,
                               Type element) {
  return isFloat(element) ? emitFloatBinary(b, loc, kind, x, y)
                          : emitIntBinary(b, loc, kind, x, y, isUnsigned(element));
}

Value nn_to_linalg::emitCompare(OpBuilder &b, Location loc, CompareKind kind, Value x, Value y,
                                Type element) {
  if (isFloat(element)) {
    using PredF = arith::CmpFPredicate;
    static constexpr PredF predicates[] = {PredF::OEQ, PredF::UNE, PredF::OLT,
                                           PredF::OLE, PredF::OGT, PredF::OGE};
    return arith::CmpFOp::create(b, loc, predicates[static_cast<unsigned>(kind)], x, y);
  }
  static constexpr Pred isSigned[] = {Pred::eq,  Pred::ne,  Pred::slt,
                                      Pred::sle, Pred::sgt, Pred::sge};
  static constexpr Pred without[] = {Pred::eq,  Pred::ne,  Pred::ult,
                                     Pred::ule, Pred::ugt, Pred::uge};
  unsigned k = static_cast<unsigned>(kind);
  return arith::CmpIOp::create(b, loc, isUnsigned(element) ? without[k] : isSigned[k], x, y);
}

Value nn_to_linalg::emitCombine(OpBuilder &b, Location loc, ReduceKind kind, Value x, Value y,
                                Type element) {
  bool logical = element.isInteger(1);
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Mean:
    return emitBinary(b, loc, BinaryKind::Add, x, y, element);
  case ReduceKind::Prod:
    return emitBinary(b, loc, BinaryKind::Mul, x, y, element);
  case ReduceKind::Max:
    return emitBinary(b, loc, logical ? BinaryKind::Or : BinaryKind::Max, x, y, element);
  case ReduceKind::Min:
    return emitBinary(b, loc, logical ? BinaryKind::And : BinaryKind::Min, x, y, element);
  }
  llvm_unreachable("all kinds are covered");
}

Value nn_to_linalg::reductionStart(OpBuilder &b, Location loc, ReduceKind kind, Type element) {
  auto number = [&](int v) {
    return isFloat(element) ? floatConstant(b, loc, computeType(element), v)
                            : intConstant(b, loc, storageType(element), v);
  };
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Mean:
    return number(0);
  case ReduceKind::Prod:
    return number(1);
  case ReduceKind::Max:
    return extremeOf(b, loc, element, /*highest=*/false);
  case ReduceKind::Min:
    return extremeOf(b, loc, element, /*highest=*/true);
  }
  llvm_unreachable("all kinds are covered");
}
