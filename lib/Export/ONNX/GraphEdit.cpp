// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Edits of an ONNX graph.
#include "GraphEdit.h"

#include "lpc/Numerics/Bulk.h"

#include <algorithm>

using namespace lpc;
using namespace lpc::exporting;

// -- names
// -----------------------------------------------------------------------------------------------

Names::Names(const ModelProto &model) { add(model.graph()); }

void Names::add(const GraphProto &graph) {
  for (const auto &v : graph.input())
    used.insert(v.name());
  for (const TensorProto &t : graph.initializer())
    used.insert(t.name());
  for (const auto &t : graph.sparse_initializer())
    used.insert(t.values().name());
  for (const NodeProto &node : graph.node()) {
    used.insert(node.name());
    used.insert(node.output().begin(), node.output().end());
    for (const AttributeProto &a : node.attribute()) {
      if (a.has_g())
        add(a.g());
      for (const GraphProto &g : a.graphs())
        add(g);
    }
  }
}

std::string Names::fresh(const std::string &wish) {
  std::string name = wish;
  for (int i = 1; !used.insert(name).second; ++i)
    name = wish + "_" + std::to_string(i);
  return name;
}

// -- graph
// -----------------------------------------------------------------------------------------------

const TensorProto *GraphEdit::initializer(const std::string &name) const {
  for (const TensorProto &t : graph.initializer())
    if (t.name() == name)
      return &t;
  return nullptr;
}

const NodeProto *GraphEdit::producer(const std::string &name) const {
  for (const NodeProto &node : graph.node())
    if (std::find(node.output().begin(), node.output().end(), name) != node.output().end())
      return &node;
  return nullptr;
}

std::string GraphEdit::addTensor(const std::string &wish, int type,
                                 const std::vector<int64_t> &dims, std::string bytes) {
  TensorProto &t = *graph.add_initializer();
  t.set_name(names.fresh(wish));
  t.set_data_type(type);
  for (int64_t d : dims)
    t.add_dims(d);
  t.set_raw_data(std::move(bytes));
  return t.name();
}

std::string GraphEdit::addFloats(const std::string &wish, const std::vector<int64_t> &dims,
                                 const std::vector<float> &values) {
  return addTensor(
      wish, TensorProto::FLOAT, dims,
      std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)));
}

std::string GraphEdit::addNode(const std::string &type, const std::string &domain,
                               const std::string &wish, const std::vector<std::string> &inputs,
                               const std::map<std::string, int64_t> &ints,
                               const std::map<std::string, std::string> &strings) {
  NodeProto node;
  node.set_op_type(type);
  if (!domain.empty())
    node.set_domain(domain);
  std::string output = names.fresh(wish);
  node.set_name(names.fresh(output + "_" + type));
  node.add_output(output);
  for (const std::string &input : inputs)
    node.add_input(input);
  for (const auto &[name, value] : ints) {
    AttributeProto &a = *node.add_attribute();
    a.set_name(name);
    a.set_type(AttributeProto::INT);
    a.set_i(value);
  }
  for (const auto &[name, value] : strings) {
    AttributeProto &a = *node.add_attribute();
    a.set_name(name);
    a.set_type(AttributeProto::STRING);
    a.set_s(value);
  }
  nodes.push_back(std::move(node));
  return output;
}

/// Adds all that a graph and its subgraphs read.
static void addReads(const GraphProto &graph, std::multiset<std::string> &reads) {
  for (const auto &v : graph.output())
    reads.insert(v.name());
  for (const NodeProto &node : graph.node()) {
    reads.insert(node.input().begin(), node.input().end());
    for (const AttributeProto &a : node.attribute()) {
      if (a.has_g())
        addReads(a.g(), reads);
      for (const GraphProto &g : a.graphs())
        addReads(g, reads);
    }
  }
}

