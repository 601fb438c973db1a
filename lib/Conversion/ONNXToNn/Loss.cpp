// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Losses: NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
#include "lib/Conversion/ONNXToNn/HandlerChecks.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using nn::BinaryKind;
using nn::ReduceKind;

/// The loss of log probabilities [N, C, d...] at classes [N, d...] (input 1) with class weights [C]
/// (input 2, optional).
static FailureOr<Value> likelihoodLoss(NodeContext &ctx, Value logProb) {
  Value target = ctx.input(1);
  Type type = elementOf(logProb);
  int64_t rank = rankOf(logProb);
  if (rank < 2 || rankOf(target) != rank - 1)
    return ctx.malformed(
        "expected scores of rank 2 or more and classes of one rank less, but got ranks " +
        Twine(rank) + " and " + Twine(rankOf(target)));
  std::string reduction = ctx.stringAttr("reduction", "mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    return ctx.malformed("attribute 'reduction' must be none, sum or mean, but it is '" +
                         reduction + "'");

  // Positions to ignore read class 0, whatever they hold, and count nothing.
  Value valid, zero = ctx.scalar(0, type);
  if (ctx.hasAttr("ignore_index")) {
    Type index = elementOf(target);
    valid =
        ctx.compare(nn::CompareKind::Ne, target, ctx.scalar(ctx.intAttr("ignore_index", 0), index));
    target = ctx.select(valid, target, ctx.scalar(0, index));
  }
  SmallVector<OpFoldResult> shape = ctx.dims(target), withClass(shape);
  withClass.insert(withClass.begin() + 1, ctx.b.getIndexAttr(1));
  Value picked =
      nn::GatherElementsOp::create(ctx.b, ctx.loc, logProb, ctx.reshape(target, withClass), 1);
  Value loss = ctx.unary(nn::UnaryKind::Neg, ctx.reshape(picked, shape));
  Value weight;
  if (ctx.hasInput(2)) {
    weight = nn::GatherOp::create(ctx.b, ctx.loc, ctx.input(2), target, 0);
    loss = ctx.binary(BinaryKind::Mul, loss, weight);
  }
  if (valid) {
    loss = ctx.select(valid, loss, zero);
    weight = weight ? ctx.select(valid, weight, zero) : ctx.cast(valid, type);
  }
  if (reduction == "none")
    return loss;
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(rank - 1));
  if (reduction == "mean" && !weight)
    return ctx.reduce(ReduceKind::Mean, loss, all, false);
  Value sum = ctx.reduce(ReduceKind::Sum, loss, all, false);
  if (reduction == "sum")
    return sum;
  return ctx.binary(BinaryKind::Div, sum, ctx.reduce(ReduceKind::Sum, weight, all, false));
}

static LogicalResult checkLoss(NodeContext &ctx) {
  if (failed(checkArity(ctx, 2, 3)) || failed(checkElements(ctx, {0, 2}, Float)) ||
      failed(checkElements(ctx, {1}, Signed)) ||
      failed(ctx.onlyAttrs({"reduction", "ignore_index"})))
    return failure();
  unsigned width = elementOf(ctx, 1).getIntOrFloatBitWidth();
  if (width != 32 && width != 64)
    return ctx.malformed("the classes (input 1) must be int32 or int64");
  if (ctx.hasInput(2) && ctx.inputType(2).getRank() != 1)
    return ctx.malformed("the class weights (input 2) must have rank 1");
  return success();
}

static LogicalResult convertLikelihoodLoss(NodeContext &ctx) {
  if (failed(checkLoss(ctx)))
    return failure();
  FailureOr<Value> loss = likelihoodLoss(ctx, ctx.input(0));
  if (failed(loss))
    return failure();
  ctx.setOutput(0, *loss);
  return success();
}

static LogicalResult convertCrossEntropyLoss(NodeContext &ctx) {
  if (failed(checkLoss(ctx)))
    return failure();
  if (ctx.inputType(0).getRank() < 2)
    return ctx.malformed("expected scores of rank 2 or more");
  Value logProb = nn::SoftmaxOp::create(ctx.b, ctx.loc, ctx.input(0), 1, /*log=*/true);
  FailureOr<Value> loss = likelihoodLoss(ctx, logProb);
  if (failed(loss))
    return failure();
  ctx.setOutput(0, *loss);
  if (ctx.numOutputs() > 1)
    ctx.setOutput(1, logProb);
  return success();
}

void onnx_to_nn::populateLoss(Registry &r) {
  r.add("NegativeLogLikelihoodLoss", convertLikelihoodLoss);
  r.add("SoftmaxCrossEntropyLoss", convertCrossEntropyLoss);
}
