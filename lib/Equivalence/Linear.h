// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products with constant weights, seen as maps from channels to channels.
#ifndef LPC_LIB_EQUIVALENCE_LINEAR_H
#define LPC_LIB_EQUIVALENCE_LINEAR_H

#include "ExactConstants.h"

#include <optional>

namespace lpc::equiv {

/// An nn.matmul with a constant matrix on the right, an nn.conv or an nn.conv_transpose with a
/// constant filter.
class Linear {
public:
  static std::optional<Linear> of(mlir::Operation *op);

  mlir::Operation *op = nullptr;
  int64_t numIn = 0, numOut = 0; ///< channels, of all groups
  int64_t inAxis = 0;            ///< of the activation
  int64_t outAxis = 0;           ///< of the result

  mlir::OpOperand &input() const { return op->getOpOperand(0); }
  mlir::OpOperand &weight() const { return op->getOpOperand(1); }
  bool isMatMul() const { return mlir::isa<nn::MatMulOp>(op); }
  /// Every output position reads the same number of inputs: a constant input gives a constant
  /// output.
  bool readsAlike() const;

  /// Calls `visit` for each element of the weight in row-major order.
  void forEachWeight(llvm::function_ref<void(int64_t index, int64_t out, int64_t in)> visit) const;
  /// W x for x that is the same at every position: one number per output channel.
  std::vector<double> apply(llvm::ArrayRef<double> weight, llvm::ArrayRef<double> x) const;

  /// For each tap of a filter, the share of output positions at which it lies inside the image; 1
  /// where sizes are unknown, and for a matrix.
  std::vector<double> tapShares() const;

  /// The bias of a convolution, or the constant vector that is added to a product and to nothing
  /// else; null if there is none.
  mlir::OpOperand *bias() const;
  /// Adds to the bias; makes one if there is none.
  mlir::LogicalResult addToBias(std::vector<double> added) const;
};

/// The numbers of a constant operand that is the same along all axes of `result` but `axis`, one
/// for each of the `size` channels; nothing if it is no constant, or another one.
std::optional<std::vector<double>> readPerChannel(mlir::OpOperand &use, mlir::Value result,
                                                  int64_t axis, int64_t size);

/// A constant of one number per channel that broadcasts along `axis` of a tensor of rank `rank`.
mlir::Value makePerChannel(mlir::Operation *before, mlir::Location loc, mlir::Type element,
                           int64_t rank, int64_t axis, std::vector<double> values);

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_LINEAR_H
