// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What handlers read of a node, and index values.
#include "lib/Conversion/ONNXToNn/ConverterImpl.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

NodeContext::NodeContext(Converter &converter, onnx::NodeOp node, OpBuilder &b)
    : b(b), loc(node.getLoc()), node(node), converter(converter) {}

StringRef NodeContext::opType() { return node.getOpType(); }
StringRef NodeContext::domain() { return node.getDomain(); }
int64_t NodeContext::opset() { return node.getOpset(); }

//===- inputs and results
//-----------------------------------------------------------------------------===//

unsigned NodeContext::numInputs() { return node.getInputs().size(); }
bool NodeContext::hasInput(unsigned i) { return node.hasInput(i); }

Value NodeContext::input(unsigned i) {
  if (hasInput(i))
    return converter.lookup(node.getInput(i));
  fail("input " + Twine(i) + " is missing");
  // Handlers go on until they return; the node is refused in any case.
  return scalar(0, b.getF32Type());
}

RankedTensorType NodeContext::inputType(unsigned i) {
  return cast<RankedTensorType>(input(i).getType());
}
unsigned NodeContext::numOutputs() { return node.getNumResults(); }
bool NodeContext::outputUsed(unsigned i) {
  return i < node.getNumResults() && !node.getResult(i).use_empty();
}

void NodeContext::setOutput(unsigned i, Value v) {
  if (i >= node.getNumResults() || !v)
    return;
  converter.map(node.getResult(i), v);
  // Asking for sizes in order keeps later questions about deep graphs shallow.
  for (int64_t axis = 0, rank = cast<RankedTensorType>(v.getType()).getRank(); axis < rank; ++axis)
    dimPoly(v, axis);
}

//===- attributes
//-------------------------------------------------------------------------------------===//

bool NodeContext::hasAttr(StringRef name) { return static_cast<bool>(node.getNodeAttr(name)); }

int64_t NodeContext::intAttr(StringRef name, int64_t otherwise) {
  Attribute a = node.getNodeAttr(name);
  if (!a)
    return otherwise;
  if (auto i = dyn_cast<IntegerAttr>(a))
    return i.getInt();
  fail("attribute '" + name + "' is not an integer");
  return otherwise;
}

double NodeContext::floatAttr(StringRef name, double otherwise) {
  Attribute a = node.getNodeAttr(name);
  if (!a)
    return otherwise;
  if (auto f = dyn_cast<FloatAttr>(a))
    return f.getValueAsDouble();
  fail("attribute '" + name + "' is not a float");
  return otherwise;
}

std::string NodeContext::stringAttr(StringRef name, StringRef otherwise) {
  Attribute a = node.getNodeAttr(name);
  if (!a)
    return otherwise.str();
  if (auto s = dyn_cast<StringAttr>(a))
    return s.getValue().str();
  fail("attribute '" + name + "' is not a string");
  return otherwise.str();
}

SmallVector<int64_t> NodeContext::intsAttr(StringRef name, ArrayRef<int64_t> otherwise) {
  Attribute a = node.getNodeAttr(name);
  if (!a)
    return SmallVector<int64_t>(otherwise);
  SmallVector<int64_t> result;
  auto array = dyn_cast<ArrayAttr>(a);
  if (auto dense = dyn_cast<DenseI64ArrayAttr>(a))
    return SmallVector<int64_t>(dense.asArrayRef());
  for (Attribute x : array ? array.getValue() : ArrayRef<Attribute>())
    if (auto i = dyn_cast<IntegerAttr>(x))
      result.push_back(i.getInt());
  if (!array || result.size() != array.size())
    fail("attribute '" + name + "' is not a list of integers");
  return result;
}

