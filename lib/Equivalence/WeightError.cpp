// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Output errors of rounded weights.
#include "WeightError.h"

#include <thread>

using namespace mlir;
using namespace lpc;
using namespace lpc::equiv;

FailureOr<WeightError> WeightError::make(const quant::Contraction &c, ArrayRef<double> values,
                                         std::string &error) {
  auto type = cast<RankedTensorType>(c.weight->get().getType());
  ArrayRef<int64_t> dims = type.getShape();
  int64_t rank = type.getRank();
  WeightError w;
  w.places.resize(values.size());
  w.operand.resize(values.size());
  if (auto conv = dyn_cast<nn::ConvOp>(c.op)) {
    if (conv.getGroups() != 1) {
      error = "a grouped convolution has no one matrix of channels";
      return failure();
    }
    w.k = dims[1];
    w.n = static_cast<int64_t>(values.size()) / w.k;
    w.shape.assign(dims.begin(), dims.end());
    w.roles = num::filterRoles(rank);
    int64_t taps = w.n / dims[0];
    for (int64_t i = 0, e = values.size(); i < e; ++i) {
      int64_t m = i / (taps * w.k), channel = i / taps % w.k, tap = i % taps;
      w.operand[i] = w.places[i] = channel * w.n + m * taps + tap;
    }
  } else {
    bool transposed = cast<nn::MatMulOp>(c.op).getTransposeRhs();
    int64_t rows = dims[rank - 2], columns = dims[rank - 1];
    int64_t outs = transposed ? rows : columns;
    w.k = transposed ? columns : rows;
    w.n = static_cast<int64_t>(values.size()) / w.k;
    w.shape.assign(dims.begin(), dims.end());
    w.shape[rank - 2] = w.k;
    w.shape[rank - 1] = outs;
    w.roles = num::matmulWeightRoles(rank);
    for (int64_t i = 0, e = values.size(); i < e; ++i) {
      int64_t batch = i / (rows * columns), r = i / columns % rows, q = i % columns;
      int64_t channel = transposed ? q : r, out = transposed ? r : q;
      int64_t place = channel * w.n + batch * outs + out;
      w.operand[i] = place;
      w.places[(batch * w.k + channel) * outs + out] = place;
    }
  }
  w.exact.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    w.exact[w.operand[i]] = values[i];
  w.weight.assign(w.exact.begin(), w.exact.end());
  return w;
}

bool WeightError::round(const num::FormatSpec &spec, ArrayRef<float> matrix,
                        std::vector<float> &rounded, std::string &error) const {
  std::vector<float> laid(matrix.size());
  for (size_t i = 0; i < laid.size(); ++i)
    laid[i] = matrix[places[i]];
  num::BlockOptions options;
  options.threads = std::max(1u, std::thread::hardware_concurrency());
  num::BlockQuantized q;
  if (!num::quantizeBlocks(spec, laid, shape, roles, q, error, options))
    return false;
  num::dequantizeBlocks(q, roles, laid, options.threads);
  rounded.resize(laid.size());
  for (size_t i = 0; i < laid.size(); ++i)
    rounded[places[i]] = laid[i];
  return true;
}

std::vector<int64_t> WeightError::blocksOf(const num::FormatSpec &spec) const {
  std::vector<int64_t> result(places.size(), 0);
  if (spec.levels.empty())
    return result;
  std::vector<int64_t> block = num::blockShape(spec.levels[0], roles);
  std::vector<int64_t> grid = num::gridShape(shape, block);
  for (size_t i = 0; i < places.size(); ++i) {
    int64_t rest = i, number = 0, stride = 1;
    for (int64_t axis = shape.size() - 1; axis >= 0; --axis) {
      int64_t index = rest % shape[axis];
      rest /= shape[axis];
      number += (block[axis] ? index / block[axis] : 0) * stride;
      stride *= grid[axis];
    }
    result[places[i]] = number;
  }
  return result;
}

std::vector<double> WeightError::toOperand(ArrayRef<double> matrix) const {
  std::vector<double> values(matrix.size());
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = matrix[operand[i]];
  return values;
}

/// y += x[begin, end) * difference[begin, end), for one row of x.
static void accumulate(const float *x, const float *difference, int64_t begin, int64_t end,
                       int64_t n, float *__restrict y) {
  for (int64_t i = begin; i < end; ++i) {
    const float *row = difference + i * n;
    float factor = x[i];
    for (int64_t j = 0; j < n; ++j)
      y[j] += factor * row[j];
  }
}

double equiv::outputError(ArrayRef<float> x, ArrayRef<float> difference, int64_t k, int64_t n) {
  std::vector<float> y(n);
  double sum = 0;
  for (int64_t r = 0; r < static_cast<int64_t>(x.size()) / k; ++r) {
    std::fill(y.begin(), y.end(), 0);
    accumulate(x.data() + r * k, difference.data(), 0, k, n, y.data());
    for (float v : y)
      sum += static_cast<double>(v) * v;
  }
  return sum;
}

std::vector<double> equiv::outputErrors(ArrayRef<float> x, ArrayRef<float> difference, int64_t k,
                                        int64_t n, ArrayRef<int64_t> runEnds) {
  std::vector<double> sums(runEnds.size() * n, 0);
  std::vector<float> y(n);
  for (int64_t r = 0; r < static_cast<int64_t>(x.size()) / k; ++r) {
    int64_t begin = 0;
    for (auto [run, end] : llvm::enumerate(runEnds)) {
      std::fill(y.begin(), y.end(), 0);
      accumulate(x.data() + r * k, difference.data(), begin, end, n, y.data());
      for (int64_t j = 0; j < n; ++j)
        sums[run * n + j] += static_cast<double>(y[j]) * y[j];
      begin = end;
    }
  }
  return sums;
}
