// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The format grammar: `<element>{/<level>}[/posneg][/<zero point>][/table][@<rule>]` and presets.
#include "lpc/Numerics/FormatSpec.h"

#include "Families.h"
#include "Specs.h"
#include "Text.h"

#include <algorithm>

namespace lpc::num {

/// Larger than any contracted axis in sight, small enough for 32-bit index arithmetic.
static constexpr uint32_t maxGroupSize = 1u << 20;
/// No published structure has more than two.
static constexpr size_t maxLevels = 4;

using detail::quoted;

Granularity ScaleLevel::granularity() const {
  if (across == 0)
    return along == 0 ? Granularity::Tensor : Granularity::Tile;
  if (across > 1)
    return Granularity::Tile;
  if (along != 0)
    return Granularity::Group;
  return token ? Granularity::Token : Granularity::Channel;
}

bool FormatSpec::isPlain() const {
  return levels.size() == 1 && !levels[0].format && levels[0].granularity() != Granularity::Tile &&
         !signSplit && !hasTable &&
         (zeroPoint == ZeroPointKind::None
              ? rule == Rule::AbsMax
              : zeroPoint == ZeroPointKind::Integer && rule == Rule::MinMax);
}

// -- words
// -----------------------------------------------------------------------------------------------

/// Reads `tensor`, `channel`, `token`, `g<N>` or `<R>x<C>`; false if `word` is none.
static bool parseShape(std::string_view word, ScaleLevel &level) {
  level = {};
  if (word == "tensor")
    return true;
  if (word == "channel" || word == "token") {
    level.across = 1;
    level.token = word == "token";
    return true;
  }
  if (word.starts_with('g')) {
    auto size = detail::parseDecimal(word.substr(1), maxGroupSize);
    level.along = size.value_or(0);
    level.across = 1;
    return level.along > 0;
  }
  size_t cross = word.find('x');
  if (cross == std::string_view::npos)
    return false;
  auto rows = detail::parseDecimal(word.substr(0, cross), maxGroupSize);
  auto columns = detail::parseDecimal(word.substr(cross + 1), maxGroupSize);
  level.across = rows.value_or(0);
  level.along = columns.value_or(0);
  return level.across > 0 && level.along > 0;
}

/// Why `word` is no part of the grammar.
static std::string explainWord(std::string_view word) {
  if (word.size() > 1 && word[0] == 'g' &&
      word.find_first_not_of("0123456789", 1) == std::string_view::npos)
    return "a group has 1 to " + std::to_string(maxGroupSize) + " elements";
  const std::string words[] = {"tensor", "channel", "token",  "asym",
                               "g128",   "posneg",  "offset", "table"};
  std::string expected =
      "expected tensor, channel, token, g<size>, <rows>x<columns>, posneg, asym, offset or table";
  if (auto near = detail::nearestWord(word, words))
    return "did you mean '" + *near + "'? " + expected;
  return expected;
}

static std::string shapeWord(const ScaleLevel &level) {
  switch (level.granularity()) {
  case Granularity::Tensor:
    return "tensor";
  case Granularity::Channel:
    return "channel";
  case Granularity::Token:
    return "token";
  case Granularity::Group:
    return "g" + std::to_string(level.along);
  case Granularity::Tile:
    break;
  }
  return std::to_string(level.across) + "x" + std::to_string(level.along);
}

// -- parsing
// ---------------------------------------------------------------------------------------------

namespace {

/// Reads one spelling without looking at presets.
class SpecParser {
public:
  explicit SpecParser(std::string_view text) : text(text) {}

  bool run(FormatSpec &out) {
    std::string_view body = text, ruleWord;
    compound = text.find_first_of("/@") != std::string_view::npos;
    if (size_t at = text.rfind('@'); at != std::string_view::npos) {
      body = text.substr(0, at);
      ruleWord = text.substr(at + 1);
      rule = parseRule(ruleWord);
      if (!rule)
        return fail("unknown scale rule " + quoted(ruleWord) + in() + ": " +
                    detail::explainRule(ruleWord));
    }
    std::vector<std::string_view> parts = detail::split(body, '/');
    if (!readElement(parts[0]))
      return false;
    for (size_t i = 1; i < parts.size(); ++i)
      if (!readWord(parts[i]))
        return false;
    finish();
    std::string why = detail::explainSpec(spec);
    if (!why.empty())
      return fail(why + in());
    out = std::move(spec);
    return true;
  }

