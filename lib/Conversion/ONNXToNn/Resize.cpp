// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resize and Upsample, axis by axis: each output position is a weighted sum of input positions,
// both known at compile time, so that an axis is a few gathers. Nearest neighbours with a whole
// factor need no sizes: elements are repeated. What is known at run time only is in
// ResizeAtRunTime.cpp.
#include "lib/Conversion/ONNXToNn/ResizeAxis.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

namespace {
/// Input positions and their weights for one output position; outside: the position lies outside a
/// cropped input.
struct Taps {
  SmallVector<int64_t> positions;
  SmallVector<double> weights;
  bool outside = false;
};
} // namespace

static double sourceCoordinate(const ResizeMode &m, const AxisPlan &p, int64_t y, int64_t input) {
  double output = p.scale * input, at = static_cast<double>(y);
  if (m.coordinates == "align_corners")
    return output == 1 ? 0 : at * (input - 1) / (output - 1);
  if (m.coordinates == "asymmetric")
    return at / p.scale;
  if (m.coordinates == "tf_crop_and_resize") {
    double extent = (p.roiEnd - p.roiStart) * (input - 1);
    return p.roiStart * (input - 1) + (output == 1 ? extent / 2 : at * extent / (output - 1));
  }
  if (m.coordinates == "pytorch_half_pixel" && output == 1)
    return -0.5;
  double half = (at + 0.5) / p.scale - 0.5;
  if (m.coordinates == "half_pixel_symmetric")
    return input / 2.0 * (1 - *SymbolicIndex::constantOf(p.output) / output) + half;
  return half;
}

