// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dequantize -> op -> quantize becomes integer operations. The idea: each lp.quantize names the
// scale of its result, so that the real computation in front of it can be done in integers with one
// rescale at the end. What has no integer form stays, and is reported.
#include "IntegerSums.h"

#include "lpc/Numerics/IntegerMath.h"
#include "lpc/Numerics/IntegerNorm.h"
#include "lpc/Reference/Evaluate.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

#include <cmath>

namespace lpc {
#define GEN_PASS_DEF_LOWERTOINTEGERPASS
#include "lpc/Quantization/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

namespace {

/// One lp.quantize and the computation in front of it.
class Lowering {
public:
  Lowering(OpBuilder &b, Location loc, const IntegerOptions &options)
      : b(b), loc(loc), options(options), sums(b, loc, options) {}

  /// The codes, or null.
  Value lower(Value x, Target target) {
    const Value whole = x;
    if (Value y = lowerForm(x, target))
      return y;
    // ReLU and clamps become limits of what is inside of them.
    while (Operation *op = x.getDefiningOp()) {
      if (auto unary = dyn_cast<nn::UnaryOp>(op); unary && unary.getKind() == nn::UnaryKind::Relu) {
        target.limit(0, std::numeric_limits<double>::infinity());
        x = unary.getInput();
      } else if (auto clamp = dyn_cast<nn::ClampOp>(op)) {
        target.limit(clamp.getLo().convertToDouble(), clamp.getHi().convertToDouble());
        x = clamp.getInput();
      } else {
        break;
      }
    }
    return x == whole ? Value() : lowerForm(x, target);
  }

private:
  Value lowerForm(Value x, const Target &target) {
    if (std::optional<Codes> codes = codesOf(x))
      return sums.requantize(*codes, target);
    Operation *op = x.getDefiningOp();
    if (!op)
      return {};
    if (isMovement(op))
      return lowerMovement(op, target);
    if (auto softmax = dyn_cast<nn::SoftmaxOp>(op))
      return lowerSoftmax(softmax, target);
    if (auto norm = dyn_cast<nn::LayerNormOp>(op))
      return lowerNorm(norm, norm.getInput(), norm.getScale(), norm.getBias(), lp::NormKind::Layer,
                       norm.getAxis(), norm.getEpsilon().convertToDouble(), target);
    if (auto norm = dyn_cast<nn::RMSNormOp>(op))
      return lowerNorm(norm, norm.getInput(), norm.getScale(), Value(), lp::NormKind::RMS,
                       norm.getAxis(), norm.getEpsilon().convertToDouble(), target);
    Sum sum;
    if (sums.add(x, 1, sum))
      if (Value y = sums.finish(std::move(sum), target))
        return y;
    return lowerTable(x, target);
  }

  Value lowerMovement(Operation *op, const Target &target);
  Value lowerTable(Value x, const Target &target);
  Value lowerSoftmax(nn::SoftmaxOp op, const Target &target);
  Value lowerNorm(Operation *op, Value input, Value gain, Value bias, lp::NormKind kind,
                  int64_t axis, double epsilon, const Target &target);

