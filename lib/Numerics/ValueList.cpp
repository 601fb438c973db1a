// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encoding by search among sorted values.
#include "ValueList.h"

#include "Between.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lpc::num::detail {

ValueList::ValueList(const Format &format, Options options)
    : format_(format), options_(std::move(options)) {
  assert(format.isDyadic() && "the search compares doubles");
  for (uint32_t code : format.codesByValue())
    values_.push_back(format.table()[code]);
  assert(std::adjacent_find(values_.begin(), values_.end()) == values_.end() &&
         "each value has one code that encode makes");
  firstPositive_ =
      static_cast<size_t>(std::upper_bound(values_.begin(), values_.end(), 0.0) - values_.begin());
  if (firstPositive_ > 0 && values_[firstPositive_ - 1] == 0)
    zero_ = firstPositive_ - 1;
  for (uint32_t code = 0; code < format.numCodes(); ++code) {
    Exact v = format.decode(code);
    if (v.isNaN() && !nan_)
      nan_ = code;
    else if (v.kind == Exact::Kind::PosInf || v.kind == Exact::Kind::NegInf)
      inf_[v.kind == Exact::Kind::NegInf] = code;
    else if (v.negativeZero && !format.isReserved(code))
      minusZero_ = code;
  }
}

uint32_t ValueList::encodeNaN(const Conversion &policy) const {
  if (nan_)
    return *nan_;
  const std::vector<uint32_t> &codes = format_.codesByValue();
  switch (policy.nan) {
  case NaNPolicy::Max:
    return codes.back();
  case NaNPolicy::Lowest:
    return codes.front();
  case NaNPolicy::Zero:
    break;
  }
  if (zero_)
    return codes[*zero_];
  auto nearest = std::min_element(values_.rbegin(), values_.rend(),
                                  [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  return codes[static_cast<size_t>(values_.rend() - nearest) - 1];
}

/// An infinity, or a number that was rounded beyond the largest value.
uint32_t ValueList::overflow(bool negative, const Conversion &policy) const {
  if (policy.overflow == Overflow::Infinity) {
    if (inf_[negative])
      return *inf_[negative];
    if (nan_)
      return *nan_;
  }
  return negative ? format_.codesByValue().front() : format_.codesByValue().back();
}

uint32_t ValueList::codeAt(size_t index, bool negative) const {
  if (negative && minusZero_ && zero_ == index)
    return *minusZero_;
  return format_.codesByValue()[index];
}

size_t ValueList::rank(size_t index, bool negative) const {
  if (negative)
    return (zero_ ? *zero_ : firstPositive_ - 1) - index;
  return index - (zero_ ? *zero_ : firstPositive_);
}

/// Whether a magnitude strictly between those of two values of one sign goes to the outer one.
bool ValueList::goesAway(double magnitude, size_t inner, size_t outer, bool negative,
                         const Conversion &policy, uint32_t random) const {
  const double upper = outer < values_.size() ? std::fabs(values_[outer]) : options_.beyond;
  const bool odd = (rank(inner, negative) & 1) != 0;
  const Rounding r = policy.rounding;
  bool nearest = r == Rounding::NearestEven || r == Rounding::NearestAway ||
                 r == Rounding::NearestUp || r == Rounding::NearestDown;
  if (nearest && !options_.boundaries.empty()) {
    double boundary = options_.boundaries[rank(inner, negative)];
    int side = magnitude < boundary ? -1 : magnitude > boundary ? 1 : 0;
    return roundsAway(sideOfHalf(side), odd, negative, policy, random);
  }
  FixedPoint f = between(magnitude, std::fabs(values_[inner]), upper, r);
  return roundsAway(f, odd, negative, policy, random);
}

/// A number between the greatest negative and the least positive value of a format without zero.
/// Toward zero and away from it have no meaning there, so its sign decides; ties too.
size_t ValueList::acrossZero(double x, size_t below, const Conversion &policy,
                             uint32_t random) const {
  const size_t above = below + 1;
  const size_t bySign = std::signbit(x) ? below : above;
  const double low = values_[below], high = values_[above];
  switch (policy.rounding) {
  case Rounding::Up:
    return above;
  case Rounding::Down:
    return below;
  case Rounding::Stochastic:
  case Rounding::StochasticFast:
  case Rounding::StochasticEven: {
    FixedPoint f = positionBetween(x, low, high);
    return roundsAway(f, false, false, policy, random) ? above : below;
  }
  case Rounding::NearestEven:
  case Rounding::NearestAway:
  case Rounding::NearestUp:
  case Rounding::NearestDown: {
    int side = compareToMean(x, low, high);
    if (side != 0)
      return side > 0 ? above : below;
    if (policy.rounding == Rounding::NearestUp)
      return above;
    return policy.rounding == Rounding::NearestDown ? below : bySign;
  }
  case Rounding::NearestLog:
  case Rounding::TowardZero:
  case Rounding::AwayFromZero:
  case Rounding::ToOdd:
    break;
  }
  return bySign;
}

uint32_t ValueList::encode(double x, const Conversion &policy, uint32_t random) const {
  const bool negative = std::signbit(x);
  if (std::isnan(x))
    return encodeNaN(policy);
  if (std::isinf(x))
    return overflow(negative, policy);
  const size_t last = values_.size() - 1;
  const size_t end =
      static_cast<size_t>(std::upper_bound(values_.begin(), values_.end(), x) - values_.begin());
  if (end > 0 && values_[end - 1] == x)
    return codeAt(end - 1, negative);
  if (end == 0 || end > last) {
    const size_t largest = end == 0 ? 0 : last;
    // Only a value of x's own sign has a grid beyond it.
    if (options_.beyond == 0 || std::signbit(values_[largest]) != negative)
      return codeAt(largest, negative);
    const double magnitude = std::fabs(x);
    bool over = magnitude >= options_.beyond ||
                goesAway(magnitude, largest, values_.size(), negative, policy, random);
    return over && !neverOverflows(policy.rounding, negative) ? overflow(negative, policy)
                                                              : codeAt(largest, negative);
  }
  const size_t below = end - 1, above = end;
  if (values_[below] < 0 && values_[above] > 0)
    return codeAt(acrossZero(x, below, policy, random), negative);
  const size_t inner = negative ? above : below, outer = negative ? below : above;
  return codeAt(goesAway(std::fabs(x), inner, outer, negative, policy, random) ? outer : inner,
                negative);
}

} // namespace lpc::num::detail
