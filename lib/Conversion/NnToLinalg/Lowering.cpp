// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sizes, loops and element types, shared by the patterns of nn-to-linalg.
#include "Lowering.h"

#include "lib/Conversion/Common/ScalarEmit.h"
#include "lpc/Analysis/DimKeys.h"

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

using namespace mlir;
using namespace lpc;
using namespace lpc::nn_to_linalg;
using mlir::utils::IteratorType;

//===- element types
//----------------------------------------------------------------------------------===//

const num::Format *nn_to_linalg::minifloatOf(Type t) {
  using S = num::Specials;
  auto get = [](unsigned e, unsigned m, int bias, S specials,
                bool isSigned = true) -> const num::Format * {
    return num::MinifloatFormat::get({e, m, bias, specials, isSigned, /*subnormals=*/isSigned});
  };
  if (isa<Float8E5M2Type>(t))
    return get(5, 2, 15, S::IEEE);
  if (isa<Float8E4M3Type>(t))
    return get(4, 3, 7, S::IEEE);
  if (isa<Float8E4M3FNType>(t))
    return get(4, 3, 7, S::FN);
  if (isa<Float8E5M2FNUZType>(t))
    return get(5, 2, 16, S::FNUZ);
  if (isa<Float8E4M3FNUZType>(t))
    return get(4, 3, 8, S::FNUZ);
  if (isa<Float8E4M3B11FNUZType>(t))
    return get(4, 3, 11, S::FNUZ);
  if (isa<Float8E3M4Type>(t))
    return get(3, 4, 3, S::IEEE);
  if (isa<Float8E8M0FNUType>(t))
    return get(8, 0, 127, S::FN, /*isSigned=*/false);
  if (isa<Float6E2M3FNType>(t))
    return get(2, 3, 1, S::Finite);
  if (isa<Float6E3M2FNType>(t))
    return get(3, 2, 3, S::Finite);
  if (isa<Float4E2M1FNType>(t))
    return get(2, 1, 1, S::Finite);
  return nullptr;
}

Type nn_to_linalg::storageType(Type t) {
  if (minifloatOf(t))
    return IntegerType::get(t.getContext(), 8);
  auto integer = dyn_cast<IntegerType>(t);
  if (!integer || integer.isInteger(1))
    return t;
  unsigned width = integer.getWidth() < 8 ? 8 : integer.getWidth();
  return IntegerType::get(t.getContext(), width);
}

FloatType nn_to_linalg::computeType(Type element) {
  if (element.isF64())
    return cast<FloatType>(element);
  return Float32Type::get(element.getContext());
}

Value nn_to_linalg::wrapNarrow(OpBuilder &b, Location loc, Value v, Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  if (!integer || integer.getWidth() == 1 || integer.getWidth() >= 8)
    return v;
  Value up = intConstant(b, loc, v.getType(), 8 - integer.getWidth());
  Value high = b.createOrFold<arith::ShLIOp>(loc, v, up);
  return isUnsigned(element) ? b.createOrFold<arith::ShRUIOp>(loc, high, up)
                             : b.createOrFold<arith::ShRSIOp>(loc, high, up);
}

Value nn_to_linalg::toCompute(OpBuilder &b, Location loc, Value stored, Type element) {
  if (!isFloat(element))
    return stored;
  if (const num::Format *f = minifloatOf(element))
    return emitDecode(b, loc, stored, *f);
  FloatType to = computeType(element);
  return emitWiden(b, loc, stored, to);
}

Value nn_to_linalg::fromCompute(OpBuilder &b, Location loc, Value computed, Type element) {
  if (!isFloat(element))
    return wrapNarrow(b, loc, computed, element);
  if (const num::Format *f = minifloatOf(element))
    return emitEncode(b, loc, computed, *f,
                      {num::Rounding::NearestEven, num::Overflow::Infinity, num::NaNPolicy::Zero});
  return computed.getType() == element
             ? computed
             : arith::TruncFOp::create(b, loc, element, computed).getResult();
}

//===- tensors
//----------------------------------------------------------------------------------------===//

SmallVector<OpFoldResult> nn_to_linalg::sizesOf(OpBuilder &b, Operation *op, unsigned i) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t axis = 0, rank = tensorTypeOf(op->getResult(i)).getRank(); axis < rank; ++axis) {
    std::optional<OpFoldResult> size =
        analysis::sizeAtRoot(b, op->getLoc(), op->getResult(i), axis);
    if (!size)
      break;
    sizes.push_back(*size);
  }
  if (static_cast<int64_t>(sizes.size()) == tensorTypeOf(op->getResult(i)).getRank())
    return sizes;
  ReifiedRankedShapedTypeDims dims;
  LogicalResult ok = cast<ReifyRankedShapedTypeOpInterface>(op).reifyResultShapes(b, dims);
  assert(succeeded(ok) && "every nn op tells its sizes");
  (void)ok;
  // What is known from the root stays.
  for (size_t axis = 0; axis < sizes.size(); ++axis)
    dims[i][axis] = sizes[axis];
  return dims[i];
}

