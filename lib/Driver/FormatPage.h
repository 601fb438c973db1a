// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pages of `lpc formats` about element formats.
#ifndef LPC_LIB_DRIVER_FORMATPAGE_H
#define LPC_LIB_DRIVER_FORMATPAGE_H

#include "FormatFacts.h"
#include "FormatText.h"

namespace lpc::driver {

/// Everything about one format: bits, limits, specials, values, number line.
std::string formatPage(const num::Format &format);

/// A line `code value` for each code, values exact.
std::string formatValues(const num::Format &format);

/// One row for each named format of a family.
TextTable formatTable(num::Family family);

/// The families that have named formats, in the order of their names.
std::vector<num::Family> namedFamilies();

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_FORMATPAGE_H
