// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop structure of contractions: batches of matrix products, groups of convolutions.
#ifndef LPC_LIB_REFERENCE_BATCHES_H
#define LPC_LIB_REFERENCE_BATCHES_H

#include "Gemm.h"
#include "lpc/Reference/Kernels.h"

namespace lpc::ref {

/// The broadcast batch shape, and for each of its positions the matrix of either side.
struct Batches {
  Shape shape;
  std::vector<int64_t> lhs, rhs;
};
Result<Batches> batchesOf(const Shape &lhs, const Shape &rhs);

/// Sizes and input positions of a convolution.
struct ConvGeometry {
  ConvGeometry(const Tensor &x, const Tensor &filter, const Shape &kernel, const Shape &spatial,
               const Window &w);

  /// fn(offset of the output, offset of the input, first output channel) for each image and group.
  template <typename Fn> void forEachGroup(Fn fn) const {
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t g = 0; g < groups; ++g)
        fn((n * groups + g) * channels * outSize, (n * groups + g) * depth * inSize, g * channels);
  }
  /// The convolution as matrix products, see gemm.
  void gemmGroups(GemmMode mode, const DType &dtype, const double *in, const double *filter,
                  const double *bias, double *out) const;

  int64_t batch, groups;
  int64_t channels; ///< output channels of a group
  int64_t depth;    ///< input channels of a group
  int64_t taps, inSize = 1, outSize;
  Shape shape;
  std::vector<int64_t> offsets; ///< see windowOffsets
};

} // namespace lpc::ref

#endif // LPC_LIB_REFERENCE_BATCHES_H
