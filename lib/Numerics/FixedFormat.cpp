// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fixed point: integers that stand for multiples of a power of two.
#include "Families.h"
#include "Integers.h"
#include "Text.h"

#include <cassert>

namespace lpc::num {

static constexpr int mostFraction = 64;

/// `fix8` alone is all fraction: the integer's range is [-1, 1), that of `ufix8` [0, 1).
static int defaultFraction(unsigned width, bool isSigned) {
  return static_cast<int>(width) - isSigned;
}

static std::string fixedName(unsigned width, bool isSigned, bool narrow, int fraction) {
  std::string name = (isSigned ? "fix" : "ufix") + std::to_string(width);
  if (narrow)
    name += ".narrow";
  if (fraction != defaultFraction(width, isSigned))
    name += "<f=" + std::to_string(fraction) + ">";
  return name;
}

FixedFormat::FixedFormat(const IntegerFormat &integer, int fraction, std::string name)
    : Format(Family::Fixed, integer.width(), std::move(name)), integer_(integer),
      fraction_(fraction) {
  derive();
}

const FixedFormat *FixedFormat::get(unsigned width, bool isSigned, bool narrow, int fraction) {
  const IntegerFormat *integer = IntegerFormat::get(width, isSigned, narrow);
  if (!integer || fraction == 0 || fraction < -mostFraction || fraction > mostFraction)
    return nullptr;
  std::string name = fixedName(width, isSigned, narrow, fraction);
  const Format *format = detail::findFormat(name);
  if (!format)
    format = detail::internFormat(
        std::unique_ptr<const Format>(new FixedFormat(*integer, fraction, name)));
  return static_cast<const FixedFormat *>(format);
}

Exact FixedFormat::decode(uint32_t code) const {
  return Exact::finite(integer_.decodeInt(code), -fraction_);
}

uint32_t FixedFormat::encode(double x, const Conversion &policy, uint32_t random) const {
  return detail::encodeScaledInteger(integer_, x, fraction_, 0, policy, random);
}

namespace detail {

ParseResult parseFixed(const Spelling &spelling) {
  std::string_view text = spelling.head;
  const bool isSigned = text.starts_with("fix");
  if (!isSigned && !text.starts_with("ufix"))
    return ParseResult::notMine();
  text.remove_prefix(isSigned ? 3 : 4);
  auto [width, suffix] = leadingNumber(text, 16);
  if (!suffix.empty() && suffix != ".narrow")
    return ParseResult::notMine();
  const bool narrow = !suffix.empty();
  if (!width || *width == 0)
    return ParseResult::refuse("fixed point has 1 to 16 bits");
  if (narrow && (!isSigned || *width == 1))
    return ParseResult::refuse("only signed fixed point of 2 to 16 bits has a narrow form");
  int fraction = defaultFraction(*width, isSigned);
  for (const Spelling::Option &option : spelling.options) {
    auto number = option.value ? parseSigned(*option.value, mostFraction) : std::nullopt;
    if (option.key != "f" || !number)
      return ParseResult::refuse(
          "fixed point has one option, f=<fraction bits>, with -64 <= f <= 64");
    fraction = *number;
  }
  if (fraction == 0)
    return ParseResult::found(IntegerFormat::get(*width, isSigned, narrow));
  return ParseResult::found(FixedFormat::get(*width, isSigned, narrow, fraction));
}

void listFixedNames(std::vector<std::string> &names) {
  for (unsigned width : {4u, 8u, 16u})
    for (bool isSigned : {true, false})
      names.push_back(fixedName(width, isSigned, false, defaultFraction(width, isSigned)));
  names.push_back(fixedName(8, true, false, 4));
  names.push_back(fixedName(8, true, false, 6));
  names.push_back(fixedName(16, true, false, 8));
}

CodeLayout fixedLayout(const Format &format, uint32_t code) {
  const auto &f = static_cast<const FixedFormat &>(format);
  const IntegerFormat &integer = f.integer();
  std::string factor = " * 2^" + std::to_string(-f.fraction());
  if (format.isReserved(code))
    return {{{'i', "integer", format.width(), true}},
            std::to_string(integer.decodeInt(code)) + factor + ", which encode never makes"};
  std::string name = integer.isSignedInteger() ? "two's complement integer" : "unsigned integer";
  return {{{'i', name, format.width(), false}}, "i" + factor};
}

} // namespace detail
} // namespace lpc::num