/// Keys' cubic kernel.
static double cubicWeight(double distance, double a) {
  double d = std::fabs(distance);
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

static Taps tapsOf(const ResizeMode &m, const AxisPlan &p, int64_t y, int64_t input) {
  Taps t;
  double x = sourceCoordinate(m, p, y, input);
  t.outside = m.coordinates == "tf_crop_and_resize" && (x < 0 || x > input - 1);
  int64_t base = static_cast<int64_t>(std::floor(x));
  double ratio = x - static_cast<double>(base);
  if (m.mode == "nearest") {
    bool up = m.nearest == "ceil"                 ? ratio > 0
              : m.nearest == "round_prefer_floor" ? ratio > 0.5
              : m.nearest == "round_prefer_ceil"  ? ratio >= 0.5
                                                  : false;
    t.positions.push_back(base + up);
    t.weights.push_back(1);
  } else {
    // Antialiasing widens the kernel by the factor of a reduction.
    double radius = m.mode == "cubic" ? 2 : 1, shrink = m.antialias ? std::min(p.scale, 1.0) : 1;
    // An integer coordinate is the right end of its interval, so that the kernel has one size
    // everywhere.
    if (ratio == 0) {
      --base;
      ratio = 1;
    }
    int64_t first = static_cast<int64_t>(std::floor(-radius / shrink)) + 1, last = 1 - first;
    double total = 0;
    for (int64_t k = first; k <= last; ++k) {
      double distance = (static_cast<double>(k) - ratio) * shrink;
      double w = m.mode == "cubic" ? cubicWeight(distance, m.cubicA)
                                   : std::max(0.0, 1 - std::fabs(distance));
      if (m.excludeOutside && (base + k < 0 || base + k >= input))
        w = 0;
      t.positions.push_back(base + k);
      t.weights.push_back(w);
      total += w;
    }
    if ((m.antialias || m.excludeOutside) && total != 0)
      for (double &w : t.weights)
        w /= total;
  }
  for (int64_t &position : t.positions)
    position = std::clamp<int64_t>(position, 0, input - 1);
  return t;
}

/// A constant of shape [n, 1, ...] that lies along `axis` of a tensor of rank `rank`.
static Value alongAxisConstant(NodeContext &ctx, ArrayRef<double> values, int64_t axis,
                               int64_t rank, Type type) {
  SmallVector<int64_t> shape(rank, 1);
  shape[axis] = values.size();
  SmallVector<APFloat> numbers;
  for (double v : values) {
    APFloat f(v);
    bool losesInfo;
    f.convert(llvm::cast<FloatType>(type).getFloatSemantics(), APFloat::rmNearestTiesToEven,
              &losesInfo);
    numbers.push_back(f);
  }
  return nn::ConstantOp::create(
      ctx.b, ctx.loc, DenseElementsAttr::get(RankedTensorType::get(shape, type), numbers));
}

static Value resizeAxis(NodeContext &ctx, const ResizeMode &m, const AxisPlan &p, Value x,
                        int64_t input) {
  int64_t rank = tensorOf(x).getRank();
  Type type = elementOf(x);
  SmallVector<Taps> taps;
  int64_t outputSize = *SymbolicIndex::constantOf(p.output);
  for (int64_t y = 0; y < outputSize; ++y)
    taps.push_back(tapsOf(m, p, y, input));
  size_t count = taps.empty() ? 1 : taps.front().positions.size();
  Value sum;
  for (size_t k = 0; k < count; ++k) {
    SmallVector<int64_t> positions;
    SmallVector<double> weights;
    for (const Taps &t : taps) {
      positions.push_back(t.positions[k]);
      weights.push_back(t.weights[k]);
    }
    if (llvm::all_of(weights, [](double w) { return w == 0; }) &&
        !(sum == Value() && k + 1 == count))
      continue;
    Value term = ctx.make<nn::GatherOp>(x, ctx.constant(positions, ctx.b.getI64Type()), p.axis);
    if (!term)
      return {};
    if (llvm::any_of(weights, [](double w) { return w != 1; }))
      term = ctx.binary(nn::BinaryKind::Mul, term,
                        alongAxisConstant(ctx, weights, p.axis, rank, type));
    sum = sum ? ctx.binary(nn::BinaryKind::Add, sum, term) : term;
  }
  SmallVector<int64_t> inside;
  for (const Taps &t : taps)
    inside.push_back(!t.outside);
  if (!llvm::is_contained(inside, 0))
    return sum;
  SmallVector<Poly> bits = llvm::map_to_vector(inside, [](int64_t b) { return polyOf(b); });
  SmallVector<int64_t> shape(rank, 1);
  shape[p.axis] = outputSize;
  Value mask = ctx.fromKnown(bits, shape, ctx.b.getI1Type());
  return ctx.select(mask, sum, ctx.scalar(m.extrapolation, type));
}

/// Longer lists of positions are computed by the program.
static constexpr int64_t kMaxPositions = 1 << 16;

/// Whether nearest neighbours at this whole factor are the elements, each repeated.
static bool repeatsElements(const ResizeMode &m, double factor) {
  if (m.mode != "nearest" || factor != std::floor(factor) || factor < 1)
    return false;
  if (m.coordinates == "asymmetric")
    return m.nearest == "floor" || (m.nearest == "round_prefer_floor" && factor <= 2);
  bool centred = m.coordinates == "half_pixel" || m.coordinates == "pytorch_half_pixel" ||
                 m.coordinates == "half_pixel_symmetric";
  return centred && (m.nearest == "round_prefer_floor" || m.nearest == "round_prefer_ceil");
}

/// [.., d, ..] => [.., d, 1, ..] => [.., d, factor, ..] => [.., d * factor, ..]
static Value repeatAxis(NodeContext &ctx, Value x, int64_t axis, int64_t factor) {
  std::vector<Poly> whole = ctx.dimPolys(x), repeated = whole;
  repeated.insert(repeated.begin() + axis + 1, polyOf(factor));
  whole[axis] = ctx.symbols().mul(whole[axis], polyOf(factor));
  return reshapeTo(ctx, broadcastToShape(ctx, unsqueeze(ctx, x, axis + 1), repeated), whole);
}

static std::optional<SmallVector<double>> readFloats(NodeContext &ctx, unsigned i) {
  auto dense = dyn_cast_if_present<DenseElementsAttr>(ctx.constantValue(ctx.input(i)));
  if (!dense || !isa<FloatType>(dense.getElementType()))
    return std::nullopt;
  SmallVector<double> values;
  for (APFloat f : dense.getValues<APFloat>()) {
    bool losesInfo;
    f.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    values.push_back(f.convertToDouble());
  }
  return values;
}

static FailureOr<ResizeMode> readMode(NodeContext &ctx, bool isOld) {
  ResizeMode m;
  m.mode = ctx.stringAttr("mode", "nearest");
  if (m.mode == "bilinear" || m.mode == "trilinear")
    m.mode = "linear";
  m.coordinates =
      isOld ? "asymmetric" : ctx.stringAttr("coordinate_transformation_mode", "half_pixel");
  m.nearest = isOld ? "floor" : ctx.stringAttr("nearest_mode", "round_prefer_floor");
  m.cubicA = ctx.floatAttr("cubic_coeff_a", -0.75);
  m.extrapolation = ctx.floatAttr("extrapolation_value", 0);
  m.antialias = ctx.intAttr("antialias", 0) != 0;
  m.excludeOutside = ctx.intAttr("exclude_outside", 0) != 0;
  auto isOneOf = [](StringRef x, ArrayRef<StringRef> known) {
    return llvm::is_contained(known, x);
  };
  if (!isOneOf(m.mode, {"nearest", "linear", "cubic"}))
    return ctx.unsupported("mode '" + m.mode + "' is not one of nearest, linear, cubic");
  if (!isOneOf(m.coordinates, {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                               "align_corners", "asymmetric", "tf_crop_and_resize"}))
    return ctx.unsupported("coordinate_transformation_mode '" + m.coordinates +
                           "' is not supported; use half_pixel");
  if (!isOneOf(m.nearest, {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}))
    return ctx.unsupported("nearest_mode '" + m.nearest + "' is not supported; use floor");
  if (m.mode != "nearest" && classOf(elementOf(ctx, 0)) != Float)
    return ctx.unsupported("interpolation of elements of type " + printed(elementOf(ctx, 0)) +
                           "; cast to a float type first");
  return m;
}

/// Element i of a float or integer list, as an f64 scalar of the program.
static Value elementAsF64(NodeContext &ctx, Value list, int64_t i) {
  return ctx.cast(reshapeTo(ctx, sliceAxis(ctx, list, 0, polyOf(i), polyOf(1)), {}),
                  ctx.b.getF64Type());
}

/// floor(x) of a non-negative f64 scalar as a size.
static Poly sizeOf(NodeContext &ctx, Value x) {
  Value whole = ctx.cast(ctx.unary(nn::UnaryKind::Floor, x), ctx.b.getI64Type());
  return ctx.symbols().max(ctx.symbols().of(ctx.elements(whole)->front()), polyOf(0));
}

static Value sizeAsF64(NodeContext &ctx, const Poly &p) {
  return ctx.cast(ctx.fromKnown(p, {}, ctx.b.getI64Type()), ctx.b.getF64Type());
}

static LogicalResult wrongLength(NodeContext &ctx, int64_t given, size_t axes) {
  return ctx.malformed(Twine(given) + " scales or sizes are given for " + Twine(axes) + " axes");
}

/// floor(input * scale) for each axis.
static LogicalResult planScales(NodeContext &ctx, MutableArrayRef<AxisPlan> plans, unsigned at) {
  Value x = ctx.input(0);
  std::optional<SmallVector<double>> scales =
      ctx.hasAttr("scales") ? ctx.floatsAttr("scales") : readFloats(ctx, at);
  if (!scales) {
    RankedTensorType type = ctx.inputType(at);
    if (type.getRank() != 1 || type.getDimSize(0) != static_cast<int64_t>(plans.size()) ||
        !isa<FloatType>(type.getElementType()))
      return ctx.malformed("the scales must be a list of floats, one for each of " +
                           Twine(plans.size()) + " axes");
    for (auto [i, p] : llvm::enumerate(plans)) {
      p.scaleValue = elementAsF64(ctx, ctx.input(at), i);
      p.output = sizeOf(ctx, ctx.binary(nn::BinaryKind::Mul, sizeAsF64(ctx, ctx.dimPoly(x, p.axis)),
                                        p.scaleValue));
    }
    return success();
  }
  if (scales->size() != plans.size())
    return wrongLength(ctx, scales->size(), plans.size());
  for (auto [p, scale] : llvm::zip(plans, *scales)) {
    Poly input = ctx.dimPoly(x, p.axis);
    if (!(scale > 0) || scale > 1e9)
      return ctx.malformed("a scale is not positive, or beyond all sizes");
    p.scale = scale;
    if (std::optional<int64_t> size = SymbolicIndex::constantOf(input))
      p.output = polyOf(static_cast<int64_t>(std::floor(static_cast<double>(*size) * scale)));
    else if (scale == std::floor(scale))
      p.output = ctx.symbols().mul(input, polyOf(static_cast<int64_t>(scale)));
    else
      p.output = sizeOf(ctx, ctx.binary(nn::BinaryKind::Mul, sizeAsF64(ctx, input),
                                        ctx.scalar(scale, ctx.b.getF64Type())));
  }
  return success();
}

/// Sizes, and the scales that they mean.
static LogicalResult planSizes(NodeContext &ctx, MutableArrayRef<AxisPlan> plans, unsigned at) {
  Value x = ctx.input(0);
  FailureOr<std::vector<Poly>> sizes = readPolys(ctx, at, "the list of sizes");
  if (failed(sizes))
    return failure();
  if (sizes->size() != plans.size())
    return wrongLength(ctx, sizes->size(), plans.size());
  std::string policy = ctx.stringAttr("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch" && policy != "not_larger" && policy != "not_smaller")
    return ctx.malformed("keep_aspect_ratio_policy '" + policy +
                         "' is not one of stretch, not_larger, not_smaller");
  bool isStatic = true, least = policy == "not_larger";
  for (auto [p, size] : llvm::zip(plans, *sizes)) {
    Poly input = ctx.dimPoly(x, p.axis);
    p.output = size;
    std::optional<int64_t> from = SymbolicIndex::constantOf(input),
                           to = SymbolicIndex::constantOf(size);
    std::optional<Poly> factor = ctx.symbols().exactQuotient(size, input);
    std::optional<int64_t> whole = factor ? SymbolicIndex::constantOf(*factor) : std::nullopt;
    if (from && to && *from > 0 && *to >= 0)
      p.scale = static_cast<double>(*to) / static_cast<double>(*from);
    else if (whole && *whole > 0)
      p.scale = static_cast<double>(*whole);
    else {
      p.scaleValue = ctx.binary(nn::BinaryKind::Div, sizeAsF64(ctx, size), sizeAsF64(ctx, input));
      isStatic = false;
    }
    isStatic &= from.has_value() || policy == "stretch";
  }
  if (policy == "stretch" || plans.empty())
    return success();
  // One scale for all axes, and sizes that it gives, halves rounded up.
  double common = plans.front().scale;
  Type f64 = ctx.b.getF64Type();
  Value commonValue;
  for (AxisPlan &p : plans) {
    common = least ? std::min(common, p.scale) : std::max(common, p.scale);
    if (!isStatic) {
      Value scale = p.scaleValue ? p.scaleValue : ctx.scalar(p.scale, f64);
      commonValue = commonValue ? ctx.binary(least ? nn::BinaryKind::Min : nn::BinaryKind::Max,
                                             commonValue, scale)
                                : scale;
    }
  }
  for (AxisPlan &p : plans) {
    Poly input = ctx.dimPoly(x, p.axis);
    p.scale = common;
    p.scaleValue = commonValue;
    if (isStatic)
      p.output = polyOf(static_cast<int64_t>(
          std::floor(common * static_cast<double>(*SymbolicIndex::constantOf(input)) + 0.5)));
    else
      p.output = sizeOf(
          ctx, ctx.binary(nn::BinaryKind::Add,
                          ctx.binary(nn::BinaryKind::Mul, sizeAsF64(ctx, input), commonValue),
                          ctx.scalar(0.5, f64)));
  }
  return success();
}

static LogicalResult readPlans(NodeContext &ctx, MutableArrayRef<AxisPlan> plans, unsigned scalesAt,
                               unsigned sizesAt) {
  auto isEmpty = [&](unsigned i) {
    return ctx.inputType(i).hasStaticShape() && ctx.inputType(i).getNumElements() == 0;
  };
  if (ctx.hasAttr("scales") || (ctx.hasInput(scalesAt) && !isEmpty(scalesAt)))
    return planScales(ctx, plans, scalesAt);
  if (!ctx.hasInput(sizesAt))
    return ctx.malformed("neither scales nor sizes are given");
  return planSizes(ctx, plans, sizesAt);
}

static LogicalResult readRegion(NodeContext &ctx, MutableArrayRef<AxisPlan> plans) {
  int64_t n = plans.size();
  if (!ctx.hasInput(1) || ctx.inputType(1).getRank() != 1 ||
      ctx.inputType(1).getDimSize(0) != 2 * n || !isa<FloatType>(elementOf(ctx, 1)))
    return ctx.malformed("'roi' must be a list of floats with a start and an end for each axis");
  std::optional<SmallVector<double>> roi = readFloats(ctx, 1);
  for (int64_t i = 0; i < n; ++i) {
    AxisPlan &p = plans[i];
    if (roi) {
      p.roiStart = (*roi)[i];
      p.roiEnd = (*roi)[n + i];
    } else {
      p.roiStartValue = elementAsF64(ctx, ctx.input(1), i);
      p.roiEndValue = elementAsF64(ctx, ctx.input(1), n + i);
    }
  }
  return success();
}

static LogicalResult convertResize(NodeContext &ctx) {
  bool isOld = ctx.opType() == "Upsample" || ctx.opset() < 11;
  if (failed(checkArity(ctx, 1, 4)) ||
      failed(ctx.onlyAttrs({"antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a",
                            "exclude_outside", "extrapolation_value", "keep_aspect_ratio_policy",
                            "mode", "nearest_mode", "scales"})))
    return failure();
  FailureOr<ResizeMode> mode = readMode(ctx, isOld);
  if (failed(mode))
    return failure();
  Value x = ctx.input(0);
  int64_t rank = tensorOf(x).getRank();
  SmallVector<int64_t> all;
  for (int64_t i = 0; i < rank; ++i)
    all.push_back(i);
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(ctx, ctx.intsAttr("axes", all), rank);
  if (failed(axes))
    return failure();
  SmallVector<AxisPlan> plans;
  for (int64_t axis : *axes) {
    plans.emplace_back();
    plans.back().axis = axis;
  }
  if (failed(isOld ? readPlans(ctx, plans, 1, 2) : readPlans(ctx, plans, 2, 3)))
    return failure();
  if (mode->coordinates == "tf_crop_and_resize" && failed(readRegion(ctx, plans)))
    return failure();
  for (const AxisPlan &p : plans) {
    std::optional<int64_t> input = SymbolicIndex::constantOf(ctx.dimPoly(x, p.axis)),
                           output = SymbolicIndex::constantOf(p.output);
    bool isFixed = !p.scaleValue && !p.roiStartValue;
    bool cropped = p.roiStart != 0 || p.roiEnd != 1;
    if (isFixed && p.scale == 1 && !cropped && p.output == ctx.dimPoly(x, p.axis))
      continue;
    if (isFixed && repeatsElements(*mode, p.scale))
      x = repeatAxis(ctx, x, p.axis, static_cast<int64_t>(p.scale));
    else if (isFixed && input && output && *input > 0 && *output <= kMaxPositions)
      x = resizeAxis(ctx, *mode, p, x, *input);
    else if (mode->antialias && mode->mode != "nearest")
      return ctx.unsupported(
          "'antialias' needs an input of known size and constant scales or sizes");
    else
      x = resizeAxisAtRunTime(ctx, *mode, p, x);
    if (!x)
      return failure();
  }
  ctx.setOutput(0, x);
  return success();
}

void lpc::onnx_to_nn::populateResize(Registry &registry) {
  registry.add("Resize", convertResize);
  registry.add("Upsample", convertResize);
}
