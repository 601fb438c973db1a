// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Classes of axes that are residual streams.
#ifndef LPC_LIB_EQUIVALENCE_STREAMS_H
#define LPC_LIB_EQUIVALENCE_STREAMS_H

#include "lpc/Analysis/AxisClasses.h"

namespace lpc::equiv {

/// A norm reads it along the axes that it normalizes, or bridges end it there.
bool isStream(const analysis::AxisClass &c);

/// The legal streams of a function that constants write, for orthogonal transforms.
std::vector<analysis::AxisClass> findStreams(mlir::func::FuncOp func);

/// Whether the whole of an axis of a value is the axis of the class.
bool isAlong(const analysis::AxisClass &c, mlir::Value value, int64_t axis);

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_STREAMS_H
