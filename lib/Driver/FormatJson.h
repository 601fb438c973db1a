// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats as JSON, for programs.
#ifndef LPC_LIB_DRIVER_FORMATJSON_H
#define LPC_LIB_DRIVER_FORMATJSON_H

#include "FormatFacts.h"

namespace lpc::driver {

/// One object; `values` holds the exact text of each code's value in the order of the codes.
std::string formatJson(const num::Format &format);

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_FORMATJSON_H
