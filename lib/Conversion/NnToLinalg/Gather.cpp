// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gathers as loops that read at computed positions; scatters as sequential loops, since their order
// matters.
#include "Lowering.h"
#include "PopulatePatterns.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;

namespace {

/// A position that may count from the end, as an index in [0, n); anything else stops the program.
Value checkedIndex(OpBuilder &b, Location loc, Value position, Value n, StringRef op) {
  Value i = arith::IndexCastOp::create(b, loc, b.getIndexType(), position);
  Value negative =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, i, indexConstant(b, loc, 0));
  i = arith::SelectOp::create(b, loc, negative, arith::AddIOp::create(b, loc, i, n), i);
  Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, i, n);
  cf::AssertOp::create(b, loc, inside, ("index out of range in " + op).str());
  return i;
}

/// Whether `indices` is a constant whose numbers all lie in [0, n).
bool allInRange(Value indices, int64_t n) {
  auto constant = indices.getDefiningOp<nn::ConstantOp>();
  auto dense = constant ? dyn_cast<DenseIntElementsAttr>(constant.getValue()) : nullptr;
  if (!dense || ShapedType::isDynamic(n))
    return false;
  return llvm::all_of(dense.getValues<APInt>(),
                      [&](const APInt &v) { return !v.isNegative() && v.slt(n); });
}

Value sizeOf(OpBuilder &b, Location loc, Value v, int64_t axis) {
  return asIndex(b, loc, nn::dimOf(b, loc, v, axis));
}

/// The positions of a gather along one axis of size n, checked once for each rather than once for
/// each element that is read through it.
Value checkedIndices(OpBuilder &b, Location loc, Value original, Value indices, Value data,
                     int64_t axis, StringRef op) {
  if (allInRange(original, tensorTypeOf(data).getDimSize(axis)))
    return indices;
  Value n = sizeOf(b, loc, data, axis);
  Type element = elementOf(indices);
  return pointwise(b, loc, tensorTypeOf(indices), tensor::getMixedSizes(b, loc, indices), indices,
                   [&](OpBuilder &nested, Location l, ValueRange args) -> Value {
                     Value i = checkedIndex(nested, l, args[0], n, op);
                     return arith::IndexCastOp::create(nested, l, element, i);
                   });
}

struct LowerGather : Lowering<nn::GatherOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::GatherOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    int64_t axis = op.getAxis();
    Value data = adaptor.getData();
    Value indices = checkedIndices(rewriter, loc, op.getIndices(), adaptor.getIndices(), data, axis,
                                   "nn.gather");
    int64_t rank = tensorTypeOf(indices).getRank();
    RankedTensorType type = convertedType(op.getOutput());
    SmallVector<OpFoldResult> sizes = sizesOf(rewriter, op);
    // The indices are an operand of the loop, so that they are read by its map.
    SmallVector<AffineExpr> at;
    for (int64_t i = 0; i < rank; ++i)
      at.push_back(rewriter.getAffineDimExpr(axis + i));
    SmallVector<AffineMap> maps = {AffineMap::get(type.getRank(), 0, at, rewriter.getContext()),
                                   rewriter.getMultiDimIdentityMap(type.getRank())};
    SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
    Value init = emptyTensor(rewriter, loc, type, sizes);
    auto generic = linalg::GenericOp::create(
        rewriter, loc, type, indices, init, maps, iterators,
        [&](OpBuilder &b, Location l, ValueRange args) {
          SmallVector<Value> source;
          for (int64_t i = 0; i < axis; ++i)
            source.push_back(linalg::IndexOp::create(b, l, i));
          source.push_back(arith::IndexCastOp::create(b, l, b.getIndexType(), args[0]));
          for (int64_t i = axis + rank; i < type.getRank(); ++i)
            source.push_back(linalg::IndexOp::create(b, l, i));
          linalg::YieldOp::create(b, l, tensor::ExtractOp::create(b, l, data, source).getResult());
        });
    replace(op, generic.getResult(0), rewriter);
    return success();
  }
};

struct LowerGatherElements : Lowering<nn::GatherElementsOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::GatherElementsOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    int64_t axis = op.getAxis();
    Value data = adaptor.getData(), n = sizeOf(rewriter, loc, data, axis);
    bool safe = allInRange(op.getIndices(), tensorTypeOf(data).getDimSize(axis));
    Value v = pointwise(
        rewriter, loc, convertedType(op.getOutput()), sizesOf(rewriter, op), adaptor.getIndices(),
        [&](OpBuilder &b, Location l, ValueRange args) -> Value {
          SmallVector<Value> source;
          for (int64_t i = 0, e = tensorTypeOf(data).getRank(); i < e; ++i)
            source.push_back(linalg::IndexOp::create(b, l, i));
          source[axis] =
              safe ? arith::IndexCastOp::create(b, l, b.getIndexType(), args[0]).getResult()
                   : checkedIndex(b, l, args[0], n, "nn.gather_elements");
          return tensor::ExtractOp::create(b, l, data, source);
        });
    replace(op, v, rewriter);
    return success();
  }
};