Value nn_to_linalg::emptyTensor(OpBuilder &b, Location loc, RankedTensorType type,
                                ArrayRef<OpFoldResult> sizes) {
  SmallVector<Value> dynamic;
  for (auto [size, d] : llvm::zip_equal(sizes, type.getShape()))
    if (ShapedType::isDynamic(d))
      dynamic.push_back(asIndex(b, loc, size));
  return tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType(), dynamic);
}

Value nn_to_linalg::filledTensor(OpBuilder &b, Location loc, RankedTensorType type,
                                 ArrayRef<OpFoldResult> sizes, Value scalar) {
  return linalg::FillOp::create(b, loc, scalar, emptyTensor(b, loc, type, sizes)).getResult(0);
}

Value nn_to_linalg::castShape(OpBuilder &b, Location loc, Value v, RankedTensorType type) {
  return v.getType() == type ? v : tensor::CastOp::create(b, loc, type, v).getResult();
}

AffineMap nn_to_linalg::broadcastMap(MLIRContext *ctx, RankedTensorType operand,
                                     ArrayRef<int64_t> result) {
  SmallVector<AffineExpr> exprs;
  int64_t offset = static_cast<int64_t>(result.size()) - operand.getRank();
  for (auto [i, d] : llvm::enumerate(operand.getShape())) {
    int64_t axis = offset + static_cast<int64_t>(i);
    bool stretched = d == 1 && result[axis] != 1;
    exprs.push_back(stretched ? getAffineConstantExpr(0, ctx) : getAffineDimExpr(axis, ctx));
  }
  return AffineMap::get(result.size(), 0, exprs, ctx);
}

Value nn_to_linalg::pointwise(OpBuilder &b, Location loc, RankedTensorType type,
                              ArrayRef<OpFoldResult> sizes, ValueRange operands, ScalarBody body) {
  SmallVector<AffineMap> maps;
  for (Value v : operands)
    maps.push_back(broadcastMap(b.getContext(), tensorTypeOf(v), type.getShape()));
  maps.push_back(b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<IteratorType> iterators(type.getRank(), IteratorType::parallel);
  Value init = emptyTensor(b, loc, type, sizes);
  return linalg::GenericOp::create(b, loc, type, operands, init, maps, iterators,
                                   [&](OpBuilder &nested, Location l, ValueRange args) {
                                     Value v = body(nested, l, args.drop_back());
                                     linalg::YieldOp::create(nested, l, v);
                                   })
      .getResult(0);
}

Value nn_to_linalg::generate(OpBuilder &b, Location loc, RankedTensorType type,
                             ArrayRef<OpFoldResult> sizes, ScalarBody body) {
  return pointwise(b, loc, type, sizes, {}, [&](OpBuilder &nested, Location l, ValueRange) {
    SmallVector<Value> indices;
    for (int64_t i = 0; i < type.getRank(); ++i)
      indices.push_back(linalg::IndexOp::create(nested, l, i));
    return body(nested, l, indices);
  });
}

SmallVector<Value> nn_to_linalg::sequential(
    OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes, ValueRange carried,
    function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange, ValueRange)> body) {
  SmallVector<Value> ubs;
  for (OpFoldResult s : sizes)
    ubs.push_back(asIndex(b, loc, s));
  SmallVector<Value> lbs(sizes.size(), indexConstant(b, loc, 0)),
      steps(sizes.size(), indexConstant(b, loc, 1));
  // A nest of no loops is its body, once.
  if (sizes.empty())
    return body(b, loc, {}, carried);
  scf::LoopNest nest = scf::buildLoopNest(
      b, loc, lbs, ubs, steps, carried,
      [&](OpBuilder &nested, Location l, ValueRange ivs, ValueRange args) -> scf::ValueVector {
        SmallVector<Value> results = body(nested, l, ivs, args);
        return scf::ValueVector(results.begin(), results.end());
      });
  return SmallVector<Value>(nest.results.begin(), nest.results.end());
}

Value nn_to_linalg::expandShape(OpBuilder &b, Location loc, RankedTensorType type, Value v,
                                ArrayRef<ReassociationIndices> groups,
                                ArrayRef<OpFoldResult> sizes) {
  auto isUnknown = [&](int64_t i) { return type.isDynamicDim(i); };
  if (llvm::all_of(groups, [&](const ReassociationIndices &g) {
        return llvm::count_if(g, isUnknown) <= 1;
      })) {
    // Values exactly where the type has '?'.
    SmallVector<OpFoldResult> stated;
    for (auto [size, d] : llvm::zip_equal(sizes, type.getShape()))
      stated.push_back(ShapedType::isDynamic(d) ? OpFoldResult(asIndex(b, loc, size))
                                                : b.getIndexAttr(d));
    return tensor::ExpandShapeOp::create(b, loc, type, v, groups, stated);
  }
  // Upstream's expansion of strided metadata knows one unknown size in a group only.
  SmallVector<Value> shape;
  for (OpFoldResult s : sizes)
    shape.push_back(asIndex(b, loc, s));
  Value packed = tensor::FromElementsOp::create(b, loc, shape);
  return tensor::ReshapeOp::create(b, loc, type, v, packed);
}

