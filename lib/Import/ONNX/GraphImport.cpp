// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model as a module: its properties, its main function, the scopes of its graphs.
#include "GraphImport.h"
#include "TypeImport.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::import;

//===----------------------------------------------------------------------===//
// Model
//===----------------------------------------------------------------------===//

/// The newest operator set of the default domain whose changes have been read.
constexpr int64_t kNewestOpset = 27;

StringRef lpc::import::normalizeDomain(StringRef domain) {
  return domain == "ai.onnx" ? "" : domain;
}

void GraphImport::setModuleAttributes(ModuleOp module) {
  const onnx_pb::ModelProto &model = view.model;
  Builder &b = builder;
  module->setAttr("onnx.ir_version", b.getI64IntegerAttr(model.ir_version()));
  NamedAttrList opsets;
  for (const auto &import : model.opset_import()) {
    StringRef domain = normalizeDomain(import.domain());
    opsets.set(domain.empty() ? "ai.onnx" : domain, b.getI64IntegerAttr(import.version()));
  }
  module->setAttr("onnx.opset_imports", opsets.getDictionary(state.context));
  std::string producer = model.producer_name();
  if (!model.producer_version().empty())
    producer += " " + model.producer_version();
  module->setAttr("onnx.producer", b.getStringAttr(producer));
  module->setAttr("onnx.graph_name", b.getStringAttr(model.graph().name()));
  module->setAttr("onnx.file", b.getStringAttr(state.file));
  module->setAttr("onnx.model_hash",
                  b.getStringAttr(llvm::utohexstr(view.hash, /*LowerCase=*/true, /*Width=*/16)));
  NamedAttrList metadata;
  for (const auto &entry : model.metadata_props())
    if (!entry.key().empty())
      metadata.set(entry.key(), b.getStringAttr(entry.value()));
  if (!metadata.empty())
    module->setAttr("onnx.metadata", metadata.getDictionary(state.context));
}

LogicalResult GraphImport::collectOpsets(
    const google::protobuf::RepeatedPtrField<onnx_pb::OperatorSetIdProto> &imports,
    llvm::StringMap<int64_t> &opsets, const Twine &where) {
  for (const auto &import : imports) {
    if (import.version() < 1)
      return state.malformed(where + " imports version " + Twine(import.version()) +
                             " of the domain " + quoted(import.domain()) +
                             "; versions count from 1");
    opsets[normalizeDomain(import.domain())] = import.version();
    if (normalizeDomain(import.domain()).empty() && import.version() > kNewestOpset)
      emitWarning(UnknownLoc::get(state.context))
          << where << " imports operator set " << import.version() << ", but lpc knows those up to "
          << kNewestOpset << ": operators are read as that one defines them";
  }
  return success();
}

std::string lpc::import::getFunctionKey(StringRef domain, StringRef name, StringRef overload) {
  return (normalizeDomain(domain) + Twine('\0') + name + Twine('\0') + overload).str();
}

LogicalResult GraphImport::collectFunctions() {
  for (onnx_pb::FunctionProto &function : *view.model.mutable_functions())
    if (!functions
             .try_emplace(getFunctionKey(function.domain(), function.name(), function.overload()),
                          &function)
             .second)
      return state.malformed("the local function " + quoted(function.name()) + " is defined twice");
  return success();
}

/// Adds the nodes of `graph`, subgraphs included, to `nodes`.
static void collectNodes(const NodeList &list, std::vector<const onnx_pb::NodeProto *> &nodes) {
  for (const onnx_pb::NodeProto &node : list) {
    nodes.push_back(&node);
    for (const onnx_pb::AttributeProto &attribute : node.attribute()) {
      collectNodes(attribute.g().node(), nodes);
      for (const onnx_pb::GraphProto &graph : attribute.graphs())
        collectNodes(graph.node(), nodes);
    }
  }
}

uint64_t GraphImport::countInlined(const NodeList &list,
                                   llvm::DenseMap<const void *, uint64_t> &counts) {
  std::vector<const onnx_pb::NodeProto *> nodes;
  collectNodes(list, nodes);
  uint64_t total = nodes.size();
  for (const onnx_pb::NodeProto *node : nodes) {
    auto function =
        functions.find(getFunctionKey(node->domain(), node->op_type(), node->overload()));
    if (function == functions.end())
      continue;
    // A function that calls itself counts as empty here; inlining reports it.
    auto [known, isNew] = counts.try_emplace(function->second, 0);
    uint64_t inside = known->second;
    if (isNew)
      counts[function->second] = inside = countInlined(function->second->node(), counts);
    total = std::min(total + inside, state.options.limits.maxNodes + 1);
  }
  return total;
}

