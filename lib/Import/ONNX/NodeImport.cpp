// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes with their attributes, and calls of local functions, which are inlined.
#include "GraphImport.h"
#include "TypeImport.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::import;

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

LogicalResult GraphImport::importOperands(const onnx_pb::NodeProto &node, int index, Scope &scope,
                                          SmallVectorImpl<Value> &operands) {
  for (const std::string &name : node.input()) {
    Value value = name.empty() ? none : lookup(name, &scope);
    if (!value)
      return state.malformed(describeNode(node, index) + " reads the value " + quoted(name) +
                             ", which no input, initializer or node defines");
    operands.push_back(value);
  }
  return success();
}

LogicalResult
GraphImport::bindAttributes(onnx_pb::NodeProto &node, int index, Scope &scope, const Frame &frame,
                            SmallVectorImpl<std::pair<std::string, BoundAttribute>> &bound) {
  llvm::StringMap<char> seen;
  for (onnx_pb::AttributeProto &attribute : *node.mutable_attribute()) {
    if (attribute.name().empty())
      return state.malformed(describeNode(node, index) + " has an attribute without a name");
    if (!seen.try_emplace(attribute.name()).second)
      return state.malformed(describeNode(node, index) + " has the attribute " +
                             quoted(attribute.name()) + " twice");
    if (attribute.ref_attr_name().empty()) {
      bound.push_back({attribute.name(), {&attribute, &scope, &frame}});
      continue;
    }
    if (!frame.function)
      return state.malformed(describeNode(node, index) + " refers to the attribute " +
                             quoted(attribute.ref_attr_name()) +
                             " of a function, but is not inside one");
    // An attribute that the call leaves out, and that has no default, is left out here, too.
    auto found = frame.attributes.find(attribute.ref_attr_name());
    if (found != frame.attributes.end())
      bound.push_back({attribute.name(), found->second});
  }
  return success();
}

LogicalResult GraphImport::importNode(onnx_pb::NodeProto &node, int index, Scope &scope,
                                      const Frame &frame, const TypeHints &hints) {
  if (++visitedNodes > state.options.limits.maxNodes)
    return state.fail(ImportError::Kind::Limit, "the model has more than " +
                                                    Twine(state.options.limits.maxNodes) +
                                                    " nodes after local functions are inlined");
  if (node.op_type().empty())
    return state.malformed(describeNode(node, index) + " has no operator type");
  // Names get longer with each call that is inlined.
  if (failed(state.spend(2 * frame.prefix.size(), describeNode(node, index))))
    return failure();
  auto function = functions.find(getFunctionKey(node.domain(), node.op_type(), node.overload()));
  if (function != functions.end())
    return inlineCall(node, index, *function->second, scope, frame, hints);

  StringRef domain = normalizeDomain(node.domain());
  auto opset = frame.opsets.find(domain);
  // Some exporters forget to import their own domain; what its nodes mean does not hang on it.
  if (opset == frame.opsets.end() && domain.empty())
    return state.malformed(describeNode(node, index) +
                           " is in the default domain, of which the model imports no version");

  SmallVector<Value> operands;
  SmallVector<std::pair<std::string, BoundAttribute>> bound;
  if (failed(importOperands(node, index, scope, operands)) ||
      failed(bindAttributes(node, index, scope, frame, bound)))
    return failure();

  SmallVector<NamedAttribute> attrs;
  SmallVector<StringRef> regionNames;
  SmallVector<std::pair<onnx_pb::GraphProto *, BoundAttribute>> graphs;
  for (auto &[name, binding] : bound) {
    onnx_pb::AttributeProto &attribute = *binding.proto;
    if (attribute.has_g() || attribute.graphs_size() > 0) {
      if (attribute.has_g())
        graphs.push_back({attribute.mutable_g(), binding});
      for (onnx_pb::GraphProto &graph : *attribute.mutable_graphs())
        graphs.push_back({&graph, binding});
      regionNames.resize(graphs.size(), name);
      continue;
    }
    std::string key = (node.output_size() ? node.output(0) : node.op_type()) + "." + name;
    std::string what = "the attribute " + quoted(name) + " of " + describeNode(node, index);
    auto value = importAttribute(attribute, what, key);
    if (failed(value))
      return failure();
    attrs.push_back(builder.getNamedAttr(name, *value));
  }

  SmallVector<Type> types;
  SmallVector<StringRef> outputNames(node.output().begin(), node.output().end());
  for (StringRef name : outputNames) {
    auto hint = hints.find(name);
    types.push_back(hint == hints.end() ? onnx::UnknownType::get(state.context) : hint->second);
  }
  std::string name = node.name().empty() && node.output_size() ? node.output(0) : node.name();
  Location loc =
      onnx::getSourceLocation(state.context, frame.prefix + name, state.file, index, outputNames);
  auto op = onnx::NodeOp::create(
      builder, loc, types, operands, builder.getStringAttr(node.op_type()),
      builder.getStringAttr(domain),
      builder.getI64IntegerAttr(opset == frame.opsets.end() ? 1 : opset->second),
      builder.getStringAttr(node.name().empty() ? "" : frame.prefix + node.name()),
      builder.getDictionaryAttr(attrs), builder.getStrArrayAttr(regionNames), graphs.size());
  for (auto [graph, region] : llvm::zip(graphs, op.getGraphs()))
    if (failed(importSubgraph(*graph.first, region, *graph.second.scope, *graph.second.frame,
                              describeNode(node, index))))
      return failure();
  for (auto [output, result] : llvm::zip(outputNames, op.getOutputs()))
    if (!output.empty() && failed(define(output, result, scope, describeNode(node, index))))
      return failure();
  return success();
}

