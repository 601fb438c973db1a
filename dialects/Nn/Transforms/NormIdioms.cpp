// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises norms. First the root mean square of any value, then its special case of a value without
// its mean, then gains and shifts, each step on its own.
#include "Idioms.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn;

namespace {

/// A mean over the last axes, from `axis` on, that keeps them.
struct Mean {
  Value input;
  int64_t axis;
};

std::optional<Mean> trailingAxes(ReduceOp op) {
  int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();
  ArrayRef<int64_t> axes = op.getAxes();
  if (axes.empty() || !op.getKeepDims() || axes.front() != rank - static_cast<int64_t>(axes.size()))
    return std::nullopt;
  return Mean{op.getInput(), axes.front()};
}

/// mean(x), or sum(x) divided by the number of elements.
std::optional<Mean> meanOf(Value v) {
  auto op = v.getDefiningOp<ReduceOp>();
  if (op && op.getKind() == ReduceKind::Mean)
    return trailingAxes(op);
  auto scaled = v.getDefiningOp<BinaryOp>();
  if (!scaled || (scaled.getKind() != BinaryKind::Div && scaled.getKind() != BinaryKind::Mul))
    return std::nullopt;
  bool isDiv = scaled.getKind() == BinaryKind::Div;
  for (auto [sum, number] : orders(scaled)) {
    op = sum.getDefiningOp<ReduceOp>();
    std::optional<double> by = scalarOf(number);
    if (!op || op.getKind() != ReduceKind::Sum || !by || (isDiv && sum != scaled.getLhs()))
      continue;
    std::optional<Mean> mean = trailingAxes(op);
    auto type = cast<RankedTensorType>(op.getInput().getType());
    double count = 1;
    for (int64_t d : type.getShape().drop_front(mean ? mean->axis : 0))
      count *= ShapedType::isDynamic(d) ? 0 : d;
    if (mean && count && isAbout(*by, isDiv ? count : 1 / count, v))
      return mean;
  }
  return std::nullopt;
}

Value squareRootArgument(Value v) {
  if (auto root = unaryOf(v, UnaryKind::Sqrt))
    return root.getInput();
  if (auto root = binaryOf(v, BinaryKind::Pow); root && scalarOf(root.getRhs()) == 0.5)
    return root.getLhs();
  return nullptr;
}

/// u where v = 1 / sqrt(u).
Value inverseRootArgument(Value v) {
  if (auto root = unaryOf(v, UnaryKind::Rsqrt))
    return root.getInput();
  if (auto inverse = unaryOf(v, UnaryKind::Reciprocal))
    return squareRootArgument(inverse.getInput());
  if (auto quotient = binaryOf(v, BinaryKind::Div); quotient && scalarOf(quotient.getLhs()) == 1.0)
    return squareRootArgument(quotient.getRhs());
  if (auto root = binaryOf(v, BinaryKind::Pow); root && scalarOf(root.getRhs()) == -0.5)
    return root.getLhs();
  return nullptr;
}

/// u = mean(input^2) + epsilon.
struct MeanSquare {
  Value input;
  int64_t axis;
  double epsilon;
};

std::optional<MeanSquare> meanSquareOf(Value u) {
  double epsilon = 0;
  if (auto sum = binaryOf(u, BinaryKind::Add))
    for (auto [rest, number] : orders(sum))
      if (std::optional<double> e = scalarOf(number)) {
        epsilon = *e;
        u = rest;
        break;
      }
  std::optional<Mean> mean = meanOf(u);
  auto square = mean ? mean->input.getDefiningOp<BinaryOp>() : BinaryOp();
  if (!square || epsilon < 0)
    return std::nullopt;
  bool isSquare = (square.getKind() == BinaryKind::Mul && square.getLhs() == square.getRhs()) ||
                  (square.getKind() == BinaryKind::Pow && scalarOf(square.getRhs()) == 2.0);
  if (!isSquare)
    return std::nullopt;
  return MeanSquare{square.getLhs(), mean->axis, epsilon};
}

/// -d where d = x - y is y - x, else v itself.
bool isSameOrOpposite(Value a, Value b) {
  if (a == b)
    return true;
  auto left = binaryOf(a, BinaryKind::Sub), right = binaryOf(b, BinaryKind::Sub);
  return left && right && left.getLhs() == right.getRhs() && left.getRhs() == right.getLhs();
}

/// A constant that runs along the normalized axes only.
bool isParameter(Value v, Value normalized, int64_t axis) {
  if (auto cast = v.getDefiningOp<CastOp>())
    v = cast.getInput();
  if (!v.getDefiningOp<ConstantOp>())
    return false;
  auto type = cast<RankedTensorType>(v.getType());
  int64_t rank = cast<RankedTensorType>(normalized.getType()).getRank();
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (i + rank - type.getRank() < axis && type.getDimSize(i) != 1)
      return false;
  return true;
}

/// x * (1 / sqrt(mean(x^2) + e)), x / sqrt(mean(x^2) + e)  =>  rms_norm(x)
struct RaiseRMSNorm : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    for (auto [x, factor] : orders(op)) {
      Value u;
      if (op.getKind() == BinaryKind::Mul)
        u = inverseRootArgument(factor);
      else if (op.getKind() == BinaryKind::Div && x == op.getLhs())
        u = squareRootArgument(factor);
      std::optional<MeanSquare> square = u ? meanSquareOf(u) : std::nullopt;
      if (!square || !isSameOrOpposite(square->input, x) || x.getType() != op.getType())
        continue;
      rewriter.replaceOpWithNewOp<RMSNormOp>(op, op.getType(), x, Value(), square->axis,
                                             APFloat(square->epsilon));
      return success();
    }
    return rewriter.notifyMatchFailure(op, "is no value divided by its root mean square");
  }
};

