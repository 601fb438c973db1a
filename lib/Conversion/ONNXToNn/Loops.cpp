// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop and Scan: unrolled where the number of rounds is a small constant, else scf loops over
// tensors.
#include "lib/Conversion/ONNXToNn/ConverterImpl.h"
#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

namespace {
/// One round of either operator, once its inputs are there: what it carries on, what it appends,
/// whether to go on.
struct Round {
  Value proceed; // null: always
  SmallVector<Value> carried, appended;
};

/// What Loop and Scan have in common.
struct LoopNode {
  Block *body;
  SmallVector<Value> initial;
  /// Null: no limit.
  std::optional<Poly> trips;
  /// The first condition; null: true.
  Value condition;
  /// For each appended output: its axis, and whether rounds fill it from the end.
  SmallVector<int64_t> axes;
  SmallVector<bool> backwards;
  bool bodyGivesCondition = false;
  /// Carried values keep the sizes that they start with.
  bool keepsSizes = false;
  /// The inputs of the body in round `i`.
  std::function<SmallVector<Value>(NodeContext &, const Poly &i, Value condition,
                                   ArrayRef<Value> carried)>
      inputs;
};
} // namespace

/// Builds one round at the insertion point of `ctx`.
static FailureOr<Round> convertRound(NodeContext &ctx, LoopNode &loop, const Poly &i,
                                     Value condition, ArrayRef<Value> carried) {
  SmallVector<Value> inputs = loop.inputs(ctx, i, condition, carried);
  if (inputs.size() != loop.body->getNumArguments())
    return ctx.malformed("the body has " + Twine(loop.body->getNumArguments()) + " inputs, but " +
                         Twine(inputs.size()) + " are given");
  for (auto [argument, v] : llvm::zip(loop.body->getArguments(), inputs))
    ctx.state().map(argument, v);
  if (failed(ctx.state().convertBlock(*loop.body, ctx.b)))
    return failure();
  Round round;
  unsigned first = loop.bodyGivesCondition ? 1 : 0;
  for (auto [k, v] : llvm::enumerate(loop.body->getTerminator()->getOperands())) {
    Value converted = ctx.state().lookup(v);
    if (!converted)
      return failure();
    if (k < first)
      round.proceed = converted;
    else
      (k - first < carried.size() ? round.carried : round.appended).push_back(converted);
  }
  if (round.carried.size() != carried.size() ||
      round.carried.size() + round.appended.size() != ctx.numOutputs() ||
      round.appended.size() != loop.axes.size())
    return ctx.malformed("the outputs of the body and of the node do not correspond");
  return round;
}

/// The rounds for which results are reserved although a condition may end the loop earlier.
static constexpr int64_t kMaxReserved = 1 << 20;

static bool isTrue(NodeContext &ctx, Value condition) {
  if (!condition)
    return true;
  std::optional<SmallVector<int64_t>> c = ctx.constants(condition);
  return c && c->size() == 1 && c->front() != 0;
}

//===- unrolled
//---------------------------------------------------------------------------------------===//

/// Gives nothing if a condition turns out not to be constant; what was built until then is dead.
static FailureOr<bool> unroll(NodeContext &ctx, LoopNode &loop, int64_t trips) {
  SmallVector<Value> carried = loop.initial;
  SmallVector<SmallVector<Value>> appended(loop.axes.size());
  Value condition = loop.condition;
  for (int64_t i = 0; i < trips; ++i) {
    FailureOr<Round> round = convertRound(ctx, loop, polyOf(i), condition, carried);
    if (failed(round))
      return failure();
    carried = round->carried;
    condition = round->proceed;
    for (auto [list, v] : llvm::zip(appended, round->appended))
      list.push_back(v);
    if (i + 1 == trips || isTrue(ctx, condition))
      continue;
    if (!ctx.constants(condition))
      return false;
    break;
  }
  for (auto [k, v] : llvm::enumerate(carried))
    ctx.setOutput(k, v);
  for (auto [k, list] : llvm::enumerate(appended)) {
    FailureOr<int64_t> axis = ctx.normalizeAxis(loop.axes[k], tensorOf(list.front()).getRank() + 1);
    if (failed(axis))
      return failure();
    SmallVector<Value> parts;
    for (Value v : list)
      parts.push_back(unsqueeze(ctx, v, *axis));
    if (loop.backwards[k])
      std::reverse(parts.begin(), parts.end());
    ctx.setOutput(carried.size() + k,
                  parts.size() == 1 ? parts.front() : ctx.make<nn::ConcatOp>(parts, *axis));
  }
  return true;
}

