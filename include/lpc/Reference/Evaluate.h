// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The evaluator: executes modules of nn, lp and the scalar operations between them, by definition.
#ifndef LPC_REFERENCE_EVALUATE_H
#define LPC_REFERENCE_EVALUATE_H

#include "lpc/Reference/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"

#include <functional>

namespace lpc::ref {

struct EvalOptions {
  /// Every f16, bf16 and f32 tensor becomes f64, constants and inputs included: two graphs that are
  /// equal as real functions then agree to about 1e-12. Formats of codes and 8-bit floats stay.
  bool real64 = false;
  /// Called by lp.observe with its id and operand.
  std::function<void(int64_t id, const Tensor &value)> observe;
  /// Called after each operation outside of loops' headers, with its results.
  std::function<void(mlir::Operation *op, llvm::ArrayRef<Tensor> results)> onOperation;
};

using Tensors = llvm::SmallVector<Tensor>;

/// Runs @main of a module (or its only function) on inputs whose types and static sizes are those
/// of the arguments. Emits one diagnostic on failure. Values are freed after their last use;
/// constants are read in place.
mlir::FailureOr<Tensors> evaluate(mlir::ModuleOp module, llvm::ArrayRef<Tensor> inputs,
                                  const EvalOptions & = {});
mlir::FailureOr<Tensors> evaluate(mlir::func::FuncOp func, llvm::ArrayRef<Tensor> inputs,
                                  const EvalOptions & = {});

/// The results of one operation without regions on known operands; the error says why there are
/// none. Emits nothing.
Result<Tensors> evaluateOperation(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                                  const EvalOptions & = {});
/// Whether evaluateOperation knows operations of this dialect.
bool isEvaluable(mlir::Operation *op);

/// The evaluator's type for an element (`index` is i64), or nothing.
std::optional<DType> dtypeOf(mlir::Type elementType);
/// The elements of a constant; read in place where they are stored one by one.
Result<Tensor> tensorOf(mlir::ElementsAttr value);
/// As a constant of `type`: at most 64 bytes as `dense`, more as a resource blob with the name
/// `name`.
mlir::ElementsAttr elementsOf(const Tensor &tensor, mlir::RankedTensorType type,
                              llvm::StringRef name);

} // namespace lpc::ref

#endif // LPC_REFERENCE_EVALUATE_H
