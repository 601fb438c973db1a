// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions, positions of extremes, running sums, and the k best.
#include "lib/Conversion/ONNXToNn/HandlerChecks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;
using nn::CompareKind;
using nn::ReduceKind;
using nn::UnaryKind;

namespace {

/// What is reduced.
struct Reduction {
  Value x;
  SmallVector<int64_t> axes; // Ascending; may be empty: each element on its own.
  bool keepDims;
  SmallVector<Value>
      isReduced;          // Instead of `axes`, where these are computed: an i1 for each dimension.
  int64_t numReduced = 0; // Their number, or kDynamic.
};

using ReduceFunction = Value (*)(NodeContext &ctx, const Reduction &r);

} // namespace

//===- axes that are computed
//-------------------------------------------------------------------------------===//

/// For each dimension an i1: whether the tensor `axes` lists it. An empty list means all, or with
/// `noop` none.
static SmallVector<Value> listedAxes(NodeContext &ctx, Value axes, int64_t rank, bool noop) {
  OpBuilder &b = ctx.b;
  Type i64 = b.getI64Type();
  axes = ctx.cast(axes, i64);
  Value negative = ctx.compare(CompareKind::Lt, axes, ctx.scalar(0, i64));
  axes = ctx.select(negative, ctx.binary(BinaryKind::Add, axes, ctx.scalar(rank, i64)), axes);
  Value all;
  if (!noop && cast<RankedTensorType>(axes.getType()).isDynamicDim(0))
    all = arith::CmpIOp::create(b, ctx.loc, arith::CmpIPredicate::eq, ctx.index(ctx.dim(axes, 0)),
                                arith::ConstantIndexOp::create(b, ctx.loc, 0));
  SmallVector<Value> listed;
  for (int64_t a = 0; a < rank; ++a) {
    Value is = ctx.reduce(ReduceKind::Max, ctx.compare(CompareKind::Eq, axes, ctx.scalar(a, i64)),
                          {0}, false);
    Value flag = tensor::ExtractOp::create(b, ctx.loc, is, ValueRange{});
    listed.push_back(all ? arith::OrIOp::create(b, ctx.loc, flag, all).getResult() : flag);
  }
  return listed;
}

/// `x`, or its reduction along one axis (which keeps size 1) if `condition` holds.
static Value reduceIf(NodeContext &ctx, Value condition, ReduceKind kind, Value x, int64_t axis) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> shape(type.getShape());
  if (shape[axis] != 1)
    shape[axis] = ShapedType::kDynamic;
  RankedTensorType result = type.clone(shape);
  OpBuilder::InsertionGuard guard(ctx.b);
  auto choice =
      scf::IfOp::create(ctx.b, ctx.loc, TypeRange{result}, condition, /*withElseRegion=*/true);
  auto yield = [&](Region &region, bool reduces) {
    ctx.b.setInsertionPointToStart(&region.front());
    Value v = x;
    if (reduces)
      v = nn::ReduceOp::create(ctx.b, ctx.loc, kind, x, ArrayRef<int64_t>{axis},
                               /*keep_dims=*/true);
    if (v.getType() != result)
      v = tensor::CastOp::create(ctx.b, ctx.loc, result, v);
    scf::YieldOp::create(ctx.b, ctx.loc, v);
  };
  yield(choice.getThenRegion(), true);
  yield(choice.getElseRegion(), false);
  return choice.getResult(0);
}

/// Sizes of the dimensions of `x` that stay, in order: size j is that of the dimension before which
/// j others stay.
static SmallVector<OpFoldResult> keptSizes(NodeContext &ctx, Value x, const Reduction &r) {
  OpBuilder &b = ctx.b;
  Location loc = ctx.loc;
  int64_t rank = r.isReduced.size();
  auto number = [&](int64_t n) -> Value { return arith::ConstantIndexOp::create(b, loc, n); };
  SmallVector<Value> sizes(rank - r.numReduced, number(0));
  Value zero = number(0), one = number(1), before = zero;
  for (int64_t a = 0; a < rank; ++a) {
    Value size = ctx.index(ctx.dim(x, a));
    Value stays = arith::SelectOp::create(b, loc, r.isReduced[a], zero, one);
    for (auto [j, total] : llvm::enumerate(sizes)) {
      Value isJ = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, before, number(j));
      Value own =
          arith::SelectOp::create(b, loc, isJ, arith::MulIOp::create(b, loc, stays, size), zero);
      total = arith::AddIOp::create(b, loc, total, own);
    }
    before = arith::AddIOp::create(b, loc, before, stays);
  }
  return SmallVector<OpFoldResult>(sizes.begin(), sizes.end());
}

/// A reduction along axes that are computed, one after the other.
static Value reduceListed(NodeContext &ctx, ReduceKind kind, Value x, const Reduction &r,
                          bool keepDims) {
  Type type = elementOf(x);
  Value original = x;
  bool extreme = kind == ReduceKind::Max || kind == ReduceKind::Min;
  if (!extreme && classOf(type) == Float) // One rounding to 16 bits, not one for each axis.
    x = ctx.cast(x, computeType(type));
  Value count = arith::ConstantIndexOp::create(ctx.b, ctx.loc, 1), one = count;
  for (auto [axis, condition] : llvm::enumerate(r.isReduced)) {
    Value size =
        arith::SelectOp::create(ctx.b, ctx.loc, condition, ctx.index(ctx.dim(original, axis)), one);
    count = arith::MulIOp::create(ctx.b, ctx.loc, count, size);
    x = reduceIf(ctx, condition, kind == ReduceKind::Mean ? ReduceKind::Sum : kind, x, axis);
  }
  if (kind == ReduceKind::Mean) {
    Value divisor =
        ctx.cast(ctx.fromElements({count}, ctx.b.getI64Type(), /*rank0=*/true), elementOf(x));
    x = ctx.binary(BinaryKind::Div, x, divisor);
  }
  x = ctx.cast(x, type);
  return keepDims ? x : ctx.reshape(x, keptSizes(ctx, original, r));
}

