// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lp.conv: integer sums of images, padded with the image 0; f32_relaxed becomes nn.conv on
// dequantized operands.
#include "Lowering.h"

#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;
using mlir::utils::IteratorType;

namespace {

/// Zeros around the spatial dimensions; negative amounts crop.
Value padSpatial(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> pads) {
  unsigned n = pads.size() / 2, rank = n + 2;
  if (llvm::all_of(pads, [](int64_t p) { return p == 0; }))
    return v;
  SmallVector<OpFoldResult> low(2, b.getIndexAttr(0)), high(low);
  SmallVector<OpFoldResult> offsets(low), sizes = tensor::getMixedSizes(b, loc, v),
                                          strides(rank, b.getIndexAttr(1));
  bool crops = false;
  for (unsigned i = 0; i < n; ++i) {
    int64_t begin = pads[i], end = pads[n + i],
            less = std::min<int64_t>(begin, 0) + std::min<int64_t>(end, 0);
    crops |= less != 0;
    offsets.push_back(b.getIndexAttr(std::max<int64_t>(-begin, 0)));
    sizes[i + 2] = affine::makeComposedFoldedAffineApply(b, loc, b.getAffineSymbolExpr(0) + less,
                                                         {sizes[i + 2]});
    low.push_back(b.getIndexAttr(std::max<int64_t>(begin, 0)));
    high.push_back(b.getIndexAttr(std::max<int64_t>(end, 0)));
  }
  if (crops)
    v = tensor::ExtractSliceOp::create(b, loc, v, offsets, sizes, strides);
  Value zero = intConstant(b, loc, typeOf(v).getElementType(), 0);
  return tensor::PadOp::create(b, loc, Type(), v, low, high, zero);
}

/// [.., d, ..] -> [.., groups, d / groups, ..]
Value splitGroups(OpBuilder &b, Location loc, Value v, unsigned dim, int64_t groups) {
  RankedTensorType type = typeOf(v);
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> sizes;
  SmallVector<ReassociationIndices> maps;
  for (unsigned i = 0; i < type.getRank(); ++i) {
    OpFoldResult size = tensor::getMixedSize(b, loc, v, i);
    maps.push_back({static_cast<int64_t>(shape.size())});
    if (i == dim) {
      shape.push_back(groups);
      sizes.push_back(b.getIndexAttr(groups));
      maps.back().push_back(shape.size());
      size = affine::makeComposedFoldedAffineApply(
          b, loc, b.getAffineSymbolExpr(0).floorDiv(groups), {size});
      shape.push_back(type.isDynamicDim(i) ? ShapedType::kDynamic : type.getDimSize(i) / groups);
    } else {
      shape.push_back(type.getDimSize(i));
    }
    sizes.push_back(size);
  }
  return tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(shape, type.getElementType()),
                                       v, maps, sizes);
}

/// Sums over channels and window: loops (n, [g,] m, e..., c, k...).
Value sumWindows(OpBuilder &b, Location loc, Value input, Value filter, Value init, bool grouped,
                 ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations) {
  unsigned n = strides.size(), head = grouped ? 3 : 2, loops = head + n + 1 + n;
  auto d = [&](unsigned i) { return b.getAffineDimExpr(i); };
  unsigned c = head + n;
  SmallVector<AffineExpr> in = {d(0)}, f, out;
  if (grouped) {
    in.push_back(d(1));
    f.push_back(d(1));
  }
  in.push_back(d(c));
  f.append({d(head - 1), d(c)});
  for (unsigned i = 0; i < n; ++i) {
    in.push_back(d(head + i) * strides[i] + d(c + 1 + i) * dilations[i]);
    f.push_back(d(c + 1 + i));
  }
  for (unsigned i = 0; i < head + n; ++i)
    out.push_back(d(i));
  MLIRContext *ctx = b.getContext();
  SmallVector<AffineMap> maps = {AffineMap::get(loops, 0, in, ctx),
                                 AffineMap::get(loops, 0, f, ctx),
                                 AffineMap::get(loops, 0, out, ctx)};
  SmallVector<IteratorType> iterators(head + n, IteratorType::parallel);
  iterators.append(1 + n, IteratorType::reduction);
  return linalg::GenericOp::create(
             b, loc, init.getType(), ValueRange{input, filter}, init, maps, iterators,
             [&](OpBuilder &nested, Location l, ValueRange args) {
               Type acc = args[2].getType();
               Value product =
                   arith::MulIOp::create(nested, l, resizeSigned(nested, l, args[0], acc),
                                         resizeSigned(nested, l, args[1], acc));
               Value sum = arith::AddIOp::create(nested, l, args[2], product);
               linalg::YieldOp::create(nested, l, sum);
             })
      .getResult(0);
}

