// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What `lpc formats` says about an element format, found by decoding each code.
#include "FormatFacts.h"

#include "FormatText.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace lpc;
using namespace lpc::driver;

std::string driver::familyWord(num::Family family) {
  switch (family) {
  case num::Family::Integer:
    return "integer";
  case num::Family::Minifloat:
    return "minifloat";
  case num::Family::Fixed:
    return "fixed";
  case num::Family::Posit:
    return "posit";
  case num::Family::HiFloat8:
    return "hifloat8";
  case num::Family::Lns:
    return "lns";
  case num::Family::Table:
    return "table";
  }
  return "format";
}

std::string driver::patternText(const num::CodeLayout &layout, uint32_t code) {
  unsigned at = 0;
  for (const num::BitField &field : layout.fields)
    at += field.bits;
  std::string text;
  for (const num::BitField &field : layout.fields) {
    at -= field.bits;
    if (field.bits == 0)
      continue;
    if (!text.empty())
      text += ' ';
    text +=
        field.fixed ? binaryText(code >> at, field.bits) : std::string(field.bits, field.symbol);
  }
  return text;
}

/// How codes must be read so that greater codes stand for greater values.
static std::string orderOfCodes(const num::Format &format) {
  uint32_t signBit = format.numCodes() / 2;
  auto ascends = [&](auto codeAt, bool falling) {
    double last = falling ? HUGE_VAL : -HUGE_VAL;
    for (uint32_t i = 0; i < format.numCodes(); ++i) {
      std::optional<uint32_t> code = codeAt(i);
      if (!code || format.isReserved(*code))
        continue;
      num::Exact v = format.decode(*code);
      if (!v.isFinite() || v.negativeZero)
        continue;
      double x = v.toDouble();
      if (falling ? x > last : x < last)
        return false;
      last = x;
    }
    return true;
  };
  using Code = std::optional<uint32_t>;
  if (ascends([](uint32_t i) { return Code(i); }, false))
    return "as unsigned numbers";
  if (ascends([&](uint32_t i) { return Code(i ^ signBit); }, false))
    return "as two's complement";
  if (ascends([&](uint32_t i) { return i & signBit ? Code() : Code(i); }, false) &&
      ascends([&](uint32_t i) { return i & signBit ? Code(i) : Code(); }, true))
    return "as sign and magnitude";
  return "no";
}

FormatFacts::FormatFacts(const num::Format &f) : format(&f), order(orderOfCodes(f)) {
  std::map<std::string, size_t> known;
  for (uint32_t code = 0; code < f.numCodes(); ++code) {
    num::Exact v = f.decode(code);
    if (v.isNaN())
      nans.push_back(code);
    else if (!v.isFinite())
      infinities.push_back(code);
    else if (f.isReserved(code))
      reserved.push_back(code);
    else if (v.negativeZero)
      negativeZeros.push_back(code);
    else
      byValue.push_back(code);

    num::CodeLayout layout = num::layoutOf(f, code);
    std::string pattern = patternText(layout, code);
    auto [it, isNew] = known.try_emplace(pattern + " : " + layout.rule, classes.size());
    if (isNew)
      classes.push_back({std::move(layout), std::move(pattern), code, 0});
    ++classes[it->second].count;
  }
  auto value = [&](uint32_t code) { return f.decodeToDouble(code); };
  std::sort(byValue.begin(), byValue.end(), [&](uint32_t a, uint32_t b) {
    double x = value(a), y = value(b);
    return x < y || (x == y && a < b);
  });
  auto same = [&](uint32_t a, uint32_t b) { return value(a) == value(b); };
  byValue.erase(std::unique(byValue.begin(), byValue.end(), same), byValue.end());
}

std::optional<uint32_t> FormatFacts::leastPositive() const {
  for (uint32_t code : byValue)
    if (format->decodeToDouble(code) > 0)
      return code;
  return std::nullopt;
}

const CodeClass &FormatFacts::mainClass() const {
  for (uint32_t code : byValue)
    if (format->decodeToDouble(code) == 1) {
      num::CodeLayout layout = num::layoutOf(*format, code);
      for (const CodeClass &c : classes)
        if (c.pattern == patternText(layout, code) && c.layout.rule == layout.rule)
          return c;
    }
  return *std::max_element(
      classes.begin(), classes.end(),
      [](const CodeClass &a, const CodeClass &b) { return a.count < b.count; });
}
