// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PythonFilesTest.cpp: files of numpy and onnx. python_files.py writes <name>.pb (typed fields),
// <name>_raw.pb and <name>.npy for one tensor each; all three must agree. What is written back is
// checked by python_files.py again.
#include "lpc-runtime/io/Compare.h"
#include "lpc-runtime/io/Npy.h"
#include "lpc-runtime/io/TensorProto.h"

#include "gtest/gtest.h"

#include <filesystem>
#include <set>

using namespace lpc::rt;

namespace {

const std::filesystem::path kData = PYTHON_DATA_DIR;

TEST(PythonFiles, all_forms_agree) {
  if (!std::filesystem::exists(kData / "done"))
    GTEST_SKIP() << "python_files.py has not run (LPC_PYTHON)";
  std::filesystem::create_directories(kData / "back");
  std::set<int32_t> seen;
  std::vector<NamedTensor> all;
  for (const auto &entry : std::filesystem::directory_iterator(kData)) {
    std::string stem = entry.path().stem();
    if (entry.path().extension() != ".npy")
      continue;
    auto typed = readTensorProto(kData / (stem + ".pb")),
         raw = readTensorProto(kData / (stem + "_raw.pb"));
    ASSERT_TRUE(typed) << typed.error();
    ASSERT_TRUE(raw) << raw.error();
    EXPECT_EQ(typed->name, stem);
    auto npy = readNpy(entry.path());
    ASSERT_TRUE(npy) << npy.error();
    auto adapted = adapt(*npy, raw->tensor.dtype);
    ASSERT_TRUE(adapted) << stem << ": " << adapted.error();
    CompareOptions bits{CompareOptions::Rule::BitExact, 0, 0, 0};
    EXPECT_TRUE(compare(typed->tensor, raw->tensor, bits).equal)
        << stem << compare(typed->tensor, raw->tensor, bits).message;
    EXPECT_TRUE(compare(*adapted, raw->tensor, bits).equal)
        << stem << compare(*adapted, raw->tensor, bits).message;
    seen.insert(raw->tensor.dtype);
    ASSERT_TRUE(writeNpy(kData / "back" / (stem + ".npy"), raw->tensor));
    ASSERT_TRUE(writeTensorProto(kData / "back" / (stem + ".pb"), *raw));
    all.push_back(*raw);
  }
  EXPECT_EQ(seen.size(), 23u); // every element type of the C ABI
  ASSERT_TRUE(writeNpz(kData / "back/stored.npz", all, false));
  ASSERT_TRUE(writeNpz(kData / "back/deflated.npz", all, true));

  for (const char *file : {"numpy.npz", "numpy_deflated.npz"}) {
    auto arrays = readNpz(kData / file);
    ASSERT_TRUE(arrays) << arrays.error();
    ASSERT_EQ(arrays->size(), 2u);
    EXPECT_EQ((*arrays)[0].name, "x");
    EXPECT_EQ((*arrays)[0].tensor.shape, (std::vector<int64_t>{3, 4}));
    for (int64_t i = 0; i < 12; ++i)
      EXPECT_EQ((*arrays)[0].tensor.at(i), double(i));
  }
  auto fortran = readNpy(kData / "orders/fortran.npy"), big = readNpy(kData / "orders/big.npy");
  auto plain = readNpy(kData / "orders/plain.npy");
  ASSERT_TRUE(fortran && big && plain);
  EXPECT_EQ(*fortran, *plain);
  EXPECT_EQ(*big, *plain);
}

} // namespace
