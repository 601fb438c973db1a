// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small text helpers of the format grammar.
#ifndef LPC_LIB_NUMERICS_TEXT_H
#define LPC_LIB_NUMERICS_TEXT_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lpc::num::detail {

std::vector<std::string_view> split(std::string_view text, char separator);

/// A decimal number without sign, leading zeros or blanks, at most `limit`.
std::optional<uint32_t> parseDecimal(std::string_view text, uint32_t limit);

/// The same with an optional '-'.
std::optional<int32_t> parseSigned(std::string_view text, uint32_t limit);

/// The digits that `text` begins with as parseDecimal reads them, and what follows.
std::pair<std::optional<uint32_t>, std::string_view> leadingNumber(std::string_view text,
                                                                   uint32_t limit);

/// `text` in single quotes, control characters replaced and long text cut: it may come from a file.
std::string quoted(std::string_view text);

/// The word nearest to `text` by edit distance, or nothing if none is near (more than a third of it
/// differs).
std::optional<std::string> nearestWord(std::string_view text, std::span<const std::string> words);

} // namespace lpc::num::detail

#endif // LPC_LIB_NUMERICS_TEXT_H
