// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the parser of specs asks about rules and presets.
#ifndef LPC_LIB_NUMERICS_SPECS_H
#define LPC_LIB_NUMERICS_SPECS_H

#include "lpc/Numerics/FormatSpec.h"

#include <utility>

namespace lpc::num::detail {

/// The rule of a spelling that names none.
Rule defaultRule(const FormatSpec &spec);

/// Why rule and structure do not fit, as one clause; empty if they do.
std::string explainSpec(const FormatSpec &spec);

/// What to write instead of `word`, which is no rule.
std::string explainRule(std::string_view word);

/// All presets with their meaning, in the table's order.
const std::vector<std::pair<std::string_view, FormatSpec>> &parsedPresets();

/// Whether all positive values of `format` are powers of two and it has no other finite ones: E8M0
/// and its kin.
bool isPowerOfTwoScale(const Format *format);

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_SPECS_H
