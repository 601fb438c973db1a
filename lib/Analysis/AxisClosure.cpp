// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Union-find over factors of axes. Ties between axes that are cut differently refine both: 256 tied
// to 8 x 32 becomes 8 x 32 wherever it is, and each factor goes its own way from there.
#include "AxisClosure.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

unsigned AxisClosure::makeNode(int64_t size) {
  unsigned id = nodes.size();
  nodes.emplace_back(size, id);
  return id;
}

AxisClosure::Leaf AxisClosure::find(unsigned node) {
  bool flip = false;
  unsigned root = node;
  while (nodes[root].parent != root) {
    flip ^= nodes[root].flip;
    root = nodes[root].parent;
  }
  // Shorten the way for the next time.
  bool rest = flip;
  while (nodes[node].parent != root && node != root) {
    unsigned next = nodes[node].parent;
    bool own = nodes[node].flip;
    nodes[node].parent = root;
    nodes[node].flip = rest;
    rest ^= own;
    node = next;
  }
  return {root, flip};
}

void AxisClosure::leaves(unsigned node, bool flip, SmallVectorImpl<Leaf> &out) {
  Leaf at = find(node);
  bool total = flip ^ at.flip;
  if (nodes[at.root].outer < 0) {
    out.push_back({at.root, total});
    return;
  }
  leaves(nodes[at.root].outer, total, out);
  leaves(nodes[at.root].inner, total, out);
}

SmallVector<AxisClosure::Leaf> AxisClosure::leavesOf(const AxisSpan &span) {
  SmallVector<Leaf> out;
  for (auto [node, flip] : span.nodes)
    leaves(node, flip, out);
  return out;
}

void AxisClosure::addBarrier(unsigned root, AxisBarrier barrier) {
  if (!barrier.order)
    barrier.order = ++barriersSeen;
  for (const AxisBarrier &b : nodes[root].barriers)
    if (b.op == barrier.op && b.place == barrier.place)
      return;
  nodes[root].barriers.push_back(std::move(barrier));
}

void AxisClosure::split(unsigned root, int64_t inner, const AxisBarrier &why) {
  unsigned o = makeNode(nodes[root].size / inner), i = makeNode(inner);
  if (transform == Transform::Centering) {
    AxisBarrier barrier = why;
    barrier.why = "takes a factor of the axis, but centering acts on the whole axis";
    addBarrier(root, barrier);
  }
  for (const AxisBarrier &b : llvm::to_vector(nodes[root].barriers)) {
    addBarrier(o, b);
    addBarrier(i, b);
  }
  nodes[root].outer = o;
  nodes[root].inner = i;
}

void AxisClosure::merge(Leaf a, Leaf b, bool dual, const AxisBarrier &mismatch) {
  bool flip = dual ^ a.flip ^ b.flip;
  if (a.root == b.root) {
    if (flip) {
      AxisBarrier barrier = mismatch;
      barrier.why = "meets its own inverse";
      addBarrier(a.root, barrier);
    }
    return;
  }
  // The older node stays, so that results do not depend on the order of ties within an op.
  if (a.root > b.root)
    std::swap(a, b);
  nodes[b.root].parent = a.root;
  nodes[b.root].flip = flip;
  for (AxisBarrier &barrier : nodes[b.root].barriers)
    addBarrier(a.root, std::move(barrier));
  nodes[b.root].barriers.clear();
}

void AxisClosure::tie(const AxisSpan &a, const AxisSpan &b, bool dual,
                      const AxisBarrier &mismatch) {
  // The inverse transposed of a permutation or an orthogonal matrix is the matrix itself.
  dual &= transform == Transform::Diagonal;
  SmallVector<Leaf> left = leavesOf(a), right = leavesOf(b);
  auto refine = [&](SmallVector<Leaf> &list) {
    Leaf last = list.pop_back_val();
    leaves(last.root, last.flip, list);
  };
  while (!left.empty() && !right.empty()) {
    // An earlier step may have merged or split these.
    refine(left);
    refine(right);
    Leaf l = left.back(), r = right.back();
    int64_t n = nodes[l.root].size, m = nodes[r.root].size;
    if (n == m) {
      merge(l, r, dual, mismatch);
      left.pop_back();
      right.pop_back();
      continue;
    }
    if (std::max(n, m) % std::min(n, m) != 0)
      break;
    split(n > m ? l.root : r.root, std::min(n, m), mismatch);
  }
  // What is left has no counterpart.
  left.append(right);
  for (Leaf l : left) {
    SmallVector<Leaf> roots;
    leaves(l.root, false, roots);
    for (Leaf root : roots)
      addBarrier(root.root, mismatch);
  }
}

