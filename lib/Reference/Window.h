// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of windows over spatial dimensions, shared by pooling and convolutions.
#ifndef LPC_LIB_REFERENCE_WINDOW_H
#define LPC_LIB_REFERENCE_WINDOW_H

#include "lpc/Reference/Kernels.h"

namespace lpc::ref {

/// floor((size + begin + end - dilation*(kernel-1) - 1) / stride) + 1, not below 0.
inline int64_t windowSize(int64_t size, int64_t kernel, int64_t stride, int64_t pads,
                          int64_t dilation) {
  int64_t span = size + pads - dilation * (kernel - 1) - 1;
  return span < 0 ? 0 : span / stride + 1;
}

/// The sizes of the spatial dimensions of a window op's result.
inline Shape windowSizes(const Tensor &x, const Shape &kernel, const Window &w) {
  Shape sizes;
  size_t n = kernel.size();
  for (size_t d = 0; d < n; ++d)
    sizes.push_back(windowSize(x.dim(d + 2), kernel[d], w.strides[d], w.pads[d] + w.pads[n + d],
                               w.dilations[d]));
  return sizes;
}

/// Counts through a box in row-major order; false after the last position.
inline bool advance(Shape &at, const Shape &box) {
  for (size_t d = box.size(); d-- > 0;) {
    if (++at[d] < box[d])
      return true;
    at[d] = 0;
  }
  return false;
}

/// Spatial offset of the input element under output position `o`, window position `k`; -1 in the
/// padding.
inline int64_t inputOffset(const Tensor &x, const Shape &o, const Shape &k, const Window &w) {
  int64_t offset = 0;
  for (size_t d = 0; d < o.size(); ++d) {
    int64_t p = o[d] * w.strides[d] - w.pads[d] + k[d] * w.dilations[d];
    if (p < 0 || p >= x.dim(d + 2))
      return -1;
    offset = offset * x.dim(d + 2) + p;
  }
  return offset;
}

/// The input positions under every window: entry [k][o], -1 for padding (row-major k and o). What
/// im2col needs.
std::vector<int64_t> windowOffsets(const Tensor &x, const Shape &kernel, const Shape &out,
                                   const Window &w);

} // namespace lpc::ref

#endif // LPC_LIB_REFERENCE_WINDOW_H
