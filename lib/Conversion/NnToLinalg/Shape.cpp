// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// reshape, broadcast, transpose, concat and iota.
#include "Lowering.h"
#include "PopulatePatterns.h"

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;

namespace {

/// Whether `size` is known to be dimension `axis` of `v`.
bool isDimOf(OpFoldResult size, Value v, int64_t axis) {
  int64_t d = tensorTypeOf(v).getDimSize(axis);
  if (std::optional<int64_t> n = getConstantIntValue(size))
    return d == *n;
  auto dim = cast<Value>(size).getDefiningOp<tensor::DimOp>();
  return dim && dim.getSource() == v && dim.getConstantIndex() == axis;
}

/// `v` flattened along [first, last) to one dimension, nothing else changed.
Value flatten(OpBuilder &b, Location loc, Value v, int64_t first, int64_t last) {
  int64_t rank = tensorTypeOf(v).getRank();
  if (last - first == 1)
    return v;
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < rank; ++i) {
    if (i > first && i < last)
      groups.back().push_back(i);
    else
      groups.push_back({i});
  }
  return tensor::CollapseShapeOp::create(b, loc, v, groups);
}

/// A reshape whose common leading and trailing dimensions stay; what lies between is flattened and cut anew. Row-major
/// order makes that no movement of data.
Value emitReshape(OpBuilder &b, Location loc, Value input, RankedTensorType type, ArrayRef<OpFoldResult> sizes,
                  int64_t prefix, int64_t suffix) {
  RankedTensorType from = tensorTypeOf(input);
  int64_t rank = from.getRank(), newRank = type.getRank();
  int64_t inner = rank - prefix - suffix, newInner = newRank - prefix - suffix;
  if (inner == 0 && newInner == 0)
    return castShape(b, loc, input, type);
  if (rank == 0) {
    // Only ones can follow.
    auto ones = RankedTensorType::get(SmallVector<int64_t>(newRank, 1), type.getElementType());
    SmallVector<OpFoldResult> unit(newRank, b.getIndexAttr(1));
    Value v = tensor::ExpandShapeOp::create(b, loc, ones, input, ArrayRef<ReassociationIndices>{}, unit);
    return castShape(b, loc, v, type);
  }
  if (newRank == 0) {
    auto ones = RankedTensorType::get(SmallVector<int64_t>(rank, 1), type.getElementType());
    return tensor::CollapseShapeOp::create(b, loc, type, castShape(b, loc, input, ones),
                                           ArrayRef<ReassociationIndices>{});
  }
  // A side without inner dimensions borrows a neighbour, so that each group has a member on both sides.
  if (inner == 0 || newInner == 0) {
    if (prefix > 0)
      --prefix;
    else
      --suffix;
    inner = rank - prefix - suffix, newInner = newRank - prefix - suffix;
  }
  Value flat = flatten(b, loc, input, prefix, prefix + inner);
  if (newInner == 1)
    return castShape(b, loc, flat, type);

  SmallVector<int64_t> flatShape;
  SmallVector<ReassociationIndices> groups;
  int64_t product = 1;
  for (int64_t i = 0; i < newRank; ++i) {
    int64_t d = type.getDimSize(i);
    if (i < prefix || i >= prefix + newInner) {
      flatShape.push_back(d);
      groups.push_back({i});
      continue;
    }
    product = ShapedType::isDynamic(d) || ShapedType::isDynamic(product) ? ShapedType::kDynamic : product * d;
    if (i == prefix)
      groups.push_back({i});
    else
      groups.back().push_back(i);
    if (i + 1 == prefix + newInner)
      flatShape.push_back(product);
  }
  Value cast = castShape(b, loc, flat, RankedTensorType::get(flatShape, type.getElementType()));
  return tensor::ExpandShapeOp::create(b, loc, type, cast, groups, sizes);
}

struct LowerReshape : Lowering<nn::ReshapeOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ReshapeOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Value original = op.getInput(), input = adaptor.getInput();
    RankedTensorType from = tensorTypeOf(input), to = convertedType(op.getOutput());
    SmallVector<OpFoldResult> sizes = sizesOf(rewriter, op);
    if (from.hasStaticShape() && to.hasStaticShape() && !llvm::is_contained(from.getShape(), 0)) {
      if (auto groups = getReassociationIndicesForReshape(from, to); groups && from.getRank() != to.getRank()) {
        Value v = from.getRank() > to.getRank()
                      ? tensor::CollapseShapeOp::create(rewriter, op.getLoc(), to, input, *groups).getResult()
                      : tensor::ExpandShapeOp::create(rewriter, op.getLoc(), to, input, *groups, sizes).getResult();
        rewriter.replaceOp(op, v);
        return success();
      }
    }
    int64_t prefix = 0, suffix = 0, limit = std::min(from.getRank(), to.getRank());
    while (prefix < limit && isDimOf(sizes[prefix], original, prefix))
      ++prefix;
    while (prefix + suffix < limit &&
           isDimOf(sizes[to.getRank() - 1 - suffix], original, from.getRank() - 1 - suffix))
      ++suffix;
    // Two shapes with all but one dimension in common have that in common too, if the others are not 0.
    auto nonZero = [](int64_t d) { return d > 0; };
    if (from.getRank() == to.getRank() && prefix + suffix + 1 == limit && from.getNumDynamicDims() == 1 &&
        llvm::count_if(from.getShape(), nonZero) == limit - 1 && to.isDynamicDim(prefix))
      ++prefix;
    rewriter.replaceOp(op, emitReshape(rewriter, op.getLoc(), input, to, sizes, prefix, suffix));
    return success();
  }
};

