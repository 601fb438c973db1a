// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// convert-lp-to-packed: products with constant weights become micro-kernel operations on packed
// bytes.
//
// The weight's integer images (zero points subtracted, fractions scaled away) are known here, so
// that their range picks the storage: 4 bits where they fit, 4 bits with a table of images for
// small minifloats, else 8 bits. The activations' images are i16, and sums of products modulo 2^32
// are the exact sums, as the accumulator is proved to fit. What does not fit stays with the generic
// path.
#include "dialects/Nn/IR/Nn.h"
#include "dialects/Packed/IR/Packed.h"
#include "lib/Conversion/LpToLinalg/Lowering.h"
#include "lpc/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace lpc {
#define GEN_PASS_DEF_CONVERTLPTOPACKEDPASS
#include "lpc/Conversion/Passes.h.inc"
} // namespace lpc

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;

namespace {

/// The codes of a constant: an lp.constant, or a builtin constant behind lp.bitcast.
std::optional<std::vector<uint16_t>> constantCodes(Value v) {
  if (auto constant = v.getDefiningOp<lp::ConstantOp>())
    return lp::readCodes(constant.getValue());
  auto bitcast = v.getDefiningOp<lp::BitcastOp>();
  ElementsAttr elements;
  if (!bitcast || !matchPattern(bitcast.getInput(), m_Constant(&elements)))
    return std::nullopt;
  auto type = elements.getElementType();
  int64_t count = elements.getNumElements();
  if (!type.isInteger(8))
    return std::nullopt;
  std::vector<uint16_t> codes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || static_cast<int64_t>(blob->getData().size()) < count)
      return std::nullopt;
    for (char byte : blob->getData().take_front(count))
      codes.push_back(static_cast<uint8_t>(byte));
    return codes;
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return std::nullopt;
  for (const APInt &value : dense.getValues<APInt>())
    codes.push_back(static_cast<uint16_t>(value.getZExtValue()));
  return codes;
}

int64_t imageOf(const num::Format &format, uint16_t code) {
  return static_cast<int64_t>(std::ldexp(format.decodeToDouble(code), format.fractionBits()));
}

/// A weight ready to be packed: values of a layout, and what they stand for.
struct Weight {
  int64_t depth, columns;
  packed::LayoutAttr layout;
  std::vector<int32_t> values; // images, or codes if there is a codebook
  SmallVector<int8_t> codebook;
  TypeAttr format; // the values are codes that the kernel decodes to f32
};

std::optional<Weight> readWeight(const Side &side, int64_t group) {
  RankedTensorType type = typeOf(side.data);
  MLIRContext *ctx = type.getContext();
  if (type.getRank() != 2 || !type.hasStaticShape() || type.getNumElements() == 0)
    return std::nullopt;
  const num::Format &format = *side.format();
  if (format.width() > 8 || format.imageBits() > 16 || format.hasNaN() || format.hasInf())
    return std::nullopt;
  std::optional<std::vector<uint16_t>> codes = constantCodes(side.data), zeros;
  if (!codes)
    return std::nullopt;
  Weight w{type.getDimSize(0), type.getDimSize(1), {}, {}, {}, {}};
  SmallVector<int64_t> zeroShape;
  if (side.zeroPoint) {
    zeros = constantCodes(side.zeroPoint);
    if (!zeros || !lp::formatOf(side.zeroPointElement) || !num::IntegerFormat::classof(&format))
      return std::nullopt;
    zeroShape = side.block.getScaleShape(type.getShape());
  }
  auto zeroAt = [&](int64_t k, int64_t n) -> int64_t {
    if (!zeros)
      return 0;
    auto at = [&](int64_t i, unsigned d) {
      int64_t block = side.block.getBlock()[d];
      return block == lp::ScaleAttr::kAll ? 0 : i / block;
    };
    return imageOf(*lp::formatOf(side.zeroPointElement),
                   (*zeros)[at(k, 0) * zeroShape[1] + at(n, 1)]);
  };
  int64_t least = 0, most = 0;
  for (int64_t k = 0, i = 0; k < w.depth; ++k) {
    for (int64_t n = 0; n < w.columns; ++n, ++i) {
      int64_t image = imageOf(format, (*codes)[i]) - zeroAt(k, n);
      least = std::min(least, image);
      most = std::max(most, image);
      w.values.push_back(static_cast<int32_t>(image));
    }
  }
  if (least < -128 || most > 127)
    return std::nullopt;
  bool nibbles = least >= -8 && most <= 7;
  // One zero point for all codes goes into the table.
  bool oneZero = !zeros || llvm::all_equal(*zeros);
  if (!nibbles && oneZero && format.width() == 4) {
    w.values.assign(codes->begin(), codes->end());
    for (unsigned code = 0; code < 16; ++code)
      w.codebook.push_back(static_cast<int8_t>(imageOf(format, code) - zeroAt(0, 0)));
    nibbles = true;
  }
  // A weight never takes more room than its format does: narrow codes that need 8 bits stay packed
  // as they are.
  if (!nibbles && format.width() <= 4)
    return std::nullopt;
  w.layout = packed::LayoutAttr::get(ctx, /*columns=*/16, group, nibbles ? 4 : 8);
  return w;
}

