// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums of integer accumulators with real factors become codes: by a multiplier and a shift where
// there is one accumulator, in a common scale with one rounding where there are several.
#include "IntegerSums.h"

#include "lpc/Reference/Evaluate.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
static double power(int exponent) { return std::ldexp(1.0, exponent); }

//===- small parts
//--------------------------------------------------------------------------------------===//

unsigned SumBuilder::bitsOf(Value integers) { return ranges.rangeOf(integers)->bits(); }

Value SumBuilder::widen(Value integers, unsigned bits) {
  RankedTensorType type = typeOf(integers);
  if (type.getElementTypeBitWidth() >= bits)
    return integers;
  return nn::CastOp::create(b, loc, type.clone(b.getIntegerType(bits)), integers);
}

Value SumBuilder::binary(nn::BinaryKind kind, Value l, Value r) {
  FailureOr<SmallVector<int64_t>> shape =
      nn::broadcastShapes({typeOf(l).getShape(), typeOf(r).getShape()});
  auto type = RankedTensorType::get(*shape, typeOf(l).getElementType());
  return nn::BinaryOp::create(b, loc, type, kind, l, r);
}

Value SumBuilder::constant(const std::vector<int64_t> &values, ArrayRef<int64_t> shape,
                           unsigned bits) {
  return makeIntegers(b, loc, shape, b.getIntegerType(bits), values, "integers");
}

/// The shape [1, .., n, .., 1] of one value for each index of an axis; of one value for all.
static SmallVector<int64_t> factorShape(int64_t rank, size_t count, int64_t axisFromEnd) {
  SmallVector<int64_t> shape(rank, 1);
  if (count > 1)
    shape[rank - 1 - axisFromEnd] = static_cast<int64_t>(count);
  return shape;
}

Value SumBuilder::integersOf(const Codes &codes) {
  const num::Format &format = *codes.format();
  const unsigned bits = format.imageBits() + (codes.zero ? 1 : 0) <= 31 ? 32 : 64;
  return lp::ToIntegerOp::create(b, loc, typeOf(codes.codes).clone(b.getIntegerType(bits)),
                                 codes.codes, b.getI64IntegerAttr(codes.zero));
}

/// An accumulator of the width that its range needs: i32 if that holds it.
template <typename OpT> Value SumBuilder::proved(OpT op) {
  FailureOr<analysis::IntegerRange> range = analysis::accumulatorRange(op);
  if (failed(range) || range->bits() > 64) {
    op.erase();
    return {};
  }
  op.setAccumulatorAttr(
      lp::AccumulatorAttr::get(b.getContext(), lp::AccumulatorKind::Int, range->bits()));
  if (range->bits() <= 32)
    op.getResult().setType(typeOf(op.getResult()).clone(b.getI32Type()));
  return op.getResult();
}

//===- terms
//--------------------------------------------------------------------------------------------===//

bool SumBuilder::add(Value v, double factor, Sum &sum) {
  if (std::optional<Codes> codes = codesOf(v)) {
    const int fraction = codes->format()->fractionBits();
    sum.terms.push_back({integersOf(*codes), {codes->scale * factor * power(-fraction)}, 0});
    return true;
  }
  if (isPositional(v)) {
    Value size;
    if (!typeOf(v).hasStaticShape())
      return false;
    std::optional<ref::Tensor> t = evaluatePositional(v, 1, size);
    if (!t)
      return false;
    sum.constants.push_back(
        *ref::binary(ref::BinaryKind::Mul, *t, ref::Tensor::scalar(factor, ref::DType::f64())));
    return true;
  }
  Operation *op = v.getDefiningOp();
  if (!op)
    return false;
  if (auto matmul = dyn_cast<nn::MatMulOp>(op))
    return addMatMul(matmul, factor, sum);
  if (auto conv = dyn_cast<nn::ConvOp>(op))
    return addConv(conv, factor, sum);
  if (auto reduce = dyn_cast<nn::ReduceOp>(op))
    return addReduction(reduce, factor, sum);
  if (auto pool = dyn_cast<nn::PoolOp>(op))
    return addPool(pool, factor, sum);
  if (auto unary = dyn_cast<nn::UnaryOp>(op))
    return unary.getKind() == nn::UnaryKind::Neg && add(unary.getInput(), -factor, sum);
  auto two = dyn_cast<nn::BinaryOp>(op);
  if (!two)
    return false;
  switch (two.getKind()) {
  case nn::BinaryKind::Add:
    return add(two.getLhs(), factor, sum) && add(two.getRhs(), factor, sum);
  case nn::BinaryKind::Sub:
    return add(two.getLhs(), factor, sum) && add(two.getRhs(), -factor, sum);
  case nn::BinaryKind::Mul:
    if (std::optional<double> c = scalarConstant(two.getRhs()))
      return add(two.getLhs(), factor * *c, sum);
    if (std::optional<double> c = scalarConstant(two.getLhs()))
      return add(two.getRhs(), factor * *c, sum);
    return addProduct(two, factor, sum);
  case nn::BinaryKind::Div:
    if (std::optional<double> c = scalarConstant(two.getRhs()); c && *c != 0)
      return add(two.getLhs(), factor / *c, sum);
    return false;
  default:
    return false;
  }
}

