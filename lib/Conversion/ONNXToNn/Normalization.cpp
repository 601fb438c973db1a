// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalizations.
#include "lib/Conversion/ONNXToNn/HandlerChecks.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;
using nn::ReduceKind;
using nn::UnaryKind;

static Value add(NodeContext &ctx, Value x, Value y) { return ctx.binary(BinaryKind::Add, x, y); }
static Value sub(NodeContext &ctx, Value x, Value y) { return ctx.binary(BinaryKind::Sub, x, y); }
static Value mul(NodeContext &ctx, Value x, Value y) { return ctx.binary(BinaryKind::Mul, x, y); }
static Value div(NodeContext &ctx, Value x, Value y) { return ctx.binary(BinaryKind::Div, x, y); }

static SmallVector<int64_t> axesFrom(int64_t axis, int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(axis, rank));
}

/// A parameter of rank 1 with one element per channel, as the shape [C, 1, ...] of a tensor of rank
/// `rank`.
static Value perChannel(NodeContext &ctx, Value v, int64_t rank) {
  return rank == 2 ? v : alongAxis(ctx, v, 0, rank - 1);
}

/// The parameters (inputs first..last) have rank 1 and, as far as it is known, `size` elements.
static LogicalResult checkParameters(NodeContext &ctx, unsigned first, unsigned last,
                                     int64_t size) {
  for (unsigned i = first; i <= last; ++i) {
    RankedTensorType t = ctx.inputType(i);
    if (t.getRank() != 1 ||
        (!t.isDynamicDim(0) && !ShapedType::isDynamic(size) && t.getDimSize(0) != size))
      return ctx.malformed(
          "input " + Twine(i) + " must have rank 1 and " +
          (ShapedType::isDynamic(size) ? Twine("an element") : Twine(size) + " elements") +
          (ShapedType::isDynamic(size) ? " per channel" : ""));
  }
  return success();
}

//===- BatchNormalization
//-----------------------------------------------------------------------------------===//

namespace {
struct Moments {
  Value mean, variance;
};
} // namespace

/// Mean and biased variance over `axes`.
static Moments moments(NodeContext &ctx, Value x, ArrayRef<int64_t> axes, bool keepDims) {
  Value mean = ctx.reduce(ReduceKind::Mean, x, axes, /*keepDims=*/true);
  Value centred = sub(ctx, x, mean);
  Value variance = ctx.reduce(ReduceKind::Mean, mul(ctx, centred, centred), axes, keepDims);
  if (!keepDims)
    mean = ctx.reduce(ReduceKind::Mean, x, axes, false);
  return {mean, variance};
}