/// A weight for float activations: images where they fit, else codes of any format of up to 8 bits.
std::optional<Weight> readFloatWeight(const Side &side) {
  // The images' unit 2^-fraction has to be a normal number of f32.
  if (side.fractionBits() <= 126)
    if (std::optional<Weight> weight = readWeight(side, /*group=*/1))
      return weight;
  RankedTensorType type = typeOf(side.data);
  const num::Format &format = *side.format();
  bool plain = type.getRank() == 2 && type.hasStaticShape() && type.getNumElements() != 0;
  if (!plain || format.width() > 8 || side.zeroPoint)
    return std::nullopt;
  std::optional<std::vector<uint16_t>> codes = constantCodes(side.data);
  if (!codes)
    return std::nullopt;
  MLIRContext *ctx = type.getContext();
  auto layout =
      packed::LayoutAttr::get(ctx, /*columns=*/16, /*group=*/1, format.width() <= 4 ? 4 : 8);
  return Weight{type.getDimSize(0),
                type.getDimSize(1),
                layout,
                {codes->begin(), codes->end()},
                {},
                TypeAttr::get(type.getElementType())};
}

/// What about a weight keeps it from being packed, for the user.
std::string weightReason(const Side &side) {
  RankedTensorType type = typeOf(side.data);
  const std::string &name = side.format()->name();
  if (!side.data.getDefiningOp<lp::ConstantOp>() && !side.data.getDefiningOp<lp::BitcastOp>())
    return "the weight is not a constant";
  if (type.getRank() != 2)
    return "the weight has " + std::to_string(type.getRank()) + " dimensions";
  if (side.format()->width() > 8)
    return "codes of " + name + " have more than 8 bits";
  if (side.zeroPoint && !lp::formatOf(side.zeroPointElement))
    return "the weight's zero points are plain integers, not codes of a format";
  if (side.zeroPoint && !constantCodes(side.zeroPoint))
    return "the weight's zero points are not constant";
  return "the integer images of weights in " + name +
         (side.zeroPoint ? " less their zero points" : "") + " need more than " +
         (side.format()->width() <= 4 ? "4" : "8") + " bits";
}

Value packedConstant(OpBuilder &b, Location loc, const Weight &w) {
  std::vector<uint8_t> bytes = w.layout.pack(w.values, w.depth, w.columns);
  auto type = RankedTensorType::get({static_cast<int64_t>(bytes.size())}, b.getI8Type());
  AsmResourceBlob blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(
      ArrayRef<char>(reinterpret_cast<const char *>(bytes.data()), bytes.size()), 64);
  return arith::ConstantOp::create(b, loc,
                                   DenseResourceElementsAttr::get(type, "packed", std::move(blob)));
}

/// The storage of a tensor of codes, as convert-lp-to-linalg will make it.
Value storageOf(OpBuilder &b, Location loc, Value codes) {
  if (!codes || !lp::formatOf(codes.getType()))
    return codes;
  auto element = cast<lp::FormatType>(typeOf(codes).getElementType());
  RankedTensorType type = typeOf(codes).clone(element.getCodeStorageType());
  return UnrealizedConversionCastOp::create(b, loc, type, codes).getResult(0);
}

