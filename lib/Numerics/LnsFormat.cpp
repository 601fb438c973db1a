// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Logarithmic numbers: powers of 2^(1 / 2^f). Values and boundaries are irrational, so each is kept
// as the least double that is not below it.
#include "Between.h"
#include "Families.h"
#include "Roots.h"
#include "Text.h"

#include "lpc/Numerics/FormatFamilies.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lpc::num {

static constexpr unsigned widestLns = 16;
/// As for minifloats: doubles and their middles hold all magnitudes.
static constexpr int exponentLimit = 959;

/// The values of one octave [1, 2), and the boundaries above each of them.
struct LnsFormat::Octave {
  std::vector<double> values;     ///< 2^(i / 2^f)
  std::vector<double> means;      ///< between value i and i + 1, by value
  std::vector<double> ratioMeans; ///< 2^((2i + 1) / 2^(f + 1))

  explicit Octave(unsigned fraction) {
    const unsigned count = 1u << fraction;
    for (unsigned i = 0; i < count; ++i) {
      detail::Root low = detail::rootOfTwo(i, fraction);
      detail::Root high = i + 1 < count ? detail::rootOfTwo(i + 1, fraction) : detail::rootOne * 2;
      values.push_back(detail::leastDouble(low));
      means.push_back(detail::leastDouble(low + (high - low) / 2));
      ratioMeans.push_back(detail::leastDouble(detail::rootOfTwo(2 * i + 1, fraction + 1)));
    }
  }
};

static std::string lnsName(unsigned width, unsigned fraction, bool withZero) {
  unsigned usual = width > 5 ? width - 5 : 0;
  std::string options = fraction == usual ? "" : "f=" + std::to_string(fraction);
  if (!withZero)
    options += options.empty() ? "nozero" : ",nozero";
  std::string name = "lns" + std::to_string(width);
  return options.empty() ? name : name + "<" + options + ">";
}

LnsFormat::LnsFormat(unsigned width, unsigned fraction, bool withZero, std::string name)
    : Format(Family::Lns, width, std::move(name)), fraction_(fraction), withZero_(withZero),
      least_(-(int32_t(1) << (width - 2)) + withZero), largest_((int32_t(1) << (width - 2)) - 1),
      octave_(std::make_unique<const Octave>(fraction)) {
  derive();
}

LnsFormat::~LnsFormat() = default;

const LnsFormat *LnsFormat::get(unsigned width, unsigned fraction, bool withZero,
                                std::string *error) {
  auto refuse = [&](const char *reason) {
    if (error)
      *error = reason;
    return nullptr;
  };
  if (width < 3 || width > widestLns)
    return refuse("logarithmic formats have 3 to 16 bits");
  if (fraction > width - 2)
    return refuse("f is at most the width without sign and the logarithm's own sign");
  if ((1 << (width - 2)) >> fraction > exponentLimit)
    return refuse("its values leave the range 2^-959 to 2^959");
  std::string name = lnsName(width, fraction, withZero);
  const Format *format = detail::findFormat(name);
  if (!format)
    format = detail::internFormat(
        std::unique_ptr<const Format>(new LnsFormat(width, fraction, withZero, name)));
  return static_cast<const LnsFormat *>(format);
}

uint32_t LnsFormat::codeOf(bool negative, int32_t log) const {
  const uint32_t sign = numCodes() >> 1;
  return (static_cast<uint32_t>(log) & (sign - 1)) | (negative ? sign : 0);
}

Exact LnsFormat::decode(uint32_t code) const {
  const uint32_t sign = numCodes() >> 1, topOfLog = sign >> 1;
  const bool negative = (code & sign) != 0;
  const uint32_t field = code & (sign - 1);
  if (withZero_ && field == topOfLog)
    return negative ? Exact::nan() : Exact();
  int32_t log = static_cast<int32_t>(field ^ topOfLog) - static_cast<int32_t>(topOfLog);
  return Exact::power(negative, log, fraction_);
}

