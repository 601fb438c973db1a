// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The emitted decode and encode against num::Format: the code is emitted on constants, so that
// folding evaluates it.
#include "lib/Conversion/Common/ScalarEmit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OwningOpRef.h"
#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace mlir;
using namespace lpc;

namespace {

class ScalarEmitTest : public testing::Test {
protected:
  ScalarEmitTest() : b(&ctx) {
    ctx.loadDialect<arith::ArithDialect, math::MathDialect>();
    ctx.disableMultithreading();
  }

  /// Emits with `emit` into a fresh module and gives the constant that results. A context keeps
  /// each attribute for good, so the tests stay at sizes of some ten thousand evaluations.
  template <typename Emit> Attribute evaluate(Emit emit) {
    OwningOpRef<ModuleOp> module(ModuleOp::create(loc()));
    b.setInsertionPointToStart(module->getBody());
    Attribute value;
    if (!matchPattern(emit(), m_Constant(&value)))
      ADD_FAILURE() << "the emitted code does not fold";
    return value;
  }
  Location loc() { return b.getUnknownLoc(); }
  Value floatConstant(FloatType t, double x) {
    return arith::ConstantOp::create(b, loc(), b.getFloatAttr(t, x));
  }

  double decode(const num::Format &f, uint32_t code, FloatType t) {
    IntegerType storage = codeStorageType(&ctx, f);
    Attribute a = evaluate([&] {
      Value c = arith::ConstantOp::create(
          b, loc(), b.getIntegerAttr(storage, APInt(storage.getWidth(), code)));
      return emitDecode(b, loc(), c, f, t);
    });
    APFloat v = cast<FloatAttr>(a).getValue();
    bool lost;
    v.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
    return v.convertToDouble();
  }
  uint32_t encode(const num::Format &f, double x, FloatType t, const num::Conversion &policy) {
    Attribute a = evaluate([&] { return emitEncode(b, loc(), floatConstant(t, x), f, policy); });
    return cast<IntegerAttr>(a).getValue().getZExtValue();
  }

  MLIRContext ctx;
  OpBuilder b;
};

const char *const allFormats[] = {"int8",
                                  "uint8",
                                  "int4",
                                  "uint4",
                                  "int2",
                                  "uint1",
                                  "int1",
                                  "int4.narrow",
                                  "int6",
                                  "int8.narrow",
                                  "e4m3",
                                  "e5m2",
                                  "e4m3fnuz",
                                  "e5m2fnuz",
                                  "e3m2",
                                  "e2m3",
                                  "e2m1",
                                  "e8m0",
                                  "e3m4",
                                  "e3m0<unsigned>",
                                  "e0m4",
                                  "e2m1<nosubnormals>",
                                  "e3m2<bias=5,specials=fn>",
                                  "e3m3<specials=ieee>",
                                  "e2m3<specials=extended>",
                                  "e5m2<bias=140>",
                                  "e4m3<unsigned,specials=extended>"};

/// Each boundary between neighbours, what lies close to it, and the special numbers.
std::vector<double> probes(const num::Format &f, bool single) {
  std::vector<double> points = {0.0,       -0.0,       1e300,    -1e300,
                                0x1p-1060, -0x1p-1060, 0x1p-140, -0x1p-140};
  double inf = std::numeric_limits<double>::infinity(),
         nan = std::numeric_limits<double>::quiet_NaN();
  points.insert(points.end(), {inf, -inf, nan, -nan, 0x1p40, -0x1p40, 1.5, 0.5, -0.5});
  std::vector<double> values;
  for (double v : f.table())
    if (std::isfinite(v))
      values.push_back(v);
  std::sort(values.begin(), values.end());
  values.push_back(2 * values.back() - values[values.size() - 2]);
  values.insert(values.begin(), 2 * values[0] - values[1]);
  // Wide formats repeat themselves: both ends, and every fifth neighbourhood between.
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    if (i > 12 && i + 12 < values.size() && i % 5 != 0)
      continue;
    double mid = values[i] / 2 + values[i + 1] / 2, quarter = mid / 2 + values[i] / 2;
    for (double x : {values[i], mid, quarter}) {
      points.push_back(x);
      if (single) {
        points.push_back(std::nextafterf(x, -INFINITY));
        points.push_back(std::nextafterf(x, INFINITY));
      } else {
        points.push_back(std::nextafter(x, -INFINITY));
        points.push_back(std::nextafter(x, INFINITY));
      }
    }
  }
  std::mt19937_64 random(7);
  for (int i = 0; i < 24; ++i)
    points.push_back(std::bit_cast<float>(static_cast<uint32_t>(random())));
  if (single)
    for (double &x : points)
      x = static_cast<float>(x);
  return points;
}

