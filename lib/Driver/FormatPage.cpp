// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pages of `lpc formats` about element formats.
#include "FormatPage.h"

#include "FormatLine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace lpc;
using namespace lpc::driver;

/// Values longer than this are written with a power of two in tables.
static constexpr size_t kCellWidth = 9;

static std::string cell(const num::Format &f, uint32_t code) {
  return exactText(f.decode(code), kCellWidth);
}

/// "2^-9 = 0.00195312  (01)": powers also as a decimal number, rounded where it is long.
static std::string withCode(const num::Format &f, uint32_t code) {
  std::string text = cell(f, code);
  if (text.find('^') != std::string::npos) {
    char rounded[32];
    std::snprintf(rounded, sizeof rounded, "%.6g", f.decodeToDouble(code));
    bool exact = f.isDyadic() && std::strtod(rounded, nullptr) == f.decodeToDouble(code);
    text += (exact ? " = " : ", about ") + std::string(rounded);
  }
  return text + "  (" + codeText(f, code) + ")";
}

// -- bits
// ------------------------------------------------------------------------------------------------

/// "s sign, e exponent, m mantissa".
static std::string legend(const FormatFacts &facts) {
  std::string text;
  std::vector<char> seen;
  for (const CodeClass &c : facts.classes)
    for (const num::BitField &field : c.layout.fields) {
      if (field.bits == 0 || std::find(seen.begin(), seen.end(), field.symbol) != seen.end())
        continue;
      seen.push_back(field.symbol);
      text += (text.empty() ? "" : ", ") + std::string(1, field.symbol) + " " + field.name;
    }
  return text;
}

static std::string bitsSection(const FormatFacts &facts) {
  TextTable table;
  table.header = {"code", "value", "codes"};
  for (const CodeClass &c : facts.classes)
    table.rows.push_back({c.pattern, c.layout.rule, std::to_string(c.count)});
  return "bits, high to low: " + legend(facts) + "\n" + table.text("  ");
}

// -- properties
// ------------------------------------------------------------------------------------------

static std::string zeroText(const FormatFacts &facts) {
  std::optional<uint32_t> zero = facts.format->zeroCode();
  std::string text = zero ? codeText(*facts.format, *zero) : "no";
  if (!facts.negativeZeros.empty())
    text += ", -0: " + codeRanges(*facts.format, facts.negativeZeros);
  return text;
}

static std::string imageText(const num::Format &f) {
  if (!f.isDyadic())
    return "no: values are irrational";
  if (f.fractionBits() == 0)
    return counted(f.imageBits(), "bit") + ": every value is an integer";
  return counted(f.imageBits(), "bit") + ": value * 2^" + std::to_string(f.fractionBits());
}

static std::string property(const std::string &name, const std::string &value) {
  return "  " + name + std::string(name.size() < 20 ? 20 - name.size() : 1, ' ') + value + "\n";
}

static std::string propertiesSection(const FormatFacts &facts) {
  const num::Format &f = *facts.format;
  std::optional<uint32_t> least = facts.leastPositive();
  std::string out = property("largest", withCode(f, facts.max()));
  out += property("least", withCode(f, facts.lowest()));
  out += property("least positive", least ? withCode(f, *least) : "no");
  out += property("zero", zeroText(facts));
  out += property("infinity", codeRanges(f, facts.infinities));
  out += property("NaN", codeRanges(f, facts.nans));
  if (!facts.reserved.empty())
    out += property("never made", codeRanges(f, facts.reserved));
  out += property("codes in order", facts.order);
  out += property("default rounding", std::string(num::toString(f.defaultRounding())));
  out += property("integer image", imageText(f));
  return out;
}

// -- values
// ----------------------------------------------------------------------------------------------

