// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises rotary embeddings. Three forms: halves or pairs that are turned and put together, a value
// and its half-rotated copy times tables of full size, and a part that stays behind a part that
// turns.
#include "Idioms.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn;

namespace {

RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
int64_t lastAxis(Value v) { return typeOf(v).getRank() - 1; }
int64_t lastSize(Value v) { return typeOf(v).getShape().back(); }

/// The type of v with another last size.
RankedTensorType resized(Value v, int64_t last) {
  SmallVector<int64_t> shape(typeOf(v).getShape());
  shape.back() = last;
  return typeOf(v).clone(shape);
}

/// A slice of the last axis alone.
struct Part {
  Value of;
  int64_t offset, count, stride;
};

std::optional<Part> sliceOfLastAxis(Value v) {
  auto slice = v.getDefiningOp<SliceOp>();
  if (!slice)
    return std::nullopt;
  for (int64_t i = 0; i < lastAxis(v); ++i) {
    bool wholeSize = typeOf(slice.getInput()).getDimSize(i) == typeOf(v).getDimSize(i);
    if (slice.getStaticOffsets()[i] != 0 || slice.getStaticStrides()[i] != 1 || !wholeSize)
      return std::nullopt;
    // An unknown size is whole if it is the size of the input.
    if (!ShapedType::isDynamic(typeOf(v).getDimSize(i)))
      continue;
    if (!isSizeOf(slice.getMixedSizes()[i], slice.getInput(), i))
      return std::nullopt;
  }
  int64_t offset = slice.getStaticOffsets().back(), count = slice.getStaticSizes().back(),
          stride = slice.getStaticStrides().back();
  if (ShapedType::isDynamic(offset) || ShapedType::isDynamic(count) || stride < 1)
    return std::nullopt;
  return Part{slice.getInput(), offset, count, stride};
}

/// Drops or adds a last dimension of 1: reshapes that leave all others alone.
Value withoutUnit(Value v) {
  auto reshape = v.getDefiningOp<ReshapeOp>();
  if (!reshape)
    return v;
  ArrayRef<int64_t> from = typeOf(reshape.getInput()).getShape(), to = typeOf(v).getShape();
  bool adds = to.size() == from.size() + 1 && to.back() == 1;
  bool drops = from.size() == to.size() + 1 && from.back() == 1;
  if (!adds && !drops)
    return v;
  ArrayRef<int64_t> longer = adds ? to : from, shorter = adds ? from : to;
  return longer.drop_back() == shorter && keepsFirst(reshape, reshape.getInput(), shorter.size())
             ? reshape.getInput()
             : v;
}

/// The part of a value that v is: a slice of the last axis, or one of the slices of [..., n, 2],
/// which is the last axis in pairs.
std::optional<Part> partOf(Value v) {
  std::optional<Part> part = sliceOfLastAxis(withoutUnit(v));
  if (!part)
    return std::nullopt;
  auto pairs = part->of.getDefiningOp<ReshapeOp>();
  if (!pairs || part->count != 1 || part->stride != 1)
    return part;
  ArrayRef<int64_t> from = typeOf(pairs.getInput()).getShape(), to = typeOf(part->of).getShape();
  if (from.empty() || to.size() != from.size() + 1 || to.back() != 2 ||
      ShapedType::isDynamic(from.back()) || from.back() != 2 * to.drop_back().back() ||
      from.drop_back() != to.drop_back(2) || !keepsFirst(pairs, pairs.getInput(), from.size() - 1))
    return part;
  return Part{pairs.getInput(), part->offset, from.back() / 2, 2};
}

/// sign * part * table
struct Term {
  bool isNegative;
  Value part, table;
};

Value withoutSign(Value v, bool &isNegative) {
  while (true) {
    if (auto neg = unaryOf(v, UnaryKind::Neg)) {
      isNegative = !isNegative;
      v = neg.getInput();
      continue;
    }
    auto product = binaryOf(v, BinaryKind::Mul);
    Value rest;
    if (product)
      for (auto [x, number] : orders(product))
        if (scalarOf(number) == -1.0)
          rest = x;
    if (!rest)
      return v;
    isNegative = !isNegative;
    v = rest;
  }
}

/// The two products that v adds or subtracts.
bool termsOf(Value v, std::array<BinaryOp, 2> &products, std::array<bool, 2> &signs) {
  auto sum = v.getDefiningOp<BinaryOp>();
  if (!sum || (sum.getKind() != BinaryKind::Add && sum.getKind() != BinaryKind::Sub))
    return false;
  signs = {false, sum.getKind() == BinaryKind::Sub};
  for (unsigned i : {0u, 1u}) {
    Value product = withoutSign(sum->getOperand(i), signs[i]);
    products[i] = binaryOf(product, BinaryKind::Mul);
    if (!products[i])
      return false;
  }
  return true;
}

/// What a sum multiplies with each of the parts a and b of x.
struct Turned {
  Value x;
  std::array<Term, 2> byPart; ///< of the first and second element of pairs
  int64_t pairs = 0;
  bool interleaved = false;
};

std::optional<Turned> turnedPart(Value v) {
  std::array<BinaryOp, 2> products;
  std::array<bool, 2> signs;
  if (!termsOf(v, products, signs))
    return std::nullopt;
  std::array<std::optional<Part>, 2> parts;
  std::array<Term, 2> terms;
  for (unsigned i : {0u, 1u})
    for (auto [part, table] : orders(products[i])) {
      std::optional<Part> found = partOf(part);
      // A table may be a slice as well: the other factor's type is the smaller one.
      if (!found || parts[i] || part.getType() != products[i].getType())
        continue;
      parts[i] = found;
      terms[i] = {signs[i], part, table};
    }
  if (!parts[0] || !parts[1] || parts[0]->of != parts[1]->of)
    return std::nullopt;
  if (parts[0]->offset > parts[1]->offset) {
    std::swap(parts[0], parts[1]);
    std::swap(terms[0], terms[1]);
  }
  int64_t n = parts[0]->count, stride = parts[0]->stride;
  if (parts[0]->offset != 0 || parts[1]->count != n || parts[1]->stride != stride ||
      parts[1]->offset != (stride == 1 ? n : 1) || (stride != 1 && stride != 2))
    return std::nullopt;
  return Turned{parts[0]->of, terms, n, stride == 2};
}

/// The table without its last dimension of 1, if the parts that it multiplies have one.
Value tableOf(PatternRewriter &b, Value table, bool isUnit) {
  if (!isUnit)
    return table;
  SmallVector<OpFoldResult> sizes = dimsOf(b, table.getLoc(), table);
  sizes.pop_back();
  return reshapeTo(b, table.getLoc(), table, sizes);
}

/// The rotation of type `type` whose two results are `real` and `imaginary`, or null.
Value makeRope(PatternRewriter &b, Location loc, Value real, Value imaginary, bool interleaved,
               Type type) {
  std::optional<Turned> first = turnedPart(real), second = turnedPart(imaginary);
  if (!first || !second || first->x != second->x || first->interleaved != second->interleaved ||
      first->interleaved != interleaved || first->pairs != second->pairs)
    return nullptr;
  auto [ac, bs] = first->byPart;
  auto [as, bc] = second->byPart;
  // a*c - b*s and b*c + a*s, or the same with -s.
  if (ac.table != bc.table || bs.table != as.table || ac.isNegative || bc.isNegative ||
      bs.isNegative == as.isNegative)
    return nullptr;
  Value x = first->x;
  // Parts [..., n, 1] of pairs go with tables [..., n, 1].
  bool isUnit = typeOf(ac.part).getRank() > typeOf(x).getRank();
  for (Value table : {ac.table, bs.table}) {
    int64_t size = typeOf(table).getRank() ? lastSize(table) : 1;
    int64_t wanted = isUnit ? 1 : first->pairs;
    bool fits = size == wanted && typeOf(table).getRank() >= (isUnit ? 2 : 1) &&
                (!isUnit || typeOf(table).getShape().drop_back().back() == first->pairs) &&
                typeOf(table).getRank() <= typeOf(x).getRank() + isUnit;
    if (!fits)
      return nullptr;
  }
  if (resized(x, 2 * first->pairs) != type)
    return nullptr;
  Value c = tableOf(b, ac.table, isUnit), s = tableOf(b, bs.table, isUnit);
  if (as.isNegative)
    s = UnaryOp::create(b, loc, s.getType(), UnaryKind::Neg, s);
  if (2 * first->pairs != lastSize(x)) {
    // What lies behind the pairs stays outside.
    SmallVector<OpFoldResult> offsets(typeOf(x).getRank(), b.getIndexAttr(0)),
        strides(typeOf(x).getRank(), b.getIndexAttr(1)), sizes = dimsOf(b, loc, x);
    sizes.back() = b.getIndexAttr(2 * first->pairs);
    x = SliceOp::create(b, loc, x, offsets, sizes, strides);
  }
  return RopeOp::create(b, loc, x.getType(), x, c, s, interleaved);
}

/// concat(a*c - b*s, b*c + a*s), a and b the halves of x  =>  rope(x)
struct RaiseSplitRope : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConcatOp op, PatternRewriter &rewriter) const override {
    if (static_cast<int64_t>(op.getAxis()) != lastAxis(op) || op.getInputs().size() < 2)
      return rewriter.notifyMatchFailure(op, "does not put halves together");
    ValueRange inputs = op.getInputs();
    int64_t size = lastSize(inputs[0]) + lastSize(inputs[1]);
    if (ShapedType::isDynamic(lastSize(inputs[0])) || ShapedType::isDynamic(lastSize(inputs[1])))
      return rewriter.notifyMatchFailure(op, "has parts of unknown size");
    Value turned = makeRope(rewriter, op.getLoc(), inputs[0], inputs[1], /*interleaved=*/false,
                            resized(op, size));
    if (!turned)
      return rewriter.notifyMatchFailure(op, "the parts are no halves turned by angles");
    if (inputs.size() == 2) {
      rewriter.replaceOp(op, turned);
      return success();
    }
    SmallVector<Value> parts{turned};
    llvm::append_range(parts, inputs.drop_front(2));
    rewriter.replaceOpWithNewOp<ConcatOp>(op, op.getType(), parts, op.getAxis());
    return success();
  }
};

