// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises attention: softmax(scores) v, where the scores are a product of queries and keys behind
// any number of scales, a soft cap and masks. First everything is recognised, then the op is made.
#include "Idioms.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn;

namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

/// v, behind casts that do nothing to real numbers.
Value withoutCasts(Value v) {
  auto isReal = [](Value w) {
    auto type = dyn_cast<FloatType>(getElementTypeOrSelf(w.getType()));
    return type && type.getWidth() >= 16;
  };
  for (auto cast = v.getDefiningOp<CastOp>(); cast && isReal(v) && isReal(cast.getInput());
       cast = v.getDefiningOp<CastOp>())
    v = cast.getInput();
  return v;
}

/// x and c where v = c*x.
std::optional<std::pair<Value, double>> scaled(Value v) {
  auto op = v.getDefiningOp<BinaryOp>();
  if (!op)
    return std::nullopt;
  if (op.getKind() == BinaryKind::Div)
    if (std::optional<double> c = scalarOf(op.getRhs()); c && op.getLhs().getType() == v.getType())
      return std::pair(op.getLhs(), 1 / *c);
  if (op.getKind() == BinaryKind::Mul)
    for (auto [x, number] : orders(op))
      if (std::optional<double> c = scalarOf(number); c && x.getType() == v.getType())
        return std::pair(x, *c);
  return std::nullopt;
}

//===- masks
//---------------------------------------------------------------------------------------===//

/// Every number of a constant is 0 or 1.
bool holdsBits(ConstantOp constant) {
  auto isBit = [](auto x) { return x == 0 || x == 1; };
  if (auto dense = dyn_cast<DenseFPElementsAttr>(constant.getValue()))
    return llvm::all_of(dense.getValues<APFloat>(), [](const APFloat &x) {
      return x.isZero() || (x.convertToDouble() == 1.0);
    });
  auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
  if (!resource || !typeOf(constant).getElementType().isF32())
    return false;
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  return blob && llvm::all_of(blob->getDataAs<float>(), isBit);
}

/// A float that is 0 or 1 everywhere.
bool isBits(Value v, int depth = 8) {
  Operation *op = v.getDefiningOp();
  if (!op || depth == 0)
    return false;
  if (auto constant = dyn_cast<ConstantOp>(op))
    return isa<FloatType>(typeOf(v).getElementType()) && holdsBits(constant);
  if (auto cast = dyn_cast<CastOp>(op))
    return typeOf(cast.getInput()).getElementType().isInteger(1) ||
           isBits(cast.getInput(), depth - 1);
  if (isa<SliceOp, ReshapeOp, BroadcastOp, TransposeOp>(op))
    return isBits(op->getOperand(0), depth - 1);
  return false;
}

/// One step from the product to the softmax: a bias that is added, or a choice.
struct Mask {
  Value bias;              ///< added
  Value keep;              ///< i1, or floats that are 0 or 1
  bool isInverted = false; ///< true where the fill is taken
  double fill = 0;
  BroadcastOp repeat; ///< of the scores behind it, which repeats the mask as well
};

/// v before it is repeated to sizes that are unknown.
Value withoutRepeat(Value v) {
  for (auto repeat = v.getDefiningOp<BroadcastOp>();
       repeat && repeat.getInput().getType() == v.getType();
       repeat = v.getDefiningOp<BroadcastOp>())
    v = repeat.getInput();
  return v;
}

//===- scores
//--------------------------------------------------------------------------------------===//

/// A value as masked scores.
struct Scores {
  MatMulOp product;
  double scale = 1, softcap = 0;
  SmallVector<Mask> masks; ///< in the order in which they act
  BroadcastOp repeat;      ///< of the product, to sizes that an exporter could not prove equal
};

std::optional<Scores> scoresOf(Value v, int depth);

/// A broadcast that an exporter put where it could not prove sizes equal: types do not change.
BroadcastOp repeatOf(Value v) {
  auto repeat = v.getDefiningOp<BroadcastOp>();
  return repeat && repeat.getInput().getType() == v.getType() ? repeat : BroadcastOp();
}

void repeatAll(Scores &scores, BroadcastOp repeat) {
  scores.repeat = repeat;
  for (Mask &mask : scores.masks)
    mask.repeat = repeat;
}

std::optional<Scores> masked(Value scores, Mask mask, int depth) {
  std::optional<Scores> inner = scoresOf(scores, depth - 1);
  if (!inner)
    return std::nullopt;
  // Two choices need one number to fill with.
  if (mask.keep)
    for (const Mask &other : inner->masks)
      if (other.keep && other.fill != mask.fill)
        return std::nullopt;
  inner->masks.push_back(mask);
  return inner;
}

