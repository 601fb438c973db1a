// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lp operations: attributes and operands to kernels.
#include "EvalContext.h"

#include "dialects/Lp/IR/Lp.h"

using namespace mlir;

namespace lpc::ref {

static_assert(static_cast<int>(ScaleRule::NVDivide) == static_cast<int>(lp::ScaleRule::NVDivide));
static_assert(static_cast<int>(AccumulatorKind::F32Relaxed) ==
              static_cast<int>(lp::AccumulatorKind::F32Relaxed));

static ScaleBlock blockOf(ArrayRef<int64_t> level) {
  static_assert(lp::ScaleAttr::kAll == 0, "the core writes 0 for 'all'");
  return ScaleBlock(level.begin(), level.end());
}

static std::vector<ScaleBlock> levelsOf(lp::ScaleAttr scale) {
  std::vector<ScaleBlock> levels;
  for (DenseI64ArrayAttr level : scale.getLevels())
    levels.push_back(blockOf(level.asArrayRef()));
  return levels;
}

static std::span<const Tensor> toSpan(ArrayRef<Tensor> a) { return {a.data(), a.size()}; }

static Outcome eval(lp::ConstantOp op, AdaptorOf<lp::ConstantOp>, const EvalContext &) {
  return one(tensorOf(op.getValue()));
}

static Outcome eval(lp::BitcastOp op, AdaptorOf<lp::BitcastOp> a, const EvalContext &ctx) {
  DType from = *dtypeOf(getElementTypeOrSelf(op.getInput().getType()));
  Tensor input = a.getInput();
  if (!from.isCode()) // fp16 and bf16 may be there as f64
    input = cast(input, from);
  Result<Tensor> bits = bitcast(input, *dtypeOf(getElementTypeOrSelf(op.getType())));
  if (!bits)
    return bits.takeError();
  return one(bits->dtype().isCode() ? *bits : ctx.computed(*bits));
}

static Outcome eval(lp::QuantizeOp op, AdaptorOf<lp::QuantizeOp> a, const EvalContext &) {
  std::vector<ScaleBlock> levels = levelsOf(op.getScale());
  Tensor zeroPoint = a.getZeroPoint();
  Scaling scaling{
      toSpan(a.getScales()), toSpan(a.getNegativeScales()), levels, orNull(zeroPoint), {}, {}};
  QuantizeOptions options{op.getConversion(), op.getOrder() == lp::ZeroPointOrder::BeforeRounding,
                          op.getReciprocal(), op.getSeed().value_or(0)};
  return one(quantize(a.getInput(), scaling, *lp::formatOf(op.getType()), options));
}

static Outcome eval(lp::DequantizeOp op, AdaptorOf<lp::DequantizeOp> a, const EvalContext &ctx) {
  std::vector<ScaleBlock> levels = levelsOf(op.getScale()), offsetLevels;
  if (op.getOffset())
    offsetLevels = levelsOf(*op.getOffset());
  Tensor zeroPoint = a.getZeroPoint();
  Scaling scaling{toSpan(a.getScales()), toSpan(a.getNegativeScales()), levels,
                  orNull(zeroPoint),     toSpan(a.getOffsets()),        offsetLevels};
  return one(dequantize(a.getInput(), scaling, ctx.typeOf(op.getOutput())));
}

static Outcome eval(lp::LookupOp op, AdaptorOf<lp::LookupOp> a, const EvalContext &ctx) {
  Result<Tensor> out = lookup(a.getInput(), a.getTable(), blockOf(op.getAxes()));
  if (!out)
    return out.takeError();
  return one(out->dtype().isCode() ? *out : ctx.computed(*out));
}

static Outcome eval(lp::BlockScaleOp op, AdaptorOf<lp::BlockScaleOp> a, const EvalContext &ctx) {
  std::optional<DType> zeroPointType;
  if (op.getZeroPoint())
    zeroPointType = ctx.typeOf(op.getZeroPoint());
  std::vector<DType> types;
  for (Value scales : op.getScales())
    types.push_back(ctx.typeOf(scales));
  std::vector<ScaleBlock> levels = levelsOf(op.getScale());
  Result<BlockScales> s =
      blockScale(a.getInput(), toSpan(a.getOuter()), *lp::formatOf(op.getFormat()), levels,
                 static_cast<ScaleRule>(op.getRule()), types, zeroPointType);
  if (!s)
    return s.takeError();
  Tensors out(s->scales.begin(), s->scales.end());
  if (s->zeroPoint)
    out.push_back(*s->zeroPoint);
  return out;
}

namespace {

/// Keeps what a Side points to.
struct SideStorage {
  SideStorage(Tensor data, Tensor scale, Tensor zeroPoint, std::optional<lp::ScaleAttr> structure)
      : data(std::move(data)), scale(std::move(scale)), zeroPoint(std::move(zeroPoint)) {
    if (structure)
      block = blockOf(structure->getBlock());
  }
  Side side() const { return {&data, orNull(scale), orNull(zeroPoint), block ? &*block : nullptr}; }

