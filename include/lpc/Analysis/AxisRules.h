// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an op's rule says about changes of basis along its axes.
//
// A transform T of an axis replaces a tensor by T applied along that axis. A rule states which axes
// must change together so that the op's outputs follow from its inputs as before:
//
//   tie(a, b)      T on both
//   tieDual(a, b)  T on a, its inverse transposed on b (both sides of a contraction)
//   bar(a, why)    no T but the identity
//   accept(a)      any T: the op's other values do not notice
//
// Axes are tied as a whole, as outer x inner factors, or as parts one after the other; what is not
// mentioned is barred.
#ifndef LPC_ANALYSIS_AXISRULES_H
#define LPC_ANALYSIS_AXISRULES_H

#include "mlir/IR/OpDefinition.h"

#include "llvm/ADT/SmallVector.h"

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace lpc::analysis {

/// The families of transforms, each with its own rules and classes.
enum class Transform : uint8_t {
  Diagonal,    ///< multiplication by positive numbers, one per channel
  Permutation, ///< another order of the channels
  Orthogonal,  ///< rotations and reflections
  Centering,   ///< I - 11'/n: takes the mean away; has no inverse
};
llvm::StringRef nameOf(Transform transform);

class AxisClosure;

/// An axis of an operand or result of an op.
struct AxisPlace {
  bool isResult = false;
  unsigned index = 0;
  int64_t axis = 0;
  bool operator==(const AxisPlace &) const = default;
};

/// An axis of a value, or consecutive axes in row-major order, as factors; empty for what is not
/// followed: unknown sizes, sizes of 1, elements that are no floats.
class AxisSpan {
public:
  bool empty() const { return nodes.empty(); }
  AxisPlace getPlace() const { return place; }

private:
  friend class AxisClosure;
  friend class AxisRules;
  llvm::SmallVector<std::pair<unsigned, bool>, 2> nodes; ///< of the closure, and whether dual
  AxisPlace place;
};

/// Whether an operand is a constant: an nn.constant, or one in f64 behind the nn.cast that will
/// round it. Each use of a constant may change on its own.
bool isConstantUse(mlir::OpOperand &use);

/// Handed to a rule for one op and one family of transforms.
class AxisRules {
public:
  AxisRules(AxisClosure &closure, mlir::Operation *op);

  Transform transform() const;
  /// Orthogonal or Centering: linear maps that mix channels.
  bool mixesChannels() const;

  AxisSpan operand(unsigned index, int64_t axis);
  AxisSpan result(int64_t axis, unsigned index = 0);
  /// The same axis of a constant once more: it absorbs a second transform, after the first. Barred
  /// if the operand is no constant.
  AxisSpan again(unsigned index, int64_t axis);
  /// Axes one after the other in row-major order.
  static AxisSpan product(llvm::ArrayRef<AxisSpan> axes);

  void tie(const AxisSpan &a, const AxisSpan &b);
  void tieDual(const AxisSpan &a, const AxisSpan &b);
  void bar(const AxisSpan &a, const llvm::Twine &why);
  void accept(const AxisSpan &a);
  /// Every axis of every operand and result that is not mentioned otherwise is free.
  void acceptRest() { restIsFree = true; }
  /// Cuts a span into outer and inner, `inner` being the size of the inner part, which divides it.
  std::pair<AxisSpan, AxisSpan> cut(const AxisSpan &a, int64_t inner);
  /// Parts of these sizes, one after the other, each with a transform of its own; a part of at most
  /// one element is empty. Nothing, and no change, if the axis is known to consist of factors that
  /// the borders of the parts cross.
  std::optional<llvm::SmallVector<AxisSpan>> parts(const AxisSpan &a,
                                                   llvm::ArrayRef<int64_t> sizes);
  /// Bars what has not been mentioned; called after the rule.
  void finish();

private:
  AxisSpan at(AxisPlace place, bool again = false);

  AxisClosure &closure;
  mlir::Operation *op;
  llvm::SmallVector<AxisPlace> mentioned;
  bool restIsFree = false;
};

/// Attaches the rules of nn, lp and tensor ops.
void registerAxisRules(mlir::DialectRegistry &registry);

} // namespace lpc::analysis

#include "lpc/Analysis/AxisInterface.h.inc"

#endif // LPC_ANALYSIS_AXISRULES_H