static LogicalResult convertBatchNorm(NodeContext &ctx) {
  if (failed(checkArity(ctx, 5, 5)) || failed(checkElements(ctx, {0}, Float)) ||
      failed(checkElements(ctx, {1, 2}, Float)) || failed(checkElements(ctx, {3, 4}, Float)) ||
      failed(ctx.onlyAttrs(
          {"epsilon", "momentum", "training_mode", "spatial", "is_test", "consumed_inputs"})))
    return failure();
  Value x = ctx.input(0);
  int64_t rank = rankOf(x);
  if (rank < 2)
    return ctx.malformed("expected an input of rank 2 or more");
  if (ctx.intAttr("spatial", 1) != 1)
    return ctx.unsupported("statistics for each position (spatial = 0); use one per channel");
  bool training = ctx.opset() >= 14 ? ctx.intAttr("training_mode", 0) != 0
                                    : ctx.opset() < 7 && ctx.intAttr("is_test", 0) == 0;
  if (training && ctx.opset() < 14)
    return ctx.unsupported(
        "BatchNormalization in training mode (is_test = 0) before operator set 14");
  for (unsigned i = training ? 3 : 1; i < ctx.numOutputs(); ++i)
    if (ctx.outputUsed(i))
      return ctx.unsupported("output " + Twine(i) + " exists in training mode only");
  if (failed(checkParameters(ctx, 1, 4, ctx.inputType(0).getDimSize(1))))
    return failure();

  // Everything in the widest of the three types that the inputs may have, at least f32.
  Type resultType = elementOf(x), wide = computeType(resultType);
  for (unsigned i = 1; i < 5; ++i)
    if (elementOf(ctx, i).isF64())
      wide = elementOf(ctx, i);
  Value wideX = ctx.cast(x, wide);
  SmallVector<Value> p;
  for (unsigned i = 1; i < 5; ++i)
    p.push_back(ctx.cast(ctx.input(i), wide));
  Value scale = p[0], bias = p[1], mean = p[2], variance = p[3];
  if (training) {
    SmallVector<int64_t> axes = axesFrom(0, rank);
    axes.erase(axes.begin() + 1);
    Moments batch = moments(ctx, wideX, axes, /*keepDims=*/false);
    double momentum = ctx.floatAttr("momentum", 0.9f);
    auto running = [&](unsigned output, Value old, Value now) {
      Value mixed = add(ctx, mul(ctx, old, ctx.scalar(momentum, wide)),
                        mul(ctx, now, ctx.scalar(1 - momentum, wide)));
      if (output < ctx.numOutputs())
        ctx.setOutput(output, ctx.cast(mixed, elementOf(ctx, 3)));
    };
    running(1, mean, batch.mean);
    running(2, variance, batch.variance);
    mean = batch.mean;
    variance = batch.variance;
  }
  // x * a + c with a = scale / sqrt(variance + epsilon): parameters that are constants fold, and
  // fold into a convolution.
  double epsilon = ctx.floatAttr("epsilon", 1e-5f);
  Value a =
      div(ctx, scale, ctx.unary(UnaryKind::Sqrt, add(ctx, variance, ctx.scalar(epsilon, wide))));
  Value c = sub(ctx, bias, mul(ctx, mean, a));
  Value y = add(ctx, mul(ctx, wideX, perChannel(ctx, a, rank)), perChannel(ctx, c, rank));
  ctx.setOutput(0, ctx.cast(y, resultType));
  return success();
}

//===- LayerNormalization, RMSNormalization
//-------------------------------------------------------------------===//

/// The type of the first stage: that of `stash_type`, or the input's if that is absent in the
/// file's sense (0).
static FailureOr<Type> stashType(NodeContext &ctx) {
  FailureOr<Type> type = elementTypeAttr(ctx, "stash_type", ctx.b.getF32Type());
  if (succeeded(type) && classOf(*type) != Float)
    return ctx.malformed("attribute 'stash_type' must name a float type");
  return type;
}

/// 1 / sqrt(v + epsilon).
static Value inverseRoot(NodeContext &ctx, Value v, double epsilon) {
  return ctx.unary(UnaryKind::Rsqrt, add(ctx, v, ctx.scalar(epsilon, elementOf(v))));
}

static LogicalResult convertLayerNorm(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 3, Float)) ||
      failed(ctx.onlyAttrs({"axis", "epsilon", "stash_type"})))
    return failure();
  Value x = ctx.input(0), bias = ctx.hasInput(2) ? ctx.input(2) : Value();
  int64_t rank = rankOf(x);
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", -1), rank);
  FailureOr<Type> stash = stashType(ctx);
  if (failed(axis) || failed(stash) || failed(checkBroadcast(ctx, {x, ctx.input(1)})) ||
      (bias && failed(checkBroadcast(ctx, {x, bias}))))
    return failure();
  double epsilon = ctx.floatAttr("epsilon", 1e-5f);
  ctx.setOutput(
      0, nn::LayerNormOp::create(ctx.b, ctx.loc, x, ctx.input(1), bias, *axis, APFloat(epsilon)));
  bool wantsMean = ctx.numOutputs() > 1 && ctx.outputUsed(1);
  bool wantsDeviation = ctx.numOutputs() > 2 && ctx.outputUsed(2);
  if (!wantsMean && !wantsDeviation)
    return success();
  Moments m = moments(ctx, ctx.cast(x, *stash), axesFrom(*axis, rank), /*keepDims=*/true);
  if (wantsMean)
    ctx.setOutput(1, m.mean);
  if (wantsDeviation)
    ctx.setOutput(2, inverseRoot(ctx, m.variance, epsilon));
  return success();
}

