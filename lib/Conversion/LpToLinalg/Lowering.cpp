// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalars, loops and integer images, shared by the patterns of lp-to-linalg.
#include "Lowering.h"

#include "lib/Conversion/Common/ScalarEmit.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <cfloat>
#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;
using mlir::utils::IteratorType;

Type lp_to_linalg::nnStorageType(Type t) {
  unsigned width = t.getIntOrFloatBitWidth();
  if (isa<FloatType>(t))
    return width <= 8 ? IntegerType::get(t.getContext(), 8) : t;
  return t.isInteger(1) ? t : IntegerType::get(t.getContext(), std::max(width, 8u));
}

//===- scalars
//----------------------------------------------------------------------------------------===//

Value lp_to_linalg::intConstant(OpBuilder &b, Location loc, Type type, int64_t v) {
  APInt bits(type.getIntOrFloatBitWidth(), static_cast<uint64_t>(v), /*isSigned=*/false,
             /*implicitTrunc=*/true);
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, bits));
}

Value lp_to_linalg::floatConstant(OpBuilder &b, Location loc, Type type, double v) {
  return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, v));
}

Value lp_to_linalg::resizeSigned(OpBuilder &b, Location loc, Value v, Type type) {
  unsigned from = v.getType().getIntOrFloatBitWidth(), to = type.getIntOrFloatBitWidth();
  if (from == to)
    return v;
  return from < to ? b.createOrFold<arith::ExtSIOp>(loc, type, v)
                   : b.createOrFold<arith::TruncIOp>(loc, type, v);
}

Value lp_to_linalg::convertFloat(OpBuilder &b, Location loc, Value v, FloatType type) {
  if (v.getType() == type)
    return v;
  unsigned from = v.getType().getIntOrFloatBitWidth();
  if (from < type.getWidth())
    return arith::ExtFOp::create(b, loc, type, v);
  // f16 <-> bf16 go through f32, which holds both.
  if (from == type.getWidth())
    v = arith::ExtFOp::create(b, loc, b.getF32Type(), v);
  return arith::TruncFOp::create(b, loc, type, v);
}

bool lp_to_linalg::isExactInF32(const num::Format &format) {
  return format.max() <= FLT_MAX && format.lowest() >= -FLT_MAX && format.fractionBits() <= 149;
}

/// Bits of a stored zero point's integer value, its sign included.
static unsigned zeroPointBits(Type element) {
  if (const num::Format *f = lp::formatOf(element))
    return f->imageBits();
  return element.getIntOrFloatBitWidth();
}

Value lp_to_linalg::emitZeroPoint(OpBuilder &b, Location loc, Value stored, Type element) {
  if (auto *format = lp::formatOf(element))
    if (auto *integer = dyn_cast<num::IntegerFormat>(format))
      return emitDecodeInt(b, loc, stored, *integer);
  return resizeSigned(b, loc, stored, b.getI32Type());
}

Value lp_to_linalg::emitImage(OpBuilder &b, Location loc, Value code, const num::Format &format,
                              Value zeroPoint, Type zeroPointElement, IntegerType type) {
  Value image;
  if (auto *integer = dyn_cast<num::IntegerFormat>(&format)) {
    image = resizeSigned(b, loc, emitDecodeInt(b, loc, code, *integer), type);
  } else {
    // Exact: an integer below 2^53 in most cases; larger ones have few significant bits.
    Value real = emitDecode(b, loc, code, format, b.getF64Type());
    Value scaled = arith::MulFOp::create(
        b, loc, real,
        floatConstant(b, loc, b.getF64Type(), std::ldexp(1.0, format.fractionBits())));
    image = resizeSigned(b, loc, arith::FPToSIOp::create(b, loc, b.getI64Type(), scaled), type);
  }
  if (!zeroPoint)
    return image;
  Value zero = resizeSigned(b, loc, emitZeroPoint(b, loc, zeroPoint, zeroPointElement), type);
  if (format.fractionBits() > 0)
    zero = arith::ShLIOp::create(b, loc, zero, intConstant(b, loc, type, format.fractionBits()));
  return arith::SubIOp::create(b, loc, image, zero);
}

