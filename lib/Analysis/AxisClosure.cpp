// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Union-find over factors and parts of axes. Ties between axes that are cut differently refine
// both: 256 tied to 8 x 32 becomes 8 x 32 wherever it is, 72 of which somebody reads the last 24
// becomes 48 + 24, and each piece goes its own way from there.
#include "AxisClosure.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

unsigned AxisClosure::makeNode(int64_t size) {
  unsigned id = nodes.size();
  nodes.emplace_back(size, id);
  return id;
}

AxisClosure::Link AxisClosure::find(Link link) {
  unsigned node = link.node, root = node;
  bool flip = false;
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
  return {root, flip != link.flip};
}

void AxisClosure::factors(Link link, Links &out) {
  Link at = find(link);
  if (nodes[at.node].kind == Node::Product) {
    for (Link kid : Links(nodes[at.node].kids))
      factors({kid.node, kid.flip != at.flip}, out);
    return;
  }
  if (nodes[at.node].size > 1)
    out.push_back(at);
}

AxisClosure::Links AxisClosure::factorsOf(ArrayRef<Link> links) {
  Links out;
  for (Link link : links)
    factors(link, out);
  return out;
}

AxisClosure::Links AxisClosure::factorsOf(const AxisSpan &span) {
  Links out;
  for (auto [node, flip] : span.nodes)
    factors({node, flip}, out);
  return out;
}

int64_t AxisClosure::sizeOf(ArrayRef<Link> links) {
  int64_t size = 1;
  for (Link link : links)
    size *= nodes[link.node].size;
  return size;
}

void AxisClosure::flatten(Link link, Links &out) {
  Link at = find(link);
  if (nodes[at.node].kind != Node::Sum) {
    out.push_back(at);
    return;
  }
  for (Link kid : Links(nodes[at.node].kids))
    flatten({kid.node, kid.flip != at.flip}, out);
}

AxisClosure::Link AxisClosure::join(ArrayRef<Link> links, bool isSum) {
  if (links.size() == 1)
    return links.front();
  int64_t size = 1;
  if (isSum) {
    size = 0;
    for (Link link : links)
      size += nodes[link.node].size;
  } else {
    size = sizeOf(links);
  }
  unsigned node = makeNode(size);
  if (!links.empty()) {
    nodes[node].kind = isSum ? Node::Sum : Node::Product;
    nodes[node].kids.assign(links.begin(), links.end());
  }
  return {node, false};
}

AxisSpan AxisClosure::makeSpan(ArrayRef<Link> links, AxisPlace place) {
  AxisSpan span;
  span.place = place;
  for (Link link : links)
    span.nodes.push_back({link.node, link.flip});
  return span;
}

void AxisClosure::addBarrier(unsigned node, AxisBarrier barrier) {
  if (!barrier.order)
    barrier.order = ++barriersSeen;
  unsigned root = find({node, false}).node;
  if (nodes[root].kind != Node::Leaf) {
    for (Link kid : Links(nodes[root].kids))
      addBarrier(kid.node, barrier);
    return;
  }
  for (const AxisBarrier &b : nodes[root].barriers)
    if (b.op == barrier.op && b.place == barrier.place)
      return;
  nodes[root].barriers.push_back(std::move(barrier));
}

void AxisClosure::setKids(unsigned root, ArrayRef<Link> kids, bool isSum) {
  SmallVector<AxisBarrier, 1> barriers = std::move(nodes[root].barriers);
  nodes[root].barriers.clear();
  nodes[root].kind = isSum ? Node::Sum : Node::Product;
  nodes[root].kids.assign(kids.begin(), kids.end());
  for (const AxisBarrier &barrier : barriers)
    addBarrier(root, barrier);
}

//===- outer x inner
//-------------------------------------------------------------------------------===//

bool AxisClosure::canSplit(unsigned root, int64_t inner) {
  if (nodes[root].size % inner != 0)
    return false;
  return nodes[root].kind != Node::Sum ||
         llvm::all_of(nodes[root].kids, [&](Link kid) { return canCut(factorsOf(kid), inner); });
}

bool AxisClosure::canCut(Links list, int64_t inner) {
  while (inner > 1 && !list.empty()) {
    Link last = list.pop_back_val();
    int64_t size = nodes[last.node].size;
    if (size > inner)
      return canSplit(last.node, inner);
    if (inner % size != 0)
      return false;
    inner /= size;
  }
  return inner == 1;
}