//===- scf loops
//--------------------------------------------------------------------------------------===//

/// Gives the body's carried values the sizes that they start with, if they keep them.
static void stateSizes(NodeContext &ctx, LoopNode &loop, ArrayRef<Value> carried) {
  if (!loop.keepsSizes)
    return;
  for (auto [v, start] : llvm::zip(carried, loop.initial))
    ctx.state().assumeDims(v, ctx.dimPolys(start));
}

/// The types of carried values that the body keeps: found by converting the body until types do not
/// change any more. First by induction: if sizes that are those of the start give the same sizes
/// again, they never change.
static FailureOr<Round> settleTypes(NodeContext &ctx, LoopNode &loop, SmallVector<Type> &types,
                                    bool withCondition) {
  for (unsigned attempt = 0; attempt < 5; ++attempt) {
    loop.keepsSizes = attempt == 0;
    OpBuilder::InsertionGuard guard(ctx.b);
    auto draft = scf::ExecuteRegionOp::create(ctx.b, ctx.loc, TypeRange());
    Block *block = ctx.b.createBlock(&draft.getRegion());
    Value i = block->addArgument(ctx.b.getIndexType(), ctx.loc);
    SmallVector<Value> carried;
    for (Type t : types)
      carried.push_back(block->addArgument(t, ctx.loc));
    Value condition;
    if (withCondition)
      condition = block->addArgument(RankedTensorType::get({}, ctx.b.getI1Type()), ctx.loc);
    stateSizes(ctx, loop, carried);
    FailureOr<Round> round = convertRound(ctx, loop, ctx.symbols().size(i), condition, carried);
    ctx.state().discard(draft);
    if (failed(round))
      return failure();
    if (attempt == 0) {
      for (auto [v, start] : llvm::zip(round->carried, loop.initial))
        loop.keepsSizes &=
            elementOf(v) == elementOf(start) && ctx.dimPolys(v) == ctx.dimPolys(start);
      if (loop.keepsSizes)
        return *round;
      continue;
    }
    bool isStable = true;
    for (auto [k, type] : llvm::enumerate(types)) {
      FailureOr<RankedTensorType> joined =
          joinTypes(ctx, type, round->carried[k].getType(), ("carried value " + Twine(k)).str());
      if (failed(joined))
        return failure();
      isStable &= *joined == type;
      type = *joined;
    }
    if (isStable)
      return *round;
  }
  return ctx.unsupported("the types of carried values do not settle");
}

static Value rankZero(NodeContext &ctx, Value scalar) {
  return tensor::FromElementsOp::create(ctx.b, ctx.loc, RankedTensorType::get({}, scalar.getType()),
                                        ValueRange(scalar));
}

namespace {
/// One tensor for what all rounds append to an output.
struct Appended {
  int64_t axis = 0;
  std::vector<Poly> shape;
  Value start;
};
} // namespace

/// Tensors for `loop.trips` rounds, with the sizes that `draft` shows.
static FailureOr<SmallVector<Appended>> reserveAppended(NodeContext &ctx, LoopNode &loop,
                                                        const Round &draft) {
  SmallVector<Appended> result;
  for (auto [k, v] : llvm::enumerate(draft.appended)) {
    Appended a;
    a.shape = ctx.dimPolys(v);
    for (const Poly &d : a.shape)
      if (!ctx.symbols().isVisible(d, ctx.b))
        return ctx.unsupported("the size of scan output " + Twine(k) +
                               " is computed inside the body");
    FailureOr<int64_t> axis = ctx.normalizeAxis(loop.axes[k], a.shape.size() + 1);
    if (failed(axis))
      return failure();
    a.axis = *axis;
    a.shape.insert(a.shape.begin() + *axis, *loop.trips);
    a.start = tensor::EmptyOp::create(ctx.b, ctx.loc, ctx.fold(a.shape), elementOf(v));
    result.push_back(std::move(a));
  }
  return result;
}