Value lp_to_linalg::emitScaledToF32(OpBuilder &b, Location loc, Value acc, int fraction) {
  FloatType f32 = b.getF32Type(), f64 = b.getF64Type();
  // The product with 2^-fraction is exact where the result stays a normal number: |acc| >= 1.
  if (fraction <= 126) {
    Value real = arith::SIToFPOp::create(b, loc, f32, acc);
    return fraction == 0 ? real
                         : arith::MulFOp::create(
                               b, loc, real, floatConstant(b, loc, f32, std::ldexp(1.0, -fraction)))
                               .getResult();
  }
  // Else round to odd in 53 bits first; the rounding to f32 is then the only one.
  int shift = 0;
  if (acc.getType().getIntOrFloatBitWidth() > 53) {
    shift = 11;
    Type type = acc.getType();
    Value rest = arith::AndIOp::create(b, loc, acc, intConstant(b, loc, type, (1 << shift) - 1));
    Value sticky =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, intConstant(b, loc, type, 0));
    Value high = arith::ShRSIOp::create(b, loc, acc, intConstant(b, loc, type, shift));
    acc = arith::OrIOp::create(b, loc, high, arith::ExtUIOp::create(b, loc, type, sticky));
  }
  Value real = arith::SIToFPOp::create(b, loc, f64, acc);
  real = arith::MulFOp::create(b, loc, real,
                               floatConstant(b, loc, f64, std::ldexp(1.0, shift - fraction)));
  return arith::TruncFOp::create(b, loc, f32, real);
}

Value lp_to_linalg::emitScale(OpBuilder &b, Location loc, Value stored, Type element) {
  if (const num::Format *format = lp::formatOf(element))
    return emitDecode(b, loc, stored, *format);
  return convertFloat(b, loc, stored, b.getF32Type());
}

Value lp_to_linalg::emitValue(OpBuilder &b, Location loc, Value code, const num::Format &format) {
  return emitDecode(b, loc, code, format, isExactInF32(format) ? b.getF32Type() : b.getF64Type());
}

Value lp_to_linalg::emitDequantize(OpBuilder &b, Location loc, Value code,
                                   const num::Format &format, Value zeroPoint,
                                   Type zeroPointElement, Value scale, FloatType result) {
  auto *integer = dyn_cast<num::IntegerFormat>(&format);
  // f32 holds the difference if both are integers of at most 17 bits; then the product rounds once.
  // A narrower or wider result takes the exact product in f64.
  bool inF32 = result.isF32() && (zeroPoint ? integer && zeroPointBits(zeroPointElement) <= 17
                                            : isExactInF32(format));
  FloatType compute = inF32 ? b.getF32Type() : b.getF64Type();
  Value real;
  if (integer) {
    // 32 bits hold the difference unless the zero point has as many.
    bool wide = zeroPoint && zeroPointBits(zeroPointElement) > 24;
    Type type = wide ? b.getI64Type() : b.getI32Type();
    Value image = resizeSigned(b, loc, emitDecodeInt(b, loc, code, *integer), type);
    if (zeroPoint)
      image = arith::SubIOp::create(
          b, loc, image,
          resizeSigned(b, loc, emitZeroPoint(b, loc, zeroPoint, zeroPointElement), type));
    real = arith::SIToFPOp::create(b, loc, compute, image);
  } else {
    // An irrational value is first rounded to f32.
    real = emitDecode(b, loc, code, format, format.isDyadic() ? compute : b.getF32Type());
    real = convertFloat(b, loc, real, compute);
    if (zeroPoint)
      real = arith::SubFOp::create(
          b, loc, real,
          arith::SIToFPOp::create(b, loc, compute,
                                  emitZeroPoint(b, loc, zeroPoint, zeroPointElement)));
  }
  if (scale)
    real = arith::MulFOp::create(b, loc, real, convertFloat(b, loc, scale, compute));
  return convertFloat(b, loc, real, result);
}

//===- tensors
//----------------------------------------------------------------------------------------===//

Value lp_to_linalg::emptyTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes,
                                Type element) {
  return tensor::EmptyOp::create(b, loc, sizes, element);
}

Value lp_to_linalg::filledTensor(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes,
                                 Value scalar) {
  return linalg::FillOp::create(b, loc, scalar, emptyTensor(b, loc, sizes, scalar.getType()))
      .getResult(0);
}

Value lp_to_linalg::castShape(OpBuilder &b, Location loc, Value v, RankedTensorType type) {
  return v.getType() == type ? v : tensor::CastOp::create(b, loc, type, v).getResult();
}

Value lp_to_linalg::elementwise(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes,
                                Type element, ValueRange operands, ArrayRef<AffineMap> maps,
                                ScalarBody body) {
  SmallVector<AffineMap> all(maps);
  all.push_back(b.getMultiDimIdentityMap(sizes.size()));
  SmallVector<IteratorType> iterators(sizes.size(), IteratorType::parallel);
  Value init = emptyTensor(b, loc, sizes, element);
  return linalg::GenericOp::create(b, loc, init.getType(), operands, init, all, iterators,
                                   [&](OpBuilder &nested, Location l, ValueRange args) {
                                     linalg::YieldOp::create(nested, l,
                                                             body(nested, l, args.drop_back()));
                                   })
      .getResult(0);
}