/// The tuple of checked indices at `at` (all but the last dimension of `indices`), for dimensions
/// first.. of `data`.
SmallVector<Value> checkedTuple(OpBuilder &b, Location loc, Value indices, ArrayRef<Value> at,
                                Value data, int64_t first, StringRef op) {
  SmallVector<Value> tuple, where(at);
  where.push_back(nullptr);
  for (int64_t q = 0, e = tensorTypeOf(indices).getShape().back(); q < e; ++q) {
    where.back() = indexConstant(b, loc, q);
    Value position = tensor::ExtractOp::create(b, loc, indices, where);
    tuple.push_back(checkedIndex(b, loc, position, sizeOf(b, loc, data, first + q), op));
  }
  return tuple;
}

struct LowerGatherND : Lowering<nn::GatherNDOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::GatherNDOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    int64_t batch = op.getBatchDims(), leading = tensorTypeOf(indices).getRank() - 1;
    Value v =
        generate(rewriter, loc, convertedType(op.getOutput()), sizesOf(rewriter, op),
                 [&](OpBuilder &b, Location l, ValueRange at) -> Value {
                   SmallVector<Value> all(at);
                   SmallVector<Value> source(ArrayRef<Value>(all).take_front(batch));
                   llvm::append_range(source, checkedTuple(b, l, indices,
                                                           ArrayRef<Value>(all).take_front(leading),
                                                           data, batch, "nn.gather_nd"));
                   llvm::append_range(source, ArrayRef<Value>(all).drop_front(leading));
                   return tensor::ExtractOp::create(b, l, data, source);
                 });
    replace(op, v, rewriter);
    return success();
  }
};

/// The element that a scatter leaves where `old` was.
Value emitScatter(OpBuilder &b, Location loc, nn::ScatterKind kind, Value old, Value update,
                  Type element) {
  using nn::BinaryKind;
  using nn::ScatterKind;
  if (kind == ScatterKind::Assign)
    return update;
  bool logical = element.isInteger(1);
  BinaryKind binary = kind == ScatterKind::Add   ? BinaryKind::Add
                      : kind == ScatterKind::Mul ? BinaryKind::Mul
                      : kind == ScatterKind::Max ? (logical ? BinaryKind::Or : BinaryKind::Max)
                                                 : (logical ? BinaryKind::And : BinaryKind::Min);
  Value x = toCompute(b, loc, old, element), y = toCompute(b, loc, update, element);
  return fromCompute(b, loc, emitBinary(b, loc, binary, x, y, element), element);
}

struct LowerScatterElements : Lowering<nn::ScatterElementsOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ScatterElementsOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    int64_t axis = op.getAxis();
    Value n = sizeOf(rewriter, loc, adaptor.getData(), axis);
    SmallVector<Value> result = sequential(
        rewriter, loc, tensor::getMixedSizes(rewriter, loc, adaptor.getUpdates()),
        adaptor.getData(),
        [&](OpBuilder &b, Location l, ValueRange at, ValueRange carried) -> SmallVector<Value> {
          SmallVector<Value> to(at);
          Value position = tensor::ExtractOp::create(b, l, adaptor.getIndices(), at);
          to[axis] = checkedIndex(b, l, position, n, "nn.scatter_elements");
          Value update = tensor::ExtractOp::create(b, l, adaptor.getUpdates(), at);
          Value old;
          if (op.getKind() != nn::ScatterKind::Assign)
            old = tensor::ExtractOp::create(b, l, carried[0], to);
          Value v = emitScatter(b, l, op.getKind(), old, update, elementOf(op.getData()));
          return {tensor::InsertOp::create(b, l, v, carried[0], to)};
        });
    replace(op, result[0], rewriter);
    return success();
  }
};

struct LowerScatterND : Lowering<nn::ScatterNDOp> {
  using Lowering::Lowering;
  LogicalResult matchAndRewrite(nn::ScatterNDOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value indices = adaptor.getIndices(), updates = adaptor.getUpdates();
    int64_t leading = tensorTypeOf(indices).getRank() - 1;
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, updates);
    ArrayRef<OpFoldResult> all(sizes);
    // One loop nest over the tuples, one over the elements of a slice: a tuple is checked once.
    SmallVector<Value> result =
        sequential(rewriter, loc, all.take_front(leading), adaptor.getData(),
                   [&](OpBuilder &b, Location l, ValueRange outer, ValueRange carried) {
                     SmallVector<Value> at(outer);
                     SmallVector<Value> tuple =
                         checkedTuple(b, l, indices, at, adaptor.getData(), 0, "nn.scatter_nd");
                     return sequential(b, l, all.drop_front(leading), carried,
                                       [&](OpBuilder &n, Location k, ValueRange inner,
                                           ValueRange tensors) -> SmallVector<Value> {
                                         SmallVector<Value> from(at), to(tuple);
                                         llvm::append_range(from, inner);
                                         llvm::append_range(to, inner);
                                         Value update =
                                             tensor::ExtractOp::create(n, k, updates, from);
                                         Value old;
                                         if (op.getKind() != nn::ScatterKind::Assign)
                                           old = tensor::ExtractOp::create(n, k, tensors[0], to);
                                         Value v = emitScatter(n, k, op.getKind(), old, update,
                                                               elementOf(op.getData()));
                                         return {tensor::InsertOp::create(n, k, v, tensors[0], to)};
                                       });
                   });
    replace(op, result[0], rewriter);
    return success();
  }
};

} // namespace

void nn_to_linalg::populateGather(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns
      .add<LowerGather, LowerGatherElements, LowerGatherND, LowerScatterElements, LowerScatterND>(
          converter, patterns.getContext());
}
