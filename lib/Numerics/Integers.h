// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The encoder that integers and fixed point share.
#ifndef LPC_LIB_NUMERICS_INTEGERS_H
#define LPC_LIB_NUMERICS_INTEGERS_H

#include "lpc/Numerics/FormatFamilies.h"

namespace lpc::num::detail {

/// overflow(round(x * 2^exponent) + zeroPoint) in the codes of `format`.
uint32_t encodeScaledInteger(const IntegerFormat &format, double x, int exponent, int32_t zeroPoint,
                             const Conversion &policy, uint32_t random);

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_INTEGERS_H
