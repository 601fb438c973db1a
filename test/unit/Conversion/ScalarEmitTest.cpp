// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The emitted decode and encode, compiled and run, against num::Format: every format, every policy.
#include "lib/Conversion/Common/ScalarEmit.h"

#include "Jit.h"
#include "lib/Conversion/Common/TableEmit.h"
#include "lpc/Numerics/Bulk.h"

#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

using namespace mlir;
using namespace lpc;
using lpc::test::Jit;

namespace {

/// Parameters that no preset has.
const char *const spread[] = {"int1",
                              "uint1",
                              "int2",
                              "uint4",
                              "int4.narrow",
                              "int6",
                              "int8.narrow",
                              "uint12",
                              "int16",
                              "e3m0<unsigned>",
                              "e0m4",
                              "e4m11",
                              "e2m1<nosubnormals>",
                              "e3m2<bias=5,specials=fn>",
                              "e3m3<specials=ieee>",
                              "e2m3<specials=extended>",
                              "e5m2<bias=140>",
                              "e4m3<unsigned,specials=extended>",
                              "fix8<f=4>",
                              "ufix8<f=8>",
                              "fix6.narrow<f=3>",
                              "fix16<f=15>",
                              "fix8<f=-3>",
                              "fix12<f=40>",
                              "ufix3<f=64>",
                              "posit2",
                              "posit5<es=0>",
                              "posit6<es=1>",
                              "posit8<es=0>",
                              "posit8",
                              "posit8<es=4>",
                              "posit10<es=3>",
                              "posit16",
                              "hif8",
                              "lns4",
                              "lns5<f=1>",
                              "lns8<f=3>",
                              "lns8<nozero>",
                              "lns12",
                              "lns16",
                              "nf4",
                              "fp4.bnb",
                              "binary",
                              "ternary",
                              "bipolar3",
                              "pot4",
                              "denseshift5",
                              "dint8",
                              "dint12",
                              "table<-3,-1,1,3>",
                              "table<0.1,-7,100,2.5,1e-200>",
                              "table<3,0,1,-0.5,7,9,11,2,5>"};

std::vector<std::string> allFormats() {
  std::vector<std::string> names = num::knownFormatNames();
  for (const char *name : spread)
    if (!llvm::is_contained(names, name))
      names.push_back(name);
  return names;
}

/// Each boundary between neighbours, what lies close to it, and the special numbers.
std::vector<double> probes(const num::Format &f) {
  std::vector<double> points = {0.0,        -0.0,     1e300,     -1e300,    0x1p-1060,
                                -0x1p-1060, 0x1p-140, -0x1p-140, 0x1p-1074, 0x1p-149};
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
  // Wide formats repeat themselves: both ends, and every so manieth neighbourhood between.
  size_t step = values.size() > 5000 ? 37 : 1;
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    if (i > 300 && i + 300 < values.size() && i % step != 0)
      continue;
    double mid = values[i] / 2 + values[i + 1] / 2, quarter = mid / 2 + values[i] / 2,
           mean = std::sqrt(std::abs(values[i])) * std::sqrt(std::abs(values[i + 1]));
    for (double x : {values[i], mid, quarter, std::copysign(mean, mid)})
      points.insert(points.end(), {x, std::nextafter(x, -inf), std::nextafter(x, inf)});
  }
  std::mt19937_64 random(7);
  for (int i = 0; i < 100; ++i) {
    points.push_back(std::bit_cast<float>(static_cast<uint32_t>(random())));
    points.push_back(std::bit_cast<double>(random()));
    points.push_back(std::uniform_real_distribution<double>(f.lowest(), f.max())(random));
  }
  return points;
}

std::vector<float> narrowed(const std::vector<double> &points) {
  std::vector<float> result;
  for (double x : points) {
    float y = static_cast<float>(x);
    for (float z : {y, std::nextafter(y, -INFINITY), std::nextafter(y, INFINITY)})
      result.push_back(z);
  }
  return result;
}

/// All numbers of a 16-bit float type.
std::vector<uint16_t> everyHalf() {
  std::vector<uint16_t> bits(1 << 16);
  for (size_t i = 0; i < bits.size(); ++i)
    bits[i] = static_cast<uint16_t>(i);
  return bits;
}
double valueOfHalf(FloatType t, uint16_t bits) {
  APFloat v(t.getFloatSemantics(), APInt(16, bits));
  bool lost;
  v.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return v.convertToDouble();
}

