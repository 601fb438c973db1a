// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of stochastic rounding: random bits of an element, and the choice between neighbours.
#ifndef LPC_LIB_CONVERSION_LPTOLINALG_STOCHASTIC_H
#define LPC_LIB_CONVERSION_LPTOLINALG_STOCHASTIC_H

#include "Lowering.h"

namespace lpc::lp_to_linalg {

/// Whether the distance to a neighbour is exact in f64: all neighbours are powers of two apart.
bool canRoundStochastically(const num::Format &format, const num::Conversion &policy);

/// num::randomBits(seed, index, bits) as i64.
Value emitRandomBits(OpBuilder &b, Location loc, uint64_t seed, Value index, unsigned bits);

/// The code of `real` under a stochastic policy that canRoundStochastically; with an integer zero
/// point (i32, may be null) as emitEncodeAffine.
Value emitEncodeStochastic(OpBuilder &b, Location loc, Value real, Value zeroPoint, Value random,
                           const num::Format &format, const num::Conversion &policy);

} // namespace lpc::lp_to_linalg

#endif // LPC_LIB_CONVERSION_LPTOLINALG_STOCHASTIC_H