Value SumBuilder::swapLastAxes(Value codes) {
  RankedTensorType type = typeOf(codes);
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  SmallVector<int64_t> shape(type.getShape());
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  return nn::TransposeOp::create(b, loc, RankedTensorType::get(shape, type.getElementType()), codes,
                                 order);
}

bool SumBuilder::addMatMul(nn::MatMulOp op, double factor, Sum &sum) {
  std::optional<Codes> l = codesOf(op.getLhs());
  if (!l)
    return false;
  MLIRContext *ctx = b.getContext();
  auto type = cast<RankedTensorType>(op.getType()).clone(b.getI64Type());
  auto acc = lp::AccumulatorAttr::get(ctx, lp::AccumulatorKind::Int, 64);
  auto whole = [&](Value v) { return lp::ScaleAttr::perTensor(ctx, typeOf(v).getRank()); };
  Term term;
  const int64_t rank = typeOf(op.getRhs()).getRank();
  std::optional<WeightCodes> w;
  if (!op.getTransposeRhs())
    w = weightOf(op.getRhs(), rank - 1);
  // The zero point of the activations leaves the product of constant weights: it adds
  // -zero * (sum of a column), a constant.
  const bool fold = w && l->zero && !w->op.getZeroPoint() && rank == 2;
  Value zero = fold ? Value() : l->zeroPoint;
  const num::Format *rightFormat;
  if (w) {
    Value rightZero = w->op.getZeroPoint();
    term.integers =
        proved(lp::MatMulOp::create(b, loc, type, l->codes, Value(), zero, w->codes, Value(),
                                    rightZero, zero ? whole(l->codes) : lp::ScaleAttr(),
                                    rightZero ? w->op.getScale() : lp::ScaleAttr(), acc));
    term.factors = w->scales;
    rightFormat = lp::formatOf(w->codes.getType());
  } else {
    std::optional<Codes> r = codesOf(op.getRhs());
    if (!r)
      return false;
    if (op.getTransposeRhs())
      r->codes = swapLastAxes(r->codes);
    term.integers =
        proved(lp::MatMulOp::create(b, loc, type, l->codes, Value(), zero, r->codes, Value(),
                                    r->zeroPoint, zero ? whole(l->codes) : lp::ScaleAttr(),
                                    r->zeroPoint ? whole(r->codes) : lp::ScaleAttr(), acc));
    term.factors = {r->scale};
    rightFormat = r->format();
  }
  if (!term.integers)
    return false;
  if (fold) {
    std::optional<std::vector<uint16_t>> codes =
        lp::readCodes(w->codes.getDefiningOp<lp::ConstantOp>().getValue());
    if (!codes)
      return false;
    const int64_t n = typeOf(w->codes).getDimSize(1);
    std::vector<int64_t> correction(n, 0);
    const int fractions = l->format()->fractionBits() + rightFormat->fractionBits();
    for (auto [i, code] : llvm::enumerate(*codes))
      correction[i % n] -= static_cast<int64_t>(
          std::ldexp(static_cast<double>(l->zero) * rightFormat->decodeToDouble(code), fractions));
    Value wide = widen(term.integers, 64);
    term.integers = binary(nn::BinaryKind::Add, wide, constant(correction, {n}, 64));
    if (bitsOf(term.integers) <= 32)
      term.integers = nn::CastOp::create(b, loc, typeOf(wide).clone(b.getI32Type()), term.integers);
  }
  const int fraction = l->format()->fractionBits() + rightFormat->fractionBits();
  for (double &f : term.factors)
    f *= l->scale * factor * power(-fraction);
  sum.terms.push_back(std::move(term));
  return true;
}

