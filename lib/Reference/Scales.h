// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scales and zero points spread over the elements that share them.
#ifndef LPC_LIB_REFERENCE_SCALES_H
#define LPC_LIB_REFERENCE_SCALES_H

#include "lpc/Reference/Kernels.h"

namespace lpc::ref {

/// The entry of `scale` (shape: ceil(shape / block)) that holds for each element of `shape`. Where
/// `steps` is given, only every steps[d]-th element along dimension d.
Result<Tensor> spread(const Tensor &scale, const ScaleBlock &block, const Shape &shape,
                      const Shape *steps = nullptr);

/// The value of each code as lp.dequantize reads it.
std::vector<double> codeValues(const num::Format &format);

/// The product of all levels for each element, rounded to T after each level; empty if there are no
/// scales.
template <typename T>
Result<std::vector<T>> scaleProducts(std::span<const Tensor> scales,
                                     std::span<const ScaleBlock> levels, const Shape &shape);

} // namespace lpc::ref

#endif // LPC_LIB_REFERENCE_SCALES_H