  std::string error;

private:
  bool fail(std::string message) {
    error = std::move(message);
    return false;
  }
  std::string in() const { return compound ? " in " + quoted(text) : ""; }

  /// A reason that names the preset that is near to `word`, if there is one.
  static void suggestPreset(std::string_view word, std::string &reason) {
    std::vector<std::string> names;
    for (const Preset &p : presets())
      names.emplace_back(p.name);
    if (auto near = detail::nearestWord(word, names))
      reason = "did you mean '" + *near + "'?";
  }

  bool readElement(std::string_view word) {
    std::string reason;
    spec.levels.clear();
    spec.element = detail::parseFormat(word, reason);
    if (!spec.element) {
      bool preset = std::any_of(presets().begin(), presets().end(),
                                [&](const Preset &p) { return p.name == word; });
      if (preset)
        reason = "it is a preset, which takes no further words but '@' and a rule";
      else if (reason.starts_with("known are"))
        suggestPreset(word, reason);
      return fail("unknown number format " + quoted(word) + in() + ": " + reason);
    }
    if (spec.element->width() > maxTensorCodeBits)
      return fail(
          quoted(spec.element->name()) + in() + " has " + std::to_string(spec.element->width()) +
          " bits, but a tensor of codes holds at most " + std::to_string(maxTensorCodeBits) +
          ": use it for scalars, or choose bf16 or fp16");
    return true;
  }

  /// A format after a colon.
  bool readFormat(std::string_view word, const Format *&format) {
    format = nullptr;
    if (word == "f32")
      return true;
    std::string reason;
    format = detail::parseFormat(word, reason);
    if (!format)
      return fail("unknown number format " + quoted(word) + in() + ": " + reason);
    if (format->width() > maxTensorCodeBits)
      return fail(quoted(word) + in() + " has " + std::to_string(format->width()) +
                  " bits, but scales are stored in at most " + std::to_string(maxTensorCodeBits));
    return true;
  }

  bool readWord(std::string_view word) {
    std::vector<std::string_view> fields = detail::split(word, ':');
    std::string_view head = fields[0];
    if (head == "asym" || head == "offset")
      return readZero(head, fields);
    if (head == "posneg" || head == "table")
      return readFlag(head, fields);
    ScaleLevel level;
    if (!parseShape(head, level))
      return fail("unknown scale structure " + quoted(word) + in() + ": " + explainWord(head));
    if (!last.empty())
      return fail(quoted(last) + " must come last" + in() + ": write the granularity " +
                  quoted(word) + " before it");
    if (fields.size() > 2)
      return fail("a level has one scale format, but " + quoted(word) + " gives more" + in());
    if (fields.size() == 2 && !readFormat(fields[1], level.format))
      return false;
    if (spec.levels.size() == maxLevels)
      return fail("more than " + std::to_string(maxLevels) + " levels of scales" + in());
    if (!spec.levels.empty() && !holds(level, spec.levels.back()))
      return fail("the blocks of " + quoted(head) + " do not hold whole blocks of " +
                  quoted(shapeWord(spec.levels.back())) + " before it" + in() +
                  ": levels go from the innermost to the outermost");
    spec.levels.push_back(level);
    return true;
  }

  static bool holds(const ScaleLevel &outer, const ScaleLevel &inner) {
    auto multiple = [](uint32_t o, uint32_t i) { return o == 0 || (i != 0 && o % i == 0); };
    return multiple(outer.along, inner.along) && multiple(outer.across, inner.across) &&
           (outer.along != inner.along || outer.across != inner.across);
  }

  bool readZero(std::string_view head, const std::vector<std::string_view> &fields) {
    if (spec.zeroPoint != ZeroPointKind::None)
      return fail(quoted(head) +
                  (zeroWord == head ? " is given twice"
                                    : " and " + quoted(zeroWord) + " exclude each other") +
                  in());
    zeroWord = last = head;
    if (head == "offset") {
      spec.zeroPoint = ZeroPointKind::Offset;
      for (size_t i = 1; i < fields.size(); ++i) {
        spec.offsetFormats.emplace_back();
        if (!readFormat(fields[i], spec.offsetFormats.back()))
          return false;
      }
      return true;
    }
    if (fields.size() > 2 || (fields.size() == 2 && fields[1] != "float"))
      return fail("expected 'asym' or 'asym:float'" + in());
    spec.zeroPoint = fields.size() == 2 ? ZeroPointKind::Float : ZeroPointKind::Integer;
    if (spec.zeroPoint == ZeroPointKind::Integer && spec.element->family() != Family::Integer)
      return fail("'asym' does not fit " + quoted(spec.element->name()) + in() +
                  ": only integer formats have a zero point");
    return true;
  }

