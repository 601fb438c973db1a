// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bridges: a class of axes that barriers make illegal becomes legal where its inverse stands in
// front of each barrier, and the transform behind it.
#ifndef LPC_LIB_EQUIVALENCE_BRIDGES_H
#define LPC_LIB_EQUIVALENCE_BRIDGES_H

#include "OnlineRotation.h"

namespace lpc::equiv {

/// Puts bridges, identities still, around all barriers of an orthogonal class. Other classes of the
/// function are to be found again.
struct Bridging {
  llvm::SmallVector<nn::RotateOp> bridges;
  std::string why; ///< no bridges, and this is the reason
};
Bridging bridgeBarriers(mlir::func::FuncOp func, const analysis::AxisClass &c, int64_t most);

/// Makes the bridges of a legal class rotations. Their number.
int64_t rotateBridges(const analysis::AxisClass &c, const Rotation &rotation);

/// Takes bridges that are the identity still out of the function.
void dropBridges(mlir::func::FuncOp func);

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_BRIDGES_H
