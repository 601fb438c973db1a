// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Classes of axes that change basis together: the legality of equalization, permutation, rotation
// and centering on any graph.
//
// The classes are the closure of the rules that the ops of a function state (AxisRules.h). To apply
// a transform to a legal class it is enough to change its constants; all other values follow.
#ifndef LPC_ANALYSIS_AXISCLASSES_H
#define LPC_ANALYSIS_AXISCLASSES_H

#include "lpc/Analysis/AxisRules.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace lpc::analysis {

/// An axis of a value, or of one use of a constant, or a part of it. The class is the middle factor
/// of outer x size x inner: the transform is I x T x I. Element (o, i, j) of these stands at
/// `offset + o * stride + i * inner + j` along the axis.
struct AxisMember {
  mlir::Value value;              ///< null for a constant
  mlir::OpOperand *use = nullptr; ///< of a constant
  int64_t axis = 0;
  int64_t outer = 1, inner = 1;
  int64_t offset = 0; ///< where the part begins
  int64_t stride = 0; ///< from one of the outer elements to the next: size * inner and more
  bool dual = false;  ///< takes the inverse transposed

  /// The type of the value or constant.
  mlir::RankedTensorType getType() const;
  /// Whether the class of this size is the axis itself, not a factor or a part of it.
  bool isWhole(int64_t size) const {
    return outer == 1 && inner == 1 && getType().getDimSize(axis) == size;
  }
  /// Whether all positions of the axis belong to it: a factor, not a part.
  bool coversAxis(int64_t size) const { return outer * size * inner == getType().getDimSize(axis); }
  /// The index in the class of a position along the axis; nothing for a position of another part.
  std::optional<int64_t> indexAt(int64_t position, int64_t size) const {
    int64_t from = position - offset, o = from / stride, rest = from % stride;
    if (from < 0 || o >= outer || rest >= size * inner)
      return std::nullopt;
    return rest / inner;
  }
};

/// Why a class admits no transform but the identity. An explicit inverse in front of this operand
/// (or behind this result) would lift it.
struct AxisBarrier {
  mlir::Operation *op = nullptr; ///< for a block argument, the op whose region it enters
  AxisPlace place;
  std::string why;
  unsigned order = 0; ///< position in the program
};

struct AxisClass {
  int64_t size = 0;
  llvm::SmallVector<AxisMember> members; ///< in program order
  llvm::SmallVector<AxisBarrier> barriers;
  bool isLegal() const { return barriers.empty(); }
  bool hasConstant() const;
};

/// All classes of a function for one family of transforms, in program order of their first members.
std::vector<AxisClass> findAxisClasses(mlir::func::FuncOp func, Transform transform);

} // namespace lpc::analysis

#endif // LPC_ANALYSIS_AXISCLASSES_H