/// The two values whose pairs a reshape puts in rows of 2n: [..., n, 2] put together. Other
/// dimensions may change at the same time.
std::optional<std::pair<Value, Value>> pairsOf(ReshapeOp op) {
  auto concat = op.getInput().getDefiningOp<ConcatOp>();
  if (!concat || concat.getInputs().size() != 2 ||
      static_cast<int64_t>(concat.getAxis()) != lastAxis(concat) || lastSize(concat) != 2 ||
      lastAxis(concat) < 1)
    return std::nullopt;
  int64_t n = typeOf(concat).getShape().drop_back().back();
  if (ShapedType::isDynamic(n) || typeOf(op).getRank() < 1 || lastSize(op) != 2 * n)
    return std::nullopt;
  return std::pair(concat.getInputs()[0], concat.getInputs()[1]);
}

/// Pairs of a*c - b*s and b*c + a*s, a and b the elements of pairs of x  =>  rope(x)
struct RaisePairedRope : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto pairs = pairsOf(op);
    if (!pairs)
      return rewriter.notifyMatchFailure(op, "does not put pairs together");
    Value first = withoutUnit(pairs->first), second = withoutUnit(pairs->second);
    if (first == pairs->first || second == pairs->second)
      return rewriter.notifyMatchFailure(op, "the parts have no dimension of 1 behind them");
    Value turned = makeRope(rewriter, op.getLoc(), first, second, /*interleaved=*/true,
                            resized(first, lastSize(op)));
    if (!turned)
      return rewriter.notifyMatchFailure(op, "the parts are no pairs turned by angles");
    if (turned.getType() == op.getType() && keepsFirst(op, op.getInput(), lastAxis(op)))
      rewriter.replaceOp(op, turned);
    else
      rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), turned, op.getSizes());
    return success();
  }
};

