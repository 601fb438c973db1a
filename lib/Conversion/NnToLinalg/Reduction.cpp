// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions, positions of extremes, scans and top-k.
#include "Lowering.h"
#include "PopulatePatterns.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;
using nn::ReduceKind;

namespace {

struct LowerReduce : Lowering<nn::ReduceOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ReduceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    ReduceKind kind = op.getKind();
    // Integer means are sums that do not wrap, divided.
    bool wideMean = kind == ReduceKind::Mean && !isFloat(element);
    Type accumulator = isFloat(element) ? Type(computeType(element)) : storageType(element);
    if (wideMean)
      accumulator = rewriter.getI64Type();
    Value start = wideMean ? intConstant(rewriter, loc, accumulator, 0)
                           : reductionStart(rewriter, loc, kind, element);
    Type summed = wideMean && isUnsigned(element)
                      ? Type(IntegerType::get(rewriter.getContext(), 64, IntegerType::Unsigned))
                      : (wideMean ? accumulator : element);
    Value v = reduceAxes(rewriter, loc, adaptor.getInput(), op.getAxes(), accumulator, start,
                         [&](OpBuilder &b, Location l, Value stored, Value acc) {
                           Value x = wideMean ? emitCast(b, l, stored, element, summed, true)
                                              : toCompute(b, l, stored, element);
                           return emitCombine(b, l, kind, acc, x, wideMean ? summed : element);
                         });
    Value count;
    if (kind == ReduceKind::Mean) {
      Value n = countAlong(rewriter, loc, adaptor.getInput(), op.getAxes());
      count = arith::IndexCastOp::create(rewriter, loc, rewriter.getI64Type(), n);
      if (isFloat(element))
        count = arith::SIToFPOp::create(rewriter, loc, accumulator, count);
    }
    RankedTensorType reduced = tensorTypeOf(v);
    auto type = RankedTensorType::get(reduced.getShape(), storageType(element));
    bool narrow = element.getIntOrFloatBitWidth() < 8 && !element.isInteger(1);
    if (count || type != reduced || narrow)
      v = pointwise(rewriter, loc, type, tensor::getMixedSizes(rewriter, loc, v), v,
                    [&](OpBuilder &b, Location l, ValueRange args) -> Value {
                      Value x = args[0];
                      if (wideMean)
                        return emitCast(b, l, emitIntDiv(b, l, x, count, isUnsigned(element)),
                                        summed, element, true);
                      if (count)
                        x = arith::DivFOp::create(b, l, x, count);
                      return fromCompute(b, l, x, element);
                    });
    if (op.getKeepDims())
      v = insertUnitAxes(rewriter, loc, v, op.getAxes(), tensorTypeOf(op.getInput()).getRank());
    replace(op, v, rewriter);
    return success();
  }
};

struct LowerArgReduce : Lowering<nn::ArgReduceOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ArgReduceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput()), i64 = rewriter.getI64Type();
    Type compute = isFloat(element) ? Type(computeType(element)) : storageType(element);
    int64_t axis = op.getAxis();
    bool max = op.getKind() == ReduceKind::Max, last = op.getSelectLast();
    RankedTensorType from = tensorTypeOf(adaptor.getInput());
    SmallVector<int64_t> shape;
    SmallVector<OpFoldResult> sizes;
    SmallVector<AffineExpr> kept;
    SmallVector<utils::IteratorType> iterators(from.getRank(), utils::IteratorType::parallel);
    iterators[axis] = utils::IteratorType::reduction;
    for (int64_t i = 0; i < from.getRank(); ++i) {
      if (i == axis)
        continue;
      shape.push_back(from.getDimSize(i));
      sizes.push_back(nn::dimOf(rewriter, loc, adaptor.getInput(), i));
      kept.push_back(rewriter.getAffineDimExpr(i));
    }
    auto bestType = RankedTensorType::get(shape, compute),
         indexType = RankedTensorType::get(shape, i64);
    Value best =
        filledTensor(rewriter, loc, bestType, sizes, extremeOf(rewriter, loc, element, !max));
    // A position that loses every tie.
    Value none = intConstant(rewriter, loc, i64, last ? -1 : std::numeric_limits<int64_t>::max());
    Value index = filledTensor(rewriter, loc, indexType, sizes, none);
    AffineMap out = AffineMap::get(from.getRank(), 0, kept, rewriter.getContext());
    SmallVector<AffineMap> maps = {rewriter.getMultiDimIdentityMap(from.getRank()), out, out};
    auto generic = linalg::GenericOp::create(
        rewriter, loc, TypeRange{bestType, indexType}, adaptor.getInput(), ValueRange{best, index},
        maps, iterators, [&](OpBuilder &b, Location l, ValueRange args) {
          using arith::CmpIPredicate;
          Value x = toCompute(b, l, args[0], element);
          Value i = arith::IndexCastOp::create(b, l, i64, linalg::IndexOp::create(b, l, axis));
          Value better = emitCompare(b, l, max ? nn::CompareKind::Gt : nn::CompareKind::Lt, x,
                                     args[1], element);
          Value equal = emitCompare(b, l, nn::CompareKind::Eq, x, args[1], element);
          if (isFloat(element)) {
            // NaN is better than every number.
            Value nan = arith::CmpFOp::create(b, l, arith::CmpFPredicate::UNO, x, x);
            Value bestNaN =
                arith::CmpFOp::create(b, l, arith::CmpFPredicate::UNO, args[1], args[1]);
            equal = arith::OrIOp::create(b, l, equal, arith::AndIOp::create(b, l, nan, bestNaN));
            Value newNaN = arith::CmpIOp::create(b, l, CmpIPredicate::ugt, nan, bestNaN);
            better = arith::OrIOp::create(b, l, better, newNaN);
          }
          Value nearer = arith::CmpIOp::create(b, l, last ? CmpIPredicate::sgt : CmpIPredicate::slt,
                                               i, args[2]);
          Value take =
              arith::OrIOp::create(b, l, better, arith::AndIOp::create(b, l, equal, nearer));
          Value value = arith::SelectOp::create(b, l, take, x, args[1]);
          Value position = arith::SelectOp::create(b, l, take, i, args[2]);
          linalg::YieldOp::create(b, l, ValueRange{value, position});
        });
    Value v = generic.getResult(1);
    if (op.getKeepDims())
      v = insertUnitAxes(rewriter, loc, v, axis, from.getRank());
    replace(op, v, rewriter);
    return success();
  }
};

