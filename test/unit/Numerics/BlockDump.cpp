// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantizes blocks on request, for test/oracle/blocks.py and the benchmarks. Commands are lines on
// stdin, arrays are raw little-endian bytes. <tensor> is `<roles> <rank> <dimensions...>`, roles
// being one of rows, weight, filter.
//   quantize <spec> <threads> <importance: 0 or 1> <tensor>   then f32 elements (and the importance
//   of
//            each index of the contracted axis)
//   pack <gguf type> <tensor>      then f32 elements    -> bytes
//   unpack <gguf type> <tensor>    then bytes           -> f32 elements
//   error <spec> <threads> <tensor>  then f32 elements  -> doubles: sum x^2, sum (x - y)^2
//   speed <spec> <threads> <repeats> <rows> <columns>   -> doubles: seconds of the fastest run, and
//   the
//            least processor time of a run (other processes do not count)
//   specs                                               -> lines `name spelling`, then an empty
//   line
// An answer that has arrays starts with a u32: 0, or 1 and then a line with an error. Each array
// has a u64 for its size in bytes first. The arrays of `quantize`: codes (u16), decoded elements
// (f32), scales of each level (f32), negative scales, offsets, zero points (i32), f32 zero points,
// table.
#include "DumpPipe.h"
#include "lpc/Numerics/BlockQuantizer.h"
#include "lpc/Numerics/GgufBlocks.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <random>
#include <sstream>

using namespace lpc::num;
using lpc::dump::fail;
using lpc::dump::readArray;