LogicalResult GraphImport::checkInlinedSize() {
  llvm::DenseMap<const void *, uint64_t> counts;
  if (functions.empty() ||
      countInlined(view.model.graph().node(), counts) <= state.options.limits.maxNodes)
    return success();
  return state.fail(ImportError::Kind::Limit, "the model has more than " +
                                                  Twine(state.options.limits.maxNodes) +
                                                  " nodes after local functions are inlined");
}

DictionaryAttr GraphImport::describeValue(const onnx_pb::ValueInfoProto &info, Type type) {
  NamedAttrList attrs;
  attrs.set("onnx.name", builder.getStringAttr(info.name()));
  if (auto tensor = dyn_cast<RankedTensorType>(type)) {
    SmallVector<StringRef> names = getDimensionNames(info.type());
    // The value may have another rank than the file says; then its names mean nothing.
    names.resize(tensor.getRank());
    for (auto [name, size] : llvm::zip(names, tensor.getShape()))
      if (!ShapedType::isDynamic(size))
        name = "";
    attrs.set("nn.dims", builder.getStrArrayAttr(names));
  }
  return attrs.getDictionary(state.context);
}

LogicalResult GraphImport::run(ModuleOp module) {
  setModuleAttributes(module);
  Frame frame;
  if (failed(collectOpsets(view.model.opset_import(), frame.opsets, "the model")) ||
      failed(collectFunctions()) || failed(checkInlinedSize()))
    return failure();
  // Models older than the notion of operator sets use the first one.
  if (view.model.ir_version() < 3)
    frame.opsets.try_emplace("", 1);
  return importMain(module, frame);
}

