// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lp.int_softmax and lp.int_norm: reductions over rows, one root and one reciprocal a row, then a
// loop over elements. Integer multiplication, addition, shift and comparison only.
#include "Lowering.h"

#include "lpc/Numerics/IntegerNorm.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;
using mlir::utils::IteratorType;

namespace {

/// 64-bit integer arithmetic on scalars.
struct Scalars {
  OpBuilder &b;
  Location loc;

  Value c(int64_t v) { return intConstant(b, loc, b.getI64Type(), v); }
  Value wide(Value v) { return resizeSigned(b, loc, v, b.getI64Type()); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(b, loc, x, y); }
  Value shl(Value x, Value y) { return arith::ShLIOp::create(b, loc, x, y); }
  Value shrU(Value x, Value y) { return arith::ShRUIOp::create(b, loc, x, y); }
  Value shrS(Value x, Value y) { return arith::ShRSIOp::create(b, loc, x, y); }
  Value select(Value p, Value x, Value y) { return arith::SelectOp::create(b, loc, p, x, y); }
  Value less(Value x, Value y) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, y);
  }
  Value atLeastU(Value x, Value y) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, x, y);
  }
  Value leadingZeros(Value x) { return math::CountLeadingZerosOp::create(b, loc, x); }
  /// x + 2^(t-1) >> t.
  Value roundShift(Value x, Value t) {
    Value half = shl(c(1), sub(t, c(1)));
    return shrS(add(x, half), t);
  }

  /// num::reciprocal: floor(2^62 / d), 2^31 <= d < 2^32.
  Value reciprocal(Value d) {
    Value x = sub(c(6063483241), shrU(mul(d, c(4042322161)), c(32)));
    for (int step = 0; step < 3; ++step) {
      Value rest = sub(c(int64_t{1} << 32), shrU(mul(d, x), c(32)));
      x = shrU(mul(x, rest), c(31));
    }
    Value q = shrU(x, c(1));
    Value rest = sub(c(int64_t{1} << 62), mul(q, d));
    Value below = less(rest, c(0));
    q = select(below, sub(q, c(1)), q);
    rest = select(below, add(rest, d), rest);
    for (int step = 0; step < 2; ++step) {
      Value above = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, rest, d);
      q = select(above, add(q, c(1)), q);
      rest = select(above, sub(rest, d), rest);
    }
    return q;
  }

  /// num::isqrt of 64 unsigned bits.
  Value isqrt(Value v) {
    Value rest = v, root = c(0);
    for (int shift = 62; shift >= 0; shift -= 2) {
      Value bit = c(static_cast<int64_t>(uint64_t{1} << shift));
      Value trial = add(root, bit), fits = atLeastU(rest, trial);
      root = shrU(root, c(1));
      rest = select(fits, sub(rest, trial), rest);
      root = select(fits, add(root, bit), root);
    }
    return root;
  }
};

/// The integer value of a stored code, in 64 bits.
Value valueOf(OpBuilder &b, Location loc, Value code, const num::Format &format) {
  return emitImage(b, loc, code, format, Value(), Type(), b.getI64Type());
}

/// Sizes, loops and subscripts of rows along one axis.
struct Rows {
  MLIRContext *ctx;
  int64_t rank, axis;
  SmallVector<OpFoldResult> sizes, rowSizes;

  Rows(OpBuilder &b, Location loc, Value input, int64_t axis)
      : ctx(b.getContext()), rank(typeOf(input).getRank()), axis(axis),
        sizes(tensor::getMixedSizes(b, loc, input)), rowSizes(sizes) {
    rowSizes.erase(rowSizes.begin() + axis);
  }
  AffineMap elements() const { return AffineMap::getMultiDimIdentityMap(rank, ctx); }
  /// What belongs to a row, seen from its elements.
  AffineMap row() const {
    SmallVector<AffineExpr> exprs;
    for (int64_t i = 0; i < rank; ++i)
      if (i != axis)
        exprs.push_back(getAffineDimExpr(i, ctx));
    return AffineMap::get(rank, 0, exprs, ctx);
  }
  /// A vector along the axis.
  AffineMap along() const { return AffineMap::get(rank, 0, getAffineDimExpr(axis, ctx)); }
  AffineMap stretched(RankedTensorType type) const {
    SmallVector<AffineExpr> exprs;
    for (int64_t i = 0; i < rank; ++i)
      exprs.push_back(type.getDimSize(i) == 1 ? getAffineConstantExpr(0, ctx)
                                              : getAffineDimExpr(i, ctx));
    return AffineMap::get(rank, 0, exprs, ctx);
  }

