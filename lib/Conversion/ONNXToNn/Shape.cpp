// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that read or change shapes, and those that make tensors from a shape.
#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

//===- shapes as data
//---------------------------------------------------------------------------------===//

static LogicalResult convertShape(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({"start", "end"})))
    return failure();
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0));
  int64_t rank = dims.size();
  auto clamp = [&](int64_t x) { return std::clamp<int64_t>(x < 0 ? x + rank : x, 0, rank); };
  int64_t start = clamp(ctx.intAttr("start", 0)), end = clamp(ctx.intAttr("end", rank));
  std::vector<Poly> taken;
  for (int64_t i = start; i < end; ++i)
    taken.push_back(dims[i]);
  ctx.setOutput(0, ctx.fromKnown(taken, {static_cast<int64_t>(taken.size())}, ctx.b.getI64Type()));
  return success();
}

static LogicalResult convertSize(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({})))
    return failure();
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0));
  ctx.setOutput(0, ctx.fromKnown(productOf(ctx, dims, 0, dims.size()), {}, ctx.b.getI64Type()));
  return success();
}

//===- reshapes
//---------------------------------------------------------------------------------------===//

static LogicalResult convertReshape(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 2)) ||
      failed(ctx.onlyAttrs({"allowzero", "shape", "consumed_inputs"})))
    return failure();
  SymbolicIndex &s = ctx.symbols();
  std::vector<Poly> wanted;
  if (ctx.hasInput(1)) {
    FailureOr<std::vector<Poly>> elements = readPolys(ctx, 1, "the shape");
    if (failed(elements))
      return failure();
    wanted = *elements;
  } else {
    for (int64_t x : ctx.intsAttr("shape"))
      wanted.push_back(polyOf(x));
  }
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0));
  bool allowZero = ctx.intAttr("allowzero", 0) != 0;
  Poly total = productOf(ctx, dims, 0, dims.size()), stated = polyOf(1);

  // What each element says: a size, a copy of the input's size (0), or "the rest" (-1). At run time
  // it may be any of them.
  SmallVector<Poly> isRest(wanted.size());
  int64_t constantRests = 0;
  for (auto [i, w] : llvm::enumerate(wanted)) {
    if (s.lowest(w) > 0)
      continue;
    // Sizes of dimensions stand for themselves, even if they turn out to be 0.
    bool isSize = s.lowest(w) >= 0 && !SymbolicIndex::constantOf(w);
    if (isSize)
      continue;
    Poly own = i < dims.size() ? dims[i] : polyOf(0);
    if (isConstant(w, 0) && !allowZero && i >= dims.size())
      return ctx.malformed("element " + Twine(i) +
                           " of the shape is 0, but the input has no such dimension");
    isRest[i] = s.less(w, polyOf(0));
    constantRests += isConstant(isRest[i], 1);
    if (!allowZero)
      w = s.select(s.equal(w, polyOf(0)), own, w);
  }
  if (constantRests > 1)
    return ctx.malformed("the shape has more than one -1");
  for (auto [w, rest] : llvm::zip(wanted, isRest)) {
    // Only one element can be -1: if it is known which, the others are not.
    if (constantRests && !isConstant(rest, 1))
      rest = polyOf(0);
    stated = s.mul(stated, s.select(rest, polyOf(1), w));
  }
  std::optional<Poly> quotient = s.exactQuotient(total, stated);
  Poly restSize = isConstant(stated, 0) ? polyOf(0)
                  : quotient ? *quotient
                             : s.divide(AtomKind::FloorDiv, total, s.max(stated, polyOf(1)));
  for (auto [w, rest] : llvm::zip(wanted, isRest))
    w = s.select(rest, restSize, w);
  ctx.setOutput(0, reshapeTo(ctx, ctx.input(0), wanted));
  return success();
}

static LogicalResult convertFlatten(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({"axis"})))
    return failure();
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0));
  int64_t rank = dims.size(), axis = ctx.intAttr("axis", 1);
  if (axis < -rank || axis > rank)
    return ctx.malformed("axis " + Twine(axis) + " is not in [" + Twine(-rank) + ", " +
                         Twine(rank) + "]");
  if (axis < 0)
    axis += rank;
  ctx.setOutput(0, reshapeTo(ctx, ctx.input(0),
                             {productOf(ctx, dims, 0, axis), productOf(ctx, dims, axis, rank)}));
  return success();
}

