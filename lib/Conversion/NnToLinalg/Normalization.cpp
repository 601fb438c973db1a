// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// softmax, layer_norm and rms_norm as reductions and pointwise loops in f32 (f64 for f64).
#include "Lowering.h"
#include "PopulatePatterns.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;
using nn::ReduceKind;

namespace {

/// A tensor of the shape of `like` and element type `element`.
struct Shape {
  RankedTensorType type;
  SmallVector<OpFoldResult> sizes;
  Shape(OpBuilder &b, Location loc, Value like, Type element)
      : type(RankedTensorType::get(tensorTypeOf(like).getShape(), element)),
        sizes(tensor::getMixedSizes(b, loc, like)) {}
};

struct LowerSoftmax : Lowering<nn::SoftmaxOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::SoftmaxOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    FloatType real = computeType(element);
    int64_t axis = op.getAxis();
    Value input = adaptor.getInput();
    int64_t rank = tensorTypeOf(input).getRank();
    Value max = reduceAxes(
        rewriter, loc, input, axis, real, reductionStart(rewriter, loc, ReduceKind::Max, element),
        [&](OpBuilder &b, Location l, Value x, Value acc) {
          return emitCombine(b, l, ReduceKind::Max, acc, toCompute(b, l, x, element), element);
        });
    max = insertUnitAxes(rewriter, loc, max, axis, rank);
    Shape wide(rewriter, loc, input, real), narrow(rewriter, loc, input, storageType(element));
    bool log = op.getLog();
    // exp(x - m); the logarithm keeps x - m as well.
    auto shifted = [&](OpBuilder &b, Location l, Value x, Value m) -> Value {
      return arith::SubFOp::create(b, l, toCompute(b, l, x, element), m);
    };
    Value exps = pointwise(rewriter, loc, wide.type, wide.sizes, ValueRange{input, max},
                           [&](OpBuilder &b, Location l, ValueRange args) -> Value {
                             return math::ExpOp::create(b, l, shifted(b, l, args[0], args[1]));
                           });
    Value sum = reduceAxes(rewriter, loc, exps, axis, real, floatConstant(rewriter, loc, real, 0),
                           [&](OpBuilder &b, Location l, Value x, Value acc) -> Value {
                             return arith::AddFOp::create(b, l, acc, x);
                           });
    if (log) {
      Shape line(rewriter, loc, sum, real);
      sum = pointwise(rewriter, loc, line.type, line.sizes, sum,
                      [&](OpBuilder &b, Location l, ValueRange args) -> Value {
                        return math::LogOp::create(b, l, args[0]);
                      });
    }
    sum = insertUnitAxes(rewriter, loc, sum, axis, rank);
    Value v;
    if (log)
      v = pointwise(rewriter, loc, narrow.type, narrow.sizes, ValueRange{input, max, sum},
                    [&](OpBuilder &b, Location l, ValueRange args) {
                      Value d =
                          arith::SubFOp::create(b, l, shifted(b, l, args[0], args[1]), args[2]);
                      return fromCompute(b, l, d, element);
                    });
    else
      v = pointwise(rewriter, loc, narrow.type, narrow.sizes, ValueRange{exps, sum},
                    [&](OpBuilder &b, Location l, ValueRange args) {
                      return fromCompute(b, l, arith::DivFOp::create(b, l, args[0], args[1]),
                                         element);
                    });
    replace(op, v, rewriter);
    return success();
  }
};

SmallVector<int64_t> axesFrom(int64_t axis, int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(axis, rank));
}

/// The number of elements of a line, as a float.
Value lineLength(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> axes, FloatType real) {
  Value n = arith::IndexCastOp::create(b, loc, b.getI64Type(), countAlong(b, loc, input, axes));
  return arith::SIToFPOp::create(b, loc, real, n);
}

/// 1 / sqrt(sums / n + epsilon), the line's axes back as sizes of 1.
Value reciprocalDeviation(OpBuilder &b, Location loc, Value sums, Value n, const APFloat &epsilon,
                          FloatType real, ArrayRef<int64_t> axes, int64_t rank) {
  double eps = epsilon.convertToDouble();
  Shape line(b, loc, sums, real);
  Value v =
      pointwise(b, loc, line.type, line.sizes, sums,
                [&](OpBuilder &nb, Location l, ValueRange args) -> Value {
                  Value mean = arith::DivFOp::create(nb, l, args[0], n);
                  Value root = math::SqrtOp::create(
                      nb, l, arith::AddFOp::create(nb, l, mean, floatConstant(nb, l, real, eps)));
                  return arith::DivFOp::create(nb, l, floatConstant(nb, l, real, 1), root);
                });
  return insertUnitAxes(b, loc, v, axes, rank);
}

