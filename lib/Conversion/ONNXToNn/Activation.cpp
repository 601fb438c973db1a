// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activations. Those that nn.unary has stay one op; the others are written out.
#include "lib/Conversion/ONNXToNn/HandlerChecks.h"

#include <limits>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;
using nn::CompareKind;
using nn::UnaryKind;

namespace {

/// The formula of an activation: short names for elementwise ops with constants of the input's
/// type.
struct Formula {
  NodeContext &ctx;
  Value x;

  explicit Formula(NodeContext &ctx) : ctx(ctx), x(ctx.input(0)) {}
  Value number(double v) { return ctx.scalar(v, elementOf(x)); }
  Value add(Value a, Value b) { return ctx.binary(BinaryKind::Add, a, b); }
  Value sub(Value a, Value b) { return ctx.binary(BinaryKind::Sub, a, b); }
  Value mul(Value a, Value b) { return ctx.binary(BinaryKind::Mul, a, b); }
  Value div(Value a, Value b) { return ctx.binary(BinaryKind::Div, a, b); }
  Value lt(Value a, Value b) { return ctx.compare(CompareKind::Lt, a, b); }
  Value gt(Value a, Value b) { return ctx.compare(CompareKind::Gt, a, b); }
  /// factor * v, without the multiplication by 1.
  Value scaled(double factor, Value v) { return factor == 1.0 ? v : mul(number(factor), v); }
  /// exp(v) - 1.
  Value expm1(Value v) { return sub(ctx.unary(UnaryKind::Exp, v), number(1)); }
  Value clamp(Value v, double lo, double hi) {
    return nn::ClampOp::create(ctx.b, ctx.loc, v, APFloat(lo), APFloat(hi)).getResult();
  }
};

} // namespace

/// Checks of an activation of one input.
static LogicalResult checkActivation(NodeContext &ctx, ArrayRef<StringRef> attrs,
                                     unsigned classes = Float) {
  SmallVector<StringRef> known(attrs);
  if (ctx.opset() < 6)
    known.push_back("consumed_inputs");
  return success(succeeded(checkUniform(ctx, 1, 1, classes)) && succeeded(ctx.onlyAttrs(known)));
}

//===- of nn.unary
//----------------------------------------------------------------------------------------===//

template <UnaryKind kind, unsigned classes = Float>
static LogicalResult convertUnary(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {}, classes)))
    return failure();
  ctx.setOutput(0, ctx.unary(kind, ctx.input(0)));
  return success();
}

static LogicalResult convertGelu(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {"approximate"})))
    return failure();
  std::string approximate = ctx.stringAttr("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return ctx.malformed("attribute 'approximate' must be none or tanh, but it is '" + approximate +
                         "'");
  ctx.setOutput(
      0, ctx.unary(approximate == "tanh" ? UnaryKind::GeluTanh : UnaryKind::Gelu, ctx.input(0)));
  return success();
}

static LogicalResult convertSwish(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {"alpha"})))
    return failure();
  Formula f(ctx);
  double alpha = ctx.floatAttr("alpha", 1.0);
  ctx.setOutput(0, alpha == 1.0 ? ctx.unary(UnaryKind::Silu, f.x)
                                : f.mul(f.x, ctx.unary(UnaryKind::Sigmoid, f.scaled(alpha, f.x))));
  return success();
}

//===- written out
//------------------------------------------------------------------------------------------===//

static LogicalResult convertLeakyRelu(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {"alpha"})))
    return failure();
  Formula f(ctx);
  double alpha = ctx.floatAttr("alpha", 0.01);
  ctx.setOutput(0, ctx.select(f.lt(f.x, f.number(0)), f.scaled(alpha, f.x), f.x));
  return success();
}