LogicalResult GraphImport::inlineCall(onnx_pb::NodeProto &node, int index,
                                      onnx_pb::FunctionProto &function, Scope &scope,
                                      const Frame &frame, const TypeHints &callerHints) {
  std::string what = describeNode(node, index);
  for (const Frame *caller = &frame; caller; caller = caller->caller)
    if (caller->function == &function)
      return state.malformed(what + " calls the local function " + quoted(function.name()) +
                             " from within itself");
  Frame inner;
  inner.caller = &frame;
  inner.function = &function;
  inner.depth = frame.depth + 1;
  if (inner.depth > state.options.limits.maxDepth)
    return state.fail(ImportError::Kind::Limit, what + " calls local functions deeper than " +
                                                    Twine(state.options.limits.maxDepth) +
                                                    " levels");
  std::string name = node.name().empty() && node.output_size() ? node.output(0) : node.name();
  inner.prefix = frame.prefix + name + "/";
  if (failed(collectOpsets(function.opset_import(), inner.opsets,
                           "the local function " + quoted(function.name()))))
    return failure();
  if (node.input_size() > function.input_size() || node.output_size() > function.output_size())
    return state.malformed(what + " has more inputs or outputs than the local function " +
                           quoted(function.name()));

  SmallVector<Value> operands;
  SmallVector<std::pair<std::string, BoundAttribute>> bound;
  if (failed(importOperands(node, index, scope, operands)) ||
      failed(bindAttributes(node, index, scope, frame, bound)))
    return failure();
  for (auto &[attributeName, binding] : bound)
    inner.attributes.try_emplace(attributeName, binding);
  Scope body;
  for (onnx_pb::AttributeProto &attribute : *function.mutable_attribute_proto())
    inner.attributes.try_emplace(attribute.name(), BoundAttribute{&attribute, &body, &inner});

  operands.resize(function.input_size(), none);
  for (auto [input, operand] : llvm::zip(function.input(), operands))
    if (failed(define(input, operand, body, "the local function " + quoted(function.name()))))
      return failure();
  TypeHints hints;
  for (const auto &info : function.value_info())
    hints[info.name()] = convertHint(info.type(), state.context);
  // What the caller knows about the results of the call holds for the nodes that make them.
  for (auto [output, result] : llvm::zip(node.output(), function.output()))
    if (auto hint = callerHints.find(output); hint != callerHints.end())
      hints[result] = hint->second;
  if (failed(importNodes(*function.mutable_node(), body, inner, hints)))
    return failure();
  for (auto [output, result] : llvm::zip(node.output(), function.output())) {
    if (output.empty())
      continue;
    Value value = lookup(result, &body);
    if (!value)
      return state.malformed("the local function " + quoted(function.name()) +
                             " returns the value " + quoted(result) + ", which nothing defines");
    if (failed(define(output, value, scope, what)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// The attribute's type; files older than the field tell it by what they fill in.
static int getAttributeType(const onnx_pb::AttributeProto &attribute) {
  using Proto = onnx_pb::AttributeProto;
  if (attribute.type() != Proto::UNDEFINED)
    return attribute.type();
  if (attribute.has_f())
    return Proto::FLOAT;
  if (attribute.has_i())
    return Proto::INT;
  if (attribute.has_s())
    return Proto::STRING;
  if (attribute.has_t())
    return Proto::TENSOR;
  if (attribute.floats_size())
    return Proto::FLOATS;
  if (attribute.ints_size())
    return Proto::INTS;
  if (attribute.strings_size())
    return Proto::STRINGS;
  return Proto::UNDEFINED;
}

FailureOr<Attribute> GraphImport::importAttribute(onnx_pb::AttributeProto &attribute,
                                                  const Twine &what, StringRef key) {
  using Proto = onnx_pb::AttributeProto;
  SmallVector<Attribute> list;
  switch (getAttributeType(attribute)) {
  case Proto::FLOAT:
    return Attribute(builder.getF32FloatAttr(attribute.f()));
  case Proto::INT:
    return Attribute(builder.getI64IntegerAttr(attribute.i()));
  case Proto::STRING:
    return Attribute(builder.getStringAttr(attribute.s()));
  case Proto::TENSOR: {
    auto tensor = tensors.convert(*attribute.mutable_t(), what, key);
    return failed(tensor) ? FailureOr<Attribute>() : FailureOr<Attribute>(Attribute(*tensor));
  }
  case Proto::SPARSE_TENSOR: {
    auto tensor = tensors.convertSparse(*attribute.mutable_sparse_tensor(), what, key);
    return failed(tensor) ? FailureOr<Attribute>() : FailureOr<Attribute>(Attribute(*tensor));
  }
  case Proto::TYPE_PROTO: {
    auto type = convertType(attribute.tp(), state, what);
    return failed(type) ? FailureOr<Attribute>() : FailureOr<Attribute>(TypeAttr::get(*type));
  }
  case Proto::FLOATS:
    return Attribute(builder.getF32ArrayAttr(
        {attribute.floats().data(), static_cast<size_t>(attribute.floats_size())}));
  case Proto::INTS:
    return Attribute(builder.getI64ArrayAttr(
        {attribute.ints().data(), static_cast<size_t>(attribute.ints_size())}));
  case Proto::STRINGS:
    for (const std::string &text : attribute.strings())
      list.push_back(builder.getStringAttr(text));
    return Attribute(builder.getArrayAttr(list));
  case Proto::TENSORS:
    for (onnx_pb::TensorProto &tensor : *attribute.mutable_tensors()) {
      auto value = tensors.convert(tensor, what, key);
      if (failed(value))
        return failure();
      list.push_back(*value);
    }
    return Attribute(builder.getArrayAttr(list));
  case Proto::SPARSE_TENSORS:
    for (onnx_pb::SparseTensorProto &tensor : *attribute.mutable_sparse_tensors()) {
      auto value = tensors.convertSparse(tensor, what, key);
      if (failed(value))
        return failure();
      list.push_back(*value);
    }
    return Attribute(builder.getArrayAttr(list));
  case Proto::TYPE_PROTOS:
    for (const auto &proto : attribute.type_protos()) {
      auto type = convertType(proto, state, what);
      if (failed(type))
        return failure();
      list.push_back(TypeAttr::get(*type));
    }
    return Attribute(builder.getArrayAttr(list));
  case Proto::GRAPH:
  case Proto::GRAPHS:
    return state.malformed(what + " is said to be a graph, but has none");
  default:
    return state.malformed(what + " has no type");
  }
}