/// Axes of Squeeze and Unsqueeze: an attribute before opset 13, an input since.
static FailureOr<SmallVector<int64_t>> readAxes(NodeContext &ctx) {
  if (ctx.hasAttr("axes"))
    return ctx.intsAttr("axes");
  return readConstants(ctx, 1, "'axes'");
}

/// Whether the axes are an input that is known at run time only.
static bool hasRuntimeAxes(NodeContext &ctx) {
  return !ctx.hasAttr("axes") && ctx.hasInput(1) && !ctx.constants(ctx.input(1));
}

/// For each dimension of `rank`, 1 if the axes of input 1 list it, else 0.
static FailureOr<std::vector<Poly>> readListed(NodeContext &ctx, int64_t rank, int64_t &count) {
  FailureOr<std::vector<Poly>> axes = readPolys(ctx, 1, "'axes'");
  if (failed(axes))
    return failure();
  count = axes->size();
  std::vector<Poly> listed(rank);
  for (int64_t d = 0; d < rank; ++d)
    for (const Poly &a : *axes)
      listed[d] = ctx.symbols().add(listed[d], isAxis(ctx, a, d, rank));
  return listed;
}

/// Output size j is that of the input dimension which is kept and has j kept ones before it.
static LogicalResult squeezeAtRunTime(NodeContext &ctx) {
  SymbolicIndex &s = ctx.symbols();
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0));
  int64_t rank = dims.size(), count;
  FailureOr<std::vector<Poly>> listed = readListed(ctx, rank, count);
  if (failed(listed))
    return failure();
  if (count > rank)
    return ctx.malformed("there are more axes than dimensions");
  std::vector<Poly> shape(rank - count, polyOf(1));
  Poly before;
  for (int64_t t = 0; t < rank; ++t) {
    Poly kept = s.sub(polyOf(1), (*listed)[t]);
    for (int64_t j = 0; j < rank - count; ++j)
      shape[j] = s.select(s.mul(kept, s.equal(before, polyOf(j))), dims[t], shape[j]);
    before = s.add(before, kept);
  }
  ctx.setOutput(0, reshapeTo(ctx, ctx.input(0), shape));
  return success();
}

/// Output size d is 1 if d is listed, else that of the input dimension d minus the listed ones
/// before it.
static LogicalResult unsqueezeAtRunTime(NodeContext &ctx) {
  SymbolicIndex &s = ctx.symbols();
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0));
  RankedTensorType axesType = ctx.inputType(1);
  if (!axesType.hasStaticShape())
    return ctx.unsupported(
        "the number of axes is computed at run time; make the axes a constant of the model");
  int64_t rank = dims.size() + axesType.getNumElements(), count;
  FailureOr<std::vector<Poly>> listed = readListed(ctx, rank, count);
  if (failed(listed))
    return failure();
  std::vector<Poly> shape(rank, polyOf(1));
  Poly before;
  for (int64_t d = 0; d < rank; ++d) {
    Poly size = polyOf(1);
    for (int64_t t = std::max<int64_t>(0, d - count);
         t <= d && t < static_cast<int64_t>(dims.size()); ++t)
      size = s.select(s.equal(before, polyOf(d - t)), dims[t], size);
    shape[d] = s.select((*listed)[d], polyOf(1), size);
    before = s.add(before, (*listed)[d]);
  }
  ctx.setOutput(0, reshapeTo(ctx, ctx.input(0), shape));
  return success();
}

static LogicalResult convertSqueeze(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 2)) || failed(ctx.onlyAttrs({"axes"})))
    return failure();
  if (hasRuntimeAxes(ctx))
    return squeezeAtRunTime(ctx);
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0)), kept;
  FailureOr<SmallVector<int64_t>> given = readAxes(ctx);
  if (failed(given))
    return failure();
  bool all = !ctx.hasAttr("axes") && !ctx.hasInput(1);
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(ctx, *given, dims.size());
  if (failed(axes))
    return failure();
  for (auto [i, d] : llvm::enumerate(dims)) {
    std::optional<int64_t> c = SymbolicIndex::constantOf(d);
    bool chosen = llvm::is_contained(*axes, static_cast<int64_t>(i));
    if (all && !c)
      return ctx.unsupported(
          "without 'axes' the rank of the result depends on the size of dimension " + Twine(i) +
          "; state the axes");
    if (chosen && c && *c != 1)
      return ctx.malformed("dimension " + Twine(i) + " has size " + Twine(*c) +
                           " and cannot be squeezed");
    if (!chosen && !(all && *c == 1))
      kept.push_back(d);
  }
  ctx.setOutput(0, reshapeTo(ctx, ctx.input(0), kept));
  return success();
}

