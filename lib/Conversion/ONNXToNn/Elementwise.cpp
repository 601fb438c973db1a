// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic, logic, comparison and casts.
#include "dialects/Lp/IR/Lp.h"
#include "lib/Conversion/ONNXToNn/HandlerChecks.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;
using nn::CompareKind;
using nn::UnaryKind;

//===- unary
//------------------------------------------------------------------------------------------===//

/// Attributes of operators that have none. Operator set 1 marked in-place inputs; that says nothing
/// about the result.
static LogicalResult noAttrs(NodeContext &ctx) {
  return ctx.opset() < 6 ? ctx.onlyAttrs({"consumed_inputs"}) : ctx.onlyAttrs({});
}

template <UnaryKind kind, unsigned classes> static LogicalResult convertUnary(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, classes)) || failed(noAttrs(ctx)))
    return failure();
  Value x = ctx.input(0);
  bool isUnsigned = classOf(elementOf(x)) == Unsigned;
  if (kind == UnaryKind::Abs && isUnsigned)
    ctx.setOutput(0, x);
  else if (kind == UnaryKind::Sign && isUnsigned)
    ctx.setOutput(0, ctx.binary(BinaryKind::Min, x, ctx.scalar(1, elementOf(x))));
  else if (kind == UnaryKind::Erf && classOf(elementOf(x)) != Float)
    ctx.setOutput(0,
                  ctx.cast(ctx.unary(kind, ctx.cast(x, computeType(elementOf(x)))), elementOf(x)));
  else
    ctx.setOutput(0, ctx.unary(kind, x));
  return success();
}

/// Predicates also take 8-bit floats, which have no arithmetic of their own.
static Value widened(NodeContext &ctx, Value x) {
  return classOf(elementOf(x)) == SmallFloat ? ctx.cast(x, ctx.b.getF32Type()) : x;
}

static LogicalResult convertIsNaN(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float | SmallFloat)) || failed(noAttrs(ctx)))
    return failure();
  ctx.setOutput(0, ctx.unary(UnaryKind::IsNaN, widened(ctx, ctx.input(0))));
  return success();
}

static LogicalResult convertIsInf(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Float | SmallFloat)) ||
      failed(ctx.onlyAttrs({"detect_negative", "detect_positive"})))
    return failure();
  bool negative = ctx.intAttr("detect_negative", 1), positive = ctx.intAttr("detect_positive", 1);
  Value x = widened(ctx, ctx.input(0));
  double infinity = std::numeric_limits<double>::infinity();
  Value y;
  if (negative && positive)
    y = ctx.unary(UnaryKind::IsInf, x);
  else if (negative || positive)
    y = ctx.compare(CompareKind::Eq, x, ctx.scalar(positive ? infinity : -infinity, elementOf(x)));
  else
    y = ctx.compare(CompareKind::Lt, x, x);
  ctx.setOutput(0, y);
  return success();
}

//===- two operands
//-------------------------------------------------------------------------------------===//

/// The operands of a binary operator. Before operator set 7 they had one shape, or with `broadcast`
/// the second was stretched to the first from `axis` on.
static FailureOr<std::pair<Value, Value>> binaryOperands(NodeContext &ctx,
                                                         ArrayRef<StringRef> attrs = {}) {
  SmallVector<StringRef> known(attrs);
  bool old = ctx.opset() < 7;
  if (old)
    known.append({"axis", "broadcast", "consumed_inputs"});
  if (failed(ctx.onlyAttrs(known)))
    return failure();
  Value x = ctx.input(0), y = ctx.input(1);
  if (old && ctx.intAttr("broadcast", 0) && ctx.hasAttr("axis")) {
    FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", 0), rankOf(x));
    if (failed(axis))
      return failure();
    int64_t trailing = rankOf(x) - *axis - rankOf(y);
    if (trailing < 0)
      return ctx.malformed(
          "the second input has more dimensions than the first has from 'axis' on");
    SmallVector<OpFoldResult> shape = ctx.dims(y);
    shape.append(trailing, ctx.b.getIndexAttr(1));
    y = ctx.reshape(y, shape);
  }
  if (failed(checkBroadcast(ctx, {x, y})))
    return failure();
  return std::make_pair(x, y);
}