Value nn_to_linalg::insertUnitAxes(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> axes,
                                   int64_t rank) {
  if (axes.empty())
    return v;
  RankedTensorType from = tensorTypeOf(v);
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> sizes;
  SmallVector<ReassociationIndices> groups(from.getRank());
  SmallVector<OpFoldResult> own = tensor::getMixedSizes(b, loc, v);
  int64_t next = 0;
  for (int64_t i = 0; i < rank; ++i) {
    bool unit = llvm::is_contained(axes, i);
    // A unit axis joins the group before it; leading ones join the first.
    if (from.getRank() > 0)
      groups[unit ? std::max<int64_t>(next - 1, 0) : next].push_back(i);
    shape.push_back(unit ? 1 : from.getDimSize(next));
    sizes.push_back(unit ? OpFoldResult(b.getIndexAttr(1)) : own[next]);
    next += !unit;
  }
  auto type = RankedTensorType::get(shape, from.getElementType());
  return expandShape(b, loc, type, v, groups, sizes);
}

Value nn_to_linalg::reduceAxes(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> axes,
                               Type accumulator, Value start,
                               function_ref<Value(OpBuilder &, Location, Value, Value)> body) {
  RankedTensorType from = tensorTypeOf(input);
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> sizes;
  SmallVector<AffineExpr> kept;
  SmallVector<IteratorType> iterators;
  for (int64_t i = 0; i < from.getRank(); ++i) {
    bool reduced = llvm::is_contained(axes, i);
    iterators.push_back(reduced ? IteratorType::reduction : IteratorType::parallel);
    if (reduced)
      continue;
    shape.push_back(from.getDimSize(i));
    sizes.push_back(nn::dimOf(b, loc, input, i));
    kept.push_back(b.getAffineDimExpr(i));
  }
  auto type = RankedTensorType::get(shape, accumulator);
  Value init = filledTensor(b, loc, type, sizes, start);
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(from.getRank()),
                                 AffineMap::get(from.getRank(), 0, kept, b.getContext())};
  return linalg::GenericOp::create(b, loc, type, input, init, maps, iterators,
                                   [&](OpBuilder &nested, Location l, ValueRange args) {
                                     Value v = body(nested, l, args[0], args[1]);
                                     linalg::YieldOp::create(nested, l, v);
                                   })
      .getResult(0);
}

//===- constants
//--------------------------------------------------------------------------------------===//

Value nn_to_linalg::indexConstant(OpBuilder &b, Location loc, int64_t v) {
  return arith::ConstantIndexOp::create(b, loc, v);
}

Value nn_to_linalg::asIndex(OpBuilder &b, Location loc, OpFoldResult v) {
  return getValueOrCreateConstantIndexOp(b, loc, v);
}

Value nn_to_linalg::intConstant(OpBuilder &b, Location loc, Type type, int64_t v) {
  if (type.isIndex())
    return indexConstant(b, loc, v);
  unsigned width = type.getIntOrFloatBitWidth();
  APInt bits(width, static_cast<uint64_t>(v), /*isSigned=*/false, /*implicitTrunc=*/true);
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, bits));
}

Value nn_to_linalg::floatConstant(OpBuilder &b, Location loc, Type type, double v) {
  return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, v));
}

Value nn_to_linalg::countAlong(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> axes) {
  int64_t known = 1;
  Value unknown;
  for (int64_t axis : axes) {
    OpFoldResult size = nn::dimOf(b, loc, v, axis);
    if (std::optional<int64_t> n = getConstantIntValue(size)) {
      known *= *n;
      continue;
    }
    Value n = asIndex(b, loc, size);
    unknown = unknown ? arith::MulIOp::create(b, loc, unknown, n).getResult() : n;
  }
  Value factor = indexConstant(b, loc, known);
  return unknown ? b.createOrFold<arith::MulIOp>(loc, unknown, factor) : factor;
}

Value nn_to_linalg::zeroOf(OpBuilder &b, Location loc, Type element) {
  Type storage = storageType(element);
  if (isa<FloatType>(storage))
    return floatConstant(b, loc, storage, 0.0);
  return intConstant(b, loc, storage, 0);
}

Value nn_to_linalg::extremeOf(OpBuilder &b, Location loc, Type element, bool highest) {
  if (isFloat(element)) {
    double inf = std::numeric_limits<double>::infinity();
    return floatConstant(b, loc, computeType(element), highest ? inf : -inf);
  }
  unsigned width = element.getIntOrFloatBitWidth();
  Type storage = storageType(element);
  APInt v = isUnsigned(element)
                ? (highest ? APInt::getMaxValue(width) : APInt::getMinValue(width))
                : (highest ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width));
  v = isUnsigned(element) ? v.zext(storage.getIntOrFloatBitWidth())
                          : v.sext(storage.getIntOrFloatBitWidth());
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(storage, v));
}
