// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pages of `lpc formats` about scale structures: levels, formulas, bits per value.
#ifndef LPC_LIB_DRIVER_FORMATSTRUCTURE_H
#define LPC_LIB_DRIVER_FORMATSTRUCTURE_H

#include "FormatText.h"

#include "lpc/Numerics/FormatSpec.h"

namespace lpc::driver {

/// Everything about one spec: what shares a scale, the value of a code, the rule, the size.
std::string structurePage(const num::FormatSpec &spec);

/// Bits per value where the axes are long: codes and what blocks of fixed size add. What is stored
/// once per channel, token or tensor is not counted.
double bitsPerValue(const num::FormatSpec &spec);

/// One row for each preset: name, expansion, bits per value, where it comes from.
TextTable presetTable();

/// What a rule computes, as one sentence with formulas.
std::string ruleText(const num::FormatSpec &spec);

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_FORMATSTRUCTURE_H
