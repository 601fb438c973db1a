// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that join, cut and pad tensors. Gathers and scatters are in GatherScatter.cpp.
#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

//===- concat and split
//-------------------------------------------------------------------------------===//

static LogicalResult convertConcat(NodeContext &ctx) {
  if (failed(ctx.onlyAttrs({"axis"})))
    return failure();
  if (ctx.numInputs() == 0)
    return ctx.malformed("there are no inputs");
  if (!ctx.hasAttr("axis") && ctx.opset() >= 4)
    return ctx.malformed("attribute 'axis' is missing");
  RankedTensorType type = ctx.inputType(0);
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", 1), type.getRank());
  if (failed(axis))
    return failure();
  SmallVector<Value> inputs;
  bool allKnown = true;
  for (unsigned i = 0; i < ctx.numInputs(); ++i) {
    Value v = ctx.input(i);
    if (tensorOf(v).getRank() != type.getRank() ||
        tensorOf(v).getElementType() != type.getElementType())
      return ctx.malformed("inputs 0 and " + Twine(i) + " have types " + printed(type) + " and " +
                           printed(v.getType()) + ", which cannot be joined");
    allKnown &= ctx.known(v).has_value();
    inputs.push_back(v);
  }
  if (inputs.size() == 1) {
    ctx.setOutput(0, inputs[0]);
    return success();
  }
  // Only the first dimensions of shape tensors are ever joined: there, the elements simply follow
  // each other.
  if (allKnown && *axis == 0) {
    std::vector<Poly> joined;
    int64_t size = 0;
    bool fits = true;
    for (Value v : inputs) {
      fits &= tensorOf(v).getShape().drop_front() == type.getShape().drop_front();
      llvm::append_range(joined, *ctx.known(v));
      size += tensorOf(v).getDimSize(0);
    }
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = size;
    if (fits && joined.size() <= 256) {
      ctx.setOutput(0, ctx.fromKnown(joined, shape, type.getElementType()));
      return success();
    }
  }
  ctx.setOutput(0, ctx.make<nn::ConcatOp>(inputs, *axis));
  return success();
}

static LogicalResult convertSplit(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 2)) || failed(ctx.onlyAttrs({"axis", "split", "num_outputs"})))
    return failure();
  Value x = ctx.input(0);
  SymbolicIndex &s = ctx.symbols();
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", 0), tensorOf(x).getRank());
  if (failed(axis))
    return failure();
  Poly whole = ctx.dimPoly(x, *axis);
  int64_t count = ctx.numOutputs();
  std::vector<Poly> sizes;
  if (ctx.hasInput(1)) {
    FailureOr<std::vector<Poly>> given = readPolys(ctx, 1, "'split'");
    if (failed(given))
      return failure();
    sizes = *given;
  } else if (ctx.hasAttr("split")) {
    for (int64_t n : ctx.intsAttr("split"))
      sizes.push_back(polyOf(n));
  } else {
    // Equal parts, the last one smaller. Rounding up may leave later parts empty.
    Poly part = s.divide(AtomKind::CeilDiv, whole, polyOf(count)), offset;
    for (int64_t i = 0; i < count; ++i) {
      bool isEven = s.mul(part, polyOf(count)) == whole;
      sizes.push_back(isEven ? part : s.max(s.min(part, s.sub(whole, offset)), polyOf(0)));
      offset = s.add(offset, part);
    }
  }
  if (static_cast<int64_t>(sizes.size()) != count)
    return ctx.malformed("the node has " + Twine(count) + " outputs, but 'split' lists " +
                         Twine(sizes.size()) + " sizes");
  Poly total;
  for (const Poly &n : sizes) {
    if (std::optional<int64_t> c = SymbolicIndex::constantOf(n); c && *c < 0)
      return ctx.malformed("a part has the negative size " + Twine(*c));
    total = s.add(total, n);
  }
  if (std::optional<int64_t> rest = SymbolicIndex::constantOf(s.sub(whole, total));
      rest && *rest != 0)
    return ctx.malformed("the parts do not add up to the size of axis " + Twine(*axis));
  Poly offset;
  for (int64_t i = 0; i < count; ++i) {
    if (ctx.outputUsed(i))
      ctx.setOutput(i, sliceAxis(ctx, x, *axis, offset, sizes[i]));
    offset = s.add(offset, sizes[i]);
  }
  return success();
}