uint32_t LnsFormat::outOfRange(bool negative, const Conversion &policy) const {
  if (policy.overflow == Overflow::Infinity && withZero_)
    return nanCode();
  return codeOf(negative, largest_);
}

/// rest / span for rest < span < 2^127.
static detail::FixedPoint ratio(detail::Uint128 rest, detail::Uint128 span) {
  detail::FixedPoint f;
  for (int bit = 63; bit >= 0; --bit) {
    rest <<= 1;
    if (rest >= span) {
      rest -= span;
      f.fraction |= uint64_t(1) << bit;
    }
  }
  f.sticky = rest != 0;
  return f;
}

static detail::Root toRoot(double mantissa) {
  return static_cast<detail::Root>(std::ldexp(mantissa, 52)) << (detail::rootFraction - 52);
}

uint32_t LnsFormat::encode(double x, const Conversion &policy, uint32_t random) const {
  using namespace detail;
  const bool negative = std::signbit(x);
  if (std::isnan(x)) {
    if (withZero_)
      return nanCode();
    return policy.nan == NaNPolicy::Zero ? codeOf(false, least_)
                                         : codeOf(policy.nan == NaNPolicy::Lowest, largest_);
  }
  if (std::isinf(x))
    return outOfRange(negative, policy);

  // |x| = mantissa * 2^exponent lies at or above 2^(log / 2^f), below the next power.
  const double a = std::fabs(x);
  const int steps = 1 << fraction_;
  int exponent = 0;
  const double mantissa = std::frexp(a, &exponent) * 2;
  --exponent;
  const std::vector<double> &values = octave_->values;
  const int index =
      a == 0 ? 0
             : static_cast<int>(std::upper_bound(values.begin(), values.end(), mantissa) -
                                values.begin()) -
                   1;
  const int64_t log = a == 0 ? INT32_MIN : int64_t(exponent) * steps + index;

  if (log < least_) {
    // Below the least magnitude 2^(least / 2^f), at the fraction `part` of it.
    FixedPoint part;
    const int leastExponent = least_ >> fraction_;
    if (a != 0) {
      // |x| / least < 1: shift the mantissa so that the divisor is the root of the least magnitude.
      const int shift = leastExponent - exponent;
      Root m = toRoot(mantissa);
      part =
          ratio(shift < 127 ? m >> shift : 0, rootOfTwo(unsigned(least_) & (steps - 1), fraction_));
      part.sticky |= shift > static_cast<int>(rootFraction) - 52;
    }
    if (!withZero_) {
      // Both signs' least magnitudes are neighbours across zero, where x stands at (1 +- part) / 2.
      switch (policy.rounding) {
      case Rounding::Up:
        return codeOf(false, least_);
      case Rounding::Down:
        return codeOf(true, least_);
      case Rounding::NearestUp:
      case Rounding::NearestDown:
        return codeOf(a == 0 ? policy.rounding == Rounding::NearestDown : negative, least_);
      case Rounding::Stochastic:
      case Rounding::StochasticFast:
      case Rounding::StochasticEven: {
        FixedPoint f;
        constexpr uint64_t half = uint64_t(1) << 63;
        f.sticky = part.sticky || (part.fraction & 1) != 0;
        f.fraction =
            negative ? half - (part.fraction >> 1) - f.sticky : half + (part.fraction >> 1);
        return codeOf(!roundsAway(f, false, false, policy, random), least_);
      }
      default:
        return codeOf(negative, least_);
      }
    }
    const uint32_t zero = numCodes() / 4;
    if (a == 0)
      return zero;
    if (policy.rounding == Rounding::NearestLog) {
      // Zero stands one step below the least magnitude.
      bool near = log == least_ - 1 && mantissa >= octave_->ratioMeans[static_cast<size_t>(index)];
      return near ? codeOf(negative, least_) : zero;
    }
    if (!isStochastic(policy.rounding)) {
      // Half of the least magnitude is the power one octave below; whole powers are ties.
      int64_t half = int64_t(least_) - steps;
      bool tie = log == half && index == 0 && mantissa == 1;
      part = sideOfHalf(tie ? 0 : log >= half ? 1 : -1);
    }
    // The rank of zero is even.
    return roundsAway(part, false, negative, policy, random) ? codeOf(negative, least_) : zero;
  }

  const auto at = static_cast<size_t>(index);
  bool away = false;
  // Only whole powers are rational, so only they can equal x.
  if (index != 0 || mantissa != 1) {
    FixedPoint f;
    if (isStochastic(policy.rounding)) {
      Root low = rootOfTwo(static_cast<unsigned>(index), fraction_);
      Root high =
          index + 1 < steps ? rootOfTwo(static_cast<unsigned>(index) + 1, fraction_) : rootOne * 2;
      f = ratio(std::max(toRoot(mantissa), low) - low, high - low);
      f.sticky = true;
    } else {
      const bool byRatio = policy.rounding == Rounding::NearestLog;
      double boundary = byRatio ? octave_->ratioMeans[at] : octave_->means[at];
      // Boundaries are irrational too, but for the middle of 1 and 2.
      bool tie = !byRatio && fraction_ == 0 && mantissa == boundary;
      f = sideOfHalf(tie ? 0 : mantissa >= boundary ? 1 : -1);
    }
    away = roundsAway(f, (log & 1) != 0, negative, policy, random);
  }
  const int64_t rounded = log + away;
  if (rounded <= largest_)
    return codeOf(negative, static_cast<int32_t>(rounded));
  return neverOverflows(policy.rounding, negative) ? codeOf(negative, largest_)
                                                   : outOfRange(negative, policy);
}

