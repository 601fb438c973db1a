// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// matmul, conv and conv_transpose as named linalg contractions, which the code generator knows.
#include "Lowering.h"
#include "PopulatePatterns.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;
using mlir::utils::IteratorType;

namespace {

/// f32 for floats narrower than that, else the storage type.
Type accumulatorOf(Type element) {
  return isFloat(element) ? Type(computeType(element)) : storageType(element);
}

/// Elements as numbers that multiply: codes of 8-bit floats become f32, the rest stays.
Value asNumbers(OpBuilder &b, Location loc, Value v, Type element) {
  if (!minifloatOf(element))
    return v;
  auto type = RankedTensorType::get(tensorTypeOf(v).getShape(), computeType(element));
  return pointwise(b, loc, type, tensor::getMixedSizes(b, loc, v), v,
                   [&](OpBuilder &nb, Location l, ValueRange args) {
                     return toCompute(nb, l, args[0], element);
                   });
}

/// Accumulators rounded (or wrapped) to the element type.
Value fromAccumulators(OpBuilder &b, Location loc, Value v, Type element) {
  Type storage = storageType(element);
  bool narrow = element.getIntOrFloatBitWidth() < 8;
  if (elementOf(v) == storage && !narrow)
    return v;
  auto type = RankedTensorType::get(tensorTypeOf(v).getShape(), storage);
  return pointwise(b, loc, type, tensor::getMixedSizes(b, loc, v), v,
                   [&](OpBuilder &nb, Location l, ValueRange args) {
                     return fromCompute(nb, l, args[0], element);
                   });
}

Value zeroAccumulator(OpBuilder &b, Location loc, Type accumulator) {
  return isa<FloatType>(accumulator) ? floatConstant(b, loc, accumulator, 0)
                                     : intConstant(b, loc, accumulator, 0);
}

/// The first `count` dimensions as one.
Value collapseLeading(OpBuilder &b, Location loc, Value v, int64_t count) {
  if (count == 1)
    return v;
  SmallVector<ReassociationIndices> groups(1);
  for (int64_t i = 0, e = tensorTypeOf(v).getRank(); i < e; ++i) {
    if (i < count)
      groups[0].push_back(i);
    else
      groups.push_back({i});
  }
  return tensor::CollapseShapeOp::create(b, loc, v, groups);
}

/// The first dimension as `count` ones, so that the result has `type` (element type apart) and
/// `sizes`.
Value expandLeading(OpBuilder &b, Location loc, Value v, int64_t count, ArrayRef<int64_t> shape,
                    ArrayRef<OpFoldResult> sizes) {
  auto type = RankedTensorType::get(shape, elementOf(v));
  SmallVector<int64_t> flat(shape.drop_front(count));
  int64_t product = 1;
  for (int64_t d : shape.take_front(count))
    product = ShapedType::isDynamic(d) || ShapedType::isDynamic(product) ? ShapedType::kDynamic
                                                                         : product * d;
  flat.insert(flat.begin(), product);
  v = castShape(b, loc, v, RankedTensorType::get(flat, elementOf(v)));
  if (count == 1)
    return v;
  SmallVector<ReassociationIndices> groups(1);
  for (int64_t i = 0, e = shape.size(); i < e; ++i) {
    if (i < count)
      groups[0].push_back(i);
    else
      groups.push_back({i});
  }
  return expandShape(b, loc, type, v, groups, sizes);
}

struct LowerMatMul : Lowering<nn::MatMulOp> {
  using Lowering::Lowering;

  /// A product without batches.
  Value plain(OpBuilder &b, Location loc, Value lhs, Value rhs, bool transposed,
              Type accumulator) const {
    RankedTensorType l = tensorTypeOf(lhs), r = tensorTypeOf(rhs);
    int64_t column = transposed ? 0 : 1;
    auto type = RankedTensorType::get({l.getDimSize(0), r.getDimSize(column)}, accumulator);
    SmallVector<OpFoldResult> sizes = {nn::dimOf(b, loc, lhs, 0), nn::dimOf(b, loc, rhs, column)};
    Value init = filledTensor(b, loc, type, sizes, zeroAccumulator(b, loc, accumulator));
    if (transposed)
      return linalg::MatmulTransposeBOp::create(b, loc, TypeRange{type}, ValueRange{lhs, rhs},
                                                ValueRange{init})
          ->getResult(0);
    return linalg::MatmulOp::create(b, loc, TypeRange{type}, ValueRange{lhs, rhs}, ValueRange{init})
        ->getResult(0);
  }

