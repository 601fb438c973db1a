// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A vector that is added to an activation, moved into what is added to the products that read it.
#ifndef LPC_LIB_EQUIVALENCE_SHIFTS_H
#define LPC_LIB_EQUIVALENCE_SHIFTS_H

#include "dialects/Nn/IR/Nn.h"

#include "llvm/ADT/ArrayRef.h"

namespace lpc::equiv {

/// Whether all readers of a value are products with constant matrices on the right.
bool takesShift(mlir::Value v);

/// product => product + shift * W, into the constant that is added to it if there is one.
mlir::LogicalResult addShift(nn::MatMulOp product, llvm::ArrayRef<double> shift);

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_SHIFTS_H
