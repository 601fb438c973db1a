// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NpyTest.cpp: .npy and .npz round trips, and files that are broken on purpose.
#include "lpc-runtime/io/Npy.h"

#include "TempFolder.h"

#include <cstring>
#include <zip.h>

using namespace lpc::rt;

namespace {

using Npy = TempFolder;

HostTensor pattern(int32_t dtype, std::vector<int64_t> shape) {
  HostTensor tensor = *HostTensor::zeros(dtype, std::move(shape));
  for (int64_t i = 0, e = tensor.numElements(); i < e; ++i)
    tensor.setBits(i, dtype == LPC_DTYPE_BOOL ? uint64_t(i & 1)
                                              : 0x0123456789abcdefull * uint64_t(i + 1));
  return tensor;
}

std::vector<uint8_t> npy(const std::string &dict, const std::vector<uint8_t> &data,
                         int version = 1) {
  std::vector<uint8_t> file = {0x93, 'N', 'U', 'M', 'P', 'Y', uint8_t(version), 0};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    file.push_back(uint8_t(dict.size() >> (8 * i)));
  file.insert(file.end(), dict.begin(), dict.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

std::string dict(const std::string &descr, const std::string &shape, const char *order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

TEST_F(Npy, round_trips) {
  for (int32_t dtype :
       {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26}) {
    for (const std::vector<int64_t> &shape : {std::vector<int64_t>{},
                                              {0},
                                              {5},
                                              {2, 3},
                                              {3, 0, 2},
                                              {1, 2, 3, 4},
                                              std::vector<int64_t>(16, 1)}) {
      HostTensor tensor = pattern(dtype, shape);
      ASSERT_TRUE(writeNpy(path("t.npy"), tensor));
      auto read = readTensorFile(path("t.npy"));
      ASSERT_TRUE(read) << read.error();
      auto adapted = adapt(*read, dtype);
      ASSERT_TRUE(adapted) << adapted.error();
      EXPECT_EQ(*adapted, tensor) << dtypeName(dtype) << " " << shapeText(shape);
    }
  }
}

TEST_F(Npy, reads_every_version_order_and_endianness) {
  std::vector<uint8_t> data = {1, 2, 3, 4, 5, 6};
  for (int version : {1, 2, 3}) {
    auto tensor = parseNpy(npy(dict("|u1", "(2, 3)"), data, version), "f");
    ASSERT_TRUE(tensor) << tensor.error();
    EXPECT_EQ(tensor->bytes, data);
  }
  EXPECT_EQ(parseNpy(npy(dict("|u1", "(2, 3)", "True"), data), "f")->bytes,
            (std::vector<uint8_t>{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(parseNpy(npy(dict("|u1", "(1, 2, 3)", "True"), data), "f")->bytes,
            (std::vector<uint8_t>{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(parseNpy(npy(dict(">i2", "(3,)"), data), "f")->bytes,
            (std::vector<uint8_t>{2, 1, 4, 3, 6, 5}));
  EXPECT_EQ(parseNpy(npy("{\"shape\":(6L,),\"fortran_order\":False,\"descr\":\"|b1\"}", data), "f")
                ->bytes,
            std::vector<uint8_t>(6, 1));
}

TEST_F(Npy, refuses_malformed_files) {
  std::vector<uint8_t> data = {1, 2, 3, 4, 5, 6};
  auto says = [&](const std::vector<uint8_t> &file) { return parseNpy(file, "f").error(); };
  EXPECT_EQ(says({}), "'f': is not an .npy file");
  EXPECT_EQ(says({'P', 'K', 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), "'f': is not an .npy file");
  EXPECT_EQ(says(npy(dict("|u1", "(6,)"), data, 9)),
            "'f': version 9 of .npy is not known (1 to 3 are)");
  EXPECT_EQ(says(npy(dict("|O", "(6,)"), data)), "'f': element type '|O' is not supported");
  EXPECT_EQ(says(npy(dict("<c8", "(6,)"), data)), "'f': element type '<c8' is not supported");
  EXPECT_EQ(says(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", data)),
            "'f': structured arrays are not supported");
  EXPECT_EQ(says(npy(dict("|u1", "(7,)"), data)),
            "'f': expected 7 bytes of data for uint8 of shape 7, but found 6");
  EXPECT_EQ(says(npy(dict("|u1", "(5,)"), data)),
            "'f': expected 5 bytes of data for uint8 of shape 5, but found 6");
  EXPECT_NE(says(npy(dict("<f8", "(9223372036854775807, 3)"), data)).find("too many elements"),
            std::string::npos);
  EXPECT_NE(says(npy(dict("<f8", "(4611686018427387904,)"), data)).find("too large"),
            std::string::npos);
  for (const char *shape :
       {"(-1,)", "(99999999999999999999,)", "(6", "6", "(6,,)", "('a',)", "(6,) x", ""})
    EXPECT_EQ(says(npy(dict("|u1", shape), data)), "'f': has a malformed header") << shape;
  for (const char *text :
       {"", "{", "{}", "{'descr': '|u1'}", "{'descr': '|u1, 'shape': (6,)}", "{'other': 1}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (6,)}"})
    EXPECT_EQ(says(npy(text, data)), "'f': has a malformed header") << text;
  std::string rank17 = "(";
  for (int i = 0; i < 17; ++i)
    rank17 += "1, ";
  EXPECT_EQ(says(npy(dict("|u1", rank17 + ")"), {1})), "'f': rank 17 is above the limit of 16");
  // Every truncation of a good file is refused.
  std::vector<uint8_t> good = npy(dict("|u1", "(2, 3)"), data);
  for (size_t n = 0; n < good.size(); ++n)
    EXPECT_FALSE(parseNpy({good.data(), n}, "f"));
  // Every damaged byte is read or refused, never worse.
  for (size_t i = 0; i < good.size(); ++i)
    for (int value : {0, 1, 0x27, 0x29, 0x2d, 0x7f, 0xff}) {
      std::vector<uint8_t> bad = good;
      bad[i] = uint8_t(value);
      if (auto tensor = parseNpy(bad, "f"))
        EXPECT_EQ(tensor->bytes.size(), 6u);
    }
  EXPECT_EQ(readNpy(path("none.npy")).error(),
            "cannot open '" + path("none.npy") + "': No such file or directory");
  EXPECT_EQ(readNpy(write("e.npy", {})).error(), "'" + path("e.npy") + "' is empty");
  EXPECT_EQ(readNpy(folder).error(), "'" + folder + "' is not a regular file");
  EXPECT_EQ(readTensorFile("a.txt").error(), "'a.txt': expected a file named *.npy, *.npz or *.pb");
}

TEST_F(Npy, npz_round_trips) {
  NamedTensor tensors[] = {{"x", pattern(LPC_DTYPE_F32, {100, 7})},
                           {"layer.0/y", pattern(LPC_DTYPE_I64, {})},
                           {"empty", pattern(LPC_DTYPE_F64, {0, 3})}};
  for (bool compress : {false, true}) {
    std::string file = path("t.npz");
    ASSERT_TRUE(writeNpz(file, tensors, compress));
    EXPECT_EQ(*listNpz(file), (std::vector<std::string>{"x", "layer.0/y", "empty"}));
    auto read = readNpz(file);
    ASSERT_TRUE(read) << read.error();
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ((*read)[i].name, tensors[i].name);
      EXPECT_EQ((*read)[i].tensor, tensors[i].tensor);
    }
    EXPECT_EQ(*readNpzEntry(file, "layer.0/y"), tensors[1].tensor);
    EXPECT_EQ(readNpzEntry(file, "z").error(), "'" + file + "': has no array 'z'");
    EXPECT_EQ(readTensorFile(file).error(), "'" + file + "': expected a single array, but found 3");
    ASSERT_TRUE(writeNpz(path("again.npz"), tensors, compress));
    auto bytes = [](const std::string &path) {
      std::ifstream in(path, std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(in), {});
    };
    EXPECT_EQ(bytes(file), bytes(path("again.npz")));
  }
}

TEST_F(Npy, refuses_malformed_npz) {
  EXPECT_NE(readNpz(path("none.npz")).error().find("cannot read"), std::string::npos);
  EXPECT_NE(readNpz(write("bad.npz", std::vector<uint8_t>(200, 7))).error().find("as an .npz file"),
            std::string::npos);
  NamedTensor tensors[] = {{"x", pattern(LPC_DTYPE_F32, {50})}};
  ASSERT_TRUE(writeNpz(path("t.npz"), tensors, true));
  std::ifstream in(path("t.npz"), std::ios::binary);
  std::string good(std::istreambuf_iterator<char>(in), {});
  // Damage at each byte: read unchanged, or refused with a sentence.
  for (size_t i = 0; i < good.size(); ++i)
    for (int value : {0, 0xff}) {
      std::vector<uint8_t> bad(good.begin(), good.end());
      bad[i] = uint8_t(value);
      auto read = readNpz(write("bad.npz", bad));
      if (!read)
        EXPECT_FALSE(read.error().empty());
      else if (!read->empty())
        EXPECT_EQ(read->front().tensor, tensors[0].tensor);
    }
  for (size_t n = 0; n < good.size(); n += 3)
    EXPECT_FALSE(
        readNpz(write("bad.npz", std::vector<uint8_t>(good.begin(), good.begin() + ptrdiff_t(n)))));
}

} // namespace
