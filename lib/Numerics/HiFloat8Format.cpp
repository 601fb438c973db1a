// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HiFloat8: sign, a prefix code for the number of exponent bits, exponent in sign and magnitude,
// mantissa.
#include "Families.h"
#include "ValueList.h"

#include "lpc/Numerics/FormatFamilies.h"

namespace lpc::num {
namespace {

constexpr uint32_t signMask = 0x80, infinity = 0x6F;

/// The magnitude codes from `first` on have `exponentBits` exponent bits, then `mantissaBits`.
struct Band {
  uint32_t first;
  unsigned exponentBits, mantissaBits;
};
constexpr Band bands[] = {{0x60, 4, 1}, {0x40, 3, 2}, {0x20, 2, 3}, {0x10, 1, 3}, {0x08, 0, 3}};

/// Codes below the last band: 1 to 7 are powers of two from 2^-22 on.
constexpr int belowDenormals = -23;

/// Where the grid of the top band would go on: 1.5 * 2^15.
constexpr double beyondLargest = 49152;

/// The exponent field holds the sign, then the magnitude without its leading 1.
int decodeExponent(uint32_t field, unsigned bits) {
  if (bits == 0)
    return 0;
  uint32_t leading = 1u << (bits - 1);
  int magnitude = static_cast<int>(leading | (field & (leading - 1)));
  return (field & leading) != 0 ? -magnitude : magnitude;
}

} // namespace

HiFloat8Format::HiFloat8Format() : Format(Family::HiFloat8, 8, "hif8") {
  derive();
  detail::ValueList::Options options;
  options.beyond = beyondLargest;
  list_ = std::make_unique<detail::ValueList>(*this, std::move(options));
}

HiFloat8Format::~HiFloat8Format() = default;

const HiFloat8Format *HiFloat8Format::get() {
  const Format *format = detail::findFormat("hif8");
  if (!format)
    format = detail::internFormat(std::unique_ptr<const Format>(new HiFloat8Format));
  return static_cast<const HiFloat8Format *>(format);
}

Exact HiFloat8Format::decode(uint32_t code) const {
  const bool negative = (code & signMask) != 0;
  const uint32_t magnitude = code & (signMask - 1);
  const int sign = negative ? -1 : 1;
  if (magnitude == 0)
    return negative ? Exact::nan() : Exact();
  if (magnitude == infinity)
    return Exact::inf(negative);
  for (const Band &band : bands) {
    if (magnitude < band.first)
      continue;
    uint32_t mantissa = magnitude & ((1u << band.mantissaBits) - 1);
    uint32_t field = magnitude >> band.mantissaBits & ((1u << band.exponentBits) - 1);
    int exponent = decodeExponent(field, band.exponentBits);
    return Exact::finite(sign * static_cast<int64_t>((1u << band.mantissaBits) | mantissa),
                         exponent - static_cast<int>(band.mantissaBits));
  }
  return Exact::finite(sign, belowDenormals + static_cast<int>(magnitude));
}

uint32_t HiFloat8Format::encode(double x, const Conversion &policy, uint32_t random) const {
  return list_->encode(x, policy, random);
}

namespace detail {

ParseResult parseHiFloat8(const Spelling &spelling) {
  if (spelling.head != "hif8" && spelling.head != "hifloat8")
    return ParseResult::notMine();
  if (!spelling.options.empty())
    return ParseResult::refuse("hif8 takes no options in angle brackets");
  return ParseResult::found(HiFloat8Format::get());
}

void listHiFloat8Names(std::vector<std::string> &names) { names.push_back("hif8"); }

CodeLayout hiFloat8Layout(const Format &, uint32_t code) {
  const uint32_t magnitude = code & (signMask - 1);
  if (magnitude == 0)
    return {{{'s', "sign", 1, true}, {'d', "dot (prefix)", 4, true}, {'m', "mantissa", 3, true}},
            code == 0 ? "0" : "NaN"};
  for (const Band &band : bands) {
    if (magnitude < band.first)
      continue;
    const bool special = magnitude == infinity;
    const unsigned e = band.exponentBits, m = band.mantissaBits;
    CodeLayout layout{{{'s', "sign", 1, false},
                       {'d', "dot (prefix)", 7 - e - m, true},
                       {'t', "sign of the exponent", e == 0 ? 0u : 1u, special},
                       {'e', "exponent without its leading 1", e == 0 ? 0 : e - 1, special},
                       {'m', "mantissa", m, special}},
                      "(-1)^s * "};
    if (special) {
      layout.rule += "inf";
      return layout;
    }
    if (e == 1)
      layout.rule += "2^((-1)^t) * ";
    else if (e > 1)
      layout.rule += "2^((-1)^t * (" + std::to_string(1u << (e - 1)) + " + e)) * ";
    layout.rule += "(1 + m/" + std::to_string(1u << m) + ")";
    return layout;
  }
  return {{{'s', "sign", 1, false}, {'d', "dot (prefix)", 4, true}, {'m', "mantissa", 3, false}},
          "(-1)^s * 2^(m - " + std::to_string(-belowDenormals) + ")"};
}

} // namespace detail
} // namespace lpc::num