bool SumBuilder::addConv(nn::ConvOp op, double factor, Sum &sum) {
  std::optional<Codes> x = codesOf(op.getInput());
  std::optional<WeightCodes> w = weightOf(op.getFilter(), 0);
  if (!x || !w)
    return false;
  MLIRContext *ctx = b.getContext();
  auto type = cast<RankedTensorType>(op.getType());
  auto acc = lp::AccumulatorAttr::get(ctx, lp::AccumulatorKind::Int, 64);
  Value zero = w->op.getZeroPoint();
  Term term;
  term.integers = proved(lp::ConvOp::create(
      b, loc, type.clone(b.getI64Type()), x->codes, Value(), x->zeroPoint, w->codes, Value(), zero,
      x->zeroPoint ? lp::ScaleAttr::perTensor(ctx, type.getRank()) : lp::ScaleAttr(),
      zero ? w->op.getScale() : lp::ScaleAttr(), op.getStridesAttr(), op.getPadsAttr(),
      op.getDilationsAttr(), op.getGroupsAttr(), acc));
  if (!term.integers)
    return false;
  const int fraction =
      x->format()->fractionBits() + lp::formatOf(w->codes.getType())->fractionBits();
  term.factors = w->scales;
  for (double &f : term.factors)
    f *= x->scale * factor * power(-fraction);
  term.axisFromEnd = type.getRank() - 2;
  sum.terms.push_back(std::move(term));
  if (!op.getBias())
    return true;
  Value size;
  std::optional<ref::Tensor> bias = evaluatePositional(op.getBias(), 1, size);
  if (!bias)
    return false;
  ref::Shape shape(type.getRank() - 1, 1);
  shape[0] = bias->numElements();
  bias = *ref::reshape(*bias, shape);
  sum.constants.push_back(
      *ref::binary(ref::BinaryKind::Mul, *bias, ref::Tensor::scalar(factor, ref::DType::f64())));
  return true;
}

Value SumBuilder::positionalIntegers(Value v, Term &term) {
  Value size;
  std::optional<ref::Tensor> t = evaluatePositional(v, options.maxTerms, size);
  if (!t || t->numElements() == 0)
    return {};
  double most = 0;
  for (int64_t i = 0; i < t->numElements(); ++i)
    most = std::max(most, std::fabs(t->at(i)));
  if (!std::isfinite(most))
    return {};
  const double scale = most == 0 ? 1 : most / 32767;
  std::vector<int64_t> values(t->numElements());
  for (int64_t i = 0; i < t->numElements(); ++i)
    values[i] = static_cast<int64_t>(std::nearbyint(t->at(i) / scale));
  term.factors = {scale};
  Value table = constant(values, t->shape(), 16);
  RankedTensorType type = typeOf(v);
  if (!type.hasStaticShape()) {
    SmallVector<OpFoldResult> sizes, zeros(type.getRank(), b.getIndexAttr(0)),
        ones(type.getRank(), b.getIndexAttr(1));
    for (int64_t d : type.getShape())
      sizes.push_back(ShapedType::isDynamic(d) ? OpFoldResult(size)
                                               : OpFoldResult(b.getIndexAttr(d)));
    table = nn::SliceOp::create(b, loc, table, zeros, sizes, ones);
  }
  term.integers = widen(table, 32);
  return term.integers;
}

std::optional<Term> SumBuilder::single(Value v) {
  Term constant;
  if (isPositional(v)) {
    if (!positionalIntegers(v, constant))
      return std::nullopt;
    return constant;
  }
  Sum sum;
  if (!add(v, 1, sum) || sum.terms.size() != 1 || !sum.constants.empty() ||
      sum.terms[0].factors.size() != 1)
    return std::nullopt;
  return sum.terms[0];
}

bool SumBuilder::addProduct(nn::BinaryOp op, double factor, Sum &sum) {
  std::optional<Term> l = single(op.getLhs()), r = single(op.getRhs());
  if (!l || !r)
    return false;
  const unsigned bits = bitsOf(l->integers) + bitsOf(r->integers);
  if (bits > 62)
    return false;
  const unsigned width = bits <= 32 ? 32 : 64;
  Value y = binary(nn::BinaryKind::Mul, widen(l->integers, width), widen(r->integers, width));
  sum.terms.push_back({y, {l->factors[0] * r->factors[0] * factor}, 0});
  return true;
}

