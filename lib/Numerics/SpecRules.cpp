// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rules: their words, the default of a structure, and which structures each one can serve.
#include "Specs.h"
#include "Text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lpc::num {

namespace {
struct RuleRow {
  Rule rule;
  std::string_view word;
};
} // namespace

static constexpr RuleRow rules[] = {
    {Rule::AbsMax, "absmax"},
    {Rule::MinMax, "minmax"},
    {Rule::MSE, "mse"},
    {Rule::Floor, "floor"},
    {Rule::Ceil, "ceil"},
    {Rule::Even, "even"},
    {Rule::RCeil, "rceil"},
    {Rule::Log2, "log2"},
    {Rule::Raise, "raise"},
    {Rule::Pow2, "pow2"},
    {Rule::DFP, "dfp"},
    {Rule::FloorFit, "floor_fit"},
    {Rule::NV, "nv"},
    {Rule::NVDivide, "nv_divide"},
    {Rule::FourOverSix, "four_over_six"},
    {Rule::FourOverSix256, "four_over_six_256"},
    {Rule::SignedMax, "signed_max"},
    {Rule::Reciprocal, "reciprocal"},
    {Rule::AbsMean, "absmean"},
    {Rule::KQuant, "kquant"},
    {Rule::Razor, "razor"},
    {Rule::Razor16, "razor16"},
    {Rule::KMeans, "kmeans"},
};

std::string_view toString(Rule rule) {
  for (const RuleRow &row : rules)
    if (row.rule == rule)
      return row.word;
  return {};
}

std::optional<Rule> parseRule(std::string_view word) {
  for (const RuleRow &row : rules)
    if (row.word == word)
      return row.rule;
  return std::nullopt;
}