static LogicalResult convertPRelu(NodeContext &ctx) {
  bool old = ctx.opset() < 7;
  if (failed(checkUniform(ctx, 2, 2, Number)) ||
      failed(ctx.opset() < 6 ? ctx.onlyAttrs({"consumed_inputs"}) : ctx.onlyAttrs({})))
    return failure();
  Formula f(ctx);
  Value slope = ctx.input(1);
  // Before operator set 7 a slope of rank 1 belonged to the channels.
  if (old && rankOf(slope) == 1 && ctx.inputType(1).getDimSize(0) != 1 && rankOf(f.x) > 1)
    slope = alongAxis(ctx, slope, 1, rankOf(f.x));
  if (failed(checkBroadcast(ctx, {f.x, slope})))
    return failure();
  ctx.setOutput(0, ctx.select(f.lt(f.x, f.number(0)), f.mul(f.x, slope), f.x));
  return success();
}

static LogicalResult convertHardSigmoid(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {"alpha", "beta"})))
    return failure();
  Formula f(ctx);
  double alpha = ctx.floatAttr("alpha", 0.2f), beta = ctx.floatAttr("beta", 0.5);
  ctx.setOutput(0, f.clamp(f.add(f.scaled(alpha, f.x), f.number(beta)), 0, 1));
  return success();
}

static LogicalResult convertElu(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {"alpha"})))
    return failure();
  Formula f(ctx);
  double alpha = ctx.floatAttr("alpha", 1.0);
  ctx.setOutput(0, ctx.select(f.lt(f.x, f.number(0)), f.scaled(alpha, f.expm1(f.x)), f.x));
  return success();
}

static LogicalResult convertSelu(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {"alpha", "gamma"})))
    return failure();
  Formula f(ctx);
  bool old = ctx.opset() < 6;
  double alpha = ctx.floatAttr("alpha", old ? 1.6732f : 1.67326319217681884765625);
  double gamma = ctx.floatAttr("gamma", old ? 1.0507f : 1.05070102214813232421875);
  Value negative = f.scaled(alpha, f.expm1(f.x));
  ctx.setOutput(0, f.scaled(gamma, ctx.select(f.gt(f.x, f.number(0)), f.x, negative)));
  return success();
}

static LogicalResult convertCelu(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {"alpha"})))
    return failure();
  Formula f(ctx);
  double alpha = ctx.floatAttr("alpha", 1.0);
  if (alpha == 0.0)
    return ctx.malformed("attribute 'alpha' must not be 0");
  Value quotient = alpha == 1.0 ? f.x : f.div(f.x, f.number(alpha));
  Value low =
      f.clamp(f.scaled(alpha, f.expm1(quotient)), -std::numeric_limits<double>::infinity(), 0);
  ctx.setOutput(0, f.add(ctx.unary(UnaryKind::Relu, f.x), low));
  return success();
}

static LogicalResult convertMish(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {})))
    return failure();
  Formula f(ctx);
  ctx.setOutput(0, f.mul(f.x, ctx.unary(UnaryKind::Tanh, ctx.unary(UnaryKind::Softplus, f.x))));
  return success();
}

static LogicalResult convertSoftsign(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {})))
    return failure();
  Formula f(ctx);
  ctx.setOutput(0, f.div(f.x, f.add(ctx.unary(UnaryKind::Abs, f.x), f.number(1))));
  return success();
}

static LogicalResult convertThresholdedRelu(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {"alpha"})))
    return failure();
  Formula f(ctx);
  ctx.setOutput(0, ctx.select(f.gt(f.x, f.number(ctx.floatAttr("alpha", 1.0))), f.x, f.number(0)));
  return success();
}

static LogicalResult convertShrink(NodeContext &ctx) {
  if (failed(checkActivation(ctx, {"bias", "lambd"}, Number)))
    return failure();
  Formula f(ctx);
  double bias = ctx.floatAttr("bias", 0.0), lambd = ctx.floatAttr("lambd", 0.5);
  Type type = elementOf(f.x);
  bool isInteger = classOf(type) != Float;
  if (isInteger) // The attributes are real numbers.
    f.x = ctx.cast(f.x, computeType(type));
  Value high = ctx.select(f.gt(f.x, f.number(lambd)), f.sub(f.x, f.number(bias)), f.number(0));
  Value y = ctx.select(f.lt(f.x, f.number(-lambd)), f.add(f.x, f.number(bias)), high);
  ctx.setOutput(0, isInteger ? ctx.cast(y, type) : y);
  return success();
}

