// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar or vector arithmetic on values of one shape, as the emission of conversions writes it.
#ifndef LPC_LIB_CONVERSION_COMMON_EMITTER_H
#define LPC_LIB_CONVERSION_COMMON_EMITTER_H

#include "dialects/Packed/IR/Packed.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

namespace lpc::emit {

using mlir::Attribute;
using mlir::DenseElementsAttr;
using mlir::FloatType;
using mlir::ImplicitLocOpBuilder;
using mlir::IntegerType;
using mlir::Location;
using mlir::OpBuilder;
using mlir::ShapedType;
using mlir::Type;
using mlir::TypedAttr;
using mlir::Value;
namespace arith = mlir::arith;

using Pred = arith::CmpIPredicate;

/// `element` in the shape (scalar or vector) of `like`.
inline Type withElement(Type like, Type element) {
  if (auto shaped = llvm::dyn_cast<ShapedType>(like))
    return shaped.clone(element);
  return element;
}

/// Scalar or vector arithmetic on values of one shape.
struct Emitter : ImplicitLocOpBuilder {
  Emitter(OpBuilder &b, Location loc, Value shape)
      : ImplicitLocOpBuilder(loc, b), like(shape.getType()) {}

  Type like;

  Value splat(TypedAttr scalar) {
    if (auto shaped = llvm::dyn_cast<ShapedType>(like))
      return arith::ConstantOp::create(
          *this, DenseElementsAttr::get(llvm::cast<ShapedType>(shaped.clone(scalar.getType())),
                                        Attribute(scalar)));
    return arith::ConstantOp::create(*this, scalar);
  }
  Value integer(unsigned width, uint64_t value) {
    IntegerType t = getIntegerType(width);
    return splat(
        getIntegerAttr(t, llvm::APInt(width, value, /*isSigned=*/false, /*implicitTrunc=*/true)));
  }
  Value real(FloatType t, double value) { return splat(getFloatAttr(t, value)); }

  template <typename Op, typename... Args> Value make(Args &&...args) {
    return createOrFold<Op>(std::forward<Args>(args)...);
  }
  Value add(Value x, Value y) { return make<arith::AddIOp>(x, y); }
  Value sub(Value x, Value y) { return make<arith::SubIOp>(x, y); }
  Value shl(Value x, Value y) { return make<arith::ShLIOp>(x, y); }
  Value shrU(Value x, Value y) { return make<arith::ShRUIOp>(x, y); }
  Value bitAnd(Value x, Value y) { return make<arith::AndIOp>(x, y); }
  Value bitOr(Value x, Value y) { return make<arith::OrIOp>(x, y); }
  Value cmp(Pred p, Value x, Value y) { return make<arith::CmpIOp>(p, x, y); }
  Value cmpF(arith::CmpFPredicate p, Value x, Value y) { return make<arith::CmpFOp>(p, x, y); }
  Value select(Value c, Value x, Value y) { return x == y ? x : make<arith::SelectOp>(c, x, y); }
  /// table[index]; see packed.lookup.
  Value lookup(DenseElementsAttr table, Value index) {
    if (table.isSplat())
      return splat(llvm::cast<TypedAttr>(table.getSplatValue<Attribute>()));
    return make<packed::LookupOp>(withElement(like, table.getElementType()), index, table);
  }
  Value isNaN(Value x) { return cmpF(arith::CmpFPredicate::UNO, x, x); }
  /// Zero-extends or truncates to `width` bits.
  Value resize(Value x, unsigned width) {
    unsigned from = mlir::getElementTypeOrSelf(x).getIntOrFloatBitWidth();
    Type to = withElement(like, getIntegerType(width));
    if (from == width)
      return x;
    return from < width ? make<arith::ExtUIOp>(to, x) : make<arith::TruncIOp>(to, x);
  }
  Value convertFloat(Value x, FloatType to) {
    unsigned from = mlir::getElementTypeOrSelf(x).getIntOrFloatBitWidth();
    if (mlir::getElementTypeOrSelf(x) == to)
      return x;
    if (mlir::getElementTypeOrSelf(x).isBF16()) {
      // See emitWiden.
      Value bits = resize(make<arith::BitcastOp>(withElement(like, getI16Type()), x), 32);
      Value wide =
          make<arith::BitcastOp>(withElement(like, getF32Type()), shl(bits, integer(32, 16)));
      return convertFloat(wide, to);
    }
    Type t = withElement(like, to);
    return from < to.getWidth() ? make<arith::ExtFOp>(t, x) : make<arith::TruncFOp>(t, x);
  }
};

} // namespace lpc::emit

#endif // LPC_LIB_CONVERSION_COMMON_EMITTER_H