struct LowerBroadcast : Lowering<nn::BroadcastOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::BroadcastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    RankedTensorType from = tensorTypeOf(input), to = convertedType(op.getOutput());
    SmallVector<OpFoldResult> sizes = sizesOf(rewriter, op);
    int64_t offset = to.getRank() - from.getRank();
    // Dimensions of unknown size that may be 1 at run time.
    SmallVector<bool> uncertain(from.getRank());
    for (int64_t i = 0; i < from.getRank(); ++i)
      uncertain[i] = from.isDynamicDim(i) && to.getDimSize(offset + i) != 1 &&
                     !isDimOf(sizes[offset + i], op.getInput(), i);
    Value v;
    if (!llvm::is_contained(uncertain, true)) {
      v = pointwise(rewriter, loc, to, sizes, input,
                    [](OpBuilder &, Location, ValueRange args) { return args[0]; });
    } else {
      SmallVector<Value> stretched(from.getRank());
      Value one = indexConstant(rewriter, loc, 1), zero = indexConstant(rewriter, loc, 0);
      for (int64_t i = 0; i < from.getRank(); ++i)
        if (uncertain[i])
          stretched[i] = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq,
                                               tensor::DimOp::create(rewriter, loc, input, i), one);
      v = generate(rewriter, loc, to, sizes, [&](OpBuilder &b, Location l, ValueRange at) -> Value {
        SmallVector<Value> from_;
        for (int64_t i = 0; i < from.getRank(); ++i) {
          if (uncertain[i])
            from_.push_back(arith::SelectOp::create(b, l, stretched[i], zero, at[offset + i]));
          else
            from_.push_back(from.getDimSize(i) == 1 ? zero : at[offset + i]);
        }
        return tensor::ExtractOp::create(b, l, input, from_);
      });
    }
    replace(op, v, rewriter);
    return success();
  }
};

struct LowerTranspose : Lowering<nn::TransposeOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::TransposeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Value init = emptyTensor(rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op));
    auto transpose = linalg::TransposeOp::create(rewriter, op.getLoc(), adaptor.getInput(), init, op.getPermutation());
    replace(op, transpose->getResult(0), rewriter);
    return success();
  }
};

struct LowerConcat : Lowering<nn::ConcatOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ConcatOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    int64_t axis = op.getAxis();
    RankedTensorType type = convertedType(op.getOutput());
    SmallVector<OpFoldResult> sizes = sizesOf(rewriter, op);
    Value result = emptyTensor(rewriter, loc, type, sizes);
    SmallVector<OpFoldResult> offsets(type.getRank(), rewriter.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(type.getRank(), rewriter.getIndexAttr(1));
    for (Value v : adaptor.getInputs()) {
      // Sizes as the result states them where they are equal: what is static there is static here.
      SmallVector<OpFoldResult> own = tensor::getMixedSizes(rewriter, loc, v);
      SmallVector<int64_t> shape(tensorTypeOf(v).getShape());
      result = tensor::InsertSliceOp::create(rewriter, loc, v, result, offsets, own, strides);
      Value from = asIndex(rewriter, loc, offsets[axis]), size = asIndex(rewriter, loc, own[axis]);
      offsets[axis] = getAsOpFoldResult(rewriter.createOrFold<arith::AddIOp>(loc, from, size));
    }
    replace(op, result, rewriter);
    return success();
  }
};

struct LowerIota : Lowering<nn::IotaOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::IotaOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    Type element = elementOf(op.getOutput());
    Value v = generate(rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op),
                       [&](OpBuilder &b, Location loc, ValueRange at) {
                         Type i64 = b.getI64Type();
                         Value i = arith::IndexCastOp::create(b, loc, i64, at[op.getAxis()]);
                         return emitCast(b, loc, i, i64, element, /*saturate=*/true);
                       });
    replace(op, v, rewriter);
    return success();
  }
};

} // namespace

void nn_to_linalg::populateShape(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerReshape, LowerBroadcast, LowerTranspose, LowerConcat, LowerIota>(converter,
                                                                                    patterns.getContext());
}
