// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The constructions that handlers share: constants, reshapes, elementwise ops with ONNX's
// broadcasting.
#include "lib/Conversion/ONNXToNn/ConverterImpl.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

Value NodeContext::finish(OperationState &state, InferTypes infer) {
  if (llvm::is_contained(state.operands, Value()))
    return {};
  std::string message;
  ScopedDiagnosticHandler diagnostics(b.getContext(), [&](Diagnostic &d) {
    message = d.str();
    return success();
  });
  SmallVector<Type> types;
  LogicalResult inferred =
      infer(b.getContext(), loc, state.operands, state.attributes.getDictionary(b.getContext()),
            state.getRawProperties(), {}, types);
  if (failed(inferred)) {
    fail(message.empty() ? "types of the inputs do not fit the operator" : message);
    return {};
  }
  state.types.assign(types.begin(), types.end());
  Operation *op = b.create(state);
  if (failed(verify(op))) {
    fail(StringRef(message).split("op ").second.empty() ? StringRef(message)
                                                        : StringRef(message).split("op ").second);
    op->erase();
    return {};
  }
  return op->getResult(0);
}

//===- constants
//--------------------------------------------------------------------------------------===//

static Attribute numberAttr(double value, Type elementType) {
  if (auto f = dyn_cast<FloatType>(elementType)) {
    APFloat x(value);
    bool losesInfo;
    x.convert(f.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    return FloatAttr::get(f, x);
  }
  auto i = cast<IntegerType>(elementType);
  APSInt x(i.getWidth(), i.isUnsigned() || i.getWidth() == 1);
  bool isExact;
  // Values outside the range become its nearest end.
  APFloat(value).convertToInteger(x, APFloat::rmTowardZero, &isExact);
  return IntegerAttr::get(i, static_cast<const APInt &>(x));
}

Value NodeContext::scalar(double value, Type elementType) {
  auto type = RankedTensorType::get({}, elementType);
  return nn::ConstantOp::create(b, loc,
                                DenseElementsAttr::get(type, numberAttr(value, elementType)));
}

Value NodeContext::constant(ArrayRef<int64_t> values, Type elementType) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, elementType);
  SmallVector<Attribute> numbers;
  for (int64_t x : values) {
    if (auto i = dyn_cast<IntegerType>(elementType))
      numbers.push_back(IntegerAttr::get(i, APInt(64, x, true).sextOrTrunc(i.getWidth())));
    else
      numbers.push_back(numberAttr(static_cast<double>(x), elementType));
  }
  return nn::ConstantOp::create(b, loc, DenseElementsAttr::get(type, numbers));
}

//===- shapes
//-----------------------------------------------------------------------------------------===//

/// Static sizes and the values of the others.
static std::pair<SmallVector<int64_t>, SmallVector<Value>>
splitSizes(ArrayRef<OpFoldResult> shape) {
  SmallVector<int64_t> sizes;
  SmallVector<Value> values;
  dispatchIndexOpFoldResults(shape, values, sizes);
  return {sizes, values};
}

static bool hasNegativeSize(ArrayRef<int64_t> sizes) {
  return llvm::any_of(sizes, [](int64_t s) { return s < 0 && !ShapedType::isDynamic(s); });
}

Value NodeContext::reshape(Value v, ArrayRef<OpFoldResult> shape) {
  RankedTensorType from = typeOf(v);
  std::vector<Poly> wanted;
  for (OpFoldResult x : shape)
    wanted.push_back(symbols().of(x));
  SmallVector<OpFoldResult> folded = fold(wanted);
  auto [sizes, values] = splitSizes(folded);
  auto type = RankedTensorType::get(sizes, from.getElementType());
  if (type == from && dimPolys(v) == wanted)
    return v;
  if (hasNegativeSize(sizes)) {
    fail("shape " + printed(type) + " has a negative size");
    return v;
  }
  Poly count = SymbolicIndex::constant(1), wantedCount = count;
  for (const Poly &p : dimPolys(v))
    count = symbols().mul(count, p);
  for (const Poly &p : wanted)
    wantedCount = symbols().mul(wantedCount, p);
  std::optional<int64_t> difference = SymbolicIndex::constantOf(symbols().sub(count, wantedCount));
  if (difference && *difference != 0) {
    fail("cannot reshape " + printed(from) + " to " + printed(type) +
         ": the numbers of elements differ");
    return v;
  }
  std::optional<std::vector<Poly>> ks = known(v);
  if (ks && type.hasStaticShape())
    return fromKnown(*ks, sizes, from.getElementType());
  return b.createOrFold<nn::ReshapeOp>(loc, type, v, values);
}