//===- along an axis
//----------------------------------------------------------------------------------------===//

using AxisFunction = Value (*)(NodeContext &ctx, Value x, int64_t axis);

/// Applies `function` along the attribute `axis`. Before operator set 13 the input was seen as a
/// matrix: the dimensions from `axis` (default 1) on were one.
static LogicalResult alongAxisAttr(NodeContext &ctx, AxisFunction function) {
  if (failed(checkActivation(ctx, {"axis"})))
    return failure();
  Value x = ctx.input(0);
  int64_t rank = rankOf(x);
  bool flattens = ctx.opset() < 13;
  int64_t attr = ctx.intAttr("axis", flattens ? 1 : -1);
  FailureOr<int64_t> axis = attr;
  if (!(flattens && attr == rank))
    axis = ctx.normalizeAxis(attr, rank);
  if (failed(axis))
    return failure();
  if (!flattens || *axis == rank - 1) {
    ctx.setOutput(0, function(ctx, x, *axis));
    return success();
  }
  SmallVector<OpFoldResult> shape = ctx.dims(x), flat(ArrayRef(shape).take_front(*axis));
  OpFoldResult last = ctx.b.getIndexAttr(1);
  for (OpFoldResult size : ArrayRef(shape).drop_front(*axis))
    last = ctx.mul(last, size);
  flat.push_back(last);
  ctx.setOutput(0, ctx.reshape(function(ctx, ctx.reshape(x, flat), *axis), shape));
  return success();
}

template <bool log> static LogicalResult convertSoftmax(NodeContext &ctx) {
  return alongAxisAttr(ctx, [](NodeContext &c, Value x, int64_t axis) -> Value {
    return nn::SoftmaxOp::create(c.b, c.loc, x, axis, log);
  });
}

/// 1 at the first largest element, 0 elsewhere.
static LogicalResult convertHardmax(NodeContext &ctx) {
  return alongAxisAttr(ctx, [](NodeContext &c, Value x, int64_t axis) -> Value {
    Value best =
        nn::ArgReduceOp::create(c.b, c.loc, nn::ReduceKind::Max, x, axis, /*keep_dims=*/true,
                                /*select_last=*/false);
    auto type = cast<RankedTensorType>(x.getType());
    SmallVector<Value> sizes;
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (type.isDynamicDim(i))
        sizes.push_back(c.index(c.dim(x, i)));
    Value position = nn::IotaOp::create(c.b, c.loc, type.clone(c.b.getI64Type()), sizes, axis);
    return c.cast(c.compare(CompareKind::Eq, position, best), type.getElementType());
  });
}

void onnx_to_nn::populateActivation(Registry &r) {
  r.add("Relu", convertUnary<UnaryKind::Relu, Float | Signed>);
  r.add("Sigmoid", convertUnary<UnaryKind::Sigmoid>);
  r.add("HardSwish", convertUnary<UnaryKind::HardSwish>);
  r.add("Softplus", convertUnary<UnaryKind::Softplus>);
  r.add("Gelu", convertGelu);
  r.add("Swish", convertSwish);
  r.add("LeakyRelu", convertLeakyRelu);
  r.add("PRelu", convertPRelu);
  r.add("HardSigmoid", convertHardSigmoid);
  r.add("Elu", convertElu);
  r.add("Selu", convertSelu);
  r.add("Celu", convertCelu);
  r.add("Mish", convertMish);
  r.add("Softsign", convertSoftsign);
  r.add("ThresholdedRelu", convertThresholdedRelu);
  r.add("Shrink", convertShrink);
  r.add("Softmax", convertSoftmax<false>);
  r.add("LogSoftmax", convertSoftmax<true>);
  r.add("Hardmax", convertHardmax);
}