  /// A reduction along the axis: body(elements..., accumulator).
  Value reduce(OpBuilder &b, Location loc, ValueRange operands, ArrayRef<AffineMap> maps,
               int64_t start, ScalarBody body) const {
    Value init = filledTensor(b, loc, rowSizes, intConstant(b, loc, b.getI64Type(), start));
    SmallVector<AffineMap> all(maps);
    all.push_back(row());
    SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
    iterators[axis] = IteratorType::reduction;
    return linalg::GenericOp::create(b, loc, init.getType(), operands, init, all, iterators,
                                     [&](OpBuilder &n, Location l, ValueRange args) {
                                       linalg::YieldOp::create(n, l, body(n, l, args));
                                     })
        .getResult(0);
  }
  Value perRow(OpBuilder &b, Location loc, Value operand, ScalarBody body) const {
    return elementwise(b, loc, rowSizes, b.getI64Type(), operand,
                       AffineMap::getMultiDimIdentityMap(rank - 1, ctx), body);
  }
};

struct LowerIntSoftmax : OpConversionPattern<lp::IntSoftmaxOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::IntSoftmaxOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    const num::Format &from = *lp::formatOf(op.getInput().getType()),
                      &to = *lp::formatOf(op.getType());
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    Rows rows(rewriter, loc, adaptor.getInput(), op.getAxis());
    SmallVector<Value> operands = {adaptor.getInput()};
    SmallVector<AffineMap> maps = {rows.elements()};
    if (Value mask = adaptor.getMask()) {
      operands.push_back(mask);
      maps.push_back(rows.stretched(typeOf(mask)));
    }
    const bool masked = operands.size() == 2;
    // Below every code, so that a row without any element has this maximum.
    const int64_t none = -(int64_t{1} << 20);
    Value top = rows.reduce(
        rewriter, loc, operands, maps, none, [&](OpBuilder &b, Location l, ValueRange args) {
          Value q = valueOf(b, l, args[0], from);
          if (masked)
            q = arith::SelectOp::create(b, l, args[1], q, intConstant(b, l, b.getI64Type(), none));
          return arith::MaxSIOp::create(b, l, q, args.back()).getResult();
        });

    Value table = adaptor.getTable();
    operands.push_back(top);
    maps.push_back(rows.row());
    Value e = elementwise(rewriter, loc, rows.sizes, rewriter.getI64Type(), operands, maps,
                          [&](OpBuilder &b, Location l, ValueRange args) {
                            Scalars s{b, l};
                            Value difference = s.sub(args.back(), valueOf(b, l, args[0], from));
                            // A masked element may lie above the maximum: it reads any entry.
                            if (masked)
                              difference = s.select(args[1], difference, s.c(0));
                            Value at =
                                arith::IndexCastOp::create(b, l, b.getIndexType(), difference);
                            Value entry = tensor::ExtractOp::create(b, l, table, at);
                            Value wide = arith::ExtUIOp::create(b, l, b.getI64Type(), entry);
                            return masked ? s.select(args[1], wide, s.c(0)) : wide;
                          });
    Value sum = rows.reduce(rewriter, loc, e, rows.elements(), 0,
                            [&](OpBuilder &b, Location l, ValueRange args) {
                              return arith::AddIOp::create(b, l, args[0], args[1]).getResult();
                            });
    // A row without elements divides by 1 instead of 0.
    sum = rows.perRow(rewriter, loc, sum, [&](OpBuilder &b, Location l, ValueRange args) {
      return arith::MaxSIOp::create(b, l, args[0], intConstant(b, l, b.getI64Type(), 1))
          .getResult();
    });
    Value factor = rows.perRow(rewriter, loc, sum, [&](OpBuilder &b, Location l, ValueRange args) {
      Scalars s{b, l};
      // b = 63 - zeros: S << (31 - b).
      Value up = s.sub(s.leadingZeros(args[0]), s.c(32));
      return s.reciprocal(s.shl(args[0], up));
    });
    const auto fraction = static_cast<int64_t>(op.getFraction());
    Value shift = rows.perRow(rewriter, loc, sum, [&](OpBuilder &b, Location l, ValueRange args) {
      Scalars s{b, l};
      return s.sub(s.c(31 + 63 - fraction), s.leadingZeros(args[0]));
    });
    AffineMap all[] = {rows.elements(), rows.row(), rows.row()};
    Value y =
        elementwise(rewriter, loc, rows.sizes, type.getElementType(), ValueRange{e, factor, shift},
                    all, [&](OpBuilder &b, Location l, ValueRange args) {
                      Scalars s{b, l};
                      Value v = s.roundShift(s.mul(args[0], args[1]), args[2]);
                      v = arith::MinSIOp::create(b, l, v, s.c(static_cast<int64_t>(to.max())));
                      return resizeSigned(b, l, v, type.getElementType());
                    });
    rewriter.replaceOp(op, castShape(rewriter, loc, y, type));
    return success();
  }
};