/// Integers as they lie in memory, and back.
std::vector<uint8_t> store(ArrayRef<uint32_t> values, IntegerType type) {
  std::vector<uint8_t> bytes;
  for (uint32_t v : values)
    for (unsigned at = 0; at < type.getWidth(); at += 8)
      bytes.push_back(static_cast<uint8_t>(v >> at));
  return bytes;
}
std::vector<uint32_t> load(ArrayRef<uint8_t> bytes, IntegerType type) {
  const unsigned size = type.getWidth() / 8;
  std::vector<uint32_t> values(bytes.size() / size);
  for (size_t i = 0; i < bytes.size(); ++i)
    values[i / size] |= static_cast<uint32_t>(bytes[i]) << (8 * (i % size));
  return values;
}

class ScalarEmitTest : public testing::TestWithParam<std::string> {
protected:
  ScalarEmitTest() : b(&ctx) { Jit::prepare(ctx); }

  static constexpr int64_t kLanes = 8;
  static packed::TargetFeatures hostFeatures() {
#if defined(__x86_64__)
    return {static_cast<bool>(__builtin_cpu_supports("ssse3")),
            static_cast<bool>(__builtin_cpu_supports("avx2"))};
#else
    return {};
#endif
  }
  const num::Format &format() {
    const num::Format *f = num::Format::parse(GetParam());
    EXPECT_TRUE(f) << GetParam();
    return *f;
  }

  MLIRContext ctx;
  OpBuilder b;
};

/// Compares decoded values, which are f32 or f64.
void expectValues(const num::Format &f, ArrayRef<double> got, bool single, const char *what) {
  for (uint32_t code = 0; code < got.size(); ++code) {
    double want = f.table()[code & (f.numCodes() - 1)];
    if (single)
      want = static_cast<float>(want);
    if (std::isnan(want))
      ASSERT_TRUE(std::isnan(got[code])) << f.name() << " " << code << " " << what;
    else
      ASSERT_EQ(std::bit_cast<uint64_t>(want), std::bit_cast<uint64_t>(got[code]))
          << f.name() << " " << code << " " << what;
  }
}

TEST_P(ScalarEmitTest, DecodeIsTheFormats) {
  const num::Format &f = format();
  IntegerType storage = codeStorageType(&ctx, f);
  // All words of the storage: the bits above a code are ignored.
  const int64_t count = int64_t(1) << std::min(storage.getWidth(), 20u);
  std::vector<uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  const std::vector<uint8_t> stored = store(all, storage);
  const void *in = stored.data();

  for (packed::TargetFeatures features : {packed::TargetFeatures(), hostFeatures()}) {
    struct Way {
      FloatType type;
      int64_t lanes;
      bool byTable;
      const char *name;
    };
    const Way ways[] = {{b.getF32Type(), 0, false, "f32"},
                        {b.getF64Type(), 0, false, "f64"},
                        {b.getF32Type(), kLanes, false, "f32 vector"},
                        {b.getF64Type(), kLanes, false, "f64 vector"},
                        {b.getF32Type(), 0, true, "f32 by table"},
                        {b.getF64Type(), 0, true, "f64 by table"},
                        {b.getF32Type(), kLanes, true, "f32 vector by table"}};
    Jit jit(ctx);
    for (const Way &way : ways)
      jit.add(storage, way.type, way.lanes, [&](OpBuilder &b, Location loc, ValueRange args) {
        emit::Emitter e(b, loc, args[0]);
        return way.byTable ? emit::decodeByTable(e, args[0], f, way.type)
                           : emitDecode(b, loc, args[0], f, way.type);
      });
    ASSERT_TRUE(jit.compile(features));
    for (auto [i, way] : llvm::enumerate(ways)) {
      std::vector<double> got(count);
      if (way.type.isF32()) {
        std::vector<float> single(count);
        jit.run(i, in, single.data(), count);
        std::copy(single.begin(), single.end(), got.begin());
      } else {
        jit.run(i, in, got.data(), count);
      }
      expectValues(f, got, way.type.isF32(), way.name);
    }
  }
}

/// One encoder of the batch.
struct EncodeCase {
  num::Conversion policy;
  FloatType type;
  int64_t lanes;
  bool bySteps;
  unsigned function;
};

