// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which runs of dimensions a reshape keeps together.
#include "lpc/Analysis/DimKeys.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

namespace {

/// A product of sizes: the known ones multiplied, the unknown ones as sorted keys.
struct Product {
  int64_t known = 1;
  SmallVector<DimKey> unknown;

  void multiply(DimKey key) {
    if (!key.first) {
      known *= key.second;
      return;
    }
    unknown.insert(llvm::lower_bound(unknown, key), key);
  }
  bool operator==(const Product &other) const {
    return known == other.known && unknown == other.unknown;
  }
};

/// Where one unknown size on each side is left when equal ones are struck out, and the known sizes
/// have equal products, these two are equal as well: gives them one key.
void equateLast(MutableArrayRef<DimKey> from, MutableArrayRef<DimKey> to) {
  int64_t known = 1, newKnown = 1;
  SmallVector<bool> struck(to.size());
  DimKey *last = nullptr, *newLast = nullptr;
  unsigned count = 0, newCount = 0;
  for (DimKey &f : from) {
    if (!f.first) {
      known *= f.second;
      continue;
    }
    bool found = false;
    for (auto [i, t] : llvm::enumerate(to)) {
      if (found || struck[i] || t != f)
        continue;
      found = struck[i] = true;
    }
    if (!found)
      last = &f, ++count;
  }
  for (auto [i, t] : llvm::enumerate(to)) {
    if (!t.first)
      newKnown *= t.second;
    else if (!struck[i])
      newLast = &t, ++newCount;
  }
  if (count == 1 && newCount == 1 && known == newKnown && known != 0)
    *newLast = *last;
}

/// Cuts behind `start`, found from the end: equal products behind a cut leave equal ones before it.
SmallVector<std::pair<int64_t, int64_t>> cutsFromEnd(ArrayRef<DimKey> from, ArrayRef<DimKey> to,
                                                     std::pair<int64_t, int64_t> start) {
  SmallVector<std::pair<int64_t, int64_t>> cuts;
  Product inner, outer;
  int64_t i = from.size(), j = to.size();
  while (i > start.first + 1 && j > start.second + 1) {
    inner.multiply(from[--i]);
    Product reached = outer;
    for (int64_t k = j; k > start.second + 1; --k) {
      reached.multiply(to[k - 1]);
      if (!(reached == inner))
        continue;
      cuts.emplace_back(i, j = k - 1);
      outer = reached;
      break;
    }
  }
  return SmallVector<std::pair<int64_t, int64_t>>(llvm::reverse(cuts));
}

SmallVector<std::pair<int64_t, int64_t>> commonCuts(ArrayRef<DimKey> from, ArrayRef<DimKey> to) {
  SmallVector<std::pair<int64_t, int64_t>> cuts;
  std::pair<int64_t, int64_t> ends(from.size(), to.size());
  auto isZero = [](DimKey k) { return k == DimKey(nullptr, 0); };
  if (!llvm::any_of(from, isZero) && !llvm::any_of(to, isZero)) {
    Product inner, outer;
    int64_t i = 0, j = 0;
    while (i < ends.first && j < ends.second) {
      // The least j for the next i, if there is one.
      inner.multiply(from[i++]);
      Product reached = outer;
      for (int64_t k = j; k < ends.second; ++k) {
        reached.multiply(to[k]);
        if (!(reached == inner))
          continue;
        cuts.emplace_back(i, j = k + 1);
        outer = reached;
        break;
      }
    }
  }
  if (!llvm::any_of(from, isZero) && !llvm::any_of(to, isZero) &&
      (cuts.empty() || cuts.back() != ends))
    cuts.append(
        cutsFromEnd(from, to, cuts.empty() ? std::pair<int64_t, int64_t>(0, 0) : cuts.back()));
  // Ones at the end join the last group.
  while (!cuts.empty() && (cuts.back().first == ends.first || cuts.back().second == ends.second))
    cuts.pop_back();
  cuts.push_back(ends);
  return cuts;
}

} // namespace

SmallVector<std::pair<int64_t, int64_t>> analysis::reshapeCuts(Value input, Value output) {
  auto keysOf = [](Value v) {
    SmallVector<DimKey> keys;
    for (int64_t i = 0, e = cast<RankedTensorType>(v.getType()).getRank(); i < e; ++i)
      keys.push_back(dimKey(v, i));
    return keys;
  };
  SmallVector<DimKey> from = keysOf(input), to = keysOf(output);
  equateLast(from, to);
  return commonCuts(from, to);
}