template <BinaryKind kind, unsigned classes> static LogicalResult convertBinary(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 2, classes)))
    return failure();
  auto operands = binaryOperands(ctx);
  if (failed(operands))
    return failure();
  ctx.setOutput(0, ctx.binary(kind, operands->first, operands->second));
  return success();
}

template <CompareKind kind, unsigned classes>
static LogicalResult convertCompare(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 2, classes)))
    return failure();
  auto operands = binaryOperands(ctx);
  if (failed(operands))
    return failure();
  ctx.setOutput(0, ctx.compare(kind, operands->first, operands->second));
  return success();
}

static LogicalResult convertMod(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 2, Number)))
    return failure();
  auto operands = binaryOperands(ctx, {"fmod"});
  if (failed(operands))
    return failure();
  bool fmod = ctx.intAttr("fmod", 0);
  if (!fmod && classOf(elementOf(ctx, 0)) == Float)
    return ctx.malformed("attribute 'fmod' must be 1 for float inputs");
  ctx.setOutput(
      0, ctx.binary(fmod ? BinaryKind::Rem : BinaryKind::Mod, operands->first, operands->second));
  return success();
}

/// The type in which base and exponent of different types meet.
static Type powType(Type base, Type exponent) {
  if (base == exponent)
    return base;
  bool floatBase = classOf(base) == Float, floatExponent = classOf(exponent) == Float;
  if (!floatBase && floatExponent)
    return Float64Type::get(base.getContext());
  if (floatBase && !floatExponent)
    return base;
  // Both floats, or both integers: the wider one, and where widths are equal the type of the
  // result.
  bool exponentWider = exponent.getIntOrFloatBitWidth() > base.getIntOrFloatBitWidth();
  return exponentWider ? exponent : base;
}

static LogicalResult convertPow(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(checkElements(ctx, {0}, Number)) ||
      failed(checkElements(ctx, {1}, Number)))
    return failure();
  auto operands = binaryOperands(ctx);
  if (failed(operands))
    return failure();
  Type result = elementOf(ctx, 0), type = powType(result, elementOf(ctx, 1));
  Value y = ctx.binary(BinaryKind::Pow, ctx.cast(operands->first, type),
                       ctx.cast(operands->second, type));
  ctx.setOutput(0, ctx.cast(y, result));
  return success();
}

static LogicalResult convertBitShift(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 2, 2, Unsigned)))
    return failure();
  auto operands = binaryOperands(ctx, {"direction"});
  if (failed(operands))
    return failure();
  std::string direction = ctx.stringAttr("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return ctx.malformed("attribute 'direction' must be LEFT or RIGHT, but it is '" + direction +
                         "'");
  ctx.setOutput(0, ctx.binary(direction == "LEFT" ? BinaryKind::Shl : BinaryKind::Shr,
                              operands->first, operands->second));
  return success();
}

//===- many operands
//--------------------------------------------------------------------------------------===//

/// Min, Max, Sum and Mean of one or more operands, from left to right.
template <BinaryKind kind, unsigned classes, bool mean = false>
static LogicalResult convertVariadic(NodeContext &ctx) {
  unsigned count = ctx.numInputs();
  if (count == 0)
    return ctx.malformed("expected at least one input");
  if (failed(checkUniform(ctx, count, count, classes)) || failed(noAttrs(ctx)))
    return failure();
  SmallVector<Value> values;
  for (unsigned i = 0; i < count; ++i)
    values.push_back(ctx.input(i));
  if (failed(checkBroadcast(ctx, values)))
    return failure();
  Value result = values.front();
  for (Value v : ArrayRef(values).drop_front())
    result = ctx.binary(kind, result, v);
  if (mean && count > 1)
    result = ctx.binary(BinaryKind::Div, result, ctx.scalar(count, elementOf(result)));
  ctx.setOutput(0, result);
  return success();
}

//===- clip, where
//----------------------------------------------------------------------------------------===//