static LogicalResult convertUnsqueeze(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 2)) || failed(ctx.onlyAttrs({"axes"})))
    return failure();
  if (hasRuntimeAxes(ctx))
    return unsqueezeAtRunTime(ctx);
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0)), shape;
  FailureOr<SmallVector<int64_t>> given = readAxes(ctx);
  if (failed(given))
    return failure();
  int64_t rank = dims.size() + given->size();
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(ctx, *given, rank);
  if (failed(axes))
    return failure();
  size_t next = 0;
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(llvm::is_contained(*axes, i) ? polyOf(1) : dims[next++]);
  ctx.setOutput(0, reshapeTo(ctx, ctx.input(0), shape));
  return success();
}

static LogicalResult convertTranspose(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({"perm"})))
    return failure();
  int64_t rank = ctx.inputType(0).getRank();
  SmallVector<int64_t> permutation = ctx.intsAttr("perm");
  if (!ctx.hasAttr("perm"))
    for (int64_t i = rank - 1; i >= 0; --i)
      permutation.push_back(i);
  for (int64_t &p : permutation)
    if (p < 0)
      p += rank;
  ctx.setOutput(0, ctx.transpose(ctx.input(0), permutation));
  return success();
}

//===- repetition
//-------------------------------------------------------------------------------------===//

static LogicalResult convertExpand(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(ctx.onlyAttrs({})))
    return failure();
  FailureOr<std::vector<Poly>> shape = readPolys(ctx, 1, "the shape");
  if (failed(shape))
    return failure();
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0));
  while (shape->size() < dims.size())
    shape->insert(shape->begin(), polyOf(1));
  for (size_t i = 0; i < dims.size(); ++i) {
    Poly &target = (*shape)[shape->size() - dims.size() + i];
    std::optional<int64_t> c = SymbolicIndex::constantOf(target),
                           d = SymbolicIndex::constantOf(dims[i]);
    if (c && d && *c != 1 && *d != 1 && *c != *d)
      return ctx.malformed("size " + Twine(*d) + " does not broadcast to " + Twine(*c));
    target = broadcastSize(ctx, dims[i], target);
  }
  ctx.setOutput(0, broadcastToShape(ctx, ctx.input(0), *shape));
  return success();
}

static LogicalResult convertTile(NodeContext &ctx) {
  if (ctx.opset() < 6)
    return ctx.unsupported("operator set " + Twine(ctx.opset()) +
                           " is too old; convert the model to operator set 13 or later");
  if (failed(checkArity(ctx, 2, 2)) || failed(ctx.onlyAttrs({})))
    return failure();
  FailureOr<std::vector<Poly>> repeats = readPolys(ctx, 1, "'repeats'");
  if (failed(repeats))
    return failure();
  Value x = ctx.input(0);
  std::vector<Poly> dims = ctx.dimPolys(x), split, repeated, merged;
  if (repeats->size() != dims.size())
    return ctx.malformed("'repeats' has " + Twine(repeats->size()) + " elements for " +
                         Twine(dims.size()) + " dimensions");
  // [d] -> [1, d] -> [r, d] -> [r * d]
  for (auto [d, r] : llvm::zip(dims, *repeats)) {
    if (!isConstant(r, 1)) {
      split.push_back(polyOf(1));
      repeated.push_back(r);
    }
    split.push_back(d);
    repeated.push_back(d);
    merged.push_back(ctx.symbols().mul(d, r));
  }
  ctx.setOutput(0,
                reshapeTo(ctx, broadcastToShape(ctx, reshapeTo(ctx, x, split), repeated), merged));
  return success();
}

//===- tensors made from a shape
//----------------------------------------------------------------------===//

static LogicalResult convertConstantOfShape(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({"value"})))
    return failure();
  FailureOr<std::vector<Poly>> shape = readPolys(ctx, 0, "the shape");
  if (failed(shape))
    return failure();
  Value value;
  if (ElementsAttr a = ctx.tensorAttr("value")) {
    if (a.getNumElements() != 1 || !a.getElementType().isIntOrFloat())
      return ctx.malformed("'value' must have one element");
    value = reshapeTo(ctx, nn::ConstantOp::create(ctx.b, ctx.loc, a), {});
  } else {
    value = ctx.scalar(0, ctx.b.getF32Type());
  }
  ctx.setOutput(0, broadcastToShape(ctx, value, *shape));
  return success();
}

