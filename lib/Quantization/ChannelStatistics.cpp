// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Statistics of channels and their file.
#include "lpc/Quantization/ChannelStatistics.h"

#include "lpc-runtime/io/Npy.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

static constexpr int64_t kVersion = 1;
static constexpr const char *kVersionName = "lpc_statistics";

//===- ChannelStatistics
//------------------------------------------------------------------------------===//

/// Well mixed bits of a counter: the choice of rows depends on nothing else.
static uint64_t mix(uint64_t i) {
  uint64_t z = (i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

void ChannelStatistics::add(ArrayRef<float> values, int64_t channels, int64_t sampleRows) {
  if (minimum.empty()) {
    minimum.assign(channels, 0);
    maximum.assign(channels, 0);
    sums.assign(channels, 0);
    absSums.assign(channels, 0);
  }
  assert(channels == this->channels() && "an observer sees one number of channels");
  for (; !values.empty(); values = values.drop_front(channels)) {
    const float *x = values.data();
    if (!std::all_of(x, x + channels, [](float v) { return std::isfinite(v); })) {
      ++bad;
      continue;
    }
    if (rows == 0) {
      std::copy_n(x, channels, minimum.begin());
      std::copy_n(x, channels, maximum.begin());
    }
    for (int64_t c = 0; c < channels; ++c) {
      minimum[c] = std::min(minimum[c], x[c]);
      maximum[c] = std::max(maximum[c], x[c]);
      sums[c] += x[c];
      absSums[c] += std::fabs(x[c]);
    }
    // A reservoir: each row stays with the same probability.
    uint64_t place = rows < static_cast<uint64_t>(sampleRows) ? rows : mix(rows) % (rows + 1);
    if (rows < static_cast<uint64_t>(sampleRows))
      sample.insert(sample.end(), x, x + channels);
    else if (place < static_cast<uint64_t>(sampleRows))
      std::copy_n(x, channels, sample.begin() + place * channels);
    ++rows;
  }
}

//===- the file
//---------------------------------------------------------------------------------------===//

template <typename T> static constexpr int32_t dtypeOf() {
  if constexpr (std::is_same_v<T, float>)
    return LPC_DTYPE_F32;
  else if constexpr (std::is_same_v<T, double>)
    return LPC_DTYPE_F64;
  else
    return LPC_DTYPE_I64;
}

template <typename T>
static rt::NamedTensor pack(std::string name, std::vector<int64_t> shape, ArrayRef<T> values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  if (!bytes.empty())
    memcpy(bytes.data(), values.data(), bytes.size());
  return {std::move(name), rt::HostTensor(dtypeOf<T>(), std::move(shape), std::move(bytes))};
}

bool ChannelStatisticsFile::write(StringRef path, std::string &error) const {
  std::vector<rt::NamedTensor> arrays;
  arrays.push_back(pack<int64_t>(kVersionName, {1}, {kVersion}));
  for (auto &[id, t] : tensors) {
    std::string prefix = std::to_string(id) + ".";
    std::vector<int64_t> vector{t.channels()};
    std::vector<double> mean, meanAbs;
    for (int64_t c = 0; c < t.channels(); ++c) {
      mean.push_back(t.mean(c));
      meanAbs.push_back(t.meanAbs(c));
    }
    arrays.push_back(pack<int64_t>(prefix + "count", {2},
                                   {static_cast<int64_t>(t.rows), static_cast<int64_t>(t.bad)}));
    arrays.push_back(pack<float>(prefix + "min", vector, t.minimum));
    arrays.push_back(pack<float>(prefix + "max", vector, t.maximum));
    arrays.push_back(pack<double>(prefix + "mean", vector, mean));
    arrays.push_back(pack<double>(prefix + "mean_abs", vector, meanAbs));
    arrays.push_back(pack<float>(prefix + "sample", {t.numSamples(), t.channels()}, t.sample));
  }
  rt::Status written = rt::writeNpz(path.str(), arrays);
  if (!written)
    error = written.error();
  return static_cast<bool>(written);
}

namespace {
/// Takes the arrays of one file out of it, with checks.
class Reader {
public:
  Reader(std::map<std::string, rt::HostTensor> arrays, std::string &error)
      : arrays(std::move(arrays)), error(error) {}

  /// The values of an array that must have this shape; -1 is any size.
  template <typename T>
  bool take(const std::string &name, std::vector<int64_t> shape, std::vector<T> &values) {
    auto it = arrays.find(name);
    if (it == arrays.end())
      return fail("it lacks the array '" + name + "'");
    rt::HostTensor &t = it->second;
    bool fits = t.dtype == dtypeOf<T>() && t.shape.size() == shape.size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = shape[i] < 0 || t.shape[i] == shape[i];
    if (!fits)
      return fail("its array '" + name + "' is " + rt::dtypeName(t.dtype) + " of shape " +
                  rt::shapeText(t.shape) + ", not " + rt::dtypeName(dtypeOf<T>()) + " of shape " +
                  rt::shapeText(shape));
    values.resize(t.bytes.size() / sizeof(T));
    if (!values.empty())
      memcpy(values.data(), t.bytes.data(), values.size() * sizeof(T));
    if constexpr (std::is_floating_point_v<T>)
      if (!llvm::all_of(values, [](T v) { return std::isfinite(v); }))
        return fail("its array '" + name + "' holds NaN or infinity");
    arrays.erase(it);
    return true;
  }

  bool fail(const std::string &why) {
    error = why;
    return false;
  }
  /// The number before the dot in the first of the arrays that are left, if it is one.
  bool nextId(int64_t &id) {
    StringRef name = arrays.begin()->first;
    if (!name.split('.').first.getAsInteger(10, id) && id >= 0 && id <= INT32_MAX)
      return true;
    return fail("it has an array '" + name.str() + "', which is none of theirs");
  }
  bool isEmpty() const { return arrays.empty(); }

private:
  std::map<std::string, rt::HostTensor> arrays;
  std::string &error;
};
} // namespace

FailureOr<ChannelStatisticsFile> ChannelStatisticsFile::read(StringRef path, std::string &error) {
  rt::Result<std::vector<rt::NamedTensor>> list = rt::readNpz(path.str());
  if (!list) {
    error = list.error();
    return failure();
  }
  std::map<std::string, rt::HostTensor> arrays;
  for (rt::NamedTensor &t : *list)
    arrays[t.name] = std::move(t.tensor);
  std::string why;
  Reader reader(std::move(arrays), why);
  ChannelStatisticsFile file;
  auto fail = [&]() -> FailureOr<ChannelStatisticsFile> {
    error = "'" + path.str() + "' is no file of channel statistics: " + why;
    return failure();
  };
  std::vector<int64_t> version;
  if (!reader.take(kVersionName, {1}, version))
    return fail();
  if (version[0] != kVersion) {
    why = "its version is " + std::to_string(version[0]) + ", but this lpc reads " +
          std::to_string(kVersion);
    return fail();
  }
  while (!reader.isEmpty()) {
    int64_t id;
    if (!reader.nextId(id))
      return fail();
    std::string prefix = std::to_string(id) + ".";
    ChannelStatistics t;
    std::vector<int64_t> count;
    if (!reader.take(prefix + "count", {2}, count) || !reader.take(prefix + "min", {-1}, t.minimum))
      return fail();
    int64_t n = t.channels();
    if (!reader.take(prefix + "max", {n}, t.maximum) ||
        !reader.take(prefix + "mean", {n}, t.sums) ||
        !reader.take(prefix + "mean_abs", {n}, t.absSums) ||
        !reader.take(prefix + "sample", {-1, n}, t.sample))
      return fail();
    if (count[0] < 0 || count[1] < 0 || t.numSamples() > count[0]) {
      why = "its array '" + prefix + "count' does not fit the others";
      return fail();
    }
    for (int64_t c = 0; c < n; ++c)
      if (t.minimum[c] > t.maximum[c]) {
        why = "its array '" + prefix + "min' is above '" + prefix + "max'";
        return fail();
      }
    t.rows = count[0];
    t.bad = count[1];
    for (double &x : t.sums)
      x *= t.rows;
    for (double &x : t.absSums)
      x *= t.rows;
    file.tensors[id] = std::move(t);
  }
  return file;
}

const ChannelStatistics *ChannelStatisticsFile::find(int64_t id, int64_t channels,
                                                     std::string &error) const {
  auto it = tensors.find(id);
  std::string number = std::to_string(id);
  if (it == tensors.end() || it->second.count() == 0)
    error = "the statistics have no values for activation " + number +
            ": they belong to another module or to another step";
  else if (it->second.channels() != channels)
    error = "the statistics of activation " + number + " have " +
            std::to_string(it->second.channels()) + " channels, but it has " +
            std::to_string(channels) + ": they belong to another module or to another step";
  else
    return &it->second;
  return nullptr;
}
