// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes that print what an analysis has found.
#ifndef LPC_ANALYSIS_PASSES_TD
#define LPC_ANALYSIS_PASSES_TD

include "mlir/Pass/PassBase.td"

def PrintAxisClassesPass : Pass<"lpc-print-axis-classes", "::mlir::ModuleOp"> {
  let summary = "Print which axes can change basis together, and what forbids it";
  let description = [{
    For each family of transforms, the classes of axes that a transform has to change together so that the function stays
    what it is (include/lpc/Analysis/AxisClasses.h). Members that are constants absorb it; `dual` ones take the inverse
    transposed. `8x[32]` says that the class is the inner factor 32 of an axis of 256. Each barrier gives the op, the
    operand or result, and the reason; a class without barriers is `legal`. Classes of one member are left out.

    *Example*: in `%h = nn.matmul %x, %w1`, `%r = nn.unary relu %h`, `%y = nn.matmul %r, %w2` the 64 hidden channels admit
    a positive diagonal and a permutation; relu is a barrier of the orthogonal class.
  }];
  let options = [
    Option<"transform", "transform", "std::string", "\"\"",
           "diagonal, permutation, orthogonal or centering (default: each of them)">,
    Option<"barriersOnly", "barriers-only", "bool", "false", "leave out the members">
  ];
}

#endif // LPC_ANALYSIS_PASSES_TD
