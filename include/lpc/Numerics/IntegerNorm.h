// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LayerNorm and RMSNorm of a row of integers: exact sums, the exact square root, one reciprocal.
// What lp.int_norm means.
//
//   layer: d_j = n q_j - sum q         rms: d_j = q_j - zero
//   V   = sum d_j^2 + epsilon                         0 < V < 2^62
//   h   = half the number of leading zeros of V, in 64 bits
//   r   = floor(2^62 / isqrt(V << 2h))                = 2^(31 - ...) / sqrt(V), 31 bits
//   u_j = (d_j * r + 2^(37-h)) >> (38 - h)            = d_j / sqrt(V) with 24 fraction bits
//   y_j = clamp(((u_j * multiplier_j + bias_j + 2^(shift-1)) >> shift) + zero_out, lo, hi)
// The normalized value is u_j * sqrt(n): sqrt(n) and the gain are factors of the multiplier. u_j is
// within 2^-24 of d_j / sqrt(V) (half a unit of rounding; the root and the reciprocal err by less
// than 2^-30 of it).
#ifndef LPC_NUMERICS_INTEGERNORM_H
#define LPC_NUMERICS_INTEGERNORM_H

#include <cstdint>
#include <span>

namespace lpc::num {

constexpr unsigned kNormFraction = 24;

enum class NormKind : uint8_t { Layer, RMS };

struct IntegerNorm {
  NormKind kind = NormKind::Layer;
  int64_t epsilon = 1; ///< in units of V; 1 or more
  int64_t zeroIn = 0;  ///< for RMS; a mean takes it away by itself
  int shift = 1;       ///< 1 to 62
  int64_t zeroOut = 0, lo = 0, hi = 0;

  /// multiplier and bias have one entry per element; |u * multiplier + bias| stays below 2^62.
  void apply(std::span<const int32_t> q, std::span<const int32_t> multiplier,
             std::span<const int64_t> bias, std::span<int64_t> y) const;
};

/// The largest V of n elements with |q - zero| <= magnitude (for Layer: of differences of at most
/// that), plus epsilon; saturates at the largest 64-bit integer.
uint64_t largestNormSum(NormKind kind, uint64_t n, uint64_t magnitude, uint64_t epsilon);

} // namespace lpc::num

#endif // LPC_NUMERICS_INTEGERNORM_H
