// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar operations between tensors: arith and affine.apply. A scalar is a tensor of rank 0, an
// index an i64.
#include "EvalContext.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lpc::ref {

static Tensor asUnsigned(const Tensor &t) {
  return t.dtype().kind == Kind::Int ? t.retyped(DType::u(t.dtype().bits)) : t;
}
static Tensor retypedLike(const Tensor &t, const Tensor &like) {
  return t.dtype().size() == like.dtype().size() ? t.retyped(like.dtype()) : t;
}

/// Applies a kind of nn.binary; signless integers are seen as unsigned if the operation says so.
static Outcome apply(BinaryKind kind, ArrayRef<Tensor> x, bool isUnsigned = false) {
  if (!isUnsigned)
    return one(binary(kind, x[0], x[1]));
  Result<Tensor> y = binary(kind, asUnsigned(x[0]), asUnsigned(x[1]));
  if (!y)
    return y.takeError();
  return one(retypedLike(*y, x[0]));
}

/// Element by element on int64 values.
template <typename Fn> static Outcome onInts(ArrayRef<Tensor> x, Fn fn) {
  Tensor y = Tensor::make(DType::i(64), x[0].shape());
  for (int64_t i = 0; i < y.numElements(); ++i)
    y.mutableAs<int64_t>()[i] = fn(x[0].intAt(i), x[1].intAt(i));
  return one(cast(y, x[0].dtype()));
}

static int64_t floorDiv(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  return b == -1 ? static_cast<int64_t>(0 - static_cast<uint64_t>(a))
                 : a / b - (a % b != 0 && (a < 0) != (b < 0));
}
static int64_t ceilDiv(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  return b == -1 ? static_cast<int64_t>(0 - static_cast<uint64_t>(a))
                 : a / b + (a % b != 0 && (a < 0) == (b < 0));
}

static Outcome compareInts(arith::CmpIPredicate predicate, ArrayRef<Tensor> x) {
  using P = arith::CmpIPredicate;
  bool isUnsigned = predicate >= P::ult;
  Tensor a = isUnsigned ? asUnsigned(x[0]) : x[0], b = isUnsigned ? asUnsigned(x[1]) : x[1];
  static constexpr CompareKind kinds[] = {
      CompareKind::Eq, CompareKind::Ne, CompareKind::Lt, CompareKind::Le, CompareKind::Gt,
      CompareKind::Ge, CompareKind::Lt, CompareKind::Le, CompareKind::Gt, CompareKind::Ge};
  return one(compare(kinds[static_cast<unsigned>(predicate)], a, b));
}

static Outcome compareFloats(arith::CmpFPredicate predicate, ArrayRef<Tensor> x) {
  // Bits of the predicate: 1 equal, 2 greater, 4 less, 8 unordered.
  auto bits = static_cast<unsigned>(predicate);
  static constexpr unsigned table[16] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 8, 15};
  unsigned accepted = table[bits];
  Tensor y = Tensor::make(DType::boolean(), x[0].shape());
  for (int64_t i = 0; i < y.numElements(); ++i) {
    double a = x[0].at(i), b = x[1].at(i);
    unsigned is = a == b ? 1 : a > b ? 2 : a < b ? 4 : 8;
    y.mutableBytes()[i] = (accepted & is) != 0;
  }
  return one(y);
}

static Outcome constantOf(arith::ConstantOp op, const EvalContext &ctx) {
  Attribute value = op.getValue();
  if (auto elements = dyn_cast<ElementsAttr>(value)) {
    Result<Tensor> t = tensorOf(elements);
    if (!t)
      return t.takeError();
    return one(ctx.computed(*t));
  }
  std::optional<DType> dtype = dtypeOf(op.getType());
  if (auto i = dyn_cast<IntegerAttr>(value); i && dtype)
    return one(Tensor::scalar(i.getValue().sextOrTrunc(64).getSExtValue(), *dtype));
  if (auto f = dyn_cast<FloatAttr>(value); f && dtype)
    return one(Tensor::scalar(f.getValueAsDouble(), ctx.computeType(*dtype)));
  return Error{"the evaluator does not know constants of this kind"};
}

/// extsi of i1 gives -1, of a signless integer its value.
static Outcome convertInt(ArrayRef<Tensor> x, DType to, bool isUnsigned) {
  if (isUnsigned)
    return one(cast(asUnsigned(x[0]), to));
  if (x[0].dtype().kind != Kind::Bool)
    return one(cast(x[0], to));
  return one(unary(UnaryKind::Neg, cast(x[0], to)));
}

static int64_t evaluateAffine(AffineExpr e, ArrayRef<int64_t> dims, ArrayRef<int64_t> symbols) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return c.getValue();
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return dims[d.getPosition()];
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return symbols[s.getPosition()];
  auto b = cast<AffineBinaryOpExpr>(e);
  int64_t l = evaluateAffine(b.getLHS(), dims, symbols),
          r = evaluateAffine(b.getRHS(), dims, symbols);
  switch (b.getKind()) {
  case AffineExprKind::Add:
    return l + r;
  case AffineExprKind::Mul:
    return l * r;
  case AffineExprKind::Mod:
    return r == 0 ? 0 : l - floorDiv(l, r) * r;
  case AffineExprKind::FloorDiv:
    return floorDiv(l, r);
  default:
    return ceilDiv(l, r);
  }
}