//===- slice
//------------------------------------------------------------------------------------------===//

/// A start or end; sizes are far below 2^41, so anything beyond says "as far as possible".
static Poly limited(const Poly &p) {
  constexpr int64_t kFar = int64_t(1) << 41;
  std::optional<int64_t> c = SymbolicIndex::constantOf(p);
  return c ? polyOf(std::clamp(*c, -kFar, kFar)) : p;
}

static FailureOr<std::vector<Poly>> readList(NodeContext &ctx, StringRef attr, unsigned input) {
  if (ctx.hasAttr(attr)) {
    std::vector<Poly> result;
    for (int64_t x : ctx.intsAttr(attr))
      result.push_back(polyOf(x));
    return result;
  }
  if (!ctx.hasInput(input))
    return ctx.malformed("'" + attr + "' is missing");
  return readPolys(ctx, input, ("'" + attr + "'").str());
}

/// The axes of attribute 'axes' or of an input, checked where they are constant; the first `count`
/// if there are none.
static FailureOr<std::vector<Poly>> readAxes(NodeContext &ctx, unsigned input, size_t count,
                                             int64_t rank) {
  std::vector<Poly> axes;
  if (ctx.hasAttr("axes") || ctx.hasInput(input)) {
    FailureOr<std::vector<Poly>> given = readList(ctx, "axes", input);
    if (failed(given))
      return failure();
    axes = *given;
  } else {
    for (size_t i = 0; i < count; ++i)
      axes.push_back(polyOf(i));
  }
  SmallVector<int64_t> constants;
  for (const Poly &a : axes)
    if (std::optional<int64_t> c = SymbolicIndex::constantOf(a))
      constants.push_back(*c);
  if (failed(normalizeAxes(ctx, constants, rank)))
    return failure();
  return axes;
}

static LogicalResult convertSlice(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 5)) || failed(ctx.onlyAttrs({"starts", "ends", "axes"})))
    return failure();
  Value x = ctx.input(0);
  SymbolicIndex &s = ctx.symbols();
  std::vector<Poly> dims = ctx.dimPolys(x), sizes = dims;
  std::vector<Poly> offsets(dims.size(), polyOf(0)), strides(dims.size(), polyOf(1));
  FailureOr<std::vector<Poly>> starts = readList(ctx, "starts", 1);
  if (failed(starts))
    return failure();
  FailureOr<std::vector<Poly>> ends = readList(ctx, "ends", 2);
  if (failed(ends))
    return failure();
  FailureOr<std::vector<Poly>> axes = readAxes(ctx, 3, starts->size(), dims.size());
  if (failed(axes))
    return failure();
  std::vector<Poly> steps(axes->size(), polyOf(1));
  if (ctx.hasInput(4)) {
    FailureOr<std::vector<Poly>> read = readPolys(ctx, 4, "'steps'");
    if (failed(read))
      return failure();
    steps = *read;
  }
  if (starts->size() != axes->size() || ends->size() != axes->size() ||
      steps.size() != axes->size())
    return ctx.malformed("'starts', 'ends', 'axes' and 'steps' have different lengths");

  for (const Poly &step : steps)
    if (isConstant(step, 0))
      return ctx.malformed("a step is 0");
  int64_t rank = dims.size();
  for (int64_t axis = 0; axis < rank; ++axis) {
    // Everything, unless the axis is listed; which ones are may be known at run time only.
    Poly d = dims[axis], zero, start, end = d, step = polyOf(1);
    auto fromEnd = [&](const Poly &p) {
      Poly q = limited(p);
      return s.select(s.less(q, zero), s.add(q, d), q);
    };
    auto clamp = [&](const Poly &p, const Poly &low, const Poly &high) {
      return s.min(s.max(p, low), high);
    };
    bool isListed = false;
    for (size_t i = 0; i < axes->size(); ++i) {
      Poly listed = isAxis(ctx, (*axes)[i], axis, rank);
      if (isConstant(listed, 0))
        continue;
      isListed = true;
      start = s.select(listed, fromEnd((*starts)[i]), start);
      end = s.select(listed, fromEnd((*ends)[i]), end);
      step = s.select(listed, limited(steps[i]), step);
    }
    if (!isListed)
      continue;
    Poly last = s.sub(d, polyOf(1)), backwards = s.less(step, zero);
    Poly from = s.select(backwards, clamp(start, zero, last), clamp(start, zero, d));
    Poly to = s.select(backwards, clamp(end, polyOf(-1), last), clamp(end, zero, d));
    offsets[axis] = from;
    strides[axis] = step;
    sizes[axis] = s.max(s.divide(AtomKind::CeilDiv, s.sub(to, from), step), zero);
  }
  ctx.setOutput(0, sliceBox(ctx, x, offsets, sizes, strides));
  return success();
}

