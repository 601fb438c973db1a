// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The largest tensor that lpc compiles.
#ifndef LPC_SUPPORT_TENSORSIZE_H
#define LPC_SUPPORT_TENSORSIZE_H

#include "mlir/IR/BuiltinTypes.h"

#include <optional>
#include <string>

namespace lpc {

/// No machine that runs a model of lpc has room for one tensor of this size, and sums of sizes
/// below it do not overflow.
constexpr int64_t kMaxTensorBytes = int64_t(1) << 40;

/// A phrase such as "'tensor<4xf32>' takes more than 1 TiB" if the type is a tensor whose fixed
/// sizes alone (a '?' counts as 1) take more than kMaxTensorBytes.
std::optional<std::string> describeIfTooLarge(mlir::Type type);

} // namespace lpc

#endif // LPC_SUPPORT_TENSORSIZE_H