  bool readFlag(std::string_view head, const std::vector<std::string_view> &fields) {
    bool &flag = head == "table" ? spec.hasTable : spec.signSplit;
    if (flag)
      return fail(quoted(head) + " is given twice" + in());
    if (fields.size() > (head == "table" ? 2u : 1u))
      return fail("unknown word after " + quoted(head) + in());
    if (fields.size() == 2 && !readFormat(fields[1], spec.tableFormat))
      return false;
    last = head;
    return flag = true;
  }

  void finish() {
    if (spec.levels.empty() && !spec.hasTable)
      spec.levels.push_back({});
    if (spec.zeroPoint == ZeroPointKind::Offset && spec.offsetFormats.size() < spec.levels.size())
      spec.offsetFormats.resize(spec.levels.size());
    spec.rule = rule.value_or(detail::defaultRule(spec));
  }

  std::string_view text;
  FormatSpec spec;
  std::optional<Rule> rule;
  std::string_view zeroWord, last;
  bool compound = false;
};

} // namespace

std::optional<FormatSpec> FormatSpec::parse(std::string_view text, std::string *error) {
  // `name` or `name@rule` of a preset; a rule after a preset takes the place of the preset's.
  std::string_view name = text.substr(0, text.find('@'));
  std::string spelling(text);
  for (const Preset &p : presets())
    if (p.name == name) {
      std::string_view rest = text.substr(name.size());
      spelling =
          std::string(rest.empty() ? p.spelling : p.spelling.substr(0, p.spelling.find('@')));
      spelling += rest;
      break;
    }
  SpecParser parser(spelling);
  FormatSpec spec;
  if (parser.run(spec))
    return spec;
  if (error)
    *error = std::move(parser.error);
  return std::nullopt;
}

// -- printing
// --------------------------------------------------------------------------------------------

static std::string withFormat(std::string word, const Format *format) {
  return format ? word + ":" + format->name() : word;
}

/// The spelling without a rule.
static std::string structureText(const FormatSpec &spec) {
  std::string text = spec.element ? spec.element->name() : std::string();
  // One f32 scale per tensor is what no word means, unless there is a table.
  bool implied = !spec.hasTable && spec.levels.size() == 1 && spec.levels[0] == ScaleLevel{};
  if (!implied)
    for (const ScaleLevel &level : spec.levels)
      text += "/" + withFormat(shapeWord(level), level.format);
  if (spec.signSplit)
    text += "/posneg";
  if (spec.zeroPoint == ZeroPointKind::Integer)
    text += "/asym";
  if (spec.zeroPoint == ZeroPointKind::Float)
    text += "/asym:float";
  if (spec.zeroPoint == ZeroPointKind::Offset) {
    text += "/offset";
    size_t given = spec.offsetFormats.size();
    while (given > 0 && !spec.offsetFormats[given - 1])
      --given;
    for (size_t i = 0; i < given; ++i)
      text += ":" + (spec.offsetFormats[i] ? spec.offsetFormats[i]->name() : std::string("f32"));
  }
  if (spec.hasTable)
    text += "/" + withFormat("table", spec.tableFormat);
  return text;
}

std::string FormatSpec::expanded() const {
  std::string text = structureText(*this);
  if (rule != detail::defaultRule(*this))
    text += "@" + std::string(toString(rule));
  // A preset that is called like an element would be read instead of it.
  bool hidden = std::any_of(presets().begin(), presets().end(), [&](const Preset &p) {
    return text.substr(0, text.find('@')) == p.name;
  });
  if (hidden)
    text.insert(std::min(text.find('@'), text.size()), "/tensor");
  return text;
}

std::string FormatSpec::str() const {
  for (const auto &[name, preset] : detail::parsedPresets()) {
    if (*this == preset)
      return std::string(name);
    FormatSpec other = preset;
    other.rule = rule;
    if (*this == other)
      return std::string(name) + "@" + std::string(toString(rule));
  }
  return expanded();
}

} // namespace lpc::num