/// [b..., m, k] -> [b... * m, k], and the sizes that undo it for n columns.
Value flattenRows(OpBuilder &b, Location loc, Value v) {
  int64_t rank = typeOf(v).getRank();
  if (rank == 2)
    return v;
  SmallVector<ReassociationIndices> groups(2);
  for (int64_t i = 0; i + 1 < rank; ++i)
    groups[0].push_back(i);
  groups[1].push_back(rank - 1);
  return tensor::CollapseShapeOp::create(b, loc, v, groups);
}

Value unflattenRows(OpBuilder &b, Location loc, Value v, ArrayRef<OpFoldResult> sizes) {
  if (sizes.size() == 2)
    return v;
  SmallVector<int64_t> shape;
  for (OpFoldResult size : sizes)
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  auto type = RankedTensorType::get(shape, typeOf(v).getElementType());
  // Upstream's lowering of expand_shape divides out one unknown size only.
  if (llvm::count(shape, ShapedType::kDynamic) > 1) {
    SmallVector<Value> values;
    for (OpFoldResult size : sizes)
      values.push_back(getValueOrCreateConstantIndexOp(b, loc, size));
    Value list = tensor::FromElementsOp::create(b, loc, values);
    return tensor::ReshapeOp::create(b, loc, type, v, list);
  }
  SmallVector<ReassociationIndices> groups(2);
  for (int64_t i = 0, e = sizes.size() - 1; i < e; ++i)
    groups[0].push_back(i);
  groups[1].push_back(sizes.size() - 1);
  return tensor::ExpandShapeOp::create(b, loc, type, v, groups, sizes);
}

/// Why contractions stay with the generic path.
using Reasons = llvm::MapVector<Operation *, std::string>;

struct PackPattern : OpRewritePattern<lp::MatMulOp> {
  PackPattern(MLIRContext *ctx, Reasons &reasons) : OpRewritePattern(ctx), reasons(reasons) {}

  LogicalResult refuse(PatternRewriter &rewriter, lp::MatMulOp op, const Twine &why) const {
    reasons[op] = why.str();
    return rewriter.notifyMatchFailure(op, why);
  }

  Reasons &reasons;
};

struct PackMatMul : PackPattern {
  using PackPattern::PackPattern;