namespace detail {

std::string explainRule(std::string_view word) {
  std::vector<std::string> words;
  for (const RuleRow &row : rules)
    words.emplace_back(row.word);
  if (auto near = nearestWord(word, words))
    return "did you mean '" + *near + "'?";
  std::string list = "expected one of";
  for (const std::string &w : words)
    list += (w == words.front() ? " " : ", ") + w;
  return list;
}

bool isPowerOfTwoScale(const Format *format) {
  if (!format)
    return false;
  return std::all_of(format->table().begin(), format->table().end(), [](double v) {
    int exponent;
    return !std::isfinite(v) || (v > 0 && std::frexp(v, &exponent) == 0.5);
  });
}

Rule defaultRule(const FormatSpec &spec) {
  if (spec.hasTable)
    return Rule::KMeans;
  if (spec.levels.size() > 1)
    return spec.levels.back().format ? Rule::KQuant : Rule::NV;
  if (!spec.levels.empty() && isPowerOfTwoScale(spec.levels[0].format))
    return Rule::Floor;
  if (spec.zeroPoint != ZeroPointKind::None)
    return Rule::MinMax;
  return spec.element && spec.element->name() == "ternary" ? Rule::AbsMean : Rule::AbsMax;
}

/// What a rule asks of the levels; empty if it gets it.
static std::string explainLevels(const FormatSpec &spec) {
  const size_t levels = spec.levels.size();
  const std::string rule = "rule " + quoted(toString(spec.rule));
  const bool outerF32 = levels == 2 && !spec.levels[1].format;
  switch (spec.rule) {
  case Rule::AbsMax:
  case Rule::MinMax:
  case Rule::Floor:
  case Rule::Ceil:
  case Rule::Even:
  case Rule::RCeil:
  case Rule::Log2:
  case Rule::Raise:
  case Rule::Pow2:
  case Rule::DFP:
  case Rule::SignedMax:
  case Rule::Reciprocal:
  case Rule::AbsMean:
    return levels == 1 ? "" : rule + " chooses one level of scales, not " + std::to_string(levels);
  case Rule::MSE:
    if (levels == 1 || (outerF32 && spec.levels[0].format))
      return "";
    return rule + " chooses one level, or scales in a narrow format below one level of f32 scales";
  case Rule::FloorFit:
    return outerF32 ? "" : rule + " needs a second level of f32 scales";
  case Rule::NV:
  case Rule::NVDivide:
  case Rule::FourOverSix:
  case Rule::FourOverSix256:
    if ((levels == 1 || outerF32) && spec.levels[0].format)
      return "";
    return rule + " needs scales in a narrow format, alone or below one level of f32 scales";
  case Rule::KQuant:
    if (levels == 2 && spec.levels[0].format &&
        spec.levels[0].format->family() == Family::Integer &&
        spec.levels[1].granularity() != Granularity::Tensor)
      return "";
    return rule + " needs two levels, the inner one with integer scales, the outer one smaller "
                  "than the tensor";
  case Rule::Razor:
  case Rule::Razor16:
    if (outerF32 && isPowerOfTwoScale(spec.levels[0].format) && spec.levels[0].format->max() >= 1)
      return "";
    return rule + " needs power-of-two scales, 1 or more among them, below one level of f32 scales";
  case Rule::KMeans:
    return levels <= 1 ? "" : rule + " takes at most one level of scales";
  }
  return "";
}

/// Blocks are scaled in f32: whether all of f's values are 0, or its largest no normal float.
static std::string explainValues(const Format &f) {
  const double most = std::max(f.max(), -f.lowest());
  if (most == 0)
    return quoted(f.name()) + " has no value but 0, which no scale brings near other values";
  if (most > static_cast<double>(std::numeric_limits<float>::max()))
    return quoted(f.name()) + " has values beyond the range of f32, in which blocks are scaled: "
                              "use a format with fewer exponent bits or another bias";
  if (most < static_cast<double>(std::numeric_limits<float>::min()))
    return quoted(f.name()) + " has only values below the normal range of f32, in which blocks "
                              "are scaled: use a format with a smaller bias";
  return "";
}

/// Whether the rule goes by the largest value of the element format.
static bool needsPositive(const FormatSpec &spec) {
  switch (spec.rule) {
  case Rule::Floor:
  case Rule::Ceil:
  case Rule::Even:
  case Rule::RCeil:
  case Rule::Log2:
  case Rule::Raise:
  case Rule::Pow2:
  case Rule::DFP:
  case Rule::FloorFit:
  case Rule::NV:
  case Rule::NVDivide:
    return true;
  case Rule::MSE:
    return spec.levels.size() > 1 || isPowerOfTwoScale(spec.levels[0].format);
  default:
    return false;
  }
}

/// What a rule asks of the element format and of the zero point; empty if it gets it.
static std::string explainElement(const FormatSpec &spec) {
  const Format &f = *spec.element;
  const std::string rule = "rule " + quoted(toString(spec.rule));
  const bool integer = f.family() == Family::Integer;
  const bool none = spec.zeroPoint == ZeroPointKind::None;
  if (f.max() <= 0 && needsPositive(spec))
    return rule + " needs a format with positive values, not " + quoted(f.name()) +
           ": use 'absmax'";
  switch (spec.rule) {
  case Rule::MinMax:
    return none ? rule + " needs a zero point: 'asym' or 'offset'" : "";
  case Rule::MSE:
    return none || spec.levels.size() == 1 ? "" : rule + " with two levels takes no zero point";
  case Rule::KMeans:
    if (spec.zeroPoint != ZeroPointKind::None && spec.zeroPoint != ZeroPointKind::Offset)
      return "a table takes an offset, no zero point";
    if (!integer || f.lowest() < 0 || f.width() > 8)
      return "a table is indexed by codes of uint1 to uint8, not of " + quoted(f.name());
    return "";
  case Rule::KQuant:
    if (!integer || (!none && spec.zeroPoint != ZeroPointKind::Offset))
      return rule + " needs an integer format, with or without an offset";
    if (spec.zeroPoint == ZeroPointKind::Offset && f.lowest() < 0)
      return rule + " with an offset needs an unsigned format";
    return "";
  case Rule::FourOverSix:
  case Rule::FourOverSix256:
    if (f.name() != "e2m1")
      return rule + " is for e2m1 only";
    break;
  case Rule::SignedMax:
    if (!integer || f.lowest() >= 0)
      return rule + " needs a signed integer format";
    if (spec.levels[0].format && !spec.levels[0].format->isSigned())
      return rule + " makes negative scales, which " + quoted(spec.levels[0].format->name()) +
             " cannot hold";
    break;
  case Rule::Razor:
  case Rule::Razor16:
    if (!integer || f.lowest() >= 0)
      return rule + " needs a signed integer format";
    break;
  default:
    break;
  }
  return none ? "" : rule + " takes no zero point";
}

std::string explainSpec(const FormatSpec &spec) {
  if (spec.hasTable != (spec.rule == Rule::KMeans))
    return spec.hasTable ? "a table is learned by rule 'kmeans'" : "rule 'kmeans' needs 'table'";
  if (spec.signSplit && (spec.rule != Rule::AbsMax || spec.zeroPoint != ZeroPointKind::None ||
                         spec.element->lowest() >= 0))
    return "'posneg' needs a signed format, rule 'absmax' and no zero point";
  if (spec.offsetFormats.size() > spec.levels.size())
    return "an offset has at most as many formats as there are levels of scales";
  if (spec.zeroPoint == ZeroPointKind::Offset && spec.levels.empty())
    return "an offset needs a level of scales whose blocks it follows";
  if (std::string why = explainLevels(spec); !why.empty())
    return why;
  if (std::string why = explainValues(*spec.element); !why.empty())
    return why;
  return explainElement(spec);
}

} // namespace detail
} // namespace lpc::num
