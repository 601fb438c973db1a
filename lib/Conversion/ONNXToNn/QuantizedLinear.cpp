// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// QLinearMatMul and QLinearConv as dequantize, nn op, quantize; MatMulInteger and ConvInteger as
// exact 32-bit integer arithmetic.
#include "lib/Conversion/ONNXToNn/HandlerWindows.h"
#include "lib/Conversion/ONNXToNn/QuantizationParams.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;

//===- products
//-------------------------------------------------------------------------------------------===//

Value onnx_to_nn::numpyMatMul(NodeContext &ctx, Value a, Value b) {
  if (rankOf(a) == 0 || rankOf(b) == 0) {
    (void)ctx.malformed("expected operands of rank 1 or more");
    return {};
  }
  bool row = rankOf(a) == 1, column = rankOf(b) == 1;
  OpFoldResult one = ctx.b.getIndexAttr(1);
  if (row)
    a = ctx.reshape(a, {one, ctx.dim(a, 0)});
  if (column)
    b = ctx.reshape(b, {ctx.dim(b, 0), one});
  Value y = ctx.make<nn::MatMulOp>(a, b, /*transpose_rhs=*/false);
  if (!y || (!row && !column))
    return y;
  SmallVector<OpFoldResult> shape = ctx.dims(y);
  if (column)
    shape.pop_back();
  if (row)
    shape.erase(shape.end() - (column ? 1 : 2));
  return ctx.reshape(y, shape);
}

/// The convolution that the attributes of the node describe. Zeros around the input are zeros of
/// the numbers: zero points are gone.
static FailureOr<Value> convolution(NodeContext &ctx, Value x, Value w, Value bias) {
  if (rankOf(x) < 3 || rankOf(w) != rankOf(x))
    return ctx.malformed("expected an input and a filter of one rank, 3 or more");
  FailureOr<Window> window = readFilterWindow(ctx, x, w, /*forward=*/true);
  if (failed(window))
    return failure();
  x = padForWindow(ctx, x, *window, Value());
  Value y = ctx.make<nn::ConvOp>(x, w, bias, window->strides, window->pads, window->dilations,
                                 ctx.intAttr("group", 1));
  if (!y)
    return failure();
  return y;
}

static constexpr StringRef kConvAttrs[] = {"auto_pad",     "dilations", "group",
                                           "kernel_shape", "pads",      "strides"};

/// Codes of 8 bits: the types of these operators, which never learnt others (QLinearMatMul also
/// takes 8-bit floats).
LogicalResult onnx_to_nn::checkCodes(NodeContext &ctx, ArrayRef<unsigned> inputs, bool floats) {
  if (failed(checkElements(ctx, inputs, Integer | SmallInt | (floats ? SmallFloat : 0u))))
    return failure();
  for (unsigned i : inputs)
    if (ctx.hasInput(i) && !isCodeType(elementOf(ctx, i)))
      return ctx.malformed("input " + Twine(i) + " must have elements of at most 16 bits");
  return success();
}

//===- dequantize, compute, quantize
//------------------------------------------------------------------------===//

FailureOr<Value> onnx_to_nn::dequantizedInput(NodeContext &ctx, unsigned data,
                                              const QuantInputs &inputs) {
  Value x = ctx.input(data);
  FailureOr<QuantParams> p = readQuantParams(ctx, x, elementOf(x), inputs);
  if (failed(p))
    return failure();
  return dequantize(ctx, x, *p, ctx.b.getF32Type());
}

LogicalResult onnx_to_nn::setQuantizedOutput(NodeContext &ctx, Value y, Type code,
                                             const QuantInputs &inputs) {
  FailureOr<QuantParams> p = readQuantParams(ctx, y, code, inputs);
  if (failed(p))
    return failure();
  ctx.setOutput(0, quantize(ctx, y, *p, code));
  return success();
}

/// The operand of input `data`, whose scale and zero point follow it.
static FailureOr<Value> operand(NodeContext &ctx, unsigned data, int64_t axis, bool anyShape) {
  return dequantizedInput(ctx, data, {data + 1, data + 2, axis, /*blockSize=*/0, anyShape});
}

static LogicalResult setQuantized(NodeContext &ctx, Value y, int64_t axis, bool anyShape) {
  return setQuantizedOutput(ctx, y, elementOf(ctx, 7), {6, 7, axis, /*blockSize=*/0, anyShape});
}

static LogicalResult convertQLinearMatMul(NodeContext &ctx) {
  if (failed(checkArity(ctx, 8, 8)) || failed(checkCodes(ctx, {0, 2}, true)) ||
      failed(checkCodes(ctx, {3, 5}, true)) || failed(checkCodes(ctx, {7}, true)) ||
      failed(checkElements(ctx, {1}, Float)) || failed(checkElements(ctx, {4}, Float)) ||
      failed(checkElements(ctx, {6}, Float)) || failed(ctx.onlyAttrs({})))
    return failure();
  // Parameters of rank 1 belong to the rows of a and y, and to the columns of b.
  auto rows = [&](int64_t rank) { return std::max<int64_t>(rank - 2, 0); };
  FailureOr<Value> a = operand(ctx, 0, rows(ctx.inputType(0).getRank()), true);
  FailureOr<Value> b = operand(ctx, 3, std::max<int64_t>(ctx.inputType(3).getRank() - 1, 0), true);
  if (failed(a) || failed(b))
    return failure();
  Value y = numpyMatMul(ctx, *a, *b);
  return y ? setQuantized(ctx, y, rows(rankOf(y)), true) : failure();
}