namespace detail {

ParseResult parseLns(const Spelling &spelling) {
  if (!spelling.head.starts_with("lns"))
    return ParseResult::notMine();
  auto [width, rest] = leadingNumber(spelling.head.substr(3), widestLns);
  if (!rest.empty())
    return ParseResult::notMine();
  if (!width)
    return ParseResult::refuse("logarithmic formats have 3 to 16 bits");
  unsigned fraction = *width > 5 ? *width - 5 : 0;
  bool withZero = true;
  for (const Spelling::Option &option : spelling.options) {
    auto number = option.value ? parseDecimal(*option.value, widestLns) : std::nullopt;
    if (option.key == "f" && number)
      fraction = *number;
    else if (option.key == "nozero" && !option.value)
      withZero = false;
    else
      return ParseResult::refuse("the options of a logarithmic format are f=<fraction bits of the "
                                 "logarithm> and nozero");
  }
  std::string reason;
  const Format *format = LnsFormat::get(*width, fraction, withZero, &reason);
  return format ? ParseResult::found(format) : ParseResult::refuse(std::move(reason));
}

void listLnsNames(std::vector<std::string> &names) {
  for (unsigned width : {4u, 6u, 8u, 16u})
    names.push_back(lnsName(width, width > 5 ? width - 5 : 0, true));
  names.push_back(lnsName(8, 0, true));
  names.push_back(lnsName(8, 3, false));
}

CodeLayout lnsLayout(const Format &format, uint32_t code) {
  Exact v = format.decode(code);
  const bool special = v.isNaN() || v.isZero();
  const unsigned fraction = static_cast<const LnsFormat &>(format).logFraction();
  std::string power = fraction == 0 ? "2^l" : "2^(l/" + std::to_string(1u << fraction) + ")";
  return {
      {{'s', "sign", 1, special}, {'l', "two's complement logarithm", format.width() - 1, special}},
      v.isNaN()    ? "NaN"
      : v.isZero() ? "0"
                   : "(-1)^s * " + power};
}

} // namespace detail
} // namespace lpc::num