/// s*m + c*(1 - m) with m 0 or 1: the score where m is 1, c elsewhere.
std::optional<Scores> blended(BinaryOp sum, int depth) {
  bool isSub = sum.getKind() == BinaryKind::Sub;
  for (auto [product, rest] : orders(sum)) {
    BroadcastOp repeat = repeatOf(product);
    auto mul = binaryOf(repeat ? repeat.getInput() : product, BinaryKind::Mul);
    if (!mul || (isSub && product != sum.getLhs()))
      continue;
    for (auto [scores, m] : orders(mul)) {
      std::optional<Polynomial> p =
          isBits(m) ? polynomialIn(withoutRepeat(rest), withoutRepeat(m)) : std::nullopt;
      if (!p || (*p)[0] != -(*p)[1] || (*p)[2] != 0 || (*p)[3] != 0 ||
          scores.getType() != sum.getType())
        continue;
      Mask mask;
      mask.keep = m;
      mask.fill = isSub ? -(*p)[0] : (*p)[0];
      if (std::optional<Scores> found = masked(scores, mask, depth)) {
        if (repeat)
          repeatAll(*found, repeat);
        return found;
      }
    }
  }
  return std::nullopt;
}

std::optional<Scores> capped(Value v, int depth) {
  std::optional<std::pair<Value, double>> outer = scaled(v);
  auto tanh = outer ? unaryOf(outer->first, UnaryKind::Tanh) : UnaryOp();
  std::optional<Scores> inner =
      tanh && outer->second > 0 ? scoresOf(tanh.getInput(), depth - 1) : std::nullopt;
  if (!inner || inner->softcap != 0 || !inner->masks.empty())
    return std::nullopt;
  inner->softcap = outer->second;
  inner->scale *= outer->second;
  return inner;
}

std::optional<Scores> scoresOf(Value v, int depth) {
  v = withoutCasts(v);
  if (depth == 0)
    return std::nullopt;
  if (auto product = v.getDefiningOp<MatMulOp>())
    return Scores{product, 1, 0, {}, {}};
  if (BroadcastOp repeat = repeatOf(v)) {
    std::optional<Scores> inner = scoresOf(repeat.getInput(), depth - 1);
    if (inner)
      repeatAll(*inner, repeat);
    return inner;
  }
  if (auto select = v.getDefiningOp<SelectOp>()) {
    Mask mask;
    mask.keep = select.getCondition();
    for (bool isInverted : {false, true}) {
      std::optional<double> fill = scalarOf(isInverted ? select.getOnTrue() : select.getOnFalse());
      Value scores = isInverted ? select.getOnFalse() : select.getOnTrue();
      if (!fill || scores.getType() != v.getType())
        continue;
      mask.isInverted = isInverted;
      mask.fill = *fill;
      return masked(scores, mask, depth);
    }
    return std::nullopt;
  }
  if (std::optional<Scores> found = capped(v, depth))
    return found;
  if (std::optional<std::pair<Value, double>> times = scaled(v)) {
    std::optional<Scores> inner = scoresOf(times->first, depth - 1);
    if (!inner || inner->softcap != 0 || !inner->masks.empty())
      return std::nullopt;
    inner->scale *= times->second;
    return inner;
  }
  auto sum = v.getDefiningOp<BinaryOp>();
  if (!sum || (sum.getKind() != BinaryKind::Add && sum.getKind() != BinaryKind::Sub))
    return std::nullopt;
  if (std::optional<Scores> found = blended(sum, depth))
    return found;
  if (sum.getKind() == BinaryKind::Add)
    for (auto [scores, bias] : orders(sum)) {
      Mask mask;
      mask.bias = bias;
      if (scores.getType() == v.getType())
        if (std::optional<Scores> found = masked(scores, mask, depth))
          return found;
    }
  return std::nullopt;
}

//===- operands
//------------------------------------------------------------------------------------===//

SmallVector<int64_t> swapLast(ArrayRef<int64_t> order) {
  SmallVector<int64_t> swapped(order);
  std::swap(swapped.back(), swapped[swapped.size() - 2]);
  return swapped;
}

/// A factor of a product: `value`, or its transpose by `order`.
struct Factor {
  Value value;
  SmallVector<int64_t> order; ///< empty: as it is

  RankedTensorType type() const {
    if (order.empty())
      return typeOf(value);
    SmallVector<int64_t> shape;
    for (int64_t axis : order)
      shape.push_back(typeOf(value).getDimSize(axis));
    return typeOf(value).clone(shape);
  }
  Value make(PatternRewriter &b, Location loc) const {
    return order.empty() ? value : Value(TransposeOp::create(b, loc, value, order));
  }
};

