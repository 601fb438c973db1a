// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantized operators of ONNX Runtime's domain (com.microsoft): what its quantizer writes in
// operator-oriented format, and the fusions of dynamic quantization. All are dequantize, compute in
// f32, quantize; parameters are per tensor but for the columns of a matrix.
#include "lib/Conversion/ONNXToNn/HandlerWindows.h"
#include "lib/Conversion/ONNXToNn/QuantizationParams.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;
using nn::ReduceKind;

/// Codes and scales at these inputs, each with its zero point behind the scale.
static LogicalResult checkTriples(NodeContext &ctx, ArrayRef<unsigned> codes,
                                  ArrayRef<unsigned> scales) {
  for (unsigned i : codes)
    if (failed(checkCodes(ctx, {i}, false)))
      return failure();
  return checkElements(ctx, scales, Float);
}

/// The operand of input `data`, whose scale and zero point follow it.
static FailureOr<Value> operand(NodeContext &ctx, unsigned data) {
  return dequantizedInput(ctx, data, {data + 1, data + 2});
}

/// The type of the result: that of its zero point (input `zeroPoint`), else that of input `like`.
static Type resultCode(NodeContext &ctx, unsigned zeroPoint, unsigned like) {
  return elementOf(ctx, ctx.hasInput(zeroPoint) ? zeroPoint : like);
}

//===- of one operand
//---------------------------------------------------------------------------------===//

using Function = FailureOr<Value> (*)(NodeContext &ctx, Value x);

/// Inputs: x, scale, zero point, scale and zero point of the result.
static LogicalResult convertOne(NodeContext &ctx, ArrayRef<StringRef> attrs, Function function) {
  if (failed(checkArity(ctx, 2, 5)) || !ctx.hasInput(3))
    return ctx.malformed("expected an operand with its scale, and the scale of the result");
  if (failed(checkTriples(ctx, {0, 2, 4}, {1, 3})) || failed(ctx.onlyAttrs(attrs)))
    return failure();
  FailureOr<Value> x = operand(ctx, 0);
  if (failed(x))
    return failure();
  FailureOr<Value> y = function(ctx, *x);
  if (failed(y))
    return failure();
  return setQuantizedOutput(ctx, *y, resultCode(ctx, 4, 0), {3, 4});
}

static LogicalResult convertSigmoid(NodeContext &ctx) {
  return convertOne(ctx, {}, [](NodeContext &c, Value x) -> FailureOr<Value> {
    return c.unary(nn::UnaryKind::Sigmoid, x);
  });
}

static LogicalResult convertLeakyRelu(NodeContext &ctx) {
  return convertOne(ctx, {"alpha"}, [](NodeContext &c, Value x) -> FailureOr<Value> {
    Value zero = c.scalar(0, elementOf(x)),
          alpha = c.scalar(c.floatAttr("alpha", 0.01f), elementOf(x));
    return c.select(c.compare(nn::CompareKind::Lt, x, zero), c.binary(BinaryKind::Mul, alpha, x),
                    x);
  });
}

static LogicalResult convertSoftmax(NodeContext &ctx) {
  return convertOne(ctx, {"axis", "opset"}, [](NodeContext &c, Value x) -> FailureOr<Value> {
    int64_t rank = rankOf(x);
    FailureOr<int64_t> axis = c.normalizeAxis(c.intAttr("axis", -1), rank);
    if (failed(axis))
      return failure();
    if (c.intAttr("opset", 13) < 13 && *axis != rank - 1)
      return LogicalResult(
          c.unsupported("softmax over several dimensions (operator set below 13)"));
    return Value(nn::SoftmaxOp::create(c.b, c.loc, x, *axis, /*log=*/false));
  });
}

static LogicalResult convertGlobalAveragePool(NodeContext &ctx) {
  return convertOne(ctx, {"channels_last"}, [](NodeContext &c, Value x) -> FailureOr<Value> {
    int64_t rank = rankOf(x), first = c.intAttr("channels_last", 0) ? 1 : 2;
    if (rank < 3)
      return LogicalResult(c.malformed("expected an input of rank 3 or more"));
    return c.reduce(ReduceKind::Mean, x,
                    llvm::to_vector(llvm::seq<int64_t>(first, first + rank - 2)), true);
  });
}

static LogicalResult convertAveragePool(NodeContext &ctx) {
  constexpr StringRef attrs[] = {"auto_pad",     "ceil_mode", "channels_last", "count_include_pad",
                                 "kernel_shape", "pads",      "strides"};
  return convertOne(ctx, attrs, [](NodeContext &c, Value x) -> FailureOr<Value> {
    if (c.intAttr("channels_last", 0) || c.intAttr("ceil_mode", 0))
      return LogicalResult(
          c.unsupported("pooling with channels_last or ceil_mode; use the Q/DQ format"));
    FailureOr<Window> w = readWindow(c, x, c.intsAttr("kernel_shape"));
    if (failed(w))
      return failure();
    if (!w->runtimePads.empty())
      return LogicalResult(c.unsupported(
          "auto_pad with sizes known at run time only; write the pads into the model"));
    Value y = c.make<nn::PoolOp>(nn::PoolKind::Avg, x, w->kernel, w->strides, w->pads, w->dilations,
                                 c.intAttr("count_include_pad", 0) != 0, DenseI64ArrayAttr());
    if (!y)
      return failure();
    return y;
  });
}