  LogicalResult matchAndRewrite(lp::MatMulOp op, PatternRewriter &rewriter) const override {
    lp::AccumulatorAttr acc = op.getAccumulator();
    bool grouped = acc.getKind() == lp::AccumulatorKind::F32Grouped;
    if (acc.getKind() == lp::AccumulatorKind::F32Relaxed)
      return rewriter.notifyMatchFailure(op, "needs exact sums");
    if (!grouped && acc.getWidth() > 32)
      return refuse(rewriter, op, "the sums need more than 32 bits");
    Side lhs(op.getLhs(), op.getLhsScale(), op.getLhsZeroPoint(), op.getLhs(), op.getLhsZeroPoint(),
             op.getLhsBlock());
    Side rhs(op.getRhs(), op.getRhsScale(), op.getRhsZeroPoint(), op.getRhs(), op.getRhsZeroPoint(),
             op.getRhsBlock());
    RankedTensorType lhsType = typeOf(op.getLhs());
    if (imageWidth(lhs) > 16 || lhs.format()->hasNaN() || lhs.format()->hasInf())
      return refuse(rewriter, op,
                    lhs.format()->imageBits() <= 16 && lhs.zeroPoint
                        ? "activations in " + lhs.format()->name() +
                              " less their zero points need more than 16 bits"
                        : "the activations' format " + lhs.format()->name() +
                              " has no integer images of at most 16 bits");
    int fraction = lhs.fractionBits() + rhs.fractionBits();
    if (fraction > 126)
      return refuse(rewriter, op, "the fractions of both formats have more than 126 bits");
    int64_t group = 0;
    if (grouped) {
      group = rhs.blockAlong(0);
      unsigned bits =
          imageWidth(lhs) + imageWidth(rhs) + llvm::Log2_64_Ceil(std::max<int64_t>(group, 1));
      bool plain = lhs.scale && rhs.scale && group != lp::ScaleAttr::kAll && group % 2 == 0 &&
                   bits <= 32 && rhs.block.getBlock()[1] == 1 &&
                   lhs.blockAlong(lhsType.getRank() - 1) == lp::ScaleAttr::kAll &&
                   typeOf(lhs.scale).getElementType().isF32() &&
                   typeOf(rhs.scale).getElementType().isF32();
      int64_t rowScales = 1;
      for (int64_t d = 0; plain && d + 1 < lhsType.getRank(); ++d)
        rowScales = std::max(rowScales, lhs.block.getBlock()[d] == 1 ? int64_t(2) : int64_t(1));
      for (int64_t d = 0; plain && d + 1 < lhsType.getRank(); ++d)
        plain &= lhs.block.getBlock()[d] == (rowScales == 2 ? 1 : lp::ScaleAttr::kAll);
      if (!plain)
        return refuse(rewriter, op,
                      "sums in groups need an even group size, one scale in f32 per column and "
                      "group, and one scale of the activations per row or in all");
    }
    std::optional<Weight> weight = readWeight(rhs, /*group=*/2);
    if (!weight)
      return refuse(rewriter, op, weightReason(rhs));
    if (weight->depth != lhsType.getShape().back())
      return refuse(rewriter, op, "the last dimension of the activations is not known");

    Location loc = op.getLoc();
    lhs.data = storageOf(rewriter, loc, lhs.data);
    lhs.zeroPoint = storageOf(rewriter, loc, lhs.zeroPoint);
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, lhs.data);
    sizes.back() = rewriter.getIndexAttr(weight->columns);
    Value images = flattenRows(rewriter, loc, imageTensor(rewriter, loc, lhs, /*minWidth=*/16));
    Value bytes = packedConstant(rewriter, loc, *weight);
    Type element = grouped ? Type(rewriter.getF32Type()) : Type(rewriter.getI32Type());
    Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(element));
    Value init = filledTensor(rewriter, loc,
                              {tensor::getMixedSize(rewriter, loc, images, 0), sizes.back()}, zero);
    auto codebook = weight->codebook.empty() ? DenseI8ArrayAttr()
                                             : rewriter.getDenseI8ArrayAttr(weight->codebook);
    Value lhsScale = grouped ? flattenRows(rewriter, loc, lhs.scale) : Value(),
          rhsScale = grouped ? rhs.scale : Value();
    Value y = packed::MatMulOp::create(rewriter, loc, TypeRange{init.getType()}, images, bytes,
                                       lhsScale, rhsScale, init, weight->layout, codebook,
                                       /*format=*/TypeAttr(), rewriter.getI64IntegerAttr(group),
                                       rewriter.getI64IntegerAttr(grouped ? fraction : 0))
                  .getResult(0);
    y = unflattenRows(rewriter, loc, y, sizes);
    if (!grouped)
      y = emitRescale(rewriter, loc, lhs, rhs, cast<RankedTensorType>(op.getType()), y);
    rewriter.replaceOp(op, castShape(rewriter, loc, y, cast<RankedTensorType>(op.getType())));
    return success();
  }
};

/// f32_relaxed with float activations: the weight is decoded in registers; its scales multiply the
/// sums of the groups.
struct PackWeightOnly : PackPattern {
  using PackPattern::PackPattern;