TEST_P(ScalarEmitTest, EncodeIsTheFormats) {
  const num::Format &f = format();
  const bool wide = f.width() > 10;
  // Steps of wide formats take long to find, and each policy has its own.
  const bool slow = wide && f.family() != num::Family::Integer &&
                    f.family() != num::Family::Minifloat && f.family() != num::Family::Fixed;
  IntegerType storage = codeStorageType(&ctx, f);
  Jit jit(ctx);
  std::vector<EncodeCase> cases;
  unsigned rotate = 0;
  auto add = [&](num::Rounding r, num::Overflow o, FloatType type, int64_t lanes, bool bySteps) {
    // Wide tables take long to find: fewer of them.
    if (bySteps && (o == num::Overflow::Wrap || (wide && static_cast<int>(r) % 4 != 0) ||
                    (f.width() > 16 && r != num::Rounding::NearestEven)))
      return;
    num::Conversion policy{r, o, static_cast<num::NaNPolicy>(rotate++ % 3), /*randomBits=*/8};
    if (num::isStochastic(r) || !canEmitEncode(f, policy))
      return;
    unsigned function =
        jit.add(type, storage, lanes, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
          if (!bySteps)
            return emitEncode(b, loc, args[0], f, policy);
          emit::Emitter e(b, loc, args[0]);
          return e.resize(emit::encodeBySteps(e, args[0], f, policy), storage.getWidth());
        });
    cases.push_back({policy, type, lanes, bySteps, function});
  };
  const FloatType f32 = b.getF32Type(), f64 = b.getF64Type();
  for (unsigned word = 0; word < num::numRoundings; ++word) {
    auto r = static_cast<num::Rounding>(word);
    if (slow && word % 4 != 0 && r != num::Rounding::NearestLog)
      continue;
    for (num::Overflow o :
         {num::Overflow::Saturate, num::Overflow::Infinity, num::Overflow::Wrap}) {
      add(r, o, f32, 0, false);
      add(r, o, f32, 0, true);
      if (word % 4 == 0 || o == num::Overflow::Wrap)
        add(r, o, f64, 0, false);
    }
    if (word % 4 == 0)
      add(r, num::Overflow::Saturate, f64, 0, true);
    add(r, num::Overflow::Saturate, f32, kLanes, false);
    if (word % 3 == 0)
      for (FloatType half : {FloatType(b.getF16Type()), FloatType(b.getBF16Type())})
        add(r, num::Overflow::Infinity, half, 0, false);
  }
  ASSERT_TRUE(jit.compile(hostFeatures()));

  const std::vector<double> doubles = probes(f);
  std::vector<float> floats = narrowed(doubles);
  floats.resize(floats.size() / kLanes * kLanes);
  const std::vector<uint16_t> halves = everyHalf();
  for (EncodeCase &c : cases) {
    size_t count = c.type.isF32() ? floats.size() : c.type.isF64() ? doubles.size() : halves.size();
    const void *in = c.type.isF32()   ? static_cast<const void *>(floats.data())
                     : c.type.isF64() ? static_cast<const void *>(doubles.data())
                                      : halves.data();
    std::vector<uint8_t> out(count * storage.getWidth() / 8);
    jit.run(c.function, in, out.data(), count);
    const std::vector<uint32_t> words = load(out, storage);
    for (size_t i = 0; i < count; ++i) {
      double x = c.type.isF32()   ? floats[i]
                 : c.type.isF64() ? doubles[i]
                                  : valueOfHalf(c.type, halves[i]);
      ASSERT_EQ(f.encode(x, c.policy), words[i])
          << f.name() << " " << x << " " << std::hexfloat << x << " " << toString(c.policy.rounding)
          << " " << toString(c.policy.overflow) << " " << toString(c.policy.nan) << " "
          << c.type.getWidth() << " bits, lanes " << c.lanes << (c.bySteps ? ", by steps" : "");
    }
  }
}