std::optional<SmallVector<double>> NodeContext::floatsAttr(StringRef name) {
  Attribute a = node.getNodeAttr(name);
  if (!a)
    return std::nullopt;
  SmallVector<double> result;
  auto array = dyn_cast<ArrayAttr>(a);
  for (Attribute x : array ? array.getValue() : ArrayRef<Attribute>())
    if (auto f = dyn_cast<FloatAttr>(x))
      result.push_back(f.getValueAsDouble());
  if (!array || result.size() != array.size())
    fail("attribute '" + name + "' is not a list of floats");
  return result;
}

ElementsAttr NodeContext::tensorAttr(StringRef name) {
  Attribute a = node.getNodeAttr(name);
  if (!a)
    return {};
  auto elements = dyn_cast<ElementsAttr>(a);
  if (!elements)
    fail("attribute '" + name + "' is not a tensor");
  return toDense(elements, 4096);
}

LogicalResult NodeContext::onlyAttrs(ArrayRef<StringRef> known) {
  for (NamedAttribute a : node.getNodeAttrsAttr())
    if (!llvm::is_contained(known, a.getName().getValue()))
      return unsupported("attribute '" + a.getName().getValue() +
                         "' is not known for this operator");
  return success();
}

//===- shape values
//-----------------------------------------------------------------------------------===//

SymbolicIndex &NodeContext::symbols() { return converter.symbols; }
std::optional<std::vector<Poly>> NodeContext::known(Value v) { return converter.known(v); }
Poly NodeContext::dimPoly(Value v, int64_t axis) { return converter.dim(b, v, axis); }

std::vector<Poly> NodeContext::dimPolys(Value v) {
  std::vector<Poly> result;
  for (int64_t axis = 0, rank = cast<RankedTensorType>(v.getType()).getRank(); axis < rank; ++axis)
    result.push_back(dimPoly(v, axis));
  return result;
}

OpFoldResult NodeContext::fold(const Poly &p) { return symbols().materialize(b, loc, p); }

SmallVector<OpFoldResult> NodeContext::fold(ArrayRef<Poly> ps) {
  return llvm::map_to_vector(ps, [&](const Poly &p) { return fold(p); });
}

std::optional<SmallVector<OpFoldResult>> NodeContext::elements(Value v) {
  auto type = cast<RankedTensorType>(v.getType());
  if (type.getRank() > 1 || !type.hasStaticShape() ||
      type.getNumElements() > Converter::kMaxKnown || !isa<IntegerType>(type.getElementType()))
    return std::nullopt;
  if (std::optional<std::vector<Poly>> ps = known(v))
    return fold(*ps);
  Value source = v;
  if (!type.getElementType().isSignlessInteger())
    source = cast(v, b.getI64Type());
  std::vector<Poly> ps;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    SmallVector<Value> at;
    if (type.getRank() == 1)
      at.push_back(arith::ConstantIndexOp::create(b, loc, i));
    Value x = tensor::ExtractOp::create(b, loc, source, at);
    x = x.getType().isInteger(1)
            ? arith::IndexCastUIOp::create(b, loc, b.getIndexType(), x).getResult()
            : arith::IndexCastOp::create(b, loc, b.getIndexType(), x).getResult();
    ps.push_back(symbols().of(x));
  }
  return fold(ps);
}

std::optional<SmallVector<int64_t>> NodeContext::constants(Value v) {
  std::optional<std::vector<Poly>> ps = known(v);
  if (!ps)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const Poly &p : *ps) {
    std::optional<int64_t> c = SymbolicIndex::constantOf(p);
    if (!c)
      return std::nullopt;
    result.push_back(*c);
  }
  return result;
}

ElementsAttr NodeContext::constantValue(Value v) {
  auto constant = v ? v.getDefiningOp<nn::ConstantOp>() : nn::ConstantOp();
  return constant ? toDense(constant.getValue(), 4096) : ElementsAttr();
}