bool GraphEdit::removeUnread() {
  std::multiset<std::string> reads;
  addReads(graph, reads);
  // An initializer that is also an input of the graph belongs to the model's interface.
  for (const auto &v : graph.input())
    reads.insert(v.name());
  auto unread = [&](const std::string &name) { return !reads.count(name); };
  bool changed = false;
  for (int i = graph.initializer_size() - 1; i >= 0; --i)
    if (candidates.count(graph.initializer(i).name()) && unread(graph.initializer(i).name())) {
      graph.mutable_initializer()->DeleteSubrange(i, 1);
      changed = true;
    }
  for (int i = graph.node_size() - 1; i >= 0; --i) {
    const NodeProto &node = graph.node(i);
    bool candidate = std::any_of(node.output().begin(), node.output().end(),
                                 [&](const std::string &o) { return candidates.count(o); });
    if (!candidate || !std::all_of(node.output().begin(), node.output().end(), unread))
      continue;
    candidates.insert(node.input().begin(), node.input().end());
    graph.mutable_node()->DeleteSubrange(i, 1);
    changed = true;
  }
  return changed;
}

void GraphEdit::finish() {
  graph.clear_node();
  for (NodeProto &node : nodes)
    *graph.add_node() = std::move(node);
  while (removeUnread()) {
  }
  // Descriptions of values that are gone.
  std::set<std::string> exist;
  for (const NodeProto &node : graph.node())
    exist.insert(node.output().begin(), node.output().end());
  for (const TensorProto &t : graph.initializer())
    exist.insert(t.name());
  for (int i = graph.value_info_size() - 1; i >= 0; --i)
    if (candidates.count(graph.value_info(i).name()) && !exist.count(graph.value_info(i).name()))
      graph.mutable_value_info()->DeleteSubrange(i, 1);
}

// -- tensors
// ---------------------------------------------------------------------------------------------

std::string exporting::packCodes(const num::Format &format, const std::vector<uint16_t> &codes) {
  std::vector<uint8_t> bytes((codes.size() * format.width() + 7) / 8);
  num::packBits(codes, format.width(), bytes);
  return std::string(bytes.begin(), bytes.end());
}

int64_t exporting::intAttribute(const NodeProto &node, const std::string &name, int64_t otherwise) {
  for (const AttributeProto &a : node.attribute())
    if (a.name() == name)
      return a.i();
  return otherwise;
}

ExportWeight exporting::inNodeLayout(const ExportWeight &weight, const NodeProto &node,
                                     const TensorProto *original) {
  ExportWeight w = weight;
  if (node.op_type() == "Conv")
    return w;
  // A matmul's operand may have got dimensions of size 1 in front, or behind if it was a vector.
  auto eraseDim = [&](size_t at) {
    w.shape.erase(w.shape.begin() + static_cast<ptrdiff_t>(at));
    for (ExportScale &s : w.scales) {
      s.shape.erase(s.shape.begin() + static_cast<ptrdiff_t>(at));
      s.block.erase(s.block.begin() + static_cast<ptrdiff_t>(at));
    }
  };
  while (w.shape.size() > 2 && w.shape[0] == 1 &&
         !(original && original->dims_size() == static_cast<int>(w.shape.size())))
    eraseDim(0);
  if (node.op_type() == "Gemm" && intAttribute(node, "transB", 0) != 0) {
    auto swapDims = [](std::vector<int64_t> &dims) {
      std::swap(dims[dims.size() - 2], dims[dims.size() - 1]);
    };
    w.codes = swapLast(w.codes, w.shape);
    if (!w.zeros.empty())
      w.zeros = swapLast(w.zeros, w.scales[0].shape);
    for (ExportScale &s : w.scales) {
      s.values = swapLast(s.values, s.shape);
      if (s.format)
        s.codes = swapLast(s.codes, s.shape);
      swapDims(s.shape);
      swapDims(s.block);
    }
    swapDims(w.shape);
  } else if (original && original->dims_size() == 1 && w.shape.size() == 2 && w.shape[1] == 1) {
    eraseDim(1);
  }
  return w;
}