/// RMSNormalization, and ONNX Runtime's older SimplifiedLayerNormalization with the inverse root as
/// a second result.
static LogicalResult convertRMSNorm(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(checkElements(ctx, {0}, Float)) ||
      failed(checkElements(ctx, {1}, Float)) ||
      failed(ctx.onlyAttrs({"axis", "epsilon", "stash_type"})))
    return failure();
  Value x = ctx.input(0), scale = ctx.input(1);
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", -1), rankOf(x));
  FailureOr<Type> stash = stashType(ctx);
  if (failed(axis) || failed(stash) || failed(checkBroadcast(ctx, {x, scale})))
    return failure();
  double epsilon = ctx.floatAttr("epsilon", 1e-5f);
  Type type = elementOf(x), scaleType = elementOf(scale);
  if (type == scaleType) {
    ctx.setOutput(0, nn::RMSNormOp::create(ctx.b, ctx.loc, x, scale, *axis, APFloat(epsilon)));
  } else {
    Value normal = nn::RMSNormOp::create(ctx.b, ctx.loc, ctx.cast(x, *stash), Value(), *axis,
                                         APFloat(epsilon));
    ctx.setOutput(0, mul(ctx, ctx.cast(normal, scaleType), scale));
  }
  if (ctx.numOutputs() > 1 && ctx.outputUsed(1)) {
    Value wide = ctx.cast(x, *stash);
    Value square =
        ctx.reduce(ReduceKind::Mean, mul(ctx, wide, wide), axesFrom(*axis, rankOf(x)), true);
    ctx.setOutput(1, inverseRoot(ctx, square, epsilon));
  }
  return success();
}

//===- InstanceNormalization, GroupNormalization, MeanVarianceNormalization
//------------------------------------===//

static LogicalResult convertInstanceNorm(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 3, 3, Float)) ||
      failed(ctx.onlyAttrs({"epsilon", "consumed_inputs"})))
    return failure();
  Value x = ctx.input(0);
  int64_t rank = rankOf(x);
  if (rank < 3)
    return ctx.malformed("expected an input of rank 3 or more");
  if (failed(checkParameters(ctx, 1, 2, ctx.inputType(0).getDimSize(1))))
    return failure();
  ctx.setOutput(0, nn::LayerNormOp::create(ctx.b, ctx.loc, x, perChannel(ctx, ctx.input(1), rank),
                                           perChannel(ctx, ctx.input(2), rank), 2,
                                           APFloat(ctx.floatAttr("epsilon", 1e-5f))));
  return success();
}

/// Operator set 18 had scale and bias for each group, 21 has them for each channel.
static LogicalResult convertGroupNorm(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 3, 3, Float)) ||
      failed(ctx.onlyAttrs({"epsilon", "num_groups", "stash_type"})))
    return failure();
  Value x = ctx.input(0), scale = ctx.input(1), bias = ctx.input(2);
  int64_t rank = rankOf(x), groups = ctx.intAttr("num_groups", 0);
  if (rank < 2)
    return ctx.malformed("expected an input of rank 2 or more");
  int64_t channels = ctx.inputType(0).getDimSize(1);
  if (groups < 1 || (!ShapedType::isDynamic(channels) && channels % groups != 0))
    return ctx.malformed("attribute 'num_groups' (" + Twine(groups) +
                         ") must divide the number of channels");
  bool perGroup = ctx.opset() < 21;
  if (failed(checkParameters(ctx, 1, 2, perGroup ? groups : channels)))
    return failure();

  double epsilon = ctx.floatAttr("epsilon", 1e-5f);
  SmallVector<OpFoldResult> shape = ctx.dims(x);
  OpFoldResult rest = ctx.divTrunc(shape[1], ctx.b.getIndexAttr(groups));
  for (OpFoldResult size : ArrayRef(shape).drop_front(2))
    rest = ctx.mul(rest, size);
  Value grouped = ctx.reshape(x, {shape[0], ctx.b.getIndexAttr(groups), rest});
  Value none;
  Value y =
      nn::LayerNormOp::create(ctx.b, ctx.loc, grouped, perGroup ? perChannel(ctx, scale, 3) : none,
                              perGroup ? perChannel(ctx, bias, 3) : none, 2, APFloat(epsilon));
  y = ctx.reshape(y, shape);
  if (!perGroup)
    y = add(ctx, mul(ctx, y, perChannel(ctx, scale, rank)), perChannel(ctx, bias, rank));
  ctx.setOutput(0, y);
  return success();
}

