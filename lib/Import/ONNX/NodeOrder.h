// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Brings the nodes of a graph into an order in which each value is defined before it is read.
#ifndef LPC_LIB_IMPORT_ONNX_NODEORDER_H
#define LPC_LIB_IMPORT_ONNX_NODEORDER_H

#include "ModelView.h"

#include "llvm/ADT/DenseMap.h"

namespace lpc::import {

using NodeList = google::protobuf::RepeatedPtrField<onnx_pb::NodeProto>;

/// "node 'Conv_12' (Conv)", or "node #12 (Conv)" if it has no name.
std::string describeNode(const onnx_pb::NodeProto &node, int index);

class NodeOrder {
public:
  explicit NodeOrder(ImportState &state) : state(state) {}

  /// Indices of `nodes` in an order that respects the values, the file's order wherever it does.
  /// ONNX demands such an order of the file; others are accepted, cycles are not.
  mlir::LogicalResult sort(const NodeList &nodes, llvm::SmallVectorImpl<int> &order);

private:
  ImportState &state;
  /// Names that a subgraph reads and does not define.
  llvm::DenseMap<const onnx_pb::GraphProto *, std::vector<llvm::StringRef>> freeNames;

  const std::vector<llvm::StringRef> &getFreeNames(const onnx_pb::GraphProto &graph);
  /// Calls `visit` with each name that the node reads, its subgraphs included.
  void forEachRead(const onnx_pb::NodeProto &node, llvm::function_ref<void(llvm::StringRef)> visit);
  mlir::LogicalResult reportCycle(const NodeList &nodes, const llvm::StringMap<int> &producers,
                                  llvm::ArrayRef<int> waiting);
};

} // namespace lpc::import

#endif // LPC_LIB_IMPORT_ONNX_NODEORDER_H
