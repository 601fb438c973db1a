// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums of axes: parts one after the other, each with a transform of its own. A leaf becomes a sum
// where a slice or a concat cuts it, a sum is refined where others cut it elsewhere, and two sums
// that are tied are cut at the borders of both.
#include "AxisClosure.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

/// The pieces into which borders behind `sizes` cut each of the parts `own`.
static SmallVector<SmallVector<int64_t>> piecesOf(ArrayRef<int64_t> own, ArrayRef<int64_t> sizes) {
  SmallVector<SmallVector<int64_t>> pieces;
  size_t next = 0;
  int64_t left = sizes.empty() ? 0 : sizes.front();
  for (int64_t size : own) {
    SmallVector<int64_t> &list = pieces.emplace_back();
    while (size > 0) {
      while (left == 0)
        left = sizes[++next];
      int64_t piece = std::min(size, left);
      list.push_back(piece);
      size -= piece;
      left -= piece;
    }
  }
  return pieces;
}

bool AxisClosure::canPart(Links list, ArrayRef<int64_t> sizes) {
  if (list.empty())
    return sizes.size() == 1;
  Link first = list.front();
  int64_t inner = sizeOf(ArrayRef(list).drop_front());
  if (llvm::any_of(sizes, [&](int64_t size) { return size % inner != 0; }))
    return false;
  if (nodes[first.node].kind == Node::Leaf)
    return true;
  Links kids;
  flatten(first, kids);
  SmallVector<int64_t> own, outer;
  for (Link kid : kids)
    own.push_back(nodes[kid.node].size);
  for (int64_t size : sizes)
    outer.push_back(size / inner);
  SmallVector<SmallVector<int64_t>> pieces = piecesOf(own, outer);
  for (auto [kid, list] : llvm::zip_equal(kids, pieces))
    if (list.size() > 1 && !canPart(factorsOf(kid), list))
      return false;
  return true;
}

SmallVector<AxisClosure::Links> AxisClosure::part(Links list, ArrayRef<int64_t> sizes,
                                                  const AxisBarrier &why) {
  if (sizes.size() == 1)
    return {list};
  Links rest(ArrayRef(list).drop_front());
  int64_t inner = sizeOf(rest);
  SmallVector<int64_t> outer;
  for (int64_t size : sizes)
    outer.push_back(size / inner);
  SmallVector<Links> result;
  for (Link piece : partRoot(list.front(), outer, why)) {
    Links &own = result.emplace_back();
    factors(piece, own);
    own.append(rest);
  }
  return result;
}

AxisClosure::Links AxisClosure::partRoot(Link root, ArrayRef<int64_t> sizes,
                                         const AxisBarrier &why) {
  Links result;
  if (nodes[root.node].kind == Node::Leaf) {
    if (transform == Transform::Centering) {
      AxisBarrier barrier = why;
      barrier.why = "takes a part of the axis, but centering acts on the whole axis";
      addBarrier(root.node, barrier);
    }
    Links kids;
    for (int64_t size : sizes)
      kids.push_back({makeNode(size), false});
    setKids(root.node, kids, /*isSum=*/true);
    for (Link kid : kids)
      result.push_back({kid.node, root.flip});
    return result;
  }
  Links kids, pieces;
  flatten(root, kids);
  SmallVector<int64_t> own;
  for (Link kid : kids)
    own.push_back(nodes[kid.node].size);
  SmallVector<SmallVector<int64_t>> cuts = piecesOf(own, sizes);
  for (auto [kid, list] : llvm::zip_equal(kids, cuts))
    for (const Links &piece : part(factorsOf(kid), list, why))
      pieces.push_back(join(piece, /*isSum=*/false));
  size_t next = 0;
  for (int64_t size : sizes) {
    Links members;
    for (int64_t have = 0; have < size; ++next) {
      members.push_back(pieces[next]);
      have += nodes[pieces[next].node].size;
    }
    result.push_back(join(members, /*isSum=*/true));
  }
  return result;
}

std::optional<SmallVector<AxisSpan>> AxisClosure::parts(const AxisSpan &a, ArrayRef<int64_t> sizes,
                                                        const AxisBarrier &why) {
  Links list = factorsOf(a);
  SmallVector<int64_t> taken;
  llvm::copy_if(sizes, std::back_inserter(taken), [](int64_t size) { return size > 0; });
  if (list.empty() || !canPart(list, taken))
    return std::nullopt;
  SmallVector<Links> found = part(list, taken, why);
  SmallVector<AxisSpan> result;
  size_t next = 0;
  for (int64_t size : sizes)
    result.push_back(size > 0 ? makeSpan(found[next++], a.place) : AxisSpan());
  return result;
}

void AxisClosure::mergeSums(Link a, Link b, bool dual, const AxisBarrier &mismatch) {
  Links left, right;
  flatten(a, left);
  flatten(b, right);
  SmallVector<int64_t> leftSizes, rightSizes;
  for (Link kid : left)
    leftSizes.push_back(nodes[kid.node].size);
  for (Link kid : right)
    rightSizes.push_back(nodes[kid.node].size);
  SmallVector<SmallVector<int64_t>> leftCuts = piecesOf(leftSizes, rightSizes),
                                    rightCuts = piecesOf(rightSizes, leftSizes);
  auto can = [&](ArrayRef<Link> kids, ArrayRef<SmallVector<int64_t>> cuts) {
    return llvm::all_of(llvm::zip_equal(kids, cuts), [&](auto pair) {
      auto [kid, list] = pair;
      return list.size() == 1 || canPart(factorsOf(kid), list);
    });
  };
  if (!can(left, leftCuts) || !can(right, rightCuts)) {
    // Blocks that both have in common.
    int64_t size = nodes[a.node].size, block = commonBlock(a.node, b.node, size);
    if (block > 1 && block < size) {
      split(a.node, block, mismatch);
      split(b.node, block, mismatch);
      return tieLinks(factorsOf(a), factorsOf(b), dual, mismatch);
    }
    addBarrier(a.node, mismatch);
    addBarrier(b.node, mismatch);
    return;
  }
  SmallVector<Links> leftParts, rightParts;
  for (auto [kid, list] : llvm::zip_equal(left, leftCuts))
    llvm::append_range(leftParts, part(factorsOf(kid), list, mismatch));
  for (auto [kid, list] : llvm::zip_equal(right, rightCuts))
    llvm::append_range(rightParts, part(factorsOf(kid), list, mismatch));
  for (auto [l, r] : llvm::zip_equal(leftParts, rightParts))
    tieLinks(l, r, dual, mismatch);
  a = find(a);
  b = find(b);
  if (a.node == b.node)
    return;
  if (a.node > b.node)
    std::swap(a, b);
  nodes[b.node].parent = a.node;
  nodes[b.node].flip = (dual != a.flip) != b.flip;
}
