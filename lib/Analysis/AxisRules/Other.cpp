// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Axis rules of ops outside of nn: results of the graph, sizes, observers, quantized weights.
#include "Rules.h"

#include "dialects/Lp/IR/Lp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

namespace {

void returnRule(func::ReturnOp op, AxisRules &r) {
  for (unsigned i = 0; i < op.getNumOperands(); ++i)
    if (isa<RankedTensorType>(op.getOperand(i).getType()))
      for (int64_t axis = 0; axis < rankOf(op.getOperand(i)); ++axis)
        r.bar(r.operand(i, axis), "is an output of the graph");
}

void dimRule(tensor::DimOp, AxisRules &r) { r.acceptRest(); }

void observeRule(lp::ObserveOp op, AxisRules &r) {
  for (int64_t axis = 0; axis < rankOf(op.getInput()); ++axis)
    r.tie(r.operand(0, axis), r.result(axis));
}

void dequantizeRule(lp::DequantizeOp op, AxisRules &r) {
  for (int64_t axis = 0; axis < rankOf(op.getOutput()); ++axis)
    r.bar(r.result(axis), "comes from codes: weights are rounded already");
}

} // namespace

void analysis::registerAxisRules(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, nn::NnDialect *) {
    attachAttentionRules(context);
    attachElementwiseRules(context);
    attachLinearRules(context);
    attachMovementRules(context);
    attachReductionRules(context);
    attachShapeRules(context);
  });
  registry.addExtension(+[](MLIRContext *context, func::FuncDialect *) {
    attachRule<func::ReturnOp, returnRule>(context);
  });
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    attachRule<tensor::DimOp, dimRule>(context);
  });
  registry.addExtension(+[](MLIRContext *context, lp::LpDialect *) {
    attachRule<lp::ObserveOp, observeRule>(context);
    attachRule<lp::DequantizeOp, dequantizeRule>(context);
  });
}
