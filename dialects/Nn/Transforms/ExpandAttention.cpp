// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Takes attention and rotary embeddings apart into products, softmax and elementwise ops, so that
// quantization and lowering need not know them. Query heads that share a key head become rows of
// one product: no key or value is repeated in memory.
#include "dialects/Nn/Transforms/Passes.h"

#include "dialects/Nn/IR/Nn.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace lpc::nn {

#define GEN_PASS_DEF_EXPANDATTENTIONPASS
#include "dialects/Nn/Transforms/Passes.h.inc"

namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

/// Ops of the expansion of one op, at its place.
struct Expander {
  PatternRewriter &b;
  Location loc;

  Value binary(BinaryKind kind, Value x, Value y) { return BinaryOp::create(b, loc, kind, x, y); }

  Value number(double value, Type element) {
    auto type = RankedTensorType::get({}, element);
    APFloat rounded(value);
    bool losesInfo;
    rounded.convert(cast<FloatType>(element).getFloatSemantics(), APFloat::rmNearestTiesToEven,
                    &losesInfo);
    return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, rounded));
  }

  Value reshape(Value x, ArrayRef<OpFoldResult> sizes) {
    SmallVector<int64_t> shape;
    SmallVector<Value> unknown;
    dispatchIndexOpFoldResults(sizes, unknown, shape);
    auto type = RankedTensorType::get(shape, typeOf(x).getElementType());
    return type == x.getType() ? x : Value(ReshapeOp::create(b, loc, type, x, unknown));
  }

  OpFoldResult index(int64_t value) { return b.getIndexAttr(value); }

  OpFoldResult times(OpFoldResult x, int64_t factor) {
    return affine::makeComposedFoldedAffineApply(b, loc, b.getAffineSymbolExpr(0) * factor, {x});
  }

  /// `count` elements of the last axis.
  Value part(Value x, int64_t offset, int64_t count, int64_t stride) {
    int64_t rank = typeOf(x).getRank();
    SmallVector<OpFoldResult> offsets(rank, index(0)), sizes = dimsOf(b, loc, x),
                                                       strides(rank, index(1));
    offsets.back() = index(offset);
    sizes.back() = index(count);
    strides.back() = index(stride);
    return SliceOp::create(b, loc, x, offsets, sizes, strides);
  }

  Value concat(ValueRange parts, int64_t axis) { return ConcatOp::create(b, loc, parts, axis); }

  /// 0, 1, ... along the axis `axis` of two, as i64.
  Value iota(OpFoldResult size, int64_t axis) {
    SmallVector<OpFoldResult> sizes(2, index(1));
    sizes[axis] = size;
    SmallVector<int64_t> shape;
    SmallVector<Value> unknown;
    dispatchIndexOpFoldResults(sizes, unknown, shape);
    return IotaOp::create(b, loc, RankedTensorType::get(shape, b.getI64Type()), unknown, axis);
  }

  /// An index as a tensor of rank 0.
  Value asTensor(OpFoldResult size) {
    auto type = RankedTensorType::get({}, b.getI64Type());
    if (std::optional<int64_t> known = getConstantIntValue(size))
      return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, APInt(64, *known)));
    Value v = arith::IndexCastOp::create(b, loc, b.getI64Type(), cast<Value>(size));
    return tensor::FromElementsOp::create(b, loc, type, v);
  }
};

/// Sizes that the op's type states and its expansion does not know, or the reverse.
void replaceWith(PatternRewriter &rewriter, Operation *op, Value v) {
  Type type = op->getResult(0).getType();
  if (v.getType() != type)
    v = tensor::CastOp::create(rewriter, op->getLoc(), type, v);
  rewriter.replaceOp(op, v);
}

/// rope(x)  =>  concat(a*c - b*s, b*c + a*s)
struct ExpandRope : OpRewritePattern<RopeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RopeOp op, PatternRewriter &rewriter) const override {
    Expander e{rewriter, op.getLoc()};
    Value x = op.getInput(), c = op.getCosines(), s = op.getSines();
    int64_t n = op.getNumPairs(), rank = typeOf(x).getRank(), size = typeOf(x).getShape().back();
    bool interleaved = op.getInterleaved();
    if (n == 0) {
      replaceWith(rewriter, op, x);
      return success();
    }
    Value first = e.part(x, 0, n, interleaved ? 2 : 1);
    Value second = e.part(x, interleaved ? 1 : n, n, interleaved ? 2 : 1);
    Value real = e.binary(BinaryKind::Sub, e.binary(BinaryKind::Mul, first, c),
                          e.binary(BinaryKind::Mul, second, s));
    Value imaginary = e.binary(BinaryKind::Add, e.binary(BinaryKind::Mul, second, c),
                               e.binary(BinaryKind::Mul, first, s));
    SmallVector<Value> parts{real, imaginary};
    if (interleaved) {
      SmallVector<OpFoldResult> sizes = dimsOf(rewriter, op.getLoc(), first), pairs = sizes;
      sizes.push_back(e.index(1));
      for (Value &part : parts)
        part = e.reshape(part, sizes);
      pairs.back() = e.index(2 * n);
      parts = {e.reshape(e.concat(parts, rank), pairs)};
    }
    if (2 * n < size)
      parts.push_back(e.part(x, 2 * n, size - 2 * n, 1));
    replaceWith(rewriter, op, parts.size() == 1 ? parts.front() : e.concat(parts, rank - 1));
    return success();
  }
};

