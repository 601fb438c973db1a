// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions, positions of extremes, running sums, and the k best.
#include "lib/Conversion/ONNXToNn/HandlerChecks.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;
using nn::CompareKind;
using nn::ReduceKind;
using nn::UnaryKind;

//===- Reduce* --------------------------------------------------------------------------------------------===//

namespace {

/// What is reduced.
struct Reduction {
  Value x;
  SmallVector<int64_t> axes; // Ascending; may be empty: each element on its own.
  bool keepDims;
};

using ReduceFunction = Value (*)(NodeContext &ctx, const Reduction &r);

} // namespace

/// The axes of a Reduce operator: an attribute, or since operator set 18 (ReduceSum: 13) an input. None means all, or with
/// `noop_with_empty_axes` none.
static FailureOr<SmallVector<int64_t>> reductionAxes(NodeContext &ctx, int64_t rank) {
  SmallVector<int64_t> axes = ctx.intsAttr("axes");
  if (ctx.hasInput(1)) {
    std::optional<SmallVector<int64_t>> known = ctx.constants(ctx.input(1));
    if (!known)
      return ctx.unsupported("the axes (input 1) are computed at run time; make them a constant");
    axes = *known;
  }
  if (axes.empty()) {
    if (!ctx.intAttr("noop_with_empty_axes", 0))
      axes.append(llvm::to_vector(llvm::seq<int64_t>(rank)));
    return axes;
  }
  for (int64_t &axis : axes) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  llvm::sort(axes);
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    return ctx.malformed("an axis is listed twice");
  return axes;
}

template <ReduceFunction function, unsigned classes>
static LogicalResult convertReduce(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 2)) || failed(checkElements(ctx, {0}, classes)) ||
      failed(checkElements(ctx, {1}, Integer)) ||
      failed(ctx.onlyAttrs({"axes", "keepdims", "noop_with_empty_axes"})))
    return failure();
  Value x = ctx.input(0);
  FailureOr<SmallVector<int64_t>> axes = reductionAxes(ctx, rankOf(x));
  if (failed(axes))
    return failure();
  ctx.setOutput(0, function(ctx, {x, *axes, ctx.intAttr("keepdims", 1) != 0}));
  return success();
}

static Value reduce(NodeContext &ctx, ReduceKind kind, Value x, const Reduction &r) {
  return ctx.reduce(kind, x, r.axes, r.keepDims);
}

template <ReduceKind kind> static Value reducePlain(NodeContext &ctx, const Reduction &r) {
  return reduce(ctx, kind, r.x, r);
}

static Value reduceL1(NodeContext &ctx, const Reduction &r) {
  bool isUnsigned = classOf(elementOf(r.x)) == Unsigned;
  return reduce(ctx, ReduceKind::Sum, isUnsigned ? r.x : ctx.unary(UnaryKind::Abs, r.x), r);
}

static Value reduceSumSquare(NodeContext &ctx, const Reduction &r) {
  return reduce(ctx, ReduceKind::Sum, ctx.binary(BinaryKind::Mul, r.x, r.x), r);
}

/// Applies `function` in the type that carries the intermediate values, see computeType.
static Value inComputeType(NodeContext &ctx, const Reduction &r, ReduceFunction function) {
  Type type = elementOf(r.x);
  Reduction wide{ctx.cast(r.x, computeType(type)), r.axes, r.keepDims};
  return ctx.cast(function(ctx, wide), type);
}

static Value reduceL2(NodeContext &ctx, const Reduction &r) {
  return inComputeType(ctx, r, [](NodeContext &c, const Reduction &w) {
    return c.unary(UnaryKind::Sqrt, reduceSumSquare(c, w));
  });
}

static Value reduceLogSum(NodeContext &ctx, const Reduction &r) {
  return inComputeType(ctx, r, [](NodeContext &c, const Reduction &w) {
    return c.unary(UnaryKind::Log, reduce(c, ReduceKind::Sum, w.x, w));
  });
}

/// m + log(sum(exp(x - m))) with m the largest element, or 0 where that is infinite.
static Value reduceLogSumExp(NodeContext &ctx, const Reduction &r) {
  return inComputeType(ctx, r, [](NodeContext &c, const Reduction &w) {
    auto shift = [&](bool keepDims) {
      Value m = c.reduce(ReduceKind::Max, w.x, w.axes, keepDims);
      return c.select(c.unary(UnaryKind::IsInf, m), c.scalar(0, elementOf(m)), m);
    };
    Value e = c.unary(UnaryKind::Exp, c.binary(BinaryKind::Sub, w.x, shift(true)));
    Value log = c.unary(UnaryKind::Log, reduce(c, ReduceKind::Sum, e, w));
    return c.binary(BinaryKind::Add, log, shift(w.keepDims));
  });
}

//===- ArgMax, ArgMin ---------------------------------------------------------------------------------------===//

template <ReduceKind kind> static LogicalResult convertArg(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Number)) ||
      failed(ctx.onlyAttrs({"axis", "keepdims", "select_last_index"})))
    return failure();
  Value x = ctx.input(0);
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", 0), rankOf(x));
  if (failed(axis))
    return failure();
  ctx.setOutput(0, nn::ArgReduceOp::create(ctx.b, ctx.loc, kind, x, *axis, ctx.intAttr("keepdims", 1) != 0,
                                           ctx.intAttr("select_last_index", 0) != 0));
  return success();
}

