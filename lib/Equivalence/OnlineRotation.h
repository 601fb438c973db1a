// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotations that run in the program: nn.rotate on activations, with the weights behind them changed
// to match.
#ifndef LPC_LIB_EQUIVALENCE_ONLINEROTATION_H
#define LPC_LIB_EQUIVALENCE_ONLINEROTATION_H

#include "ExactConstants.h"
#include "Rotation.h"

namespace lpc::equiv {

/// nn.rotate by I (x) rotation (x) I_inner along an axis. Constants are made where `b` stands.
mlir::Value emitRotate(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, int64_t axis,
                       int64_t inner, const Rotation &rotation, bool inverse);

/// Makes an nn.rotate that is the identity this rotation.
void setRotation(nn::RotateOp op, int64_t inner, const Rotation &rotation, bool inverse);

/// A contraction of an activation with a constant weight along one whole axis of each.
struct RotationSite {
  mlir::Operation *op;
  int64_t axis;       ///< of the activation, operand 0
  int64_t weightAxis; ///< of the weight, operand 1
  int64_t size;
};

/// nn.matmul with a constant right operand, nn.conv with a constant filter, in program order;
/// groups and unknown sizes left out.
llvm::SmallVector<RotationSite> findRotationSites(mlir::func::FuncOp func);

/// Rotates the activation of each site by the matrix that `choose` has for its value, and the
/// weight by the same one. Sites that read one value share one nn.rotate; `choose` is asked once
/// for each and may give null to leave it. The number of weights changed.
mlir::FailureOr<int64_t>
rotateSites(llvm::ArrayRef<RotationSite> sites,
            llvm::function_ref<const Rotation *(const RotationSite &)> choose);

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_ONLINEROTATION_H
