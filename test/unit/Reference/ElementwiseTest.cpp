// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise kernels: values by hand, special values, integer edges, conversions.
#include "Helpers.h"

#include <gtest/gtest.h>

using namespace lpc;
using namespace lpc::ref;
using namespace lpc::ref::testing;

using V = std::vector<double>;
using I = std::vector<int64_t>;

TEST(Elementwise, MinMaxPropagateNaNAndOrderZeros) {
  Tensor a = f32({4}, {1, kNaN, 3, -0.0f}), b = f32({4}, {2, 1, kNaN, 0.0f});
  Tensor lo = *binary(BinaryKind::Min, a, b), hi = *binary(BinaryKind::Max, a, b);
  EXPECT_EQ(lo.at(0), 1);
  EXPECT_TRUE(std::isnan(lo.at(1)) && std::isnan(lo.at(2)) && std::isnan(hi.at(1)) &&
              std::isnan(hi.at(2)));
  EXPECT_TRUE(std::signbit(lo.at(3)));
  EXPECT_FALSE(std::signbit(hi.at(3)));
}

TEST(Elementwise, RoundIsHalfEven) {
  EXPECT_EQ(values(unary(UnaryKind::Round, f32({6}, {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 2.4f}))),
            (V{0, 2, 2, -0.0, -2, 2}));
}

TEST(Elementwise, SpecialsOfActivations) {
  Tensor x = f32({3}, {kNaN, -1, -0.0f});
  Tensor r = unary(UnaryKind::Relu, x);
  EXPECT_TRUE(std::isnan(r.at(0)));
  EXPECT_EQ(r.at(1), 0);
  EXPECT_FALSE(std::signbit(r.at(2)));
  EXPECT_TRUE(std::isnan(unary(UnaryKind::Softplus, x).at(0)));
  EXPECT_TRUE(std::isnan(clamp(x, -1, 1).at(0)));
  EXPECT_EQ(ints(unary(UnaryKind::IsNaN, x)), (I{1, 0, 0}));
  // Large arguments neither overflow nor lose the tail.
  EXPECT_EQ(unary(UnaryKind::Softplus, f32({}, {200})).at(0), 200);
  EXPECT_EQ(unary(UnaryKind::Sigmoid, f32({}, {-200})).at(0), 0);
  EXPECT_NEAR(unary(UnaryKind::Gelu, f64({}, {-8})).at(0), -8 * 6.220960574271785e-16, 1e-28);
}

TEST(Elementwise, IntegerDivisionAndRemainder) {
  Tensor a = i8({6}, {7, -7, 7, -7, -128, 5}), b = i8({6}, {2, 2, -2, -2, -1, 0});
  EXPECT_EQ(ints(*binary(BinaryKind::Div, a, b)), (I{3, -3, -3, 3, -128, 0}));
  EXPECT_EQ(ints(*binary(BinaryKind::Rem, a, b)), (I{1, -1, 1, -1, 0, 0}));
  EXPECT_EQ(ints(*binary(BinaryKind::Mod, a, b)), (I{1, 1, -1, -1, 0, 0}));
  Tensor p = f32({4}, {5.5f, -5.5f, 5.5f, -5.5f}), q = f32({4}, {2, 2, -2, -2});
  EXPECT_EQ(values(*binary(BinaryKind::Mod, p, q)), (V{1.5, 0.5, -0.5, -1.5}));
  EXPECT_EQ(values(*binary(BinaryKind::Rem, p, q)), (V{1.5, -1.5, 1.5, -1.5}));
}

TEST(Elementwise, IntegersWrapAndShift) {
  EXPECT_EQ(ints(*binary(BinaryKind::Add, u8({1}, {250}), u8({1}, {10}))), (I{4}));
  EXPECT_EQ(ints(*binary(BinaryKind::Mul, i32({1}, {1 << 20}), i32({1}, {1 << 15}))), (I{0}));
  EXPECT_EQ(ints(*binary(BinaryKind::Pow, i32({4}, {3, -1, 2, 1}), i32({4}, {5, -3, -1, -7}))),
            (I{243, -1, 0, 1}));
  EXPECT_EQ(ints(*binary(BinaryKind::Shr, i8({3}, {-128, -1, 64}), i8({3}, {7, 100, 3}))),
            (I{-1, -1, 8}));
  EXPECT_EQ(ints(*binary(BinaryKind::Shr, u8({2}, {255, 255}), u8({2}, {7, 8}))), (I{1, 0}));
  EXPECT_EQ(ints(*binary(BinaryKind::Shl, u8({2}, {255, 255}), u8({2}, {7, 8}))), (I{128, 0}));
  Tensor big = Tensor::of<uint64_t>(DType::u(64), {1}, {~uint64_t{0}});
  EXPECT_EQ(ints(*compare(CompareKind::Gt, big, Tensor::of<uint64_t>(DType::u(64), {1}, {1}))),
            (I{1}));
  EXPECT_EQ(big.at(0), 0x1p64);
}

TEST(Elementwise, SubByteIntegersWrapAtTheirWidth) {
  Tensor a = Tensor::of<uint8_t>(DType::i(4), {3}, {7, 8, 15}); // 7, -8, -1
  EXPECT_EQ(ints(a), (I{7, -8, -1}));
  EXPECT_EQ(ints(*binary(BinaryKind::Add, a, a)), (I{-2, 0, -2}));
  EXPECT_EQ(ints(cast(f32({4}, {2.5f, 3.5f, -100, 100}), DType::i(4))), (I{2, 4, -8, 7}));
}