/// Where v is x with its halves (or pairs) exchanged and one of them negated: (-b, a).
struct Quarter {
  Value x;
  bool interleaved, isNegative;
};

std::optional<Quarter> quarterTurn(Value v) {
  bool outer = false;
  v = withoutSign(v, outer);
  Value first, second;
  bool interleaved = false;
  if (auto concat = v.getDefiningOp<ConcatOp>()) {
    if (concat.getInputs().size() != 2 || static_cast<int64_t>(concat.getAxis()) != lastAxis(v))
      return std::nullopt;
    first = concat.getInputs()[0], second = concat.getInputs()[1];
  } else if (auto reshape = v.getDefiningOp<ReshapeOp>()) {
    auto pairs = pairsOf(reshape);
    if (!pairs || lastAxis(reshape.getInput()) != lastAxis(v) + 1 ||
        !keepsFirst(reshape, reshape.getInput(), lastAxis(v)))
      return std::nullopt;
    first = withoutUnit(pairs->first), second = withoutUnit(pairs->second);
    interleaved = true;
  } else {
    return std::nullopt;
  }
  bool firstSign = false, secondSign = false;
  std::optional<Part> b = partOf(withoutSign(first, firstSign)),
                      a = partOf(withoutSign(second, secondSign));
  if (!a || !b || a->of != b->of || firstSign == secondSign || a->count != b->count ||
      2 * a->count != lastSize(a->of) || a->stride != b->stride || a->offset != 0 ||
      a->stride != (interleaved ? 2 : 1) || b->offset != (interleaved ? 1 : a->count) ||
      a->of.getType() != v.getType())
    return std::nullopt;
  return Quarter{a->of, interleaved, secondSign != outer};
}

