// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nn.rotate in its fixed order of additions: dense factors as chains of fused multiply-adds, the
// Walsh matrix as packed.hadamard. math.fma instead of a product and a sum keeps the loops from
// being taken for a contraction, whose sums may be formed in any order.
#include "Lowering.h"
#include "PopulatePatterns.h"

#include "dialects/Packed/IR/Packed.h"
#include "lpc/Numerics/Hadamard.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;
using mlir::utils::IteratorType;

namespace {

/// The tensor as [outer, n, after], and the way back.
class ThreeAxes {
public:
  ThreeAxes(OpBuilder &b, Location loc, Value v, int64_t axis) : loc(loc) {
    int64_t rank = tensorTypeOf(v).getRank();
    if (axis == 0)
      units.push_back(0);
    if (axis == rank - 1)
      units.push_back(rank + units.size());
    axis += axis == 0;
    full = insertUnitAxes(b, loc, v, units, rank + units.size());
    groups.resize(3);
    for (int64_t i = 0, e = rank + units.size(); i < e; ++i)
      groups[i < axis ? 0 : i == axis ? 1 : 2].push_back(i);
    flat = full;
    if (tensorTypeOf(full).getRank() > 3)
      flat = tensor::CollapseShapeOp::create(b, loc, full, groups);
  }

  Value get() const { return flat; }

  /// `v`, which has the shape of get(), in the shape of the tensor.
  Value back(OpBuilder &b, Value v) const {
    RankedTensorType type = tensorTypeOf(full).clone(elementOf(v));
    if (type.getRank() > 3)
      v = expandShape(b, loc, type, v, groups, tensor::getMixedSizes(b, loc, full));
    if (units.empty())
      return v;
    // Each unit axis joins a neighbour; a tensor of rank 1 is one group.
    SmallVector<ReassociationIndices> joined;
    int64_t rank = type.getRank(), kept = rank - units.size();
    bool first = units.front() == 0;
    for (int64_t i = 0; i < kept; ++i)
      joined.push_back({i + first});
    if (first)
      joined.front().insert(joined.front().begin(), 0);
    if (units.back() == rank - 1)
      joined.back().push_back(rank - 1);
    return tensor::CollapseShapeOp::create(b, loc, v, joined);
  }

private:
  Location loc;
  Value full, flat;
  SmallVector<int64_t> units;
  SmallVector<ReassociationIndices> groups;
};

struct LowerRotate : Lowering<nn::RotateOp> {
  using Lowering::Lowering;

  /// x * signs where there are signs, converted to `to`.
  Value convert(OpBuilder &b, Location loc, Value x, Value signs, Type element, bool back) const {
    FloatType real = computeType(element);
    auto type = tensorTypeOf(x).clone(back ? storageType(element) : Type(real));
    SmallVector<Value> operands = {x};
    if (signs)
      operands.push_back(insertUnitAxes(b, loc, signs, {1}, 2));
    return pointwise(b, loc, type, tensor::getMixedSizes(b, loc, x), operands,
                     [&](OpBuilder &nb, Location l, ValueRange args) -> Value {
                       Value v = back ? args[0] : toCompute(nb, l, args[0], element);
                       if (signs)
                         v = arith::MulFOp::create(nb, l, v, toCompute(nb, l, args[1], element));
                       return back ? fromCompute(nb, l, v, element) : v;
                     });
  }

