// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TensorProtoTest.cpp: TensorProto files by hand, good and bad; test_data_set folders.
#include "lpc-runtime/io/TensorProto.h"

#include "lpc-runtime/io/Npy.h"

#include "TempFolder.h"

#include <random>

using namespace lpc::rt;

namespace {

using TensorProto = TempFolder;
using Bytes = std::vector<uint8_t>;

TEST_F(TensorProto, reads_typed_fields) {
  // dims: 2, data_type: int32 (6), packed int32_data: -1, 300; name: "ab"
  Bytes file = {0x08, 2,    0x10, 6,    0x2a, 12,   0xff, 0xff, 0xff, 0xff, 0xff,
                0xff, 0xff, 0xff, 0xff, 1,    0xac, 2,    0x42, 2,    'a',  'b'};
  auto tensor = parseTensorProto(file, "f");
  ASSERT_TRUE(tensor) << tensor.error();
  EXPECT_EQ(tensor->name, "ab");
  EXPECT_EQ(tensor->tensor.at(0), -1);
  EXPECT_EQ(tensor->tensor.at(1), 300);
  // packed dims, unpacked float_data, an unknown field
  Bytes floats = {0x0a, 2,    1, 2, 0x10, 1,    0x25, 0, 0, 0x80,
                  0x3f, 0x25, 0, 0, 0,    0x40, 0xfa, 1, 1, 0};
  tensor = parseTensorProto(floats, "f");
  ASSERT_TRUE(tensor) << tensor.error();
  EXPECT_EQ(tensor->tensor.shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(tensor->tensor.at(1), 2);
  // int4, three elements in two bytes
  tensor = parseTensorProto(Bytes{0x08, 3, 0x10, 22, 0x2a, 2, 31, 14}, "f");
  ASSERT_TRUE(tensor) << tensor.error();
  EXPECT_EQ(tensor->tensor.at(0), -1);
  EXPECT_EQ(tensor->tensor.at(1), 1);
  EXPECT_EQ(tensor->tensor.at(2), -2);
}

TEST_F(TensorProto, refuses_with_a_sentence) {
  auto says = [](const Bytes &file) { return parseTensorProto(file, "f").error(); };
  EXPECT_EQ(says({0x10, 8}), "'f': string tensors are not supported");
  EXPECT_EQ(says({0x10, 14}), "'f': element type 14 is not supported");
  EXPECT_EQ(says({}), "'f': element type 0 is not supported");
  EXPECT_EQ(says({0x10, 1, 0x70, 1}), "'f': tensors with external data are not supported here");
  EXPECT_EQ(says({0x08, 2, 0x10, 1, 0x4a, 4, 0, 0, 0, 0}),
            "'f': expected 8 bytes of data for float32 of shape 2, but found 4");
  EXPECT_EQ(says({0x08, 2, 0x10, 1}),
            "'f': expected 2 entries of data for float32 of shape 2, but found 0");
  EXPECT_EQ(says({0x08, 1, 0x10, 2, 0x28, 0x80, 2}), "'f': entry 0 (256) does not fit uint8");
  EXPECT_EQ(says({0x08, 1, 0x10, 3, 0x28, 0x80, 1}), "'f': entry 0 (128) does not fit int8");
  EXPECT_EQ(says({0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0x10, 1}),
            "'f': the shape has a negative dimension (-1)");
  EXPECT_NE(
      says({0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x10, 1}).find("too large"),
      std::string::npos);
  for (const Bytes &bad :
       {Bytes{0x80}, Bytes{0x4a, 100}, Bytes{0x0b}, Bytes{0x00, 1}, Bytes{0x25, 0, 0},
        Bytes(12, 0xff), Bytes{0x4a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}})
    EXPECT_EQ(says(bad), "'f': is not a TensorProto, or is damaged");
  Bytes rank17;
  for (int i = 0; i < 17; ++i)
    rank17.insert(rank17.end(), {0x08, 1});
  rank17.insert(rank17.end(), {0x10, 1});
  EXPECT_EQ(says(rank17), "'f': rank 17 is above the limit of 16");
}

TEST_F(TensorProto, survives_random_bytes) {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    Bytes file(random() % 40);
    for (uint8_t &byte : file)
      byte = uint8_t(random() % 4 ? random() % 0x50 : random());
    auto tensor = parseTensorProto(file, "f");
    if (!tensor)
      EXPECT_FALSE(tensor.error().empty());
  }
}

TEST_F(TensorProto, round_trips) {
  for (int32_t dtype :
       {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26}) {
    NamedTensor tensor{"name", *HostTensor::zeros(dtype, {3, 5})};
    for (int64_t i = 0; i < 15; ++i)
      tensor.tensor.setBits(i, dtype == LPC_DTYPE_BOOL ? uint64_t(i & 1)
                                                       : uint64_t(i) * 0x0101010101010101ull);
    ASSERT_TRUE(writeTensorProto(path("t.pb"), tensor));
    auto read = readTensorProto(path("t.pb"));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->name, "name");
    EXPECT_EQ(read->tensor, tensor.tensor);
    EXPECT_EQ(*readTensorFile(path("t.pb")), tensor.tensor);
  }
}

TEST_F(TensorProto, reads_a_test_data_set) {
  EXPECT_NE(readTestDataSet(path("none")).error().find("cannot open the folder"),
            std::string::npos);
  EXPECT_NE(readTestDataSet(folder).error().find("is not a test data set"), std::string::npos);
  for (int i = 0; i < 12; ++i) {
    NamedTensor tensor{"", *HostTensor::zeros(LPC_DTYPE_U8, {1})};
    tensor.tensor.bytes[0] = uint8_t(i);
    ASSERT_TRUE(writeTensorProto(path("input_" + std::to_string(i) + ".pb"), tensor));
    if (i < 2)
      ASSERT_TRUE(writeTensorProto(path("output_" + std::to_string(i) + ".pb"), tensor));
  }
  write("input_x.pb", Bytes{1});
  write("notes.txt", Bytes{1});
  auto set = readTestDataSet(folder);
  ASSERT_TRUE(set) << set.error();
  ASSERT_EQ(set->inputs.size(), 12u);
  ASSERT_EQ(set->outputs.size(), 2u);
  for (size_t i = 0; i < 12; ++i)
    EXPECT_EQ(set->inputs[i].tensor.bytes[0], i);
  std::filesystem::remove(path("input_3.pb"));
  EXPECT_EQ(readTestDataSet(folder).error(),
            "'" + folder + "': expected 'input_3.pb', but the next file is 'input_4.pb'");
}

} // namespace
