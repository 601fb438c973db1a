// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Union-find over factors of axes, with inverses and splits.
#ifndef LPC_LIB_ANALYSIS_AXISCLOSURE_H
#define LPC_LIB_ANALYSIS_AXISCLOSURE_H

#include "lpc/Analysis/AxisClasses.h"

namespace lpc::analysis {

/// The closure under construction. A node is a factor of an axis; it is tied to others as a whole,
/// or split into outer x inner, each tied on its own.
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

  std::vector<AxisClass> classes();

private:
  struct Node {
    Node(int64_t size, unsigned self) : size(size), parent(self) {}
    int64_t size;
    unsigned parent;
    bool flip = false; ///< dual to its parent
    int outer = -1, inner = -1;
    llvm::SmallVector<AxisBarrier, 1> barriers;
  };
  struct Leaf {
    unsigned root;
    bool flip;
  };

  unsigned makeNode(int64_t size);
  Leaf find(unsigned node);
  /// The unsplit roots below a node, outermost first.
  void leaves(unsigned node, bool flip, llvm::SmallVectorImpl<Leaf> &out);
  void split(unsigned root, int64_t inner, const AxisBarrier &why);
  void merge(Leaf a, Leaf b, bool dual, const AxisBarrier &mismatch);
  llvm::SmallVector<Leaf> leavesOf(const AxisSpan &span);

  void addBarrier(unsigned root, AxisBarrier barrier);

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