/// A bound that is known and survives the way through a double; false if it must stay a value.
static bool knownBound(NodeContext &ctx, Value v, double &bound) {
  ElementsAttr value = ctx.constantValue(v);
  if (!value || value.getNumElements() != 1)
    return false;
  if (isa<FloatType>(value.getElementType())) {
    auto values = value.tryGetValues<APFloat>();
    if (!values)
      return false;
    APFloat x = *values->begin();
    bool loses = false;
    x.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
    bound = x.convertToDouble();
    return !std::isnan(bound);
  }
  auto values = value.tryGetValues<APInt>();
  if (!values)
    return false;
  APInt x = *values->begin();
  bool isUnsigned = value.getElementType().isUnsignedInteger();
  bound = x.roundToDouble(!isUnsigned);
  return isUnsigned ? x.ule(uint64_t(1) << 53) : x.abs().ule(uint64_t(1) << 53);
}

/// A bound of Clip as a rank-0 value. The standard wants rank 0; files with one element of rank 1
/// exist.
static FailureOr<Value> boundValue(NodeContext &ctx, unsigned i) {
  Value v = ctx.input(i);
  if (rankOf(v) == 0)
    return v;
  RankedTensorType t = ctx.inputType(i);
  if (!t.hasStaticShape() || t.getNumElements() != 1)
    return ctx.malformed("input " + Twine(i) + " must be a scalar");
  return ctx.reshape(v, {});
}

static LogicalResult convertClip(NodeContext &ctx) {
  bool attrForm = ctx.opset() < 11;
  if (failed(checkUniform(ctx, 1, attrForm ? 1 : 3, Number)) ||
      failed(attrForm ? ctx.onlyAttrs({"min", "max", "consumed_inputs"}) : ctx.onlyAttrs({})))
    return failure();
  Value x = ctx.input(0);
  double infinity = std::numeric_limits<double>::infinity(), lo = -infinity, hi = infinity;
  Value loValue, hiValue; // Bounds that are not in lo and hi.
  bool isInteger = classOf(elementOf(x)) != Float;
  if (attrForm) {
    lo = ctx.floatAttr("min", -infinity);
    hi = ctx.floatAttr("max", infinity);
  } else {
    // A single bound of an integer stays a value: the other bound has no double that every width
    // understands.
    bool bothGiven = ctx.hasInput(1) && ctx.hasInput(2);
    for (unsigned i : {1u, 2u}) {
      if (!ctx.hasInput(i))
        continue;
      FailureOr<Value> bound = boundValue(ctx, i);
      if (failed(bound))
        return failure();
      (i == 1 ? loValue : hiValue) = *bound;
    }
    double l = lo, h = hi;
    bool known =
        (!loValue || knownBound(ctx, loValue, l)) && (!hiValue || knownBound(ctx, hiValue, h));
    if (known && (bothGiven || !isInteger)) {
      lo = l;
      hi = h;
      loValue = hiValue = Value();
    }
  }
  if (loValue)
    x = ctx.binary(BinaryKind::Max, x, loValue);
  if (hiValue)
    x = ctx.binary(BinaryKind::Min, x, hiValue);
  if (lo != -infinity || hi != infinity)
    x = nn::ClampOp::create(ctx.b, ctx.loc, x, APFloat(lo), APFloat(hi));
  ctx.setOutput(0, x);
  return success();
}

static LogicalResult convertWhere(NodeContext &ctx) {
  if (failed(checkArity(ctx, 3, 3)) || failed(checkElements(ctx, {0}, Bool)) ||
      failed(checkElements(ctx, {1, 2}, AnyNumber)) || failed(ctx.onlyAttrs({})) ||
      failed(checkBroadcast(ctx, {ctx.input(0), ctx.input(1), ctx.input(2)})))
    return failure();
  ctx.setOutput(0, ctx.select(ctx.input(0), ctx.input(1), ctx.input(2)));
  return success();
}

//===- casts
//----------------------------------------------------------------------------------------------===//

