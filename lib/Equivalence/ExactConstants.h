// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants that rewrites change: read in f64, kept in f64, rounded once when all is done.
#ifndef LPC_LIB_EQUIVALENCE_EXACTCONSTANTS_H
#define LPC_LIB_EQUIVALENCE_EXACTCONSTANTS_H

#include "lpc/Analysis/AxisClasses.h"

#include "dialects/Nn/IR/Nn.h"

#include "mlir/IR/Builders.h"

namespace lpc::equiv {

/// The value of a constant operand before it is rounded, row-major; emits an error if its data are
/// missing.
mlir::FailureOr<std::vector<double>> readExact(mlir::OpOperand &use);

/// An f64 constant and the nn.cast that rounds it to `type`, where `b` stands or in front of
/// `before`.
mlir::Value makeExact(mlir::OpBuilder &b, mlir::Location loc, mlir::RankedTensorType type,
                      std::vector<double> values);
mlir::Value makeExact(mlir::Operation *before, mlir::Location loc, mlir::RankedTensorType type,
                      std::vector<double> values);

/// Gives one use of a constant another value of the same type; other uses keep theirs. The old one
/// goes if it had no others.
void writeExact(mlir::OpOperand &use, std::vector<double> values);

/// Erases a constant, and the cast behind it, if nothing uses it any more. Data that makeExact made
/// are freed if no other constant of the function has them.
void eraseIfUnused(mlir::Value constant);

using LaneChange = llvm::function_ref<void(llvm::MutableArrayRef<double> lane)>;

/// Calls `change` with each vector of `size` numbers along a member's factor of an axis of the
/// values of a constant.
void forEachLane(llvm::MutableArrayRef<double> values, const analysis::AxisMember &member,
                 int64_t size, LaneChange change);

/// Reads a constant, changes its lanes, and writes it back.
mlir::LogicalResult changeLanes(const analysis::AxisMember &member, int64_t size,
                                LaneChange change);

} // namespace lpc::equiv

#endif // LPC_LIB_EQUIVALENCE_EXACTCONSTANTS_H
