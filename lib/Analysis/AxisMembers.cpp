// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the closure found: for each leaf its class, and for each axis the lanes of that leaf on it.
#include "AxisClosure.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

/// One loop at most, and offsets for the others.
static void flattenLoops(ArrayRef<std::pair<int64_t, int64_t>> loops, AxisMember member,
                         SmallVectorImpl<AxisMember> &out) {
  if (loops.size() <= 1) {
    if (!loops.empty())
      std::tie(member.outer, member.stride) = loops.front();
    out.push_back(member);
    return;
  }
  for (int64_t i = 0; i < loops.front().first; ++i) {
    flattenLoops(loops.drop_front(), member, out);
    member.offset += loops.front().second;
  }
}

void AxisClosure::collect(const Key &key, Link link, Lanes lanes,
                          llvm::DenseMap<unsigned, size_t> &indexOf,
                          std::vector<AxisClass> &result) {
  Link at = find(link);
  const Node &node = nodes[at.node];
  if (node.kind == Node::Sum) {
    for (Link kid : node.kids) {
      collect(key, {kid.node, kid.flip != at.flip}, lanes, indexOf, result);
      lanes.offset += nodes[kid.node].size * lanes.inner;
    }
    return;
  }
  if (node.kind == Node::Product) {
    int64_t inner = lanes.inner * node.size, outer = 1;
    for (Link kid : node.kids) {
      int64_t size = nodes[kid.node].size;
      Lanes own = lanes;
      if (outer > 1)
        own.loops.push_back({outer, inner});
      inner /= size;
      own.inner = inner;
      collect(key, {kid.node, kid.flip != at.flip}, own, indexOf, result);
      outer *= size;
    }
    return;
  }
  if (node.size <= 1)
    return;
  auto [it, isNew] = indexOf.try_emplace(at.node, result.size());
  if (isNew) {
    result.emplace_back();
    result.back().size = node.size;
    result.back().barriers.append(node.barriers.begin(), node.barriers.end());
    llvm::sort(result.back().barriers,
               [](const AxisBarrier &a, const AxisBarrier &b) { return a.order < b.order; });
  }
  // Loops that follow each other without a gap are one.
  SmallVector<std::pair<int64_t, int64_t>> loops;
  for (auto [count, stride] : lanes.loops) {
    if (!loops.empty() && loops.back().second == count * stride)
      loops.back() = {loops.back().first * count, stride};
    else
      loops.push_back({count, stride});
  }
  AxisMember member;
  member.value = key.value;
  member.use = key.use;
  member.axis = key.axis;
  member.inner = lanes.inner;
  member.offset = lanes.offset;
  member.stride = node.size * lanes.inner;
  member.dual = at.flip;
  flattenLoops(loops, member, result[it->second].members);
}

std::vector<AxisClass> AxisClosure::classes() {
  std::vector<AxisClass> result;
  llvm::DenseMap<unsigned, size_t> indexOf;
  for (const Key &key : keys)
    collect(key, {key.node, false}, {}, indexOf, result);
  // A flip is relative: the first member that is not dual elsewhere decides.
  for (AxisClass &c : result)
    if (c.members.front().dual)
      for (AxisMember &m : c.members)
        m.dual = !m.dual;
  return result;
}
