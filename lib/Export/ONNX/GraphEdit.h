// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Edits of an ONNX graph: new tensors and nodes with free names, old ones taken out.
#ifndef LPC_LIB_EXPORT_ONNX_GRAPHEDIT_H
#define LPC_LIB_EXPORT_ONNX_GRAPHEDIT_H

#include "lpc/Export/ONNX/Export.h"

#include "ONNXModel.pb.h"

#include <map>
#include <set>
#include <tuple>

namespace lpc::exporting {

using onnx_pb::AttributeProto;
using onnx_pb::GraphProto;
using onnx_pb::ModelProto;
using onnx_pb::NodeProto;
using onnx_pb::TensorProto;

/// Names that a model uses, so that new ones differ from all of them.
class Names {
public:
  explicit Names(const ModelProto &model);
  /// `wish`, or with a number behind it.
  std::string fresh(const std::string &wish);

private:
  void add(const GraphProto &graph);
  std::set<std::string> used;
};

/// One graph while it is rewritten. Nodes are appended in their old order, new ones before those
/// that need them.
class GraphEdit {
public:
  GraphEdit(GraphProto &graph, Names &names) : graph(graph), names(names) {}

  GraphProto &graph;
  Names &names;

  /// The initializer of that name, or null.
  const TensorProto *initializer(const std::string &name) const;
  /// The old node that makes a value, or null.
  const NodeProto *producer(const std::string &name) const;

  /// A new initializer; returns its name.
  std::string addTensor(const std::string &wish, int type, const std::vector<int64_t> &dims,
                        std::string bytes);
  std::string addFloats(const std::string &wish, const std::vector<int64_t> &dims,
                        const std::vector<float> &values);
  /// A new node before the one that is being rewritten; returns its output.
  std::string addNode(const std::string &type, const std::string &domain, const std::string &wish,
                      const std::vector<std::string> &inputs,
                      const std::map<std::string, int64_t> &ints = {},
                      const std::map<std::string, std::string> &strings = {});
  void append(NodeProto node) { nodes.push_back(std::move(node)); }

  /// A value that lost a reader: it goes at the end, with what only it needed, if no other is left.
  void dropped(const std::string &name) { candidates.insert(name); }

  /// Puts the nodes in place and removes what nothing reads.
  void finish();

  /// Values made before in this graph, by a key of their meaning.
  std::map<std::string, std::string> made;

private:
  bool removeUnread();
  std::vector<NodeProto> nodes;
  std::set<std::string> candidates;
};

/// Packed as ONNX stores codes of this format.
std::string packCodes(const num::Format &format, const std::vector<uint16_t> &codes);

/// Elements in the order of another layout of a tensor: [..., k, n] as [..., n, k].
template <typename T>
std::vector<T> swapLast(const std::vector<T> &values, const std::vector<int64_t> &shape) {
  size_t rank = shape.size();
  auto k = static_cast<size_t>(shape[rank - 2]), n = static_cast<size_t>(shape[rank - 1]);
  std::vector<T> out(values.size());
  for (size_t base = 0; k * n != 0 && base < values.size(); base += k * n)
    for (size_t i = 0; i < k; ++i)
      for (size_t j = 0; j < n; ++j)
        out[base + j * k + i] = values[base + i * n + j];
  return out;
}

/// The weight as the node stores it, its scales alike.
ExportWeight inNodeLayout(const ExportWeight &weight, const NodeProto &node,
                          const TensorProto *original);

int64_t intAttribute(const NodeProto &node, const std::string &name, int64_t otherwise);

} // namespace lpc::exporting

#endif // LPC_LIB_EXPORT_ONNX_GRAPHEDIT_H
