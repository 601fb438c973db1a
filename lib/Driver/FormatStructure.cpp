// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pages of `lpc formats` about scale structures: levels, formulas, bits per value.
#include "FormatStructure.h"

#include "FormatFacts.h"

#include "lpc/Numerics/ScaleRules.h"

#include <algorithm>
#include <cstdio>

using namespace lpc;
using namespace lpc::driver;

static unsigned storedBits(const num::Format *format) { return format ? format->width() : 32; }
static std::string storedName(const num::Format *format) { return format ? format->name() : "f32"; }

/// "128 neighbours on the contracted axis".
static std::string blockText(const num::ScaleLevel &level) {
  std::string along = level.along == 0 ? "" : std::to_string(level.along);
  if (level.token)
    return "each token: a row of the activation, its scale made at run time";
  if (level.along == 0 && level.across == 0)
    return "the whole tensor";
  if (level.along == 0 && level.across == 1)
    return "each output channel";
  if (level.across == 1)
    return along + " neighbours on the contracted axis";
  std::string across = level.across == 0 ? "all channels" : counted(level.across, "channel");
  if (level.along == 0)
    return across + ", the whole contracted axis";
  return "a tile of " + along + " on the contracted axis and " + across;
}

/// "s0", or "s" where there is one level only.
static std::string levelName(const char *letter, size_t i, size_t count) {
  return count == 1 ? letter : letter + std::to_string(i);
}

/// "fl(fl(s0 * s1) * s2)".
static std::string productText(const char *letter, size_t count) {
  std::string text = levelName(letter, 0, count);
  for (size_t i = 1; i < count; ++i)
    text = "fl(" + text + " * " + levelName(letter, i, count) + ")";
  return text;
}

static std::string formulaText(const num::FormatSpec &spec) {
  std::string v = spec.hasTable ? "table[row][code]" : "v";
  size_t levels = spec.levels.size();
  std::string text = "x = ";
  if (levels == 0)
    text += v;
  else
    switch (spec.zeroPoint) {
    case num::ZeroPointKind::None:
      text += "fl(" + v + " * s)";
      break;
    case num::ZeroPointKind::Integer:
      text += "fl((" + v + " - z) * s)";
      break;
    case num::ZeroPointKind::Float:
      text += "fl(fl(" + v + " - z) * s)";
      break;
    case num::ZeroPointKind::Offset:
      text += "fl(fl(" + v + " * s) + m)";
      break;
    }
  if (levels > 1)
    text += ", s = " + productText("s", levels);
  if (spec.signSplit)
    text += ", with scales of their own where v < 0";
  if (spec.offsetFormats.size() > 1)
    text += ", m = " + productText("m", spec.offsetFormats.size());
  return text;
}

// -- bits
// ------------------------------------------------------------------------------------------------

/// How many values share one entry of the level; 0: an axis decides.
static double valuesPerBlock(const num::ScaleLevel &level) {
  return static_cast<double>(level.along) * level.across;
}

namespace {
/// Bits that are stored once for each block of a level.
struct Stored {
  const num::ScaleLevel *level;
  unsigned bits;
};
} // namespace

static std::vector<Stored> storedParts(const num::FormatSpec &spec) {
  std::vector<Stored> parts;
  for (const num::ScaleLevel &level : spec.levels)
    parts.push_back({&level, storedBits(level.format) * (spec.signSplit ? 2 : 1)});
  if (spec.levels.empty())
    return parts;
  if (spec.zeroPoint == num::ZeroPointKind::Integer)
    parts.push_back({&spec.levels[0], spec.element->width()});
  if (spec.zeroPoint == num::ZeroPointKind::Float)
    parts.push_back({&spec.levels[0], 32});
  if (spec.zeroPoint == num::ZeroPointKind::Offset) {
    if (spec.offsetFormats.empty())
      parts.push_back({&spec.levels[0], 32});
    for (size_t i = 0; i < spec.offsetFormats.size(); ++i)
      parts.push_back({&spec.levels[i], storedBits(spec.offsetFormats[i])});
  }
  return parts;
}

static std::string shortNumber(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", x);
  return text;
}

double driver::bitsPerValue(const num::FormatSpec &spec) {
  double bits = spec.element->width();
  for (const Stored &part : storedParts(spec))
    if (double values = valuesPerBlock(*part.level))
      bits += part.bits / values;
  return bits;
}

static std::string bitsText(const num::FormatSpec &spec) {
  std::string sum = std::to_string(spec.element->width()), rest;
  bool isSum = false;
  for (const Stored &part : storedParts(spec)) {
    if (double values = valuesPerBlock(*part.level)) {
      sum += " + " + std::to_string(part.bits) + "/" + shortNumber(values);
      isSum = true;
      continue;
    }
    const num::ScaleLevel &level = *part.level;
    std::string who = level.token                             ? "token"
                      : level.along == 0 && level.across == 0 ? "tensor"
                      : level.across == 1                     ? "channel"
                                                              : "block";
    rest += " and " + std::to_string(part.bits) + " bits for each " + who;
  }
  if (spec.hasTable)
    rest += " and " + std::to_string(storedBits(spec.tableFormat) << spec.element->width()) +
            " bits for each channel's table";
  return sum + (isSum ? " = " + shortNumber(bitsPerValue(spec)) : "") + rest;
}

// -- rules
// -----------------------------------------------------------------------------------------------