//===- pad
//--------------------------------------------------------------------------------------------===//

static LogicalResult convertPad(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 4)) || failed(ctx.onlyAttrs({"mode", "pads", "paddings", "value"})))
    return failure();
  Value x = ctx.input(0), value;
  int64_t rank = tensorOf(x).getRank();
  Type element = tensorOf(x).getElementType();
  std::string mode = ctx.stringAttr("mode", "constant");
  std::optional<nn::PadMode> kind = nn::symbolizePadMode(mode);
  if (!kind)
    return ctx.unsupported("mode '" + mode + "' is not one of constant, edge, reflect, wrap");
  FailureOr<std::vector<Poly>> pads =
      readList(ctx, ctx.hasAttr("paddings") ? "paddings" : "pads", 1);
  if (failed(pads))
    return failure();
  FailureOr<std::vector<Poly>> axes = readAxes(ctx, 3, rank, rank);
  if (failed(axes))
    return failure();
  if (pads->size() != 2 * axes->size())
    return ctx.malformed("'pads' has " + Twine(pads->size()) + " elements for " +
                         Twine(axes->size()) + " axes");
  std::vector<Poly> low(rank, polyOf(0)), high(rank, polyOf(0));
  for (int64_t d = 0; d < rank; ++d)
    for (size_t i = 0; i < axes->size(); ++i) {
      Poly listed = isAxis(ctx, (*axes)[i], d, rank);
      low[d] = ctx.symbols().select(listed, (*pads)[i], low[d]);
      high[d] = ctx.symbols().select(listed, (*pads)[axes->size() + i], high[d]);
    }
  if (*kind == nn::PadMode::Constant) {
    if (ctx.hasInput(2))
      value = reshapeTo(ctx, ctx.input(2), {});
    else if (double v = ctx.floatAttr("value", 0); v != 0)
      value = ctx.scalar(v, element);
  }
  if (value && tensorOf(value).getElementType() != element)
    return ctx.malformed("'constant_value' does not have the element type of the input");
  for (int64_t i = 0; i < rank; ++i) {
    std::optional<int64_t> size = SymbolicIndex::constantOf(
        ctx.symbols().add(ctx.dimPoly(x, i), ctx.symbols().add(low[i], high[i])));
    if (size && *size < 0)
      return ctx.malformed("dimension " + Twine(i) + " would have size " + Twine(*size));
  }
  ctx.setOutput(0,
                nn::PadOp::create(ctx.b, ctx.loc, x, value, ctx.fold(low), ctx.fold(high), *kind));
  return success();
}

