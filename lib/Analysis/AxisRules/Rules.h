// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the files of rules share. A rule is a function of an op class; attachRule makes it the op's
// implementation of the interface.
#ifndef LPC_LIB_ANALYSIS_AXISRULES_RULES_H
#define LPC_LIB_ANALYSIS_AXISRULES_RULES_H

#include "lpc/Analysis/AxisRules.h"

#include "dialects/Nn/IR/Nn.h"

namespace lpc::analysis {

template <typename OpTy, void (*rule)(OpTy, AxisRules &)>
struct RuleModel : AxisRuleOpInterface::ExternalModel<RuleModel<OpTy, rule>, OpTy> {
  void describeAxes(mlir::Operation *op, AxisRules &rules) const {
    rule(llvm::cast<OpTy>(op), rules);
  }
};

template <typename OpTy, void (*rule)(OpTy, AxisRules &)>
void attachRule(mlir::MLIRContext *context) {
  OpTy::template attachInterface<RuleModel<OpTy, rule>>(*context);
}

inline mlir::RankedTensorType tensorOf(mlir::Value v) {
  return llvm::cast<mlir::RankedTensorType>(v.getType());
}
inline int64_t rankOf(mlir::Value v) { return tensorOf(v).getRank(); }

/// The axis of an operand under broadcasting that runs along `axis` of the result; nothing if the
/// operand is the same all along that axis.
inline std::optional<int64_t> axisAlong(mlir::Value operand, mlir::Value result, int64_t axis) {
  int64_t own = axis - (rankOf(result) - rankOf(operand));
  if (own < 0 || tensorOf(operand).getDimSize(own) == 1)
    return std::nullopt;
  return own;
}

// One for each file of rules.
void attachAttentionRules(mlir::MLIRContext *context);
void attachElementwiseRules(mlir::MLIRContext *context);
void attachLinearRules(mlir::MLIRContext *context);
void attachMovementRules(mlir::MLIRContext *context);
void attachReductionRules(mlir::MLIRContext *context);
void attachShapeRules(mlir::MLIRContext *context);

} // namespace lpc::analysis

#endif // LPC_LIB_ANALYSIS_AXISRULES_RULES_H
