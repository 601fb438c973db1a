// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HostTensorTest.cpp: element types, packing and conversions.
#include "lpc-runtime/io/HostTensor.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace lpc::rt;

namespace {

const int32_t kAll[] = {1,  2,  3,  4,  5,  6,  7,  9,  10, 11, 12, 13,
                        16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26};

TEST(HostTensor, names_round_trip) {
  for (int32_t dtype : kAll) {
    EXPECT_GT(dtypeBits(dtype), 0);
    EXPECT_EQ(parseDType(dtypeName(dtype)), dtype);
  }
  EXPECT_EQ(parseDType("bf16"), LPC_DTYPE_BF16);
  EXPECT_EQ(parseDType("complex64"), 0);
  EXPECT_EQ(dtypeName(8), "unknown(8)");
  EXPECT_EQ(dtypeBits(-1), 0);
}

TEST(HostTensor, every_code_below_17_bits_round_trips) {
  for (int32_t dtype : kAll) {
    if (dtypeBits(dtype) > 16 || dtype == LPC_DTYPE_BOOL)
      continue;
    for (uint64_t bits = 0; bits < uint64_t(1) << dtypeBits(dtype); ++bits) {
      double value = decodeElement(dtype, bits);
      if (std::isnan(value))
        EXPECT_TRUE(std::isnan(decodeElement(dtype, encodeElement(dtype, value))))
            << dtypeName(dtype);
      else
        ASSERT_EQ(encodeElement(dtype, value), bits) << dtypeName(dtype) << " " << value;
    }
  }
}

TEST(HostTensor, rounds_between_neighbours) {
  for (int32_t dtype : kAll) {
    int width = dtypeBits(dtype);
    if (!isFloatDType(dtype) || width > 16 || dtype == LPC_DTYPE_F8E8M0)
      continue;
    for (uint64_t bits = 0; bits + 1 < uint64_t(1) << (width - 1); ++bits) {
      double low = decodeElement(dtype, bits), high = decodeElement(dtype, bits + 1);
      if (!std::isfinite(high))
        break;
      double middle = (low + high) / 2;
      ASSERT_EQ(encodeElement(dtype, middle), bits & 1 ? bits + 1 : bits)
          << dtypeName(dtype) << " " << middle;
      ASSERT_EQ(encodeElement(dtype, std::nextafter(middle, low)), bits);
      ASSERT_EQ(encodeElement(dtype, std::nextafter(middle, high)), bits + 1);
    }
  }
}

TEST(HostTensor, saturates) {
  EXPECT_EQ(encodeElement(LPC_DTYPE_I8, 1e9), 0x7fu);
  EXPECT_EQ(encodeElement(LPC_DTYPE_I8, -1e9), 0x80u);
  EXPECT_EQ(encodeElement(LPC_DTYPE_U4, -3), 0u);
  EXPECT_EQ(encodeElement(LPC_DTYPE_I64, 1e30), uint64_t(INT64_MAX));
  EXPECT_EQ(encodeElement(LPC_DTYPE_I64, -1e30), uint64_t(INT64_MIN));
  EXPECT_EQ(encodeElement(LPC_DTYPE_U64, 1e30), UINT64_MAX);
  EXPECT_EQ(encodeElement(LPC_DTYPE_F4E2M1, 100), 7u);
  EXPECT_EQ(encodeElement(LPC_DTYPE_F8E4M3FN, 1e9), 0x7eu);
  EXPECT_EQ(encodeElement(LPC_DTYPE_F16, 1e9), 0x7c00u);
  EXPECT_EQ(encodeElement(LPC_DTYPE_F8E8M0, 3), 128u); // a tie: the even code
  EXPECT_EQ(encodeElement(LPC_DTYPE_F8E8M0, 1.5), 128u);
}

TEST(HostTensor, packs_low_bits_first) {
  HostTensor tensor = *HostTensor::zeros(LPC_DTYPE_I4, {5});
  EXPECT_EQ(tensor.bytes.size(), 3u);
  for (int i = 0; i < 5; ++i)
    tensor.setBits(i, uint64_t(i + 1));
  tensor.setBits(1, uint64_t(-2));
  EXPECT_EQ(tensor.bytes, (std::vector<uint8_t>{0xe1, 0x43, 0x05}));
  EXPECT_EQ(tensor.at(1), -2);
  HostTensor two = *HostTensor::zeros(LPC_DTYPE_U2, {2, 3});
  for (int i = 0; i < 6; ++i)
    two.setBits(i, uint64_t(i));
  EXPECT_EQ(two.bytes, (std::vector<uint8_t>{0xe4, 0x04}));
}

TEST(HostTensor, refuses_bad_shapes) {
  EXPECT_FALSE(HostTensor::zeros(LPC_DTYPE_F32, {-1}));
  EXPECT_FALSE(HostTensor::zeros(LPC_DTYPE_F32, {INT64_MAX, 2}));
  EXPECT_FALSE(HostTensor::zeros(LPC_DTYPE_F32, {INT64_MAX}));
  EXPECT_FALSE(HostTensor::zeros(LPC_DTYPE_U8, {int64_t(1) << 50}));
  EXPECT_FALSE(HostTensor::zeros(8, {1}));
  EXPECT_FALSE(HostTensor::zeros(LPC_DTYPE_F32, std::vector<int64_t>(17, 1)));
  EXPECT_TRUE(HostTensor::zeros(LPC_DTYPE_F32, {INT64_MAX, INT64_MAX, 0}));
}

TEST(HostTensor, converts_and_adapts) {
  HostTensor wide(LPC_DTYPE_I8, {3}, {0xff, 7, 0xf8});
  auto packed = adapt(wide, LPC_DTYPE_I4);
  ASSERT_TRUE(packed) << packed.error();
  EXPECT_EQ(packed->bytes, (std::vector<uint8_t>{0x7f, 0x08}));
  EXPECT_EQ(*convert(*packed, LPC_DTYPE_I8), wide);
  wide.bytes[1] = 8;
  EXPECT_EQ(adapt(wide, LPC_DTYPE_I4).error(), "element 1 is 8, which does not fit int4");
  EXPECT_EQ(adapt(wide, LPC_DTYPE_F32).error(), "expected float32, but found int8");
  HostTensor raw(LPC_DTYPE_U16, {1}, {0x80, 0x3f});
  EXPECT_EQ(adapt(raw, LPC_DTYPE_BF16)->at(0), 1);
  EXPECT_EQ(adapt(HostTensor(LPC_DTYPE_U8, {2}, {2, 15}), LPC_DTYPE_F4E2M1)->bytes,
            std::vector<uint8_t>{0xf2});
  EXPECT_FALSE(adapt(HostTensor(LPC_DTYPE_U8, {1}, {16}), LPC_DTYPE_F4E2M1));
  EXPECT_TRUE(adapt(HostTensor(LPC_DTYPE_U8, {1}, {1}), LPC_DTYPE_BOOL));
  EXPECT_FALSE(adapt(HostTensor(LPC_DTYPE_U8, {1}, {2}), LPC_DTYPE_BOOL));
  HostTensor big(LPC_DTYPE_U64, {1}, std::vector<uint8_t>(8, 0xff));
  EXPECT_EQ(convert(big, LPC_DTYPE_I64).error(),
            "element 0 is 18446744073709551615, which does not fit int64");
  EXPECT_EQ(convert(HostTensor(LPC_DTYPE_F32, {1}, {0, 0, 0x20, 0x40}), LPC_DTYPE_I32)->at(0),
            2); // 2.5, ties to even
}

} // namespace