std::string driver::ruleText(const num::FormatSpec &spec) {
  std::string hi = exactText(num::Exact::fromDouble(spec.element->max()), 10);
  switch (spec.rule) {
  case num::Rule::AbsMax:
    return "s = fl(a / " + hi + "), a the largest magnitude of the block";
  case num::Rule::MinMax:
    return "the least and the largest value of the block become the ends of the range";
  case num::Rule::MSE:
    return "the candidate with the least squared error over the block";
  case num::Rule::Floor:
    return "s = 2^(floor(log2 a) - " + std::to_string(num::maxExponent(*spec.element)) +
           "), a the largest magnitude of the block; larger values saturate";
  case num::Rule::Ceil:
    return "s = 2^(ceil(log2 a) - " + std::to_string(num::maxExponent(*spec.element)) +
           "), a the largest magnitude of the block";
  case num::Rule::Even:
    return "like floor, after a is rounded to the element's mantissa bits";
  case num::Rule::RCeil:
    return "the least power of two with a / s <= " + hi + ", a the largest magnitude of the block";
  case num::Rule::Log2:
    return "the power of two nearest to a / " + hi + " by ratio";
  case num::Rule::Raise:
    return "like floor, twice that where the largest magnitude would clip";
  case num::Rule::Pow2:
    return "the least power of two with max(a, 1e-4) / s <= " + hi;
  case num::Rule::DFP:
    return "the least power of two that clips at most one value in 10000";
  case num::Rule::FloorFit:
    return "s0 like floor; s1 is the constant that lets a block's largest magnitude just fit";
  case num::Rule::NV:
  case num::Rule::NVDivide: {
    bool outer = spec.levels.size() > 1;
    std::string limit = exactText(num::Exact::fromDouble(spec.levels[0].format->max()), 10);
    std::string t =
        spec.rule == num::Rule::NV ? "b * fl(e * fl(1 / " + hi + "))" : "fl(b / " + hi + ") * e";
    return std::string(outer ? "e = fl(" + limit + " * " + hi +
                                   " / A), s1 = fl(1 / e), A the largest magnitude of the tensor; "
                             : "e = 1; ") +
           (outer ? "s0" : "s") + " = fl(" + t + ") rounded, b the largest magnitude of the block";
  }
  case num::Rule::FourOverSix:
    return "like nv with the largest magnitude at 6 or at 4, whichever errs less";
  case num::Rule::FourOverSix256:
    return "like four_over_six, 256 being the largest block scale";
  case num::Rule::SignedMax:
    return "s = fl(v / " + exactText(num::Exact::fromDouble(spec.element->lowest()), 10) +
           "), v the value of largest magnitude with its sign";
  case num::Rule::Reciprocal:
    return "s = fl(a / " + hi + ") rounded, but codes are made with the unrounded reciprocal";
  case num::Rule::AbsMean:
    return "s = the mean magnitude of the block, at least 1e-5";
  case num::Rule::KQuant:
    return "weighted least squares over candidate scales of a super-block";
  case num::Rule::Razor:
  case num::Rule::Razor16:
    return std::string("an integer of ") + (spec.rule == num::Rule::Razor ? "8" : "16") +
           " bits for the tensor's range, then the leading bits of each block";
  case num::Rule::KMeans:
    return "weighted k-means over each row";
  }
  return {};
}

// -- pages
// -----------------------------------------------------------------------------------------------

static std::string field(const std::string &name, const std::string &text) {
  return "  " + name + std::string(name.size() < 16 ? 16 - name.size() : 1, ' ') + text + "\n";
}

std::string driver::structurePage(const num::FormatSpec &spec) {
  const num::Format &f = *spec.element;
  std::string name = spec.str(), expanded = spec.expanded();
  std::string out = name + (name != expanded ? " = " + expanded : "") + "\n\n";
  out +=
      field("element", f.name() + ": " + familyWord(f.family()) + ", " + counted(f.width(), "bit") +
                           ", " + exactText(num::Exact::fromDouble(f.lowest()), 10) + " to " +
                           exactText(num::Exact::fromDouble(f.max()), 10));
  out += field("value", formulaText(spec));
  out += field("", "v: the value of the code; fl: rounded to f32");
  size_t levels = spec.levels.size();
  for (size_t i = 0; i < levels; ++i)
    out += field("scale " + levelName("s", i, levels),
                 storedName(spec.levels[i].format) + " for " + blockText(spec.levels[i]));
  if (spec.signSplit)
    out += field("", "a second set of scales for v < 0");
  if (spec.zeroPoint == num::ZeroPointKind::Integer)
    out += field("zero point z", "an integer of the codes' range for each scale");
  if (spec.zeroPoint == num::ZeroPointKind::Float)
    out += field("zero point z", "f32 for each scale");
  if (spec.zeroPoint == num::ZeroPointKind::Offset) {
    size_t offsets = std::max<size_t>(1, spec.offsetFormats.size());
    for (size_t i = 0; i < offsets; ++i)
      out += field("offset " + levelName("m", i, offsets),
                   storedName(i < spec.offsetFormats.size() ? spec.offsetFormats[i] : nullptr) +
                       " for " + blockText(spec.levels[i]));
  }
  if (spec.hasTable)
    out += field("table", std::to_string(f.numCodes()) + " entries of " +
                              storedName(spec.tableFormat) + " for each output channel");
  out += field("rule", std::string(num::toString(spec.rule)) + ": " + ruleText(spec));
  out += field("bits per value", bitsText(spec));
  return out;
}

TextTable driver::presetTable() {
  TextTable table;
  table.header = {"preset", "spelling", "bits per value", "what"};
  for (const num::Preset &preset : num::presets()) {
    std::optional<num::FormatSpec> spec = num::FormatSpec::parse(preset.name);
    if (!spec)
      continue;
    table.rows.push_back({std::string(preset.name), std::string(preset.spelling),
                          shortNumber(bitsPerValue(*spec)), std::string(preset.about)});
  }
  return table;
}
