// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text for pages about formats: exact values, codes, tables.
#include "FormatText.h"

#include <algorithm>
#include <cstdlib>

using namespace lpc;
using namespace lpc::driver;

/// digits * 2, in decimal.
static void doubleDecimal(std::string &digits) {
  int carry = 0;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it) {
    int d = (*it - '0') * 2 + carry;
    *it = static_cast<char>('0' + d % 10);
    carry = d / 10;
  }
  if (carry)
    digits.insert(digits.begin(), '1');
}

/// digits * 5, in decimal.
static void quintupleDecimal(std::string &digits) {
  int carry = 0;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it) {
    int d = (*it - '0') * 5 + carry;
    *it = static_cast<char>('0' + d % 10);
    carry = d / 10;
  }
  if (carry)
    digits.insert(digits.begin(), static_cast<char>('0' + carry));
}

/// |value| in decimal; empty if that would need more than `longest` characters.
static std::string decimal(uint64_t significand, int exponent, size_t longest) {
  // A step adds at least one digit for each three or four binary places: stop early.
  if (std::abs(exponent) > static_cast<int>(4 * longest))
    return {};
  std::string digits = std::to_string(significand);
  if (exponent >= 0) {
    for (int i = 0; i < exponent && digits.size() <= longest; ++i)
      doubleDecimal(digits);
    return digits.size() <= longest ? digits : std::string();
  }
  // significand * 2^-k = significand * 5^k / 10^k.
  size_t places = static_cast<size_t>(-exponent);
  for (size_t i = 0; i < places; ++i)
    quintupleDecimal(digits);
  if (digits.size() <= places)
    digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, 1, '.');
  return digits.size() <= longest ? digits : std::string();
}

std::string driver::exactText(const num::Exact &value, size_t longest) {
  switch (value.kind) {
  case num::Exact::Kind::NaN:
    return "NaN";
  case num::Exact::Kind::PosInf:
    return "inf";
  case num::Exact::Kind::NegInf:
    return "-inf";
  case num::Exact::Kind::Finite:
    break;
  }
  if (value.isZero())
    return value.negativeZero ? "-0" : "0";
  std::string sign = value.significand < 0 ? "-" : "";
  if (!value.isDyadic()) {
    int64_t denominator = int64_t(1) << value.rootBits;
    return sign + "2^(" + std::to_string(value.exponent * denominator + value.rootNumerator) + "/" +
           std::to_string(denominator) + ")";
  }
  uint64_t magnitude = static_cast<uint64_t>(std::abs(value.significand));
  std::string digits = decimal(magnitude, value.exponent, longest - sign.size());
  if (!digits.empty())
    return sign + digits;
  std::string power = "2^" + std::to_string(value.exponent);
  return sign + (magnitude == 1 ? power : std::to_string(magnitude) + "*" + power);
}

std::string driver::codeText(const num::Format &format, uint32_t code) {
  std::string text;
  for (int shift = (static_cast<int>(format.width()) - 1) / 4 * 4; shift >= 0; shift -= 4)
    text += "0123456789ABCDEF"[code >> shift & 15];
  return text;
}

std::string driver::binaryText(uint32_t value, unsigned bits) {
  std::string text;
  while (bits-- > 0)
    text += (value >> bits & 1) ? '1' : '0';
  return text;
}

std::string driver::codeRanges(const num::Format &format, const std::vector<uint32_t> &codes) {
  std::string text;
  for (size_t i = 0; i < codes.size();) {
    size_t end = i + 1;
    while (end < codes.size() && codes[end] == codes[end - 1] + 1)
      ++end;
    text += (text.empty() ? "" : " ") + codeText(format, codes[i]);
    if (end - i > 1)
      text += (end - i == 2 ? " " : "..") + codeText(format, codes[end - 1]);
    i = end;
  }
  return text.empty() ? "no" : text;
}

std::string driver::counted(uint64_t count, const std::string &noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string TextTable::text(const std::string &indent) const {
  std::vector<size_t> widths(header.size());
  auto measure = [&](const std::vector<std::string> &row) {
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  };
  measure(header);
  for (const auto &row : rows)
    measure(row);
  std::string out;
  auto print = [&](const std::vector<std::string> &row) {
    std::string line = indent;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  print(header);
  for (const auto &row : rows)
    print(row);
  return out;
}

std::string TextTable::markdown() const {
  auto isCode = [&](size_t column) {
    const std::string &h = header[column];
    return h == "format" || h == "preset" || h == "spelling" || h == "code" || h == "value";
  };
  std::string out = "|", rule = "|";
  for (const std::string &h : header) {
    out += " " + h + " |";
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  for (const auto &row : rows) {
    out += "|";
    for (size_t i = 0; i < row.size(); ++i)
      out += isCode(i) ? " `" + row[i] + "` |" : " " + row[i] + " |";
    out += "\n";
  }
  return out;
}
