// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums and products of codes as integer accumulators with real factors, and their way back to
// codes.
#ifndef LPC_LIB_QUANTIZATION_INTEGERSUMS_H
#define LPC_LIB_QUANTIZATION_INTEGERSUMS_H

#include "IntegerConstants.h"

#include "lpc/Analysis/IntegerRanges.h"

namespace lpc::quant {

struct IntegerOptions {
  lp::RescaleRounding rounding = lp::RescaleRounding::Single;
  int64_t maxTerms = 1024;
};

/// integers * factor, the factor shared or one for each index of an axis (counted from the end).
struct Term {
  mlir::Value integers;
  std::vector<double> factors;
  int64_t axisFromEnd = 0;
};

/// A real tensor as a sum of terms and constants.
struct Sum {
  std::vector<Term> terms;
  std::vector<ref::Tensor> constants; ///< f64, aligned at the last dimension
};

/// Makes integer operations in front of one lp.quantize.
class SumBuilder {
public:
  SumBuilder(mlir::OpBuilder &b, mlir::Location loc, const IntegerOptions &options)
      : b(b), loc(loc), options(options) {}

  /// v * factor as a sum; false if v is not made of codes, products and constants.
  bool add(mlir::Value v, double factor, Sum &sum);
  /// The codes of a sum, or null where no multiplier serves.
  mlir::Value finish(Sum sum, const Target &target);
  /// Codes in another scale or format.
  mlir::Value requantize(const Codes &codes, const Target &target);
  /// codes - zero as integers.
  mlir::Value integersOf(const Codes &codes);
  /// A positional value, at its size of this run.
  mlir::Value positionalIntegers(mlir::Value v, Term &term);

private:
  mlir::Value swapLastAxes(mlir::Value codes);
  bool addMatMul(nn::MatMulOp op, double factor, Sum &sum);
  bool addConv(nn::ConvOp op, double factor, Sum &sum);
  bool addProduct(nn::BinaryOp op, double factor, Sum &sum);
  bool addReduction(nn::ReduceOp op, double factor, Sum &sum);
  bool addPool(nn::PoolOp op, double factor, Sum &sum);
  /// Exactly one term without constants, with one factor.
  std::optional<Term> single(mlir::Value v);
  template <typename OpT> mlir::Value proved(OpT op);
  unsigned bitsOf(mlir::Value integers);
  mlir::Value widen(mlir::Value integers, unsigned bits);
  mlir::Value binary(nn::BinaryKind kind, mlir::Value l, mlir::Value r);
  mlir::Value constant(const std::vector<int64_t> &values, mlir::ArrayRef<int64_t> shape,
                       unsigned bits);
  mlir::Value rescale(mlir::Value integers, const std::vector<int64_t> &multipliers,
                      const std::vector<int64_t> &shifts, int64_t axisFromEnd,
                      const Target &target);
  mlir::Value finishOne(const Sum &sum, const Target &target);
  mlir::Value finishMany(const Sum &sum, const Target &target);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const IntegerOptions &options;
  analysis::IntegerRanges ranges;
};

} // namespace lpc::quant

#endif // LPC_LIB_QUANTIZATION_INTEGERSUMS_H