  Tensor data, scale, zeroPoint;
  std::optional<ScaleBlock> block;
};

} // namespace

static Accumulator accumulatorOf(lp::AccumulatorAttr acc) {
  return {static_cast<AccumulatorKind>(acc.getKind()), acc.getWidth()};
}

/// The type of a contraction's result where that is the accumulator itself.
static std::optional<DType> integerResult(Operation *op) {
  DType type = *dtypeOf(getElementTypeOrSelf(op->getResult(0).getType()));
  return type.isInt() ? std::optional(type) : std::nullopt;
}

static Outcome eval(lp::MatMulOp op, AdaptorOf<lp::MatMulOp> a, const EvalContext &ctx) {
  SideStorage lhs(a.getLhs(), a.getLhsScale(), a.getLhsZeroPoint(), op.getLhsBlock());
  SideStorage rhs(a.getRhs(), a.getRhsScale(), a.getRhsZeroPoint(), op.getRhsBlock());
  return one(codeMatmul(lhs.side(), rhs.side(), accumulatorOf(op.getAccumulator()),
                        ctx.options.real64, integerResult(op)));
}

static Outcome eval(lp::ConvOp op, AdaptorOf<lp::ConvOp> a, const EvalContext &ctx) {
  SideStorage input(a.getInput(), a.getInputScale(), a.getInputZeroPoint(), op.getInputBlock());
  SideStorage filter(a.getFilter(), a.getFilterScale(), a.getFilterZeroPoint(),
                     op.getFilterBlock());
  auto shape = [](ArrayRef<int64_t> x) { return Shape(x.begin(), x.end()); };
  Window window{shape(op.getStrides()), shape(op.getPads()), shape(op.getDilations()),
                static_cast<int64_t>(op.getGroups())};
  return one(codeConv(input.side(), filter.side(), window, accumulatorOf(op.getAccumulator()),
                      ctx.options.real64, integerResult(op)));
}

static Outcome eval(lp::ObserveOp op, AdaptorOf<lp::ObserveOp> a, const EvalContext &ctx) {
  if (ctx.options.observe)
    ctx.options.observe(op.getId(), a.getInput());
  return one(a.getInput());
}

//===- integers only
//------------------------------------------------------------------------------------===//

static DType resultType(Operation *op) {
  return *dtypeOf(getElementTypeOrSelf(op->getResult(0).getType()));
}

static Outcome eval(lp::ToIntegerOp op, AdaptorOf<lp::ToIntegerOp> a, const EvalContext &) {
  return one(toInteger(a.getInput(), static_cast<int64_t>(op.getZeroPoint()), resultType(op)));
}

static Outcome eval(lp::RescaleOp op, AdaptorOf<lp::RescaleOp> a, const EvalContext &) {
  auto [lo, hi] = op.getLimits();
  return one(rescale(a.getInput(), a.getMultiplier(), a.getShift(),
                     static_cast<num::RescaleRounding>(op.getRounding()),
                     {static_cast<int64_t>(op.getZeroPoint()), lo, hi}, resultType(op)));
}

static Outcome eval(lp::IntSoftmaxOp op, AdaptorOf<lp::IntSoftmaxOp> a, const EvalContext &) {
  Tensor mask = a.getMask();
  return one(intSoftmax(a.getInput(), a.getTable(), orNull(mask), op.getAxis(), op.getFraction(),
                        op.getMaxTerms().value_or(0), resultType(op)));
}

static Outcome eval(lp::IntNormOp op, AdaptorOf<lp::IntNormOp> a, const EvalContext &) {
  DType to = resultType(op);
  num::IntegerNorm norm;
  norm.kind = static_cast<num::NormKind>(op.getKind());
  norm.epsilon = static_cast<int64_t>(op.getEpsilon());
  norm.zeroIn = static_cast<int64_t>(op.getZeroIn());
  norm.shift = static_cast<int>(op.getShift());
  norm.zeroOut = static_cast<int64_t>(op.getZeroPoint());
  norm.lo = static_cast<int64_t>(to.format->lowest());
  norm.hi = static_cast<int64_t>(to.format->max());
  return one(intNorm(a.getInput(), a.getMultiplier(), a.getBias(), norm, to));
}

std::optional<Outcome> evaluateLp(Operation *op, ArrayRef<Tensor> operands,
                                  const EvalContext &ctx) {
  return dispatch<lp::ConstantOp, lp::BitcastOp, lp::QuantizeOp, lp::DequantizeOp, lp::LookupOp,
                  lp::BlockScaleOp, lp::MatMulOp, lp::ConvOp, lp::ToIntegerOp, lp::RescaleOp,
                  lp::IntSoftmaxOp, lp::IntNormOp, lp::ObserveOp>(op, operands, ctx);
}

} // namespace lpc::ref