  OpBuilder &b;
  Location loc;
  const IntegerOptions &options;
  SumBuilder sums;
};

} // namespace

//===- movement
//-----------------------------------------------------------------------------------------===//

/// The operation on codes of the target's scale.
Value Lowering::lowerMovement(Operation *op, const Target &target) {
  IRMapping map;
  for (Value from : movedBy(op)) {
    RankedTensorType type = typeOf(from);
    Target own = target;
    own.type = RankedTensorType::get(type.getShape(), target.type.getElementType());
    Value codes;
    if (std::optional<Codes> known = codesOf(from)) {
      codes = sums.requantize(*known, own);
    } else if (isPositional(from) && type.hasStaticShape()) {
      Value size;
      if (std::optional<ref::Tensor> numbers = evaluatePositional(from, 1, size))
        codes = makeCodesOf(b, loc, *numbers, own);
    }
    if (!codes)
      return {};
    map.map(from, codes);
  }
  if (isa<nn::PadOp>(op) && target.zero != 0)
    return {};
  auto pool = dyn_cast<nn::PoolOp>(op);
  if (!pool) {
    Operation *moved = b.clone(*op, map);
    moved->getResult(0).setType(target.type);
    return moved->getResult(0);
  }
  // The order of codes is that of integers; windows have at least one element inside.
  Value integers =
      lp::ToIntegerOp::create(b, loc, typeOf(map.lookup(pool.getInput())).clone(b.getI32Type()),
                              map.lookup(pool.getInput()), b.getI64IntegerAttr(0));
  map.map(pool.getInput(), integers);
  Operation *moved = b.clone(*op, map);
  moved->getResult(0).setType(RankedTensorType::get(target.type.getShape(), b.getI32Type()));
  const SmallVector<int64_t> ones(target.type.getRank(), 1);
  // The factor 1, exactly.
  return lp::RescaleOp::create(
      b, loc, target.type, moved->getResult(0),
      makeIntegers(b, loc, ones, b.getI32Type(), {int64_t{1} << 30}, "multiplier"),
      makeIntegers(b, loc, ones, b.getI8Type(), {30}, "shift"),
      lp::RescaleRoundingAttr::get(b.getContext(), options.rounding), b.getI64IntegerAttr(0),
      IntegerAttr(), IntegerAttr());
}

//===- functions of one element
//-------------------------------------------------------------------------===//

/// The values of an elementwise expression for the values `codes` of its only tensor; that must be
/// one dequantized tensor, which `leaf` gets.
static std::optional<ref::Tensor> evaluateChain(Value v, Value &leaf, const ref::Tensor &values) {
  using Result = std::optional<ref::Tensor>;
  if (codesOf(v)) {
    if (!leaf)
      leaf = v;
    return leaf == v ? Result(values) : std::nullopt;
  }
  if (std::optional<double> c = scalarConstant(v))
    return ref::Tensor::of<double>(ref::DType::f64(), {1}, {*c});
  Operation *op = v.getDefiningOp();
  if (auto unary = dyn_cast_or_null<nn::UnaryOp>(op)) {
    Result x = evaluateChain(unary.getInput(), leaf, values);
    return x ? Result(ref::unary(static_cast<ref::UnaryKind>(unary.getKind()), *x)) : x;
  }
  if (auto clamp = dyn_cast_or_null<nn::ClampOp>(op)) {
    Result x = evaluateChain(clamp.getInput(), leaf, values);
    return x ? Result(
                   ref::clamp(*x, clamp.getLo().convertToDouble(), clamp.getHi().convertToDouble()))
             : x;
  }
  if (auto two = dyn_cast_or_null<nn::BinaryOp>(op)) {
    Result l = evaluateChain(two.getLhs(), leaf, values);
    Result r = l ? evaluateChain(two.getRhs(), leaf, values) : l;
    if (!r)
      return r;
    ref::Result<ref::Tensor> y = ref::binary(static_cast<ref::BinaryKind>(two.getKind()), *l, *r);
    return y ? Result(*y) : std::nullopt;
  }
  return std::nullopt;
}

/// The leaf first, for its values.
static Value leafOf(Value v) {
  if (codesOf(v))
    return v;
  Operation *op = v.getDefiningOp();
  if (!op || !isa<nn::UnaryOp, nn::ClampOp, nn::BinaryOp>(op))
    return {};
  for (Value operand : op->getOperands())
    if (Value leaf = leafOf(operand))
      return leaf;
  return {};
}

Value Lowering::lowerTable(Value x, const Target &target) {
  Value leaf = leafOf(x);
  if (!leaf || typeOf(leaf).getShape() != typeOf(x).getShape())
    return {};
  Codes codes = *codesOf(leaf);
  std::vector<double> values = codes.format()->table();
  for (double &v : values)
    v = (v - static_cast<double>(codes.zero)) * codes.scale;
  auto count = static_cast<int64_t>(values.size());
  std::optional<ref::Tensor> y =
      evaluateChain(x, leaf, ref::Tensor::of<double>(ref::DType::f64(), {count}, values));
  if (!y || y->numElements() != count)
    return {};
  Value table = makeCodesOf(b, loc, *y, target);
  return lp::LookupOp::create(b, loc, target.type, codes.codes, table, b.getDenseI64ArrayAttr({}));
}

//===- softmax, norms
//-----------------------------------------------------------------------------------===//

/// [.., a, b] as [1, .., 1, a, b].
static Value withRank(OpBuilder &b, Location loc, Value v, int64_t rank) {
  RankedTensorType type = typeOf(v);
  if (type.getRank() == rank)
    return v;
  SmallVector<int64_t> shape(rank - type.getRank(), 1);
  shape.append(type.getShape().begin(), type.getShape().end());
  SmallVector<Value> sizes;
  for (OpFoldResult size : nn::dimsOf(b, loc, v))
    if (auto dynamic = dyn_cast<Value>(size))
      sizes.push_back(dynamic);
  return nn::ReshapeOp::create(b, loc, RankedTensorType::get(shape, type.getElementType()), v,
                               sizes);
}

Value Lowering::lowerSoftmax(nn::SoftmaxOp op, const Target &target) {
  Value x = op.getInput();
  std::optional<Mask> mask;
  if (auto sum = x.getDefiningOp<nn::BinaryOp>(); sum && sum.getKind() == nn::BinaryKind::Add)
    for (bool left : {true, false})
      if (std::optional<Mask> found = matchMask(left ? sum.getLhs() : sum.getRhs());
          found && !mask) {
        mask = found;
        x = left ? sum.getRhs() : sum.getLhs();
      }
  std::optional<Codes> codes = codesOf(x);
  if (!codes || op.getLog() || typeOf(x).getShape() != typeOf(op.getInput()).getShape() ||
      !isa<num::IntegerFormat>(codes->format()))
    return {};
  Value condition;
  if (mask) {
    if (typeOf(mask->condition).getRank() > typeOf(x).getRank())
      return {};
    condition = mask->condition;
    if (!mask->keepsWhereTrue)
      condition = nn::UnaryOp::create(b, loc, condition.getType(), nn::UnaryKind::Not, condition);
    condition = withRank(b, loc, condition, typeOf(x).getRank());
  }
  const auto axis = static_cast<int64_t>(op.getAxis());
  const bool dynamic = typeOf(x).isDynamicDim(axis);
  const int64_t terms = dynamic ? options.maxTerms : typeOf(x).getDimSize(axis);
  const int fraction =
      std::min(20, 31 - static_cast<int>(llvm::Log2_64_Ceil(std::max<int64_t>(terms, 1))));
  if (fraction < 8)
    return {};
  const int64_t entries = codes->format()->numCodes();
  std::vector<uint32_t> table =
      num::makeExpTable(codes->scale, static_cast<uint32_t>(entries), fraction);
  Value e = makeIntegers(b, loc, {entries}, b.getI32Type(),
                         std::vector<int64_t>(table.begin(), table.end()), "exponentials");
  // 16 bits of probability, then the scale that was asked for.
  constexpr int64_t kFraction = 16;
  const num::Format *wide = num::Format::parse("uint16");
  auto type = lp::codeTensor(b.getContext(), typeOf(x).getShape(), wide);
  Value y = lp::IntSoftmaxOp::create(b, loc, type, codes->codes, e, condition,
                                     b.getI64IntegerAttr(axis), b.getI64IntegerAttr(kFraction),
                                     dynamic ? b.getI64IntegerAttr(terms) : IntegerAttr());
  return sums.requantize({y, Value(), std::ldexp(1.0, -kFraction), 0}, target);
}

Value Lowering::lowerNorm(Operation *op, Value input, Value gain, Value bias, lp::NormKind kind,
                          int64_t axis, double epsilon, const Target &target) {
  std::optional<Codes> codes = codesOf(input);
  RankedTensorType type = typeOf(input);
  if (!codes || axis != type.getRank() - 1 || type.isDynamicDim(axis) || !target.isWhole() ||
      !isa<num::IntegerFormat>(codes->format()))
    return {};
  const int64_t n = type.getDimSize(axis);
  auto vectorOf = [&](Value v, double otherwise) -> std::optional<std::vector<double>> {
    if (!v)
      return std::vector<double>(n, otherwise);
    Value size;
    std::optional<ref::Tensor> t;
    if (isPositional(v) && typeOf(v).hasStaticShape())
      t = evaluatePositional(v, 1, size);
    if (!t || (t->numElements() != n && t->numElements() != 1))
      return std::nullopt;
    std::vector<double> values(n);
    for (int64_t i = 0; i < n; ++i)
      values[i] = t->at(t->numElements() == 1 ? 0 : i);
    return values;
  };
  std::optional<std::vector<double>> g = vectorOf(gain, 1), c = vectorOf(bias, 0);
  if (!g || !c)
    return {};
  const double count = static_cast<double>(n), square = codes->scale * codes->scale;
  const double units = kind == lp::NormKind::Layer ? epsilon * count * count * count / square
                                                   : epsilon * count / square;
  if (!(units < 0x1p60))
    return {};
  const auto least = std::max<int64_t>(1, std::llround(units));
  const auto lo = static_cast<int64_t>(codes->format()->lowest()),
             hi = static_cast<int64_t>(codes->format()->max());
  const uint64_t magnitude =
      kind == lp::NormKind::RMS ? std::max(codes->zero - lo, hi - codes->zero) : hi - lo;
  if (num::largestNormSum(static_cast<num::NormKind>(kind), n, magnitude, least) >= uint64_t{1}
                                                                                        << 62)
    return {};
  double most = 0, mostBias = 0;
  for (int64_t i = 0; i < n; ++i) {
    (*g)[i] *=
        std::sqrt(count) / target.scale * std::ldexp(1.0, -static_cast<int>(num::kNormFraction));
    (*c)[i] /= target.scale;
    most = std::max(most, std::fabs((*g)[i]));
    mostBias = std::max(mostBias, std::fabs((*c)[i]));
  }
  if (!std::isfinite(most) || !std::isfinite(mostBias))
    return {};
  int shift = most > 0 ? 29 - std::ilogb(most) : 45;
  shift = std::min({shift, 45, mostBias > 0 ? 58 - std::max(0, std::ilogb(mostBias)) : 62});
  if (shift < 1)
    return {};
  std::vector<int64_t> m(n), offsets(n);
  for (int64_t i = 0; i < n; ++i) {
    m[i] = std::llround(std::ldexp((*g)[i], shift));
    offsets[i] = std::llround(std::ldexp((*c)[i], shift));
  }
  return lp::IntNormOp::create(
      b, loc, target.type, codes->codes, makeIntegers(b, loc, {n}, b.getI32Type(), m, "multiplier"),
      makeIntegers(b, loc, {n}, b.getI64Type(), offsets, "bias"),
      lp::NormKindAttr::get(b.getContext(), kind), b.getI64IntegerAttr(least),
      b.getI64IntegerAttr(shift), b.getI64IntegerAttr(kind == lp::NormKind::RMS ? codes->zero : 0),
      b.getI64IntegerAttr(target.zero));
}

//===- the pass
//-----------------------------------------------------------------------------------------===//

/// Whether a value is an argument, or only movement away from one.
static bool isArgument(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    if (!isMovement(op) || isa<nn::ConcatOp, nn::GatherOp>(op))
      return false;
    v = op->getOperand(0);
  }
  return isa<RankedTensorType>(v.getType());
}