/// attention(q, k, v)  =>  matmul(softmax(mask(matmul(scale * q, k'))), v)
struct ExpandAttention : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Expander e{rewriter, loc};
    Value q = op.getQuery();
    Type element = typeOf(q).getElementType();
    int64_t rank = typeOf(q).getRank(), head = rank - 3, row = rank - 2;
    SmallVector<OpFoldResult> shape = dimsOf(rewriter, loc, q), rows = shape,
                              keys = dimsOf(rewriter, loc, op.getKey());
    int64_t heads = typeOf(q).getDimSize(head), kvHeads = typeOf(op.getKey()).getDimSize(head);
    bool isGrouped = heads != kvHeads;
    if (isGrouped) {
      rows[head] = e.index(kvHeads);
      rows[row] = e.times(shape[row], heads / kvHeads);
    }
    auto group = [&](Value v, OpFoldResult last) {
      SmallVector<OpFoldResult> sizes = rows;
      sizes.back() = last;
      return isGrouped ? e.reshape(v, sizes) : v;
    };
    auto ungroup = [&](Value v, OpFoldResult last) {
      SmallVector<OpFoldResult> sizes = shape;
      sizes.back() = last;
      return isGrouped ? e.reshape(v, sizes) : v;
    };
    if (double scale = op.getScale().convertToDouble(); scale != 1)
      q = e.binary(BinaryKind::Mul, q, e.number(scale, element));
    Value scores = MatMulOp::create(rewriter, loc, group(q, shape.back()), op.getKey(),
                                    /*transpose_rhs=*/true);
    scores = ungroup(scores, keys[row]);
    if (double cap = op.getSoftcap().convertToDouble(); cap > 0) {
      Value limit = e.number(cap, element);
      Value small = e.binary(BinaryKind::Div, scores, limit);
      small = UnaryOp::create(rewriter, loc, small.getType(), UnaryKind::Tanh, small);
      scores = e.binary(BinaryKind::Mul, small, limit);
    }
    if (op.getKeep())
      scores = SelectOp::create(rewriter, loc, op.getKeep(), scores,
                                e.number(op.getFill().convertToDouble(), element));
    if (op.getCausal()) {
      AffineExpr past = rewriter.getAffineSymbolExpr(0) - rewriter.getAffineSymbolExpr(1);
      Value ahead = e.asTensor(
          affine::makeComposedFoldedAffineApply(rewriter, loc, past, {keys[row], shape[row]}));
      Value last = e.binary(BinaryKind::Add, e.iota(shape[row], 0), ahead);
      Value sees = CompareOp::create(rewriter, loc, CompareKind::Le, e.iota(keys[row], 1), last);
      scores = SelectOp::create(rewriter, loc, sees, scores,
                                e.number(-std::numeric_limits<double>::infinity(), element));
    }
    if (op.getBias())
      scores = e.binary(BinaryKind::Add, scores, op.getBias());
    Value weights = SoftmaxOp::create(rewriter, loc, scores, rank - 1, /*log=*/false);
    Value result = MatMulOp::create(rewriter, loc, group(weights, keys[row]), op.getValue(), false);
    result = ungroup(result, dimOf(rewriter, loc, op.getValue(), rank - 1));
    replaceWith(rewriter, op, result);
    return success();
  }
};

struct ExpandAttentionPass final : impl::ExpandAttentionPassBase<ExpandAttentionPass> {
  using ExpandAttentionPassBase::ExpandAttentionPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<RopeOp, AttentionOp>(op))
        ops.push_back(op);
    });
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandRope, ExpandAttention>(&getContext());
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingOps);
    (void)applyOpPatternsGreedily(ops, std::move(patterns), config);
  }
};

} // namespace
} // namespace lpc::nn
