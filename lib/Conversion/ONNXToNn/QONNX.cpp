// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// QONNX: Quant, BipolarQuant and FloatQuant, which round floats to the grid of a format and give
// floats again. Each becomes lp.quantize and lp.dequantize.
//
// Rounding follows the zero point (round(x / s + z)), other than in ONNX. Bit widths must be
// constant. The attributes has_inf, has_nan and has_subnormal of FloatQuant are remarks; what
// counts is max_val.
#include "lib/Conversion/ONNXToNn/QuantizationParams.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

/// Elements of a constant float tensor; nothing if it is none or its bytes are elsewhere.
static std::optional<SmallVector<double>> constantFloats(NodeContext &ctx, unsigned input) {
  auto value = dyn_cast_if_present<DenseElementsAttr>(ctx.constantValue(ctx.input(input)));
  if (!value || !isa<FloatType>(value.getElementType()))
    return std::nullopt;
  SmallVector<double> numbers;
  for (const APFloat &x : value.getValues<APFloat>()) {
    bool lost;
    APFloat wide = x;
    wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
    numbers.push_back(wide.convertToDouble());
  }
  return numbers;
}

/// An input that must be one constant whole number.
static FailureOr<int64_t> wholeNumber(NodeContext &ctx, unsigned input, StringRef what) {
  std::optional<SmallVector<double>> numbers = constantFloats(ctx, input);
  if (!numbers)
    return ctx.unsupported("a " + what + " that is computed at run time; make it an initializer");
  if (numbers->size() != 1 || std::nearbyint(numbers->front()) != numbers->front() ||
      std::fabs(numbers->front()) > 1e6)
    return ctx.malformed("expected one whole number as " + what + " (input " + Twine(input) + ")");
  return static_cast<int64_t>(numbers->front());
}

static FailureOr<lp::Rounding> roundingMode(NodeContext &ctx) {
  std::string word = StringRef(ctx.stringAttr("rounding_mode", "ROUND")).upper();
  auto rounding = llvm::StringSwitch<std::optional<lp::Rounding>>(word)
                      .Cases({"ROUND", "HALF_EVEN"}, lp::Rounding::NearestEven)
                      .Case("CEIL", lp::Rounding::Up)
                      .Case("FLOOR", lp::Rounding::Down)
                      .Case("UP", lp::Rounding::AwayFromZero)
                      .Case("DOWN", lp::Rounding::TowardZero)
                      .Case("HALF_UP", lp::Rounding::NearestUp)
                      .Case("HALF_DOWN", lp::Rounding::NearestDown)
                      .Default(std::nullopt);
  if (rounding)
    return *rounding;
  return ctx.unsupported("rounding_mode '" + word +
                         "'; use ROUND, CEIL, FLOOR, UP, DOWN, HALF_UP or HALF_DOWN");
}

/// The scale (input 1) along the data: numpy's broadcasting, one element or the data's rank.
static FailureOr<QuantParams> readScale(NodeContext &ctx) {
  constexpr unsigned none = ~0u;
  QuantInputs inputs{/*scale=*/1, /*zeroPoint=*/none, /*axis=*/-1, /*blockSize=*/0,
                     /*anyShape=*/true};
  return readQuantParams(ctx, ctx.input(0), ctx.b.getF32Type(), inputs);
}

/// A zero point (input 2) on the grid of the scales: codes of the format where its values are
/// constant integers in range, else floats; null where all are zero.
static FailureOr<Value> readZeroPoint(NodeContext &ctx, const QuantParams &p,
                                      const num::Format *format) {
  std::optional<SmallVector<double>> numbers = constantFloats(ctx, 2);
  if (!numbers)
    return ctx.unsupported(
        "a zero point that is computed at run time, or of more than 4096 elements; make it a small "
        "initializer");
  if (llvm::all_of(*numbers, [](double z) { return z == 0; }))
    return Value();
  auto grid = cast<RankedTensorType>(p.scale.getType());
  if (!grid.hasStaticShape() ||
      (numbers->size() != 1 && static_cast<int64_t>(numbers->size()) != grid.getNumElements()))
    return ctx.unsupported("a zero point whose shape is not that of the scale");
  if (numbers->size() == 1)
    numbers->resize(grid.getNumElements(), numbers->front());
  bool fits = llvm::all_of(*numbers, [&](double z) {
    return z == std::nearbyint(z) && z >= format->lowest() && z <= format->max();
  });
  if (fits) {
    std::vector<uint16_t> codes;
    for (double z : *numbers)
      codes.push_back(static_cast<uint16_t>(static_cast<int64_t>(z) & (format->numCodes() - 1)));
    RankedTensorType type = lp::codeTensor(ctx.b.getContext(), grid.getShape(), format);
    return Value(
        lp::ConstantOp::create(ctx.b, ctx.loc, type, lp::makeCodes(type, codes, "zero_point")));
  }
  SmallVector<float> floats(numbers->begin(), numbers->end());
  return Value(
      nn::ConstantOp::create(ctx.b, ctx.loc, grid, DenseElementsAttr::get(grid, ArrayRef(floats))));
}