Value NodeContext::broadcastTo(Value v, ArrayRef<OpFoldResult> shape) {
  RankedTensorType from = typeOf(v);
  std::vector<Poly> wanted;
  for (OpFoldResult x : shape)
    wanted.push_back(symbols().of(x));
  SmallVector<OpFoldResult> folded = fold(wanted);
  auto [sizes, values] = splitSizes(folded);
  auto type = RankedTensorType::get(sizes, from.getElementType());
  std::vector<Poly> own = dimPolys(v);
  if (own == wanted && type == from)
    return v;
  if (hasNegativeSize(sizes)) {
    fail("shape " + printed(type) + " has a negative size");
    return v;
  }
  bool fits = own.size() <= wanted.size();
  for (size_t i = 0; fits && i < own.size(); ++i) {
    std::optional<int64_t> d = SymbolicIndex::constantOf(own[i]);
    std::optional<int64_t> w = SymbolicIndex::constantOf(wanted[wanted.size() - own.size() + i]);
    fits = !d || !w || *d == 1 || *d == *w;
  }
  if (!fits) {
    fail("cannot broadcast " + printed(from) + " to " + printed(type));
    return v;
  }
  std::optional<std::vector<Poly>> ks = known(v);
  if (ks && ks->size() == 1 && type.hasStaticShape() &&
      type.getNumElements() <= Converter::kMaxKnown)
    return fromKnown(std::vector<Poly>(type.getNumElements(), ks->front()), sizes,
                     from.getElementType());
  return b.createOrFold<nn::BroadcastOp>(loc, type, v, values);
}

Value NodeContext::transpose(Value v, ArrayRef<int64_t> permutation) {
  if (!isPermutationVector(permutation) ||
      static_cast<int64_t>(permutation.size()) != typeOf(v).getRank()) {
    fail("the permutation does not fit " + printed(v.getType()));
    return v;
  }
  if (llvm::is_sorted(permutation))
    return v;
  RankedTensorType type = typeOf(v);
  if (std::optional<std::vector<Poly>> ks = known(v)) {
    SmallVector<int64_t> shape =
        llvm::map_to_vector(permutation, [&](int64_t p) { return type.getDimSize(p); });
    SmallVector<int64_t> strides(type.getRank(), 1);
    for (int64_t i = type.getRank() - 2; i >= 0; --i)
      strides[i] = strides[i + 1] * type.getDimSize(i + 1);
    std::vector<Poly> moved;
    for (int64_t n = 0; n < type.getNumElements(); ++n) {
      int64_t rest = n, from = 0;
      for (int64_t i = type.getRank() - 1; i >= 0; --i) {
        from += rest % shape[i] * strides[permutation[i]];
        rest /= shape[i];
      }
      moved.push_back((*ks)[from]);
    }
    return fromKnown(moved, shape, type.getElementType());
  }
  return nn::TransposeOp::create(b, loc, v, permutation);
}

//===- elementwise
//------------------------------------------------------------------------------------===//

/// Integer types in whose arithmetic shape values are followed: none that exporters use for data
/// with wrapping.
static bool isFollowed(Type t) {
  return t.isSignlessInteger(64) || t.isSignlessInteger(32) || t.isInteger(1);
}

