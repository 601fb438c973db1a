// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C interface's number of an element type.
#ifndef LPC_SUPPORT_ELEMENTCODE_H
#define LPC_SUPPORT_ELEMENTCODE_H

#include "mlir/IR/Types.h"

#include <cstdint>

namespace lpc {

/// LPC_DTYPE_* (the codes of ONNX) of a builtin type; 0 if it has none. An index is an int64.
int32_t elementCode(mlir::Type type);

} // namespace lpc

#endif // LPC_SUPPORT_ELEMENTCODE_H