/// Into an exponent-only format. The rounding is an attribute of the operator, so this is a
/// quantization without scale.
static FailureOr<Value> castToE8M0(NodeContext &ctx, Value x, bool saturate) {
  if (classOf(elementOf(x)) != Float)
    x = ctx.cast(x, ctx.b.getF32Type());
  std::string mode = ctx.stringAttr("round_mode", "up");
  lp::Rounding rounding;
  if (mode == "up")
    rounding = lp::Rounding::Up;
  else if (mode == "down")
    rounding = lp::Rounding::Down;
  else if (mode == "nearest")
    rounding = lp::Rounding::NearestUp;
  else
    return ctx.malformed("attribute 'round_mode' must be up, down or nearest, but it is '" + mode +
                         "'");
  MLIRContext *c = ctx.b.getContext();
  auto type = cast<RankedTensorType>(x.getType());
  Type e8m0 = Float8E8M0FNUType::get(c);
  Value codes = lp::QuantizeOp::create(
      ctx.b, ctx.loc, lp::codeTensor(c, type.getShape(), lp::formatOfBuiltin(e8m0)), x,
      ValueRange{}, Value(), lp::ScaleAttr::perTensor(c, type.getRank()), rounding,
      saturate ? lp::Overflow::Saturate : lp::Overflow::Infinity, lp::NaNPolicy::Lowest,
      lp::ZeroPointOrder::AfterRounding);
  return lp::BitcastOp::create(ctx.b, ctx.loc, type.clone(e8m0), codes).getResult();
}

static LogicalResult castTo(NodeContext &ctx, Type element) {
  if (failed(checkElements(ctx, {0}, AnyNumber)))
    return failure();
  Value x = ctx.input(0);
  bool saturate = ctx.intAttr("saturate", 1);
  FailureOr<Value> y;
  if (isa<Float8E8M0FNUType>(element) && element != elementOf(x)) {
    y = castToE8M0(ctx, x, saturate);
    if (failed(y))
      return failure();
  } else if (element == elementOf(x)) {
    y = x;
  } else if (classOf(element) == SmallInt && (classOf(elementOf(x)) & (Float | SmallFloat))) {
    // Rounds, and then wraps like an integer: so do ONNX's recorded results; nn.cast would clamp.
    Value rounded = ctx.unary(UnaryKind::Round, widened(ctx, x));
    y = ctx.cast(ctx.cast(rounded, ctx.b.getI32Type()), element);
  } else {
    y = nn::CastOp::create(ctx.b, ctx.loc, ctx.inputType(0).clone(element), x, saturate)
            .getResult();
  }
  ctx.setOutput(0, *y);
  return success();
}

static LogicalResult convertCast(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({"to", "saturate", "round_mode"})))
    return failure();
  FailureOr<Type> element = elementTypeAttr(ctx, "to", Type());
  if (failed(element))
    return failure();
  if (!*element)
    return ctx.malformed("attribute 'to' is required");
  return castTo(ctx, *element);
}

static LogicalResult convertCastLike(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(checkElements(ctx, {1}, AnyNumber)) ||
      failed(ctx.onlyAttrs({"saturate", "round_mode"})))
    return failure();
  return castTo(ctx, elementOf(ctx, 1));
}

static LogicalResult convertBitCast(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, AnyNumber)) || failed(ctx.onlyAttrs({"to"})))
    return failure();
  FailureOr<Type> element = elementTypeAttr(ctx, "to", Type());
  if (failed(element))
    return failure();
  if (!*element)
    return ctx.malformed("attribute 'to' is required");
  Value x = ctx.input(0);
  Type from = elementOf(x);
  if (from == *element) {
    ctx.setOutput(0, x);
    return success();
  }
  // ONNX stores a boolean in a byte, of value 0 or 1.
  if (from.isInteger(1) && element->getIntOrFloatBitWidth() == 8) {
    Type byte = IntegerType::get(ctx.b.getContext(), 8, IntegerType::Unsigned);
    x = ctx.cast(x, byte);
    if (byte != *element)
      x = nn::BitcastOp::create(ctx.b, ctx.loc, ctx.inputType(0).clone(*element), x);
    ctx.setOutput(0, x);
    return success();
  }
  if (element->isInteger(1))
    return ctx.unsupported("bits cannot be read as booleans; use Cast");
  if (from.getIntOrFloatBitWidth() != element->getIntOrFloatBitWidth())
    return ctx.malformed("the element types have different widths");
  ctx.setOutput(0, nn::BitcastOp::create(ctx.b, ctx.loc, ctx.inputType(0).clone(*element), x));
  return success();
}

