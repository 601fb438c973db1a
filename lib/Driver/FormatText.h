// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text for pages about formats: exact values, codes, tables.
#ifndef LPC_LIB_DRIVER_FORMATTEXT_H
#define LPC_LIB_DRIVER_FORMATTEXT_H

#include "lpc/Numerics/Format.h"

#include <string>
#include <vector>

namespace lpc::driver {

/// The value, exactly: a decimal number of at most `longest` characters, else `3*2^-12`; roots of
/// powers of two as `2^(3/8)`; `inf`, `-inf`, `NaN`, `-0`.
std::string exactText(const num::Exact &value, size_t longest = 24);

/// Hexadecimal digits of a code, as many as its width needs.
std::string codeText(const num::Format &format, uint32_t code);
/// Binary digits of the low `bits` bits.
std::string binaryText(uint32_t value, unsigned bits);
/// "7F", "78 F8", "7D..7F FD..FF"; "no" for none.
std::string codeRanges(const num::Format &format, const std::vector<uint32_t> &codes);

/// `count` and a noun that takes an s: "1 bit", "2 bits".
std::string counted(uint64_t count, const std::string &noun);

/// Rows of cells under a header.
struct TextTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;

  /// Columns aligned by blanks.
  std::string text(const std::string &indent = "") const;
  std::string markdown() const;
};

} // namespace lpc::driver

#endif // LPC_LIB_DRIVER_FORMATTEXT_H
