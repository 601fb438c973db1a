// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants, identities and conditionals. Loops are in Loops.cpp.
#include "lib/Conversion/ONNXToNn/ConverterImpl.h"
#include "lib/Conversion/ONNXToNn/HandlerShapes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;

static LogicalResult convertConstant(NodeContext &ctx) {
  if (failed(checkArity(ctx, 0, 0)))
    return failure();
  OpBuilder &b = ctx.b;
  ElementsAttr value;
  if (ctx.hasAttr("value_string") || ctx.hasAttr("value_strings"))
    return ctx.unsupported("strings are not supported; remove the text processing from the model");
  if (ctx.hasAttr("sparse_value"))
    return ctx.unsupported(
        "sparse tensors are not supported; store the constant as a dense tensor");
  if (ctx.hasAttr("value")) {
    value = dyn_cast<ElementsAttr>(ctx.node.getNodeAttr("value"));
  } else if (ctx.hasAttr("value_int")) {
    value = DenseElementsAttr::get(RankedTensorType::get({}, b.getI64Type()),
                                   ArrayRef<int64_t>(ctx.intAttr("value_int", 0)));
  } else if (ctx.hasAttr("value_float")) {
    value = DenseElementsAttr::get(
        RankedTensorType::get({}, b.getF32Type()),
        ArrayRef<float>(static_cast<float>(ctx.floatAttr("value_float", 0))));
  } else if (ctx.hasAttr("value_ints")) {
    SmallVector<int64_t> numbers = ctx.intsAttr("value_ints");
    value = DenseElementsAttr::get(
        RankedTensorType::get({static_cast<int64_t>(numbers.size())}, b.getI64Type()),
        ArrayRef<int64_t>(numbers));
  } else if (std::optional<SmallVector<double>> numbers = ctx.floatsAttr("value_floats")) {
    SmallVector<float> narrow(numbers->begin(), numbers->end());
    value = DenseElementsAttr::get(
        RankedTensorType::get({static_cast<int64_t>(narrow.size())}, b.getF32Type()),
        ArrayRef<float>(narrow));
  }
  if (!value)
    return ctx.malformed("the node has no value");
  if (!value.getElementType().isIntOrFloat())
    return ctx.unsupported("elements of type " + printed(value.getElementType()) +
                           " are not supported");
  ctx.setOutput(0, nn::ConstantOp::create(b, ctx.loc, value));
  return success();
}

static LogicalResult convertIdentity(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)))
    return failure();
  ctx.setOutput(0, ctx.input(0));
  return success();
}

//===- if
//---------------------------------------------------------------------------------------------===//

/// Converts a subgraph and gives its outputs, which must be as many as the node's.
static FailureOr<SmallVector<Value>> convertBranch(NodeContext &ctx, Block &branch, OpBuilder &b) {
  if (failed(ctx.state().convertBlock(branch, b)))
    return failure();
  SmallVector<Value> results;
  for (Value v : branch.getTerminator()->getOperands()) {
    Value converted = ctx.state().lookup(v);
    if (!converted)
      return failure();
    results.push_back(converted);
  }
  if (results.size() != ctx.numOutputs())
    return ctx.malformed("a branch has " + Twine(results.size()) + " outputs, the node " +
                         Twine(ctx.numOutputs()));
  return results;
}

FailureOr<RankedTensorType> lpc::onnx_to_nn::joinTypes(NodeContext &ctx, Type x, Type y,
                                                       StringRef what) {
  auto a = cast<RankedTensorType>(x), b = cast<RankedTensorType>(y);
  if (a.getElementType() != b.getElementType() || a.getRank() != b.getRank())
    return ctx.unsupported(what + " has types " + printed(a) + " and " + printed(b) +
                           "; only tensors of one element type and rank are supported");
  SmallVector<int64_t> shape;
  for (auto [d, e] : llvm::zip(a.getShape(), b.getShape()))
    shape.push_back(d == e ? d : ShapedType::kDynamic);
  return RankedTensorType::get(shape, a.getElementType());
}