  LogicalResult matchAndRewrite(lp::MatMulOp op, PatternRewriter &rewriter) const override {
    RankedTensorType lhsType = typeOf(op.getLhs());
    if (op.getAccumulator().getKind() != lp::AccumulatorKind::F32Relaxed ||
        !lp::formatOf(op.getRhs().getType()))
      return rewriter.notifyMatchFailure(op, "needs a weight in codes and 'f32_relaxed'");
    if (!lhsType.getElementType().isF32())
      return refuse(rewriter, op, "the activations are not in f32, and the sums are 'f32_relaxed'");
    Side rhs(op.getRhs(), op.getRhsScale(), op.getRhsZeroPoint(), op.getRhs(), op.getRhsZeroPoint(),
             op.getRhsBlock());
    bool scaleFits =
        !rhs.scale || (typeOf(rhs.scale).getRank() == 2 &&
                       typeOf(rhs.scale).getElementType().isF32() && rhs.block.getBlock()[1] <= 1);
    if (!scaleFits)
      return refuse(rewriter, op,
                    "the weight's scales are not in f32 per column or for all columns");
    std::optional<Weight> weight = readFloatWeight(rhs);
    if (!weight)
      return refuse(rewriter, op, weightReason(rhs));
    if (weight->depth != lhsType.getShape().back())
      return refuse(rewriter, op, "the last dimension of the activations is not known");

    Location loc = op.getLoc();
    int64_t group = rhs.scale ? rhs.block.getBlock()[0] : lp::ScaleAttr::kAll;
    if (group == lp::ScaleAttr::kAll)
      group = weight->depth;
    Value scale = rhs.scale;
    if (!scale)
      scale = arith::ConstantOp::create(
          rewriter, loc,
          DenseElementsAttr::get(RankedTensorType::get({1, 1}, rewriter.getF32Type()), 1.0f));
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, op.getLhs());
    sizes.back() = rewriter.getIndexAttr(weight->columns);
    Value rows = flattenRows(rewriter, loc, op.getLhs()),
          bytes = packedConstant(rewriter, loc, *weight);
    Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getF32FloatAttr(0.0f));
    Value init = filledTensor(rewriter, loc,
                              {tensor::getMixedSize(rewriter, loc, rows, 0), sizes.back()}, zero);
    auto codebook = weight->codebook.empty() ? DenseI8ArrayAttr()
                                             : rewriter.getDenseI8ArrayAttr(weight->codebook);
    Value y = packed::MatMulOp::create(
                  rewriter, loc, TypeRange{init.getType()}, rows, bytes, Value(), scale, init,
                  weight->layout, codebook, weight->format, rewriter.getI64IntegerAttr(group),
                  rewriter.getI64IntegerAttr(weight->format ? 0 : rhs.fractionBits()))
                  .getResult(0);
    y = unflattenRows(rewriter, loc, y, sizes);
    rewriter.replaceOp(op, castShape(rewriter, loc, y, cast<RankedTensorType>(op.getType())));
    return success();
  }
};

/// The values that the elements of an integer tensor may have; cut at 61 bits.
struct Interval {
  int64_t lo, hi;
  bool contains(const Interval &other) const { return lo <= other.lo && other.hi <= hi; }
};

Interval intervalOf(IntegerType type) {
  if (type.getWidth() == 1)
    return {0, 1};
  int64_t end = int64_t(1) << std::min(type.getWidth() - (type.isUnsigned() ? 0 : 1), 61u);
  return {type.isUnsigned() ? 0 : -end, end - 1};
}

/// What casts, moves and sums show of an integer tensor's values; nothing for other types. What may
/// leave a type's range wraps, and may then be any value of the type.
std::optional<Interval> valuesOf(Value v) {
  auto type = dyn_cast<IntegerType>(getElementTypeOrSelf(v.getType()));
  if (!type)
    return std::nullopt;
  const Interval own = intervalOf(type);
  auto unlessItWraps = [&](std::optional<Interval> found) {
    return found && own.contains(*found) ? *found : own;
  };
  Operation *def = v.getDefiningOp();
  if (isa_and_nonnull<nn::CastOp, nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp>(def))
    return unlessItWraps(valuesOf(def->getOperand(0)));
  auto binary = dyn_cast_if_present<nn::BinaryOp>(def);
  bool sum = binary && binary.getKind() == nn::BinaryKind::Add,
       difference = binary && binary.getKind() == nn::BinaryKind::Sub;
  if (!sum && !difference)
    return own;
  Interval a = *valuesOf(binary.getLhs()), b = *valuesOf(binary.getRhs());
  return unlessItWraps(sum ? Interval{a.lo + b.lo, a.hi + b.hi}
                           : Interval{a.lo - b.hi, a.hi - b.lo});
}

/// The elements of a constant i32 tensor.
std::optional<std::vector<int32_t>> constantIntegers(Value v) {
  ElementsAttr elements;
  if (!matchPattern(v, m_Constant(&elements)) || !elements.getElementType().isSignlessInteger(32))
    return std::nullopt;
  std::vector<int32_t> values(elements.getNumElements());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() < values.size() * sizeof(int32_t))
      return std::nullopt;
    memcpy(values.data(), blob->getData().data(), values.size() * sizeof(int32_t));
    return values;
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return std::nullopt;
  for (auto [to, from] : llvm::zip(values, dense.getValues<APInt>()))
    to = static_cast<int32_t>(from.getSExtValue());
  return values;
}

