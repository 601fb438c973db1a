// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resize of one axis with positions and weights computed by the program, in f64 as their
// definition.
#include "lib/Conversion/ONNXToNn/ResizeAxis.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;
using nn::CompareKind;

namespace {
/// Arithmetic on f64 tensors.
struct Numbers {
  NodeContext &ctx;
  Type f64 = ctx.b.getF64Type(), i64 = ctx.b.getI64Type();

  Value number(double x) { return ctx.scalar(x, f64); }
  Value number(const Poly &p) { return ctx.cast(ctx.fromKnown(p, {}, i64), f64); }
  Value add(Value x, Value y) { return ctx.binary(BinaryKind::Add, x, y); }
  Value sub(Value x, Value y) { return ctx.binary(BinaryKind::Sub, x, y); }
  Value mul(Value x, Value y) { return ctx.binary(BinaryKind::Mul, x, y); }
  Value div(Value x, Value y) { return ctx.binary(BinaryKind::Div, x, y); }
  Value isOne(Value x) { return ctx.compare(CompareKind::Eq, x, number(1)); }
};
} // namespace

/// The coordinate in the input of each output position.
static Value coordinates(Numbers &n, const ResizeMode &m, const AxisPlan &p,
                         const Poly &inputSize) {
  NodeContext &ctx = n.ctx;
  Value y = iota(ctx, {p.output}, 0, n.f64), input = n.number(inputSize);
  Value scale = p.scaleValue ? p.scaleValue : n.number(p.scale);
  Value last = n.sub(input, n.number(1)), output = n.mul(scale, input), zero = n.number(0.0);
  Value outputLast = n.sub(output, n.number(1));
  if (m.coordinates == "align_corners")
    return ctx.select(n.isOne(output), zero, n.div(n.mul(y, last), outputLast));
  if (m.coordinates == "asymmetric")
    return n.div(y, scale);
  if (m.coordinates == "tf_crop_and_resize") {
    Value start = p.roiStartValue ? p.roiStartValue : n.number(p.roiStart);
    Value end = p.roiEndValue ? p.roiEndValue : n.number(p.roiEnd);
    Value extent = n.mul(n.sub(end, start), last);
    Value within = ctx.select(n.isOne(output), n.div(extent, n.number(2)),
                              n.div(n.mul(y, extent), outputLast));
    return n.add(within, n.mul(start, last));
  }
  Value half = n.sub(n.div(n.add(y, n.number(0.5)), scale), n.number(0.5));
  if (m.coordinates == "pytorch_half_pixel")
    return ctx.select(n.isOne(output), n.number(-0.5), half);
  if (m.coordinates == "half_pixel_symmetric") {
    Value adjustment = n.div(n.number(p.output), output);
    return n.add(n.mul(n.div(input, n.number(2)), n.sub(n.number(1), adjustment)), half);
  }
  return half;
}

/// a d^3 + b d^2 + c d + e
static Value cubic(Numbers &n, Value d, double a, double b, double c, double e) {
  Value sum = n.add(n.mul(n.number(a), d), n.number(b));
  sum = n.add(n.mul(sum, d), n.number(c));
  return n.add(n.mul(sum, d), n.number(e));
}

/// Weights of the taps -1 to 2 (cubic) or 0 to 1 (linear) around the floor of the coordinate.
static SmallVector<Value> weightsOf(Numbers &n, const ResizeMode &m, Value ratio) {
  Value one = n.number(1), rest = n.sub(one, ratio);
  if (m.mode == "linear")
    return {rest, ratio};
  double a = m.cubicA;
  auto inner = [&](Value d) { return cubic(n, d, a + 2, -(a + 3), 0, 1); };
  auto outer = [&](Value d) { return cubic(n, d, a, -5 * a, 8 * a, -4 * a); };
  return {outer(n.add(one, ratio)), inner(ratio), inner(rest), outer(n.add(one, rest))};
}

Value lpc::onnx_to_nn::resizeAxisAtRunTime(NodeContext &ctx, const ResizeMode &m, const AxisPlan &p,
                                           Value x) {
  Numbers n{ctx};
  Type type = elementOf(x);
  int64_t rank = tensorOf(x).getRank();
  Poly inputSize = ctx.dimPoly(x, p.axis);
  Value at = coordinates(n, m, p, inputSize), base = ctx.unary(nn::UnaryKind::Floor, at),
        ratio = n.sub(at, base);
  Value first = n.number(0.0), last = n.sub(n.number(inputSize), n.number(1));
  auto take = [&](Value position) {
    Value inside = ctx.binary(BinaryKind::Max, ctx.binary(BinaryKind::Min, position, last), first);
    return ctx.make<nn::GatherOp>(x, ctx.cast(inside, n.i64), p.axis);
  };
  auto along = [&](Value v) {
    std::vector<Poly> shape(rank, polyOf(1));
    shape[p.axis] = p.output;
    return reshapeTo(ctx, v, shape);
  };
  auto isInside = [&](Value position) {
    return ctx.binary(BinaryKind::And, ctx.compare(CompareKind::Ge, position, first),
                      ctx.compare(CompareKind::Le, position, last));
  };
  Value result;
  if (m.mode == "nearest") {
    if (m.nearest == "floor") {
      result = take(base);
    } else {
      double limit = m.nearest == "ceil" ? 0 : 0.5;
      CompareKind kind = m.nearest == "round_prefer_ceil" ? CompareKind::Ge : CompareKind::Gt;
      result = take(n.add(base, ctx.cast(ctx.compare(kind, ratio, n.number(limit)), n.f64)));
    }
  } else {
    SmallVector<Value> weights = weightsOf(n, m, ratio), positions;
    Value total;
    for (auto [k, w] : llvm::enumerate(weights)) {
      double offset = m.mode == "cubic" ? static_cast<double>(k) - 1 : static_cast<double>(k);
      positions.push_back(n.add(base, n.number(offset)));
      if (m.excludeOutside)
        w = ctx.select(isInside(positions.back()), w, n.number(0.0));
      total = total ? n.add(total, w) : w;
    }
    for (auto [w, position] : llvm::zip(weights, positions)) {
      if (m.excludeOutside)
        w = n.div(w, total);
      Value taken = take(position);
      if (!taken)
        return {};
      Value term = ctx.binary(BinaryKind::Mul, taken, along(ctx.cast(w, type)));
      result = result ? ctx.binary(BinaryKind::Add, result, term) : term;
    }
  }
  if (!result || m.coordinates != "tf_crop_and_resize")
    return result;
  return ctx.select(along(isInside(at)), result, ctx.scalar(m.extrapolation, type));
}
