// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The format grammar: `<element>[/tensor|/channel|/token|/g<N>][/asym]`.
#include "lpc/Numerics/FormatSpec.h"

#include "Families.h"
#include "Text.h"

namespace lpc::num {

/// Larger than any contracted axis in sight, small enough for 32-bit index arithmetic.
static constexpr uint32_t maxGroupSize = 1u << 20;

using detail::quoted;

/// Reads one granularity word into `spec`; false if it is none.
static bool parseGranularity(std::string_view word, FormatSpec &spec) {
  if (word == "tensor")
    spec.granularity = Granularity::Tensor;
  else if (word == "channel")
    spec.granularity = Granularity::Channel;
  else if (word == "token")
    spec.granularity = Granularity::Token;
  else if (auto size = word.starts_with('g') ? detail::parseDecimal(word.substr(1), maxGroupSize)
                                             : std::nullopt;
           size && *size > 0) {
    spec.granularity = Granularity::Group;
    spec.groupSize = *size;
  } else
    return false;
  return true;
}

/// Why `word` is no part of the grammar.
static std::string explainWord(std::string_view word) {
  if (word.size() > 1 && word[0] == 'g' &&
      word.find_first_not_of("0123456789", 1) == std::string_view::npos)
    return "a group has 1 to " + std::to_string(maxGroupSize) + " elements";
  const std::string words[] = {"tensor", "channel", "token", "asym", "g128"};
  std::string expected = "expected tensor, channel, token, g<size> or asym";
  if (auto near = detail::nearestWord(word, words))
    return "did you mean '" + *near + "'? " + expected;
  return expected;
}

std::optional<FormatSpec> FormatSpec::parse(std::string_view text, std::string *error) {
  auto fail = [&](std::string message) -> std::optional<FormatSpec> {
    if (error)
      *error = std::move(message);
    return std::nullopt;
  };
  std::vector<std::string_view> parts = detail::split(text, '/');
  std::string in = parts.size() > 1 ? " in " + quoted(text) : "";

  FormatSpec spec;
  std::string reason;
  spec.element = detail::parseFormat(parts[0], reason);
  if (!spec.element)
    return fail("unknown number format " + quoted(parts[0]) + in + ": " + reason);

  if (spec.element->width() > maxTensorCodeBits)
    return fail(quoted(spec.element->name()) + in + " has " +
                std::to_string(spec.element->width()) +
                " bits, but a tensor of codes holds at most " + std::to_string(maxTensorCodeBits) +
                ": use it for scalars, or choose bf16 or fp16");

  std::string_view granularity;
  bool asymmetric = false;
  for (size_t i = 1; i < parts.size(); ++i) {
    std::string_view word = parts[i];
    if (word == "asym") {
      if (asymmetric)
        return fail("'asym' is given twice" + in);
      if (spec.element->family() != Family::Integer)
        return fail("'asym' does not fit " + quoted(spec.element->name()) + in +
                    ": only integer formats have a zero point");
      asymmetric = true;
      continue;
    }
    FormatSpec other = spec;
    if (!parseGranularity(word, other))
      return fail("unknown scale structure " + quoted(word) + in + ": " + explainWord(word));
    if (asymmetric)
      return fail("'asym' must come last" + in + ": write the granularity " + quoted(word) +
                  " before it");
    if (!granularity.empty())
      return fail("two granularities, " + quoted(granularity) + " and " + quoted(word) + "," + in +
                  ": give one");
    granularity = word;
    spec = other;
  }
  if (asymmetric)
    spec.zeroPoint = ZeroPointKind::Integer;
  return spec;
}

std::string FormatSpec::str() const {
  std::string text = element ? element->name() : std::string();
  switch (granularity) {
  case Granularity::Tensor:
    break;
  case Granularity::Channel:
    text += "/channel";
    break;
  case Granularity::Token:
    text += "/token";
    break;
  case Granularity::Group:
    text += "/g" + std::to_string(groupSize);
    break;
  }
  if (zeroPoint == ZeroPointKind::Integer)
    text += "/asym";
  return text;
}

} // namespace lpc::num