Value NodeContext::fromElements(ArrayRef<OpFoldResult> values, Type elementType, bool rank0) {
  std::vector<Poly> ps;
  for (OpFoldResult x : values)
    ps.push_back(symbols().of(x));
  SmallVector<int64_t> shape;
  if (!rank0)
    shape.push_back(values.size());
  return fromKnown(ps, shape, elementType);
}

Value NodeContext::fromKnown(ArrayRef<Poly> values, ArrayRef<int64_t> shape, Type elementType) {
  auto type = RankedTensorType::get(shape, elementType);
  SmallVector<APInt> numbers;
  unsigned width = elementType.getIntOrFloatBitWidth();
  for (const Poly &p : values)
    if (std::optional<int64_t> c = SymbolicIndex::constantOf(p))
      numbers.push_back(APInt(64, *c, true).sextOrTrunc(width));
  if (numbers.size() == values.size())
    return nn::ConstantOp::create(b, loc, DenseElementsAttr::get(type, numbers));

  bool isSignless = elementType.isSignlessInteger();
  Type builtType = isSignless ? elementType : b.getI64Type();
  SmallVector<Value> scalars;
  for (const Poly &p : values)
    scalars.push_back(arith::IndexCastOp::create(b, loc, builtType, index(fold(p))));
  Value result =
      tensor::FromElementsOp::create(b, loc, RankedTensorType::get(shape, builtType), scalars);
  if (!isSignless)
    result = nn::CastOp::create(b, loc, type, result);
  converter.setKnown(result, values.vec());
  return result;
}

OpFoldResult NodeContext::dim(Value v, int64_t axis) { return fold(dimPoly(v, axis)); }
SmallVector<OpFoldResult> NodeContext::dims(Value v) { return fold(dimPolys(v)); }

OpFoldResult NodeContext::add(OpFoldResult x, OpFoldResult y) {
  return fold(symbols().add(symbols().of(x), symbols().of(y)));
}
OpFoldResult NodeContext::sub(OpFoldResult x, OpFoldResult y) {
  return fold(symbols().sub(symbols().of(x), symbols().of(y)));
}
OpFoldResult NodeContext::mul(OpFoldResult x, OpFoldResult y) {
  return fold(symbols().mul(symbols().of(x), symbols().of(y)));
}
OpFoldResult NodeContext::divTrunc(OpFoldResult x, OpFoldResult y) {
  return fold(symbols().divide(AtomKind::TruncDiv, symbols().of(x), symbols().of(y)));
}
OpFoldResult NodeContext::min(OpFoldResult x, OpFoldResult y) {
  return fold(symbols().min(symbols().of(x), symbols().of(y)));
}
OpFoldResult NodeContext::max(OpFoldResult x, OpFoldResult y) {
  return fold(symbols().max(symbols().of(x), symbols().of(y)));
}

Value NodeContext::index(OpFoldResult x) {
  if (auto v = dyn_cast<Value>(x))
    return v;
  return arith::ConstantIndexOp::create(b, loc,
                                        cast<IntegerAttr>(mlir::cast<Attribute>(x)).getInt());
}

std::optional<int64_t> NodeContext::constantIndex(OpFoldResult x) {
  return SymbolicIndex::constantOf(symbols().of(x));
}

FailureOr<int64_t> NodeContext::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  return malformed("axis " + Twine(axis) + " is not in [" + Twine(-rank) + ", " + Twine(rank - 1) +
                   "]");
}

//===- refusals
//---------------------------------------------------------------------------------------===//

LogicalResult NodeContext::unsupported(const Twine &reason) {
  if (converter.pendingReason.empty()) {
    converter.pendingReason = reason.str();
    converter.pendingKind = Refusal::Kind::Unsupported;
  }
  return failure();
}

LogicalResult NodeContext::malformed(const Twine &reason) {
  fail(reason);
  return failure();
}

void NodeContext::fail(const Twine &reason) {
  if (!converter.pendingReason.empty())
    return;
  converter.pendingReason = reason.str();
  converter.pendingKind = Refusal::Kind::Malformed;
}