//===- Reduce*
//----------------------------------------------------------------------------------------------===//

/// Reads the axes of a Reduce operator: an attribute, or since operator set 18 (ReduceSum: 13) an
/// input. None means all, or with `noop_with_empty_axes` none.
static LogicalResult readAxes(NodeContext &ctx, Reduction &r) {
  int64_t rank = rankOf(r.x);
  bool noop = ctx.intAttr("noop_with_empty_axes", 0);
  SmallVector<int64_t> &axes = r.axes;
  axes = ctx.intsAttr("axes");
  if (ctx.hasInput(1)) {
    RankedTensorType type = ctx.inputType(1);
    if (type.getRank() > 1)
      return ctx.malformed("the axes (input 1) must have rank 1");
    if (type.getRank() == 1 && type.getDimSize(0) == 0) {
      axes.clear();
    } else if (std::optional<SmallVector<int64_t>> known = ctx.constants(ctx.input(1))) {
      axes = *known;
    } else if (type.getRank() == 0) {
      return ctx.unsupported(
          "a scalar of axes (input 1) that is computed at run time; make it a constant");
    } else {
      r.numReduced = type.getDimSize(0);
      if (!r.keepDims && (type.isDynamicDim(0) || r.numReduced > rank))
        return ctx.unsupported(
            "the number of axes (input 1) is computed at run time, and with it the rank of the "
            "result; make them a constant");
      r.isReduced = listedAxes(ctx, ctx.input(1), rank, noop);
      return success();
    }
  }
  if (axes.empty()) {
    if (!noop)
      axes.append(llvm::to_vector(llvm::seq<int64_t>(rank)));
    return success();
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
  return success();
}

template <ReduceFunction function, unsigned classes>
static LogicalResult convertReduce(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 2)) || failed(checkElements(ctx, {0}, classes)) ||
      failed(checkElements(ctx, {1}, Integer)) ||
      failed(ctx.onlyAttrs({"axes", "keepdims", "noop_with_empty_axes"})))
    return failure();
  Reduction r;
  r.x = ctx.input(0);
  r.keepDims = ctx.intAttr("keepdims", 1) != 0;
  if (failed(readAxes(ctx, r)))
    return failure();
  ctx.setOutput(0, function(ctx, r));
  return success();
}

static Value reduce(NodeContext &ctx, ReduceKind kind, Value x, const Reduction &r, bool keepDims) {
  return r.isReduced.empty() ? ctx.reduce(kind, x, r.axes, keepDims)
                             : reduceListed(ctx, kind, x, r, keepDims);
}

static Value reduce(NodeContext &ctx, ReduceKind kind, Value x, const Reduction &r) {
  return reduce(ctx, kind, x, r, r.keepDims);
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
  Reduction wide = r;
  wide.x = ctx.cast(r.x, computeType(type));
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
      Value m = reduce(c, ReduceKind::Max, w.x, w, keepDims);
      return c.select(c.unary(UnaryKind::IsInf, m), c.scalar(0, elementOf(m)), m);
    };
    Value e = c.unary(UnaryKind::Exp, c.binary(BinaryKind::Sub, w.x, shift(true)));
    Value log = c.unary(UnaryKind::Log, reduce(c, ReduceKind::Sum, e, w));
    return c.binary(BinaryKind::Add, log, shift(w.keepDims));
  });
}

//===- ArgMax, ArgMin
//---------------------------------------------------------------------------------------===//

template <ReduceKind kind> static LogicalResult convertArg(NodeContext &ctx) {
  if (failed(checkUniform(ctx, 1, 1, Number)) ||
      failed(ctx.onlyAttrs({"axis", "keepdims", "select_last_index"})))
    return failure();
  Value x = ctx.input(0);
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.intAttr("axis", 0), rankOf(x));
  if (failed(axis))
    return failure();
  ctx.setOutput(0, nn::ArgReduceOp::create(ctx.b, ctx.loc, kind, x, *axis,
                                           ctx.intAttr("keepdims", 1) != 0,
                                           ctx.intAttr("select_last_index", 0) != 0));
  return success();
}

//===- CumSum, CumProd
//----------------------------------------------------------------------------------------===//

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

//===- TopK
//---------------------------------------------------------------------------------------------------===//

static LogicalResult convertTopK(NodeContext &ctx) {
  bool attrForm = ctx.opset() < 10;
  if (failed(checkArity(ctx, attrForm ? 1 : 2, attrForm ? 1 : 2)) ||
      failed(checkElements(ctx, {0}, Number)) || failed(checkElements(ctx, {1}, Signed)) ||
      failed(attrForm ? ctx.onlyAttrs({"axis", "k"})
                      : ctx.onlyAttrs({"axis", "largest", "sorted"})))
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
    return ctx.malformed("K is " + Twine(*known) + ", but the axis has " + Twine(size) +
                         " elements");
  SmallVector<int64_t> shape(type.getShape());
  shape[*axis] = known ? *known : ShapedType::kDynamic;
  auto values = RankedTensorType::get(shape, type.getElementType());
  auto op =
      nn::TopKOp::create(ctx.b, ctx.loc, TypeRange{values, values.clone(ctx.b.getI64Type())}, x,
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