/// x*c + (-b, a)*s, every number of c and s twice  =>  rope(x)
struct RaiseRotateHalf : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    std::array<BinaryOp, 2> products;
    std::array<bool, 2> signs;
    if (!termsOf(op, products, signs))
      return rewriter.notifyMatchFailure(op, "is no sum of two products");
    for (unsigned i : {0u, 1u})
      for (auto [turned, sines] : orders(products[i])) {
        std::optional<Quarter> quarter = quarterTurn(turned);
        if (!quarter || quarter->x.getType() != op.getType() || signs[1 - i])
          continue;
        for (auto [x, cosines] : orders(products[1 - i])) {
          if (x != quarter->x || !fits(cosines, x) || !fits(sines, x) ||
              !holdsTwice(cosines, quarter->interleaved) ||
              !holdsTwice(sines, quarter->interleaved))
            continue;
          Value c = holdOnce(rewriter, cosines, quarter->interleaved);
          Value s = holdOnce(rewriter, sines, quarter->interleaved);
          if (signs[i] != quarter->isNegative)
            s = UnaryOp::create(rewriter, op.getLoc(), s.getType(), UnaryKind::Neg, s);
          rewriter.replaceOpWithNewOp<RopeOp>(op, op.getType(), x, c, s, quarter->interleaved);
          return success();
        }
      }
    return rewriter.notifyMatchFailure(op, "is no value plus its quarter turn");
  }

  static bool fits(Value table, Value x) {
    return typeOf(table).getRank() >= 1 && typeOf(table).getRank() <= typeOf(x).getRank() &&
           lastSize(table) == lastSize(x);
  }
};

/// concat(rope(the first elements of x), the rest of x)  =>  rope(x)
struct RaisePartialRope : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConcatOp op, PatternRewriter &rewriter) const override {
    auto rope = op.getInputs().front().getDefiningOp<RopeOp>();
    if (!rope || op.getInputs().size() != 2 || static_cast<int64_t>(op.getAxis()) != lastAxis(op))
      return rewriter.notifyMatchFailure(op, "does not put something behind a rotary embedding");
    std::optional<Part> first = sliceOfLastAxis(rope.getInput()),
                        rest = sliceOfLastAxis(op.getInputs()[1]);
    if (!first || !rest || first->of != rest->of || first->offset != 0 || first->stride != 1 ||
        rest->stride != 1 || rest->offset != first->count ||
        rest->offset + rest->count != lastSize(rest->of) || first->of.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "the parts are not the whole of one value");
    rewriter.replaceOpWithNewOp<RopeOp>(op, op.getType(), first->of, rope.getCosines(),
                                        rope.getSines(), rope.getInterleaved());
    return success();
  }
};

} // namespace

void nn::populateRotaryIdioms(RewritePatternSet &patterns) {
  patterns.add<RaiseSplitRope, RaisePairedRope, RaiseRotateHalf, RaisePartialRope>(
      patterns.getContext());
}
