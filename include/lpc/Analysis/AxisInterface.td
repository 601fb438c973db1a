// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How an op tells which changes of basis along its axes it passes on.
#ifndef LPC_ANALYSIS_AXISINTERFACE
#define LPC_ANALYSIS_AXISINTERFACE

include "mlir/IR/OpBase.td"

def AxisRuleOpInterface : OpInterface<"AxisRuleOpInterface"> {
  let cppNamespace = "::lpc::analysis";
  let description = [{
    An op states, for one family of transforms (`rules.transform()`), which axes of its operands and results change
    together. It is attached to the op from outside, in lib/Analysis/AxisRules/, one file per family of ops. An axis that
    the rule does not mention is a barrier, and so is every axis of an op without a rule.
  }];
  let methods = [
    InterfaceMethod<"ties, barriers and free axes of this op", "void", "describeAxes",
                    (ins "::lpc::analysis::AxisRules &":$rules)>
  ];
}

#endif // LPC_ANALYSIS_AXISINTERFACE
