// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What `lpc formats` says about an element format, found by decoding each code.
#ifndef LPC_LIB_DRIVER_FORMATFACTS_H
#define LPC_LIB_DRIVER_FORMATFACTS_H

#include "lpc/Numerics/Layout.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lpc::driver {

/// Codes with the same fields, fixed bits and rule.
struct CodeClass {
  num::CodeLayout layout;
  std::string pattern; ///< "s 0000 mmm"
  uint32_t first = 0;
  uint64_t count = 0;
};

struct FormatFacts {
  const num::Format *format;
  /// One code of each distinct finite value, ascending: -0 and reserved codes left out.
  std::vector<uint32_t> byValue;
  std::vector<uint32_t> infinities, nans, negativeZeros, reserved;
  /// In the order of their first codes.
  std::vector<CodeClass> classes;
  /// "as unsigned numbers", "as two's complement", "as sign and magnitude", or "no".
  std::string order;

  explicit FormatFacts(const num::Format &format);

  uint32_t lowest() const { return byValue.front(); }
  uint32_t max() const { return byValue.back(); }
  /// The code of the least positive value; nothing if no value is positive.
  std::optional<uint32_t> leastPositive() const;
  /// The class of the number 1, or else the one that most codes are in.
  const CodeClass &mainClass() const;
};

/// "integer", "minifloat", ...
std::string familyWord(num::Family family);

/// The letters of a class with its fixed bits: "s 0000 mmm".
std::string patternText(const num::CodeLayout &layout, uint32_t code);

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_FORMATFACTS_H