//===- registration
//---------------------------------------------------------------------------------------===//

template <UnaryKind kind, unsigned classes = Float>
static void addUnary(Registry &r, StringRef op) {
  r.add(op, convertUnary<kind, classes>);
}

void onnx_to_nn::populateElementwise(Registry &r) {
  addUnary<UnaryKind::Neg, Float | Signed>(r, "Neg");
  addUnary<UnaryKind::Abs, Number>(r, "Abs");
  addUnary<UnaryKind::Sign, Number>(r, "Sign");
  addUnary<UnaryKind::Not, Bool>(r, "Not");
  addUnary<UnaryKind::Not, Integer>(r, "BitwiseNot");
  addUnary<UnaryKind::Sqrt>(r, "Sqrt");
  addUnary<UnaryKind::Reciprocal>(r, "Reciprocal");
  addUnary<UnaryKind::Exp>(r, "Exp");
  addUnary<UnaryKind::Log>(r, "Log");
  addUnary<UnaryKind::Erf, Number>(r, "Erf");
  addUnary<UnaryKind::Sin>(r, "Sin");
  addUnary<UnaryKind::Cos>(r, "Cos");
  addUnary<UnaryKind::Tan>(r, "Tan");
  addUnary<UnaryKind::Asin>(r, "Asin");
  addUnary<UnaryKind::Acos>(r, "Acos");
  addUnary<UnaryKind::Atan>(r, "Atan");
  addUnary<UnaryKind::Sinh>(r, "Sinh");
  addUnary<UnaryKind::Cosh>(r, "Cosh");
  addUnary<UnaryKind::Tanh>(r, "Tanh");
  addUnary<UnaryKind::Asinh>(r, "Asinh");
  addUnary<UnaryKind::Acosh>(r, "Acosh");
  addUnary<UnaryKind::Atanh>(r, "Atanh");
  addUnary<UnaryKind::Floor>(r, "Floor");
  addUnary<UnaryKind::Ceil>(r, "Ceil");
  addUnary<UnaryKind::Round>(r, "Round");
  r.add("IsNaN", convertIsNaN);
  r.add("IsInf", convertIsInf);

  r.add("Add", convertBinary<BinaryKind::Add, Number>);
  r.add("Sub", convertBinary<BinaryKind::Sub, Number>);
  r.add("Mul", convertBinary<BinaryKind::Mul, Number>);
  r.add("Div", convertBinary<BinaryKind::Div, Number>);
  r.add("Mod", convertMod);
  r.add("Pow", convertPow);
  r.add("And", convertBinary<BinaryKind::And, Bool>);
  r.add("Or", convertBinary<BinaryKind::Or, Bool>);
  r.add("Xor", convertBinary<BinaryKind::Xor, Bool>);
  r.add("BitwiseAnd", convertBinary<BinaryKind::And, Integer>);
  r.add("BitwiseOr", convertBinary<BinaryKind::Or, Integer>);
  r.add("BitwiseXor", convertBinary<BinaryKind::Xor, Integer>);
  r.add("BitShift", convertBitShift);
  r.add("Equal", convertCompare<CompareKind::Eq, Number | Bool>);
  r.add("Less", convertCompare<CompareKind::Lt, Number>);
  r.add("LessOrEqual", convertCompare<CompareKind::Le, Number>);
  r.add("Greater", convertCompare<CompareKind::Gt, Number>);
  r.add("GreaterOrEqual", convertCompare<CompareKind::Ge, Number>);

  r.add("Min", convertVariadic<BinaryKind::Min, Number>);
  r.add("Max", convertVariadic<BinaryKind::Max, Number>);
  r.add("Sum", convertVariadic<BinaryKind::Add, Float>);
  r.add("Mean", convertVariadic<BinaryKind::Add, Float, true>);
  r.add("Clip", convertClip);
  r.add("Where", convertWhere);
  r.add("Cast", convertCast);
  r.add("CastLike", convertCastLike);
  r.add("BitCast", convertBitCast);
}
