// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear, of ONNX and of ONNX Runtime's domain.
//
// The quotient x / scale is rounded once, in f32, also for scales of 16 bits: the standard says the
// scale's type, ONNX Runtime computes in f32. The attribute `precision` asks for another type and
// gets it. NaN becomes the lowest code.
#include "lib/Conversion/ONNXToNn/QuantizationParams.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

static std::string typeText(Type t) {
  std::string text;
  llvm::raw_string_ostream(text) << t;
  return text;
}

/// Type checks of scale (input 1) and zero point (input 2).
static LogicalResult checkScale(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 3)) ||
      failed(checkElements(ctx, {1}, Float | SmallFloat | Integer)))
    return failure();
  Type t = elementOf(ctx, 1);
  if (classOf(t) == Float || isa<Float8E8M0FNUType>(t) || t.isInteger(32))
    return success();
  return ctx.malformed("the scale (input 1) must not be of type " + typeText(t));
}

//===- QuantizeLinear
//-------------------------------------------------------------------------------------===//

static FailureOr<Type> quantizedType(NodeContext &ctx) {
  FailureOr<Type> asked = elementTypeAttr(ctx, "output_dtype", Type());
  if (failed(asked))
    return failure();
  Type type = *asked;
  if (ctx.hasInput(2)) {
    Type zeroPoint = elementOf(ctx, 2);
    if (type && type != zeroPoint)
      return ctx.malformed("attribute 'output_dtype' (" + typeText(type) +
                           ") and the zero point (" + typeText(zeroPoint) + ") differ");
    type = zeroPoint;
  }
  if (!type)
    type = IntegerType::get(ctx.b.getContext(), 8, IntegerType::Unsigned);
  if (!isCodeType(type))
    return ctx.malformed("cannot quantize to " + typeText(type));
  return type;
}

static LogicalResult convertQuantize(NodeContext &ctx) {
  if (failed(checkScale(ctx)) || failed(checkElements(ctx, {0}, Float | Signed)) ||
      failed(ctx.onlyAttrs({"axis", "block_size", "output_dtype", "precision", "saturate"})))
    return failure();
  Value x = ctx.input(0);
  FailureOr<Type> type = quantizedType(ctx);
  FailureOr<Type> precision = elementTypeAttr(ctx, "precision", ctx.b.getF32Type());
  if (failed(type) || failed(precision))
    return failure();
  if (classOf(*precision) != Float)
    return ctx.malformed("attribute 'precision' must name a float type");
  QuantInputs inputs{/*scale=*/1, /*zeroPoint=*/2, ctx.intAttr("axis", 1),
                     ctx.intAttr("block_size", 0)};
  FailureOr<QuantParams> p = readQuantParams(ctx, x, *type, inputs);
  if (failed(p))
    return failure();
  if (precision->getIntOrFloatBitWidth() == 16) {
    // The quotient is rounded to 16 bits first; what is left to quantize has the scale 1.
    if (inputs.blockSize > 0)
      return ctx.unsupported(
          "attribute 'precision' of 16 bits with blocks; leave it out to divide in float");
    Value quotient =
        ctx.binary(nn::BinaryKind::Div, ctx.cast(x, *precision), ctx.cast(p->scale, *precision));
    x = quotient;
    p->scale = Value();
  } else if (precision->isF64()) {
    x = ctx.cast(x, *precision);
  }
  ctx.setOutput(0, quantize(ctx, x, *p, *type, ctx.intAttr("saturate", 1) != 0));
  return success();
}

//===- DequantizeLinear
//-----------------------------------------------------------------------------------===//

static LogicalResult convertDequantize(NodeContext &ctx) {
  if (failed(checkScale(ctx)) || failed(checkElements(ctx, {0, 2}, AnyNumber)) ||
      failed(ctx.onlyAttrs({"axis", "block_size", "output_dtype"})))
    return failure();
  Value x = ctx.input(0);
  Type code = elementOf(x), scale = elementOf(ctx, 1);
  if (!isCodeType(code) && !code.isSignlessInteger(32))
    return ctx.malformed("cannot dequantize elements of type " + typeText(code));
  FailureOr<Type> result =
      elementTypeAttr(ctx, "output_dtype", classOf(scale) == Float ? scale : ctx.b.getF32Type());
  if (failed(result))
    return failure();
  if (classOf(*result) != Float)
    return ctx.malformed("attribute 'output_dtype' must name a float type");
  QuantInputs inputs{/*scale=*/1, /*zeroPoint=*/2, ctx.intAttr("axis", 1),
                     ctx.intAttr("block_size", 0)};
  if (!isCodeType(code) && inputs.blockSize > 0)
    return ctx.unsupported("blocks of 32-bit integers; give the scale per tensor or per axis");
  FailureOr<QuantParams> p = readQuantParams(ctx, x, code, inputs);
  if (failed(p))
    return failure();
  ctx.setOutput(0, dequantize(ctx, x, *p, *result));
  return success();
}

//===- DynamicQuantizeLinear
//------------------------------------------------------------------------------===//

QuantizedDynamically onnx_to_nn::quantizeDynamically(NodeContext &ctx, Value x) {
  MLIRContext *c = ctx.b.getContext();
  Type code = IntegerType::get(c, 8, IntegerType::Unsigned);
  const num::Format *format = lp::formatOfBuiltin(code);
  int64_t rank = rankOf(x);
  SmallVector<int64_t> ones(rank, 1);
  lp::ScaleAttr structure = lp::ScaleAttr::perTensor(c, rank);
  auto range = lp::BlockScaleOp::create(
      ctx.b, ctx.loc, TypeRange{RankedTensorType::get(ones, ctx.b.getF32Type())},
      lp::codeTensor(c, ones, format), x, ValueRange(), lp::FormatType::get(c, format), structure,
      lp::ScaleRule::MinMax);
  QuantParams params{structure, range.getScales().front(),
                     fromCodes(ctx, range.getZeroPoint(), code)};
  return {quantize(ctx, x, params, code), params};
}

static LogicalResult convertDynamicQuantize(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float)) || failed(ctx.onlyAttrs({})))
    return failure();
  Value x = ctx.input(0);
  if (!elementOf(x).isF32())
    return ctx.malformed("expected float elements, but got " + typeText(elementOf(x)));
  QuantizedDynamically q = quantizeDynamically(ctx, x);
  ctx.setOutput(0, q.codes);
  if (ctx.numOutputs() > 1)
    ctx.setOutput(1, ctx.reshape(q.params.scale, {}));
  if (ctx.numOutputs() > 2)
    ctx.setOutput(2, ctx.reshape(q.params.zeroPoint, {}));
  return success();
}

void onnx_to_nn::populateQuantization(Registry &r) {
  for (StringRef domain : {"", "com.microsoft"}) {
    r.add(domain, "QuantizeLinear", convertQuantize);
    r.add(domain, "DequantizeLinear", convertDequantize);
  }
  r.add("DynamicQuantizeLinear", convertDynamicQuantize);
  populateQuantizedLinear(r);
  populateContribQuantized(r);
  populateQONNX(r);
}
