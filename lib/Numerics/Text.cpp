// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small text helpers of the format grammar.
#include "Text.h"

#include <algorithm>
#include <numeric>

namespace lpc::num::detail {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<uint32_t> parseDecimal(std::string_view text, uint32_t limit) {
  if (text.empty() || text.size() > 10 || (text[0] == '0' && text.size() > 1))
    return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9')
      return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  if (value > limit)
    return std::nullopt;
  return static_cast<uint32_t>(value);
}

std::optional<int32_t> parseSigned(std::string_view text, uint32_t limit) {
  const bool negative = text.starts_with('-');
  auto number = parseDecimal(text.substr(negative), limit);
  if (!number)
    return std::nullopt;
  return negative ? -static_cast<int32_t>(*number) : static_cast<int32_t>(*number);
}

std::pair<std::optional<uint32_t>, std::string_view> leadingNumber(std::string_view text,
                                                                   uint32_t limit) {
  size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return {parseDecimal(text.substr(0, digits), limit), text.substr(digits)};
}

std::string quoted(std::string_view text) {
  constexpr size_t longest = 80;
  std::string out = "'";
  for (char c : text.substr(0, longest))
    out += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > longest)
    out += "...";
  return out + "'";
}

/// Levenshtein distance, one row at a time.
static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t(0));
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t substitute = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substitute});
    }
  }
  return row.back();
}

std::optional<std::string> nearestWord(std::string_view text, std::span<const std::string> words) {
  if (text.size() > 40)
    return std::nullopt;
  size_t best = std::max<size_t>(1, text.size() / 2) + 1;
  std::optional<std::string> found;
  for (const std::string &word : words) {
    size_t distance = editDistance(text, word);
    if (distance >= best)
      continue;
    best = distance;
    found = word;
  }
  return found;
}

} // namespace lpc::num::detail
