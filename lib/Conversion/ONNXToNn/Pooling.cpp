// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling. Resize is in Resize.cpp.
#include "lib/Conversion/ONNXToNn/HandlerWindows.h"

#include <limits>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

/// A pool's window: static pads, with ends lengthened for ceil mode, and the pads that averages count if that differs.
struct PoolWindow : Window {
  SmallVector<int64_t> countedPads;
};

static FailureOr<PoolWindow> readPool(NodeContext &ctx) {
  Value x = ctx.input(0);
  if (!ctx.hasAttr("kernel_shape"))
    return ctx.malformed("attribute 'kernel_shape' is missing");
  FailureOr<Window> window = readWindow(ctx, x, ctx.intsAttr("kernel_shape"));
  if (failed(window))
    return failure();
  PoolWindow w{*window, {}};
  if (!w.runtimePads.empty())
    return ctx.unsupported("'auto_pad' with a stride needs an input of known size; state 'pads' instead");
  if (!ctx.intAttr("ceil_mode", 0) || ctx.stringAttr("auto_pad", "NOTSET").substr(0, 4) == "SAME")
    return w;
  w.countedPads = w.pads;
  int64_t n = w.strides.size();
  for (int64_t i = 0; i < n; ++i) {
    int64_t stride = w.strides[i], effective = w.dilations[i] * (w.kernel[i] - 1) + 1;
    if (stride == 1)
      continue;
    std::optional<int64_t> size = SymbolicIndex::constantOf(ctx.dimPoly(x, i + 2));
    if (!size)
      return ctx.unsupported("'ceil_mode' with a stride needs an input of known size; export the model without it");
    int64_t &end = w.pads[n + i];
    int64_t begin = w.pads[i], span = *size + begin + end - effective;
    int64_t positions = span < 0 ? 0 : (span + stride - 1) / stride + 1;
    // A window that starts in the padding at the end is left out.
    if (positions > 0 && (positions - 1) * stride >= *size + begin)
      --positions;
    int64_t least = (positions - 1) * stride + effective - *size - begin;
    end = std::clamp(end, least, least + stride - 1);
  }
  if (w.countedPads == w.pads)
    w.countedPads.clear();
  return w;
}

static Value buildPool(NodeContext &ctx, nn::PoolKind kind, Value x, const PoolWindow &w, bool countPadding) {
  DenseI64ArrayAttr counted;
  if (countPadding && !w.countedPads.empty())
    counted = ctx.b.getDenseI64ArrayAttr(w.countedPads);
  OpBuilder &b = ctx.b;
  return ctx.make<nn::PoolOp>(nn::PoolKindAttr::get(b.getContext(), kind), x, b.getDenseI64ArrayAttr(w.kernel),
                              b.getDenseI64ArrayAttr(w.strides), b.getDenseI64ArrayAttr(w.pads),
                              b.getDenseI64ArrayAttr(w.dilations), b.getBoolAttr(countPadding), counted);
}

static LogicalResult convertMaxPool(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Number)) ||
      failed(ctx.onlyAttrs({"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"})))
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
      failed(ctx.onlyAttrs({"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"})))
    return failure();
  FailureOr<PoolWindow> w = readPool(ctx);
  if (failed(w))
    return failure();
  ctx.setOutput(0, buildPool(ctx, nn::PoolKind::Avg, ctx.input(0), *w, ctx.intAttr("count_include_pad", 0) != 0));
  return success();
}

//===- p-norms ----------------------------------------------------------------------------------------===//

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
      failed(ctx.onlyAttrs({"auto_pad", "ceil_mode", "dilations", "kernel_shape", "p", "pads", "strides"})))
    return failure();
  FailureOr<PoolWindow> w = readPool(ctx);
  if (failed(w))
    return failure();
  double p = readP(ctx), positions = 1;
  for (int64_t k : w->kernel)
    positions *= static_cast<double>(k);
  // Averages that count all padding are sums over a constant.
  w->countedPads.clear();
  Value mean = buildPool(ctx, nn::PoolKind::Avg, power(ctx, ctx.input(0), p, false), *w, true);
  if (!mean)
    return failure();
  Value sum = ctx.binary(nn::BinaryKind::Mul, mean, ctx.scalar(positions, elementOf(mean)));
  ctx.setOutput(0, power(ctx, sum, p, true));
  return success();
}

//===- global pools -----------------------------------------------------------------------------------===//

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
