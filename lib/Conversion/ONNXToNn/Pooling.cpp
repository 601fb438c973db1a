// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling. Resize is in Resize.cpp.
#include "lib/Conversion/ONNXToNn/HandlerWindows.h"

#include <limits>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

/// A pool's window, with ends lengthened for ceil mode, and the pads that averages count if that
/// differs.
struct PoolWindow : Window {
  SmallVector<int64_t> countedPads;
};

/// The padding at the end that gives as many positions as ceil mode wants: a partial window counts,
/// unless it starts in the padding.
static Poly ceilModeEnd(SymbolicIndex &s, const Poly &size, int64_t begin, int64_t end,
                        int64_t effective, int64_t stride) {
  Poly span = s.add(size, polyOf(begin + end - effective)), step = polyOf(stride);
  Poly last = s.mul(s.divide(AtomKind::CeilDiv, span, step), step);
  last = s.select(s.less(last, s.add(size, polyOf(begin))), last, s.sub(last, step));
  Poly least = s.sub(s.add(last, polyOf(effective - begin)), size);
  return s.min(s.max(polyOf(end), least), s.add(least, polyOf(stride - 1)));
}

static FailureOr<PoolWindow> readPool(NodeContext &ctx) {
  Value x = ctx.input(0);
  if (!ctx.hasAttr("kernel_shape"))
    return ctx.malformed("attribute 'kernel_shape' is missing");
  FailureOr<Window> window = readWindow(ctx, x, ctx.intsAttr("kernel_shape"));
  if (failed(window))
    return failure();
  PoolWindow w{*window, {}};
  if (!ctx.intAttr("ceil_mode", 0) || ctx.stringAttr("auto_pad", "NOTSET").substr(0, 4) == "SAME")
    return w;
  w.countedPads = w.pads;
  int64_t n = w.strides.size();
  std::vector<Poly> pads;
  for (int64_t p : w.pads)
    pads.push_back(polyOf(p));
  bool isStatic = true;
  for (int64_t i = 0; i < n; ++i) {
    int64_t effective = w.dilations[i] * (w.kernel[i] - 1) + 1;
    if (w.strides[i] > 1)
      pads[n + i] = ceilModeEnd(ctx.symbols(), ctx.dimPoly(x, i + 2), w.pads[i], w.pads[n + i],
                                effective, w.strides[i]);
    if (std::optional<int64_t> end = SymbolicIndex::constantOf(pads[n + i]))
      w.pads[n + i] = *end;
    else
      isStatic = false;
  }
  if (!isStatic)
    w.runtimePads = std::move(pads);
  else if (w.countedPads == w.pads)
    w.countedPads.clear();
  return w;
}

static Value poolOf(NodeContext &ctx, nn::PoolKind kind, Value x, const PoolWindow &w,
                    bool countPadding) {
  DenseI64ArrayAttr counted;
  if (countPadding && !w.countedPads.empty())
    counted = ctx.b.getDenseI64ArrayAttr(w.countedPads);
  OpBuilder &b = ctx.b;
  return ctx.make<nn::PoolOp>(nn::PoolKindAttr::get(b.getContext(), kind), x,
                              b.getDenseI64ArrayAttr(w.kernel), b.getDenseI64ArrayAttr(w.strides),
                              b.getDenseI64ArrayAttr(w.pads), b.getDenseI64ArrayAttr(w.dilations),
                              b.getBoolAttr(countPadding), counted);
}

/// The pool; padding that is known at run time only is added to the input. `countAll`: averages
/// count every position.
static Value buildPool(NodeContext &ctx, nn::PoolKind kind, Value x, PoolWindow w,
                       bool countPadding, bool countAll = false) {
  if (w.runtimePads.empty())
    return poolOf(ctx, kind, x, w, countPadding);
  Type type = elementOf(x);
  int64_t n = w.strides.size();
  Value fill =
      ctx.scalar(kind == nn::PoolKind::Max ? -std::numeric_limits<double>::infinity() : 0, type);
  Value padded = padForWindow(ctx, x, w, fill);
  SmallVector<int64_t> stated = w.countedPads;
  std::fill(w.pads.begin(), w.pads.end(), 0);
  w.countedPads.clear();
  Value pooled = poolOf(ctx, kind, padded, w, kind == nn::PoolKind::Avg);
  if (!pooled || kind == nn::PoolKind::Max || countAll)
    return pooled;
  // A mean over what counts is the ratio of two means over all positions: of the elements, and of
  // ones where they count.
  std::vector<Poly> shape = ctx.dimPolys(x);
  shape[0] = shape[1] = polyOf(1);
  for (int64_t i = 0; i < n && countPadding; ++i) {
    Poly begin = stated.empty() ? w.runtimePads[i] : polyOf(stated[i]);
    Poly end = stated.empty() ? w.runtimePads[n + i] : polyOf(stated[n + i]);
    shape[i + 2] = ctx.symbols().add(shape[i + 2], ctx.symbols().add(begin, end));
    w.runtimePads[i] = polyOf(0);
    w.runtimePads[n + i] = ctx.symbols().sub(w.runtimePads[n + i], end);
  }
  Value ones = padForWindow(ctx, broadcastToShape(ctx, ctx.scalar(1, type), shape), w, Value());
  Value share = poolOf(ctx, kind, ones, w, true);
  return share ? ctx.binary(nn::BinaryKind::Div, pooled, share) : Value();
}