namespace {

void writeRaw(const void *data, size_t size) {
  std::cout.write(static_cast<const char *>(data), static_cast<std::streamsize>(size));
}
template <typename T> void writeArray(const std::vector<T> &data) {
  uint64_t size = data.size() * sizeof(T);
  writeRaw(&size, sizeof size);
  writeRaw(data.data(), size);
}
void writeStatus(const std::string &error) {
  uint32_t status = !error.empty();
  writeRaw(&status, sizeof status);
  if (status)
    std::cout << error << '\n';
}

struct TensorShape {
  std::vector<int64_t> shape;
  std::vector<AxisRole> roles;
  size_t count = 1;
};

TensorShape readShape(std::istringstream &in) {
  TensorShape t;
  std::string roles;
  size_t rank = 0;
  in >> roles >> rank;
  for (size_t i = 0; i < rank; ++i) {
    int64_t d = 0;
    in >> d;
    t.shape.push_back(d);
    t.count *= static_cast<size_t>(d);
  }
  if (!in)
    fail("expected a tensor in: " + in.str());
  t.roles = roles == "rows"     ? rowRoles(rank)
            : roles == "weight" ? matmulWeightRoles(rank)
                                : filterRoles(rank);
  return t;
}

FormatSpec readSpec(std::istringstream &in) {
  std::string text, error;
  in >> text;
  std::optional<FormatSpec> spec = FormatSpec::parse(text, &error);
  if (!spec)
    fail(error);
  return *spec;
}

void quantize(std::istringstream &in) {
  FormatSpec spec = readSpec(in);
  BlockOptions options;
  bool weighted = false;
  in >> options.threads >> weighted;
  TensorShape t = readShape(in);
  std::vector<float> x = readArray<float>(t.count), importance;
  if (weighted)
    for (size_t i = 0; i < t.shape.size(); ++i)
      if (t.roles[i] == AxisRole::Contracted)
        importance = readArray<float>(static_cast<size_t>(t.shape[i]));
  options.importance = importance;
  BlockQuantized q;
  std::string error;
  quantizeBlocks(spec, x, t.shape, t.roles, q, error, options);
  writeStatus(error);
  if (!error.empty())
    return;
  std::vector<float> y(t.count);
  dequantizeBlocks(q, t.roles, y, options.threads);
  writeArray(q.codes);
  writeArray(y);
  for (size_t i = 0; i < 2; ++i)
    writeArray(i < q.scales.size() ? q.scales[i].values : std::vector<float>());
  writeArray(q.negativeScales.empty() ? std::vector<float>() : q.negativeScales[0].values);
  for (size_t i = 0; i < 2; ++i)
    writeArray(i < q.offsets.size() ? q.offsets[i].values : std::vector<float>());
  writeArray(q.zeros);
  writeArray(q.floatZeros);
  writeArray(q.table.values);
}

const GgufType &readType(std::istringstream &in) {
  std::string name;
  in >> name;
  const GgufType *type = findGgufType(name);
  if (!type)
    fail("unknown gguf type " + name);
  return *type;
}

void pack(std::istringstream &in) {
  const GgufType &type = readType(in);
  TensorShape t = readShape(in);
  std::vector<float> x = readArray<float>(t.count);
  BlockQuantized q;
  std::string error;
  std::vector<uint8_t> bytes;
  if (quantizeBlocks(*FormatSpec::parse(type.name), x, t.shape, t.roles, q, error))
    packGguf(type, q, bytes, error);
  writeStatus(error);
  if (error.empty())
    writeArray(bytes);
}

void unpack(std::istringstream &in) {
  const GgufType &type = readType(in);
  TensorShape t = readShape(in);
  std::vector<uint8_t> bytes = readArray<uint8_t>(t.count / type.elements * type.bytes);
  BlockQuantized q;
  std::string error;
  std::vector<float> y(t.count);
  if (unpackGguf(type, bytes, t.shape, q, error))
    dequantizeBlocks(q, t.roles, y);
  writeStatus(error);
  if (error.empty())
    writeArray(y);
}

void squaredError(std::istringstream &in) {
  FormatSpec spec = readSpec(in);
  BlockOptions options;
  in >> options.threads;
  TensorShape t = readShape(in);
  std::vector<float> x = readArray<float>(t.count), y(t.count);
  BlockQuantized q;
  std::string error;
  if (quantizeBlocks(spec, x, t.shape, t.roles, q, error, options))
    dequantizeBlocks(q, t.roles, y, options.threads);
  std::vector<double> sums(2);
  for (size_t i = 0; i < x.size(); ++i) {
    double v = x[i], d = v - static_cast<double>(y[i]);
    sums[0] += v * v;
    sums[1] += d * d;
  }
  writeStatus(error);
  if (error.empty())
    writeArray(sums);
}

void speed(std::istringstream &in) {
  FormatSpec spec = readSpec(in);
  BlockOptions options;
  int repeats = 1;
  int64_t rows = 0, columns = 0;
  if (!(in >> options.threads >> repeats >> rows >> columns))
    fail("expected: speed <spec> <threads> <repeats> <rows> <columns>");
  std::vector<float> x(static_cast<size_t>(rows * columns));
  // Random values of a bell shape; a long period is enough.
  std::mt19937 rng(1);
  std::normal_distribution<float> normal;
  std::vector<float> period(1 << 20);
  for (float &v : period)
    v = normal(rng);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = period[(i + i / period.size() * 7) % period.size()];
  const int64_t shape[] = {rows, columns};
  double wall = 1e30, processor = 1e30;
  std::string error;
  BlockQuantized q;
  for (int i = 0; i < repeats; ++i) {
    const std::clock_t ticks = std::clock();
    auto begin = std::chrono::steady_clock::now();
    quantizeBlocks(spec, x, shape, rowRoles(2), q, error, options);
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    wall = std::min(wall, seconds.count());
    processor = std::min(processor, static_cast<double>(std::clock() - ticks) / CLOCKS_PER_SEC);
  }
  writeStatus(error);
  writeArray(std::vector<double>{wall, processor});
}

} // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream in(line);
    std::string command;
    in >> command;
    if (command == "quantize")
      quantize(in);
    else if (command == "pack")
      pack(in);
    else if (command == "unpack")
      unpack(in);
    else if (command == "error")
      squaredError(in);
    else if (command == "speed")
      speed(in);
    else if (command == "specs") {
      for (const Preset &p : presets())
        std::cout << p.name << ' ' << p.spelling << '\n';
      std::cout << '\n';
    } else
      fail("unknown command " + command);
    std::cout.flush();
  }
  return 0;
}