/// One number of a float or integer constant of one element.
static std::optional<double> scalarConstant(NodeContext &ctx, Value v) {
  auto dense = dyn_cast_if_present<DenseElementsAttr>(ctx.constantValue(v));
  if (!dense || dense.getNumElements() != 1)
    return std::nullopt;
  if (isa<FloatType>(dense.getElementType())) {
    APFloat f = *dense.value_begin<APFloat>();
    bool losesInfo;
    f.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    return f.convertToDouble();
  }
  return std::nullopt;
}

static LogicalResult convertRange(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 3, 3, Number)) || failed(ctx.onlyAttrs({})))
    return failure();
  Type type = elementOf(ctx, 0);
  SmallVector<Value> v;
  for (unsigned i = 0; i < 3; ++i)
    v.push_back(reshapeTo(ctx, ctx.input(i), {}));
  SymbolicIndex &s = ctx.symbols();
  Poly count;
  bool zeroStart = false, unitStep = false;
  if (isa<FloatType>(type)) {
    std::optional<double> start = scalarConstant(ctx, v[0]), limit = scalarConstant(ctx, v[1]),
                          delta = scalarConstant(ctx, v[2]);
    if (start && limit && delta && *delta != 0) {
      count = polyOf(std::max<int64_t>(0, std::ceil((*limit - *start) / *delta)));
    } else {
      Value steps =
          ctx.binary(nn::BinaryKind::Div, ctx.binary(nn::BinaryKind::Sub, v[1], v[0]), v[2]);
      Value n = ctx.cast(ctx.unary(nn::UnaryKind::Ceil, steps), ctx.b.getI64Type());
      count = s.max(s.of(ctx.elements(n)->front()), polyOf(0));
    }
    unitStep = delta && *delta == 1;
    zeroStart = start && *start == 0;
  } else {
    Poly p[3];
    for (unsigned i = 0; i < 3; ++i)
      p[i] = s.of(ctx.elements(v[i])->front());
    if (isConstant(p[2], 0))
      return ctx.malformed("'delta' is 0");
    count = s.max(s.divide(AtomKind::CeilDiv, s.sub(p[1], p[0]), p[2]), polyOf(0));
    zeroStart = isConstant(p[0], 0);
    unitStep = isConstant(p[2], 1);
    std::optional<int64_t> n = SymbolicIndex::constantOf(count);
    if (n && *n <= 64 && type.isSignlessInteger()) {
      std::vector<Poly> values;
      for (int64_t i = 0; i < *n; ++i)
        values.push_back(s.add(p[0], s.mul(p[2], polyOf(i))));
      ctx.setOutput(0, ctx.fromKnown(values, {*n}, type));
      return success();
    }
  }
  Value result = iota(ctx, {count}, 0, type);
  if (!unitStep)
    result = ctx.binary(nn::BinaryKind::Mul, result, v[2]);
  if (!zeroStart)
    result = ctx.binary(nn::BinaryKind::Add, result, v[0]);
  ctx.setOutput(0, result);
  return success();
}

static LogicalResult convertEyeLike(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({"dtype", "k"})))
    return failure();
  FailureOr<Type> type = elementTypeAttr(ctx, "dtype", elementOf(ctx, 0));
  if (failed(type))
    return failure();
  std::vector<Poly> dims = ctx.dimPolys(ctx.input(0));
  if (dims.size() != 2)
    return ctx.malformed("the input must have rank 2");
  Type i64 = ctx.b.getI64Type();
  Value row = ctx.binary(nn::BinaryKind::Add, iota(ctx, dims, 0, i64),
                         ctx.scalar(ctx.intAttr("k", 0), i64));
  ctx.setOutput(0, ctx.cast(ctx.compare(nn::CompareKind::Eq, row, iota(ctx, dims, 1, i64)), *type));
  return success();
}

