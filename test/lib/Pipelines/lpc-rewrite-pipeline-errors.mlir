// RUN: not lpc-opt %s --lpc-rewrite-pipeline=steps=rotate 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not lpc-opt %s --lpc-rewrite-pipeline=steps=rotate-axes{axis=all} 2>&1 | FileCheck %s --check-prefix=OPTION
// RUN: not lpc-opt %s --lpc-rewrite-pipeline=steps=a,,b 2>&1 | FileCheck %s --check-prefix=LIST
// Steps that are none.
func.func @main() { return }

// NAME: option steps: there is no rewrite 'rotate': docs/Recipes.md lists them
// OPTION: option steps: rewrite 'rotate-axes' does not take {axis=all}: no such option axis
// LIST: option steps: expected steps such as fold-norm-gains,rotate-axes{axes=all}, but got ''
