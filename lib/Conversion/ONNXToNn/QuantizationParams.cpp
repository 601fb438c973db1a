// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scale and zero point inputs of the quantization operators.
#include "lib/Conversion/ONNXToNn/QuantizationParams.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::onnx_to_nn;
using lp::ScaleAttr;

bool onnx_to_nn::isCodeType(Type element) {
  if (isa<Float8E8M0FNUType>(element) || element.isInteger(1))
    return false;
  return (classOf(element) & (Integer | SmallInt | SmallFloat)) && lp::formatOfBuiltin(element);
}

Value onnx_to_nn::toCodes(NodeContext &ctx, Value v) {
  auto type = cast<RankedTensorType>(v.getType());
  const num::Format *format = lp::formatOfBuiltin(type.getElementType());
  return lp::BitcastOp::create(ctx.b, ctx.loc,
                               lp::codeTensor(ctx.b.getContext(), type.getShape(), format), v);
}

Value onnx_to_nn::fromCodes(NodeContext &ctx, Value v, Type builtin) {
  return lp::BitcastOp::create(ctx.b, ctx.loc, cast<RankedTensorType>(v.getType()).clone(builtin),
                               v);
}

//===- parameters
//-----------------------------------------------------------------------------------------===//

/// What is known of the bytes of a zero point.
enum class ZeroPointValue { Zero, Other, Unknown };

static ZeroPointValue zeroPointValue(NodeContext &ctx, Value v) {
  ElementsAttr value = ctx.constantValue(v);
  ArrayRef<char> data;
  if (auto dense = dyn_cast_if_present<DenseElementsAttr>(value))
    data = dense.getRawData();
  else if (auto resource = dyn_cast_if_present<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return ZeroPointValue::Unknown;
    data = blob->getData();
  } else {
    return ZeroPointValue::Unknown;
  }
  // The sign of a float's zero does not matter; the FNUZ formats have no negative zero but nobody
  // writes their NaN.
  unsigned ignored = classOf(value.getElementType()) == SmallFloat
                         ? 1u << (value.getElementType().getIntOrFloatBitWidth() - 1)
                         : 0;
  bool zero =
      llvm::all_of(data, [&](char c) { return (static_cast<unsigned char>(c) & ~ignored) == 0; });
  return zero ? ZeroPointValue::Zero : ZeroPointValue::Other;
}

/// How a parameter lies along the data: the block of each dimension. One element: kAll everywhere.
static FailureOr<SmallVector<int64_t>> blockOf(NodeContext &ctx, RankedTensorType data,
                                               RankedTensorType param, const QuantInputs &in,
                                               StringRef what) {
  int64_t rank = data.getRank();
  SmallVector<int64_t> block(rank, ScaleAttr::kAll);
  auto mismatch = [&](int64_t axis, int64_t wanted) {
    return ctx.malformed("expected " + Twine(wanted) + " elements of the " + what + " along axis " +
                         Twine(axis) + ", but got " +
                         Twine(param.getDimSize(param.getRank() == 1 && rank != 1 ? 0 : axis)));
  };
  auto differ = [](int64_t x, int64_t y) {
    return !ShapedType::isDynamic(x) && !ShapedType::isDynamic(y) && x != y;
  };
  if (param.hasStaticShape() && param.getNumElements() == 1)
    return block;
  if (in.blockSize > 0 && param.getRank() == rank) {
    FailureOr<int64_t> axis = ctx.normalizeAxis(in.axis, rank);
    if (failed(axis))
      return failure();
    for (int64_t d = 0; d < rank; ++d) {
      block[d] = d == *axis ? in.blockSize : 1;
      int64_t size = data.getDimSize(d);
      int64_t wanted = ShapedType::isDynamic(size) ? size : (size + block[d] - 1) / block[d];
      if (differ(wanted, param.getDimSize(d)))
        return mismatch(d, wanted);
    }
    return block;
  }
  if (in.blockSize > 0)
    return ctx.malformed("a blocked " + what + " must have the rank of the data");
  if (param.getRank() == 1) {
    if (rank == 0)
      return ctx.malformed("expected a " + what + " of one element for a scalar");
    // The axis of a vector has no choice; its default of 1 is out of range.
    FailureOr<int64_t> axis = rank == 1 ? FailureOr<int64_t>(0) : ctx.normalizeAxis(in.axis, rank);
    if (failed(axis))
      return failure();
    block[*axis] = 1;
    if (differ(data.getDimSize(*axis), param.getDimSize(0)))
      return mismatch(*axis, data.getDimSize(*axis));
    return block;
  }
  if (!in.anyShape || param.getRank() != rank)
    return ctx.malformed("a " + what + " of rank " + Twine(param.getRank()) + " for data of rank " +
                         Twine(rank) + (in.anyShape ? "" : " needs attribute 'block_size'"));
  for (int64_t d = 0; d < rank; ++d) {
    block[d] = param.getDimSize(d) == 1 ? ScaleAttr::kAll : 1;
    if (block[d] == 1 && differ(data.getDimSize(d), param.getDimSize(d)))
      return mismatch(d, data.getDimSize(d));
  }
  return block;
}