struct LowerIntNorm : OpConversionPattern<lp::IntNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(lp::IntNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    const num::Format &from = *lp::formatOf(op.getInput().getType()),
                      &to = *lp::formatOf(op.getType());
    auto type = cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    Rows rows(rewriter, loc, adaptor.getInput(), typeOf(adaptor.getInput()).getRank() - 1);
    const int64_t n = typeOf(adaptor.getInput()).getShape().back();
    const bool layer = op.getKind() == lp::NormKind::Layer;

    SmallVector<Value> operands = {adaptor.getInput()};
    SmallVector<AffineMap> maps = {rows.elements()};
    if (layer) {
      operands.push_back(rows.reduce(
          rewriter, loc, operands, maps, 0, [&](OpBuilder &b, Location l, ValueRange args) {
            return arith::AddIOp::create(b, l, valueOf(b, l, args[0], from), args[1]).getResult();
          }));
      maps.push_back(rows.row());
    }
    auto difference = [&](Scalars s, ValueRange args) {
      Value q = valueOf(s.b, s.loc, args[0], from);
      return layer ? s.sub(s.mul(q, s.c(n)), args[1])
                   : s.sub(q, s.c(static_cast<int64_t>(op.getZeroIn())));
    };
    Value v = rows.reduce(rewriter, loc, operands, maps, static_cast<int64_t>(op.getEpsilon()),
                          [&](OpBuilder &b, Location l, ValueRange args) {
                            Scalars s{b, l};
                            Value d = difference(s, args);
                            return s.add(args.back(), s.mul(d, d));
                          });
    auto halfZeros = [](Scalars s, Value x) { return s.shrU(s.leadingZeros(x), s.c(1)); };
    Value factor = rows.perRow(rewriter, loc, v, [&](OpBuilder &b, Location l, ValueRange args) {
      Scalars s{b, l};
      Value twice = s.shl(halfZeros(s, args[0]), s.c(1));
      return s.reciprocal(s.isqrt(s.shl(args[0], twice)));
    });
    Value shift = rows.perRow(rewriter, loc, v, [&](OpBuilder &b, Location l, ValueRange args) {
      Scalars s{b, l};
      return s.sub(s.c(38), halfZeros(s, args[0]));
    });
    operands.append({factor, shift, adaptor.getMultiplier(), adaptor.getBias()});
    maps.append({rows.row(), rows.row(), rows.along(), rows.along()});
    Value y =
        elementwise(rewriter, loc, rows.sizes, type.getElementType(), operands, maps,
                    [&](OpBuilder &b, Location l, ValueRange args) {
                      Scalars s{b, l};
                      const size_t at = args.size() - 4;
                      Value u = s.roundShift(s.mul(difference(s, args), args[at]), args[at + 1]);
                      Value scaled = s.add(s.mul(u, s.wide(args[at + 2])), args[at + 3]);
                      Value r = s.roundShift(scaled, s.c(static_cast<int64_t>(op.getShift())));
                      r = s.add(r, s.c(static_cast<int64_t>(op.getZeroPoint())));
                      r = arith::MaxSIOp::create(b, l, r, s.c(static_cast<int64_t>(to.lowest())));
                      r = arith::MinSIOp::create(b, l, r, s.c(static_cast<int64_t>(to.max())));
                      return resizeSigned(b, l, r, type.getElementType());
                    });
    rewriter.replaceOp(op, castShape(rewriter, loc, y, type));
    return success();
  }
};

} // namespace

void lp_to_linalg::populateIntegerRows(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerIntSoftmax, LowerIntNorm>(converter, patterns.getContext());
}