/// v with its last two dimensions exchanged.
Factor transposed(Value v) {
  auto transpose = v.getDefiningOp<TransposeOp>();
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(v).getRank()));
  if (!transpose)
    return {v, swapLast(order)};
  SmallVector<int64_t> swapped = swapLast(transpose.getPermutation());
  return {transpose.getInput(), swapped == order ? SmallVector<int64_t>() : swapped};
}

/// Takes factors of a scalar out of a value, also from under a transpose.
Value withoutScale(Value v, double &scale) {
  v = withoutCasts(v);
  while (std::optional<std::pair<Value, double>> times = scaled(v)) {
    scale *= times->second;
    v = withoutCasts(times->first);
  }
  return v;
}

Factor keysOf(MatMulOp product, double &scale) {
  Value rhs = withoutScale(product.getRhs(), scale);
  Factor keys = product.getTransposeRhs() ? Factor{rhs, {}} : transposed(rhs);
  keys.value = withoutScale(keys.value, scale);
  return keys;
}

/// Heads that stand `times` in a row, once each: [b, g, s, d] => [b, g, 1, s, d] => [b, g, r, s, d]
/// => [b, g*r, s, d], taken back.
std::optional<std::pair<Value, int64_t>> withoutRepeats(Value v) {
  auto merge = v.getDefiningOp<ReshapeOp>();
  auto repeat = merge ? merge.getInput().getDefiningOp<BroadcastOp>() : BroadcastOp();
  auto open = repeat ? repeat.getInput().getDefiningOp<ReshapeOp>() : ReshapeOp();
  if (!open)
    return std::nullopt;
  Value x = open.getInput();
  int64_t rank = typeOf(v).getRank(), head = rank - 3;
  if (rank < 3 || typeOf(x).getRank() != rank || typeOf(repeat).getRank() != rank + 1 ||
      typeOf(open).getRank() != rank + 1)
    return std::nullopt;
  int64_t heads = typeOf(x).getDimSize(head), times = typeOf(repeat).getDimSize(head + 1);
  if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(times) ||
      typeOf(v).getDimSize(head) != heads * times || typeOf(open).getDimSize(head + 1) != 1)
    return std::nullopt;
  for (int64_t i = 0; i < rank; ++i) {
    int64_t wide = i <= head ? i : i + 1;
    if (!haveOneSize(x, i, open, wide) || !haveOneSize(open, wide, repeat, wide) ||
        (i != head && !haveOneSize(repeat, wide, v, i)))
      return std::nullopt;
  }
  return std::pair(x, times);
}

//===- the op
//--------------------------------------------------------------------------------------===//

