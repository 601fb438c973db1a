// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scales of codes, and constants for integer-only programs.
#include "IntegerConstants.h"

#include "lpc/Quantization/Contractions.h"

#include "lpc/Reference/Evaluate.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

/// One positive f32 constant for the whole tensor.
static std::optional<double> wholeScale(ValueRange scales, lp::ScaleAttr structure) {
  if (scales.size() != 1 || !structure.isPerTensor())
    return std::nullopt;
  std::optional<double> scale = scalarConstant(scales[0]);
  return scale && *scale > 0 && std::isfinite(*scale) ? scale : std::nullopt;
}

/// The integer of a constant zero point, 0 for none.
static std::optional<int64_t> wholeZero(Value zero) {
  if (!zero)
    return 0;
  auto constant = zero.getDefiningOp<lp::ConstantOp>();
  if (!constant || cast<RankedTensorType>(zero.getType()).getNumElements() != 1)
    return std::nullopt;
  std::optional<std::vector<uint16_t>> codes = lp::readCodes(constant.getValue());
  if (!codes || !isa<num::IntegerFormat>(lp::formatOf(zero.getType())))
    return std::nullopt;
  return static_cast<int64_t>(lp::formatOf(zero.getType())->decodeToDouble(codes->front()));
}

/// Whether codes have finite integer images.
static bool hasImages(const num::Format *format) {
  return format && format->isDyadic() && !format->hasInf() && !format->hasNaN() &&
         format->imageBits() <= 31;
}

std::optional<Codes> quant::codesOf(Value v) {
  auto dq = v.getDefiningOp<lp::DequantizeOp>();
  if (!dq || !dq.isLinear() || !hasImages(lp::formatOf(dq.getInput().getType())))
    return std::nullopt;
  std::optional<double> scale = wholeScale(dq.getScales(), dq.getScale());
  std::optional<int64_t> zero = wholeZero(dq.getZeroPoint());
  if (!scale || !zero)
    return std::nullopt;
  return Codes{dq.getInput(), *zero ? dq.getZeroPoint() : Value(), *scale, *zero};
}

std::optional<Target> quant::targetOf(lp::QuantizeOp op) {
  const num::Format *format = lp::formatOf(op.getType());
  std::optional<double> scale = wholeScale(op.getScales(), op.getScale());
  std::optional<int64_t> zero = wholeZero(op.getZeroPoint());
  if (!scale || !zero || !isa<num::IntegerFormat>(format) || !op.getNegativeScales().empty() ||
      op.getOverflow() != lp::Overflow::Saturate ||
      op.getOrder() != lp::ZeroPointOrder::AfterRounding)
    return std::nullopt;
  return Target{cast<RankedTensorType>(op.getType()), *scale, *zero,
                static_cast<int64_t>(format->lowest()), static_cast<int64_t>(format->max())};
}

bool Target::isWhole() const {
  return lo == static_cast<int64_t>(format()->lowest()) &&
         hi == static_cast<int64_t>(format()->max());
}

void Target::limit(double low, double high) {
  auto code = [&](double x) {
    return std::clamp(std::nearbyint(x / scale) + static_cast<double>(zero),
                      static_cast<double>(lo), static_cast<double>(hi));
  };
  const auto newLo = static_cast<int64_t>(code(low)), newHi = static_cast<int64_t>(code(high));
  lo = newLo, hi = newHi;
}

int64_t quant::encode(double x, const Target &t) {
  if (std::isnan(x))
    return t.lo;
  return static_cast<int64_t>(std::clamp(std::nearbyint(x / t.scale) + static_cast<double>(t.zero),
                                         static_cast<double>(t.lo), static_cast<double>(t.hi)));
}

std::optional<WeightCodes> quant::weightOf(Value v, int64_t axis) {
  auto dq = v.getDefiningOp<lp::DequantizeOp>();
  if (!dq || !dq.isLinear() || !dq.getInput().getDefiningOp<lp::ConstantOp>() ||
      !hasImages(lp::formatOf(dq.getInput().getType())) || dq.getScales().size() != 1)
    return std::nullopt;
  for (auto [i, block] : llvm::enumerate(dq.getScale().getBlock()))
    if (block != lp::ScaleAttr::kAll && (static_cast<int64_t>(i) != axis || block != 1))
      return std::nullopt;
  auto constant = dq.getScales()[0].getDefiningOp<nn::ConstantOp>();
  std::optional<std::vector<float>> scales;
  if (constant)
    scales = readFloats(constant.getValue());
  if (!scales)
    return std::nullopt;
  return WeightCodes{dq, dq.getInput(), std::vector<double>(scales->begin(), scales->end())};
}

