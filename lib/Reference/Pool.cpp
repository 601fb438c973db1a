// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling.
#include "lpc/Reference/Kernels.h"

#include "Values.h"
#include "Window.h"

#include <cmath>
#include <limits>

namespace lpc::ref {

std::vector<int64_t> windowOffsets(const Tensor &x, const Shape &kernel, const Shape &out,
                                   const Window &w) {
  std::vector<int64_t> offsets;
  offsets.reserve(countElements(kernel) * countElements(out));
  if (countElements(kernel) == 0 || countElements(out) == 0)
    return offsets;
  Shape k(kernel.size(), 0);
  do {
    Shape o(out.size(), 0);
    do
      offsets.push_back(inputOffset(x, o, k, w));
    while (advance(o, out));
  } while (advance(k, kernel));
  return offsets;
}

/// For each output position: how many window positions lie inside of the input extended by `pads`.
static std::vector<int64_t> countInside(const Tensor &x, const Shape &kernel, const Shape &out,
                                        const Window &w, const Shape &pads) {
  size_t n = kernel.size();
  std::vector<int64_t> counts;
  Shape o(n, 0);
  if (countElements(out) == 0)
    return counts;
  do {
    int64_t count = 1;
    for (size_t d = 0; d < n; ++d) {
      int64_t inside = 0;
      for (int64_t k = 0; k < kernel[d]; ++k) {
        int64_t p = o[d] * w.strides[d] - w.pads[d] + k * w.dilations[d];
        inside += p >= -pads[d] && p < x.dim(d + 2) + pads[n + d];
      }
      count *= inside;
    }
    counts.push_back(count);
  } while (advance(o, out));
  return counts;
}

Result<Tensor> pool(PoolKind kind, const Tensor &x, const Shape &kernel, const Window &w,
                    bool countIncludePad, const Shape *countedPads) {
  Shape spatial = windowSizes(x, kernel, w);
  Shape shape{x.dim(0), x.dim(1)};
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  int64_t planes = x.dim(0) * x.dim(1), outSize = countElements(spatial),
          taps = countElements(kernel);
  int64_t inSize = 1;
  for (size_t d = 0; d < kernel.size(); ++d)
    inSize *= x.dim(d + 2);
  std::vector<int64_t> offsets = windowOffsets(x, kernel, spatial, w);
  Shape none(2 * kernel.size(), 0);
  std::vector<int64_t> counts = countInside(x, kernel, spatial, w,
                                            !countIncludePad ? none
                                            : countedPads    ? *countedPads
                                                             : w.pads);
  const DType &d = x.dtype();
  auto run = [&](const auto &in, auto lowest, auto highest, auto average) {
    std::vector<decltype(lowest)> out(planes * outSize);
    for (int64_t p = 0; p < planes; ++p)
      for (int64_t o = 0; o < outSize; ++o) {
        if (kind == PoolKind::Avg) {
          out[p * outSize + o] = average(in, p * inSize, o);
          continue;
        }
        auto best = lowest;
        for (int64_t t = 0; t < taps; ++t)
          if (int64_t at = offsets[t * outSize + o]; at >= 0)
            best = highest(best, in[p * inSize + at]);
        out[p * outSize + o] = best;
      }
    return out;
  };
  if (d.isInt()) {
    auto average = [&](const Ints &in, int64_t base, int64_t o) -> int64_t {
      __int128 sum = 0;
      for (int64_t t = 0; t < taps; ++t)
        if (int64_t at = offsets[t * outSize + o]; at >= 0)
          sum += in[base + at];
      return counts[o] ? static_cast<int64_t>(sum / counts[o]) : 0;
    };
    auto highest = [&](int64_t a, int64_t b) { return lessInt(a, b, d.isUnsigned()) ? b : a; };
    return fromInts(d, shape, run(Ints(x), lowestInt(d), highest, average));
  }
  auto average = [&](const Doubles &in, int64_t base, int64_t o) {
    ExactSum sum;
    for (int64_t t = 0; t < taps; ++t)
      if (int64_t at = offsets[t * outSize + o]; at >= 0)
        sum.add(in[base + at]);
    return counts[o] ? sum.quotient(static_cast<double>(counts[o]), d)
                     : std::numeric_limits<double>::quiet_NaN();
  };
  return fromDoubles(d, shape, run(Doubles(x), lowestOf(d), maximum, average));
}

} // namespace lpc::ref
