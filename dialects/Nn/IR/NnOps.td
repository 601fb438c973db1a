// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All operations of the nn dialect, by family.
#ifndef LPC_DIALECTS_NN_IR_NNOPS
#define LPC_DIALECTS_NN_IR_NNOPS

include "dialects/Nn/IR/NnAttentionOps.td"
include "dialects/Nn/IR/NnElementwiseOps.td"
include "dialects/Nn/IR/NnShapeOps.td"
include "dialects/Nn/IR/NnReductionOps.td"
include "dialects/Nn/IR/NnLinearOps.td"

#endif // LPC_DIALECTS_NN_IR_NNOPS