/// softmax(masks(scale * q k')) v  =>  attention(q, k, v)
struct RaiseAttention : OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  /// Whether these are query, key and value of an attention.
  static bool fit(RankedTensorType q, RankedTensorType k, RankedTensorType v, Type result) {
    int64_t rank = q.getRank();
    if (rank < 3 || k.getRank() != rank || v.getRank() != rank ||
        cast<RankedTensorType>(result).getRank() != rank ||
        q.getElementType() != k.getElementType() || q.getElementType() != v.getElementType() ||
        q.getElementType() != getElementTypeOrSelf(result))
      return false;
    for (int64_t i = 0; i < rank - 3; ++i)
      if (q.getDimSize(i) != k.getDimSize(i) || q.getDimSize(i) != v.getDimSize(i))
        return false; // a batch that is repeated
    int64_t heads = q.getDimSize(rank - 3), kvHeads = k.getDimSize(rank - 3);
    bool isShared =
        heads == kvHeads || (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(kvHeads) &&
                             kvHeads > 0 && heads % kvHeads == 0);
    return isShared && kvHeads == v.getDimSize(rank - 3);
  }

  LogicalResult matchAndRewrite(MatMulOp op, PatternRewriter &rewriter) const override {
    auto softmax = withoutCasts(op.getLhs()).getDefiningOp<SoftmaxOp>();
    if (!softmax || softmax.getLog() ||
        static_cast<int64_t>(softmax.getAxis()) != typeOf(softmax).getRank() - 1)
      return rewriter.notifyMatchFailure(op, "the left factor is no softmax of rows");
    std::optional<Scores> scores = scoresOf(softmax.getInput(), 16);
    if (!scores)
      return rewriter.notifyMatchFailure(op, "the softmax is not over a product");
    double scale = scores->scale;
    Value q = withoutScale(scores->product.getLhs(), scale);
    Factor keys = keysOf(scores->product, scale);
    Factor values = op.getTransposeRhs() ? transposed(op.getRhs()) : Factor{op.getRhs(), {}};
    if (keys.order.empty() && values.order.empty()) {
      auto k = withoutRepeats(keys.value), v = withoutRepeats(values.value);
      if (k && v && k->second == v->second) {
        keys.value = k->first;
        values.value = v->first;
      }
    }
    // Sizes that the product of the whole has, but not that of queries: repeated batches.
    if (!fit(typeOf(q), keys.type(), values.type(), op.getType()))
      return rewriter.notifyMatchFailure(op, "operands are no queries, keys and values of heads");
    for (const Mask &mask : scores->masks)
      if (typeOf(mask.bias ? mask.bias : mask.keep).getRank() > typeOf(q).getRank())
        return rewriter.notifyMatchFailure(op, "a mask has more dimensions than the scores");

    Location loc = op.getLoc();
    Value k = keys.make(rewriter, loc), v = values.make(rewriter, loc);
    if (BroadcastOp repeat = scores->repeat) {
      q = repeated(rewriter, q, repeat, typeOf(q).getRank() - 2);
      k = repeated(rewriter, k, repeat, typeOf(q).getRank() - 1);
    }
    double fill = -std::numeric_limits<double>::infinity();
    auto [keep, bias] = makeMasks(rewriter, loc, *scores, typeOf(q).getElementType(), fill);
    rewriter.replaceOpWithNewOp<AttentionOp>(op, op.getType(), q, k, v, keep, bias, APFloat(scale),
                                             APFloat(scores->softcap), APFloat(fill),
                                             /*causal=*/false);
    return success();
  }

  /// Queries or keys, repeated as their scores are: `axis` of the scores runs along their rows.
  static Value repeated(PatternRewriter &b, Value x, BroadcastOp scores, int64_t axis) {
    int64_t rank = typeOf(x).getRank();
    SmallVector<Value> sizes;
    bool isSame = true;
    for (int64_t i = 0; i < rank; ++i) {
      if (!typeOf(x).isDynamicDim(i))
        continue;
      int64_t from = i == rank - 2 ? axis : i;
      OpFoldResult size = i == rank - 1 ? dimOf(b, x.getLoc(), x, i)
                                        : dimOf(b, x.getLoc(), scores.getOutput(), from);
      if (i != rank - 1)
        isSame &= haveOneSize(scores.getOutput(), from, x, i);
      sizes.push_back(getValueOrCreateConstantIndexOp(b, x.getLoc(), size));
    }
    return isSame ? x : Value(BroadcastOp::create(b, x.getLoc(), x.getType(), x, sizes));
  }

  static Value repeatedMask(PatternRewriter &b, Value mask, BroadcastOp scores) {
    if (!scores)
      return mask;
    SmallVector<Value> sizes;
    bool isSame = true;
    for (int64_t i = 0, rank = typeOf(mask).getRank(); i < rank; ++i) {
      if (!typeOf(mask).isDynamicDim(i))
        continue;
      int64_t from = i + typeOf(scores).getRank() - rank;
      isSame &= haveOneSize(scores.getOutput(), from, mask, i);
      sizes.push_back(getValueOrCreateConstantIndexOp(
          b, mask.getLoc(), dimOf(b, mask.getLoc(), scores.getOutput(), from)));
    }
    return isSame ? mask
                  : Value(BroadcastOp::create(b, mask.getLoc(), mask.getType(), mask, sizes));
  }

  /// All masks as one choice and, after it, one sum.
  static std::pair<Value, Value> makeMasks(PatternRewriter &b, Location loc, const Scores &scores,
                                           Type element, double &fill) {
    Value keep, bias;
    auto number = [&](double value, Type type) -> Value {
      auto scalar = RankedTensorType::get({}, type);
      return ConstantOp::create(b, loc, scalar,
                                DenseElementsAttr::get(scalar, b.getFloatAttr(type, value)));
    };
    for (const Mask &mask : scores.masks) {
      if (mask.bias) {
        Value more = repeatedMask(b, mask.bias, mask.repeat);
        if (typeOf(more).getElementType() != element)
          more = CastOp::create(b, loc, typeOf(more).clone(element), more, true);
        bias = bias ? Value(BinaryOp::create(b, loc, BinaryKind::Add, bias, more)) : more;
        continue;
      }
      Value chosen = repeatedMask(b, mask.keep, mask.repeat);
      Type type = typeOf(chosen).getElementType();
      if (isa<FloatType>(type))
        chosen = CompareOp::create(b, loc, CompareKind::Ne, chosen, number(0, type));
      if (mask.isInverted)
        chosen = UnaryOp::create(b, loc, chosen.getType(), UnaryKind::Not, chosen);
      // What was added before the choice counts where it chooses the score.
      if (bias)
        bias = SelectOp::create(b, loc, chosen, bias, number(0, element));
      keep = keep ? Value(BinaryOp::create(b, loc, BinaryKind::And, keep, chosen)) : chosen;
      fill = mask.fill;
    }
    return {keep, bias};
  }
};

} // namespace

void nn::populateAttentionIdioms(RewritePatternSet &patterns) {
  patterns.add<RaiseAttention>(patterns.getContext());
}
