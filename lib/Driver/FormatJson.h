// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats as JSON, for programs.
#ifndef LPC_LIB_DRIVER_FORMATJSON_H
#define LPC_LIB_DRIVER_FORMATJSON_H

#include "FormatCompare.h"
#include "FormatFacts.h"

namespace lpc::driver {

/// One object; `values` holds the exact text of each code's value in the order of the codes.
std::string formatJson(const num::Format &format);
std::string structureJson(const num::FormatSpec &spec);
/// The names of element formats, and the presets.
std::string listJson();
std::string compareJson(const std::vector<num::FormatSpec> &specs,
                        const std::vector<FormatErrors> &errors);

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_FORMATJSON_H