Value NodeContext::foldElementwise(ArrayRef<Value> operands, Type elementType,
                                   function_ref<std::optional<Poly>(ArrayRef<Poly>)> f) {
  constexpr int64_t kMaxFolded = 64;
  SmallVector<std::vector<Poly>> inputs;
  SmallVector<ArrayRef<int64_t>> shapes;
  if (!isFollowed(elementType))
    return {};
  for (Value v : operands) {
    RankedTensorType t = typeOf(v);
    if (!isFollowed(t.getElementType()) || !t.hasStaticShape() || t.getNumElements() > kMaxFolded)
      return {};
    std::optional<std::vector<Poly>> ks = known(v);
    if (!ks)
      return {};
    inputs.push_back(*ks);
    shapes.push_back(t.getShape());
  }
  FailureOr<SmallVector<int64_t>> shape = nn::broadcastShapes(shapes);
  if (failed(shape) || ShapedType::getNumElements(*shape) > kMaxFolded)
    return {};
  std::vector<Poly> result;
  for (int64_t n = 0; n < ShapedType::getNumElements(*shape); ++n) {
    SmallVector<Poly> at;
    for (auto [values, own] : llvm::zip(inputs, shapes)) {
      int64_t rest = n, from = 0, stride = 1;
      for (int64_t i = shape->size() - 1, k = own.size() - 1; k >= 0; --i, --k) {
        from += own[k] == 1 ? 0 : rest % (*shape)[i] * stride;
        stride *= own[k];
        rest /= (*shape)[i];
      }
      at.push_back(values[from]);
    }
    std::optional<Poly> y = f(at);
    if (!y)
      return {};
    result.push_back(*y);
  }
  return fromKnown(result, *shape, elementType);
}

void NodeContext::alignForBroadcast(MutableArrayRef<Value> operands) {
  int64_t rank = 0;
  for (Value v : operands)
    rank = std::max(rank, typeOf(v).getRank());
  std::vector<Poly> one{SymbolicIndex::constant(1)}, target(rank, one[0]);
  SmallVector<std::vector<Poly>> own;
  for (Value v : operands) {
    own.push_back(dimPolys(v));
    for (int64_t i = 0, n = own.back().size(); i < n; ++i) {
      Poly &t = target[rank - n + i];
      const Poly &d = own.back()[i];
      if (d == one[0] || d == t)
        continue;
      std::optional<int64_t> ct = SymbolicIndex::constantOf(t), cd = SymbolicIndex::constantOf(d);
      if (ct && cd && *ct != 1 && *cd != *ct) {
        fail("shapes do not broadcast: sizes " + Twine(*ct) + " and " + Twine(*cd) + " meet");
        return;
      }
      if (cd || (ct && *ct == 1))
        t = d;
      else if (!ct)
        t = symbols().select(symbols().equal(t, one[0]), d, t);
    }
  }
  for (auto [v, sizes] : llvm::zip(operands, own)) {
    int64_t n = sizes.size();
    bool fits = true;
    for (int64_t i = 0; i < n; ++i)
      fits &= typeOf(v).getDimSize(i) == 1 || sizes[i] == target[rank - n + i];
    if (fits)
      continue;
    // Own sizes of 1 stay: only what might be 1 at run time is stated.
    std::vector<Poly> wanted(target.end() - n, target.end());
    for (int64_t i = 0; i < n; ++i)
      if (typeOf(v).getDimSize(i) == 1)
        wanted[i] = one[0];
    SmallVector<OpFoldResult> folded = fold(wanted);
    auto [shape, values] = splitSizes(folded);
    v = nn::BroadcastOp::create(b, loc, RankedTensorType::get(shape, typeOf(v).getElementType()), v,
                                values);
  }
}

/// Whether two operands may meet; reports otherwise.
static std::optional<std::string> elementMismatch(Value x, Value y) {
  if (typeOf(x).getElementType() == typeOf(y).getElementType())
    return std::nullopt;
  return "operands have different element types: " + printed(typeOf(x).getElementType()) + " and " +
         printed(typeOf(y).getElementType());
}