  /// (I (x) A (x) I_step) x along the middle axis, `entries` [k, j] being A' (with `isTransposed`
  /// A).
  Value multiply(OpBuilder &b, Location loc, Value x, Value entries, bool isTransposed,
                 int64_t step) const {
    RankedTensorType from = tensorTypeOf(x);
    int64_t n = from.getDimSize(1), m = tensorTypeOf(entries).getDimSize(0),
            after = from.getDimSize(2);
    bool isLine = step == 1 && after == 1;
    SmallVector<OpFoldResult> own = tensor::getMixedSizes(b, loc, x);
    // [outer, n / (m step), m, step, after], the last two as one, or none.
    SmallVector<int64_t> shape = {from.getDimSize(0), n / (m * step), m, step, after};
    SmallVector<OpFoldResult> sizes = {own[0], b.getIndexAttr(shape[1]), b.getIndexAttr(m),
                                       b.getIndexAttr(step), own[2]};
    SmallVector<ReassociationIndices> split = {{0}, {1, 2, 3}, {4}}, join = {{0}, {1}, {2}, {3, 4}};
    if (isLine)
      join = {{0}, {1}, {2, 3, 4}};
    auto wide = RankedTensorType::get(shape, from.getElementType());
    x = tensor::CollapseShapeOp::create(b, loc, expandShape(b, loc, wide, x, split, sizes), join);
    Type element = from.getElementType();
    if (isLine && isTransposed) {
      // Along a line the entries of one k have to be neighbours.
      auto square = tensorTypeOf(entries);
      Value empty = tensor::EmptyOp::create(b, loc, square.getShape(), element);
      entries = linalg::TransposeOp::create(b, loc, entries, empty, ArrayRef<int64_t>{1, 0})
                    ->getResult(0);
      isTransposed = false;
    }
    RankedTensorType type = tensorTypeOf(x);
    Value init = filledTensor(b, loc, type, tensor::getMixedSizes(b, loc, x),
                              floatConstant(b, loc, element, 0));
    MLIRContext *ctx = b.getContext();
    auto d = [&](unsigned i) { return getAffineDimExpr(i, ctx); };
    unsigned loops = type.getRank() + 1, k = loops - 1;
    SmallVector<AffineExpr> in = {d(0), d(1), d(k)}, out = {d(0), d(1), d(2)};
    if (!isLine) {
      in.push_back(d(3));
      out.push_back(d(3));
    }
    SmallVector<AffineExpr> at = {isTransposed ? d(2) : d(k), isTransposed ? d(k) : d(2)};
    SmallVector<AffineMap> maps = {AffineMap::get(loops, 0, in, ctx),
                                   AffineMap::get(loops, 0, at, ctx),
                                   AffineMap::get(loops, 0, out, ctx)};
    SmallVector<IteratorType> iterators(loops, IteratorType::parallel);
    iterators[k] = IteratorType::reduction;
    Value y = linalg::GenericOp::create(b, loc, type, ValueRange{x, entries}, init, maps, iterators,
                                        [&](OpBuilder &nb, Location l, ValueRange args) {
                                          Value v =
                                              math::FmaOp::create(nb, l, args[0], args[1], args[2]);
                                          linalg::YieldOp::create(nb, l, v);
                                        })
                  .getResult(0);
    y = expandShape(b, loc, wide, y, join, sizes);
    return tensor::CollapseShapeOp::create(b, loc, y, split);
  }

  /// The core as a constant [k, j].
  static Value coreOf(OpBuilder &b, Location loc, const num::Hadamard &h, bool inverse,
                      FloatType real) {
    int64_t c = h.coreOrder();
    SmallVector<Attribute> entries;
    for (int64_t k = 0; k < c; ++k)
      for (int64_t j = 0; j < c; ++j)
        entries.push_back(b.getFloatAttr(real, inverse ? h.at(k, j) : h.at(j, k)));
    auto type = RankedTensorType::get({c, c}, real);
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, entries));
  }

  LogicalResult matchAndRewrite(nn::RotateOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = elementOf(op.getInput());
    FloatType real = computeType(element);
    num::Hadamard hadamard = *num::Hadamard::ofOrder(op.getOrder());
    bool inverse = op.getInverse();
    ThreeAxes axes(rewriter, loc, adaptor.getInput(), op.getAxis());
    Value x = convert(rewriter, loc, axes.get(), inverse ? Value() : adaptor.getSigns(), element,
                      /*back=*/false);
    int64_t step = op.getInner();
    if (Value matrix = adaptor.getMatrix()) {
      if (elementOf(matrix) != real) {
        auto type = tensorTypeOf(matrix).clone(real);
        matrix = pointwise(rewriter, loc, type, tensor::getMixedSizes(rewriter, loc, matrix),
                           matrix, [&](OpBuilder &b, Location l, ValueRange args) {
                             return toCompute(b, l, args[0], element);
                           });
      }
      x = multiply(rewriter, loc, x, matrix, /*isTransposed=*/!inverse, step);
      step *= tensorTypeOf(matrix).getDimSize(0);
    }
    if (hadamard.coreOrder() > 1)
      x = multiply(rewriter, loc, x, coreOf(rewriter, loc, hadamard, inverse, real),
                   /*isTransposed=*/false, step);
    double scale = 1 / std::sqrt(static_cast<double>(op.getOrder()));
    RankedTensorType type = tensorTypeOf(x);
    if (int64_t stages = llvm::Log2_64(hadamard.walshOrder()))
      x = packed::HadamardOp::create(rewriter, loc, TypeRange{type}, x, stages,
                                     step * hadamard.coreOrder(), APFloat(scale))
              .getResult(0);
    else if (op.getOrder() > 1)
      x = pointwise(rewriter, loc, type, tensor::getMixedSizes(rewriter, loc, x), x,
                    [&](OpBuilder &b, Location l, ValueRange args) -> Value {
                      return arith::MulFOp::create(b, l, args[0], floatConstant(b, l, real, scale));
                    });
    if (element != real || (inverse && adaptor.getSigns()))
      x = convert(rewriter, loc, x, inverse ? adaptor.getSigns() : Value(), element, /*back=*/true);
    replace(op, axes.back(rewriter, x), rewriter);
    return success();
  }
};

} // namespace

void nn_to_linalg::populateRotate(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerRotate>(converter, patterns.getContext());
}