//===- CumSum, CumProd ----------------------------------------------------------------------------------------===//

template <ReduceKind kind> static LogicalResult convertScan(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 2)) || failed(checkElements(ctx, {0}, Number)) ||
      failed(checkElements(ctx, {1}, Integer)) || failed(ctx.onlyAttrs({"exclusive", "reverse"})))
    return failure();
  Value x = ctx.input(0), axisInput = ctx.input(1);
  int64_t rank = rankOf(x);
  RankedTensorType axisType = ctx.inputType(1);
  if (rank == 0)
    return ctx.malformed("expected an input of rank 1 or more");
  if (!axisType.hasStaticShape() || axisType.getNumElements() != 1)
    return ctx.malformed("the axis (input 1) must be a scalar");
  auto scan = [&](int64_t axis) -> Value {
    return nn::ScanOp::create(ctx.b, ctx.loc, kind, x, axis, ctx.intAttr("exclusive", 0) != 0,
                              ctx.intAttr("reverse", 0) != 0);
  };
  if (std::optional<SmallVector<int64_t>> known = ctx.constants(axisInput)) {
    FailureOr<int64_t> axis = ctx.normalizeAxis(known->front(), rank);
    if (failed(axis))
      return failure();
    ctx.setOutput(0, scan(*axis));
    return success();
  }
  // An axis that is only known at run time chooses among the scans along all axes.
  Value axis = ctx.reshape(axisInput, {});
  auto is = [&](int64_t value) {
    return ctx.compare(CompareKind::Eq, axis, ctx.scalar(value, axisType.getElementType()));
  };
  Value result = scan(0);
  for (int64_t a = 1; a < rank; ++a)
    result = ctx.select(ctx.binary(BinaryKind::Or, is(a), is(a - rank)), scan(a), result);
  ctx.setOutput(0, result);
  return success();
}

//===- TopK ---------------------------------------------------------------------------------------------------===//

static LogicalResult convertTopK(NodeContext &ctx) {
  bool attrForm = ctx.opset() < 10;
  if (failed(checkArity(ctx, attrForm ? 1 : 2, attrForm ? 1 : 2)) ||
      failed(checkElements(ctx, {0}, Number)) || failed(checkElements(ctx, {1}, Signed)) ||
      failed(attrForm ? ctx.onlyAttrs({"axis", "k"}) : ctx.onlyAttrs({"axis", "largest", "sorted"})))
    return failure();
  Value x = ctx.input(0);
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", -1), rankOf(x));
  if (failed(axis))
    return failure();
  OpFoldResult k = ctx.b.getIndexAttr(ctx.intAttr("k", -1));
  if (!attrForm) {
    std::optional<SmallVector<OpFoldResult>> elements = ctx.elements(ctx.input(1));
    if (!elements || elements->size() != 1)
      return ctx.malformed("K (input 1) must have one element");
    k = elements->front();
  }
  RankedTensorType type = ctx.inputType(0);
  std::optional<int64_t> known = ctx.constantIndex(k);
  int64_t size = type.getDimSize(*axis);
  if (known && (*known < 0 || (!ShapedType::isDynamic(size) && *known > size)))
    return ctx.malformed("K is " + Twine(*known) + ", but the axis has " + Twine(size) + " elements");
  SmallVector<int64_t> shape(type.getShape());
  shape[*axis] = known ? *known : ShapedType::kDynamic;
  auto values = RankedTensorType::get(shape, type.getElementType());
  auto op = nn::TopKOp::create(ctx.b, ctx.loc, TypeRange{values, values.clone(ctx.b.getI64Type())}, x,
                               known ? Value() : ctx.index(k), *axis, ctx.intAttr("largest", 1) != 0);
  ctx.setOutput(0, op.getValues());
  if (ctx.numOutputs() > 1)
    ctx.setOutput(1, op.getIndices());
  return success();
}

void onnx_to_nn::populateReduction(Registry &r) {
  r.add("ReduceSum", convertReduce<reducePlain<ReduceKind::Sum>, Number>);
  r.add("ReduceMean", convertReduce<reducePlain<ReduceKind::Mean>, Number>);
  r.add("ReduceProd", convertReduce<reducePlain<ReduceKind::Prod>, Number>);
  r.add("ReduceMax", convertReduce<reducePlain<ReduceKind::Max>, Number | Bool>);
  r.add("ReduceMin", convertReduce<reducePlain<ReduceKind::Min>, Number | Bool>);
  r.add("ReduceL1", convertReduce<reduceL1, Number>);
  r.add("ReduceL2", convertReduce<reduceL2, Number>);
  r.add("ReduceLogSum", convertReduce<reduceLogSum, Number>);
  r.add("ReduceLogSumExp", convertReduce<reduceLogSumExp, Number>);
  r.add("ReduceSumSquare", convertReduce<reduceSumSquare, Number>);
  r.add("ArgMax", convertArg<ReduceKind::Max>);
  r.add("ArgMin", convertArg<ReduceKind::Min>);
  r.add("CumSum", convertScan<ReduceKind::Sum>);
  r.add("CumProd", convertScan<ReduceKind::Prod>);
  r.add("TopK", convertTopK);
  populateLoss(r);
}