struct LowerLayerNorm : Lowering<nn::LayerNormOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::LayerNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    FloatType real = computeType(element);
    Value input = adaptor.getInput();
    int64_t rank = tensorTypeOf(input).getRank();
    SmallVector<int64_t> axes = axesFrom(op.getAxis(), rank);
    Value n = lineLength(rewriter, loc, input, axes, real),
          zero = floatConstant(rewriter, loc, real, 0);
    Value sum = reduceAxes(rewriter, loc, input, axes, real, zero,
                           [&](OpBuilder &b, Location l, Value x, Value acc) -> Value {
                             return arith::AddFOp::create(b, l, acc, toCompute(b, l, x, element));
                           });
    Shape line(rewriter, loc, sum, real);
    Value mean = pointwise(rewriter, loc, line.type, line.sizes, sum,
                           [&](OpBuilder &b, Location l, ValueRange args) -> Value {
                             return arith::DivFOp::create(b, l, args[0], n);
                           });
    mean = insertUnitAxes(rewriter, loc, mean, axes, rank);
    Shape wide(rewriter, loc, input, real), narrow(rewriter, loc, input, storageType(element));
    // The variance from the differences: the difference of two large sums would cancel.
    Value centred =
        pointwise(rewriter, loc, wide.type, wide.sizes, ValueRange{input, mean},
                  [&](OpBuilder &b, Location l, ValueRange args) -> Value {
                    return arith::SubFOp::create(b, l, toCompute(b, l, args[0], element), args[1]);
                  });
    Value squares =
        reduceAxes(rewriter, loc, centred, axes, real, zero,
                   [&](OpBuilder &b, Location l, Value x, Value acc) -> Value {
                     return arith::AddFOp::create(b, l, acc, arith::MulFOp::create(b, l, x, x));
                   });
    Value inverse =
        reciprocalDeviation(rewriter, loc, squares, n, op.getEpsilon(), real, axes, rank);
    SmallVector<Value> operands = {centred, inverse};
    Value scale = adaptor.getScale(), bias = adaptor.getBias();
    if (scale)
      operands.push_back(scale);
    if (bias)
      operands.push_back(bias);
    Value v = pointwise(
        rewriter, loc, narrow.type, narrow.sizes, operands,
        [&](OpBuilder &b, Location l, ValueRange args) {
          Value x = arith::MulFOp::create(b, l, args[0], args[1]);
          if (scale)
            x = arith::MulFOp::create(b, l, x, toCompute(b, l, args[2], elementOf(op.getScale())));
          if (bias)
            x = arith::AddFOp::create(b, l, x,
                                      toCompute(b, l, args.back(), elementOf(op.getBias())));
          return fromCompute(b, l, x, element);
        });
    replace(op, v, rewriter);
    return success();
  }
};

struct LowerRMSNorm : Lowering<nn::RMSNormOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::RMSNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    FloatType real = computeType(element);
    Value input = adaptor.getInput(), scale = adaptor.getScale();
    int64_t rank = tensorTypeOf(input).getRank();
    SmallVector<int64_t> axes = axesFrom(op.getAxis(), rank);
    Value n = lineLength(rewriter, loc, input, axes, real),
          zero = floatConstant(rewriter, loc, real, 0);
    Value squares =
        reduceAxes(rewriter, loc, input, axes, real, zero,
                   [&](OpBuilder &b, Location l, Value stored, Value acc) -> Value {
                     Value x = toCompute(b, l, stored, element);
                     return arith::AddFOp::create(b, l, acc, arith::MulFOp::create(b, l, x, x));
                   });
    Value inverse =
        reciprocalDeviation(rewriter, loc, squares, n, op.getEpsilon(), real, axes, rank);
    SmallVector<Value> operands = {input, inverse};
    if (scale)
      operands.push_back(scale);
    Shape narrow(rewriter, loc, input, storageType(element));
    Value v = pointwise(
        rewriter, loc, narrow.type, narrow.sizes, operands,
        [&](OpBuilder &b, Location l, ValueRange args) {
          Value x = arith::MulFOp::create(b, l, toCompute(b, l, args[0], element), args[1]);
          if (scale)
            x = arith::MulFOp::create(b, l, x, toCompute(b, l, args[2], elementOf(op.getScale())));
          return fromCompute(b, l, x, element);
        });
    replace(op, v, rewriter);
    return success();
  }
};

} // namespace

void nn_to_linalg::populateNormalization(const TypeConverter &converter,
                                         RewritePatternSet &patterns) {
  patterns.add<LowerSoftmax, LowerLayerNorm, LowerRMSNorm>(converter, patterns.getContext());
}
