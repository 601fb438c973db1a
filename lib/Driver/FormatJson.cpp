// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats as JSON, for programs.
#include "FormatJson.h"

#include "FormatStructure.h"
#include "FormatText.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <cmath>

using namespace lpc;
using namespace lpc::driver;
namespace json = llvm::json;

static std::string printed(json::Value value) { return llvm::formatv("{0:2}\n", value).str(); }

static json::Array codeArray(const std::vector<uint32_t> &codes) {
  json::Array array;
  for (uint32_t code : codes)
    array.push_back(static_cast<int64_t>(code));
  return array;
}

static json::Object codeAndValue(const num::Format &f, uint32_t code) {
  return json::Object{{"code", static_cast<int64_t>(code)},
                      {"value", f.decodeToDouble(code)},
                      {"exact", exactText(f.decode(code))}};
}

static json::Array classArray(const FormatFacts &facts) {
  json::Array array;
  for (const CodeClass &c : facts.classes) {
    json::Array fields;
    for (const num::BitField &field : c.layout.fields)
      fields.push_back(json::Object{{"symbol", std::string(1, field.symbol)},
                                    {"name", field.name},
                                    {"bits", static_cast<int64_t>(field.bits)},
                                    {"fixed", field.fixed}});
    array.push_back(json::Object{{"pattern", c.pattern},
                                 {"rule", c.layout.rule},
                                 {"fields", std::move(fields)},
                                 {"codes", static_cast<int64_t>(c.count)}});
  }
  return array;
}

std::string driver::formatJson(const num::Format &f) {
  FormatFacts facts(f);
  json::Array values;
  for (uint32_t code = 0; code < f.numCodes(); ++code)
    values.push_back(exactText(f.decode(code)));
  json::Object object{{"name", f.name()},
                      {"family", familyWord(f.family())},
                      {"bits", static_cast<int64_t>(f.width())},
                      {"finite_values", static_cast<int64_t>(facts.byValue.size())},
                      {"max", codeAndValue(f, facts.max())},
                      {"lowest", codeAndValue(f, facts.lowest())},
                      {"negative_zeros", codeArray(facts.negativeZeros)},
                      {"infinities", codeArray(facts.infinities)},
                      {"nans", codeArray(facts.nans)},
                      {"reserved", codeArray(facts.reserved)},
                      {"order", facts.order},
                      {"default_rounding", llvm::StringRef(num::toString(f.defaultRounding()))},
                      {"classes", classArray(facts)},
                      {"values", std::move(values)}};
  if (std::optional<uint32_t> least = facts.leastPositive())
    object["least_positive"] = codeAndValue(f, *least);
  if (f.zeroCode())
    object["zero"] = static_cast<int64_t>(*f.zeroCode());
  if (f.isDyadic()) {
    object["fraction_bits"] = f.fractionBits();
    object["image_bits"] = static_cast<int64_t>(f.imageBits());
  }
  return printed(std::move(object));
}

static json::Value storedFormat(const num::Format *format) {
  return format ? format->name() : "f32";
}

std::string driver::structureJson(const num::FormatSpec &spec) {
  static constexpr llvm::StringLiteral zeroKinds[] = {"none", "integer", "float", "offset"};
  json::Array levels, offsets;
  for (const num::ScaleLevel &level : spec.levels)
    levels.push_back(json::Object{{"along", static_cast<int64_t>(level.along)},
                                  {"across", static_cast<int64_t>(level.across)},
                                  {"format", storedFormat(level.format)},
                                  {"token", level.token}});
  for (const num::Format *format : spec.offsetFormats)
    offsets.push_back(storedFormat(format));
  json::Object object{{"name", spec.str()},
                      {"spelling", spec.expanded()},
                      {"element", spec.element->name()},
                      {"levels", std::move(levels)},
                      {"zero_point", zeroKinds[static_cast<size_t>(spec.zeroPoint)]},
                      {"offsets", std::move(offsets)},
                      {"posneg", spec.signSplit},
                      {"rule", llvm::StringRef(num::toString(spec.rule))},
                      {"bits_per_value", bitsPerValue(spec)}};
  if (spec.hasTable)
    object["table"] = storedFormat(spec.tableFormat);
  return printed(std::move(object));
}

std::string driver::listJson() {
  json::Array presets;
  for (const num::Preset &preset : num::presets())
    presets.push_back(json::Object{{"name", llvm::StringRef(preset.name)},
                                   {"spelling", llvm::StringRef(preset.spelling)},
                                   {"what", llvm::StringRef(preset.about)}});
  return printed(json::Object{{"formats", json::Array(num::knownFormatNames())},
                              {"presets", std::move(presets)}});
}

std::string driver::compareJson(const std::vector<num::FormatSpec> &specs,
                                const std::vector<FormatErrors> &errors) {
  json::Array array;
  for (auto [spec, e] : llvm::zip_equal(specs, errors)) {
    json::Object object{{"format", spec.str()},
                        {"clipped", e.clipped},
                        {"underflowed", e.underflowed},
                        {"bits_per_value", e.bits}};
    // Without an error the ratio is infinite, which JSON cannot hold.
    object["sqnr_db"] = std::isfinite(e.sqnr) ? json::Value(e.sqnr) : json::Value(nullptr);
    array.push_back(std::move(object));
  }
  return printed(std::move(array));
}