bool SumBuilder::addReduction(nn::ReduceOp op, double factor, Sum &sum) {
  const bool mean = op.getKind() == nn::ReduceKind::Mean;
  if (!mean && op.getKind() != nn::ReduceKind::Sum)
    return false;
  int64_t n = 1;
  for (int64_t axis : op.getAxes()) {
    if (typeOf(op.getInput()).isDynamicDim(axis))
      return false;
    n *= typeOf(op.getInput()).getDimSize(axis);
  }
  std::optional<Term> x = single(op.getInput());
  if (!x || n == 0)
    return false;
  const unsigned bits = bitsOf(x->integers) + llvm::Log2_64_Ceil(n);
  if (bits > 62)
    return false;
  Value wide = widen(x->integers, bits <= 32 ? 32 : 64);
  auto type = cast<RankedTensorType>(op.getType()).clone(typeOf(wide).getElementType());
  Value y =
      nn::ReduceOp::create(b, loc, type, nn::ReduceKind::Sum, wide, op.getAxes(), op.getKeepDims());
  sum.terms.push_back({y, {x->factors[0] * factor / (mean ? static_cast<double>(n) : 1)}, 0});
  return true;
}

/// An average over whole windows is a convolution with ones, its divisor part of the factor.
bool SumBuilder::addPool(nn::PoolOp op, double factor, Sum &sum) {
  std::optional<Codes> x = codesOf(op.getInput());
  const bool padded = llvm::any_of(op.getPads(), [](int64_t p) { return p != 0; });
  RankedTensorType type = typeOf(op.getInput());
  if (op.getKind() != nn::PoolKind::Avg || !x || type.isDynamicDim(1) || op.getCountedPads() ||
      (padded && !op.getCountIncludePad()))
    return false;
  SmallVector<int64_t> shape{type.getDimSize(1), 1};
  shape.append(op.getKernel().begin(), op.getKernel().end());
  int64_t taps = 1;
  for (int64_t k : op.getKernel())
    taps *= k;
  const num::Format *bit = num::Format::parse("uint2");
  auto filter = lp::codeTensor(b.getContext(), shape, bit);
  std::vector<uint16_t> ones(filter.getNumElements(), 1);
  Value w = lp::ConstantOp::create(b, loc, filter, lp::makeCodes(filter, ones, "ones"));
  auto whole = lp::ScaleAttr::perTensor(b.getContext(), type.getRank());
  Value y = proved(lp::ConvOp::create(
      b, loc, cast<RankedTensorType>(op.getType()).clone(b.getI64Type()), x->codes, Value(),
      x->zeroPoint, w, Value(), Value(), x->zeroPoint ? whole : lp::ScaleAttr(), lp::ScaleAttr(),
      op.getStridesAttr(), op.getPadsAttr(), op.getDilationsAttr(),
      b.getI64IntegerAttr(type.getDimSize(1)),
      lp::AccumulatorAttr::get(b.getContext(), lp::AccumulatorKind::Int, 64)));
  if (!y)
    return false;
  const double scale = x->scale * power(-static_cast<int>(x->format()->fractionBits()));
  sum.terms.push_back({y, {scale * factor / static_cast<double>(taps)}, 0});
  return true;
}

//===- back to codes
//------------------------------------------------------------------------------------===//

Value SumBuilder::rescale(Value integers, const std::vector<int64_t> &multipliers,
                          const std::vector<int64_t> &shifts, int64_t axisFromEnd,
                          const Target &target) {
  const int64_t rank = typeOf(integers).getRank();
  SmallVector<int64_t> shape = factorShape(rank, multipliers.size(), axisFromEnd);
  Value m = makeIntegers(b, loc, shape, b.getI32Type(), multipliers, "multiplier");
  Value t = makeIntegers(b, loc, shape, b.getI8Type(), shifts, "shift");
  auto type = RankedTensorType::get(typeOf(integers).getShape(), target.type.getElementType());
  const bool whole = target.isWhole();
  return lp::RescaleOp::create(
      b, loc, type, integers, m, t, lp::RescaleRoundingAttr::get(b.getContext(), options.rounding),
      b.getI64IntegerAttr(target.zero), whole ? IntegerAttr() : b.getI64IntegerAttr(target.lo),
      whole ? IntegerAttr() : b.getI64IntegerAttr(target.hi));
}

Value SumBuilder::requantize(const Codes &codes, const Target &target) {
  if (codes.format() == target.format() && codes.scale == target.scale &&
      codes.zero == target.zero && target.isWhole())
    return codes.codes;
  Sum sum;
  const int fraction = codes.format()->fractionBits();
  sum.terms.push_back({integersOf(codes), {codes.scale * power(-fraction)}, 0});
  return finish(std::move(sum), target);
}

