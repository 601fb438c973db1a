// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compare.h: does a tensor agree with the expected one?
#ifndef LPC_RUNTIME_IO_COMPARE_H
#define LPC_RUNTIME_IO_COMPARE_H

#include "lpc-runtime/io/HostTensor.h"

namespace lpc::rt {

struct CompareOptions {
  enum class Rule {
    Tolerance, ///< |found - expected| <= atol + rtol * |expected|, NaN equals NaN (NumPy's
               ///< allclose)
    BitExact,  ///< the same bits
    Ulp ///< at most maxUlp representable numbers apart (floats); integers differ by at most maxUlp
  };
  Rule rule = Rule::Tolerance;
  double rtol = 1e-5, atol = 1e-8;
  uint64_t maxUlp = 0;
};

struct CompareReport {
  bool equal = true;
  /// One sentence: the first mismatch, or a different type or shape; empty if equal.
  std::string message;
  int64_t numElements = 0, numMismatches = 0, firstMismatch = -1;
  double maxAbsError = 0, maxRelError = 0; ///< over pairs that are finite
  uint64_t maxUlpError = 0;                ///< over pairs that are not NaN
};

CompareReport compare(const HostTensor &found, const HostTensor &expected,
                      const CompareOptions &options = {});

/// Representable numbers between a and b (equal zeros are 0 apart; two NaNs 0; a NaN and a number
/// UINT64_MAX).
uint64_t ulpDistance(int32_t dtype, uint64_t aBits, uint64_t bBits);

} // namespace lpc::rt

#endif // LPC_RUNTIME_IO_COMPARE_H
