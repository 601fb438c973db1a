// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that take or put elements at positions given by tensors.
#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

//===- gather
//-----------------------------------------------------------------------------------------===//

static LogicalResult convertGather(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(ctx.onlyAttrs({"axis"})))
    return failure();
  Value data = ctx.input(0), indices = ctx.input(1);
  RankedTensorType type = tensorOf(data), indexType = tensorOf(indices);
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", 0), type.getRank());
  if (failed(axis))
    return failure();
  std::optional<SmallVector<int64_t>> at = ctx.constants(indices);
  int64_t size = type.getDimSize(*axis);
  if (at && !ShapedType::isDynamic(size)) {
    for (int64_t &i : *at) {
      if (i < -size || i >= size)
        return ctx.malformed("index " + Twine(i) + " is outside a dimension of size " +
                             Twine(size));
      i += i < 0 ? size : 0;
    }
    std::optional<std::vector<Poly>> known = ctx.known(data);
    if (known && type.getRank() == 1) {
      std::vector<Poly> taken;
      for (int64_t i : *at)
        taken.push_back((*known)[i]);
      ctx.setOutput(0, ctx.fromKnown(taken, indexType.getShape(), type.getElementType()));
      return success();
    }
    // One position is a slice, which needs no copy.
    if (indexType.getRank() == 0) {
      std::vector<Poly> shape = ctx.dimPolys(data);
      shape.erase(shape.begin() + *axis);
      ctx.setOutput(
          0, reshapeTo(ctx, sliceAxis(ctx, data, *axis, polyOf(at->front()), polyOf(1)), shape));
      return success();
    }
  }
  ctx.setOutput(0, ctx.make<nn::GatherOp>(data, asIndices(ctx, indices), *axis));
  return success();
}

static LogicalResult convertGatherElements(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(ctx.onlyAttrs({"axis"})))
    return failure();
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", 0), ctx.inputType(0).getRank());
  if (failed(axis))
    return failure();
  ctx.setOutput(0,
                ctx.make<nn::GatherElementsOp>(ctx.input(0), asIndices(ctx, ctx.input(1)), *axis));
  return success();
}

static LogicalResult convertGatherND(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(ctx.onlyAttrs({"batch_dims"})))
    return failure();
  ctx.setOutput(0, ctx.make<nn::GatherNDOp>(ctx.input(0), asIndices(ctx, ctx.input(1)),
                                            ctx.intAttr("batch_dims", 0)));
  return success();
}

//===- scatter
//----------------------------------------------------------------------------------------===//

static FailureOr<nn::ScatterKind> scatterKind(NodeContext &ctx) {
  std::string reduction = ctx.stringAttr("reduction", "none");
  if (reduction == "none")
    return nn::ScatterKind::Assign;
  if (std::optional<nn::ScatterKind> kind = nn::symbolizeScatterKind(reduction);
      kind && reduction != "assign")
    return *kind;
  return ctx.malformed("reduction '" + reduction + "' is not one of none, add, mul, max, min");
}

/// ScatterElements, and Scatter, its name before opset 11.
static LogicalResult convertScatterElements(NodeContext &ctx) {
  if (failed(checkArity(ctx, 3, 3)) || failed(ctx.onlyAttrs({"axis", "reduction"})))
    return failure();
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", 0), ctx.inputType(0).getRank());
  FailureOr<nn::ScatterKind> kind = scatterKind(ctx);
  if (failed(axis) || failed(kind))
    return failure();
  ctx.setOutput(0, ctx.make<nn::ScatterElementsOp>(ctx.input(0), asIndices(ctx, ctx.input(1)),
                                                   ctx.input(2), *axis, *kind));
  return success();
}

static LogicalResult convertScatterND(NodeContext &ctx) {
  if (failed(checkArity(ctx, 3, 3)) || failed(ctx.onlyAttrs({"reduction"})))
    return failure();
  FailureOr<nn::ScatterKind> kind = scatterKind(ctx);
  if (failed(kind))
    return failure();
  ctx.setOutput(0, ctx.make<nn::ScatterNDOp>(ctx.input(0), asIndices(ctx, ctx.input(1)),
                                             ctx.input(2), *kind));
  return success();
}

