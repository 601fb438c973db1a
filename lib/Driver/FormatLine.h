// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Number lines: where the values of a format lie, as text and as SVG.
#ifndef LPC_LIB_DRIVER_FORMATLINE_H
#define LPC_LIB_DRIVER_FORMATLINE_H

#include "FormatFacts.h"

namespace lpc::driver {

/// All values on a linear axis and the positive ones on a logarithmic one, `width` columns wide.
/// `|` is one value in a column, digits are several, `#` is ten or more.
std::string numberLineText(const FormatFacts &facts, size_t width = 81);

/// The same as a picture: magnitudes of negative values hang below the logarithmic axis.
std::string numberLineSvg(const FormatFacts &facts);

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_FORMATLINE_H