static LogicalResult convertReduceMean(NodeContext &ctx) {
  return convertOne(ctx, {"axes", "keepdims"}, [](NodeContext &c, Value x) -> FailureOr<Value> {
    SmallVector<int64_t> axes = c.intsAttr("axes");
    for (int64_t &axis : axes) {
      FailureOr<int64_t> normal = c.normalizeAxis(axis, rankOf(x));
      if (failed(normal))
        return failure();
      axis = *normal;
    }
    llvm::sort(axes);
    axes.erase(llvm::unique(axes), axes.end());
    if (axes.empty())
      axes = llvm::to_vector(llvm::seq<int64_t>(rankOf(x)));
    return c.reduce(ReduceKind::Mean, x, axes, c.intAttr("keepdims", 1) != 0);
  });
}

//===- of several operands
//----------------------------------------------------------------------------===//

/// Inputs: a and b, each with scale and zero point, scale and zero point of the result.
template <BinaryKind kind> static LogicalResult convertBinary(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 8)) || !ctx.hasInput(3) || !ctx.hasInput(4) || !ctx.hasInput(6))
    return ctx.malformed("expected two operands with scales, and the scale of the result");
  if (failed(checkTriples(ctx, {0, 2, 3, 5, 7}, {1, 4, 6})) || failed(ctx.onlyAttrs({})))
    return failure();
  FailureOr<Value> a = operand(ctx, 0), b = operand(ctx, 3);
  if (failed(a) || failed(b) || failed(checkBroadcast(ctx, {*a, *b})))
    return failure();
  return setQuantizedOutput(ctx, ctx.binary(kind, *a, *b), resultCode(ctx, 7, 0), {6, 7});
}

static LogicalResult convertWhere(NodeContext &ctx) {
  if (failed(checkArity(ctx, 9, 9)) || failed(checkElements(ctx, {0}, Bool)) ||
      failed(checkTriples(ctx, {1, 3, 4, 6, 8}, {2, 5, 7})) || failed(ctx.onlyAttrs({})))
    return failure();
  FailureOr<Value> x = operand(ctx, 1), y = operand(ctx, 4);
  if (failed(x) || failed(y) || failed(checkBroadcast(ctx, {ctx.input(0), *x, *y})))
    return failure();
  return setQuantizedOutput(ctx, ctx.select(ctx.input(0), *x, *y), elementOf(ctx, 8), {7, 8});
}

/// Inputs: scale and zero point of the result, then operands with scale and zero point each.
static LogicalResult convertConcat(NodeContext &ctx) {
  unsigned count = ctx.numInputs();
  if (count < 5 || count % 3 != 2)
    return ctx.malformed(
        "expected the scale and zero point of the result, and three inputs for each operand");
  if (failed(checkArity(ctx, count, count)) || failed(checkTriples(ctx, {1}, {0})) ||
      failed(ctx.onlyAttrs({"axis"})))
    return failure();
  SmallVector<Value> values;
  for (unsigned i = 2; i < count; i += 3) {
    if (failed(checkTriples(ctx, {i, i + 2}, {i + 1})))
      return failure();
    FailureOr<Value> v = operand(ctx, i);
    if (failed(v))
      return failure();
    values.push_back(*v);
  }
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", 0), rankOf(values.front()));
  if (failed(axis))
    return failure();
  Value y = ctx.make<nn::ConcatOp>(values, *axis);
  return y ? setQuantizedOutput(ctx, y, elementOf(ctx, 1), {0, 1}) : failure();
}

//===- matrix products
//--------------------------------------------------------------------------------===//