//===- reversal and data-dependent sizes
//--------------------------------------------------------------===//

static LogicalResult convertReverseSequence(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(ctx.onlyAttrs({"batch_axis", "time_axis"})))
    return failure();
  Value x = ctx.input(0);
  std::vector<Poly> dims = ctx.dimPolys(x);
  int64_t batch = ctx.intAttr("batch_axis", 1), time = ctx.intAttr("time_axis", 0),
          rank = dims.size();
  if (rank < 2 || std::min(batch, time) != 0 || std::max(batch, time) != 1)
    return ctx.malformed("'batch_axis' and 'time_axis' must be 0 and 1 in some order");
  Type i64 = ctx.b.getI64Type();
  std::vector<Poly> perBatch(rank, polyOf(1)), perTime(rank, polyOf(1));
  perBatch[batch] = dims[batch];
  perTime[time] = dims[time];
  Value length = reshapeTo(ctx, ctx.cast(ctx.input(1), i64), perBatch);
  Value position = iota(ctx, perTime, time, i64);
  // The first `length` positions are mirrored, the rest stay.
  Value mirrored = ctx.binary(
      nn::BinaryKind::Sub, ctx.binary(nn::BinaryKind::Sub, length, ctx.scalar(1, i64)), position);
  Value from = ctx.select(ctx.compare(nn::CompareKind::Lt, position, length), mirrored, position);
  ctx.setOutput(0, ctx.make<nn::GatherElementsOp>(x, broadcastToShape(ctx, from, dims), time));
  return success();
}

static LogicalResult convertCompress(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(ctx.onlyAttrs({"axis"})))
    return failure();
  std::optional<SmallVector<int64_t>> condition = ctx.constants(ctx.input(1));
  if (!condition)
    return ctx.unsupported("the size of the result depends on values that are computed at run "
                           "time; use 'Where' with a mask of "
                           "fixed size instead");
  Value x = ctx.input(0);
  std::vector<Poly> dims = ctx.dimPolys(x);
  int64_t axis = 0;
  if (ctx.hasAttr("axis")) {
    FailureOr<int64_t> given = ctx.normalizeAxis(ctx.intAttr("axis", 0), dims.size());
    if (failed(given))
      return failure();
    axis = *given;
  } else {
    x = reshapeTo(ctx, x, productOf(ctx, dims, 0, dims.size()));
  }
  SmallVector<int64_t> taken;
  for (auto [i, c] : llvm::enumerate(*condition))
    if (c)
      taken.push_back(i);
  ctx.setOutput(0, ctx.make<nn::GatherOp>(x, ctx.constant(taken, ctx.b.getI64Type()), axis));
  return success();
}

static LogicalResult convertNonZero(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({})))
    return failure();
  RankedTensorType type = ctx.inputType(0);
  std::optional<SmallVector<int64_t>> values = ctx.constants(ctx.input(0));
  if (!values)
    return ctx.unsupported("the size of the result depends on values that are computed at run "
                           "time; use 'Where' with a mask of "
                           "fixed size instead");
  SmallVector<SmallVector<int64_t>> positions(type.getRank());
  int64_t count = 0;
  for (auto [n, v] : llvm::enumerate(*values)) {
    if (v == 0)
      continue;
    ++count;
    int64_t rest = n;
    for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
      positions[axis].push_back(rest % type.getDimSize(axis));
      rest /= type.getDimSize(axis);
    }
  }
  std::vector<Poly> flat;
  for (ArrayRef<int64_t> row : positions)
    for (int64_t p : row)
      flat.push_back(polyOf(p));
  ctx.setOutput(0, ctx.fromKnown(flat, {type.getRank(), count}, ctx.b.getI64Type()));
  return success();
}

void lpc::onnx_to_nn::populateGatherScatter(Registry &registry) {
  registry.add("Gather", convertGather);
  registry.add("GatherElements", convertGatherElements);
  registry.add("GatherND", convertGatherND);
  registry.add("ScatterElements", convertScatterElements);
  registry.add("Scatter", convertScatterElements);
  registry.add("ScatterND", convertScatterND);
  registry.add("ReverseSequence", convertReverseSequence);
  registry.add("Compress", convertCompress);
  registry.add("NonZero", convertNonZero);
}
