// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Interval arithmetic over the operations of integer programs.
#include "lpc/Analysis/IntegerRanges.h"

#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

using Interval = std::optional<IntegerRange>;

static IntegerRange hull(const IntegerRange &a, const IntegerRange &b) {
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

static IntegerRange product(const IntegerRange &a, const IntegerRange &b) {
  const __int128 p[] = {a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi};
  return {*std::min_element(std::begin(p), std::end(p)),
          *std::max_element(std::begin(p), std::end(p))};
}

static bool contains(const IntegerRange &outer, const IntegerRange &inner) {
  return outer.lo <= inner.lo && inner.hi <= outer.hi;
}

/// The whole range of an element type.
static Interval typeRange(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (const num::Format *format = lp::formatOf(element)) {
    if (!isa<num::IntegerFormat>(format))
      return std::nullopt;
    return IntegerRange{static_cast<int64_t>(format->lowest()),
                        static_cast<int64_t>(format->max())};
  }
  auto integer = dyn_cast<IntegerType>(element);
  if (!integer || integer.getWidth() > 64)
    return std::nullopt;
  const __int128 one = 1;
  if (integer.isUnsigned() || integer.getWidth() == 1)
    return IntegerRange{0, (one << integer.getWidth()) - 1};
  return IntegerRange{-(one << (integer.getWidth() - 1)), (one << (integer.getWidth() - 1)) - 1};
}

/// Least and largest element of a constant of builtin integers or codes.
static Interval constantRange(Value v) {
  if (auto constant = v.getDefiningOp<lp::ConstantOp>()) {
    std::optional<std::vector<uint16_t>> codes = lp::readCodes(constant.getValue());
    const num::Format &format = *lp::formatOf(v.getType());
    if (!codes || codes->empty() || !isa<num::IntegerFormat>(format))
      return std::nullopt;
    IntegerRange r{INT64_MAX, INT64_MIN};
    for (uint16_t code : *codes) {
      const auto x = static_cast<int64_t>(format.decodeToDouble(code));
      r = hull(r, {x, x});
    }
    return r;
  }
  ElementsAttr value;
  if (!matchPattern(v, m_Constant(&value)) || value.getNumElements() == 0)
    return std::nullopt;
  auto type = dyn_cast<IntegerType>(value.getElementType());
  if (!type || type.isUnsigned())
    return std::nullopt;
  IntegerRange r{INT64_MAX, INT64_MIN};
  if (auto dense = dyn_cast<DenseIntElementsAttr>(value)) {
    for (const APInt &x : dense.getValues<APInt>())
      r = hull(r, {x.getSExtValue(), x.getSExtValue()});
    return r;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  const unsigned bytes = type.getWidth() / 8;
  if (!blob || bytes == 0 || !llvm::isPowerOf2_32(bytes) ||
      static_cast<int64_t>(blob->getData().size()) < value.getNumElements() * bytes)
    return std::nullopt;
  for (int64_t i = 0; i < value.getNumElements(); ++i) {
    uint64_t bits = 0;
    memcpy(&bits, blob->getData().data() + i * bytes, bytes);
    const int64_t x = llvm::SignExtend64(bits, type.getWidth());
    r = hull(r, {x, x});
  }
  return r;
}

Interval IntegerRanges::rangeOf(Value v) {
  auto it = known.find(v);
  if (it != known.end())
    return it->second;
  Interval r = constantRange(v);
  if (!r)
    r = compute(v);
  Interval type = typeRange(v.getType());
  // What leaves the type is reported at the operation; here it wraps to anything.
  if (!r || (type && !contains(*type, *r)))
    r = type;
  return known[v] = r;
}

/// The interval before any wrapping; nothing if it is not known.
Interval IntegerRanges::compute(Value v) {
  Operation *op = v.getDefiningOp();
  if (!op)
    return std::nullopt;
  auto union_ = [&](ValueRange operands) {
    Interval all;
    for (Value operand : operands) {
      Interval r = rangeOf(operand);
      if (!r)
        return Interval();
      all = all ? hull(*all, *r) : *r;
    }
    return all;
  };
  return TypeSwitch<Operation *, Interval>(op)
      .Case<nn::ReshapeOp, nn::BroadcastOp, nn::TransposeOp, nn::SliceOp, nn::CastOp,
            tensor::CastOp>([&](auto o) { return rangeOf(o->getOperand(0)); })
      .Case<nn::GatherOp>([&](nn::GatherOp o) { return rangeOf(o.getData()); })
      .Case<nn::ConcatOp>([&](nn::ConcatOp o) { return union_(o.getInputs()); })
      .Case<nn::SelectOp>(
          [&](nn::SelectOp o) { return union_(ValueRange{o.getOnTrue(), o.getOnFalse()}); })
      .Case<nn::PoolOp>([&](nn::PoolOp o) {
        return o.getKind() == nn::PoolKind::Max ? rangeOf(o.getInput()) : Interval();
      })
      .Case<nn::ReduceOp>([&](nn::ReduceOp o) -> Interval {
        Interval r = rangeOf(o.getInput());
        if (o.getKind() == nn::ReduceKind::Max || o.getKind() == nn::ReduceKind::Min)
          return r;
        auto type = cast<RankedTensorType>(o.getInput().getType());
        int64_t n = 1;
        for (int64_t axis : o.getAxes()) {
          if (type.isDynamicDim(axis))
            return std::nullopt;
          n *= type.getDimSize(axis);
        }
        if (o.getKind() != nn::ReduceKind::Sum || !r)
          return std::nullopt;
        return product(*r, {std::min<int64_t>(n, 1), n});
      })
      .Case<nn::BinaryOp>([&](nn::BinaryOp o) -> Interval {
        Interval l = rangeOf(o.getLhs()), r = rangeOf(o.getRhs());
        if (!l || !r)
          return std::nullopt;
        switch (o.getKind()) {
        case nn::BinaryKind::Add:
          return IntegerRange{l->lo + r->lo, l->hi + r->hi};
        case nn::BinaryKind::Sub:
          return IntegerRange{l->lo - r->hi, l->hi - r->lo};
        case nn::BinaryKind::Mul:
          // Operands of at most 64 bits: the product fits 128.
          return product(*l, *r);
        default:
          return std::nullopt;
        }
      })
      .Case<lp::ToIntegerOp>([&](lp::ToIntegerOp o) -> Interval {
        const num::Format &format = *lp::formatOf(o.getInput().getType());
        const __int128 unit = static_cast<__int128>(1) << format.fractionBits();
        const __int128 zero = static_cast<int64_t>(o.getZeroPoint()) * unit;
        if (Interval r = rangeOf(o.getInput()))
          return IntegerRange{r->lo - zero, r->hi - zero};
        const double scale = static_cast<double>(unit);
        return IntegerRange{static_cast<__int128>(format.lowest() * scale) - zero,
                            static_cast<__int128>(format.max() * scale) - zero};
      })
      .Case<lp::RescaleOp>([&](lp::RescaleOp o) -> Interval {
        auto [lo, hi] = o.getLimits();
        return IntegerRange{lo, hi};
      })
      .Case<lp::MatMulOp, lp::ConvOp>([&](auto o) -> Interval {
        FailureOr<IntegerRange> r = accumulatorRange(o);
        return failed(r) ? Interval() : Interval(*r);
      })
      .Default([](Operation *) { return Interval(); });
}

bool IntegerRanges::isTracked(Value v) {
  Operation *op = v.getDefiningOp();
  if (!op || !typeRange(v.getType()))
    return false;
  auto it = tracked.find(v);
  if (it != tracked.end())
    return it->second;
  bool yes = isa<lp::ToIntegerOp, lp::RescaleOp, lp::MatMulOp, lp::ConvOp>(op);
  if (!yes && isa<nn::NnDialect>(op->getDialect()))
    yes = llvm::any_of(op->getOperands(), [&](Value operand) { return isTracked(operand); });
  return tracked[v] = yes;
}

std::optional<std::string> IntegerRanges::explain(Operation *op) {
  const __int128 one = 1;
  if (auto rescale = dyn_cast<lp::RescaleOp>(op)) {
    const IntegerRange x = *rangeOf(rescale.getInput());
    IntegerRange m{0, INT32_MAX};
    if (Interval r = constantRange(rescale.getMultiplier()))
      m = *r;
    const IntegerRange t = constantRange(rescale.getShift()).value_or(IntegerRange{1, 62});
    if (m.lo < 0 || t.lo < 1 || t.hi > 62)
      return "expected multipliers that are not negative and shifts of 1 to 62, but got " +
             m.str() + " and " + t.str();
    IntegerRange p = product(x, m);
    const __int128 nudge = (one << (static_cast<int64_t>(t.hi) - 1)) + (one << 30);
    p.lo = std::min(p.lo, -p.hi) - (one << 30);
    p.hi += nudge;
    if (p.bits() > 64)
      return "cannot prove that the products of a rescale fit 64 bits: they lie in " + p.str();
    return std::nullopt;
  }
  if (auto softmax = dyn_cast<lp::IntSoftmaxOp>(op)) {
    auto type = cast<RankedTensorType>(softmax.getInput().getType());
    int64_t n = type.isDynamicDim(softmax.getAxis()) ? softmax.getMaxTerms().value_or(INT64_MAX)
                                                     : type.getDimSize(softmax.getAxis());
    IntegerRange e = constantRange(softmax.getTable()).value_or(IntegerRange{0, UINT32_MAX});
    IntegerRange sum = product(e, {0, n});
    if (e.lo < 0 || sum.hi >= one << 32)
      return "cannot prove that sums of exponentials fit 32 bits: they lie in " + sum.str();
    return std::nullopt;
  }
  if (auto norm = dyn_cast<lp::IntNormOp>(op)) {
    IntegerRange m =
        constantRange(norm.getMultiplier()).value_or(*typeRange(norm.getMultiplier().getType()));
    IntegerRange b = constantRange(norm.getBias()).value_or(*typeRange(norm.getBias().getType()));
    IntegerRange u{-((one << 24) + 1), (one << 24) + 1}, scaled = product(u, m);
    scaled.lo += b.lo;
    scaled.hi += b.hi;
    if (scaled.bits() > 63)
      return "cannot prove that the scaled values of a norm fit 63 bits: they lie in " +
             scaled.str();
    return std::nullopt;
  }
  if (!isa<nn::BinaryOp, nn::ReduceOp, nn::CastOp>(op) || !isTracked(op->getResult(0)))
    return std::nullopt;
  Interval r = compute(op->getResult(0)), type = typeRange(op->getResult(0).getType());
  if (r && type && contains(*type, *r))
    return std::nullopt;
  std::string text = "cannot prove that the values fit '";
  llvm::raw_string_ostream(text) << getElementTypeOrSelf(op->getResult(0).getType()) << "'";
  return text + (r ? ": they lie in " + r->str() : ": their range is not known");
}
