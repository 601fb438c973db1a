// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Statistics of channels: against sums over all rows, the sample, the file and what is wrong with
// files.
#include "lpc/Quantization/ChannelStatistics.h"

#include "lpc-runtime/io/Npy.h"
#include "llvm/Support/FileSystem.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

using namespace lpc;
using namespace lpc::quant;

static std::vector<float> normals(size_t n, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> d(0.5f, 2);
  std::vector<float> out(n);
  for (float &x : out)
    x = d(rng);
  return out;
}

TEST(ChannelStatistics, AreThoseOfEachColumn) {
  constexpr int64_t channels = 5, rows = 301;
  std::vector<float> x = normals(channels * rows, 1);
  ChannelStatistics t;
  llvm::ArrayRef<float> all(x);
  t.add(all.take_front(100 * channels), channels);
  t.add(all.drop_front(100 * channels), channels);
  EXPECT_EQ(t.count(), static_cast<uint64_t>(rows));
  EXPECT_EQ(t.channels(), channels);
  for (int64_t c = 0; c < channels; ++c) {
    float lo = INFINITY, hi = -INFINITY, most = 0;
    double sum = 0, absSum = 0;
    for (int64_t r = 0; r < rows; ++r) {
      float v = x[r * channels + c];
      lo = std::min(lo, v);
      hi = std::max(hi, v);
      most = std::max(most, std::fabs(v));
      sum += v;
      absSum += std::fabs(v);
    }
    EXPECT_EQ(t.min(c), lo);
    EXPECT_EQ(t.max(c), hi);
    EXPECT_EQ(t.absMax(c), most);
    EXPECT_NEAR(t.mean(c), sum / rows, 1e-12);
    EXPECT_NEAR(t.meanAbs(c), absSum / rows, 1e-12);
  }
}

TEST(ChannelStatistics, RowsWithNaNOrInfinityAreCountedApart) {
  ChannelStatistics t;
  t.add({1, std::nanf(""), -3, 2, INFINITY, 0}, 2);
  EXPECT_EQ(t.count(), 1u);
  EXPECT_EQ(t.nonFinite(), 2u);
  EXPECT_EQ(t.min(0), -3);
  EXPECT_EQ(t.max(0), -3);
}

// Every row is as likely to stay as any other; the choice is the same each time and does not depend
// on how rows arrive.
TEST(ChannelStatistics, SampleIsUniformAndRepeatable) {
  constexpr int64_t rows = 4000, kept = 400;
  std::vector<float> x(rows);
  for (int64_t r = 0; r < rows; ++r)
    x[r] = static_cast<float>(r);
  ChannelStatistics once, twice;
  once.add(x, 1, kept);
  for (int64_t r = 0; r < rows; r += 8)
    twice.add(llvm::ArrayRef(x).slice(r, 8), 1, kept);
  ASSERT_EQ(once.numSamples(), kept);
  std::set<float> distinct;
  int64_t half = 0;
  for (int64_t i = 0; i < kept; ++i) {
    EXPECT_EQ(once.sampleRow(i)[0], twice.sampleRow(i)[0]);
    distinct.insert(once.sampleRow(i)[0]);
    half += once.sampleRow(i)[0] < rows / 2;
  }
  EXPECT_EQ(distinct.size(), static_cast<size_t>(kept));
  // Binomial with a standard deviation of 10.
  EXPECT_NEAR(half, kept / 2, 40);
}

namespace {
struct ChannelStatisticsFileTest : testing::Test {
  void SetUp() override {
    llvm::SmallString<128> name;
    ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("statistics", "npz", name));
    path = name.str();
    std::vector<float> x = normals(7 * 300, 2);
    file.tensors[0].add(x, 7);
    file.tensors[12].add(llvm::ArrayRef(x).take_front(6), 3);
    std::string error;
    ASSERT_TRUE(file.write(path, error)) << error;
  }
  void TearDown() override { llvm::sys::fs::remove(path); }

  /// The file with one array changed.
  std::string readChanged(const std::string &name, rt::HostTensor tensor) {
    std::string error;
    EXPECT_TRUE(file.write(path, error)) << error;
    auto arrays = *rt::readNpz(path);
    std::erase_if(arrays, [&](const rt::NamedTensor &t) { return t.name == name; });
    if (tensor.dtype)
      arrays.push_back({name, std::move(tensor)});
    EXPECT_TRUE(rt::writeNpz(path, arrays));
    EXPECT_TRUE(failed(ChannelStatisticsFile::read(path, error)));
    return error;
  }

  std::string path;
  ChannelStatisticsFile file;
};
} // namespace

TEST_F(ChannelStatisticsFileTest, ComesBack) {
  std::string error;
  auto read = ChannelStatisticsFile::read(path, error);
  ASSERT_TRUE(succeeded(read)) << error;
  ASSERT_EQ(read->tensors.size(), 2u);
  const ChannelStatistics &a = file.tensors[0], &b = read->tensors[0];
  EXPECT_EQ(a.count(), b.count());
  ASSERT_EQ(a.numSamples(), b.numSamples());
  EXPECT_EQ(a.numSamples(), ChannelStatistics::kSampleRows);
  for (int64_t c = 0; c < 7; ++c) {
    EXPECT_EQ(a.min(c), b.min(c));
    EXPECT_EQ(a.max(c), b.max(c));
    EXPECT_NEAR(a.mean(c), b.mean(c), 1e-14);
    EXPECT_NEAR(a.meanAbs(c), b.meanAbs(c), 1e-14);
    EXPECT_EQ(a.sampleRow(200)[c], b.sampleRow(200)[c]);
  }
}

TEST_F(ChannelStatisticsFileTest, FindSaysWhatIsMissing) {
  std::string error;
  EXPECT_NE(file.find(12, 3, error), nullptr);
  EXPECT_EQ(file.find(1, 3, error), nullptr);
  EXPECT_NE(error.find("no values for activation 1"), std::string::npos) << error;
  EXPECT_EQ(file.find(12, 4, error), nullptr);
  EXPECT_NE(error.find("have 3 channels, but it has 4"), std::string::npos) << error;
}

TEST_F(ChannelStatisticsFileTest, RefusesWhatDoesNotFit) {
  auto floats = [](std::vector<int64_t> shape, std::vector<float> v) {
    std::vector<uint8_t> bytes(v.size() * 4);
    memcpy(bytes.data(), v.data(), bytes.size());
    return rt::HostTensor(LPC_DTYPE_F32, std::move(shape), std::move(bytes));
  };
  rt::HostTensor none;
  none.dtype = 0;
  EXPECT_NE(readChanged("12.max", none).find("lacks the array '12.max'"), std::string::npos);
  EXPECT_NE(readChanged("12.max", floats({2}, {9, 9})).find("of shape 2, not float32 of shape 3"),
            std::string::npos);
  EXPECT_NE(readChanged("12.max", floats({3}, {9, NAN, 9})).find("holds NaN"), std::string::npos);
  EXPECT_NE(readChanged("12.max", floats({3}, {-90, -90, -90})).find("is above"),
            std::string::npos);
  EXPECT_NE(readChanged("x", floats({1}, {0})).find("array 'x'"), std::string::npos);
  EXPECT_NE(readChanged("lpc_statistics", none).find("lacks the array 'lpc_statistics'"),
            std::string::npos);
}

TEST(ChannelStatisticsFile, RefusesWhatIsNoArchive) {
  std::string error;
  EXPECT_TRUE(failed(ChannelStatisticsFile::read("no/such.npz", error)));
  EXPECT_NE(error.find("no/such.npz"), std::string::npos);
}