TEST_F(ScalarEmitTest, DecodeIsTheFormats) {
  for (const char *name : allFormats) {
    const num::Format *f = num::Format::parse(name);
    ASSERT_TRUE(f) << name;
    for (FloatType t : {FloatType(b.getF32Type()), FloatType(b.getF64Type())})
      for (uint32_t code = 0; code < f->numCodes(); ++code) {
        double want = f->decodeToDouble(code), got = decode(*f, code, t);
        if (t.isF32())
          want = static_cast<float>(want);
        if (std::isnan(want))
          EXPECT_TRUE(std::isnan(got)) << name << " " << code;
        else
          EXPECT_EQ(std::bit_cast<uint64_t>(want), std::bit_cast<uint64_t>(got))
              << name << " " << code;
      }
  }
}

TEST_F(ScalarEmitTest, DecodeOfSixteenBits) {
  for (const char *name : {"bf16", "fp16", "int16", "uint12", "e4m11"}) {
    const num::Format *f = num::Format::parse(name);
    ASSERT_TRUE(f) << name;
    for (uint32_t code = 0; code < f->numCodes(); code += 7) {
      double want = f->decodeToDouble(code), got = decode(*f, code, b.getF32Type());
      EXPECT_TRUE(std::isnan(want) ? std::isnan(got) : want == got) << name << " " << code;
    }
  }
}

class ScalarEncodeTest : public ScalarEmitTest, public testing::WithParamInterface<const char *> {};

TEST_P(ScalarEncodeTest, EncodeIsTheFormats) {
  const num::Format *f = num::Format::parse(GetParam());
  ASSERT_TRUE(f) << GetParam();
  for (bool single : {true, false})
    for (double x : probes(*f, single))
      for (int r = 0; r < static_cast<int>(num::Rounding::Stochastic); ++r)
        for (num::Overflow o :
             {num::Overflow::Saturate, num::Overflow::Infinity, num::Overflow::Wrap}) {
          if (o == num::Overflow::Wrap && f->family() != num::Family::Integer)
            continue;
          // Three NaN policies and a double of each number would only repeat what is tested.
          if (!single && (r % 4 != 0 || o == num::Overflow::Infinity))
            continue;
          auto n = static_cast<num::NaNPolicy>(r % 3);
          num::Conversion policy{static_cast<num::Rounding>(r), o, n};
          FloatType t = single ? FloatType(b.getF32Type()) : FloatType(b.getF64Type());
          ASSERT_EQ(f->encode(x, policy), encode(*f, x, t, policy))
              << f->name() << " " << x << " " << std::hexfloat << x << " "
              << toString(policy.rounding) << " " << toString(o) << " " << toString(n)
              << (single ? " f32" : " f64");
        }
}

INSTANTIATE_TEST_SUITE_P(Formats, ScalarEncodeTest, testing::ValuesIn(allFormats),
                         [](const auto &info) { return "Format" + std::to_string(info.index); });

TEST_F(ScalarEmitTest, EncodeAffine) {
  for (const char *name : {"int8", "uint8", "int4", "uint4"}) {
    auto *f = llvm::cast<num::IntegerFormat>(num::Format::parse(name));
    for (int32_t zp : {f->lo(), f->hi(), (f->lo() + f->hi()) / 2})
      for (double x : probes(*num::Format::parse("int4"), true))
        for (num::Overflow o : {num::Overflow::Saturate, num::Overflow::Wrap}) {
          num::Conversion policy{num::Rounding::NearestEven, o, num::NaNPolicy::Zero};
          Attribute a = evaluate([&] {
            Value z = arith::ConstantOp::create(b, loc(), b.getI32IntegerAttr(zp));
            return emitEncodeAffine(b, loc(), floatConstant(b.getF32Type(), x), z, *f, policy);
          });
          ASSERT_EQ(f->encodeAffine(x, zp, policy), cast<IntegerAttr>(a).getValue().getZExtValue())
              << name << " " << x << " " << zp;
        }
  }
}

} // namespace