/// x * (gain / sqrt(mean(x^2) + e))  =>  rms_norm(x, gain)
struct RaiseRMSNormWithGain : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::Mul)
      return rewriter.notifyMatchFailure(op, "is no product");
    for (auto [x, factor] : orders(op)) {
      auto inner = binaryOf(factor, BinaryKind::Mul);
      if (!inner || x.getType() != op.getType())
        continue;
      for (auto [inverse, gain] : orders(inner)) {
        Value u = inverseRootArgument(inverse);
        std::optional<MeanSquare> square = u ? meanSquareOf(u) : std::nullopt;
        if (!square || !isSameOrOpposite(square->input, x) || !isParameter(gain, x, square->axis))
          continue;
        rewriter.replaceOpWithNewOp<RMSNormOp>(op, op.getType(), x, gain, square->axis,
                                               APFloat(square->epsilon));
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "is no value times a gain over its root mean square");
  }
};

/// What is left of a value when its mean over the axes from `axis` on is taken away, or null.
Value withoutMean(Value v, int64_t axis) {
  auto difference = binaryOf(v, BinaryKind::Sub);
  std::optional<Mean> mean = difference ? meanOf(difference.getRhs()) : std::nullopt;
  bool isOwn = mean && mean->axis == axis && mean->input == difference.getLhs();
  return isOwn ? difference.getLhs() : Value();
}

/// rms_norm(x - mean(x))  =>  layer_norm(x)
struct RaiseLayerNorm : OpRewritePattern<RMSNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RMSNormOp op, PatternRewriter &rewriter) const override {
    Value x = withoutMean(op.getInput(), op.getAxis());
    if (!x || x.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "operand is no value without its mean");
    rewriter.replaceOpWithNewOp<LayerNormOp>(op, op.getType(), x, op.getScale(), Value(),
                                             op.getAxis(), op.getEpsilon());
    return success();
  }
};

/// The variance of a value as mean(x^2) - mean(x)^2, plus epsilon.
std::optional<MeanSquare> fastVarianceOf(Value u) {
  double epsilon = 0;
  if (auto sum = binaryOf(u, BinaryKind::Add))
    for (auto [rest, number] : orders(sum))
      if (std::optional<double> e = scalarOf(number)) {
        epsilon = *e;
        u = rest;
        break;
      }
  // Where rounding could make it negative, exporters cut it off at 0.
  if (auto top = binaryOf(u, BinaryKind::Max))
    for (auto [rest, zero] : orders(top))
      if (scalarOf(zero) == 0.0) {
        u = rest;
        break;
      }
  if (auto relu = unaryOf(u, UnaryKind::Relu))
    u = relu.getInput();
  auto difference = binaryOf(u, BinaryKind::Sub);
  std::optional<MeanSquare> square = difference ? meanSquareOf(difference.getLhs()) : std::nullopt;
  auto power = difference ? difference.getRhs().getDefiningOp<BinaryOp>() : BinaryOp();
  bool isSquare =
      power && ((power.getKind() == BinaryKind::Mul && power.getLhs() == power.getRhs()) ||
                (power.getKind() == BinaryKind::Pow && scalarOf(power.getRhs()) == 2.0));
  std::optional<Mean> mean = isSquare ? meanOf(power.getLhs()) : std::nullopt;
  if (!square || !mean || square->epsilon != 0 || epsilon < 0 || mean->input != square->input ||
      mean->axis != square->axis)
    return std::nullopt;
  return MeanSquare{square->input, square->axis, epsilon};
}

