// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// reshape, broadcast, transpose, concat and iota.
#include "Lowering.h"
#include "PopulatePatterns.h"

#include "lpc/Analysis/DimKeys.h"

#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;
using namespace lpc::nn_to_linalg;

namespace {

/// Dimension groups of `rank` dimensions that end at the given places.
SmallVector<ReassociationIndices> groupsUpTo(ArrayRef<int64_t> ends) {
  SmallVector<ReassociationIndices> groups;
  int64_t at = 0;
  for (int64_t end : ends) {
    groups.emplace_back();
    while (at < end)
      groups.back().push_back(at++);
  }
  return groups;
}

/// The shape with each group multiplied to one dimension.
SmallVector<int64_t> collapsedShape(ArrayRef<int64_t> shape,
                                    ArrayRef<ReassociationIndices> groups) {
  SmallVector<int64_t> result;
  for (const ReassociationIndices &group : groups) {
    int64_t product = 1;
    for (int64_t i : group)
      product = ShapedType::isDynamic(shape[i]) || ShapedType::isDynamic(product)
                    ? ShapedType::kDynamic
                    : product * shape[i];
    result.push_back(product);
  }
  return result;
}

/// Row-major order makes a reshape no movement of data: each common group of dimensions is
/// collapsed to one and cut anew.
struct LowerReshape : Lowering<nn::ReshapeOp> {
  using Lowering::Lowering;

  /// Between a scalar and tensors of one element.
  Value throughScalar(OpBuilder &b, Location loc, Value input, RankedTensorType type) const {
    RankedTensorType from = tensorTypeOf(input);
    ArrayRef<ReassociationIndices> none;
    if (from.getRank() != 0) {
      auto ones =
          RankedTensorType::get(SmallVector<int64_t>(from.getRank(), 1), type.getElementType());
      return tensor::CollapseShapeOp::create(b, loc, type, castShape(b, loc, input, ones), none);
    }
    auto ones =
        RankedTensorType::get(SmallVector<int64_t>(type.getRank(), 1), type.getElementType());
    SmallVector<OpFoldResult> sizes(type.getRank(), b.getIndexAttr(1));
    return castShape(b, loc, tensor::ExpandShapeOp::create(b, loc, ones, input, none, sizes), type);
  }

  LogicalResult matchAndRewrite(nn::ReshapeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = adaptor.getInput();
    RankedTensorType from = tensorTypeOf(input), to = convertedType(op.getOutput());
    if (from.getRank() == 0 && to.getRank() == 0) {
      rewriter.replaceOp(op, input);
      return success();
    }
    if (from.getRank() == 0 || to.getRank() == 0) {
      rewriter.replaceOp(op, throughScalar(rewriter, loc, input, to));
      return success();
    }
    SmallVector<OpFoldResult> sizes = sizesOf(rewriter, op);
    SmallVector<int64_t> fromEnds, toEnds;
    for (auto [i, j] : reshapeCuts(op.getInput(), op.getOutput())) {
      fromEnds.push_back(i);
      toEnds.push_back(j);
    }
    SmallVector<ReassociationIndices> groups = groupsUpTo(fromEnds), newGroups = groupsUpTo(toEnds);
    Value v = input;
    if (groups.size() != static_cast<size_t>(from.getRank()))
      v = tensor::CollapseShapeOp::create(rewriter, loc, v, groups);
    auto flat =
        RankedTensorType::get(collapsedShape(to.getShape(), newGroups), to.getElementType());
    v = castShape(rewriter, loc, v, flat);
    if (newGroups.size() != static_cast<size_t>(to.getRank()))
      v = expandShape(rewriter, loc, to, v, newGroups, sizes);
    rewriter.replaceOp(op, v);
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
                     sizeKey(sizes[offset + i]) != dimKey(op.getInput(), i);
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
    Value init =
        emptyTensor(rewriter, op.getLoc(), convertedType(op.getOutput()), sizesOf(rewriter, op));
    auto transpose = linalg::TransposeOp::create(rewriter, op.getLoc(), adaptor.getInput(), init,
                                                 op.getPermutation());
    replace(op, transpose->getResult(0), rewriter);
    return success();
  }
};

struct LowerConcat : Lowering<nn::ConcatOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ConcatOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    int64_t axis = op.getAxis();
    RankedTensorType type = convertedType(op.getOutput());
    SmallVector<OpFoldResult> sizes = sizesOf(rewriter, op);
    Value result = emptyTensor(rewriter, loc, type, sizes);
    SmallVector<OpFoldResult> offsets(type.getRank(), rewriter.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(type.getRank(), rewriter.getIndexAttr(1));
    for (Value v : adaptor.getInputs()) {
      // Nothing to insert, and at the end its offset would lie outside.
      if (llvm::is_contained(tensorTypeOf(v).getShape(), 0))
        continue;
      SmallVector<OpFoldResult> own = tensor::getMixedSizes(rewriter, loc, v);
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
  LogicalResult matchAndRewrite(nn::IotaOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
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
  patterns.add<LowerReshape, LowerBroadcast, LowerTranspose, LowerConcat, LowerIota>(
      converter, patterns.getContext());
}
