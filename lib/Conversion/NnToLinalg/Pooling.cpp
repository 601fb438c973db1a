// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling: a loop nest over outputs and window positions on the padded input.
#include "Lowering.h"
#include "PopulatePatterns.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;
using mlir::utils::IteratorType;
using nn::PoolKind;
using nn::ReduceKind;

namespace {

/// How many of a window's positions along one dimension lie in [low, high): those k in [0, kernel)
/// with low <= start + k * dilation < high.
Value coveredAlong(OpBuilder &b, Location loc, Value start, Value low, Value high, int64_t kernel,
                   int64_t dilation) {
  Value step = indexConstant(b, loc, dilation), size = indexConstant(b, loc, kernel),
        zero = indexConstant(b, loc, 0);
  auto firstAt = [&](Value limit) -> Value {
    Value k = arith::CeilDivSIOp::create(b, loc, arith::SubIOp::create(b, loc, limit, start), step);
    return arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, k, zero), size);
  };
  return arith::SubIOp::create(b, loc, firstAt(high), firstAt(low));
}

struct LowerPool : Lowering<nn::PoolOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::PoolOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    bool average = op.getKind() == PoolKind::Avg;
    int64_t n = op.getKernel().size(), rank = n + 2;
    RankedTensorType type = convertedType(op.getOutput());
    SmallVector<OpFoldResult> sizes = sizesOf(rewriter, op);
    Value input = adaptor.getInput();

    // Padding must not win a maximum, nor count in a sum.
    ReduceKind kind = average ? ReduceKind::Sum : ReduceKind::Max;
    Type accumulator = isFloat(element) ? Type(computeType(element)) : storageType(element);
    Type summed = element;
    if (average && !isFloat(element)) {
      accumulator = rewriter.getI64Type();
      summed = isUnsigned(element)
                   ? Type(IntegerType::get(rewriter.getContext(), 64, IntegerType::Unsigned))
                   : accumulator;
    }
    Value start = reductionStart(rewriter, loc, kind, summed);
    Value filler =
        fromCompute(rewriter, loc, reductionStart(rewriter, loc, kind, element), element);
    Value padded = padSpatial(rewriter, loc, input, op.getPads(), filler);

    // Loops: n, c, outputs, window.
    MLIRContext *ctx = rewriter.getContext();
    SmallVector<AffineExpr> read, window, write;
    SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
    for (int64_t i = 0; i < rank; ++i)
      write.push_back(getAffineDimExpr(i, ctx));
    read = {write[0], write[1]};
    for (int64_t i = 0; i < n; ++i) {
      AffineExpr k = getAffineDimExpr(rank + i, ctx);
      read.push_back(write[i + 2] * op.getStrides()[i] + k * op.getDilations()[i]);
      window.push_back(k);
      iterators.push_back(IteratorType::reduction);
    }
    SmallVector<AffineMap> maps;
    for (ArrayRef<AffineExpr> exprs :
         {ArrayRef<AffineExpr>(read), ArrayRef<AffineExpr>(window), ArrayRef<AffineExpr>(write)})
      maps.push_back(AffineMap::get(rank + n, 0, exprs, ctx));
    auto sumType = RankedTensorType::get(type.getShape(), accumulator);
    Value shape = tensor::EmptyOp::create(rewriter, loc, op.getKernel(), accumulator);
    Value init = filledTensor(rewriter, loc, sumType, sizes, start);
    Value v = linalg::GenericOp::create(
                  rewriter, loc, sumType, ValueRange{padded, shape}, init, maps, iterators,
                  [&](OpBuilder &b, Location l, ValueRange args) {
                    Value x = average && !isFloat(element)
                                  ? emitCast(b, l, args[0], element, summed, true)
                                  : toCompute(b, l, args[0], element);
                    Value y = emitCombine(b, l, kind, args[2], x, summed);
                    linalg::YieldOp::create(b, l, y);
                  })
                  .getResult(0);
    if (average || sumType != type)
      v = finish(op, v, input, type, sizes, summed, rewriter);
    replace(op, v, rewriter);
    return success();
  }

private:
  /// Divides sums by the number of positions that count, and goes back to the element type.
  Value finish(nn::PoolOp op, Value sums, Value input, RankedTensorType type,
               ArrayRef<OpFoldResult> sizes, Type summed, OpBuilder &rewriter) const {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    int64_t n = op.getKernel().size();
    bool average = op.getKind() == PoolKind::Avg;
    // Windows lie inside the padded input, so that only padding that does not count makes a
    // difference.
    ArrayRef<int64_t> pads = op.getPads();
    SmallVector<int64_t> counted(2 * n, 0);
    if (op.getCountIncludePad())
      counted.assign(op.getCountedPads() ? op.getCountedPads()->begin() : pads.begin(),
                     op.getCountedPads() ? op.getCountedPads()->end() : pads.end());
    bool allCount = llvm::all_of(llvm::zip(pads, counted),
                                 [](auto p) { return std::get<0>(p) <= std::get<1>(p); });
    int64_t whole = 1;
    for (int64_t k : op.getKernel())
      whole *= k;
    SmallVector<Value> ends;
    for (int64_t i = 0; i < n; ++i) {
      Value size = asIndex(rewriter, loc, nn::dimOf(rewriter, loc, input, i + 2));
      ends.push_back(
          arith::AddIOp::create(rewriter, loc, size, indexConstant(rewriter, loc, counted[n + i])));
    }
    return pointwise(
        rewriter, loc, type, sizes, sums, [&](OpBuilder &b, Location l, ValueRange args) -> Value {
          if (!average)
            return fromCompute(b, l, args[0], element);
          Value count = indexConstant(b, l, allCount ? whole : 1);
          for (int64_t i = 0; i < n && !allCount; ++i) {
            Value o = linalg::IndexOp::create(b, l, i + 2);
            Value start = arith::MulIOp::create(b, l, o, indexConstant(b, l, op.getStrides()[i]));
            start = arith::SubIOp::create(b, l, start, indexConstant(b, l, pads[i]));
            Value covered = coveredAlong(b, l, start, indexConstant(b, l, -counted[i]), ends[i],
                                         op.getKernel()[i], op.getDilations()[i]);
            count = arith::MulIOp::create(b, l, count, covered);
          }
          Value wide = arith::IndexCastOp::create(b, l, b.getI64Type(), count);
          if (!isFloat(element))
            return emitCast(b, l, emitIntDiv(b, l, args[0], wide, isUnsigned(element)), summed,
                            element, true);
          Value divisor = arith::SIToFPOp::create(b, l, args[0].getType(), wide);
          return fromCompute(b, l, arith::DivFOp::create(b, l, args[0], divisor), element);
        });
  }
};

} // namespace

void nn_to_linalg::populatePooling(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerPool>(converter, patterns.getContext());
}