/// Sizes of all dimensions but `axis`.
SmallVector<OpFoldResult> without(ArrayRef<OpFoldResult> sizes, int64_t axis) {
  SmallVector<OpFoldResult> rest(sizes);
  rest.erase(rest.begin() + axis);
  return rest;
}
SmallVector<Value> withIndex(ValueRange others, int64_t axis, Value i) {
  SmallVector<Value> all(others);
  all.insert(all.begin() + axis, i);
  return all;
}

struct LowerScan : Lowering<nn::ScanOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ScanOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    int64_t axis = op.getAxis();
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, input);
    Value n = asIndex(rewriter, loc, sizes[axis]), zero = indexConstant(rewriter, loc, 0);
    Value one = indexConstant(rewriter, loc, 1);
    Value start = reductionStart(rewriter, loc, op.getKind(), element);
    Value empty = emptyTensor(rewriter, loc, convertedType(op.getOutput()), sizesOf(rewriter, op));
    SmallVector<Value> result = sequential(
        rewriter, loc, without(sizes, axis), empty,
        [&](OpBuilder &b, Location l, ValueRange others, ValueRange carried) -> SmallVector<Value> {
          auto loop = scf::ForOp::create(
              b, l, zero, n, one, ValueRange{carried[0], start},
              [&](OpBuilder &nb, Location nl, Value i, ValueRange args) {
                Value at = i;
                if (op.getReverse())
                  at = arith::SubIOp::create(nb, nl, arith::SubIOp::create(nb, nl, n, one), i);
                SmallVector<Value> where = withIndex(others, axis, at);
                Value x =
                    toCompute(nb, nl, tensor::ExtractOp::create(nb, nl, input, where), element);
                Value sum = emitCombine(nb, nl, op.getKind(), args[1], x, element);
                // Each step is rounded to the element type.
                Value stored = fromCompute(nb, nl, sum, element);
                Value next = toCompute(nb, nl, stored, element);
                Value out = op.getExclusive() ? fromCompute(nb, nl, args[1], element) : stored;
                Value tensor = tensor::InsertOp::create(nb, nl, out, args[0], where);
                scf::YieldOp::create(nb, nl, ValueRange{tensor, next});
              });
          return {loop.getResult(0)};
        });
    replace(op, result[0], rewriter);
    return success();
  }
};

