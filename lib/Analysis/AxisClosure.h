// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Union-find over factors and parts of axes, with inverses.
#ifndef LPC_LIB_ANALYSIS_AXISCLOSURE_H
#define LPC_LIB_ANALYSIS_AXISCLOSURE_H

#include "lpc/Analysis/AxisClasses.h"

namespace lpc::analysis {

/// The closure under construction. A node is a factor or a part of an axis; it is tied to others as
/// a whole, or it is a product of outer x inner, or a sum of parts, each tied on its own.
class AxisClosure {
public:
  explicit AxisClosure(Transform transform) : transform(transform) {}

  Transform getTransform() const { return transform; }
  /// The axis of a value or of a use of a constant; nothing for what is not followed. `again`: the
  /// second transform of a constant.
  AxisSpan spanOf(mlir::OpOperand &use, int64_t axis, bool again = false);
  AxisSpan spanOf(mlir::Value value, int64_t axis);

  void tie(const AxisSpan &a, const AxisSpan &b, bool dual, const AxisBarrier &mismatch);
  void bar(const AxisSpan &a, AxisBarrier barrier);
  std::pair<AxisSpan, AxisSpan> cut(const AxisSpan &a, int64_t inner, const AxisBarrier &mismatch);
  std::optional<llvm::SmallVector<AxisSpan>> parts(const AxisSpan &a, llvm::ArrayRef<int64_t> sizes,
                                                   const AxisBarrier &why);

  std::vector<AxisClass> classes();

private:
  /// A node, and whether it is dual to what refers to it.
  struct Link {
    unsigned node;
    bool flip;
  };
  using Links = llvm::SmallVector<Link>;

  struct Node {
    Node(int64_t size, unsigned self) : size(size), parent(self) {}
    int64_t size;
    unsigned parent;
    bool flip = false; ///< dual to its parent
    enum { Leaf, Product, Sum } kind = Leaf;
    Links kids; ///< factors, outermost first, or parts in order
    llvm::SmallVector<AxisBarrier, 1> barriers;
  };

  unsigned makeNode(int64_t size);
  Link find(Link link);
  /// The factors below a node of more than one element, outermost first: leaves and sums.
  void factors(Link link, Links &out);
  Links factorsOf(const AxisSpan &span);
  Links factorsOf(llvm::ArrayRef<Link> links);
  int64_t sizeOf(llvm::ArrayRef<Link> links);
  /// The parts of a sum, and of sums among them.
  void flatten(Link link, Links &out);
  /// One node for a product of factors or a sum of parts.
  Link join(llvm::ArrayRef<Link> links, bool isSum);
  AxisSpan makeSpan(llvm::ArrayRef<Link> links, AxisPlace place);

  // Outer x inner. `canSplit` and `canCut` say whether it is possible.
  bool canSplit(unsigned root, int64_t inner);
  bool canCut(Links factors, int64_t inner);
  void split(unsigned root, int64_t inner, const AxisBarrier &why);
  std::pair<Links, Links> take(Links factors, int64_t inner, const AxisBarrier &why);
  /// The greatest divisor of `size` by which both can be split.
  int64_t commonBlock(unsigned a, unsigned b, int64_t size);

  // Parts one after the other.
  bool canPart(Links factors, llvm::ArrayRef<int64_t> sizes);
  llvm::SmallVector<Links> part(Links factors, llvm::ArrayRef<int64_t> sizes,
                                const AxisBarrier &why);
  Links partRoot(Link root, llvm::ArrayRef<int64_t> sizes, const AxisBarrier &why);

  void tieLinks(Links left, Links right, bool dual, const AxisBarrier &mismatch);
  void merge(Link a, Link b, bool dual, const AxisBarrier &mismatch);
  void mergeSums(Link a, Link b, bool dual, const AxisBarrier &mismatch);

  /// On all leaves below a node.
  void addBarrier(unsigned node, AxisBarrier barrier);
  /// Makes a leaf or sum a product or sum of these, which inherit its barriers.
  void setKids(unsigned root, llvm::ArrayRef<Link> kids, bool isSum);

  /// Loops around the lanes of a leaf, seen from the axis that it is of.
  struct Lanes {
    int64_t offset = 0, inner = 1;
    llvm::SmallVector<std::pair<int64_t, int64_t>> loops; ///< number and distance, outermost first
  };
  struct Key;
  void collect(const Key &key, Link link, Lanes lanes, llvm::DenseMap<unsigned, size_t> &indexOf,
               std::vector<AxisClass> &result);

  /// What a top node stands for.
  struct Key {
    mlir::Value value;
    mlir::OpOperand *use;
    int64_t axis;
    unsigned node;
  };
  AxisSpan spanAt(const void *place, int64_t axis, bool again, mlir::Value value,
                  mlir::OpOperand *use);

  Transform transform;
  std::vector<Node> nodes;
  std::vector<Key> keys; ///< in program order
  unsigned barriersSeen = 0;
  llvm::DenseMap<std::pair<const void *, int64_t>, unsigned> known;
};

} // namespace lpc::analysis

#endif // LPC_LIB_ANALYSIS_AXISCLOSURE_H
