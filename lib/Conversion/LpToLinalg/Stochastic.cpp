// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stochastic rounding between the neighbours toward zero and away from it. Their codes come from
// the ordinary encode; how far the number has come from one to the other is exact in f64.
#include "Stochastic.h"

#include "lib/Conversion/Common/ScalarEmit.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::lp_to_linalg;

bool lp_to_linalg::canRoundStochastically(const num::Format &format,
                                          const num::Conversion &policy) {
  if (policy.overflow != num::Overflow::Saturate || !format.isDyadic())
    return false;
  const std::vector<uint32_t> &codes = format.codesByValue();
  for (size_t i = 1; i < codes.size(); ++i) {
    int exponent;
    double step = format.table()[codes[i]] - format.table()[codes[i - 1]];
    if (std::frexp(step, &exponent) != 0.5)
      return false;
  }
  return true;
}

Value lp_to_linalg::emitRandomBits(OpBuilder &b, Location loc, uint64_t seed, Value index,
                                   unsigned bits) {
  constexpr uint64_t golden = 0x9e3779b97f4a7c15u;
  Type i64 = b.getI64Type();
  auto constant = [&](uint64_t v) { return intConstant(b, loc, i64, static_cast<int64_t>(v)); };
  // The finalizer of splitmix64, as in lib/Numerics/Bulk.cpp.
  auto fold = [&](Value z, unsigned shift) -> Value {
    return arith::XOrIOp::create(b, loc, z, arith::ShRUIOp::create(b, loc, z, constant(shift)));
  };
  auto mix = [&](Value z) -> Value {
    z = arith::MulIOp::create(b, loc, fold(z, 30), constant(0xbf58476d1ce4e5b9u));
    z = arith::MulIOp::create(b, loc, fold(z, 27), constant(0x94d049bb133111ebu));
    return fold(z, 31);
  };
  Value key = mix(constant(seed + golden));
  key = arith::AddIOp::create(b, loc, key, arith::MulIOp::create(b, loc, index, constant(golden)));
  return arith::ShRUIOp::create(b, loc, mix(key), constant(64 - bits));
}

Value lp_to_linalg::emitEncodeStochastic(OpBuilder &b, Location loc, Value real, Value zeroPoint,
                                         Value random, const num::Format &format,
                                         const num::Conversion &policy) {
  FloatType f64 = b.getF64Type();
  num::Conversion inward = policy, outward = policy;
  inward.rounding = num::Rounding::TowardZero;
  outward.rounding = num::Rounding::AwayFromZero;
  auto encode = [&](const num::Conversion &p) {
    if (zeroPoint)
      return emitEncodeAffine(b, loc, real, zeroPoint, cast<num::IntegerFormat>(format), p);
    return emitEncode(b, loc, real, format, p);
  };
  Value lower = encode(inward), upper = encode(outward);
  // d in [0, 1). Where both neighbours are one, it is NaN or of no effect.
  Value x = convertFloat(b, loc, real, f64), d;
  if (zeroPoint) {
    d = arith::SubFOp::create(b, loc, x, math::TruncOp::create(b, loc, x));
    d = math::AbsFOp::create(b, loc, d);
  } else {
    Value lo = emitDecode(b, loc, lower, format, f64), hi = emitDecode(b, loc, upper, format, f64);
    d = arith::DivFOp::create(b, loc, arith::SubFOp::create(b, loc, x, lo),
                              arith::SubFOp::create(b, loc, hi, lo));
  }
  bool fast = policy.rounding == num::Rounding::StochasticFast;
  double unit = std::ldexp(1.0, static_cast<int>(policy.randomBits) + (fast ? 1 : 0));
  Value steps = arith::MulFOp::create(b, loc, d, floatConstant(b, loc, f64, unit));
  steps = policy.rounding == num::Rounding::StochasticEven
              ? math::RoundEvenOp::create(b, loc, steps).getResult()
              : math::FloorOp::create(b, loc, steps).getResult();
  Value r = arith::UIToFPOp::create(b, loc, f64, random);
  if (fast) {
    r = arith::AddFOp::create(b, loc, r, r);
    r = arith::AddFOp::create(b, loc, r, floatConstant(b, loc, f64, 1.0));
  }
  Value sum = arith::AddFOp::create(b, loc, steps, r);
  Value away = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, sum,
                                     floatConstant(b, loc, f64, unit));
  return arith::SelectOp::create(b, loc, away, upper, lower);
}