/// Each line along the axis is read once; the best k so far stand sorted in the results, and a new
/// element moves up past those that are worse. Equal elements keep their order.
struct LowerTopK : Lowering<nn::TopKOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::TopKOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    int64_t axis = op.getAxis();
    Value input = adaptor.getInput();
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, input),
                              results = sizesOf(rewriter, op);
    Value n = asIndex(rewriter, loc, sizes[axis]), k = asIndex(rewriter, loc, results[axis]);
    Value zero = indexConstant(rewriter, loc, 0), one = indexConstant(rewriter, loc, 1);
    Value values = emptyTensor(rewriter, loc, convertedType(op.getValues()), results);
    Value indices = emptyTensor(rewriter, loc, convertedType(op.getIndices()), results);
    auto better = op.getLargest() ? nn::CompareKind::Gt : nn::CompareKind::Lt;
    using arith::CmpIPredicate;

    // Moves element `stored` of position `i` into its place among the first `count` results.
    auto insert = [&](OpBuilder &b, Location l, ValueRange others, Value i, Value stored,
                      ValueRange tensors) {
      Value x = toCompute(b, l, stored, element);
      Value count = arith::MinUIOp::create(b, l, i, k);
      Type index = b.getIndexType();
      auto shift = scf::WhileOp::create(
          b, l, TypeRange{index, tensors[0].getType(), tensors[1].getType()},
          ValueRange{count, tensors[0], tensors[1]},
          [&](OpBuilder &nb, Location nl, ValueRange args) {
            Value some = arith::CmpIOp::create(nb, nl, CmpIPredicate::ugt, args[0], zero);
            auto worse = scf::IfOp::create(
                nb, nl, some,
                [&](OpBuilder &tb, Location tl) {
                  Value before = arith::SubIOp::create(tb, tl, args[0], one);
                  Value other =
                      tensor::ExtractOp::create(tb, tl, args[1], withIndex(others, axis, before));
                  other = toCompute(tb, tl, other, element);
                  scf::YieldOp::create(tb, tl, emitCompare(tb, tl, better, x, other, element));
                },
                [&](OpBuilder &tb, Location tl) {
                  scf::YieldOp::create(tb, tl, intConstant(tb, tl, tb.getI1Type(), 0));
                });
            scf::ConditionOp::create(nb, nl, worse.getResult(0), args);
          },
          [&](OpBuilder &nb, Location nl, ValueRange args) {
            Value before = arith::SubIOp::create(nb, nl, args[0], one);
            Value room = arith::CmpIOp::create(nb, nl, CmpIPredicate::ult, args[0], k);
            auto moved = scf::IfOp::create(
                nb, nl, room,
                [&](OpBuilder &tb, Location tl) {
                  SmallVector<Value> from = withIndex(others, axis, before),
                                     to = withIndex(others, axis, args[0]);
                  Value v = tensor::ExtractOp::create(tb, tl, args[1], from);
                  Value p = tensor::ExtractOp::create(tb, tl, args[2], from);
                  Value newValues = tensor::InsertOp::create(tb, tl, v, args[1], to);
                  Value newIndices = tensor::InsertOp::create(tb, tl, p, args[2], to);
                  scf::YieldOp::create(tb, tl, ValueRange{newValues, newIndices});
                },
                [&](OpBuilder &tb, Location tl) {
                  scf::YieldOp::create(tb, tl, ValueRange{args[1], args[2]});
                });
            scf::YieldOp::create(nb, nl,
                                 ValueRange{before, moved.getResult(0), moved.getResult(1)});
          });
      Value place = shift.getResult(0);
      Value room = arith::CmpIOp::create(b, l, CmpIPredicate::ult, place, k);
      auto placed = scf::IfOp::create(
          b, l, room,
          [&](OpBuilder &tb, Location tl) {
            SmallVector<Value> to = withIndex(others, axis, place);
            Value p = arith::IndexCastOp::create(tb, tl, tb.getI64Type(), i);
            Value newValues = tensor::InsertOp::create(tb, tl, stored, shift.getResult(1), to);
            Value newIndices = tensor::InsertOp::create(tb, tl, p, shift.getResult(2), to);
            scf::YieldOp::create(tb, tl, ValueRange{newValues, newIndices});
          },
          [&](OpBuilder &tb, Location tl) {
            scf::YieldOp::create(tb, tl, ValueRange{shift.getResult(1), shift.getResult(2)});
          });
      return SmallVector<Value>{placed.getResult(0), placed.getResult(1)};
    };

    SmallVector<Value> result = sequential(
        rewriter, loc, without(sizes, axis), ValueRange{values, indices},
        [&](OpBuilder &b, Location l, ValueRange others, ValueRange carried) -> SmallVector<Value> {
          auto loop = scf::ForOp::create(
              b, l, zero, n, one, carried,
              [&](OpBuilder &nb, Location nl, Value i, ValueRange args) {
                Value x = tensor::ExtractOp::create(nb, nl, input, withIndex(others, axis, i));
                scf::YieldOp::create(nb, nl, insert(nb, nl, others, i, x, args));
              });
          return {loop.getResult(0), loop.getResult(1)};
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void nn_to_linalg::populateReduction(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerReduce, LowerArgReduce, LowerScan, LowerTopK>(converter, patterns.getContext());
}