static LogicalResult convertQLinearConv(NodeContext &ctx) {
  if (failed(checkArity(ctx, 8, 9)) || failed(checkCodes(ctx, {0, 2}, false)) ||
      failed(checkCodes(ctx, {3, 5}, false)) || failed(checkCodes(ctx, {7}, false)) ||
      failed(checkElements(ctx, {1, 4, 6}, Float)) || failed(checkElements(ctx, {8}, Signed)) ||
      failed(ctx.onlyAttrs(kConvAttrs)))
    return failure();
  FailureOr<Value> x = operand(ctx, 0, 1, false), w = operand(ctx, 3, 0, false);
  if (failed(x) || failed(w))
    return failure();
  Value bias;
  if (ctx.hasInput(8)) {
    // Its scale is the product of those of input and filter.
    if (ctx.inputType(8).getRank() != 1)
      return ctx.malformed("the bias (input 8) must have rank 1");
    auto flat = [&](unsigned i) -> Value {
      RankedTensorType t = ctx.inputType(i);
      Value s = ctx.cast(ctx.input(i), ctx.b.getF32Type());
      return t.getRank() <= 1 ? s : Value();
    };
    Value xs = flat(1), ws = flat(4);
    if (!xs || !ws)
      return ctx.malformed("the scales of a convolution have rank 0 or 1");
    bias = ctx.binary(BinaryKind::Mul, ctx.cast(ctx.input(8), ctx.b.getF32Type()),
                      ctx.binary(BinaryKind::Mul, xs, ws));
  }
  FailureOr<Value> y = convolution(ctx, *x, *w, bias);
  return succeeded(y) ? setQuantized(ctx, *y, 1, false) : failure();
}

//===- exact integers
//---------------------------------------------------------------------------------------===//

/// Input `data` as i32 minus its zero point (input `zeroPoint`), of which one of rank 1 lies along
/// `axis`.
static FailureOr<Value> centred(NodeContext &ctx, unsigned data, unsigned zeroPoint, int64_t axis) {
  Type i32 = ctx.b.getI32Type();
  Value x = ctx.cast(ctx.input(data), i32);
  if (!ctx.hasInput(zeroPoint))
    return x;
  if (elementOf(ctx, data) != elementOf(ctx, zeroPoint))
    return ctx.malformed("input " + Twine(data) + " and its zero point must have one element type");
  Value z = ctx.cast(ctx.input(zeroPoint), i32);
  int64_t rank = rankOf(x);
  RankedTensorType type = ctx.inputType(zeroPoint);
  if (type.hasStaticShape() && type.getNumElements() == 1)
    z = ctx.reshape(z, {});
  else if (type.getRank() == 1 && rank > 0)
    z = alongAxis(ctx, z, axis, rank);
  if (rankOf(z) > rank || failed(checkBroadcast(ctx, {x, z})))
    return ctx.malformed("the zero point (input " + Twine(zeroPoint) + ") does not fit input " +
                         Twine(data));
  return ctx.binary(BinaryKind::Sub, x, z);
}

static LogicalResult checkIntegers(NodeContext &ctx) {
  return success(succeeded(checkArity(ctx, 2, 4)) && succeeded(checkCodes(ctx, {0}, false)) &&
                 succeeded(checkCodes(ctx, {1}, false)) && succeeded(checkCodes(ctx, {2}, false)) &&
                 succeeded(checkCodes(ctx, {3}, false)));
}

static LogicalResult convertMatMulInteger(NodeContext &ctx) {
  if (failed(checkIntegers(ctx)) || failed(ctx.onlyAttrs({})))
    return failure();
  FailureOr<Value> a = centred(ctx, 0, 2, std::max<int64_t>(ctx.inputType(0).getRank() - 2, 0));
  FailureOr<Value> b = centred(ctx, 1, 3, std::max<int64_t>(ctx.inputType(1).getRank() - 1, 0));
  if (failed(a) || failed(b))
    return failure();
  Value y = numpyMatMul(ctx, *a, *b);
  ctx.setOutput(0, y);
  return success(static_cast<bool>(y));
}

static LogicalResult convertConvInteger(NodeContext &ctx) {
  if (failed(checkIntegers(ctx)) || failed(ctx.onlyAttrs(kConvAttrs)))
    return failure();
  FailureOr<Value> x = centred(ctx, 0, 2, 1), w = centred(ctx, 1, 3, 0);
  if (failed(x) || failed(w))
    return failure();
  FailureOr<Value> y = convolution(ctx, *x, *w, Value());
  if (failed(y))
    return failure();
  ctx.setOutput(0, *y);
  return success();
}

void onnx_to_nn::populateQuantizedLinear(Registry &r) {
  r.add("QLinearMatMul", convertQLinearMatMul);
  r.add("QLinearConv", convertQLinearConv);
  r.add("MatMulInteger", convertMatMulInteger);
  r.add("ConvInteger", convertConvInteger);
}