/// Sizes of float tensors that nothing but a size reads any more become those of what the tensors
/// are made from.
static void resolveSizes(func::FuncOp func) {
  for (bool isChanged = true; isChanged;) {
    isChanged = false;
    SmallVector<tensor::DimOp> sizes;
    func.walk([&](tensor::DimOp op) { sizes.push_back(op); });
    for (tensor::DimOp op : sizes) {
      std::optional<int64_t> axis = op.getConstantIndex();
      Operation *made = op.getSource().getDefiningOp();
      OpBuilder b(op);
      ReifiedRankedShapedTypeDims shapes;
      if (!axis || !made || !isa<FloatType>(getElementTypeOrSelf(op.getSource().getType())) ||
          failed(reifyResultShapes(b, made, shapes)))
        continue;
      OpFoldResult size = shapes[cast<OpResult>(op.getSource()).getResultNumber()][*axis];
      op.replaceAllUsesWith(getValueOrCreateConstantIndexOp(b, op.getLoc(), size));
      op.erase();
      isChanged = true;
    }
  }
}

namespace {
struct LowerToIntegerPass final : lpc::impl::LowerToIntegerPassBase<LowerToIntegerPass> {
  using LowerToIntegerPassBase::LowerToIntegerPassBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::optional<lp::RescaleRounding> word = lp::symbolizeRescaleRounding(rounding);
    if (!word || maxTerms < 1) {
      func.emitError()
          << (word ? "option max-terms: expected a positive number"
                   : "option rounding: expected single, double or half_even, but got '" +
                         rounding.getValue() + "'");
      return signalPassFailure();
    }
    IntegerOptions options{*word, maxTerms};
    SmallVector<lp::QuantizeOp> all;
    func.walk([&](lp::QuantizeOp op) { all.push_back(op); });
    for (lp::QuantizeOp op : all)
      lower(op, options);
    resolveSizes(func);
    IRRewriter rewriter(&getContext());
    (void)runRegionDCE(rewriter, func->getRegions());
    if (reportFloats(func) && strict)
      signalPassFailure();
  }