/// nn.matmul in i32 of values that fit 16 bits with a constant that fits 8 (ONNX's MatMulInteger,
/// zero points subtracted) => packed.matmul. The sums wrap in both.
struct PackIntegerMatMul : OpRewritePattern<nn::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MatMulOp op, PatternRewriter &rewriter) const override {
    RankedTensorType lhsType = typeOf(op.getLhs()), rhsType = typeOf(op.getRhs());
    if (!lhsType.getElementType().isSignlessInteger(32) || op.getTransposeRhs() ||
        rhsType.getRank() != 2 || !rhsType.hasStaticShape() || rhsType.getNumElements() == 0 ||
        lhsType.getShape().back() != rhsType.getDimSize(0))
      return rewriter.notifyMatchFailure(op, "needs a product of i32 with a plain weight");
    std::optional<Interval> left = valuesOf(op.getLhs());
    if (!left || !Interval{INT16_MIN, INT16_MAX}.contains(*left))
      return rewriter.notifyMatchFailure(op, "needs a left operand whose values fit 16 bits");
    std::optional<std::vector<int32_t>> values = constantIntegers(op.getRhs());
    if (!values)
      return rewriter.notifyMatchFailure(op, "needs a constant weight");
    auto [least, most] = std::minmax_element(values->begin(), values->end());
    if (*least < -128 || *most > 127)
      return rewriter.notifyMatchFailure(op, "needs a weight whose values fit 8 bits");

    Location loc = op.getLoc();
    MLIRContext *ctx = rewriter.getContext();
    bool nibbles = *least >= -8 && *most <= 7;
    Weight weight{rhsType.getDimSize(0),
                  rhsType.getDimSize(1),
                  packed::LayoutAttr::get(ctx, /*columns=*/16, /*group=*/2, nibbles ? 4 : 8),
                  std::move(*values),
                  {},
                  {}};
    Value images =
        nn::CastOp::create(rewriter, loc, lhsType.clone(rewriter.getI16Type()), op.getLhs());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, images);
    sizes.back() = rewriter.getIndexAttr(weight.columns);
    images = flattenRows(rewriter, loc, images);
    Value bytes = packedConstant(rewriter, loc, weight);
    Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(0));
    Value init = filledTensor(rewriter, loc,
                              {tensor::getMixedSize(rewriter, loc, images, 0), sizes.back()}, zero);
    Value y = packed::MatMulOp::create(rewriter, loc, TypeRange{init.getType()}, images, bytes,
                                       Value(), Value(), init, weight.layout, DenseI8ArrayAttr(),
                                       /*format=*/TypeAttr(), rewriter.getI64IntegerAttr(0),
                                       rewriter.getI64IntegerAttr(0))
                  .getResult(0);
    y = unflattenRows(rewriter, loc, y, sizes);
    rewriter.replaceOp(op, castShape(rewriter, loc, y, cast<RankedTensorType>(op.getType())));
    return success();
  }
};

struct ConvertLpToPacked final : lpc::impl::ConvertLpToPackedPassBase<ConvertLpToPacked> {
  using ConvertLpToPackedPassBase::ConvertLpToPackedPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    Reasons reasons;
    patterns.add<PackMatMul, PackWeightOnly>(&getContext(), reasons);
    patterns.add<PackIntegerMatMul>(&getContext());
    // Only these patterns: folding belongs to the passes around this one.
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    report(reasons);
  }

  /// Slow paths are never silent: one remark per cause.
  void report(const Reasons &reasons) {
    llvm::MapVector<StringRef, unsigned> counts;
    getOperation().walk([&](Operation *op) {
      if (isa<lp::ConvOp>(op))
        ++counts["convolutions decode their weights in each run"];
      auto found = reasons.find(op);
      if (found != reasons.end() && isa<lp::MatMulOp>(op))
        ++counts[found->second];
    });
    for (auto [why, count] : counts)
      emitRemark(UnknownLoc::get(&getContext()))
          << count << (count == 1 ? " contraction takes" : " contractions take")
          << " the generic path: " << why;
  }
};

} // namespace
