// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of format families. A new family is one file and one row of `families` in Format.cpp.
#ifndef LPC_LIB_NUMERICS_FAMILIES_H
#define LPC_LIB_NUMERICS_FAMILIES_H

#include "lpc/Numerics/Format.h"
#include "lpc/Numerics/Layout.h"

#include <memory>

namespace lpc::num::detail {

/// A spelling cut at its angle brackets: `e3m2<bias=5,unsigned>` has the head `e3m2` and two
/// options.
struct Spelling {
  struct Option {
    std::string_view key;
    std::optional<std::string_view> value;
  };
  std::string_view head;
  std::vector<Option> options;
};

/// What a family says to a spelling.
struct ParseResult {
  /// The head has the shape of this family; if there is no format then, `reason` says why.
  bool claimed = false;
  const Format *format = nullptr;
  /// One clause without a final period: "integers have 1 to 16 bits".
  std::string reason;

  static ParseResult notMine() { return {}; }
  static ParseResult refuse(std::string why) { return {true, nullptr, std::move(why)}; }
  static ParseResult found(const Format *f) { return {true, f, {}}; }
};

struct FamilyRow {
  ParseResult (*parse)(const Spelling &);
  /// Appends the canonical names of the family's presets.
  void (*listNames)(std::vector<std::string> &);
  /// How codes of `family` read to people (lpc/Numerics/Layout.h); null: an index into a list.
  CodeLayout (*layout)(const Format &, uint32_t code) = nullptr;
  Family family = Family::Integer;
};

ParseResult parseInteger(const Spelling &);
void listIntegerNames(std::vector<std::string> &);
CodeLayout integerLayout(const Format &, uint32_t code);
ParseResult parseFixed(const Spelling &);
void listFixedNames(std::vector<std::string> &);
CodeLayout fixedLayout(const Format &, uint32_t code);
ParseResult parsePosit(const Spelling &);
void listPositNames(std::vector<std::string> &);
CodeLayout positLayout(const Format &, uint32_t code);
ParseResult parseHiFloat8(const Spelling &);
void listHiFloat8Names(std::vector<std::string> &);
CodeLayout hiFloat8Layout(const Format &, uint32_t code);
ParseResult parseLns(const Spelling &);
void listLnsNames(std::vector<std::string> &);
CodeLayout lnsLayout(const Format &, uint32_t code);
ParseResult parseTable(const Spelling &);
void listTableNames(std::vector<std::string> &);
CodeLayout tableLayout(const Format &, uint32_t code);
ParseResult parseMinifloat(const Spelling &);
void listMinifloatNames(std::vector<std::string> &);
CodeLayout minifloatLayout(const Format &, uint32_t code);

/// The canonical name of these parameters.
std::string minifloatName(const MinifloatParams &);
/// Why these parameters make no format; empty if they do.
std::string checkMinifloat(const MinifloatParams &);

/// The interned format with this canonical name, or null.
const Format *findFormat(std::string_view name);
/// Keeps `format` for the life of the process, unless one of its name is there already: returns the
/// one kept.
const Format *internFormat(std::unique_ptr<const Format> format);

/// Format::parse, but the error is only the reason, so that callers can say where the spelling
/// stood.
const Format *parseFormat(std::string_view spelling, std::string &reason);

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_FAMILIES_H
