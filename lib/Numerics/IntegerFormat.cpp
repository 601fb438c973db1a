// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integers of 1 to 16 bits: two's complement, unsigned, and narrow (symmetric).
#include "Families.h"
#include "Integers.h"
#include "Rounding.h"
#include "Text.h"

#include <algorithm>
#include <cmath>

namespace lpc::num {

static constexpr unsigned maxIntegerBits = 16;

static std::string integerName(unsigned width, bool isSigned, bool narrow) {
  return (isSigned ? "int" : "uint") + std::to_string(width) + (narrow ? ".narrow" : "");
}

IntegerFormat::IntegerFormat(unsigned width, bool isSigned, bool narrow)
    : Format(Family::Integer, width, integerName(width, isSigned, narrow)), signed_(isSigned),
      narrow_(narrow) {
  int32_t codes = int32_t(1) << width;
  lo_ = isSigned ? -codes / 2 + (narrow ? 1 : 0) : 0;
  hi_ = isSigned ? codes / 2 - 1 : codes - 1;
  derive();
}

const IntegerFormat *IntegerFormat::get(unsigned width, bool isSigned, bool narrow) {
  if (width < 1 || width > maxIntegerBits || (narrow && (!isSigned || width < 2)))
    return nullptr;
  const Format *format = detail::findFormat(integerName(width, isSigned, narrow));
  if (!format)
    format = detail::internFormat(
        std::unique_ptr<const Format>(new IntegerFormat(width, isSigned, narrow)));
  return static_cast<const IntegerFormat *>(format);
}

int32_t IntegerFormat::decodeInt(uint32_t code) const {
  int32_t value = static_cast<int32_t>(code);
  return signed_ && (code >> (width() - 1)) != 0 ? value - (int32_t(1) << width()) : value;
}

Exact IntegerFormat::decode(uint32_t code) const { return Exact::finite(decodeInt(code), 0); }

bool IntegerFormat::isReserved(uint32_t code) const {
  return narrow_ && code == uint32_t(1) << (width() - 1);
}

uint32_t IntegerFormat::encode(double x, const Conversion &policy, uint32_t random) const {
  return encodeAffine(x, 0, policy, random);
}

uint32_t IntegerFormat::encodeAffine(double x, int32_t zeroPoint, const Conversion &policy,
                                     uint32_t random) const {
  return detail::encodeScaledInteger(*this, x, 0, zeroPoint, policy, random);
}

uint32_t detail::encodeScaledInteger(const IntegerFormat &format, double x, int exponent,
                                     int32_t zeroPoint, const Conversion &policy, uint32_t random) {
  const uint32_t mask = format.numCodes() - 1;
  const int32_t lo = format.lo(), hi = format.hi();
  auto clamped = [&](int64_t value) {
    return static_cast<uint32_t>(std::clamp<int64_t>(value, lo, hi)) & mask;
  };
  if (std::isnan(x)) {
    switch (policy.nan) {
    case NaNPolicy::Zero:
      return clamped(zeroPoint);
    case NaNPolicy::Max:
      return clamped(hi);
    case NaNPolicy::Lowest:
      return clamped(lo);
    }
  }
  bool negative = std::signbit(x);
  // Infinity has no residue: it saturates even under Wrap.
  if (std::isinf(x))
    return clamped(negative ? lo : hi);

  Exact v = Exact::fromDouble(x);
  uint64_t magnitude = static_cast<uint64_t>(std::abs(v.significand));
  FixedPoint f = shifted(magnitude, int64_t(v.exponent) + exponent, policy.rounding);
  const bool away = roundsAway(f, f.whole & 1, negative, policy, random);
  if (policy.overflow == Overflow::Wrap) {
    // Unsigned arithmetic keeps the residue modulo 2^64, hence modulo 2^width.
    uint64_t whole = f.whole + away;
    uint64_t wrapped = (negative ? 0 - whole : whole) + static_cast<uint64_t>(int64_t(zeroPoint));
    uint32_t code = static_cast<uint32_t>(wrapped) & mask;
    return format.isReserved(code) ? static_cast<uint32_t>(lo) & mask : code;
  }
  // Far outside of every range, and far inside of int64_t with a zero point added.
  constexpr uint64_t far = uint64_t(1) << 48;
  int64_t rounded = static_cast<int64_t>(f.huge ? far : std::min(f.whole, far)) + away;
  return clamped((negative ? -rounded : rounded) + zeroPoint);
}

namespace detail {

ParseResult parseInteger(const Spelling &spelling) {
  std::string_view text = spelling.head;
  bool isSigned = text.starts_with("int");
  if (!isSigned && !text.starts_with("uint"))
    return ParseResult::notMine();
  text.remove_prefix(isSigned ? 3 : 4);
  auto [width, suffix] = leadingNumber(text, maxIntegerBits);
  if (!suffix.empty() && suffix != ".narrow")
    return ParseResult::notMine();
  if (!width || *width == 0)
    return ParseResult::refuse("integers have 1 to 16 bits");
  if (!spelling.options.empty())
    return ParseResult::refuse("integers take no options in angle brackets");
  if (!suffix.empty() && !isSigned)
    return ParseResult::refuse("only signed integers have a narrow form");
  if (!suffix.empty() && *width == 1)
    return ParseResult::refuse("a narrow integer has 2 to 16 bits");
  return ParseResult::found(IntegerFormat::get(*width, isSigned, !suffix.empty()));
}

void listIntegerNames(std::vector<std::string> &names) {
  for (unsigned width = 1; width <= maxIntegerBits; ++width)
    names.push_back(integerName(width, true, false));
  for (unsigned width = 1; width <= maxIntegerBits; ++width)
    names.push_back(integerName(width, false, false));
  for (unsigned width = 2; width <= maxIntegerBits; ++width)
    names.push_back(integerName(width, true, true));
}

CodeLayout integerLayout(const Format &format, uint32_t code) {
  const auto &f = static_cast<const IntegerFormat &>(format);
  if (format.isReserved(code))
    return {{{'i', "integer", format.width(), true}},
            std::to_string(f.decodeInt(code)) + ", which encode never makes"};
  std::string name = f.isSignedInteger() ? "two's complement integer" : "unsigned integer";
  return {{{'i', name, format.width(), false}}, "i"};
}

} // namespace detail
} // namespace lpc::num
