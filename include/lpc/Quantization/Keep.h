// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pattern of names that stay in float.
#ifndef LPC_QUANTIZATION_KEEP_H
#define LPC_QUANTIZATION_KEEP_H

#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>

namespace lpc::quant {

/// A phrase that begins with the pattern, if it is a regular expression that matches the name of no
/// contraction on the nn floor: then it keeps nothing, which is a slip.
std::optional<std::string> describeIdleKeep(mlir::ModuleOp module, llvm::StringRef pattern);

} // namespace lpc::quant

#endif // LPC_QUANTIZATION_KEEP_H
