// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gives ONNX nodes their meaning in the nn dialect.
#ifndef LPC_CONVERSION_ONNXTONN_CONVERTONNXTONN_H
#define LPC_CONVERSION_ONNXTONN_CONVERTONNXTONN_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace lpc {

/// A node (or a graph input) that the conversion refuses.
struct Refusal {
  enum class Kind {
    /// No handler for the operator.
    UnknownOperator,
    /// Legal ONNX that lpc does not do.
    Unsupported,
    /// The file breaks a rule of the operator.
    Malformed,
    /// A tensor is too large for any machine.
    Limit,
  };
  /// The node's name, or its first output's if it has none.
  std::string nodeName;
  std::string opType;
  std::string domain;
  /// One sentence: the reason, and where possible what to do instead.
  std::string reason;
  Kind kind = Kind::Unsupported;
};

/// Converts @main of a module of the `onnx` dialect to `nn` in place. Each refused node is reported
/// as an error at the node and, where `refusals` is given, listed there; nodes that depend on a
/// refused one are skipped in silence. After a failure the module is valid but mixed.
mlir::LogicalResult convertONNXToNn(mlir::ModuleOp module,
                                    llvm::SmallVectorImpl<Refusal> *refusals = nullptr);

/// Whether there is a handler for the operator ("" is the default domain).
bool isSupportedONNXOperator(llvm::StringRef domain, llvm::StringRef opType);

} // namespace lpc

#endif // LPC_CONVERSION_ONNXTONN_CONVERTONNXTONN_H