/// `code value` pairs in columns, read downwards, about 100 characters wide.
static std::string columns(const num::Format &f, const std::vector<uint32_t> &codes) {
  size_t widest = 0;
  for (uint32_t code : codes)
    widest = std::max(widest, cell(f, code).size());
  size_t entry = codeText(f, 0).size() + 1 + widest + 3;
  size_t across = 1;
  while (across < 16 && 2 * across * entry <= 104)
    across *= 2;
  size_t down = (codes.size() + across - 1) / across;
  std::string out;
  for (size_t row = 0; row < down; ++row) {
    std::string line = "  ";
    for (size_t i = row; i < codes.size(); i += down) {
      std::string text = codeText(f, codes[i]) + " " + cell(f, codes[i]);
      line += text + std::string(entry - text.size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

static std::string valuesSection(const FormatFacts &facts) {
  const num::Format &f = *facts.format;
  if (f.width() <= 8) {
    std::vector<uint32_t> all(f.numCodes());
    for (uint32_t code = 0; code < f.numCodes(); ++code)
      all[code] = code;
    return "values by code\n" + columns(f, all);
  }
  // A digest: what lies next to zero, next to one, and at the top.
  constexpr size_t few = 8;
  auto value = [&](uint32_t code) { return f.decodeToDouble(code); };
  auto part = [&](const std::string &title, auto begin, auto end) {
    return title + "\n" + columns(f, std::vector<uint32_t>(begin, end));
  };
  const std::vector<uint32_t> &v = facts.byValue;
  auto firstAbove = [&](double x) {
    return std::find_if(v.begin(), v.end(), [&](uint32_t code) { return value(code) > x; });
  };
  auto positive = firstAbove(0), one = firstAbove(1);
  std::string out = part("least positive values (all: --values)", positive,
                         positive + std::min<ptrdiff_t>(few, v.end() - positive));
  if (one != v.end() && one - positive > 4)
    out += part("around 1", one - 4, one + std::min<ptrdiff_t>(4, v.end() - one));
  return out + part("largest values", v.end() - static_cast<ptrdiff_t>(few), v.end());
}

std::string driver::formatPage(const num::Format &format) {
  FormatFacts facts(format);
  return format.name() + ": " + familyWord(format.family()) + ", " +
         counted(format.width(), "bit") + ", " + counted(facts.byValue.size(), "finite value") +
         "\n\n" + bitsSection(facts) + "\n" + propertiesSection(facts) + "\n" +
         valuesSection(facts) + "\nnumber line\n" + numberLineText(facts);
}

std::string driver::formatValues(const num::Format &format) {
  std::string out;
  for (uint32_t code = 0; code < format.numCodes(); ++code)
    out += codeText(format, code) + " " + exactText(format.decode(code)) + "\n";
  return out;
}

// -- the list
// --------------------------------------------------------------------------------------------

std::vector<num::Family> driver::namedFamilies() {
  std::vector<num::Family> families;
  for (const std::string &name : num::knownFormatNames()) {
    num::Family family = num::Format::parse(name)->family();
    if (std::find(families.begin(), families.end(), family) == families.end())
      families.push_back(family);
  }
  return families;
}

TextTable driver::formatTable(num::Family family) {
  TextTable table;
  table.header = {"format",         "bits", "code", "value",    "values", "largest",
                  "least positive", "zero", "-0",   "infinity", "NaN",    "integer image"};
  for (const std::string &name : num::knownFormatNames()) {
    const num::Format &f = *num::Format::parse(name);
    if (f.family() != family)
      continue;
    FormatFacts facts(f);
    const CodeClass &main = facts.mainClass();
    std::optional<uint32_t> least = facts.leastPositive();
    auto value = [&](uint32_t code) {
      std::string text = cell(f, code);
      // Values that come from floats have long factors.
      if (text.find('*') > 6 && text.find('*') != std::string::npos) {
        char rounded[32];
        std::snprintf(rounded, sizeof rounded, "~%.6g", f.decodeToDouble(code));
        text = rounded;
      }
      return text + " (" + codeText(f, code) + ")";
    };
    auto range = [&](const std::vector<uint32_t> &codes) {
      return codes.empty() ? std::string("-") : codeRanges(f, codes);
    };
    table.rows.push_back({name, std::to_string(f.width()), main.pattern, main.layout.rule,
                          std::to_string(facts.byValue.size()), value(facts.max()),
                          least ? value(*least) : "-",
                          f.zeroCode() ? codeText(f, *f.zeroCode()) : "-",
                          range(facts.negativeZeros), range(facts.infinities), range(facts.nans),
                          f.isDyadic() ? std::to_string(f.imageBits()) : "-"});
  }
  return table;
}