static LogicalResult convertMaxPool(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Number)) ||
      failed(ctx.onlyAttrs({"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads",
                            "storage_order", "strides"})))
    return failure();
  if (ctx.outputUsed(1))
    return ctx.unsupported("the output of indices is not supported; use the values only");
  FailureOr<PoolWindow> w = readPool(ctx);
  if (failed(w))
    return failure();
  ctx.setOutput(0, buildPool(ctx, nn::PoolKind::Max, ctx.input(0), *w, false));
  return success();
}

static LogicalResult convertAveragePool(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float)) ||
      failed(ctx.onlyAttrs({"auto_pad", "ceil_mode", "count_include_pad", "dilations",
                            "kernel_shape", "pads", "strides"})))
    return failure();
  FailureOr<PoolWindow> w = readPool(ctx);
  if (failed(w))
    return failure();
  ctx.setOutput(0, buildPool(ctx, nn::PoolKind::Avg, ctx.input(0), *w,
                             ctx.intAttr("count_include_pad", 0) != 0));
  return success();
}

//===- p-norms
//----------------------------------------------------------------------------------------===//

/// |x|^p, or y^(1/p) of what it was summed to.
static Value power(NodeContext &ctx, Value x, double p, bool inverse) {
  Type type = elementOf(x);
  if (!inverse)
    x = ctx.unary(nn::UnaryKind::Abs, x);
  if (p == 1)
    return x;
  if (p == 2)
    return inverse ? ctx.unary(nn::UnaryKind::Sqrt, x) : ctx.binary(nn::BinaryKind::Mul, x, x);
  return ctx.binary(nn::BinaryKind::Pow, x, ctx.scalar(inverse ? 1 / p : p, type));
}

/// 'p' is an integer since opset 2, a float before.
static double readP(NodeContext &ctx) {
  return ctx.opset() < 2 ? ctx.floatAttr("p", 2) : static_cast<double>(ctx.intAttr("p", 2));
}

static LogicalResult convertLpPool(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float)) ||
      failed(ctx.onlyAttrs(
          {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "p", "pads", "strides"})))
    return failure();
  FailureOr<PoolWindow> w = readPool(ctx);
  if (failed(w))
    return failure();
  double p = readP(ctx), positions = 1;
  for (int64_t k : w->kernel)
    positions *= static_cast<double>(k);
  // Averages that count all padding are sums over a constant.
  w->countedPads.clear();
  Value mean = buildPool(ctx, nn::PoolKind::Avg, power(ctx, ctx.input(0), p, false), *w, true,
                         /*countAll=*/true);
  if (!mean)
    return failure();
  Value sum = ctx.binary(nn::BinaryKind::Mul, mean, ctx.scalar(positions, elementOf(mean)));
  ctx.setOutput(0, power(ctx, sum, p, true));
  return success();
}

//===- global pools
//-----------------------------------------------------------------------------------===//

static FailureOr<SmallVector<int64_t>> spatialAxes(NodeContext &ctx) {
  SmallVector<int64_t> axes;
  for (int64_t i = 2; i < ctx.inputType(0).getRank(); ++i)
    axes.push_back(i);
  if (axes.empty())
    return ctx.malformed("the input must have rank 3 or more");
  return axes;
}

template <nn::ReduceKind kind> static LogicalResult convertGlobalPool(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float)) || failed(ctx.onlyAttrs({})))
    return failure();
  FailureOr<SmallVector<int64_t>> axes = spatialAxes(ctx);
  if (failed(axes))
    return failure();
  ctx.setOutput(0, ctx.reduce(kind, ctx.input(0), *axes, true));
  return success();
}

static LogicalResult convertGlobalLpPool(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float)) || failed(ctx.onlyAttrs({"p"})))
    return failure();
  FailureOr<SmallVector<int64_t>> axes = spatialAxes(ctx);
  if (failed(axes))
    return failure();
  double p = readP(ctx);
  Value sum = ctx.reduce(nn::ReduceKind::Sum, power(ctx, ctx.input(0), p, false), *axes, true);
  ctx.setOutput(0, power(ctx, sum, p, true));
  return success();
}

void lpc::onnx_to_nn::populatePooling(Registry &registry) {
  registry.add("MaxPool", convertMaxPool);
  registry.add("AveragePool", convertAveragePool);
  registry.add("LpPool", convertLpPool);
  registry.add("GlobalAveragePool", convertGlobalPool<nn::ReduceKind::Mean>);
  registry.add("GlobalMaxPool", convertGlobalPool<nn::ReduceKind::Max>);
  registry.add("GlobalLpPool", convertGlobalLpPool);
  populateResize(registry);
}
