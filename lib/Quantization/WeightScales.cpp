// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounding a weight tensor to codes and scales, block by block.
#include "lpc/Quantization/WeightScales.h"

#include "lpc/Numerics/Bulk.h"
#include "lpc/Quantization/Calibration.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;
using namespace lpc;
using namespace lpc::quant;

std::optional<ScaleMethod> quant::parseScaleMethod(StringRef word) {
  return llvm::StringSwitch<std::optional<ScaleMethod>>(word)
      .Case("absmax", ScaleMethod::AbsMax)
      .Case("mse", ScaleMethod::MSE)
      .Default(std::nullopt);
}

namespace {
/// One block, gathered: rounds it and reports the squared error of a scale.
class BlockRounder {
public:
  explicit BlockRounder(const num::FormatSpec &spec)
      : spec(spec), encoder(*spec.element, policy()) {}

  ScaleZero choose(ArrayRef<float> x, ScaleMethod method) {
    if (x.empty())
      return {}; // An empty tensor still has its scales.
    auto [lo, hi] = std::minmax_element(x.begin(), x.end());
    float a = *lo, b = *hi;
    ScaleZero best = chooseScale(a, b, spec);
    if (method == ScaleMethod::AbsMax)
      return best;
    double bestError = error(x, best);
    for (int percent = 98; percent >= 40; percent -= 2) {
      ScaleZero s = chooseScale(a * percent / 100, b * percent / 100, spec);
      double e = error(x, s);
      if (e < bestError) {
        bestError = e;
        best = s;
      }
    }
    return best;
  }

  void round(ArrayRef<float> x, ScaleZero s, MutableArrayRef<uint16_t> codes) {
    encoder.quantize({x.data(), x.size()}, s.scale, s.zero, {codes.data(), codes.size()});
  }

private:
  static num::Conversion policy() { return {}; }

  double error(ArrayRef<float> x, ScaleZero s) {
    codes.resize(x.size());
    back.resize(x.size());
    round(x, s, codes);
    num::dequantize(*spec.element, codes, s.scale, s.zero, back);
    double sum = 0;
    for (auto [v, y] : llvm::zip(x, back))
      sum += (static_cast<double>(v) - y) * (static_cast<double>(v) - y);
    return sum;
  }

  const num::FormatSpec &spec;
  num::Encoder encoder;
  std::vector<uint16_t> codes;
  std::vector<float> back;
};

/// Row-major positions of all indices of a box.
void forEachIndex(ArrayRef<int64_t> extents, llvm::function_ref<void(ArrayRef<int64_t>)> f) {
  SmallVector<int64_t> index(extents.size(), 0);
  if (llvm::is_contained(extents, 0))
    return;
  while (true) {
    f(index);
    int64_t axis = static_cast<int64_t>(extents.size()) - 1;
    for (; axis >= 0; --axis) {
      if (++index[axis] < extents[axis])
        break;
      index[axis] = 0;
    }
    if (axis < 0)
      return;
  }
}
} // namespace

FailureOr<QuantizedTensor> quant::quantizeTensor(ArrayRef<float> values, ArrayRef<int64_t> shape,
                                                 ArrayRef<int64_t> block,
                                                 const num::FormatSpec &spec, ScaleMethod method) {
  if (llvm::any_of(values, [](float x) { return !std::isfinite(x); }))
    return failure();
  QuantizedTensor result;
  result.codes.resize(values.size());
  SmallVector<int64_t> size(shape), strides(shape.size(), 1);
  for (auto [axis, dim] : llvm::enumerate(shape)) {
    if (block[axis] != 0)
      size[axis] = std::min<int64_t>(block[axis], dim);
    result.scaleShape.push_back(block[axis] == 0 ? 1 : (dim + block[axis] - 1) / block[axis]);
  }
  for (int64_t axis = static_cast<int64_t>(shape.size()) - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * shape[axis + 1];

  BlockRounder rounder(spec);
  std::vector<int64_t> where;
  std::vector<float> gathered;
  std::vector<uint16_t> codes;
  forEachIndex(result.scaleShape, [&](ArrayRef<int64_t> b) {
    where.clear();
    SmallVector<int64_t> extent;
    int64_t origin = 0;
    for (auto [axis, i] : llvm::enumerate(b)) {
      int64_t begin = i * size[axis];
      origin += begin * strides[axis];
      extent.push_back(std::min(size[axis], shape[axis] - begin));
    }
    forEachIndex(extent, [&](ArrayRef<int64_t> inner) {
      int64_t at = origin;
      for (auto [axis, i] : llvm::enumerate(inner))
        at += i * strides[axis];
      where.push_back(at);
    });
    gathered.clear();
    for (int64_t at : where)
      gathered.push_back(values[at]);
    codes.resize(where.size());
    ScaleZero s = rounder.choose(gathered, method);
    rounder.round(gathered, s, codes);
    for (auto [at, code] : llvm::zip(where, codes))
      result.codes[at] = code;
    result.scales.push_back(s.scale);
    if (spec.zeroPoint == num::ZeroPointKind::Integer)
      result.zeros.push_back(s.zero);
  });
  return result;
}