/// (x - mean(x)) / sqrt(mean(x^2) - mean(x)^2 + e)  =>  layer_norm(x)
struct RaiseFastLayerNorm : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    for (auto [d, factor] : orders(op)) {
      SmallVector<std::pair<Value, Value>> splits{{factor, Value()}};
      if (auto inner = binaryOf(factor, BinaryKind::Mul))
        llvm::append_range(splits, orders(inner));
      for (auto [inverse, gain] : splits) {
        Value u;
        if (op.getKind() == BinaryKind::Mul)
          u = inverseRootArgument(inverse);
        else if (op.getKind() == BinaryKind::Div && d == op.getLhs() && !gain)
          u = squareRootArgument(inverse);
        std::optional<MeanSquare> square = u ? fastVarianceOf(u) : std::nullopt;
        Value x = square ? withoutMean(d, square->axis) : Value();
        if (!x || x != square->input || x.getType() != op.getType() ||
            (gain && !isParameter(gain, x, square->axis)))
          continue;
        rewriter.replaceOpWithNewOp<LayerNormOp>(op, op.getType(), x, gain, Value(), square->axis,
                                                 APFloat(square->epsilon));
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "is no centered value over a root of its variance");
  }
};

/// cast(norm(x)) kind parameter  =>  cast(norm(x) kind cast(parameter)): models in 16 bits
/// normalize in f32 and come back before the gain.
struct PullCastBehindParameter : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::Mul && op.getKind() != BinaryKind::Add)
      return rewriter.notifyMatchFailure(op, "is neither gain nor shift");
    for (auto [value, parameter] : orders(op)) {
      auto cast = value.getDefiningOp<CastOp>();
      Operation *norm = cast ? cast.getInput().getDefiningOp() : nullptr;
      if (!norm || !isa<RMSNormOp, LayerNormOp>(norm) || !cast->hasOneUse() ||
          !isa<FloatType>(getElementTypeOrSelf(op.getType())) || value.getType() != op.getType() ||
          getElementTypeOrSelf(op.getType()).getIntOrFloatBitWidth() < 16)
        continue;
      auto layer = dyn_cast<LayerNormOp>(norm);
      auto rms = dyn_cast<RMSNormOp>(norm);
      bool takes = op.getKind() == BinaryKind::Add
                       ? layer && !layer.getBias()
                       : (layer ? !layer.getScale() && !layer.getBias() : !rms.getScale());
      int64_t axis = layer ? layer.getAxis() : rms.getAxis();
      if (!takes || !isParameter(parameter, value, axis) || !parameter.getDefiningOp<ConstantOp>())
        continue;
      Value wide = cast.getInput();
      auto type = llvm::cast<RankedTensorType>(parameter.getType())
                      .clone(getElementTypeOrSelf(wide.getType()));
      Value widened = CastOp::create(rewriter, parameter.getLoc(), type, parameter, true);
      Value changed =
          BinaryOp::create(rewriter, op.getLoc(), wide.getType(), op.getKind(), wide, widened);
      rewriter.replaceOpWithNewOp<CastOp>(op, op.getType(), changed, cast.getSaturate());
      return success();
    }
    return rewriter.notifyMatchFailure(op, "is no parameter behind a cast norm");
  }
};

