// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the evaluation of one operation needs: options, types, and dispatch by operation class.
#ifndef LPC_LIB_REFERENCE_EVALCONTEXT_H
#define LPC_LIB_REFERENCE_EVALCONTEXT_H

#include "lpc/Reference/Evaluate.h"
#include "lpc/Reference/Kernels.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"

namespace lpc::ref {

using Outcome = Result<Tensors>;

/// The adaptor of an operation over tensors instead of values.
template <typename OpTy>
using AdaptorOf = typename OpTy::template GenericAdaptor<llvm::ArrayRef<Tensor>>;

struct EvalContext {
  const EvalOptions &options;

  /// Declared type of an element, and the type in which it is computed.
  DType computeType(DType declared) const {
    bool widen = options.real64 && (declared.kind == Kind::F16 || declared.kind == Kind::BF16 ||
                                    declared.kind == Kind::F32);
    return widen ? DType::f64() : declared;
  }
  Tensor computed(const Tensor &t) const {
    DType to = computeType(t.dtype());
    return to == t.dtype() ? t : cast(t, to);
  }
  DType typeOf(mlir::Value v) const {
    return computeType(*dtypeOf(mlir::getElementTypeOrSelf(v.getType())));
  }
};

/// An absent optional operand is a tensor without elements' storage.
inline const Tensor *orNull(const Tensor &t) { return t.bytes() ? &t : nullptr; }

inline Outcome one(Tensor t) { return Tensors{std::move(t)}; }
inline Outcome one(Result<Tensor> t) {
  if (!t)
    return t.takeError();
  return Tensors{std::move(*t)};
}

/// The shape of a result whose unknown sizes are operands.
inline Result<Shape> shapeWith(mlir::Value result, llvm::ArrayRef<Tensor> sizes) {
  Shape shape;
  for (int64_t d : llvm::cast<mlir::RankedTensorType>(result.getType()).getShape()) {
    if (mlir::ShapedType::isDynamic(d)) {
      d = sizes.front().intAt(0);
      sizes = sizes.drop_front();
      if (d < 0)
        return Error{"a size operand is " + std::to_string(d)};
    }
    shape.push_back(d);
  }
  return shape;
}

/// A list of constants with operands in the place of kDynamic.
inline Shape mixed(llvm::ArrayRef<int64_t> fixed, llvm::ArrayRef<Tensor> operands) {
  Shape out;
  for (int64_t x : fixed) {
    if (mlir::ShapedType::isDynamic(x)) {
      x = operands.front().intAt(0);
      operands = operands.drop_front();
    }
    out.push_back(x);
  }
  return out;
}

/// Calls eval(op, adaptor, context) of the operation's class among Ops; nothing if it is of none.
template <typename... Ops>
std::optional<Outcome> dispatch(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                                const EvalContext &ctx) {
  std::optional<Outcome> outcome;
  auto attempt = [&](auto tag) {
    using OpTy = typename decltype(tag)::type;
    if (auto typed = llvm::dyn_cast<OpTy>(op)) {
      outcome.emplace(eval(typed, AdaptorOf<OpTy>(operands, typed), ctx));
      return true;
    }
    return false;
  };
  (attempt(std::type_identity<Ops>()) || ...);
  return outcome;
}

// One function for each group of dialects; nothing for an operation that it does not know.
std::optional<Outcome> evaluateNn(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                                  const EvalContext &ctx);
std::optional<Outcome> evaluateLp(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                                  const EvalContext &ctx);
std::optional<Outcome> evaluateArith(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                                     const EvalContext &ctx);
std::optional<Outcome> evaluateTensor(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                                      const EvalContext &ctx);

} // namespace lpc::ref

#endif // LPC_LIB_REFERENCE_EVALCONTEXT_H
