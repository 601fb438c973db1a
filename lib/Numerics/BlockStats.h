// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Largest magnitudes and ranges of blocks, and other loops over plain arrays that the compiler
// vectorises, in one version for every x86-64 and one for AVX2.
#ifndef LPC_LIB_NUMERICS_BLOCKSTATS_H
#define LPC_LIB_NUMERICS_BLOCKSTATS_H

#include <cstddef>
#include <cstdint>

// A function with this mark exists twice; the loader picks one. FMA stays off, so that both give
// the same bits.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) &&                 \
    !(defined(__has_feature) && __has_feature(address_sanitizer))
#define LPC_MULTIVERSION __attribute__((target_clones("avx2", "default")))
#else
#define LPC_MULTIVERSION
#endif

namespace lpc::num::detail {

/// Least and most of the elements that are no NaN, and whether there is a NaN. Both are 0 if there
/// are none else.
struct Range {
  float least = 0, most = 0;
  bool hasNaN = false;
};
Range rangeOf(const float *x, size_t n);

/// The largest magnitude of the elements that are no NaN, 0 if there are none.
float absMax(const float *x, size_t n, bool &hasNaN);

/// y = x * factor, y = x / divisor.
void multiply(const float *x, size_t n, float factor, float *y);
void divide(const float *x, size_t n, float divisor, float *y);

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_BLOCKSTATS_H