/// `whole` with `v` at position `at` of its axis.
static Value putAppended(NodeContext &ctx, const Appended &a, Value v, Value whole,
                         const Poly &at) {
  std::vector<Poly> offsets(a.shape.size(), polyOf(0)), sizes = a.shape;
  offsets[a.axis] = at;
  sizes[a.axis] = polyOf(1);
  SmallVector<OpFoldResult> strides(sizes.size(), ctx.b.getIndexAttr(1));
  return tensor::InsertSliceOp::create(ctx.b, ctx.loc, reshapeTo(ctx, v, sizes), whole,
                                       ctx.fold(offsets), ctx.fold(sizes), strides);
}

/// The rounds until a condition is false, or a limit reached. Appended outputs are cut to the
/// rounds that there were.
static LogicalResult buildWhile(NodeContext &ctx, LoopNode &loop) {
  std::optional<int64_t> most = loop.trips ? SymbolicIndex::constantOf(*loop.trips) : std::nullopt;
  if (!loop.axes.empty() && (!loop.trips || (most && *most > kMaxReserved)))
    return ctx.unsupported("scan outputs of a loop that has a condition and no limit have a size "
                           "that is known too late; give "
                           "the loop a maximum trip count");
  SmallVector<Type> types = llvm::map_to_vector(loop.initial, [](Value v) { return v.getType(); });
  FailureOr<Round> draft = settleTypes(ctx, loop, types, true);
  if (failed(draft))
    return failure();
  FailureOr<SmallVector<Appended>> appended = reserveAppended(ctx, loop, *draft);
  if (failed(appended))
    return failure();
  size_t carriedCount = types.size();
  OpBuilder &b = ctx.b;
  Location loc = ctx.loc;
  Value one = arith::ConstantIntOp::create(b, loc, 1, 1);
  auto scalarOf = [&](Value v) -> Value {
    return tensor::ExtractOp::create(b, loc, reshapeTo(ctx, v, {}), ValueRange());
  };
  SmallVector<Value> operands{arith::ConstantIndexOp::create(b, loc, 0),
                              loop.condition ? scalarOf(loop.condition) : one};
  for (auto [v, t] : llvm::zip(loop.initial, types))
    operands.push_back(castShape(b, loc, v, t));
  for (const Appended &a : *appended) {
    operands.push_back(a.start);
    types.push_back(a.start.getType());
  }
  Value limit = loop.trips ? ctx.index(ctx.fold(*loop.trips)) : Value();
  SmallVector<Type> allTypes{b.getIndexType(), b.getI1Type()};
  llvm::append_range(allTypes, types);
  SmallVector<Location> locs(allTypes.size(), loc);

  auto whileOp = scf::WhileOp::create(b, loc, allTypes, operands);
  {
    OpBuilder::InsertionGuard guard(b);
    Block *before = b.createBlock(&whileOp.getBefore(), {}, allTypes, locs);
    Value proceed = before->getArgument(1);
    if (limit) {
      Value within =
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, before->getArgument(0), limit);
      proceed = arith::AndIOp::create(b, loc, proceed, within);
    }
    scf::ConditionOp::create(b, loc, proceed, before->getArguments());
    Block *after = b.createBlock(&whileOp.getAfter(), {}, allTypes, locs);
    SmallVector<Value> carried(after->getArguments().drop_front(2).take_front(carriedCount));
    Value condition = rankZero(ctx, after->getArgument(1));
    stateSizes(ctx, loop, carried);
    Poly i = ctx.symbols().size(after->getArgument(0));
    FailureOr<Round> round = convertRound(ctx, loop, i, condition, carried);
    if (failed(round))
      return failure();
    Value step = arith::ConstantIndexOp::create(b, loc, 1);
    SmallVector<Value> yielded{arith::AddIOp::create(b, loc, after->getArgument(0), step),
                               round->proceed ? scalarOf(round->proceed) : one};
    for (auto [v, t] : llvm::zip(round->carried, types))
      yielded.push_back(castShape(b, loc, v, t));
    for (auto [k, v] : llvm::enumerate(round->appended))
      yielded.push_back(
          putAppended(ctx, (*appended)[k], v, after->getArgument(2 + carriedCount + k), i));
    scf::YieldOp::create(b, loc, yielded);
  }
  Poly rounds = ctx.symbols().size(whileOp.getResult(0));
  for (auto [k, v] : llvm::enumerate(whileOp.getResults().drop_front(2))) {
    if (k < carriedCount) {
      ctx.setOutput(k, v);
      continue;
    }
    const Appended &a = (*appended)[k - carriedCount];
    ctx.state().assumeDims(v, a.shape);
    ctx.setOutput(k, sliceAxis(ctx, v, a.axis, polyOf(0), rounds));
  }
  return success();
}