static std::optional<Poly> foldUnary(SymbolicIndex &s, nn::UnaryKind kind, const Poly &x,
                                     bool isBool) {
  Poly zero, negated = s.sub(zero, x);
  switch (kind) {
  case nn::UnaryKind::Neg:
    return negated;
  case nn::UnaryKind::Abs:
    return s.max(x, negated);
  case nn::UnaryKind::Relu:
    return s.max(x, zero);
  case nn::UnaryKind::Not:
    return s.sub(isBool ? SymbolicIndex::constant(1) : SymbolicIndex::constant(-1), x);
  default:
    return std::nullopt;
  }
}

Value NodeContext::unary(nn::UnaryKind kind, Value x) {
  Type element = typeOf(x).getElementType();
  if (Value folded = foldElementwise({x}, element, [&](ArrayRef<Poly> v) {
        return foldUnary(symbols(), kind, v[0], element.isInteger(1));
      }))
    return folded;
  return nn::UnaryOp::create(b, loc, kind, x);
}

static std::optional<Poly> foldBinary(SymbolicIndex &s, nn::BinaryKind kind, const Poly &x,
                                      const Poly &y, bool isBool) {
  bool divides = s.lowest(y) >= 1 || s.highest(y) <= -1;
  switch (kind) {
  case nn::BinaryKind::Add:
    return s.add(x, y);
  case nn::BinaryKind::Sub:
    return s.sub(x, y);
  case nn::BinaryKind::Mul:
    return s.mul(x, y);
  case nn::BinaryKind::Div:
    return divides || s.exactQuotient(x, y) ? std::optional(s.divide(AtomKind::TruncDiv, x, y))
                                            : std::nullopt;
  case nn::BinaryKind::Mod:
    return divides ? std::optional(s.remainder(AtomKind::FloorMod, x, y)) : std::nullopt;
  case nn::BinaryKind::Rem:
    return divides ? std::optional(s.remainder(AtomKind::Rem, x, y)) : std::nullopt;
  case nn::BinaryKind::Min:
    return s.min(x, y);
  case nn::BinaryKind::Max:
    return s.max(x, y);
  default:
    break;
  }
  if (!isBool)
    return std::nullopt;
  Poly both = s.mul(x, y), sum = s.add(x, y);
  if (kind == nn::BinaryKind::And)
    return both;
  if (kind == nn::BinaryKind::Or)
    return s.sub(sum, both);
  if (kind == nn::BinaryKind::Xor)
    return s.sub(sum, s.mul(both, SymbolicIndex::constant(2)));
  return std::nullopt;
}

Value NodeContext::binary(nn::BinaryKind kind, Value x, Value y) {
  if (std::optional<std::string> mismatch = elementMismatch(x, y)) {
    fail(*mismatch);
    return typeOf(x).getRank() >= typeOf(y).getRank() ? x : y;
  }
  Type element = typeOf(x).getElementType();
  if (Value folded = foldElementwise({x, y}, element, [&](ArrayRef<Poly> v) {
        return foldBinary(symbols(), kind, v[0], v[1], element.isInteger(1));
      }))
    return folded;
  Value operands[] = {x, y};
  alignForBroadcast(operands);
  Value result = make<nn::BinaryOp>(kind, operands[0], operands[1]);
  return result ? result : typeOf(x).getRank() >= typeOf(y).getRank() ? x : y;
}

static Poly foldCompare(SymbolicIndex &s, nn::CompareKind kind, const Poly &x, const Poly &y) {
  Poly one = SymbolicIndex::constant(1);
  switch (kind) {
  case nn::CompareKind::Eq:
    return s.equal(x, y);
  case nn::CompareKind::Ne:
    return s.sub(one, s.equal(x, y));
  case nn::CompareKind::Lt:
    return s.less(x, y);
  case nn::CompareKind::Ge:
    return s.sub(one, s.less(x, y));
  case nn::CompareKind::Gt:
    return s.less(y, x);
  case nn::CompareKind::Le:
    return s.sub(one, s.less(y, x));
  }
  llvm_unreachable("all kinds are handled");
}