Value SumBuilder::finish(Sum sum, const Target &target) {
  if (sum.terms.empty())
    return {};
  double ratio = 0;
  bool negative = false;
  for (const Term &term : sum.terms)
    for (double f : term.factors) {
      ratio = std::max(ratio, std::fabs(f) / target.scale);
      negative |= f < 0;
    }
  // A constant added to one accumulator is rounded to its units: only where these are fine.
  const bool one = sum.terms.size() == 1 && !negative && (sum.constants.empty() || ratio < 0.0625);
  Value y = one ? finishOne(sum, target) : Value();
  if (!y)
    y = finishMany(sum, target);
  if (y && y.getType() != target.type) {
    if (failed(verifyCompatibleShape(y.getType(), target.type)))
      return {};
    if (auto rescale = y.getDefiningOp<lp::RescaleOp>())
      rescale.getResult().setType(target.type);
  }
  return y;
}

/// (integers + bias) * m >> t.
Value SumBuilder::finishOne(const Sum &sum, const Target &target) {
  const Term &term = sum.terms[0];
  std::vector<int64_t> multipliers, shifts;
  for (double f : term.factors) {
    std::optional<num::Multiplier> m = num::makeMultiplier(f / target.scale);
    if (!m)
      return {};
    multipliers.push_back(m->multiplier);
    shifts.push_back(m->shift);
  }
  Value integers = term.integers;
  const int64_t rank = typeOf(integers).getRank();
  for (const ref::Tensor &c : sum.constants) {
    SmallVector<int64_t> shape = factorShape(rank, term.factors.size(), term.axisFromEnd);
    ref::Tensor f = ref::Tensor::of<double>(ref::DType::f64(),
                                            ref::Shape(shape.begin(), shape.end()), term.factors);
    ref::Result<ref::Tensor> q = ref::binary(ref::BinaryKind::Div, c, f);
    if (!q)
      return {};
    std::vector<int64_t> bias(q->numElements());
    for (int64_t i = 0; i < q->numElements(); ++i) {
      // A channel whose weights are all zero has the least scale; its bias may need all bits.
      if (!(std::fabs(q->at(i)) < 0x1p40))
        return {};
      bias[i] = static_cast<int64_t>(std::nearbyint(q->at(i)));
    }
    Value wide = widen(integers, 64);
    Value y = binary(nn::BinaryKind::Add, wide, constant(bias, q->shape(), 64));
    if (bitsOf(y) <= 32) {
      integers = widen(integers, 32);
      integers = binary(nn::BinaryKind::Add, integers, constant(bias, q->shape(), 32));
    } else {
      integers = y;
    }
  }
  if (bitsOf(integers) + 31 > 62)
    return {};
  return rescale(integers, multipliers, shifts, term.axisFromEnd, target);
}

/// sum (integers * m) + constant, all in units of 2^-t steps of the result; one rounding.
Value SumBuilder::finishMany(const Sum &sum, const Target &target) {
  // Room for the sum, one bit for each doubling of the number of terms, in 62 bits.
  double ratio = 0;
  int room = 30;
  const int extra =
      static_cast<int>(llvm::Log2_64_Ceil(sum.terms.size() + sum.constants.size() + 1));
  for (const Term &term : sum.terms) {
    for (double f : term.factors)
      ratio = std::max(ratio, std::fabs(f) / target.scale);
    room = std::min(room, 61 - static_cast<int>(bitsOf(term.integers)) - extra);
  }
  if (!(ratio > 0) || room < 8)
    return {};
  int t = std::min(room - 1 - std::ilogb(ratio), 45);
  double mostConstant = 0;
  for (const ref::Tensor &c : sum.constants)
    for (int64_t i = 0; i < c.numElements(); ++i)
      mostConstant = std::max(mostConstant, std::fabs(c.at(i)) / target.scale);
  if (mostConstant > 0)
    t = std::min(t, 58 - std::max(0, std::ilogb(mostConstant)));
  if (t < 1)
    return {};
  Value total;
  auto accumulate = [&](Value v) { total = total ? binary(nn::BinaryKind::Add, total, v) : v; };
  for (const Term &term : sum.terms) {
    std::vector<int64_t> m;
    for (double f : term.factors)
      m.push_back(static_cast<int64_t>(std::nearbyint(f / target.scale * power(t))));
    const int64_t rank = typeOf(term.integers).getRank();
    Value factors = constant(m, factorShape(rank, m.size(), term.axisFromEnd), 64);
    accumulate(binary(nn::BinaryKind::Mul, widen(term.integers, 64), factors));
  }
  for (const ref::Tensor &c : sum.constants) {
    std::vector<int64_t> values(c.numElements());
    for (int64_t i = 0; i < c.numElements(); ++i)
      values[i] = static_cast<int64_t>(std::nearbyint(c.at(i) / target.scale * power(t)));
    accumulate(constant(values, c.shape(), 64));
  }
  if (bitsOf(total) > 62)
    return {};
  return rescale(total, {1}, {t}, 0, target);
}