TEST(Elementwise, CompareWithNaN) {
  Tensor a = f32({2}, {kNaN, 1}), b = f32({2}, {kNaN, 1});
  EXPECT_EQ(ints(*compare(CompareKind::Eq, a, b)), (I{0, 1}));
  EXPECT_EQ(ints(*compare(CompareKind::Ne, a, b)), (I{1, 0}));
  EXPECT_EQ(ints(*compare(CompareKind::Le, a, b)), (I{0, 1}));
  EXPECT_EQ(ints(*compare(CompareKind::Ge, a, b)), (I{0, 1}));
}

TEST(Elementwise, Broadcasting) {
  Tensor a = f32({2, 1}, {1, 2}), b = f32({3}, {10, 20, 30});
  Tensor y = *binary(BinaryKind::Add, a, b);
  EXPECT_EQ(y.shape(), (Shape{2, 3}));
  EXPECT_EQ(values(y), (V{11, 21, 31, 12, 22, 32}));
  EXPECT_EQ(binary(BinaryKind::Add, f32({2}, {1, 2}), b).error(),
            "shapes 2 and 3 do not broadcast");
  EXPECT_EQ(binary(BinaryKind::Add, f32({0}, {}), f32({}, {1}))->shape(), (Shape{0}));
  Tensor s = *select(boolean({2, 1}, {1, 0}), f32({}, {7}), b);
  EXPECT_EQ(values(s), (V{7, 7, 7, 10, 20, 30}));
}

TEST(Elementwise, FloatArithmeticRoundsOnceInTheType) {
  Tensor a = randomF32({1000}, 1), b = randomF32({1000}, 2, 100);
  Tensor sum = *binary(BinaryKind::Add, a, b), quotient = *binary(BinaryKind::Div, a, b);
  for (int64_t i = 0; i < 1000; ++i) {
    float x = a.as<float>()[i], y = b.as<float>()[i];
    EXPECT_EQ(sum.as<float>()[i], x + y);
    EXPECT_EQ(quotient.as<float>()[i], x / y);
  }
  // f16: 2048 + 1 is a tie, to even; 65504 + 16 rounds to infinity.
  Tensor h = cast(f32({2}, {2048, 65504}), DType::f16());
  EXPECT_EQ(values(*binary(BinaryKind::Add, h, cast(f32({2}, {1, 16}), DType::f16()))),
            (V{2048, kInf}));
  // Subnormal f16 and bf16 keep their bits.
  EXPECT_EQ(cast(f32({1}, {0x1p-24f}), DType::f16()).as<uint16_t>()[0], 1);
  EXPECT_EQ(cast(f32({1}, {0x1.fp-25f}), DType::f16()).as<uint16_t>()[0], 1);
  EXPECT_EQ(cast(f32({1}, {1.0f + 0x1p-8f}), DType::bf16()).as<uint16_t>()[0], 0x3f80);
  EXPECT_EQ(cast(f32({1}, {1.0f + 0x3p-8f}), DType::bf16()).as<uint16_t>()[0], 0x3f82);
}

TEST(Cast, FloatToIntegerClampsAndNaNIsZero) {
  Tensor x = f32({5}, {kNaN, kInf, -kInf, 300.7f, -1.9f});
  EXPECT_EQ(ints(cast(x, DType::i(8))), (I{0, 127, -128, 127, -1}));
  EXPECT_EQ(ints(cast(x, DType::u(8))), (I{0, 255, 0, 255, 0}));
  EXPECT_EQ(ints(cast(x, DType::i(64))), (I{0, INT64_MAX, INT64_MIN, 300, -1}));
  EXPECT_EQ(ints(cast(f32({1}, {0x1p64f}), DType::u(64))), (I{-1}));
}

TEST(Cast, IntegerToFloatRoundsOnce) {
  // 2^53 + 2^29 + 1 is above a tie of f32 by one unit that double cannot hold.
  int64_t x = (int64_t{1} << 53) + (int64_t{1} << 29) + 1;
  EXPECT_EQ(cast(i64({1}, {x}), DType::f32()).as<float>()[0], static_cast<float>(x));
  EXPECT_EQ(ints(cast(i32({2}, {300, -1}), DType::u(8))), (I{44, 255}));
  EXPECT_EQ(ints(cast(f32({3}, {0.5f, -0.0f, kNaN}), DType::boolean())), (I{1, 0, 1}));
}

TEST(Cast, SmallFloatsSaturateOnRequest) {
  DType e4m3 = DType::smallFloat(num::Format::parse("e4m3")),
        e5m2 = DType::smallFloat(num::Format::parse("e5m2"));
  Tensor x = f32({3}, {1000, -kInf, 0.5f});
  EXPECT_EQ(values(cast(x, e4m3)), (V{448, -448, 0.5}));
  EXPECT_TRUE(std::isnan(cast(x, e4m3, false).at(0)));
  EXPECT_EQ(values(cast(f32({2}, {1e9f, kInf}), e5m2, false)), (V{kInf, kInf}));
  EXPECT_EQ(values(cast(cast(x, e4m3), DType::f16())), (V{448, -448, 0.5}));
}

TEST(Cast, Bitcast) {
  EXPECT_EQ(ints(*bitcast(f32({1}, {1}), DType::i(32))), (I{0x3f800000}));
  Tensor c = *bitcast(i8({2}, {-1, 5}), DType::code(num::Format::parse("int8")));
  EXPECT_EQ(values(c), (V{-1, 5}));
  EXPECT_EQ(ints(*bitcast(c, DType::i(8))), (I{-1, 5}));
  EXPECT_FALSE(bitcast(c, DType::i(16)));
}