LogicalResult GraphImport::importMain(ModuleOp module, const Frame &frame) {
  onnx_pb::GraphProto &graph = *view.model.mutable_graph();
  llvm::StringMap<char> initialized;
  for (const auto &initializer : graph.initializer())
    initialized[initializer.name()];
  for (const auto &initializer : graph.sparse_initializer())
    initialized[initializer.values().name()];

  SmallVector<Type> inputTypes;
  SmallVector<Location> inputLocs;
  SmallVector<DictionaryAttr> inputAttrs;
  SmallVector<StringRef> inputNames;
  for (const auto &input : graph.input()) {
    if (initialized.contains(input.name())) {
      ++overriddenInputs;
      continue;
    }
    auto type = convertType(input.type(), state, "the input " + quoted(input.name()));
    if (failed(type))
      return failure();
    inputTypes.push_back(*type);
    inputNames.push_back(input.name());
    inputAttrs.push_back(describeValue(input, *type));
    inputLocs.push_back(
        NameLoc::get(builder.getStringAttr(input.name().empty() ? "?" : input.name())));
  }

  builder.setInsertionPointToEnd(module.getBody());
  auto func = func::FuncOp::create(builder, module.getLoc(), "main",
                                   builder.getFunctionType(inputTypes, {}));
  Block *body = builder.createBlock(&func.getBody(), {}, inputTypes, inputLocs);
  none = onnx::NoneOp::create(builder, module.getLoc(), builder.getNoneType());

  Scope scope;
  for (auto [name, value] : llvm::zip(inputNames, body->getArguments()))
    if (failed(define(name, value, scope, "the input " + quoted(name))))
      return failure();
  TypeHints hints = collectHints(graph);
  for (const auto &output : graph.output()) {
    auto type = convertType(output.type(), state, "the output " + quoted(output.name()));
    if (failed(type))
      return failure();
    hints[output.name()] = *type;
  }
  if (failed(importInitializers(graph, scope, frame)) ||
      failed(importNodes(*graph.mutable_node(), scope, frame, hints)))
    return failure();

  SmallVector<Value> results;
  SmallVector<Type> resultTypes;
  SmallVector<DictionaryAttr> resultAttrs;
  for (const auto &output : graph.output()) {
    Value value = lookup(output.name(), &scope);
    if (!value)
      return state.malformed("the output " + quoted(output.name()) +
                             " is not an input, an initializer or a result of a node");
    results.push_back(value);
    resultTypes.push_back(value.getType());
    resultAttrs.push_back(describeValue(output, value.getType()));
  }
  func::ReturnOp::create(builder, module.getLoc(), results);
  func.setType(builder.getFunctionType(inputTypes, resultTypes));
  func.setAllArgAttrs(inputAttrs);
  func.setAllResultAttrs(resultAttrs);
  if (none.use_empty())
    none.getDefiningOp()->erase();
  if (overriddenInputs > 0)
    emitRemark(module.getLoc()) << state.file << ": " << overriddenInputs
                                << (overriddenInputs == 1 ? " initializer is" : " initializers are")
                                << " also listed as graph input; treated as constant";
  return success();
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

Value GraphImport::lookup(StringRef name, const Scope *scope) const {
  for (; scope; scope = scope->parent)
    if (auto found = scope->values.find(name); found != scope->values.end())
      return found->second;
  return {};
}

LogicalResult GraphImport::define(StringRef name, Value value, Scope &scope, const Twine &what) {
  if (name.empty())
    return state.malformed(what + " has no name");
  if (lookup(name, &scope))
    return state.malformed(what + " defines the value " + quoted(name) +
                           ", which is already defined; names of values must be unique");
  scope.values[name] = value;
  return success();
}

LogicalResult GraphImport::importInitializers(onnx_pb::GraphProto &graph, Scope &scope,
                                              const Frame &frame) {
  int index = 0;
  auto make = [&](StringRef name, FailureOr<ElementsAttr> value) -> LogicalResult {
    if (failed(value))
      return failure();
    Location loc = onnx::getSourceLocation(state.context, name, state.file, index++, {name});
    Value constant = onnx::ConstantOp::create(builder, loc, value->getType(), *value);
    return define(name, constant, scope, "the initializer " + quoted(name));
  };
  for (onnx_pb::TensorProto &tensor : *graph.mutable_initializer())
    if (failed(
            make(tensor.name(), tensors.convert(tensor, "the initializer " + quoted(tensor.name()),
                                                tensor.name()))))
      return failure();
  for (onnx_pb::SparseTensorProto &tensor : *graph.mutable_sparse_initializer()) {
    std::string name = tensor.values().name();
    if (failed(make(name,
                    tensors.convertSparse(tensor, "the sparse initializer " + quoted(name), name))))
      return failure();
  }
  return success();
}

GraphImport::TypeHints GraphImport::collectHints(const onnx_pb::GraphProto &graph) {
  TypeHints hints;
  for (const auto &info : graph.value_info())
    hints[info.name()] = convertHint(info.type(), state.context);
  for (const auto &info : graph.output())
    hints[info.name()] = convertHint(info.type(), state.context);
  return hints;
}

LogicalResult
GraphImport::importNodes(google::protobuf::RepeatedPtrField<onnx_pb::NodeProto> &nodes,
                         Scope &scope, const Frame &frame, const TypeHints &hints) {
  SmallVector<int> sorted;
  if (failed(order.sort(nodes, sorted)))
    return failure();
  for (int index : sorted)
    if (failed(importNode(nodes[index], index, scope, frame, hints)))
      return failure();
  return success();
}

LogicalResult GraphImport::importSubgraph(onnx_pb::GraphProto &graph, Region &region, Scope &outer,
                                          const Frame &frame, const Twine &what) {
  if (++regionDepth > state.options.limits.maxDepth)
    return state.fail(ImportError::Kind::Limit, what + " is nested deeper than " +
                                                    Twine(state.options.limits.maxDepth) +
                                                    " levels after local functions are inlined");
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&region);
  Scope scope;
  scope.parent = &outer;
  llvm::StringMap<char> initialized;
  for (const auto &initializer : graph.initializer())
    initialized[initializer.name()];
  for (const auto &input : graph.input()) {
    if (initialized.contains(input.name()))
      continue;
    std::string where = "the input " + quoted(input.name()) + " of a graph of ";
    auto type = convertType(input.type(), state, where + what);
    if (failed(type))
      return failure();
    Location loc = NameLoc::get(builder.getStringAttr(input.name().empty() ? "?" : input.name()));
    if (failed(define(input.name(), block->addArgument(*type, loc), scope, where + what)))
      return failure();
  }
  if (failed(importInitializers(graph, scope, frame)) ||
      failed(importNodes(*graph.mutable_node(), scope, frame, collectHints(graph))))
    return failure();

  SmallVector<Value> results;
  for (const auto &output : graph.output()) {
    Value value = lookup(output.name(), &scope);
    if (!value)
      return state.malformed("a graph of " + what + " returns the value " + quoted(output.name()) +
                             ", which nothing defines");
    results.push_back(value);
  }
  onnx::YieldOp::create(builder, region.getLoc(), results);
  --regionDepth;
  return success();
}