/// Makes result 0 the values of x on the grid of `format`.
static void setRounded(NodeContext &ctx, Value x, const QuantParams &p, Value zeroPoint,
                       const num::Format *format, lp::Rounding rounding) {
  auto type = cast<RankedTensorType>(x.getType());
  Value codes = lp::QuantizeOp::create(
      ctx.b, ctx.loc, lp::codeTensor(ctx.b.getContext(), type.getShape(), format), x,
      ValueRange{p.scale}, zeroPoint, p.structure, rounding, lp::Overflow::Saturate,
      lp::NaNPolicy::Lowest,
      zeroPoint ? lp::ZeroPointOrder::BeforeRounding : lp::ZeroPointOrder::AfterRounding);
  ctx.setOutput(0, lp::DequantizeOp::create(ctx.b, ctx.loc, type, codes, ValueRange{p.scale},
                                            zeroPoint, p.structure));
}

static LogicalResult roundBipolar(NodeContext &ctx) {
  FailureOr<QuantParams> p = readScale(ctx);
  if (failed(p))
    return failure();
  // x >= 0 gives +1, a negative zero too.
  Value x = ctx.input(0);
  x = ctx.binary(nn::BinaryKind::Add, x, ctx.scalar(0, elementOf(x)));
  setRounded(ctx, x, *p, Value(), num::Format::parse("binary"), lp::Rounding::NearestEven);
  return success();
}

static LogicalResult convertQuant(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 4, 4, Float)) ||
      failed(ctx.onlyAttrs({"signed", "narrow", "rounding_mode"})))
    return failure();
  if (!ctx.hasAttr("signed") || !ctx.hasAttr("narrow"))
    return ctx.malformed("the attributes 'signed' and 'narrow' must be given");
  bool isSigned = ctx.intAttr("signed", 1) != 0, isNarrow = ctx.intAttr("narrow", 0) != 0;
  FailureOr<int64_t> bits = wholeNumber(ctx, 3, "bit width");
  FailureOr<lp::Rounding> rounding = roundingMode(ctx);
  if (failed(bits) || failed(rounding))
    return failure();
  if (*bits == 1 && isSigned)
    return roundBipolar(ctx);
  if (isNarrow && !isSigned)
    return ctx.unsupported("a narrow unsigned format; use narrow=0");
  const num::Format *format =
      *bits < 1 || *bits > 16
          ? nullptr
          : num::IntegerFormat::get(static_cast<unsigned>(*bits), isSigned, isNarrow);
  if (!format)
    return ctx.unsupported("integers of " + Twine(*bits) + " bits; lpc has 1 to 16");
  FailureOr<QuantParams> p = readScale(ctx);
  if (failed(p))
    return failure();
  FailureOr<Value> zeroPoint = readZeroPoint(ctx, *p, format);
  if (failed(zeroPoint))
    return failure();
  setRounded(ctx, ctx.input(0), *p, *zeroPoint, format, *rounding);
  return success();
}

static LogicalResult convertBipolarQuant(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 2, Float)) || failed(ctx.onlyAttrs({})))
    return failure();
  return roundBipolar(ctx);
}

/// The format of these fields whose largest value is `max`; null if there is none.
static const num::Format *findMinifloat(int64_t exponent, int64_t mantissa, int64_t bias,
                                        double max) {
  for (num::Specials specials : {num::Specials::Finite, num::Specials::FN, num::Specials::IEEE,
                                 num::Specials::FNUZ, num::Specials::Extended}) {
    num::MinifloatParams p;
    p.exponentBits = static_cast<unsigned>(exponent);
    p.mantissaBits = static_cast<unsigned>(mantissa);
    p.bias = static_cast<int>(bias);
    p.specials = specials;
    const num::Format *format = num::MinifloatFormat::get(p);
    if (format && format->width() <= num::maxTensorCodeBits && format->max() == max)
      return format;
  }
  return nullptr;
}

static LogicalResult convertFloatQuant(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 6, 6, Float)) ||
      failed(ctx.onlyAttrs({"has_inf", "has_nan", "has_subnormal", "rounding_mode", "saturation"})))
    return failure();
  FailureOr<int64_t> exponent = wholeNumber(ctx, 2, "exponent bit width");
  FailureOr<int64_t> mantissa = wholeNumber(ctx, 3, "mantissa bit width");
  FailureOr<int64_t> bias = wholeNumber(ctx, 4, "exponent bias");
  FailureOr<lp::Rounding> rounding = roundingMode(ctx);
  std::optional<SmallVector<double>> max = constantFloats(ctx, 5);
  if (failed(exponent) || failed(mantissa) || failed(bias) || failed(rounding))
    return failure();
  if (!max || max->size() != 1)
    return ctx.unsupported("a largest value (input 5) that is no constant number");
  if (ctx.intAttr("saturation", 1) == 0)
    return ctx.unsupported("saturation=0; lpc limits to the largest value");
  if (*exponent < 1 || *mantissa < 0)
    return ctx.malformed("expected at least one exponent bit and no negative bit width");
  const num::Format *format = findMinifloat(*exponent, *mantissa, *bias, max->front());
  if (!format)
    return ctx.unsupported("a minifloat of " + Twine(*exponent) + " exponent and " +
                           Twine(*mantissa) + " mantissa bits with bias " + Twine(*bias) +
                           " and the largest value " + llvm::formatv("{0}", max->front()).str() +
                           ": lpc has no format with that end");
  FailureOr<QuantParams> p = readScale(ctx);
  if (failed(p))
    return failure();
  setRounded(ctx, ctx.input(0), *p, Value(), format, *rounding);
  return success();
}

void onnx_to_nn::populateQONNX(Registry &r) {
  for (StringRef domain : {"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas"}) {
    r.add(domain, "Quant", convertQuant);
    r.add(domain, "IntQuant", convertQuant);
    r.add(domain, "BipolarQuant", convertBipolarQuant);
    r.add(domain, "FloatQuant", convertFloatQuant);
  }
}