/// norm(x) * gain  =>  norm(x, gain)
template <typename NormOp> struct TakeGain : OpRewritePattern<BinaryOp> {
  using OpRewritePattern<BinaryOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::Mul)
      return rewriter.notifyMatchFailure(op, "is no product");
    for (auto [value, gain] : orders(op)) {
      auto norm = value.getDefiningOp<NormOp>();
      if (!norm || norm.getScale() || !norm->hasOneUse() || norm.getType() != op.getType() ||
          !isParameter(gain, value, norm.getAxis()))
        continue;
      if constexpr (std::is_same_v<NormOp, LayerNormOp>) {
        if (norm.getBias())
          continue;
        rewriter.replaceOpWithNewOp<NormOp>(op, op.getType(), norm.getInput(), gain, Value(),
                                            norm.getAxis(), norm.getEpsilon());
      } else {
        rewriter.replaceOpWithNewOp<NormOp>(op, op.getType(), norm.getInput(), gain, norm.getAxis(),
                                            norm.getEpsilon());
      }
      return success();
    }
    return rewriter.notifyMatchFailure(op, "is no norm times a constant of its own axes");
  }
};

/// layer_norm(x, gain) + shift  =>  layer_norm(x, gain, shift)
struct TakeShift : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::Add)
      return rewriter.notifyMatchFailure(op, "is no sum");
    for (auto [value, shift] : orders(op)) {
      auto norm = value.getDefiningOp<LayerNormOp>();
      if (!norm || norm.getBias() || !norm->hasOneUse() || norm.getType() != op.getType() ||
          !isParameter(shift, value, norm.getAxis()))
        continue;
      rewriter.replaceOpWithNewOp<LayerNormOp>(op, op.getType(), norm.getInput(), norm.getScale(),
                                               shift, norm.getAxis(), norm.getEpsilon());
      return success();
    }
    return rewriter.notifyMatchFailure(op, "is no layer norm plus a constant of its own axes");
  }
};

/// x*s + (shift - mean(x)*s), s = gain / sqrt(mean((x - mean(x))^2) + e)
///   =>  layer_norm(x, gain, shift)
struct RaiseAffineLayerNorm : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  /// x and s of x*s, where s is the inverse root of the variance of x times a constant gain.
  LogicalResult matchProduct(Value product, Value &x, Value &s, Value &gain,
                             MeanSquare &square) const {
    auto mul = binaryOf(product, BinaryKind::Mul);
    if (!mul)
      return failure();
    for (auto [value, factor] : orders(mul)) {
      SmallVector<std::pair<Value, Value>> splits{{factor, Value()}};
      if (auto inner = binaryOf(factor, BinaryKind::Mul))
        llvm::append_range(splits, orders(inner));
      for (auto [inverse, rest] : splits) {
        Value u = inverseRootArgument(inverse);
        std::optional<MeanSquare> found = u ? meanSquareOf(u) : std::nullopt;
        if (!found || withoutMean(found->input, found->axis) != value ||
            (rest && !isParameter(rest, value, found->axis)))
          continue;
        x = value, s = factor, gain = rest, square = *found;
        return success();
      }
    }
    return failure();
  }

  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::Add)
      return rewriter.notifyMatchFailure(op, "is no sum");
    for (auto [product, rest] : orders(op)) {
      Value x, s, gain;
      MeanSquare square;
      if (failed(matchProduct(product, x, s, gain, square)) || x.getType() != op.getType())
        continue;
      auto difference = binaryOf(rest, BinaryKind::Sub);
      auto shifted = difference ? binaryOf(difference.getRhs(), BinaryKind::Mul) : BinaryOp();
      if (!shifted || !isParameter(difference.getLhs(), x, square.axis))
        continue;
      for (auto [mean, factor] : orders(shifted)) {
        std::optional<Mean> found = meanOf(mean);
        if (factor != s || !found || found->input != x || found->axis != square.axis)
          continue;
        rewriter.replaceOpWithNewOp<LayerNormOp>(op, op.getType(), x, gain, difference.getLhs(),
                                                 square.axis, APFloat(square.epsilon));
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "is no scaled value plus a shift");
  }
};

} // namespace

void nn::populateNormIdioms(RewritePatternSet &patterns) {
  patterns.add<RaiseRMSNorm, RaiseRMSNormWithGain, RaiseLayerNorm, RaiseFastLayerNorm,
               PullCastBehindParameter, TakeGain<RMSNormOp>, TakeGain<LayerNormOp>, TakeShift,
               RaiseAffineLayerNorm>(patterns.getContext());
}
