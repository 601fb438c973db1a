// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lp.matmul: integer sums of images and one exact rescale; f32_relaxed becomes nn.matmul on
// dequantized operands.
#include "Lowering.h"

#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <numeric>

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;
using mlir::utils::IteratorType;

namespace {

/// Shapes and subscripts of a batched product: loops (batch..., m, n), and k behind them inside the
/// sum.
struct Product {
  Side lhs, rhs;
  RankedTensorType type; // of the result
  unsigned rank;
  SmallVector<OpFoldResult> sizes;

  Product(OpBuilder &b, Location loc, Side lhs, Side rhs, RankedTensorType type)
      : lhs(std::move(lhs)), rhs(std::move(rhs)), type(type), rank(type.getRank()) {
    for (unsigned i = 0; i < rank; ++i)
      sizes.push_back(sizeOf(b, loc, i));
  }

  unsigned numBatch() const { return rank - 2; }
  OpFoldResult sizeOf(OpBuilder &b, Location loc, unsigned i) {
    if (!type.isDynamicDim(i))
      return b.getIndexAttr(type.getDimSize(i));
    unsigned l = typeOf(lhs.data).getRank(), r = typeOf(rhs.data).getRank();
    if (i == rank - 2)
      return tensor::getMixedSize(b, loc, lhs.data, l - 2);
    if (i == rank - 1)
      return tensor::getMixedSize(b, loc, rhs.data, r - 1);
    for (Value v : {lhs.data, rhs.data}) {
      int64_t own = static_cast<int64_t>(i) - (rank - typeOf(v).getRank());
      if (own >= 0 && typeOf(v).getDimSize(own) != 1)
        return tensor::getMixedSize(b, loc, v, own);
    }
    return b.getIndexAttr(1);
  }
  /// The loop that a dimension of an operand follows, or constant 0 where it is stretched. `isLhs`:
  /// [m, k], else [k, n].
  AffineExpr subscript(MLIRContext *ctx, RankedTensorType operand, unsigned dim, bool isLhs) const {
    unsigned r = operand.getRank(), m = rank - 2, n = rank - 1, k = rank;
    if (dim + 2 == r)
      return getAffineDimExpr(isLhs ? m : k, ctx);
    if (dim + 1 == r)
      return getAffineDimExpr(isLhs ? k : n, ctx);
    unsigned loop = dim + rank - r;
    bool stretched = operand.getDimSize(dim) == 1 && type.getDimSize(loop) != 1;
    return stretched ? getAffineConstantExpr(0, ctx) : getAffineDimExpr(loop, ctx);
  }
  AffineMap dataMap(MLIRContext *ctx, const Side &side, bool isLhs) const {
    SmallVector<AffineExpr> exprs;
    for (unsigned d = 0; d < typeOf(side.data).getRank(); ++d)
      exprs.push_back(subscript(ctx, typeOf(side.data), d, isLhs));
    return AffineMap::get(rank + 1, 0, exprs, ctx);
  }
  /// Subscripts of a side's scale in the loops (batch..., m, n), and the group as one symbol.
  AffineMap sideScaleMap(MLIRContext *ctx, const Side &side, bool isLhs) const {
    SmallVector<AffineExpr> exprs;
    RankedTensorType data = typeOf(side.data);
    for (unsigned d = 0; d < data.getRank(); ++d) {
      int64_t block = side.block.getBlock()[d];
      bool contracted = d == data.getRank() - (isLhs ? 1 : 2);
      if (block == lp::ScaleAttr::kAll)
        exprs.push_back(getAffineConstantExpr(0, ctx));
      else if (contracted)
        exprs.push_back(getAffineSymbolExpr(0, ctx));
      else
        exprs.push_back(subscript(ctx, data, d, isLhs).floorDiv(block));
    }
    return AffineMap::get(rank, 1, exprs, ctx);
  }
};

/// acc += a * b over k, in the accumulator's integer type.
Value contract(OpBuilder &b, Location loc, const Product &p, Value lhs, Value rhs, Value init) {
  MLIRContext *ctx = b.getContext();
  SmallVector<AffineMap> maps = {p.dataMap(ctx, p.lhs, true), p.dataMap(ctx, p.rhs, false)};
  maps.push_back(AffineMap::getMultiDimIdentityMap(p.rank + 1, ctx).getMajorSubMap(p.rank));
  SmallVector<IteratorType> iterators(p.rank, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  return linalg::GenericOp::create(
             b, loc, init.getType(), ValueRange{lhs, rhs}, init, maps, iterators,
             [&](OpBuilder &n, Location l, ValueRange args) {
               Type acc = args[2].getType();
               Value product = arith::MulIOp::create(n, l, resizeSigned(n, l, args[0], acc),
                                                     resizeSigned(n, l, args[1], acc));
               Value sum = arith::AddIOp::create(n, l, args[2], product);
               linalg::YieldOp::create(n, l, sum);
             })
      .getResult(0);
}

/// The scales that exist, as slices without the contracted dimension's groups: those of the groups
/// that hold element `begin` of the contracted dimension.
struct Scales {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;

  Scales(OpBuilder &b, Location loc, const Product &p, OpFoldResult begin) {
    add(b, loc, p, p.lhs, true, begin);
    add(b, loc, p, p.rhs, false, begin);
  }
  void add(OpBuilder &b, Location loc, const Product &p, const Side &side, bool isLhs,
           OpFoldResult begin) {
    if (!side.scale)
      return;
    MLIRContext *ctx = b.getContext();
    unsigned dim = typeOf(side.data).getRank() - (isLhs ? 1 : 2);
    Value scale = side.scale;
    if (int64_t block = side.block.getBlock()[dim]; block != lp::ScaleAttr::kAll) {
      SmallVector<OpFoldResult> offsets(typeOf(scale).getRank(), b.getIndexAttr(0));
      SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, scale);
      SmallVector<OpFoldResult> strides(offsets.size(), b.getIndexAttr(1));
      Value size = arith::ConstantIndexOp::create(b, loc, block);
      offsets[dim] =
          arith::DivUIOp::create(b, loc, getValueOrCreateConstantIndexOp(b, loc, begin), size)
              .getResult();
      sizes[dim] = b.getIndexAttr(1);
      scale = tensor::ExtractSliceOp::create(b, loc, scale, offsets, sizes, strides);
    }
    AffineMap map = p.sideScaleMap(ctx, side, isLhs);
    maps.push_back(map.replaceDimsAndSymbols({}, {getAffineConstantExpr(0, ctx)}, p.rank, 0));
    values.push_back(scale);
  }
  /// fl32(sa * sb); null without scales.
  static Value product(OpBuilder &b, Location loc, ValueRange scales) {
    Value s;
    for (Value v : scales) {
      v = convertFloat(b, loc, v, b.getF32Type());
      s = s ? arith::MulFOp::create(b, loc, s, v).getResult() : v;
    }
    return s;
  }
};

Value rescale(OpBuilder &b, Location loc, const Product &p, Value sum) {
  MLIRContext *ctx = b.getContext();
  Scales scales(b, loc, p, b.getIndexAttr(0));
  SmallVector<Value> operands = {sum};
  SmallVector<AffineMap> maps = {AffineMap::getMultiDimIdentityMap(p.rank, ctx)};
  operands.append(scales.values);
  maps.append(scales.maps);
  int fraction = p.lhs.fractionBits() + p.rhs.fractionBits();
  return elementwise(b, loc, p.sizes, b.getF32Type(), operands, maps,
                     [&](OpBuilder &n, Location l, ValueRange args) {
                       Value y = emitScaledToF32(n, l, args[0], fraction);
                       Value s = Scales::product(n, l, args.drop_front());
                       return s ? arith::MulFOp::create(n, l, y, s).getResult() : y;
                     });
}

Value lowerInt(OpBuilder &b, Location loc, const Product &p, unsigned width) {
  Type acc = b.getIntegerType(width <= 32 ? 32 : 64);
  auto [lhs, rhs] = imageTensors(b, loc, p.lhs, p.rhs, acc.getIntOrFloatBitWidth());
  Value sum =
      contract(b, loc, p, lhs, rhs, filledTensor(b, loc, p.sizes, intConstant(b, loc, acc, 0)));
  Type element = p.type.getElementType();
  if (isa<IntegerType>(element))
    return resizedTensor(b, loc, sum, element);
  return rescale(b, loc, p, sum);
}

/// Elements [begin, begin + length) along the contracted dimension.
Value sliceAlongK(OpBuilder &b, Location loc, Value v, unsigned dim, Value begin, Value length) {
  SmallVector<OpFoldResult> offsets(typeOf(v).getRank(), b.getIndexAttr(0)),
      strides(offsets.size(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, v);
  offsets[dim] = begin;
  sizes[dim] = length;
  return tensor::ExtractSliceOp::create(b, loc, v, offsets, sizes, strides);
}

/// One step of a sequential loop per group; the last group may be short.
Value lowerGrouped(OpBuilder &b, Location loc, const Product &p, int64_t group) {
  MLIRContext *ctx = b.getContext();
  unsigned bits = imageWidth(p.lhs) + imageWidth(p.rhs) + llvm::Log2_64_Ceil(group);
  Type acc = b.getIntegerType(bits <= 32 ? 32 : 64);
  auto [lhs, rhs] = imageTensors(b, loc, p.lhs, p.rhs, acc.getIntOrFloatBitWidth());
  Value left = lhs, right = rhs;
  unsigned lk = typeOf(lhs).getRank() - 1, rk = typeOf(rhs).getRank() - 2;
  Value zero = arith::ConstantIndexOp::create(b, loc, 0),
        step = arith::ConstantIndexOp::create(b, loc, group);
  Value k = getValueOrCreateConstantIndexOp(b, loc, tensor::getMixedSize(b, loc, lhs, lk));
  Value y = filledTensor(b, loc, p.sizes, floatConstant(b, loc, b.getF32Type(), 0.0));
  Value sums = emptyTensor(b, loc, p.sizes, acc);
  int fraction = p.lhs.fractionBits() + p.rhs.fractionBits();
  bool even = !typeOf(lhs).isDynamicDim(lk) && typeOf(lhs).getDimSize(lk) % group == 0;
  auto loop = scf::ForOp::create(
      b, loc, zero, k, step, ValueRange{y, sums},
      [&](OpBuilder &n, Location l, Value begin, ValueRange carried) {
        Value length = step;
        if (!even)
          length = arith::MinSIOp::create(n, l, step, arith::SubIOp::create(n, l, k, begin));
        Value a = sliceAlongK(n, l, left, lk, begin, length),
              c = sliceAlongK(n, l, right, rk, begin, length);
        Value start =
            linalg::FillOp::create(n, l, intConstant(n, l, acc, 0), carried[1]).getResult(0);
        Value sum = contract(n, l, p, a, c, start);
        Scales scales(n, l, p, begin);
        SmallVector<Value> operands = {sum};
        AffineMap id = AffineMap::getMultiDimIdentityMap(p.rank, ctx);
        SmallVector<AffineMap> maps = {id};
        operands.append(scales.values);
        maps.append(scales.maps);
        maps.push_back(id);
        SmallVector<IteratorType> iterators(p.rank, IteratorType::parallel);
        Value next =
            linalg::GenericOp::create(
                n, l, carried[0].getType(), operands, carried[0], maps, iterators,
                [&](OpBuilder &in, Location at, ValueRange args) {
                  Value part = emitScaledToF32(in, at, args[0], fraction);
                  Value s = Scales::product(in, at, args.drop_front().drop_back());
                  if (!s)
                    s = floatConstant(in, at, in.getF32Type(), 1.0);
                  linalg::YieldOp::create(
                      in, at, math::FmaOp::create(in, at, part, s, args.back()).getResult());
                })
                .getResult(0);
        scf::YieldOp::create(n, l, ValueRange{next, sum});
      });
  return loop.getResult(0);
}

struct LowerMatMul : OpConversionPattern<lp::MatMulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::MatMulOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Side lhs(adaptor.getLhs(), adaptor.getLhsScale(), adaptor.getLhsZeroPoint(), op.getLhs(),
             op.getLhsZeroPoint(), op.getLhsBlock());
    Side rhs(adaptor.getRhs(), adaptor.getRhsScale(), adaptor.getRhsZeroPoint(), op.getRhs(),
             op.getRhsZeroPoint(), op.getRhsBlock());
    auto type = cast<RankedTensorType>(op.getType());
    lp::AccumulatorAttr acc = op.getAccumulator();
    if (acc.getKind() == lp::AccumulatorKind::F32Relaxed) {
      Value a = dequantizedTensor(rewriter, loc, lhs), b = dequantizedTensor(rewriter, loc, rhs);
      rewriter.replaceOpWithNewOp<nn::MatMulOp>(op, type, a, b, /*transpose_rhs=*/false);
      return success();
    }
    if (imageWidth(lhs) > 64 || imageWidth(rhs) > 64)
      return op.emitOpError(
          "expected formats whose integer images fit 64 bits, or accumulator 'f32_relaxed'");
    Product product(rewriter, loc, lhs, rhs, type);
    Value y;
    if (acc.getKind() == lp::AccumulatorKind::Int) {
      y = lowerInt(rewriter, loc, product, acc.getWidth());
    } else {
      int64_t lg = lhs.blockAlong(typeOf(lhs.data).getRank() - 1),
              rg = rhs.blockAlong(typeOf(rhs.data).getRank() - 2);
      // Neither side's scale changes within a group.
      int64_t group = std::gcd(lg, rg);
      if (group == lp::ScaleAttr::kAll) {
        int64_t k = typeOf(lhs.data).getShape().back();
        group = ShapedType::isDynamic(k) ? int64_t(1) << 40 : std::max<int64_t>(k, 1);
      }
      y = lowerGrouped(rewriter, loc, product, group);
    }
    rewriter.replaceOp(op, castShape(rewriter, loc, y, type));
    return success();
  }
};

} // namespace

Value lp_to_linalg::emitRescale(OpBuilder &b, Location loc, const Side &lhs, const Side &rhs,
                                RankedTensorType type, Value sum) {
  if (isa<IntegerType>(type.getElementType()))
    return resizedTensor(b, loc, sum, type.getElementType());
  return rescale(b, loc, Product(b, loc, lhs, rhs, type), sum);
}

void lp_to_linalg::populateMatMul(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerMatMul>(converter, patterns.getContext());
}
