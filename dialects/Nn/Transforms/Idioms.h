// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Patterns that raise idioms, by family, and the matchers that they share.
#ifndef LPC_DIALECTS_NN_TRANSFORMS_IDIOMS_H
#define LPC_DIALECTS_NN_TRANSFORMS_IDIOMS_H

#include "dialects/Nn/IR/Nn.h"

#include "mlir/IR/PatternMatch.h"

#include <array>

namespace lpc::nn {

void populateNormIdioms(mlir::RewritePatternSet &patterns);
void populateActivationIdioms(mlir::RewritePatternSet &patterns);
void populateSoftmaxIdioms(mlir::RewritePatternSet &patterns);
void populateRotaryIdioms(mlir::RewritePatternSet &patterns);
void populateAttentionIdioms(mlir::RewritePatternSet &patterns);

/// The number that a constant repeats.
std::optional<double> scalarOf(mlir::Value v);
/// Whether a constant of the model stands for an exact number: equal up to a few roundings to the
/// element type of `like`.
bool isAbout(double value, double exact, mlir::Value like);

/// The op of a value if it is a unary or binary function of this kind.
UnaryOp unaryOf(mlir::Value v, UnaryKind kind);
BinaryOp binaryOf(mlir::Value v, BinaryKind kind);
/// Both orders of a commutative op's operands.
std::array<std::pair<mlir::Value, mlir::Value>, 2> orders(BinaryOp op);

/// Coefficients of x^0 to x^3.
using Polynomial = std::array<double, 4>;
/// `v` as a polynomial in `x` with constant coefficients, if it is one of at most degree 3.
std::optional<Polynomial> polynomialIn(mlir::Value v, mlir::Value x);

/// Whether `size` is the size of dimension `axis` of v, followed through what keeps sizes.
bool isSizeOf(mlir::OpFoldResult size, mlir::Value v, int64_t axis);
/// Whether two dimensions have one size.
bool haveOneSize(mlir::Value a, int64_t axisOfA, mlir::Value b, int64_t axisOfB);
/// Whether a reshape leaves the first `count` dimensions of `like`, which has as many elements up
/// to known factors, as they are: one of their sizes follows from the others.
bool keepsFirst(ReshapeOp op, mlir::Value like, int64_t count);
/// A reshape, or `v` if it has that shape.
mlir::Value reshapeTo(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v,
                      llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// Whether a table holds every number of its rows twice: in both halves, or in pairs.
bool holdsTwice(mlir::Value table, bool inPairs);
/// The table with each number once.
mlir::Value holdOnce(mlir::OpBuilder &b, mlir::Value table, bool inPairs);

} // namespace lpc::nn

#endif // LPC_DIALECTS_NN_TRANSFORMS_IDIOMS_H