Value lpc::onnx_to_nn::castShape(OpBuilder &b, Location loc, Value v, Type type) {
  return v.getType() == type ? v : tensor::CastOp::create(b, loc, type, v).getResult();
}

static LogicalResult convertIf(NodeContext &ctx) {
  if (failed(checkArity(ctx, 1, 1)) || failed(ctx.onlyAttrs({})))
    return failure();
  Region *branches[] = {ctx.node.getGraph("then_branch"), ctx.node.getGraph("else_branch")};
  if (!branches[0] || !branches[1])
    return ctx.malformed("'then_branch' or 'else_branch' is missing");
  OpBuilder &b = ctx.b;
  if (std::optional<SmallVector<int64_t>> constant = ctx.constants(ctx.input(0));
      constant && constant->size() == 1) {
    FailureOr<SmallVector<Value>> results =
        convertBranch(ctx, branches[constant->front() ? 0 : 1]->front(), b);
    if (failed(results))
      return failure();
    for (auto [i, v] : llvm::enumerate(*results))
      ctx.setOutput(i, v);
    return success();
  }

  Value condition =
      tensor::ExtractOp::create(b, ctx.loc, reshapeTo(ctx, ctx.input(0), {}), ValueRange());
  // The result types are known only after both branches: a first op without results holds them
  // until then.
  auto draft = scf::IfOp::create(b, ctx.loc, TypeRange(), condition, /*addThenBlock=*/true,
                                 /*addElseBlock=*/true);
  SmallVector<Value> results[2];
  for (unsigned k = 0; k < 2; ++k) {
    Block &block = draft->getRegion(k).front();
    block.clear();
    OpBuilder inner = OpBuilder::atBlockEnd(&block);
    FailureOr<SmallVector<Value>> converted = convertBranch(ctx, branches[k]->front(), inner);
    if (failed(converted))
      return failure();
    results[k] = *converted;
  }
  SmallVector<Type> types;
  for (auto [i, x, y] : llvm::enumerate(results[0], results[1])) {
    FailureOr<RankedTensorType> type =
        joinTypes(ctx, x.getType(), y.getType(), ("output " + Twine(i)).str());
    if (failed(type))
      return failure();
    types.push_back(*type);
  }
  for (unsigned k = 0; k < 2; ++k) {
    OpBuilder inner = OpBuilder::atBlockEnd(&draft->getRegion(k).front());
    SmallVector<Value> yielded;
    for (auto [v, type] : llvm::zip(results[k], types))
      yielded.push_back(castShape(inner, ctx.loc, v, type));
    scf::YieldOp::create(inner, ctx.loc, yielded);
  }
  auto final = scf::IfOp::create(b, ctx.loc, types, condition, /*addThenBlock=*/false,
                                 /*addElseBlock=*/false);
  final.getThenRegion().takeBody(draft.getThenRegion());
  final.getElseRegion().takeBody(draft.getElseRegion());
  draft.erase();
  for (auto [i, v] : llvm::enumerate(final.getResults()))
    ctx.setOutput(i, v);
  return success();
}

//===- types without tensors
//--------------------------------------------------------------------------===//

static LogicalResult refuseNonTensor(NodeContext &ctx) {
  return ctx.unsupported(
      "sequences, optional values and strings are not supported; only tensors of numbers are");
}

void lpc::onnx_to_nn::populateControlFlow(Registry &registry) {
  registry.add("Constant", convertConstant);
  registry.add("Identity", convertIdentity);
  registry.add("If", convertIf);
  for (StringRef op :
       {"SequenceEmpty", "SequenceConstruct", "SequenceInsert", "SequenceErase", "SequenceAt",
        "SequenceLength", "SequenceMap", "SplitToSequence", "ConcatFromSequence", "Optional",
        "OptionalGetElement", "OptionalHasElement", "StringSplit", "StringConcat",
        "StringNormalizer", "RegexFullMatch", "TfIdfVectorizer"})
    registry.add(op, refuseNonTensor);
  populateLoops(registry);
}