//===- positional values
//--------------------------------------------------------------------------------===//

std::optional<ref::Tensor> quant::evaluatePositional(Value v, int64_t maxSize, Value &size) {
  auto shapeOf = [&](Value value) {
    ref::Shape shape;
    for (int64_t d : cast<RankedTensorType>(value.getType()).getShape())
      shape.push_back(ShapedType::isDynamic(d) ? maxSize : d);
    return shape;
  };
  auto sameSize = [&](ValueRange sizes) {
    return llvm::all_of(sizes, [&](Value s) {
      if (!size)
        size = s;
      return s == size;
    });
  };
  auto operand = [&](Value x) { return evaluatePositional(x, maxSize, size); };
  auto value = [](ref::Result<ref::Tensor> r) { return r ? std::optional(*r) : std::nullopt; };
  using Result = std::optional<ref::Tensor>;
  Operation *op = v.getDefiningOp();
  if (!op)
    return std::nullopt;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<nn::ConstantOp>([&](nn::ConstantOp o) -> Result {
        ref::Result<ref::Tensor> t = ref::tensorOf(o.getValue());
        if (!t)
          return std::nullopt;
        return t->dtype().isFloat() ? ref::cast(*t, ref::DType::f64()) : *t;
      })
      .Case<nn::IotaOp>([&](nn::IotaOp o) -> Result {
        if (!sameSize(o.getSizes()))
          return std::nullopt;
        ref::DType type = *ref::dtypeOf(getElementTypeOrSelf(o.getType()));
        return ref::iota(type.isFloat() ? ref::DType::f64() : type, shapeOf(v), o.getAxis());
      })
      .Case<nn::ReshapeOp>([&](nn::ReshapeOp o) -> Result {
        Result x = operand(o.getInput());
        if (!x || !sameSize(o.getSizes()))
          return std::nullopt;
        return value(ref::reshape(*x, shapeOf(v)));
      })
      .Case<nn::CastOp>([&](nn::CastOp o) -> Result {
        Result x = operand(o.getInput());
        ref::DType to = *ref::dtypeOf(getElementTypeOrSelf(o.getType()));
        if (!x)
          return std::nullopt;
        return ref::cast(*x, to.isFloat() ? ref::DType::f64() : to);
      })
      .Case<nn::UnaryOp>([&](nn::UnaryOp o) -> Result {
        Result x = operand(o.getInput());
        if (!x)
          return std::nullopt;
        return ref::unary(static_cast<ref::UnaryKind>(o.getKind()), *x);
      })
      .Case<nn::ClampOp>([&](nn::ClampOp o) -> Result {
        Result x = operand(o.getInput());
        if (!x)
          return std::nullopt;
        return ref::clamp(*x, o.getLo().convertToDouble(), o.getHi().convertToDouble());
      })
      .Case<nn::BinaryOp>([&](nn::BinaryOp o) -> Result {
        Result l = operand(o.getLhs()), r = operand(o.getRhs());
        if (!l || !r)
          return std::nullopt;
        return value(ref::binary(static_cast<ref::BinaryKind>(o.getKind()), *l, *r));
      })
      .Default([](Operation *) { return Result(); });
}

//===- constants
//----------------------------------------------------------------------------------------===//

Value quant::makeIntegers(OpBuilder &b, Location loc, ArrayRef<int64_t> shape, Type element,
                          std::vector<int64_t> values, StringRef name) {
  auto type = RankedTensorType::get(shape, element);
  ref::Tensor wide =
      ref::Tensor::of<int64_t>(ref::DType::i(64), ref::Shape(shape.begin(), shape.end()), values);
  ref::Tensor narrow = ref::cast(wide, *ref::dtypeOf(element));
  return nn::ConstantOp::create(b, loc, type, ref::elementsOf(narrow, type, name));
}

Value quant::makeCodesOf(OpBuilder &b, Location loc, const ref::Tensor &numbers,
                         const Target &target) {
  std::vector<uint16_t> codes(numbers.numElements());
  const uint32_t mask = target.format()->numCodes() - 1;
  for (int64_t i = 0; i < numbers.numElements(); ++i)
    codes[i] = static_cast<uint16_t>(encode(numbers.at(i), target) & mask);
  auto type = lp::codeTensor(b.getContext(), numbers.shape(), target.format());
  return lp::ConstantOp::create(b, loc, type, lp::makeCodes(type, codes, "table"));
}
