// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Topological order of nodes; linear in the size of the graph if the file is in order already.
#include "NodeOrder.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <queue>

using namespace mlir;
using namespace lpc;
using namespace lpc::import;

std::string lpc::import::describeNode(const onnx_pb::NodeProto &node, int index) {
  std::string text = "node ";
  text += node.name().empty() ? "#" + std::to_string(index) : quoted(node.name());
  if (node.op_type().empty())
    return text;
  std::string op = node.domain().empty() ? node.op_type() : node.domain() + "." + node.op_type();
  op = quoted(op);
  return text + " (" + op.substr(1, op.size() - 2) + ")";
}

const std::vector<StringRef> &NodeOrder::getFreeNames(const onnx_pb::GraphProto &graph) {
  if (auto known = freeNames.find(&graph); known != freeNames.end())
    return known->second;
  llvm::StringSet<> defined, free;
  for (const auto &input : graph.input())
    defined.insert(input.name());
  for (const auto &initializer : graph.initializer())
    defined.insert(initializer.name());
  for (const auto &initializer : graph.sparse_initializer())
    defined.insert(initializer.values().name());
  for (const auto &node : graph.node())
    for (const auto &output : node.output())
      defined.insert(output);
  std::vector<StringRef> names;
  auto read = [&](StringRef name) {
    if (!defined.contains(name) && free.insert(name).second)
      names.push_back(name);
  };
  for (const auto &node : graph.node())
    forEachRead(node, read);
  for (const auto &output : graph.output())
    read(output.name());
  return freeNames[&graph] = std::move(names);
}

void NodeOrder::forEachRead(const onnx_pb::NodeProto &node,
                            llvm::function_ref<void(StringRef)> visit) {
  for (const auto &input : node.input())
    if (!input.empty())
      visit(input);
  auto visitGraph = [&](const onnx_pb::GraphProto &graph) {
    // A copy: visiting may add graphs to the table.
    for (StringRef name : std::vector<StringRef>(getFreeNames(graph)))
      visit(name);
  };
  for (const auto &attribute : node.attribute()) {
    if (attribute.has_g())
      visitGraph(attribute.g());
    for (const auto &graph : attribute.graphs())
      visitGraph(graph);
  }
}

LogicalResult NodeOrder::reportCycle(const NodeList &nodes, const llvm::StringMap<int> &producers,
                                     ArrayRef<int> waiting) {
  // From any node that waits, walk to a producer that also waits until a node comes back.
  auto isWaiting = [&](int index) { return waiting[index] > 0; };
  int current =
      static_cast<int>(llvm::find_if(waiting, [](int n) { return n > 0; }) - waiting.begin());
  std::vector<bool> seen(nodes.size());
  std::string via;
  while (!seen[current]) {
    seen[current] = true;
    int next = current;
    forEachRead(nodes[current], [&](StringRef name) {
      auto producer = producers.find(name);
      if (producer != producers.end() && isWaiting(producer->second)) {
        next = producer->second;
        via = name.str();
      }
    });
    current = next;
  }
  return state.malformed("the graph has a cycle through " + describeNode(nodes[current], current) +
                         " and the value " + quoted(via));
}

LogicalResult NodeOrder::sort(const NodeList &nodes, SmallVectorImpl<int> &order) {
  llvm::StringMap<int> producers;
  for (int i = 0; i < nodes.size(); ++i)
    for (const auto &output : nodes[i].output())
      if (!output.empty())
        producers.try_emplace(output, i);

  std::vector<SmallVector<int, 2>> readers(nodes.size());
  std::vector<int> waiting(nodes.size());
  bool ordered = true;
  for (int i = 0; i < nodes.size(); ++i)
    forEachRead(nodes[i], [&](StringRef name) {
      auto producer = producers.find(name);
      if (producer == producers.end())
        return;
      ordered &= producer->second < i;
      readers[producer->second].push_back(i);
      ++waiting[i];
    });
  if (ordered) {
    order.assign(llvm::seq<int>(0, nodes.size()).begin(), llvm::seq<int>(0, nodes.size()).end());
    return success();
  }

  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < nodes.size(); ++i)
    if (waiting[i] == 0)
      ready.push(i);
  while (!ready.empty()) {
    int index = ready.top();
    ready.pop();
    order.push_back(index);
    for (int reader : readers[index])
      if (--waiting[reader] == 0)
        ready.push(reader);
  }
  if (order.size() < static_cast<size_t>(nodes.size()))
    return reportCycle(nodes, producers, waiting);
  return success();
}