Value lp_to_linalg::resizedTensor(OpBuilder &b, Location loc, Value v, Type element) {
  RankedTensorType type = typeOf(v);
  if (type.getElementType() == element)
    return v;
  return elementwise(b, loc, tensor::getMixedSizes(b, loc, v), element, v,
                     b.getMultiDimIdentityMap(type.getRank()),
                     [&](OpBuilder &n, Location l, ValueRange args) {
                       return resizeSigned(n, l, args[0], element);
                     });
}

AffineMap lp_to_linalg::scaleMap(MLIRContext *ctx, lp::ScaleAttr structure, unsigned level) {
  SmallVector<AffineExpr> exprs;
  for (auto [i, block] : llvm::enumerate(structure.getBlock(level)))
    exprs.push_back(block == lp::ScaleAttr::kAll ? getAffineConstantExpr(0, ctx)
                                                 : getAffineDimExpr(i, ctx).floorDiv(block));
  return AffineMap::get(structure.getRank(), 0, exprs, ctx);
}

//===- sides of a contraction
//-------------------------------------------------------------------------===//

Side::Side(Value data, Value scale, Value zeroPoint, Value originalData, Value originalZeroPoint,
           std::optional<lp::ScaleAttr> block)
    : data(data), scale(scale), zeroPoint(zeroPoint), dataType(originalData.getType()),
      block(block.value_or(lp::ScaleAttr())) {
  if (originalZeroPoint)
    zeroPointElement = getElementTypeOrSelf(originalZeroPoint.getType());
}

unsigned lp_to_linalg::imageWidth(const Side &side) {
  unsigned bits = side.format()->imageBits();
  if (!side.zeroPoint)
    return bits;
  return std::max(bits, zeroPointBits(side.zeroPointElement) + side.fractionBits()) + 1;
}

Value lp_to_linalg::imageTensor(OpBuilder &b, Location loc, const Side &side, unsigned minWidth) {
  const num::Format &format = *side.format();
  auto *integer = dyn_cast<num::IntegerFormat>(&format);
  unsigned stored = typeOf(side.data).getElementTypeBitWidth();
  if (!side.zeroPoint && integer && integer->isSignedInteger() && integer->width() == stored &&
      stored >= minWidth)
    return side.data;
  unsigned width = std::max<unsigned>(minWidth, llvm::PowerOf2Ceil(imageWidth(side)));
  IntegerType type = b.getIntegerType(std::min(width, 64u));
  unsigned rank = typeOf(side.data).getRank();
  SmallVector<Value> operands = {side.data};
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank)};
  if (side.zeroPoint) {
    operands.push_back(side.zeroPoint);
    maps.push_back(scaleMap(b.getContext(), side.block));
  }
  return elementwise(b, loc, tensor::getMixedSizes(b, loc, side.data), type, operands, maps,
                     [&](OpBuilder &n, Location l, ValueRange args) {
                       return emitImage(n, l, args[0], format, side.zeroPoint ? args[1] : Value(),
                                        side.zeroPointElement, type);
                     });
}

std::pair<Value, Value> lp_to_linalg::imageTensors(OpBuilder &b, Location loc, const Side &x,
                                                   const Side &y, unsigned accBits) {
  unsigned minWidth = accBits == 32 && imageWidth(x) <= 16 && imageWidth(y) <= 16 ? 16 : 8;
  return {imageTensor(b, loc, x, minWidth), imageTensor(b, loc, y, minWidth)};
}

Value lp_to_linalg::dequantizedTensor(OpBuilder &b, Location loc, const Side &side) {
  unsigned rank = typeOf(side.data).getRank();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, side.data);
  SmallVector<Value> operands = {side.data};
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank)};
  FloatType f32 = b.getF32Type();
  const num::Format *format = side.format();
  if (!format) {
    if (typeOf(side.data).getElementType().isF32())
      return side.data;
    return elementwise(b, loc, sizes, f32, operands, maps,
                       [&](OpBuilder &n, Location l, ValueRange args) {
                         return convertFloat(n, l, args[0], f32);
                       });
  }
  for (Value v : {side.scale, side.zeroPoint})
    if (v) {
      operands.push_back(v);
      maps.push_back(scaleMap(b.getContext(), side.block));
    }
  return elementwise(
      b, loc, sizes, f32, operands, maps, [&](OpBuilder &n, Location l, ValueRange args) {
        Value scale = side.scale ? convertFloat(n, l, args[1], f32) : Value();
        Value zero = side.zeroPoint ? args.back() : Value();
        return emitDequantize(n, l, args[0], *format, zero, side.zeroPointElement, scale, f32);
      });
}