  /// `v` with its batch dimensions repeated to those of the result.
  Value broadcastBatch(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> batch,
                       ArrayRef<OpFoldResult> sizes) const {
    RankedTensorType from = tensorTypeOf(v);
    SmallVector<int64_t> shape(batch);
    llvm::append_range(shape, from.getShape().take_back(2));
    ArrayRef<int64_t> own = from.getShape().drop_back(2);
    bool same = own.size() == batch.size();
    for (size_t i = 0; same && i < own.size(); ++i)
      same = own[i] != 1 || batch[i] == 1;
    if (same)
      return v;
    SmallVector<OpFoldResult> all(sizes.take_front(batch.size()));
    all.push_back(nn::dimOf(b, loc, v, from.getRank() - 2));
    all.push_back(nn::dimOf(b, loc, v, from.getRank() - 1));
    return pointwise(b, loc, RankedTensorType::get(shape, from.getElementType()), all, v,
                     [](OpBuilder &, Location, ValueRange args) { return args[0]; });
  }

  LogicalResult matchAndRewrite(nn::MatMulOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getLhs()), accumulator = accumulatorOf(element);
    RankedTensorType type = convertedType(op.getOutput());
    SmallVector<OpFoldResult> sizes = sizesOf(rewriter, op);
    bool transposed = op.getTransposeRhs();
    Value lhs = asNumbers(rewriter, loc, adaptor.getLhs(), element);
    Value rhs = asNumbers(rewriter, loc, adaptor.getRhs(), element);
    int64_t batchRank = type.getRank() - 2;
    ArrayRef<int64_t> batch = type.getShape().take_front(batchRank);
    ArrayRef<int64_t> rhsBatch = tensorTypeOf(rhs).getShape().drop_back(2);
    auto isOne = [](int64_t d) { return d == 1; };

    Value v;
    bool lhsHasAll = tensorTypeOf(lhs).getRank() == type.getRank();
    if (llvm::all_of(rhsBatch, isOne) && lhsHasAll) {
      // One matrix for all batches: their rows are the rows of one product.
      if (!rhsBatch.empty()) {
        int64_t ones = rhsBatch.size();
        SmallVector<ReassociationIndices> groups(2);
        for (int64_t i = 0; i <= ones; ++i)
          groups[0].push_back(i);
        groups[1].push_back(ones + 1);
        rhs = tensor::CollapseShapeOp::create(rewriter, loc, rhs, groups);
      }
      v = plain(rewriter, loc, collapseLeading(rewriter, loc, lhs, batchRank + 1), rhs, transposed,
                accumulator);
      v = fromAccumulators(rewriter, loc, v, element);
      v = expandLeading(rewriter, loc, v, batchRank + 1, type.getShape(), sizes);
      replace(op, v, rewriter);
      return success();
    }
    lhs =
        collapseLeading(rewriter, loc, broadcastBatch(rewriter, loc, lhs, batch, sizes), batchRank);
    rhs =
        collapseLeading(rewriter, loc, broadcastBatch(rewriter, loc, rhs, batch, sizes), batchRank);
    RankedTensorType l = tensorTypeOf(lhs), r = tensorTypeOf(rhs);
    // Two unknown batch sizes are equal at run time; the known one serves both.
    int64_t count = l.isDynamicDim(0) ? r.getDimSize(0) : l.getDimSize(0),
            column = transposed ? 1 : 2;
    auto flat = RankedTensorType::get({count, l.getDimSize(1), r.getDimSize(column)}, accumulator);
    SmallVector<OpFoldResult> flatSizes = {
        nn::dimOf(rewriter, loc, l.isDynamicDim(0) ? rhs : lhs, 0),
        nn::dimOf(rewriter, loc, lhs, 1), nn::dimOf(rewriter, loc, rhs, column)};
    Value init =
        filledTensor(rewriter, loc, flat, flatSizes, zeroAccumulator(rewriter, loc, accumulator));
    if (transposed)
      v = linalg::BatchMatmulTransposeBOp::create(rewriter, loc, TypeRange{flat},
                                                  ValueRange{lhs, rhs}, ValueRange{init})
              ->getResult(0);
    else
      v = linalg::BatchMatmulOp::create(rewriter, loc, TypeRange{flat}, ValueRange{lhs, rhs},
                                        ValueRange{init})
              ->getResult(0);
    v = fromAccumulators(rewriter, loc, v, element);
    v = expandLeading(rewriter, loc, v, batchRank, type.getShape(), sizes);
    replace(op, v, rewriter);
    return success();
  }
};

