// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tensors an integer-only program holds as codes, and which stay inside of one operation:
// what lpc-insert-observers{where=all} and lpc-lower-to-integer agree on.
#ifndef LPC_LIB_QUANTIZATION_INTEGERFORMS_H
#define LPC_LIB_QUANTIZATION_INTEGERFORMS_H

#include "lpc/Quantization/Passes.h"

#include "dialects/Nn/IR/Nn.h"

#include "llvm/ADT/DenseMap.h"

namespace lpc::quant {

/// Operations that only move elements (or choose among them), so that input and result can share a
/// scale: reshape, transpose, slice, broadcast, concat, gather, max-pool, pad with zero.
bool isMovement(mlir::Operation *op);
/// The tensors that a movement moves.
mlir::SmallVector<mlir::Value> movedBy(mlir::Operation *op);

/// Whether a value is a number for each position and depends on no input's elements: constants,
/// and what iotas become (tables of rotary embeddings).
bool isPositional(mlir::Value v);

/// The one element of a float constant of one element.
std::optional<double> scalarConstant(mlir::Value v);

/// `select(condition, a, b)` with one side 0 and the other at most -1000, as exporters write the
/// masks of attention.
struct Mask {
  mlir::Value condition;
  bool keepsWhereTrue; ///< true: the condition holds where elements take part
};
std::optional<Mask> matchMask(mlir::Value v);

/// How a float value can be part of the operation that reads it.
enum class Inner : uint8_t {
  None,    ///< it is a tensor of its own
  Linear,  ///< a sum or a product in an accumulator
  Clamped, ///< a Linear one behind ReLU or clamp
  Table,   ///< a function of one element of one tensor
  Affine,  ///< a constant factor or term of one tensor: Linear or Table
};

/// The values of a function that are inside of other operations.
class InnerValues {
public:
  explicit InnerValues(mlir::func::FuncOp func);
  Inner of(mlir::Value v) const { return kinds.lookup(v); }

private:
  Inner classify(mlir::Operation *op) const;
  bool absorbs(mlir::Operation *user, Inner kind, mlir::Value v) const;
  llvm::DenseMap<mlir::Value, Inner> kinds;
};

} // namespace lpc::quant

#endif // LPC_LIB_QUANTIZATION_INTEGERFORMS_H
