// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks that handlers share.
#include "lib/Conversion/ONNXToNn/HandlerChecks.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

unsigned onnx_to_nn::classOf(Type element) {
  if (isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(element))
    return Float;
  if (auto f = dyn_cast<FloatType>(element))
    return f.getWidth() <= 8 ? SmallFloat : 0;
  auto i = dyn_cast<IntegerType>(element);
  if (!i)
    return 0;
  if (i.getWidth() == 1)
    return Bool;
  if (i.getWidth() < 8)
    return SmallInt;
  return i.isUnsigned() ? Unsigned : Signed;
}

Type onnx_to_nn::elementTypeOfCode(MLIRContext *ctx, int64_t code) {
  auto ui = [&](unsigned width) { return IntegerType::get(ctx, width, IntegerType::Unsigned); };
  auto i = [&](unsigned width) { return IntegerType::get(ctx, width); };
  switch (code) {
  case 1:
    return Float32Type::get(ctx);
  case 2:
    return ui(8);
  case 3:
    return i(8);
  case 4:
    return ui(16);
  case 5:
    return i(16);
  case 6:
    return i(32);
  case 7:
    return i(64);
  case 9:
    return i(1);
  case 10:
    return Float16Type::get(ctx);
  case 11:
    return Float64Type::get(ctx);
  case 12:
    return ui(32);
  case 13:
    return ui(64);
  case 16:
    return BFloat16Type::get(ctx);
  case 17:
    return Float8E4M3FNType::get(ctx);
  case 18:
    return Float8E4M3FNUZType::get(ctx);
  case 19:
    return Float8E5M2Type::get(ctx);
  case 20:
    return Float8E5M2FNUZType::get(ctx);
  case 21:
    return ui(4);
  case 22:
    return i(4);
  case 23:
    return Float4E2M1FNType::get(ctx);
  case 24:
    return Float8E8M0FNUType::get(ctx);
  case 25:
    return ui(2);
  case 26:
    return i(2);
  default:
    return {};
  }
}

FailureOr<Type> onnx_to_nn::elementTypeAttr(NodeContext &ctx, StringRef name, Type otherwise) {
  int64_t code = ctx.intAttr(name, 0);
  if (code == 0)
    return otherwise;
  if (Type t = elementTypeOfCode(ctx.b.getContext(), code))
    return t;
  StringRef what = code == 8 ? "strings" : code == 14 || code == 15 ? "complex numbers" : "";
  if (what.empty())
    return ctx.malformed("attribute '" + name + "' names no ONNX data type: " + Twine(code));
  return ctx.unsupported("attribute '" + name + "' asks for " + what + ", which lpc has not");
}

static std::string typeText(Type t) {
  std::string text;
  llvm::raw_string_ostream(text) << t;
  return text;
}

LogicalResult onnx_to_nn::checkArity(NodeContext &ctx, unsigned required, unsigned maximum) {
  for (unsigned i = 0; i < required; ++i)
    if (!ctx.hasInput(i))
      return ctx.malformed("input " + Twine(i) + " is required, but it is not given");
  for (unsigned i = maximum; i < ctx.numInputs(); ++i)
    if (ctx.hasInput(i))
      return ctx.malformed("expected at most " + Twine(maximum) + " inputs, but got " +
                           Twine(ctx.numInputs()));
  return success();
}

LogicalResult onnx_to_nn::checkElements(NodeContext &ctx, ArrayRef<unsigned> inputs,
                                        unsigned classes) {
  Type common;
  for (unsigned i : inputs) {
    if (!ctx.hasInput(i))
      continue;
    Type t = elementOf(ctx, i);
    unsigned own = classOf(t);
    if (own == 0)
      return ctx.unsupported("input " + Twine(i) + " has elements of type " + typeText(t) +
                             ", which lpc does not compute with");
    if (!(own & classes))
      return ctx.malformed("the operator does not take elements of type " + typeText(t) +
                           " (input " + Twine(i) + ")");
    if (common && t != common)
      return ctx.malformed("expected inputs of one element type, but got " + typeText(common) +
                           " and " + typeText(t));
    common = t;
  }
  return success();
}

LogicalResult onnx_to_nn::checkUniform(NodeContext &ctx, unsigned required, unsigned maximum,
                                       unsigned classes) {
  if (failed(checkArity(ctx, required, maximum)))
    return failure();
  return checkElements(ctx, llvm::to_vector(llvm::seq<unsigned>(ctx.numInputs())), classes);
}

LogicalResult onnx_to_nn::checkBroadcast(NodeContext &ctx, ArrayRef<Value> values) {
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value v : values)
    shapes.push_back(cast<RankedTensorType>(v.getType()).getShape());
  if (succeeded(nn::broadcastShapes(shapes)))
    return success();
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(values, os, [&](Value v) { os << v.getType(); });
  return ctx.malformed("the shapes of the inputs do not broadcast: " + text);
}

Type onnx_to_nn::elementOf(NodeContext &ctx, unsigned i) {
  return ctx.inputType(i).getElementType();
}
Type onnx_to_nn::elementOf(Value v) { return cast<RankedTensorType>(v.getType()).getElementType(); }
int64_t onnx_to_nn::rankOf(Value v) { return cast<RankedTensorType>(v.getType()).getRank(); }

Type onnx_to_nn::computeType(Type element) {
  if (isa<Float16Type, BFloat16Type>(element))
    return Float32Type::get(element.getContext());
  return isa<IntegerType>(element) ? Float64Type::get(element.getContext()) : element;
}

Value onnx_to_nn::alongAxis(NodeContext &ctx, Value v, int64_t axis, int64_t rank) {
  SmallVector<OpFoldResult> shape(rank, ctx.b.getIndexAttr(1));
  shape[axis] = ctx.dim(v, 0);
  return ctx.reshape(v, shape);
}
