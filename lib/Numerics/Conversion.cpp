// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The words of the conversion policy.
#include "lpc/Numerics/Conversion.h"

#include <cassert>
#include <cstddef>
#include <iterator>

namespace lpc::num {
namespace {

// Indexed by the enum's value.
constexpr std::string_view roundingWords[] = {
    "nearest_even", "nearest_away",    "toward_zero",    "up",           "down",
    "away",         "to_odd",          "nearest_up",     "nearest_down", "stochastic",
    "nearest_log",  "stochastic_fast", "stochastic_even"};
static_assert(std::size(roundingWords) == numRoundings);
constexpr std::string_view overflowWords[] = {"saturate", "infinity", "wrap"};
constexpr std::string_view nanWords[] = {"zero", "max", "lowest"};

template <typename Enum, size_t N>
std::string_view word(const std::string_view (&words)[N], Enum value) {
  assert(static_cast<size_t>(value) < N && "enum value without a word");
  return words[static_cast<size_t>(value)];
}

template <typename Enum, size_t N>
std::optional<Enum> find(const std::string_view (&words)[N], std::string_view text) {
  for (size_t i = 0; i < N; ++i)
    if (words[i] == text)
      return static_cast<Enum>(i);
  return std::nullopt;
}

} // namespace

std::string_view toString(Rounding value) { return word(roundingWords, value); }
std::string_view toString(Overflow value) { return word(overflowWords, value); }
std::string_view toString(NaNPolicy value) { return word(nanWords, value); }

std::optional<Rounding> parseRounding(std::string_view text) {
  return find<Rounding>(roundingWords, text);
}
std::optional<Overflow> parseOverflow(std::string_view text) {
  return find<Overflow>(overflowWords, text);
}
std::optional<NaNPolicy> parseNaNPolicy(std::string_view text) {
  return find<NaNPolicy>(nanWords, text);
}

} // namespace lpc::num