static LogicalResult convertCenterCropPad(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(ctx.onlyAttrs({"axes"})))
    return failure();
  Value x = ctx.input(0);
  SymbolicIndex &s = ctx.symbols();
  int64_t rank = tensorOf(x).getRank();
  FailureOr<std::vector<Poly>> shape = readPolys(ctx, 1, "the shape");
  if (failed(shape))
    return failure();
  SmallVector<int64_t> all;
  for (int64_t i = 0; i < rank; ++i)
    all.push_back(i);
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(ctx, ctx.intsAttr("axes", all), rank);
  if (failed(axes))
    return failure();
  if (shape->size() != axes->size())
    return ctx.malformed("the shape has " + Twine(shape->size()) + " elements for " +
                         Twine(axes->size()) + " axes");
  std::vector<Poly> low(rank, polyOf(0)), high(rank, polyOf(0));
  for (auto [axis, target] : llvm::zip(*axes, *shape)) {
    // The smaller half goes first, whether padded or (negative) cropped.
    Poly grown = s.sub(target, ctx.dimPoly(x, axis));
    low[axis] = s.divide(AtomKind::TruncDiv, grown, polyOf(2));
    high[axis] = s.sub(grown, low[axis]);
  }
  ctx.setOutput(0, nn::PadOp::create(ctx.b, ctx.loc, x, Value(), ctx.fold(low), ctx.fold(high)));
  return success();
}

//===- rearrangement
//----------------------------------------------------------------------------------===//

static LogicalResult convertDepthToSpace(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({"blocksize", "mode"})))
    return failure();
  Value x = ctx.input(0);
  SymbolicIndex &s = ctx.symbols();
  int64_t block = ctx.intAttr("blocksize", 0);
  std::string mode = ctx.stringAttr("mode", "DCR");
  if (block < 1 || tensorOf(x).getRank() != 4)
    return ctx.malformed("expected a positive 'blocksize' and an input of rank 4");
  if (mode != "DCR" && mode != "CRD")
    return ctx.malformed("mode '" + mode + "' is not DCR or CRD");
  std::vector<Poly> d = ctx.dimPolys(x);
  Poly b = polyOf(block), c = s.divide(AtomKind::FloorDiv, d[1], polyOf(block * block));
  Value split = mode == "DCR" ? reshapeTo(ctx, x, {d[0], b, b, c, d[2], d[3]})
                              : reshapeTo(ctx, x, {d[0], c, b, b, d[2], d[3]});
  SmallVector<int64_t> order = mode == "DCR" ? SmallVector<int64_t>{0, 3, 4, 1, 5, 2}
                                             : SmallVector<int64_t>{0, 1, 4, 2, 5, 3};
  if (tensorOf(split).getRank() != 6)
    return failure();
  ctx.setOutput(
      0, reshapeTo(ctx, ctx.transpose(split, order), {d[0], c, s.mul(d[2], b), s.mul(d[3], b)}));
  return success();
}

static LogicalResult convertSpaceToDepth(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({"blocksize"})))
    return failure();
  Value x = ctx.input(0);
  SymbolicIndex &s = ctx.symbols();
  int64_t block = ctx.intAttr("blocksize", 0);
  if (block < 1 || tensorOf(x).getRank() != 4)
    return ctx.malformed("expected a positive 'blocksize' and an input of rank 4");
  std::vector<Poly> d = ctx.dimPolys(x);
  Poly b = polyOf(block), h = s.divide(AtomKind::FloorDiv, d[2], b),
       w = s.divide(AtomKind::FloorDiv, d[3], b);
  Value split = reshapeTo(ctx, x, {d[0], d[1], h, b, w, b});
  if (tensorOf(split).getRank() != 6)
    return failure();
  ctx.setOutput(0, reshapeTo(ctx, ctx.transpose(split, {0, 3, 5, 1, 2, 4}),
                             {d[0], s.mul(d[1], polyOf(block * block)), h, w}));
  return success();
}

void lpc::onnx_to_nn::populateDataMovement(Registry &registry) {
  registry.add("Concat", convertConcat);
  registry.add("Split", convertSplit);
  registry.add("Slice", convertSlice);
  registry.add("Pad", convertPad);
  registry.add("CenterCropPad", convertCenterCropPad);
  registry.add("DepthToSpace", convertDepthToSpace);
  registry.add("SpaceToDepth", convertSpaceToDepth);
  populateGatherScatter(registry);
}
