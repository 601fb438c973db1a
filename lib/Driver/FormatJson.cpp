// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats as JSON, for programs.
#include "FormatJson.h"

#include "FormatText.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace lpc;
using namespace lpc::driver;
namespace json = llvm::json;

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
  json::Object object{
      {"name", f.name()},
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
      {"default_rounding", llvm::StringRef(num::toString(num::Conversion().rounding))},
      {"classes", classArray(facts)},
      {"values", std::move(values)}};
  if (std::optional<uint32_t> least = facts.leastPositive())
    object["least_positive"] = codeAndValue(f, *least);
  if (f.zeroCode())
    object["zero"] = static_cast<int64_t>(*f.zeroCode());
  object["fraction_bits"] = f.fractionBits();
  object["image_bits"] = static_cast<int64_t>(f.imageBits());
  return llvm::formatv("{0:2}\n", json::Value(std::move(object))).str();
}