static LogicalResult convertOneHot(NodeContext &ctx) {
  if (failed(checkArity(ctx, 3, 3)) || failed(ctx.onlyAttrs({"axis"})))
    return failure();
  Type i64 = ctx.b.getI64Type();
  Value indices = ctx.cast(ctx.input(0), i64);
  int64_t rank = tensorOf(indices).getRank() + 1;
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", -1), rank);
  if (failed(axis))
    return failure();
  if (ctx.inputType(2).getRank() != 1 || ctx.inputType(2).getDimSize(0) != 2)
    return ctx.malformed("'values' must have two elements");
  Value depth = reshapeTo(ctx, ctx.cast(ctx.input(1), i64), {});
  Poly depthSize = ctx.symbols().of(ctx.elements(depth)->front());
  if (ctx.symbols().lowest(depthSize) < 0)
    depthSize = ctx.symbols().max(depthSize, polyOf(0));

  std::vector<Poly> ones(rank, polyOf(1));
  ones[*axis] = depthSize;
  indices = unsqueeze(ctx, indices, *axis);
  // Negative indices count from the end; those that are still outside match nothing.
  Value wrapped = ctx.select(ctx.compare(nn::CompareKind::Lt, indices, ctx.scalar(0, i64)),
                             ctx.binary(nn::BinaryKind::Add, indices, depth), indices);
  Value hit = ctx.compare(nn::CompareKind::Eq, wrapped, iota(ctx, ones, *axis, i64));
  auto pick = [&](int64_t i) {
    return reshapeTo(ctx, sliceAxis(ctx, ctx.input(2), 0, polyOf(i), polyOf(1)), {});
  };
  ctx.setOutput(0, ctx.select(hit, pick(1), pick(0)));
  return success();
}

static LogicalResult convertTrilu(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 2)) || failed(ctx.onlyAttrs({"upper"})))
    return failure();
  Value x = ctx.input(0);
  std::vector<Poly> dims = ctx.dimPolys(x);
  if (dims.size() < 2)
    return ctx.malformed("the input must have rank 2 or more");
  Type i64 = ctx.b.getI64Type();
  ArrayRef<Poly> plane = ArrayRef<Poly>(dims).take_back(2);
  Value row = iota(ctx, plane, 0, i64), column = iota(ctx, plane, 1, i64);
  if (ctx.hasInput(1))
    row = ctx.binary(nn::BinaryKind::Add, row, reshapeTo(ctx, ctx.cast(ctx.input(1), i64), {}));
  bool upper = ctx.intAttr("upper", 1) != 0;
  Value keep = ctx.compare(upper ? nn::CompareKind::Ge : nn::CompareKind::Le, column, row);
  ctx.setOutput(0, ctx.select(keep, x, ctx.scalar(0, tensorOf(x).getElementType())));
  return success();
}

//===- identities
//-------------------------------------------------------------------------------------===//

static LogicalResult convertDropout(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 3)) ||
      failed(ctx.onlyAttrs({"ratio", "seed", "is_test", "consumed_inputs"})))
    return failure();
  if (ctx.hasInput(2)) {
    std::optional<SmallVector<int64_t>> training = ctx.constants(ctx.input(2));
    if (!training || training->size() != 1)
      return ctx.unsupported(
          "'training_mode' is computed at run time; export the model for inference");
    std::optional<double> ratio = ctx.hasInput(1) ? scalarConstant(ctx, ctx.input(1)) : 0.5;
    if (training->front() != 0 && !(ratio && *ratio == 0))
      return ctx.unsupported("training mode is not supported; export the model for inference");
  }
  Value x = ctx.input(0);
  ctx.setOutput(0, x);
  if (ctx.outputUsed(1)) {
    Type type = ctx.opset() >= 10 ? ctx.b.getI1Type() : elementOf(x);
    ctx.setOutput(1, broadcastToShape(ctx, ctx.scalar(1, type), ctx.dimPolys(x)));
  }
  return success();
}

void lpc::onnx_to_nn::populateShape(Registry &registry) {
  registry.add("Shape", convertShape);
  registry.add("Size", convertSize);
  registry.add("Reshape", convertReshape);
  registry.add("Flatten", convertFlatten);
  registry.add("Squeeze", convertSqueeze);
  registry.add("Unsqueeze", convertUnsqueeze);
  registry.add("Transpose", convertTranspose);
  registry.add("Expand", convertExpand);
  registry.add("Tile", convertTile);
  registry.add("ConstantOfShape", convertConstantOfShape);
  registry.add("Range", convertRange);
  registry.add("EyeLike", convertEyeLike);
  registry.add("OneHot", convertOneHot);
  registry.add("Trilu", convertTrilu);
  registry.add("Dropout", convertDropout);
}