Value NodeContext::compare(nn::CompareKind kind, Value x, Value y) {
  if (std::optional<std::string> mismatch = elementMismatch(x, y)) {
    fail(*mismatch);
    y = x;
  }
  if (Value folded = foldElementwise({x, y}, b.getI1Type(), [&](ArrayRef<Poly> v) {
        return std::optional(foldCompare(symbols(), kind, v[0], v[1]));
      }))
    return folded;
  Value operands[] = {x, y};
  alignForBroadcast(operands);
  Value result = make<nn::CompareOp>(kind, operands[0], operands[1]);
  return result ? result : nn::CompareOp::create(b, loc, kind, x, x).getResult();
}

Value NodeContext::select(Value condition, Value x, Value y) {
  if (std::optional<std::string> mismatch = elementMismatch(x, y)) {
    fail(*mismatch);
    return x;
  }
  if (Value folded =
          foldElementwise({condition, x, y}, typeOf(x).getElementType(), [&](ArrayRef<Poly> v) {
            return std::optional(symbols().select(v[0], v[1], v[2]));
          }))
    return folded;
  Value operands[] = {condition, x, y};
  alignForBroadcast(operands);
  Value result = make<nn::SelectOp>(operands[0], operands[1], operands[2]);
  return result ? result : x;
}

Value NodeContext::cast(Value v, Type elementType) {
  RankedTensorType from = typeOf(v);
  if (from.getElementType() == elementType)
    return v;
  // Sizes fit every integer type that exporters hold them in.
  if (Value folded =
          foldElementwise({v}, elementType, [&](ArrayRef<Poly> x) -> std::optional<Poly> {
            if (!elementType.isInteger(1))
              return x[0];
            return symbols().sub(SymbolicIndex::constant(1),
                                 symbols().equal(x[0], SymbolicIndex::constant(0)));
          }))
    return folded;
  if (std::optional<SmallVector<int64_t>> cs = constants(v);
      cs && isa<FloatType>(elementType) && elementType.getIntOrFloatBitWidth() >= 32) {
    SmallVector<Attribute> numbers;
    for (int64_t x : *cs)
      numbers.push_back(numberAttr(static_cast<double>(x), elementType));
    if (llvm::all_of(*cs, [](int64_t x) { return std::abs(x) < (1 << 24); }))
      return nn::ConstantOp::create(b, loc,
                                    DenseElementsAttr::get(from.clone(elementType), numbers));
  }
  return nn::CastOp::create(b, loc, from.clone(elementType), v);
}

Value NodeContext::reduce(nn::ReduceKind kind, Value x, ArrayRef<int64_t> axes, bool keepDims) {
  RankedTensorType type = typeOf(x);
  SmallVector<int64_t> sorted(axes);
  llvm::sort(sorted);
  std::optional<std::vector<Poly>> ks = known(x);
  if (ks && type.getRank() == 1 && sorted.size() == 1 && isFollowed(type.getElementType()) &&
      !ks->empty()) {
    std::optional<Poly> total = ks->front();
    for (const Poly &p : llvm::drop_begin(*ks)) {
      if (kind == nn::ReduceKind::Sum)
        total = symbols().add(*total, p);
      else if (kind == nn::ReduceKind::Prod)
        total = symbols().mul(*total, p);
      else if (kind == nn::ReduceKind::Max)
        total = symbols().max(*total, p);
      else if (kind == nn::ReduceKind::Min)
        total = symbols().min(*total, p);
      else
        total = std::nullopt;
      if (!total)
        break;
    }
    SmallVector<int64_t> shape(keepDims ? 1 : 0, 1);
    if (total)
      return fromKnown(*total, shape, type.getElementType());
  }
  Value result = make<nn::ReduceOp>(kind, x, sorted, keepDims);
  return result ? result : x;
}
