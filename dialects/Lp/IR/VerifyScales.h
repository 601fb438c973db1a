// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the verifiers of operations with scales share.
#ifndef LPC_DIALECTS_LP_IR_VERIFYSCALES_H
#define LPC_DIALECTS_LP_IR_VERIFYSCALES_H

#include "dialects/Lp/IR/Lp.h"

namespace lpc::lp {

/// Checks scales and zero point of `data` against a scale structure; `name` is what an operand is
/// called in messages. No scales at all are the scale 1.
llvm::LogicalResult verifyScales(mlir::Operation *op, mlir::Type data, ScaleAttr structure,
                                 mlir::ValueRange scales, mlir::Value zeroPoint,
                                 llvm::StringRef what, llvm::StringRef name = "scale");

} // namespace lpc::lp

#endif // LPC_DIALECTS_LP_IR_VERIFYSCALES_H
