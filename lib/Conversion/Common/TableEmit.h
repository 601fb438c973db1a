// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of any finite format: decode by an affine map, selects or a table; encode by a search.
#ifndef LPC_LIB_CONVERSION_COMMON_TABLEEMIT_H
#define LPC_LIB_CONVERSION_COMMON_TABLEEMIT_H

#include "Emitter.h"

#include "lpc/Numerics/Format.h"

#include <optional>

namespace lpc::emit {

/// emitDecode of any format, in the cheapest of the ways that its table of values allows.
Value decodeByTable(Emitter &e, Value code, const num::Format &format, FloatType result);

/// A format whose codes are the integers of an integer format, times 2^exponent.
struct IntegerGrid {
  const num::IntegerFormat *integers;
  int exponent;
};
std::optional<IntegerGrid> findIntegerGrid(const num::Format &format);

/// emitEncode of any format, for roundings but stochastic and every overflow policy that gives no
/// more than the neighbours' codes (see Steps.h). An i32.
Value encodeBySteps(Emitter &e, Value real, const num::Format &format,
                    const num::Conversion &policy);

/// Whether encodeBetween is exact for this format and policy.
bool canEncodeBetween(const num::Format &format, const num::Conversion &policy);

/// emitEncode with stochastic rounding: the codes of both neighbours by search, and between them a
/// comparison of the distance, exact in f64. `random` is an i32. An i32.
Value encodeBetween(Emitter &e, Value real, Value random, const num::Format &format,
                    const num::Conversion &policy);

/// Whether |x| = whole + d / unit goes to whole + 1, for distances `d` and a `unit` in f64 whose
/// products with 2^(n + 2) are exact. 0 <= d < unit. An i1.
Value goesAway(Emitter &e, Value d, Value unit, Value random, const num::Conversion &policy);

} // namespace lpc::emit

#endif // LPC_LIB_CONVERSION_COMMON_TABLEEMIT_H
