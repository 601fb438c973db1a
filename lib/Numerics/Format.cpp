// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats: the table of families, interning, and all that is derived from decode.
#include "lpc/Numerics/Format.h"

#include "Families.h"
#include "Text.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <map>
#include <mutex>

namespace lpc::num {
namespace detail {

/// Tried from top to bottom; the first family that claims a head decides.
static constexpr FamilyRow families[] = {
    {parseInteger, listIntegerNames, integerLayout, Family::Integer},
    {parseFixed, listFixedNames, fixedLayout, Family::Fixed},
    {parsePosit, listPositNames, positLayout, Family::Posit},
    {parseHiFloat8, listHiFloat8Names, hiFloat8Layout, Family::HiFloat8},
    {parseLns, listLnsNames, lnsLayout, Family::Lns},
    {parseTable, listTableNames, tableLayout, Family::Table},
    {parseMinifloat, listMinifloatNames, minifloatLayout, Family::Minifloat},
};

// -- interning
// -------------------------------------------------------------------------------------------

namespace {
struct Registry {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<const Format>, std::less<>> byName;
};
} // namespace

/// Never destroyed: formats outlive every static object that may hold one.
static Registry &registry() {
  static Registry *instance = new Registry;
  return *instance;
}

const Format *findFormat(std::string_view name) {
  Registry &r = registry();
  std::lock_guard lock(r.mutex);
  auto it = r.byName.find(name);
  return it == r.byName.end() ? nullptr : it->second.get();
}

const Format *internFormat(std::unique_ptr<const Format> format) {
  Registry &r = registry();
  std::lock_guard lock(r.mutex);
  std::string name = format->name();
  return r.byName.try_emplace(std::move(name), std::move(format)).first->second.get();
}

// -- parsing
// ---------------------------------------------------------------------------------------------

/// Cuts `text` at its angle brackets; returns the reason if it has not the shape `head` or
/// `head<option,...>`.
static std::string cutSpelling(std::string_view text, Spelling &out) {
  size_t open = text.find('<');
  out.head = text.substr(0, open);
  if (open == std::string_view::npos)
    return {};
  if (text.back() != '>')
    return "the '<' has no '>' at the end";
  for (std::string_view part : split(text.substr(open + 1, text.size() - open - 2), ',')) {
    size_t equals = part.find('=');
    Spelling::Option option{part.substr(0, equals), std::nullopt};
    if (equals != std::string_view::npos)
      option.value = part.substr(equals + 1);
    if (option.key.empty() || (option.value && option.value->empty()))
      return "expected 'key=value' or a word between '<', ',' and '>'";
    for (const Spelling::Option &other : out.options)
      if (other.key == option.key)
        return "the option " + quoted(option.key) + " is given twice";
    out.options.push_back(option);
  }
  return {};
}

const Format *parseFormat(std::string_view spelling, std::string &reason) {
  if (const Format *known = findFormat(spelling))
    return known;
  if (spelling.empty()) {
    reason = "a format is a name such as 'int8', 'int4' or 'e4m3'";
    return nullptr;
  }
  if (spelling.size() > 256) {
    reason = "a format name has at most 256 characters";
    return nullptr;
  }
  Spelling cut;
  reason = cutSpelling(spelling, cut);
  if (!reason.empty())
    return nullptr;
  for (const FamilyRow &family : families) {
    ParseResult result = family.parse(cut);
    if (!result.claimed)
      continue;
    reason = std::move(result.reason);
    return result.format;
  }
  std::vector<std::string> names = knownFormatNames();
  if (auto near = nearestWord(cut.head, names))
    reason = "did you mean '" + *near + "'?";
  else
    reason =
        "known are int1 to int16, uint1 to uint16, minifloats such as e4m3, e2m1 and bf16, fix8, "
        "posit8, hif8, lns8, nf4, ternary and table<...>";
  return nullptr;
}

} // namespace detail

const Format *Format::parse(std::string_view spelling, std::string *error) {
  std::string reason;
  const Format *format = detail::parseFormat(spelling, reason);
  if (!format && error)
    *error = "unknown number format " + detail::quoted(spelling) + ": " + reason;
  return format;
}

CodeLayout layoutOf(const Format &format, uint32_t code) {
  for (const detail::FamilyRow &row : detail::families)
    if (row.layout && row.family == format.family())
      return row.layout(format, code);
  return {{{'i', "index", format.width(), false}}, "entry i of the list of values"};
}

std::vector<std::string> knownFormatNames() {
  std::vector<std::string> names;
  for (const detail::FamilyRow &family : detail::families)
    family.listNames(names);
  return names;
}

// -- what follows from decode
// ----------------------------------------------------------------------------

void Format::derive() {
  bool any = false;
  table_.resize(numCodes());
  for (uint32_t code = 0; code < numCodes(); ++code) {
    Exact v = decode(code);
    double d = table_[code] = v.toDouble();
    hasNaN_ |= v.isNaN();
    if (!v.isFinite()) {
      hasInf_ |= !v.isNaN();
      continue;
    }
    dyadic_ &= v.isDyadic();
    if (v.isZero()) {
      if (!v.negativeZero && !zeroCode_ && !isReserved(code))
        zeroCode_ = code;
    } else {
      fractionBits_ = std::max(fractionBits_, -v.exponent);
    }
    if (isReserved(code))
      continue;
    if (!v.negativeZero)
      codesByValue_.push_back(code);
    max_ = any ? std::max(max_, d) : d;
    lowest_ = any ? std::min(lowest_, d) : d;
    any = true;
    if (d > 0 && (minPositive_ == 0 || d < minPositive_))
      minPositive_ = d;
  }
  assert(any && "a format needs a finite value");
  std::sort(codesByValue_.begin(), codesByValue_.end(),
            [&](uint32_t a, uint32_t b) { return table_[a] < table_[b]; });
  if (!dyadic_) {
    fractionBits_ = noImage;
    imageBits_ = noImage;
    return;
  }
  for (uint32_t code = 0; code < numCodes(); ++code) {
    Exact v = decode(code);
    if (!v.isFinite() || v.isZero())
      continue;
    // The image is significand * 2^shift; two's complement needs one bit less for exactly -2^k.
    int shift = v.exponent + fractionBits_;
    int bits = std::bit_width(static_cast<uint64_t>(std::abs(v.significand))) + shift;
    imageBits_ = std::max(imageBits_, static_cast<unsigned>(v.significand == -1 ? bits : bits + 1));
  }
  imageBits_ = std::max(imageBits_, 1u);
}

bool Format::isMonotone(bool signedOrder) const {
  auto rank = [&](uint32_t code) { return signedOrder ? code ^ (numCodes() >> 1) : code; };
  return std::is_sorted(codesByValue_.begin(), codesByValue_.end(),
                        [&](uint32_t a, uint32_t b) { return rank(a) < rank(b); });
}

std::optional<uint32_t> Format::negate(uint32_t code) const {
  const double value = table_[code];
  if (std::isnan(value))
    return code;
  if (std::isinf(value) || value == 0) {
    bool negative = !std::signbit(value);
    for (uint32_t other = 0; other < numCodes(); ++other)
      if (table_[other] == -value && std::signbit(table_[other]) == negative && !isReserved(other))
        return other;
    return value == 0 ? zeroCode_ : std::nullopt;
  }
  auto at = std::lower_bound(codesByValue_.begin(), codesByValue_.end(), -value,
                             [&](uint32_t c, double v) { return table_[c] < v; });
  if (at == codesByValue_.end() || table_[*at] != -value)
    return std::nullopt;
  return *at;
}

} // namespace lpc::num