static LogicalResult buildFor(NodeContext &ctx, LoopNode &loop) {
  SmallVector<Type> types = llvm::map_to_vector(loop.initial, [](Value v) { return v.getType(); });
  FailureOr<Round> draft = settleTypes(ctx, loop, types, false);
  if (failed(draft))
    return failure();
  if (draft->proceed && !isTrue(ctx, draft->proceed))
    return buildWhile(ctx, loop);
  OpBuilder &b = ctx.b;
  Location loc = ctx.loc;
  SymbolicIndex &s = ctx.symbols();
  SmallVector<Value> operands;
  for (auto [v, t] : llvm::zip(loop.initial, types))
    operands.push_back(castShape(b, loc, v, t));
  FailureOr<SmallVector<Appended>> appended = reserveAppended(ctx, loop, *draft);
  if (failed(appended))
    return failure();
  for (const Appended &a : *appended)
    operands.push_back(a.start);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0),
        one = arith::ConstantIndexOp::create(b, loc, 1);
  auto forOp = scf::ForOp::create(b, loc, zero, ctx.index(ctx.fold(*loop.trips)), one, operands);
  {
    OpBuilder::InsertionGuard guard(b);
    if (!forOp.getBody()->empty())
      forOp.getBody()->getTerminator()->erase();
    b.setInsertionPointToEnd(forOp.getBody());
    Poly i = s.size(forOp.getInductionVar());
    SmallVector<Value> carried(forOp.getRegionIterArgs().take_front(types.size()));
    stateSizes(ctx, loop, carried);
    FailureOr<Round> round = convertRound(ctx, loop, i, Value(), carried);
    if (failed(round))
      return failure();
    SmallVector<Value> yielded;
    for (auto [v, t] : llvm::zip(round->carried, types))
      yielded.push_back(castShape(b, loc, v, t));
    for (auto [k, v] : llvm::enumerate(round->appended)) {
      Poly at = loop.backwards[k] ? s.sub(s.sub(*loop.trips, polyOf(1)), i) : i;
      yielded.push_back(
          putAppended(ctx, (*appended)[k], v, forOp.getRegionIterArgs()[types.size() + k], at));
    }
    scf::YieldOp::create(b, loc, yielded);
  }
  for (auto [k, v] : llvm::enumerate(forOp.getResults()))
    ctx.setOutput(k, v);
  return success();
}

/// The rounds that unrolling may build.
static constexpr int64_t kMaxUnrolled = 32;

static LogicalResult buildLoop(NodeContext &ctx, LoopNode &loop) {
  std::optional<int64_t> trips = loop.trips ? SymbolicIndex::constantOf(*loop.trips) : std::nullopt;
  if (loop.bodyGivesCondition && (!loop.trips || !isTrue(ctx, loop.condition)))
    return buildWhile(ctx, loop);
  if (trips && *trips >= 1 && *trips <= kMaxUnrolled) {
    FailureOr<bool> done = unroll(ctx, loop, *trips);
    if (failed(done) || *done)
      return done;
  }
  return buildFor(ctx, loop);
}

//===- the operators
//----------------------------------------------------------------------------------===//

static LogicalResult convertLoop(NodeContext &ctx) {
  if (failed(ctx.onlyAttrs({})))
    return failure();
  Region *graph = ctx.node.getGraph("body");
  if (!graph)
    return ctx.malformed("'body' is missing");
  LoopNode loop;
  loop.body = &graph->front();
  loop.bodyGivesCondition = true;
  for (unsigned i = 2; i < ctx.numInputs(); ++i)
    loop.initial.push_back(ctx.input(i));
  if (ctx.numOutputs() < loop.initial.size())
    return ctx.malformed("the node has fewer outputs than carried values");
  if (ctx.hasInput(0)) {
    FailureOr<std::vector<Poly>> trips = readPolys(ctx, 0, "the trip count");
    if (failed(trips) || trips->size() != 1)
      return failed(trips) ? failure() : ctx.malformed("the trip count is not a scalar");
    loop.trips = ctx.symbols().max(trips->front(), polyOf(0));
  }
  if (ctx.hasInput(1))
    loop.condition = ctx.input(1);
  loop.axes.assign(ctx.numOutputs() - loop.initial.size(), 0);
  loop.backwards.assign(loop.axes.size(), false);
  // The body's yield of its own condition input, or of a constant, is the usual way to say
  // "always".
  Block *body = loop.body;
  loop.inputs = [body](NodeContext &ctx, const Poly &i, Value condition, ArrayRef<Value> carried) {
    Type iType = RankedTensorType::get({}, ctx.b.getI64Type());
    auto declared = body->getNumArguments()
                        ? dyn_cast<RankedTensorType>(body->getArgument(0).getType())
                        : RankedTensorType();
    if (declared && declared.hasStaticShape() && declared.getNumElements() == 1)
      iType = declared;
    SmallVector<Value> inputs{
        ctx.fromKnown(i, cast<RankedTensorType>(iType).getShape(), ctx.b.getI64Type())};
    if (!condition)
      condition = ctx.fromKnown(polyOf(1), {}, ctx.b.getI1Type());
    inputs.push_back(condition);
    llvm::append_range(inputs, carried);
    return inputs;
  };
  return buildLoop(ctx, loop);
}