struct LowerConv : Lowering<nn::ConvOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ConvOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Value v =
        emitConv(rewriter, op.getLoc(), adaptor.getInput(), adaptor.getFilter(), adaptor.getBias(),
                 elementOf(op.getInput()), op.getStrides(), op.getPads(), op.getDilations(),
                 op.getGroups(), convertedType(op.getOutput()), sizesOf(rewriter, op));
    replace(op, v, rewriter);
    return success();
  }
};

/// A transposed convolution is a convolution with stride 1 over the input with zeros put between
/// its elements, with the filter turned round and its channels swapped.
struct LowerConvTranspose : Lowering<nn::ConvTransposeOp> {
  using Lowering::Lowering;

  /// Elements `strides` apart, zeros between.
  Value spread(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> strides,
               Type element) const {
    if (llvm::all_of(strides, [](int64_t s) { return s == 1; }))
      return input;
    RankedTensorType from = tensorTypeOf(input);
    SmallVector<OpFoldResult> own = tensor::getMixedSizes(b, loc, input), sizes(own);
    SmallVector<OpFoldResult> offsets(from.getRank(), b.getIndexAttr(0)),
        steps(from.getRank(), b.getIndexAttr(1));
    SmallVector<int64_t> shape(from.getShape());
    for (auto [i, s] : llvm::enumerate(strides)) {
      int64_t axis = static_cast<int64_t>(i) + 2;
      steps[axis] = b.getIndexAttr(s);
      if (std::optional<int64_t> n = getConstantIntValue(own[axis])) {
        shape[axis] = std::max<int64_t>((*n - 1) * s + 1, 0);
        sizes[axis] = b.getIndexAttr(shape[axis]);
        continue;
      }
      Value n = asIndex(b, loc, own[axis]), one = indexConstant(b, loc, 1);
      Value gaps = arith::MulIOp::create(b, loc, arith::SubIOp::create(b, loc, n, one),
                                         indexConstant(b, loc, s));
      sizes[axis] = arith::MaxSIOp::create(b, loc, arith::AddIOp::create(b, loc, gaps, one),
                                           indexConstant(b, loc, 0))
                        .getResult();
    }
    auto type = RankedTensorType::get(shape, from.getElementType());
    Value zeros = filledTensor(b, loc, type, sizes, zeroOf(b, loc, element));
    if (llvm::is_contained(from.getShape(), 0))
      return zeros;
    return tensor::InsertSliceOp::create(b, loc, input, zeros, offsets, own, steps);
  }

  /// `[C, M/groups, K...]` as `[M, C/groups, K...]` with the window reversed.
  Value turned(OpBuilder &b, Location loc, Value filter, int64_t groups) const {
    RankedTensorType from = tensorTypeOf(filter);
    SmallVector<OpFoldResult> own = tensor::getMixedSizes(b, loc, filter), sizes(own);
    SmallVector<int64_t> shape(from.getShape());
    auto scaled = [&](OpFoldResult v, bool divide) -> OpFoldResult {
      if (std::optional<int64_t> n = getConstantIntValue(v))
        return b.getIndexAttr(divide ? *n / groups : *n * groups);
      Value g = indexConstant(b, loc, groups), x = asIndex(b, loc, v);
      return divide ? arith::DivUIOp::create(b, loc, x, g).getResult()
                    : arith::MulIOp::create(b, loc, x, g).getResult();
    };
    sizes[0] = scaled(own[1], false);
    sizes[1] = scaled(own[0], true);
    for (int i : {0, 1})
      shape[i] = getConstantIntValue(sizes[i]).value_or(ShapedType::kDynamic);
    Value outPerGroup = asIndex(b, loc, own[1]), inPerGroup = asIndex(b, loc, sizes[1]),
          one = indexConstant(b, loc, 1);
    return generate(b, loc, RankedTensorType::get(shape, from.getElementType()), sizes,
                    [&](OpBuilder &nb, Location l, ValueRange at) -> Value {
                      Value group = arith::DivUIOp::create(nb, l, at[0], outPerGroup);
                      Value m = arith::RemUIOp::create(nb, l, at[0], outPerGroup);
                      Value c = arith::AddIOp::create(
                          nb, l, arith::MulIOp::create(nb, l, group, inPerGroup), at[1]);
                      SmallVector<Value> source = {c, m};
                      for (size_t i = 2; i < at.size(); ++i) {
                        Value last = arith::SubIOp::create(nb, l, asIndex(nb, l, own[i]), one);
                        source.push_back(arith::SubIOp::create(nb, l, last, at[i]));
                      }
                      return tensor::ExtractOp::create(nb, l, filter, source);
                    });
  }

