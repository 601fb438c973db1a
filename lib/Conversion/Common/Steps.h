// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An encoder as a step function: which code begins at which number.
#ifndef LPC_LIB_CONVERSION_COMMON_STEPS_H
#define LPC_LIB_CONVERSION_COMMON_STEPS_H

#include "lpc/Numerics/Format.h"

#include <cstdint>
#include <vector>

namespace lpc::emit {

/// Format::encode of all numbers of one float type but NaN, in order. The key of a number is its
/// bits as a signed integer that grows with it: `bits ^ ((bits >> (width - 1)) & max)`; -0 lies
/// just below +0. codes[i] belongs to the keys from firstKeys[i] to firstKeys[i + 1] - 1;
/// firstKeys[0] is the key of -inf.
struct Steps {
  std::vector<int64_t> firstKeys;
  std::vector<uint32_t> codes;
  uint32_t positiveNaN = 0, negativeNaN = 0;
};

/// The steps of a format under a policy whose rounding is not stochastic, for f32 or f64 (`bits` 32
/// or 64). Made by asking Format::encode and kept for the process, as models encode in few formats
/// often.
///
/// Needs an encoder that gives the numbers between two neighbouring values the code of one or of
/// the other: all roundings do, the overflow policy `wrap` does not.
const Steps &encoderSteps(const num::Format &format, const num::Conversion &policy, unsigned bits);

} // namespace lpc::emit

#endif // LPC_LIB_CONVERSION_COMMON_STEPS_H