static LogicalResult convertMeanVariance(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float)) || failed(ctx.onlyAttrs({"axes"})))
    return failure();
  Value x = ctx.input(0);
  SmallVector<int64_t> axes = ctx.intsAttr("axes", {0, 2, 3});
  for (int64_t &axis : axes) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(axis, rankOf(x));
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  llvm::sort(axes);
  axes.erase(llvm::unique(axes), axes.end());
  Moments m = moments(ctx, x, axes, /*keepDims=*/true);
  // The standard's definition keeps the divisor away from zero by this number.
  Value deviation =
      add(ctx, ctx.unary(UnaryKind::Sqrt, m.variance), ctx.scalar(1e-9, elementOf(x)));
  ctx.setOutput(0, div(ctx, sub(ctx, x, m.mean), deviation));
  return success();
}

//===- LpNormalization, LRN
//-----------------------------------------------------------------------------------===//

static LogicalResult convertLpNorm(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float)) || failed(ctx.onlyAttrs({"axis", "p"})))
    return failure();
  Value x = ctx.input(0);
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", -1), rankOf(x));
  if (failed(axis))
    return failure();
  int64_t p = ctx.intAttr("p", 2);
  if (p != 1 && p != 2)
    return ctx.malformed("attribute 'p' must be 1 or 2, but it is " + Twine(p));
  Value powers = p == 1 ? ctx.unary(UnaryKind::Abs, x) : mul(ctx, x, x);
  Value norm = ctx.reduce(ReduceKind::Sum, powers, {*axis}, true);
  if (p == 2)
    norm = ctx.unary(UnaryKind::Sqrt, norm);
  Value zero = ctx.scalar(0, elementOf(x));
  ctx.setOutput(0,
                ctx.select(ctx.compare(nn::CompareKind::Eq, norm, zero), zero, div(ctx, x, norm)));
  return success();
}

/// x / (bias + alpha * mean of the squares of `size` neighbouring channels)^beta, where channels
/// outside count as zeros.
static LogicalResult convertLRN(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float)) ||
      failed(ctx.onlyAttrs({"alpha", "beta", "bias", "size"})))
    return failure();
  Value x = ctx.input(0);
  if (rankOf(x) < 2)
    return ctx.malformed("expected an input of rank 2 or more");
  int64_t size = ctx.intAttr("size", 0);
  if (size < 1)
    return ctx.malformed("attribute 'size' must be at least 1");
  SmallVector<OpFoldResult> shape = ctx.dims(x);
  OpFoldResult rest = ctx.b.getIndexAttr(1);
  for (OpFoldResult d : ArrayRef(shape).drop_front(2))
    rest = ctx.mul(rest, d);
  Value square = ctx.reshape(mul(ctx, x, x), {shape[0], ctx.b.getIndexAttr(1), shape[1], rest});
  int64_t before = (size - 1) / 2, after = size - 1 - before;
  Value mean =
      nn::PoolOp::create(ctx.b, ctx.loc, nn::PoolKind::Avg, square, ArrayRef<int64_t>{size, 1},
                         ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{before, 0, after, 0},
                         ArrayRef<int64_t>{1, 1}, /*count_include_pad=*/true, DenseI64ArrayAttr());
  mean = ctx.reshape(mean, shape);
  Type type = elementOf(x);
  Value base = add(ctx, mul(ctx, mean, ctx.scalar(ctx.floatAttr("alpha", 1e-4f), type)),
                   ctx.scalar(ctx.floatAttr("bias", 1.0), type));
  Value power = ctx.binary(BinaryKind::Pow, base, ctx.scalar(ctx.floatAttr("beta", 0.75), type));
  ctx.setOutput(0, div(ctx, x, power));
  return success();
}

void onnx_to_nn::populateNormalization(Registry &r) {
  r.add("BatchNormalization", convertBatchNorm);
  r.add("LayerNormalization", convertLayerNorm);
  r.add("RMSNormalization", convertRMSNorm);
  r.add("SimplifiedLayerNormalization", convertRMSNorm);
  r.add("InstanceNormalization", convertInstanceNorm);
  r.add("GroupNormalization", convertGroupNorm);
  r.add("MeanVarianceNormalization", convertMeanVariance);
  r.add("LpNormalization", convertLpNorm);
  r.add("LRN", convertLRN);
}