void AxisClosure::split(unsigned root, int64_t inner, const AxisBarrier &why) {
  if (transform == Transform::Centering) {
    AxisBarrier barrier = why;
    barrier.why = "takes a factor of the axis, but centering acts on the whole axis";
    addBarrier(root, barrier);
  }
  if (nodes[root].kind == Node::Leaf) {
    unsigned o = makeNode(nodes[root].size / inner), i = makeNode(inner);
    setKids(root, {{o, false}, {i, false}}, /*isSum=*/false);
    return;
  }
  // The parts have the inner factor in common, and their outer ones make a sum.
  Links outers, common;
  for (Link kid : Links(nodes[root].kids)) {
    auto [outer, own] = take(factorsOf(kid), inner, why);
    outers.push_back(join(outer, /*isSum=*/false));
    if (common.empty())
      common = own;
    else
      tieLinks(common, own, false, why);
  }
  Link outer = join(outers, /*isSum=*/true), shared = join(common, /*isSum=*/false);
  setKids(root, {outer, shared}, /*isSum=*/false);
}

std::pair<AxisClosure::Links, AxisClosure::Links> AxisClosure::take(Links list, int64_t inner,
                                                                    const AxisBarrier &why) {
  Links taken;
  for (int64_t have = 1; have < inner;) {
    Link last = list.pop_back_val();
    int64_t size = nodes[last.node].size, need = inner / have;
    if (size > need) {
      split(last.node, need, why);
      factors(last, list);
      continue;
    }
    have *= size;
    taken.push_back(last);
  }
  return {list, Links(llvm::reverse(taken))};
}

int64_t AxisClosure::commonBlock(unsigned a, unsigned b, int64_t size) {
  for (int64_t d = size; d > 1; --d)
    if (size % d == 0 && canSplit(a, d) && canSplit(b, d))
      return d;
  return 1;
}

std::pair<AxisSpan, AxisSpan> AxisClosure::cut(const AxisSpan &a, int64_t inner,
                                               const AxisBarrier &mismatch) {
  Links list = factorsOf(a);
  if (!canCut(list, inner)) {
    bar(a, mismatch);
    return {};
  }
  auto [outer, taken] = take(list, inner, mismatch);
  return {makeSpan(outer, a.place), makeSpan(taken, a.place)};
}

//===- ties
//----------------------------------------------------------------------------------------===//

void AxisClosure::merge(Link a, Link b, bool dual, const AxisBarrier &mismatch) {
  bool flip = (dual != a.flip) != b.flip;
  if (a.node == b.node) {
    if (flip) {
      AxisBarrier barrier = mismatch;
      barrier.why = "meets its own inverse";
      addBarrier(a.node, barrier);
    }
    return;
  }
  bool isSumA = nodes[a.node].kind == Node::Sum, isSumB = nodes[b.node].kind == Node::Sum;
  if (isSumA && isSumB)
    return mergeSums(a, b, dual, mismatch);
  // What has parts stays; otherwise the older node, so that results do not depend on the order of
  // ties within an op.
  if (isSumB || (!isSumA && a.node > b.node))
    std::swap(a, b);
  nodes[b.node].parent = a.node;
  nodes[b.node].flip = flip;
  SmallVector<AxisBarrier, 1> barriers = std::move(nodes[b.node].barriers);
  nodes[b.node].barriers.clear();
  for (AxisBarrier &barrier : barriers)
    addBarrier(a.node, std::move(barrier));
}

void AxisClosure::tieLinks(Links left, Links right, bool dual, const AxisBarrier &mismatch) {
  auto refine = [&](Links &list) {
    Link last = list.pop_back_val();
    factors(last, list);
  };
  while (!left.empty() && !right.empty()) {
    // An earlier step may have merged or split these.
    refine(left);
    refine(right);
    Link l = left.back(), r = right.back();
    int64_t n = nodes[l.node].size, m = nodes[r.node].size;
    if (n == m) {
      left.pop_back();
      right.pop_back();
      merge(l, r, dual, mismatch);
      continue;
    }
    Link large = n > m ? l : r, small = n > m ? r : l;
    int64_t size = std::min(n, m);
    if (canSplit(large.node, size)) {
      split(large.node, size, mismatch);
      continue;
    }
    bool hasParts = nodes[large.node].kind == Node::Sum || nodes[small.node].kind == Node::Sum;
    int64_t block = hasParts ? commonBlock(large.node, small.node, size) : 1;
    if (block == 1 || block == size)
      break;
    split(large.node, block, mismatch);
    split(small.node, block, mismatch);
  }
  // What is left has no counterpart.
  left.append(right);
  for (Link l : left)
    addBarrier(l.node, mismatch);
}

void AxisClosure::tie(const AxisSpan &a, const AxisSpan &b, bool dual,
                      const AxisBarrier &mismatch) {
  // The inverse transposed of a permutation or an orthogonal matrix is the matrix itself.
  dual &= transform == Transform::Diagonal;
  tieLinks(factorsOf(a), factorsOf(b), dual, mismatch);
}

void AxisClosure::bar(const AxisSpan &a, AxisBarrier barrier) {
  barrier.order = ++barriersSeen;
  for (Link l : factorsOf(a))
    addBarrier(l.node, barrier);
}

//===- axes and classes
//----------------------------------------------------------------------------===//

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
