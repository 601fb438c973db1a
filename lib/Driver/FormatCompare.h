// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats side by side on the same values: error, clipping, underflow, size.
#ifndef LPC_LIB_DRIVER_FORMATCOMPARE_H
#define LPC_LIB_DRIVER_FORMATCOMPARE_H

#include "FormatText.h"

#include "lpc/Numerics/FormatSpec.h"

#include <cstdint>
#include <span>

namespace lpc::driver {

/// Rows of values; blocks of scales lie along the last axis.
struct SampleMatrix {
  std::vector<float> values;
  int64_t rows = 0, columns = 0;
};

/// `n` values of `gaussian` (variance 1), `laplace` (scale 1) or `student` (four degrees of
/// freedom): a pure function of its arguments. Empty for another word.
std::vector<float> drawSamples(std::string_view distribution, size_t n, uint64_t seed);

/// What a format does to a matrix. With x a value and y what its code stands for:
struct FormatErrors {
  double sqnr = 0;    ///< 10 log10(sum x^2 / sum (x - y)^2), in dB
  double clipped = 0; ///< share of x beyond the block's range by more than half of its last step
  double underflowed = 0; ///< share of x != 0 with y = 0
  double bits = 0;        ///< bits stored per value: codes, scales, zero points, offsets, tables
};

/// False with one sentence where spec and matrix do not fit.
bool measureFormat(const num::FormatSpec &spec, const SampleMatrix &matrix, FormatErrors &out,
                   std::string &error);

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_FORMATCOMPARE_H