void AxisClosure::bar(const AxisSpan &a, AxisBarrier barrier) {
  barrier.order = ++barriersSeen;
  for (Leaf l : leavesOf(a))
    addBarrier(l.root, barrier);
}

std::pair<AxisSpan, AxisSpan> AxisClosure::cut(const AxisSpan &a, int64_t inner,
                                               const AxisBarrier &mismatch) {
  SmallVector<Leaf> rest = leavesOf(a);
  SmallVector<std::pair<unsigned, bool>> taken;
  for (int64_t have = 1; have < inner;) {
    if (rest.empty()) {
      bar(a, mismatch);
      return {};
    }
    Leaf last = rest.pop_back_val();
    int64_t size = nodes[last.root].size, need = inner / have;
    if (size > need && size % need == 0) {
      split(last.root, need, mismatch);
      leaves(last.root, last.flip, rest);
      continue;
    }
    if (need % size != 0) {
      bar(a, mismatch);
      return {};
    }
    have *= size;
    taken.push_back({last.root, last.flip});
  }
  std::pair<AxisSpan, AxisSpan> result;
  for (Leaf l : rest)
    result.first.nodes.push_back({l.root, l.flip});
  result.second.nodes.assign(taken.rbegin(), taken.rend());
  result.first.place = result.second.place = a.place;
  return result;
}

/// What is followed: known sizes above 1 of floats, and of conditions that may be permuted with
/// them.
static int64_t followedSize(Value value, int64_t axis, Transform transform) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || axis < 0 || axis >= type.getRank() || type.isDynamicDim(axis))
    return 1;
  bool isCondition = transform == Transform::Permutation && type.getElementType().isInteger(1);
  if (!isa<FloatType>(type.getElementType()) && !isCondition)
    return 1;
  return type.getDimSize(axis);
}

AxisSpan AxisClosure::spanAt(const void *place, int64_t axis, bool again, Value value,
                             OpOperand *use) {
  AxisSpan span;
  int64_t size = followedSize(value, axis, transform);
  if (size <= 1)
    return span;
  auto [it, isNew] = known.try_emplace({place, axis * 2 + again}, 0);
  if (isNew) {
    it->second = makeNode(size);
    keys.push_back({use ? Value() : value, use, axis, it->second});
  }
  span.nodes.push_back({it->second, false});
  return span;
}

AxisSpan AxisClosure::spanOf(OpOperand &use, int64_t axis, bool again) {
  if (isConstantUse(use))
    return spanAt(&use, axis, again, use.get(), &use);
  return spanOf(use.get(), axis);
}

AxisSpan AxisClosure::spanOf(Value value, int64_t axis) {
  return spanAt(value.getAsOpaquePointer(), axis, false, value, nullptr);
}

std::vector<AxisClass> AxisClosure::classes() {
  std::vector<AxisClass> result;
  llvm::DenseMap<unsigned, size_t> indexOf;
  for (const Key &key : keys) {
    SmallVector<Leaf> factors;
    leaves(key.node, false, factors);
    int64_t inner = nodes[find(key.node).root].size, outer = 1;
    for (Leaf leaf : factors) {
      int64_t size = nodes[leaf.root].size;
      inner /= size;
      auto [it, isNew] = indexOf.try_emplace(leaf.root, result.size());
      if (isNew) {
        result.emplace_back();
        result.back().size = size;
        result.back().barriers.append(nodes[leaf.root].barriers.begin(),
                                      nodes[leaf.root].barriers.end());
        llvm::sort(result.back().barriers,
                   [](const AxisBarrier &a, const AxisBarrier &b) { return a.order < b.order; });
      }
      AxisClass &found = result[it->second];
      found.members.push_back({key.value, key.use, key.axis, outer, inner, leaf.flip});
      outer *= size;
    }
  }
  // A flip is relative: the first member that is not dual elsewhere decides.
  for (AxisClass &c : result)
    if (c.members.front().dual)
      for (AxisMember &m : c.members)
        m.dual = !m.dual;
  return result;
}