struct LowerConv : OpConversionPattern<lp::ConvOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::ConvOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Side input(adaptor.getInput(), adaptor.getInputScale(), adaptor.getInputZeroPoint(),
               op.getInput(), op.getInputZeroPoint(), op.getInputBlock());
    Side filter(adaptor.getFilter(), adaptor.getFilterScale(), adaptor.getFilterZeroPoint(),
                op.getFilter(), op.getFilterZeroPoint(), op.getFilterBlock());
    auto type = cast<RankedTensorType>(op.getType());
    if (op.getAccumulator().getKind() == lp::AccumulatorKind::F32Relaxed) {
      Value x = dequantizedTensor(rewriter, loc, input),
            w = dequantizedTensor(rewriter, loc, filter);
      rewriter.replaceOpWithNewOp<nn::ConvOp>(op, type, x, w, /*bias=*/Value(), op.getStridesAttr(),
                                              op.getPadsAttr(), op.getDilationsAttr(),
                                              op.getGroupsAttr());
      return success();
    }
    if (imageWidth(input) > 64 || imageWidth(filter) > 64)
      return op.emitOpError(
          "expected formats whose integer images fit 64 bits, or accumulator 'f32_relaxed'");
    Value y = lowerInt(rewriter, loc, op, input, filter);
    rewriter.replaceOp(op, castShape(rewriter, loc, y, type));
    return success();
  }

  static Value lowerInt(OpBuilder &b, Location loc, lp::ConvOp op, const Side &input,
                        const Side &filter) {
    unsigned n = op.getStrides().size(), rank = n + 2;
    int64_t groups = op.getGroups();
    // Subtracting the zero point first lets the padding be 0.
    Type acc = b.getIntegerType(op.getAccumulator().getWidth() <= 32 ? 32 : 64);
    auto [x, w] = imageTensors(b, loc, input, filter, acc.getIntOrFloatBitWidth());
    x = padSpatial(b, loc, x, op.getPads());
    SmallVector<OpFoldResult> sizes = {tensor::getMixedSize(b, loc, x, 0),
                                       tensor::getMixedSize(b, loc, w, 0)};
    for (unsigned i = 0; i < n; ++i) {
      AffineExpr span =
          b.getAffineSymbolExpr(0) - (b.getAffineSymbolExpr(1) - 1) * op.getDilations()[i] - 1;
      sizes.push_back(affine::makeComposedFoldedAffineApply(
          b, loc, span.floorDiv(op.getStrides()[i]) + 1,
          {tensor::getMixedSize(b, loc, x, i + 2), tensor::getMixedSize(b, loc, w, i + 2)}));
    }
    SmallVector<OpFoldResult> accSizes = sizes;
    bool grouped = groups != 1;
    if (grouped) {
      x = splitGroups(b, loc, x, 1, groups);
      w = splitGroups(b, loc, w, 0, groups);
      accSizes[1] = tensor::getMixedSize(b, loc, w, 1);
      accSizes.insert(accSizes.begin() + 1, b.getIndexAttr(groups));
    }
    Value init = filledTensor(b, loc, accSizes, intConstant(b, loc, acc, 0));
    Value sum = sumWindows(b, loc, x, w, init, grouped, op.getStrides(), op.getDilations());
    if (grouped) {
      SmallVector<ReassociationIndices> maps = {{0}, {1, 2}};
      for (unsigned i = 2; i < rank; ++i)
        maps.push_back({static_cast<int64_t>(i) + 1});
      sum = tensor::CollapseShapeOp::create(b, loc, sum, maps);
    }
    Type element = getElementTypeOrSelf(op.getType());
    if (isa<IntegerType>(element))
      return resizedTensor(b, loc, sum, element);
    MLIRContext *ctx = b.getContext();
    SmallVector<Value> operands = {sum};
    SmallVector<AffineMap> maps = {AffineMap::getMultiDimIdentityMap(rank, ctx)};
    AffineExpr zero = getAffineConstantExpr(0, ctx);
    if (input.scale) {
      operands.push_back(input.scale);
      maps.push_back(AffineMap::get(rank, 0, SmallVector<AffineExpr>(rank, zero), ctx));
    }
    if (filter.scale) {
      SmallVector<AffineExpr> exprs(rank, zero);
      if (int64_t block = filter.block.getBlock()[0]; block != lp::ScaleAttr::kAll)
        exprs[0] = getAffineDimExpr(1, ctx).floorDiv(block);
      operands.push_back(filter.scale);
      maps.push_back(AffineMap::get(rank, 0, exprs, ctx));
    }
    int fraction = input.fractionBits() + filter.fractionBits();
    return elementwise(b, loc, sizes, b.getF32Type(), operands, maps,
                       [&](OpBuilder &nested, Location l, ValueRange args) {
                         Value y = emitScaledToF32(nested, l, args[0], fraction), s;
                         for (Value v : args.drop_front()) {
                           v = convertFloat(nested, l, v, nested.getF32Type());
                           s = s ? arith::MulFOp::create(nested, l, s, v).getResult() : v;
                         }
                         return s ? arith::MulFOp::create(nested, l, y, s).getResult() : y;
                       });
  }
};

} // namespace

void lp_to_linalg::populateConv(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerConv>(converter, patterns.getContext());
}
