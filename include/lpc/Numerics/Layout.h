// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a code reads to people: its bit fields and the rule of its value. Nothing computes with this.
#ifndef LPC_NUMERICS_LAYOUT_H
#define LPC_NUMERICS_LAYOUT_H

#include "lpc/Numerics/Format.h"

namespace lpc::num {

/// A run of bits of a code.
struct BitField {
  char symbol = '?'; ///< the letter that rules and drawings use: s, e, m, ...
  std::string name;  ///< "exponent"
  unsigned bits = 0; ///< may be 0 where a format leaves no room for the field
  bool fixed =
      false; ///< the bits choose the rule, as a prefix does: drawings show them, not letters
  friend bool operator==(const BitField &, const BitField &) = default;
};

/// The fields of one code from the high bit to the low one, and the value as a formula of their
/// letters. Codes with equal fields, equal fixed bits and equal rules form a class.
struct CodeLayout {
  std::vector<BitField> fields;
  std::string rule;
  friend bool operator==(const CodeLayout &, const CodeLayout &) = default;
};

CodeLayout layoutOf(const Format &format, uint32_t code);

} // namespace lpc::num

#endif // LPC_NUMERICS_LAYOUT_H