static LogicalResult convertScan(NodeContext &ctx) {
  if (ctx.opset() < 9)
    return ctx.unsupported(
        "operator set 8 scans over a batch; convert the model to operator set 9 or later");
  if (failed(ctx.onlyAttrs({"num_scan_inputs", "scan_input_axes", "scan_input_directions",
                            "scan_output_axes", "scan_output_directions"})))
    return failure();
  Region *graph = ctx.node.getGraph("body");
  int64_t scanned = ctx.intAttr("num_scan_inputs", 0);
  if (!graph || scanned < 1 || scanned > ctx.numInputs())
    return ctx.malformed("'body' is missing, or 'num_scan_inputs' does not fit the inputs");
  LoopNode loop;
  loop.body = &graph->front();
  unsigned states = ctx.numInputs() - scanned;
  for (unsigned i = 0; i < states; ++i)
    loop.initial.push_back(ctx.input(i));
  if (ctx.numOutputs() < states)
    return ctx.malformed("the node has fewer outputs than state variables");
  size_t appended = ctx.numOutputs() - states;
  loop.axes = ctx.intsAttr("scan_output_axes", SmallVector<int64_t>(appended, 0));
  for (int64_t d : ctx.intsAttr("scan_output_directions", SmallVector<int64_t>(appended, 0)))
    loop.backwards.push_back(d != 0);
  SmallVector<int64_t> axes = ctx.intsAttr("scan_input_axes", SmallVector<int64_t>(scanned, 0));
  SmallVector<int64_t> directions =
      ctx.intsAttr("scan_input_directions", SmallVector<int64_t>(scanned, 0));
  if (loop.axes.size() != appended || loop.backwards.size() != appended ||
      static_cast<int64_t>(axes.size()) != scanned ||
      static_cast<int64_t>(directions.size()) != scanned)
    return ctx.malformed("axes or directions do not have one element for each scanned tensor");
  SmallVector<Value> sequences;
  for (int64_t k = 0; k < scanned; ++k) {
    Value v = ctx.input(states + k);
    FailureOr<int64_t> axis = ctx.normalizeAxis(axes[k], tensorOf(v).getRank());
    if (failed(axis))
      return failure();
    axes[k] = *axis;
    if (!loop.trips || SymbolicIndex::constantOf(ctx.dimPoly(v, *axis)))
      loop.trips = ctx.dimPoly(v, *axis);
    sequences.push_back(v);
  }
  Poly trips = *loop.trips;
  loop.inputs = [=](NodeContext &ctx, const Poly &i, Value, ArrayRef<Value> carried) {
    SmallVector<Value> inputs(carried);
    for (auto [k, v] : llvm::enumerate(sequences)) {
      Poly at = directions[k] ? ctx.symbols().sub(ctx.symbols().sub(trips, polyOf(1)), i) : i;
      std::vector<Poly> shape = ctx.dimPolys(v);
      shape.erase(shape.begin() + axes[k]);
      inputs.push_back(reshapeTo(ctx, sliceAxis(ctx, v, axes[k], at, polyOf(1)), shape));
    }
    return inputs;
  };
  return buildLoop(ctx, loop);
}

void lpc::onnx_to_nn::populateLoops(Registry &registry) {
  registry.add("Loop", convertLoop);
  registry.add("Scan", convertScan);
}