TEST_P(ScalarEmitTest, EncodeAtRandom) {
  const num::Format &f = format();
  IntegerType storage = codeStorageType(&ctx, f);
  Jit jit(ctx);
  struct Case {
    num::Conversion policy;
    FloatType type;
  };
  std::vector<Case> cases;
  for (unsigned word = 0; word < num::numRoundings; ++word)
    for (unsigned bits : {3u, 8u, 32u})
      for (FloatType type : {FloatType(b.getF32Type()), FloatType(b.getF64Type())}) {
        auto r = static_cast<num::Rounding>(word);
        num::Conversion policy{r, num::Overflow::Saturate, num::NaNPolicy::Zero, bits};
        if (!num::isStochastic(r) || !canEmitEncode(f, policy))
          continue;
        jit.add({type, b.getI32Type()}, storage, 0,
                [&](OpBuilder &b, Location loc, ValueRange args) {
                  return emitEncode(b, loc, args[0], f, policy, args[1]);
                });
        cases.push_back({policy, type});
      }
  if (cases.empty()) {
    // Only what the header states: no zero, irrational values, or no room for the bits.
    EXPECT_TRUE(!f.zeroCode() || !f.isDyadic() || f.width() > 8) << f.name();
    return;
  }
  ASSERT_TRUE(jit.compile(hostFeatures()));
  const std::vector<double> doubles = probes(f);
  const std::vector<float> floats = narrowed(doubles);
  for (auto [i, c] : llvm::enumerate(cases)) {
    const bool single = c.type.isF32();
    const size_t count = single ? floats.size() : doubles.size();
    std::vector<uint32_t> random(count);
    for (size_t k = 0; k < count; ++k)
      random[k] = k % 5 == 0   ? 0
                  : k % 5 == 1 ? static_cast<uint32_t>((uint64_t(1) << c.policy.randomBits) - 1)
                               : num::randomBits(3, k, c.policy.randomBits);
    std::vector<uint8_t> out(count * storage.getWidth() / 8);
    jit.run(i, {single ? static_cast<const void *>(floats.data()) : doubles.data(), random.data()},
            out.data(), count);
    const std::vector<uint32_t> codes = load(out, storage);
    for (size_t k = 0; k < count; ++k) {
      double x = single ? floats[k] : doubles[k];
      ASSERT_EQ(f.encode(x, c.policy, random[k]), codes[k])
          << f.name() << " " << x << " " << std::hexfloat << x << " " << std::dec << random[k]
          << " of " << c.policy.randomBits << " bits " << toString(c.policy.rounding);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ScalarEmitTest, testing::ValuesIn(allFormats()),
                         [](const auto &info) {
                           std::string name = info.param;
                           for (char &c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c)))
                               c = '_';
                           return name + "_" + std::to_string(info.index);
                         });

using ScalarEmitAffineTest = ScalarEmitTest;

TEST_F(ScalarEmitAffineTest, RandomBits) {
  const uint64_t seed = 0x123456789abcdef0;
  std::vector<uint64_t> index = {0, 1, 2, 77, uint64_t(1) << 40};
  for (unsigned bits : {1u, 8u, 32u}) {
    Jit jit(ctx);
    jit.add(b.getI64Type(), b.getI32Type(), 0, [&](OpBuilder &b, Location loc, ValueRange args) {
      return emitRandomBits(b, loc, seed, args[0], bits);
    });
    ASSERT_TRUE(jit.compile({}));
    std::vector<uint32_t> got(index.size());
    jit.run(0, index.data(), got.data(), index.size());
    for (auto [i, r] : llvm::zip(index, got))
      EXPECT_EQ(num::randomBits(seed, i, bits), r) << i << " " << bits;
  }
}

TEST_F(ScalarEmitAffineTest, EncodeAffine) {
  for (const char *name : {"int8", "uint8", "int4", "uint4"}) {
    auto *f = llvm::cast<num::IntegerFormat>(num::Format::parse(name));
    std::vector<float> points = narrowed(probes(*num::Format::parse("int4")));
    Jit jit(ctx);
    std::vector<std::pair<int32_t, num::Conversion>> cases;
    for (int32_t zp : {f->lo(), f->hi(), (f->lo() + f->hi()) / 2})
      for (num::Overflow o : {num::Overflow::Saturate, num::Overflow::Wrap})
        for (num::Rounding r :
             {num::Rounding::NearestEven, num::Rounding::Up, num::Rounding::NearestLog}) {
          num::Conversion policy{r, o, num::NaNPolicy::Zero, /*randomBits=*/8};
          cases.push_back({zp, policy});
          jit.add(b.getF32Type(), b.getI8Type(), 0,
                  [&](OpBuilder &b, Location loc, ValueRange args) {
                    Value z = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(zp));
                    return emitEncodeAffine(b, loc, args[0], z, *f, policy);
                  });
        }
    ASSERT_TRUE(jit.compile({}));
    for (auto [i, c] : llvm::enumerate(cases)) {
      std::vector<uint8_t> codes(points.size());
      jit.run(i, points.data(), codes.data(), points.size());
      for (auto [x, code] : llvm::zip(points, codes))
        ASSERT_EQ(f->encodeAffine(x, c.first, c.second), code)
            << name << " " << x << " " << c.first;
    }
  }
}

} // namespace