  void lower(lp::QuantizeOp op, const IntegerOptions &options) {
    std::optional<Target> target = targetOf(op);
    if (!target)
      return;
    OpBuilder b(op);
    Value codes = Lowering(b, op.getInput().getLoc(), options).lower(op.getInput(), *target);
    if (!codes)
      return;
    if (codes.getType() != op.getType())
      codes = tensor::CastOp::create(b, op.getLoc(), op.getType(), codes);
    op.getOutput().replaceAllUsesWith(codes);
    ++numLowered;
  }

  /// Tells which operations between codes stay in float; whether there are any.
  bool reportFloats(func::FuncOp func) {
    bool any = false;
    auto report = [&](Operation *op, StringRef where) {
      any = true;
      InFlightDiagnostic d = strict ? op->emitError() : op->emitRemark();
      d << "'" << op->getName() << "' stays in float " << where
        << (strict ? ": it has no integer form for these operands" : "");
    };
    func.walk([&](lp::QuantizeOp op) {
      if (Operation *made = op.getInput().getDefiningOp(); made && !isArgument(op.getInput()))
        report(made, "in front of a quantize");
    });
    for (Value v : func.getBody().back().getTerminator()->getOperands()) {
      if (!isa<FloatType>(getElementTypeOrSelf(v.getType())))
        continue;
      while (v.getDefiningOp() && isMovement(v.getDefiningOp()))
        v = v.getDefiningOp()->getOperand(0);
      if (Operation *made = v.getDefiningOp(); made && !isa<lp::DequantizeOp>(made))
        report(made, "in front of an output");
    }
    return any;
  }
};
} // namespace
