// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A vector that is added to an activation, moved into what is added to the products that read it.
#ifndef LPC_LIB_EQUIVALENCE_SHIFTS_H
#define LPC_LIB_EQUIVALENCE_SHIFTS_H

#include "Linear.h"

namespace lpc::equiv {

/// Products with constant matrices that read a value, also from behind reshapes that leave its last
/// axis alone; nothing if something else reads it.
std::optional<llvm::SmallVector<Linear>> readersOfShift(mlir::Value v);

/// product => product + W shift, into the constant that is added to it if there is one.
mlir::LogicalResult addShift(const Linear &product, llvm::ArrayRef<double> shift);

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_SHIFTS_H
