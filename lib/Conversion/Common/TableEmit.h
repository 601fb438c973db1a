// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emission of any finite format: decode by an affine map, selects or a table; encode by a search.
#ifndef LPC_LIB_CONVERSION_COMMON_TABLEEMIT_H
#define LPC_LIB_CONVERSION_COMMON_TABLEEMIT_H

#include "Emitter.h"

#include "lpc/Numerics/Format.h"

namespace lpc::emit {

/// emitDecode of any format, in the cheapest of the ways that its table of values allows.
Value decodeByTable(Emitter &e, Value code, const num::Format &format, FloatType result);

/// emitEncode of any format, for roundings but stochastic and every overflow policy that gives no
/// more than the neighbours' codes (see Steps.h). An i32.
Value encodeBySteps(Emitter &e, Value real, const num::Format &format,
                    const num::Conversion &policy);

} // namespace lpc::emit

#endif // LPC_LIB_CONVERSION_COMMON_TABLEEMIT_H