/// A parameter with the rank of the data.
static Value withRank(NodeContext &ctx, Value v, ArrayRef<int64_t> block) {
  int64_t rank = block.size();
  if (rankOf(v) == rank)
    return v;
  auto shared = [](int64_t size) { return size == ScaleAttr::kAll; };
  if (llvm::all_of(block, shared))
    return ctx.reshape(v, SmallVector<OpFoldResult>(rank, ctx.b.getIndexAttr(1)));
  return alongAxis(ctx, v, llvm::find_if_not(block, shared) - block.begin(), rank);
}

FailureOr<QuantParams> onnx_to_nn::readQuantParams(NodeContext &ctx, Value data, Type code,
                                                   const QuantInputs &in) {
  auto type = cast<RankedTensorType>(data.getType());
  Value scale = ctx.input(in.scale),
        zeroPoint = ctx.hasInput(in.zeroPoint) ? ctx.input(in.zeroPoint) : Value();
  FailureOr<SmallVector<int64_t>> block = blockOf(ctx, type, ctx.inputType(in.scale), in, "scale");
  if (failed(block))
    return failure();
  if (zeroPoint) {
    ZeroPointValue value = zeroPointValue(ctx, zeroPoint);
    bool isFloat = classOf(code) == SmallFloat;
    if (isFloat && value == ZeroPointValue::Other)
      return ctx.malformed("the zero point of a float format must be zero");
    if (isFloat || value == ZeroPointValue::Zero)
      zeroPoint = Value();
  }
  scale = withRank(ctx, ctx.cast(scale, ctx.b.getF32Type()), *block);
  if (zeroPoint) {
    FailureOr<SmallVector<int64_t>> own =
        blockOf(ctx, type, cast<RankedTensorType>(zeroPoint.getType()), in, "zero point");
    if (failed(own))
      return failure();
    zeroPoint = withRank(ctx, zeroPoint, *own);
    // Files mix one scale with a zero point for each index, and the other way round.
    auto single = [](ArrayRef<int64_t> b) {
      return llvm::all_of(b, [](int64_t x) { return x == ScaleAttr::kAll; });
    };
    if (*own != *block && single(*own)) {
      zeroPoint = ctx.broadcastTo(zeroPoint, ctx.dims(scale));
    } else if (*own != *block && single(*block)) {
      scale = ctx.broadcastTo(scale, ctx.dims(zeroPoint));
      block = own;
    } else if (*own != *block) {
      return ctx.malformed("scale and zero point must have one shape");
    }
  }
  return QuantParams{ScaleAttr::singleLevel(ctx.b.getContext(), *block), scale, zeroPoint};
}

//===- conversions
//----------------------------------------------------------------------------------------===//

Value onnx_to_nn::quantize(NodeContext &ctx, Value x, const QuantParams &p, Type code,
                           bool saturate) {
  if (classOf(elementOf(x)) != Float)
    x = ctx.cast(x, ctx.b.getF32Type());
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<Value> scales;
  if (p.scale)
    scales.push_back(p.scale);
  Value codes = lp::QuantizeOp::create(
      ctx.b, ctx.loc,
      lp::codeTensor(ctx.b.getContext(), type.getShape(), lp::formatOfBuiltin(code)), x, scales,
      p.zeroPoint ? toCodes(ctx, p.zeroPoint) : Value(), p.structure, lp::Rounding::NearestEven,
      saturate ? lp::Overflow::Saturate : lp::Overflow::Infinity, lp::NaNPolicy::Lowest,
      lp::ZeroPointOrder::AfterRounding);
  return fromCodes(ctx, codes, code);
}

Value onnx_to_nn::dequantize(NodeContext &ctx, Value x, const QuantParams &p, Type result) {
  auto type = cast<RankedTensorType>(x.getType());
  if (isCodeType(type.getElementType()))
    return lp::DequantizeOp::create(ctx.b, ctx.loc, type.clone(result), toCodes(ctx, x),
                                    ValueRange{p.scale},
                                    p.zeroPoint ? toCodes(ctx, p.zeroPoint) : Value(), p.structure);
  // 32-bit integers (biases) are numbers, no codes.
  if (p.zeroPoint)
    x = ctx.binary(nn::BinaryKind::Sub, x, p.zeroPoint);
  Value real = ctx.cast(x, ctx.b.getF32Type());
  return ctx.cast(ctx.binary(nn::BinaryKind::Mul, real, p.scale), result);
}
