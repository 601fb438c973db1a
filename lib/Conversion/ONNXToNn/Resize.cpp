// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resize and Upsample, axis by axis: each output position is a weighted sum of input positions, both known at compile time, so
// that an axis is a few gathers. Nearest neighbours with a whole factor need no sizes: elements are repeated.
#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

namespace {
struct ResizeMode {
  std::string mode, coordinates, nearest;
  double cubicA = -0.75, extrapolation = 0;
  bool antialias = false, excludeOutside = false;
};

/// What happens to one axis.
struct AxisPlan {
  int64_t axis = 0, output = 0;
  double scale = 1;
  double roiStart = 0, roiEnd = 1;
};

/// Input positions and their weights for one output position; outside: the position lies outside a cropped input.
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
    return input / 2.0 * (1 - p.output / output) + half;
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
    // An integer coordinate is the right end of its interval, so that the kernel has one size everywhere.
    if (ratio == 0) {
      --base;
      ratio = 1;
    }
    int64_t first = static_cast<int64_t>(std::floor(-radius / shrink)) + 1, last = 1 - first;
    double total = 0;
    for (int64_t k = first; k <= last; ++k) {
      double distance = (static_cast<double>(k) - ratio) * shrink;
      double w = m.mode == "cubic" ? cubicWeight(distance, m.cubicA) : std::max(0.0, 1 - std::fabs(distance));
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
static Value alongAxisConstant(NodeContext &ctx, ArrayRef<double> values, int64_t axis, int64_t rank, Type type) {
  SmallVector<int64_t> shape(rank, 1);
  shape[axis] = values.size();
  SmallVector<APFloat> numbers;
  for (double v : values) {
    APFloat f(v);
    bool losesInfo;
    f.convert(llvm::cast<FloatType>(type).getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    numbers.push_back(f);
  }
  return nn::ConstantOp::create(ctx.b, ctx.loc, DenseElementsAttr::get(RankedTensorType::get(shape, type), numbers));
}

static Value resizeAxis(NodeContext &ctx, const ResizeMode &m, const AxisPlan &p, Value x, int64_t input) {
  int64_t rank = tensorOf(x).getRank();
  Type type = elementOf(x);
  SmallVector<Taps> taps;
  for (int64_t y = 0; y < p.output; ++y)
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
    if (llvm::all_of(weights, [](double w) { return w == 0; }) && !(sum == Value() && k + 1 == count))
      continue;
    Value term = ctx.make<nn::GatherOp>(x, ctx.constant(positions, ctx.b.getI64Type()), p.axis);
    if (!term)
      return {};
    if (llvm::any_of(weights, [](double w) { return w != 1; }))
      term = ctx.binary(nn::BinaryKind::Mul, term, alongAxisConstant(ctx, weights, p.axis, rank, type));
    sum = sum ? ctx.binary(nn::BinaryKind::Add, sum, term) : term;
  }
  SmallVector<int64_t> inside;
  for (const Taps &t : taps)
    inside.push_back(!t.outside);
  if (!llvm::is_contained(inside, 0))
    return sum;
  SmallVector<Poly> bits = llvm::map_to_vector(inside, [](int64_t b) { return polyOf(b); });
  SmallVector<int64_t> shape(rank, 1);
  shape[p.axis] = p.output;
  Value mask = ctx.fromKnown(bits, shape, ctx.b.getI1Type());
  return ctx.select(mask, sum, ctx.scalar(m.extrapolation, type));
}

/// Whether nearest neighbours at this whole factor are the elements, each repeated.
static bool repeatsElements(const ResizeMode &m, double factor) {
  if (m.mode != "nearest" || factor != std::floor(factor) || factor < 1)
    return false;
  if (m.coordinates == "asymmetric")
    return m.nearest == "floor" || (m.nearest == "round_prefer_floor" && factor <= 2);
  bool centred = m.coordinates == "half_pixel" || m.coordinates == "pytorch_half_pixel" || m.coordinates == "half_pixel_symmetric";
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
  m.coordinates = isOld ? "asymmetric" : ctx.stringAttr("coordinate_transformation_mode", "half_pixel");
  m.nearest = isOld ? "floor" : ctx.stringAttr("nearest_mode", "round_prefer_floor");
  m.cubicA = ctx.floatAttr("cubic_coeff_a", -0.75);
  m.extrapolation = ctx.floatAttr("extrapolation_value", 0);
  m.antialias = ctx.intAttr("antialias", 0) != 0;
  m.excludeOutside = ctx.intAttr("exclude_outside", 0) != 0;
  auto isOneOf = [](StringRef x, ArrayRef<StringRef> known) { return llvm::is_contained(known, x); };
  if (!isOneOf(m.mode, {"nearest", "linear", "cubic"}))
    return ctx.unsupported("mode '" + m.mode + "' is not one of nearest, linear, cubic");
  if (!isOneOf(m.coordinates, {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
                               "tf_crop_and_resize"}))
    return ctx.unsupported("coordinate_transformation_mode '" + m.coordinates + "' is not supported; use half_pixel");
  if (!isOneOf(m.nearest, {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}))
    return ctx.unsupported("nearest_mode '" + m.nearest + "' is not supported; use floor");
  if (m.mode != "nearest" && classOf(elementOf(ctx, 0)) != Float)
    return ctx.unsupported("interpolation of elements of type " + printed(elementOf(ctx, 0)) + "; cast to a float type first");
  return m;
}

/// Scales, or sizes turned into scales, for the axes that they list.
static FailureOr<SmallVector<AxisPlan>> readPlans(NodeContext &ctx, ArrayRef<int64_t> axes, unsigned scalesAt, unsigned sizesAt) {
  SmallVector<AxisPlan> plans;
  for (int64_t axis : axes) {
    plans.emplace_back();
    plans.back().axis = axis;
  }
  Value x = ctx.input(0);
  auto wrongLength = [&](size_t n) {
    return ctx.malformed(Twine(n) + " scales or sizes are given for " + Twine(axes.size()) + " axes");
  };
  std::optional<SmallVector<double>> scales;
  if (ctx.hasAttr("scales"))
    scales = ctx.floatsAttr("scales");
  else if (ctx.hasInput(scalesAt) && ctx.inputType(scalesAt).getNumElements() != 0) {
    scales = readFloats(ctx, scalesAt);
    if (!scales)
      return ctx.unsupported("the scales are computed at run time; make them a constant of the model");
  }
  if (scales) {
    if (scales->size() != plans.size())
      return wrongLength(scales->size());
    for (auto [p, scale] : llvm::zip(plans, *scales)) {
      int64_t input = tensorOf(x).getDimSize(p.axis);
      if (!(scale > 0))
        return ctx.malformed("a scale is not positive");
      p.scale = scale;
      p.output = ShapedType::isDynamic(input) ? ShapedType::kDynamic : static_cast<int64_t>(std::floor(input * scale));
    }
    return plans;
  }
  if (!ctx.hasInput(sizesAt))
    return ctx.malformed("neither scales nor sizes are given");
  std::optional<std::vector<Poly>> sizes = ctx.known(ctx.input(sizesAt));
  if (!sizes)
    return ctx.unsupported("the sizes are computed at run time; use constant scales instead");
  if (sizes->size() != plans.size())
    return wrongLength(sizes->size());
  std::string policy = ctx.stringAttr("keep_aspect_ratio_policy", "stretch");
  double common = policy == "not_larger" ? HUGE_VAL : 0;
  for (auto [p, size] : llvm::zip(plans, *sizes)) {
    Poly input = ctx.dimPoly(x, p.axis);
    std::optional<int64_t> from = SymbolicIndex::constantOf(input), to = SymbolicIndex::constantOf(size);
    if (size == input) {
      p.scale = 1;
      p.output = from.value_or(ShapedType::kDynamic);
    } else if (from && to && *from > 0) {
      p.scale = static_cast<double>(*to) / static_cast<double>(*from);
      p.output = *to;
    } else if (std::optional<Poly> q = ctx.symbols().exactQuotient(size, input); q && SymbolicIndex::constantOf(*q)) {
      p.scale = static_cast<double>(*SymbolicIndex::constantOf(*q));
      p.output = ShapedType::kDynamic;
    } else {
      return ctx.unsupported("the sizes of the input or the result are not known at compile time; use constant scales instead");
    }
    common = policy == "not_larger" ? std::min(common, p.scale) : std::max(common, p.scale);
  }
  if (policy == "stretch")
    return plans;
  if (policy != "not_larger" && policy != "not_smaller")
    return ctx.malformed("keep_aspect_ratio_policy '" + policy + "' is not one of stretch, not_larger, not_smaller");
  for (AxisPlan &p : plans) {
    int64_t input = tensorOf(x).getDimSize(p.axis);
    if (ShapedType::isDynamic(input))
      return ctx.unsupported("'keep_aspect_ratio_policy' needs an input of known size");
    p.output = static_cast<int64_t>(std::floor(common * static_cast<double>(input) + 0.5));
    p.scale = common;
  }
  return plans;
}

static LogicalResult convertResize(NodeContext &ctx) {
  bool isOld = ctx.opType() == "Upsample" || ctx.opset() < 11;
  if (failed(checkArity(ctx, 1, 4)) ||
      failed(ctx.onlyAttrs({"antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
                            "extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode", "scales"})))
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
  FailureOr<SmallVector<AxisPlan>> plans = isOld ? readPlans(ctx, *axes, 1, 2) : readPlans(ctx, *axes, 2, 3);
  if (failed(plans))
    return failure();
  if (mode->coordinates == "tf_crop_and_resize") {
    std::optional<SmallVector<double>> roi = ctx.hasInput(1) ? readFloats(ctx, 1) : std::nullopt;
    if (!roi || roi->size() != 2 * plans->size())
      return ctx.unsupported("'roi' must be a constant with a start and an end for each axis");
    for (auto [i, p] : llvm::enumerate(*plans)) {
      p.roiStart = (*roi)[i];
      p.roiEnd = (*roi)[plans->size() + i];
    }
  }
  for (const AxisPlan &p : *plans) {
    int64_t input = tensorOf(x).getDimSize(p.axis);
    bool cropped = p.roiStart != 0 || p.roiEnd != 1;
    if (p.scale == 1 && !cropped && (p.output == input || ShapedType::isDynamic(input)))
      continue;
    if (repeatsElements(*mode, p.scale)) {
      x = repeatAxis(ctx, x, p.axis, static_cast<int64_t>(p.scale));
      continue;
    }
    if (ShapedType::isDynamic(input))
      return ctx.unsupported("dimension " + Twine(p.axis) + " has an unknown size; only nearest neighbours with a whole factor are "
                             "supported there");
    x = resizeAxis(ctx, *mode, p, x, input);
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