  LogicalResult matchAndRewrite(nn::ConvTransposeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    int64_t n = tensorTypeOf(op.getInput()).getRank() - 2;
    RankedTensorType filterType = tensorTypeOf(op.getFilter());
    if (llvm::any_of(filterType.getShape().drop_front(2), ShapedType::isDynamic))
      return op.emitOpError(
          "expected a filter with a known window: give the kernel a static shape");
    SmallVector<int64_t> pads(2 * n), ones(n, 1);
    for (int64_t i = 0; i < n; ++i) {
      int64_t reach = op.getDilations()[i] * (filterType.getDimSize(i + 2) - 1);
      pads[i] = reach - op.getPads()[i];
      pads[n + i] = reach - op.getPads()[n + i] + op.getOutputPadding()[i];
    }
    Value input = spread(rewriter, loc, adaptor.getInput(), op.getStrides(), element);
    Value filter = turned(rewriter, loc, adaptor.getFilter(), op.getGroups());
    Value v = emitConv(rewriter, loc, input, filter, adaptor.getBias(), element, ones, pads,
                       op.getDilations(), op.getGroups(), convertedType(op.getOutput()),
                       sizesOf(rewriter, op));
    replace(op, v, rewriter);
    return success();
  }
};

/// Dimension 1 (or 0) as [groups, rest].
Value splitGroups(OpBuilder &b, Location loc, Value v, int64_t axis, int64_t groups) {
  RankedTensorType from = tensorTypeOf(v);
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> sizes;
  SmallVector<ReassociationIndices> reassociation;
  int64_t next = 0;
  for (int64_t i = 0; i < from.getRank(); ++i) {
    OpFoldResult size = nn::dimOf(b, loc, v, i);
    int64_t d = from.getDimSize(i);
    if (i != axis) {
      shape.push_back(d);
      sizes.push_back(size);
      reassociation.push_back({next++});
      continue;
    }
    bool known = !ShapedType::isDynamic(d);
    shape.append({groups, known ? d / groups : d});
    sizes.push_back(b.getIndexAttr(groups));
    if (known)
      sizes.push_back(b.getIndexAttr(d / groups));
    else
      sizes.push_back(
          arith::DivUIOp::create(b, loc, asIndex(b, loc, size), indexConstant(b, loc, groups))
              .getResult());
    reassociation.push_back({next, next + 1});
    next += 2;
  }
  return tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(shape, from.getElementType()),
                                       v, reassociation, sizes);
}

/// The bias of each output channel everywhere, or zero, in accumulators.
Value initialSums(OpBuilder &b, Location loc, Value bias, Type element, RankedTensorType type,
                  ArrayRef<OpFoldResult> sizes) {
  Type accumulator = type.getElementType();
  if (!bias)
    return filledTensor(b, loc, type, sizes, zeroAccumulator(b, loc, accumulator));
  int64_t rank = type.getRank();
  SmallVector<AffineMap> maps = {AffineMap::get(rank, 0, b.getAffineDimExpr(1)),
                                 b.getMultiDimIdentityMap(rank)};
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, type, bias, emptyTensor(b, loc, type, sizes), maps, iterators,
             [&](OpBuilder &nb, Location l, ValueRange args) {
               linalg::YieldOp::create(nb, l, toCompute(nb, l, args[0], element));
             })
      .getResult(0);
}

} // namespace