/// The values of the map's results.
static SmallVector<int64_t> applyMap(AffineMap map, ArrayRef<Tensor> x) {
  SmallVector<int64_t> operands;
  for (const Tensor &t : x)
    operands.push_back(t.intAt(0));
  ArrayRef<int64_t> all(operands);
  SmallVector<int64_t> results;
  for (AffineExpr e : map.getResults())
    results.push_back(
        evaluateAffine(e, all.take_front(map.getNumDims()), all.drop_front(map.getNumDims())));
  return results;
}

std::optional<Outcome> evaluateArith(Operation *op, ArrayRef<Tensor> x, const EvalContext &ctx) {
  using B = BinaryKind;
  using R = std::optional<Outcome>;
  auto to = [&] { return ctx.typeOf(op->getResult(0)); };
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case([&](arith::ConstantOp c) { return constantOf(c, ctx); })
      .Case([&](affine::AffineApplyOp a) {
        return one(Tensor::scalar(applyMap(a.getAffineMap(), x)[0]));
      })
      .Case([&](affine::AffineMinOp a) {
        return one(Tensor::scalar(*llvm::min_element(applyMap(a.getAffineMap(), x))));
      })
      .Case([&](affine::AffineMaxOp a) {
        return one(Tensor::scalar(*llvm::max_element(applyMap(a.getAffineMap(), x))));
      })
      .Case<arith::AddIOp, arith::AddFOp>([&](auto) { return apply(B::Add, x); })
      .Case<arith::SubIOp, arith::SubFOp>([&](auto) { return apply(B::Sub, x); })
      .Case<arith::MulIOp, arith::MulFOp>([&](auto) { return apply(B::Mul, x); })
      .Case<arith::DivSIOp, arith::DivFOp>([&](auto) { return apply(B::Div, x); })
      .Case<arith::RemSIOp, arith::RemFOp>([&](auto) { return apply(B::Rem, x); })
      .Case<arith::MinSIOp, arith::MinimumFOp>([&](auto) { return apply(B::Min, x); })
      .Case<arith::MaxSIOp, arith::MaximumFOp>([&](auto) { return apply(B::Max, x); })
      .Case([&](arith::AndIOp) { return apply(B::And, x); })
      .Case([&](arith::OrIOp) { return apply(B::Or, x); })
      .Case([&](arith::XOrIOp) { return apply(B::Xor, x); })
      .Case([&](arith::ShLIOp) { return apply(B::Shl, x); })
      .Case([&](arith::ShRSIOp) { return apply(B::Shr, x); })
      .Case([&](arith::ShRUIOp) { return apply(B::Shr, x, true); })
      .Case([&](arith::DivUIOp) { return apply(B::Div, x, true); })
      .Case([&](arith::RemUIOp) { return apply(B::Rem, x, true); })
      .Case([&](arith::MinUIOp) { return apply(B::Min, x, true); })
      .Case([&](arith::MaxUIOp) { return apply(B::Max, x, true); })
      .Case([&](arith::FloorDivSIOp) { return onInts(x, floorDiv); })
      .Case([&](arith::CeilDivSIOp) { return onInts(x, ceilDiv); })
      .Case([&](arith::CeilDivUIOp) {
        return onInts({asUnsigned(x[0]), asUnsigned(x[1])}, [](int64_t a, int64_t b) {
          auto u = static_cast<uint64_t>(a), v = static_cast<uint64_t>(b);
          return static_cast<int64_t>(v == 0 ? 0 : u / v + (u % v != 0));
        });
      })
      .Case([&](arith::NegFOp) { return one(unary(UnaryKind::Neg, x[0])); })
      .Case([&](arith::CmpIOp c) { return compareInts(c.getPredicate(), x); })
      .Case([&](arith::CmpFOp c) { return compareFloats(c.getPredicate(), x); })
      .Case([&](arith::SelectOp) -> Outcome {
        // A scalar condition chooses whole values, of any shape.
        if (x[0].rank() == 0)
          return one(x[0].intAt(0) ? x[1] : x[2]);
        return one(select(x[0], x[1], x[2]));
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp>([&](auto) { return convertInt(x, to(), false); })
      .Case<arith::IndexCastUIOp, arith::ExtUIOp>([&](auto) { return convertInt(x, to(), true); })
      .Case([&](arith::TruncIOp) -> Outcome {
        if (to().kind != Kind::Bool || x[0].dtype().kind == Kind::Bool)
          return one(cast(x[0], to()));
        // To i1 a truncation keeps the low bit, it does not ask for zero.
        Outcome low = onInts({x[0], x[0]}, [](int64_t a, int64_t) { return a & 1; });
        return one(cast(low->front(), to()));
      })
      .Case<arith::SIToFPOp, arith::ExtFOp, arith::TruncFOp, arith::FPToSIOp>(
          [&](auto) { return one(cast(x[0], to())); })
      .Case([&](arith::UIToFPOp) { return one(cast(asUnsigned(x[0]), to())); })
      .Case([&](arith::FPToUIOp) {
        DType d = to();
        return one(cast(x[0], d.kind == Kind::Int ? DType::u(d.bits) : d).retyped(d));
      })
      .Default([](Operation *) { return R(); });
}

} // namespace lpc::ref
