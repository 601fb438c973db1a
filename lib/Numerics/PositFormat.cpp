// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Posits: regime, exponent and fraction, in two's complement codes.
#include "Families.h"
#include "Text.h"
#include "ValueList.h"

#include "lpc/Numerics/FormatFamilies.h"

#include <bit>
#include <limits>

namespace lpc::num {

static constexpr unsigned widestPosit = 16, mostExponentBits = 4, standardExponentBits = 2;

static std::string positName(unsigned width, unsigned es) {
  std::string name = "posit" + std::to_string(width);
  return es == standardExponentBits ? name : name + "<es=" + std::to_string(es) + ">";
}

/// The value of a positive code of a posit of any width up to 17.
static Exact decodePositive(unsigned width, unsigned es, uint32_t code) {
  // The bits behind the sign at the top of a word; zeros that follow stand for the missing bits.
  uint32_t bits = code << (33 - width);
  const bool ones = (bits >> 31) != 0;
  const int run =
      std::min(ones ? std::countl_one(bits) : std::countl_zero(bits), static_cast<int>(width) - 1);
  const int regime = ones ? run - 1 : -run;
  bits = run + 1 < 32 ? bits << (run + 1) : 0;
  const uint32_t exponent = es == 0 ? 0 : bits >> (32 - es);
  const uint32_t fraction = bits << es;
  return Exact::finite((int64_t(1) << 32) + fraction,
                       regime * (1 << es) + static_cast<int>(exponent) - 32);
}

PositFormat::PositFormat(unsigned width, unsigned es, std::string name)
    : Format(Family::Posit, width, std::move(name)), es_(es) {
  derive();
  // Rounding to nearest works on the string of bits: the boundary between the codes c and c + 1 is
  // the posit of one bit more whose code is 2c + 1. Nothing but zero rounds to zero, so every
  // positive number is beyond the first boundary.
  detail::ValueList::Options options;
  options.boundaries.push_back(0);
  for (uint32_t code = 1; code + 1 < numCodes() / 2; ++code)
    options.boundaries.push_back(decodePositive(width + 1, es, 2 * code + 1).toDouble());
  list_ = std::make_unique<detail::ValueList>(*this, std::move(options));
}

PositFormat::~PositFormat() = default;

const PositFormat *PositFormat::get(unsigned width, unsigned es) {
  if (width < 2 || width > widestPosit || es > mostExponentBits)
    return nullptr;
  std::string name = positName(width, es);
  const Format *format = detail::findFormat(name);
  if (!format)
    format = detail::internFormat(std::unique_ptr<const Format>(new PositFormat(width, es, name)));
  return static_cast<const PositFormat *>(format);
}

Exact PositFormat::decode(uint32_t code) const {
  const uint32_t sign = numCodes() >> 1;
  if (code == 0)
    return Exact();
  if (code == sign)
    return Exact::nan();
  if (code < sign)
    return decodePositive(width(), es_, code);
  Exact v = decodePositive(width(), es_, numCodes() - code);
  v.significand = -v.significand;
  return v;
}

uint32_t PositFormat::encode(double x, const Conversion &policy, uint32_t random) const {
  return list_->encode(x, policy, random);
}

namespace detail {

ParseResult parsePosit(const Spelling &spelling) {
  std::string_view text = spelling.head;
  if (!text.starts_with("posit"))
    return ParseResult::notMine();
  auto [width, rest] = leadingNumber(text.substr(5), widestPosit);
  if (!rest.empty())
    return ParseResult::notMine();
  if (!width || *width < 2)
    return ParseResult::refuse("posits have 2 to 16 bits");
  unsigned es = standardExponentBits;
  for (const Spelling::Option &option : spelling.options) {
    auto number = option.value ? parseDecimal(*option.value, mostExponentBits) : std::nullopt;
    if (option.key != "es" || !number)
      return ParseResult::refuse("posits have one option, es=<exponent bits>, from 0 to 4");
    es = *number;
  }
  return ParseResult::found(PositFormat::get(*width, es));
}

void listPositNames(std::vector<std::string> &names) {
  for (unsigned width : {4u, 6u, 8u, 16u})
    names.push_back(positName(width, standardExponentBits));
  names.push_back(positName(8, 0));
  names.push_back(positName(8, 1));
  names.push_back(positName(16, 1));
}

CodeLayout positLayout(const Format &format, uint32_t code) {
  const unsigned width = format.width();
  const unsigned es = static_cast<const PositFormat &>(format).exponentBits();
  const uint32_t sign = format.numCodes() >> 1;
  if (code == 0 || code == sign)
    return {{{'x', "code", width, true}}, code == 0 ? "0" : "NaN (NaR)"};
  BitField signField{'s', "sign", 1, true};
  if (code > sign)
    return {{signField, {'x', "two's complement", width - 1, false}},
            "minus the value of the two's complement of the code"};
  // The regime is a run of equal bits and the bit that ends it, if there is room for one.
  uint32_t bits = code << (33 - width);
  const bool ones = (bits >> 31) != 0;
  const unsigned run = std::min<unsigned>(
      static_cast<unsigned>(ones ? std::countl_one(bits) : std::countl_zero(bits)), width - 1);
  const unsigned regimeBits = std::min(run + 1, width - 1), rest = width - 1 - regimeBits;
  const int regime = (ones ? static_cast<int>(run) - 1 : -static_cast<int>(run)) * (1 << es);
  const unsigned exponentBits = std::min(es, rest), fractionBits = rest - exponentBits;
  CodeLayout layout{{signField,
                     {'r', "regime", regimeBits, true},
                     {'e', "exponent", exponentBits, false},
                     {'f', "fraction", fractionBits, false}},
                    {}};
  std::string e = exponentBits == 0    ? ""
                  : exponentBits == es ? "e"
                                       : std::to_string(1 << (es - exponentBits)) + "*e";
  std::string shift;
  if (regime != 0)
    shift = (regime < 0 ? " - " : " + ") + std::to_string(std::abs(regime));
  std::string power = e.empty() ? std::to_string(regime) : e + shift;
  layout.rule = power == "e" || e.empty() ? "2^" + power : "2^(" + power + ")";
  if (fractionBits > 0)
    layout.rule += " * (1 + f/" + std::to_string(1u << fractionBits) + ")";
  return layout;
}

} // namespace detail
} // namespace lpc::num