Value nn_to_linalg::emitConv(OpBuilder &b, Location loc, Value input, Value filter, Value bias,
                             Type element, ArrayRef<int64_t> strides, ArrayRef<int64_t> pads,
                             ArrayRef<int64_t> dilations, int64_t groups, RankedTensorType type,
                             ArrayRef<OpFoldResult> sizes) {
  int64_t n = type.getRank() - 2;
  Type accumulator = accumulatorOf(element);
  input = asNumbers(b, loc, padSpatial(b, loc, input, pads, zeroOf(b, loc, element)), element);
  filter = asNumbers(b, loc, filter, element);
  auto sumType = RankedTensorType::get(type.getShape(), accumulator);
  Value init = initialSums(b, loc, bias, element, sumType, sizes);

  if (n == 2 && groups == 1) {
    auto conv = linalg::Conv2DNchwFchwOp::create(b, loc, sumType, ValueRange{input, filter}, init,
                                                 b.getI64TensorAttr(strides),
                                                 b.getI64TensorAttr(dilations));
    return fromAccumulators(b, loc, conv->getResult(0), element);
  }
  // Loops: n, [group,] m, outputs, c, window.
  bool grouped = groups != 1;
  MLIRContext *ctx = b.getContext();
  int64_t next = 0;
  auto dim = [&] { return getAffineDimExpr(next++, ctx); };
  SmallVector<AffineExpr> read, weights, write;
  AffineExpr batch = dim();
  read = {batch}, write = {batch};
  if (grouped) {
    AffineExpr g = dim();
    read.push_back(g), weights.push_back(g), write.push_back(g);
  }
  AffineExpr m = dim();
  weights.push_back(m), write.push_back(m);
  SmallVector<AffineExpr> outs;
  for (int64_t i = 0; i < n; ++i)
    outs.push_back(dim());
  llvm::append_range(write, outs);
  int64_t parallel = next;
  AffineExpr c = dim();
  read.push_back(c), weights.push_back(c);
  for (int64_t i = 0; i < n; ++i) {
    AffineExpr k = dim();
    read.push_back(outs[i] * strides[i] + k * dilations[i]);
    weights.push_back(k);
  }
  SmallVector<IteratorType> iterators(next, IteratorType::reduction);
  std::fill(iterators.begin(), iterators.begin() + parallel, IteratorType::parallel);
  SmallVector<AffineMap> maps;
  for (ArrayRef<AffineExpr> exprs :
       {ArrayRef<AffineExpr>(read), ArrayRef<AffineExpr>(weights), ArrayRef<AffineExpr>(write)})
    maps.push_back(AffineMap::get(next, 0, exprs, ctx));
  if (grouped) {
    input = splitGroups(b, loc, input, 1, groups);
    filter = splitGroups(b, loc, filter, 0, groups);
    init = splitGroups(b, loc, init, 1, groups);
  }
  Type numbers = elementOf(input);
  Value v = linalg::GenericOp::create(
                b, loc, init.getType(), ValueRange{input, filter}, init, maps, iterators,
                [&](OpBuilder &nb, Location l, ValueRange args) {
                  // Codes are numbers by now; f16 and bf16 widen here.
                  Value x = toCompute(nb, l, args[0], numbers),
                        w = toCompute(nb, l, args[1], numbers);
                  Value product = emitBinary(nb, l, nn::BinaryKind::Mul, x, w, numbers);
                  linalg::YieldOp::create(
                      nb, l, emitBinary(nb, l, nn::BinaryKind::Add, args[2], product, numbers));
                })
                .getResult(0);
  if (grouped) {
    SmallVector<ReassociationIndices> together;
    for (int64_t i = 0; i < type.getRank(); ++i)
      together.push_back(i == 1 ? ReassociationIndices{1, 2}
                                : ReassociationIndices{i < 1 ? i : i + 1});
    v = tensor::CollapseShapeOp::create(b, loc, v, together);
  }
  return fromAccumulators(b, loc, v, element);
}

void nn_to_linalg::populateLinear(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerMatMul, LowerConv, LowerConvTranspose>(converter, patterns.getContext());
}