/// alpha * a * b + c, where c counts in units of alpha * scale(a) * scale(b). Without a scale the
/// result is float.
static LogicalResult convertGemm(NodeContext &ctx) {
  if (failed(checkArity(ctx, 6, 9)) || failed(checkTriples(ctx, {0, 2, 3, 5, 8}, {1, 4, 7})) ||
      failed(checkElements(ctx, {6}, Signed)) ||
      failed(ctx.onlyAttrs({"alpha", "transA", "transB"})))
    return failure();
  if (ctx.inputType(0).getRank() != 2 || ctx.inputType(3).getRank() != 2)
    return ctx.malformed("expected matrices");
  bool transA = ctx.intAttr("transA", 0), transB = ctx.intAttr("transB", 0);
  FailureOr<Value> a = operand(ctx, 0),
                   b = dequantizedInput(ctx, 3, {4, 5, /*axis=*/transB ? 0 : 1});
  if (failed(a) || failed(b))
    return failure();
  Value y = numpyMatMul(ctx, transA ? ctx.transpose(*a, {1, 0}) : *a,
                        transB ? ctx.transpose(*b, {1, 0}) : *b);
  if (!y)
    return failure();
  Type f32 = ctx.b.getF32Type();
  double alpha = ctx.floatAttr("alpha", 1.0);
  auto mul = [&](Value v, Value w) { return ctx.binary(BinaryKind::Mul, v, w); };
  if (ctx.hasInput(6)) {
    if (ctx.inputType(1).getRank() > 1 || ctx.inputType(4).getRank() > 1)
      return ctx.malformed("the scales have rank 0 or 1");
    Value unit = mul(ctx.cast(ctx.input(1), f32), ctx.cast(ctx.input(4), f32));
    y = ctx.binary(BinaryKind::Add, y, mul(ctx.cast(ctx.input(6), f32), unit));
  }
  if (alpha != 1.0)
    y = mul(y, ctx.scalar(alpha, f32));
  if (ctx.hasInput(7))
    return setQuantizedOutput(ctx, y, resultCode(ctx, 8, 0), {7, 8});
  ctx.setOutput(0, y);
  return success();
}

/// y + bias, if input `bias` is given.
static LogicalResult setBiased(NodeContext &ctx, Value y, unsigned bias) {
  if (!y)
    return failure();
  if (ctx.hasInput(bias)) {
    if (failed(checkElements(ctx, {bias}, Float)) ||
        failed(checkBroadcast(ctx, {y, ctx.input(bias)})))
      return failure();
    y = ctx.binary(BinaryKind::Add, y, ctx.cast(ctx.input(bias), elementOf(y)));
  }
  ctx.setOutput(0, y);
  return success();
}

static int64_t lastAxis(NodeContext &ctx, unsigned input, int64_t back) {
  return std::max<int64_t>(ctx.inputType(input).getRank() - back, 0);
}

/// Inputs: a, b, scale of a, scale of b, zero point of a, zero point of b, bias.
static LogicalResult convertMatMulIntegerToFloat(NodeContext &ctx) {
  if (failed(checkArity(ctx, 4, 7)) || failed(checkTriples(ctx, {0, 1, 4, 5}, {2, 3})) ||
      failed(ctx.onlyAttrs({})))
    return failure();
  FailureOr<Value> a = dequantizedInput(ctx, 0, {2, 4, lastAxis(ctx, 0, 2)});
  FailureOr<Value> b =
      dequantizedInput(ctx, 1, {3, 5, lastAxis(ctx, 1, 1), /*blockSize=*/0, /*anyShape=*/true});
  if (failed(a) || failed(b))
    return failure();
  return setBiased(ctx, numpyMatMul(ctx, *a, *b), 6);
}

/// Inputs: a (float, quantized per tensor to 8 bits on the way), b, scale of b, zero point of b,
/// bias.
static LogicalResult convertDynamicQuantizeMatMul(NodeContext &ctx) {
  if (failed(checkArity(ctx, 3, 5)) || failed(checkElements(ctx, {0}, Float)) ||
      failed(checkTriples(ctx, {1, 3}, {2})) || failed(ctx.onlyAttrs({})))
    return failure();
  QuantizedDynamically a = quantizeDynamically(ctx, ctx.input(0));
  FailureOr<Value> b =
      dequantizedInput(ctx, 1, {2, 3, lastAxis(ctx, 1, 1), /*blockSize=*/0, /*anyShape=*/true});
  if (failed(b))
    return failure();
  Value x = dequantize(ctx, a.codes, a.params, ctx.b.getF32Type());
  return setBiased(ctx, numpyMatMul(ctx, x, *b), 4);
}

void onnx_to_nn::populateContribQuantized(Registry &r) {
  auto add = [&](StringRef op, Handler handler) { r.add("com.microsoft", op, handler); };
  add("QLinearAdd", convertBinary<BinaryKind::Add>);
  add("QLinearMul", convertBinary<BinaryKind::Mul>);
  add("QLinearSigmoid", convertSigmoid);
  add("QLinearLeakyRelu", convertLeakyRelu);
  add("QLinearSoftmax", convertSoftmax);
  add("QLinearGlobalAveragePool", convertGlobalAveragePool);
  add("QLinearAveragePool", convertAveragePool);
  add("QLinearReduceMean", convertReduceMean);
  add("QLinearConcat", convertConcat);
  add("QLinearWhere", convertWhere);
  add("QGemm", convertGemm);
  add("MatMulIntegerToFloat", convertMatMulIntegerToFloat);
  add("DynamicQuantizeMatMul", convertDynamicQuantizeMatMul);
}
