// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the steps of an encoder: the numbers beside each value of the format are asked for their
// codes, and where the code changes between two of them, bisection finds the place.
#include "Steps.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

using namespace lpc;
using namespace lpc::emit;

namespace {

template <typename T, typename Bits> class Finder {
public:
  Finder(const num::Format &format, const num::Conversion &policy)
      : format(format), policy(policy) {}

  Steps run() {
    const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    std::vector<Bits> anchors;
    for (T x : {-inf, T(-0.0), T(0.0), inf})
      anchors.push_back(keyOf(x));
    // A value that is no T, or whose double is itself rounded, lies between the neighbours of its
    // nearest T.
    for (double v : format.table()) {
      if (!std::isfinite(v))
        continue;
      T t = static_cast<T>(v);
      for (T x : {std::nextafter(t, -inf), t, std::nextafter(t, inf)})
        anchors.push_back(keyOf(x));
    }
    std::sort(anchors.begin(), anchors.end());
    anchors.erase(std::unique(anchors.begin(), anchors.end()), anchors.end());

    add(anchors.front(), codeAt(anchors.front()));
    for (size_t i = 1; i < anchors.size(); ++i)
      addBetween(anchors[i - 1], anchors[i]);
    steps.positiveNaN = code(nan);
    steps.negativeNaN = code(std::copysign(nan, T(-1)));
    return std::move(steps);
  }

private:
  static Bits keyOf(T x) {
    Bits bits = std::bit_cast<Bits>(x);
    return bits ^ ((bits >> (sizeof(T) * 8 - 1)) & std::numeric_limits<Bits>::max());
  }
  static T fromKey(Bits key) {
    return std::bit_cast<T>(key ^
                            ((key >> (sizeof(T) * 8 - 1)) & std::numeric_limits<Bits>::max()));
  }
  uint32_t code(T x) const { return format.encode(static_cast<double>(x), policy); }
  uint32_t codeAt(Bits key) const { return code(fromKey(key)); }
  void add(Bits key, uint32_t code) {
    steps.firstKeys.push_back(key);
    steps.codes.push_back(code);
  }

  /// The steps above `below` up to `end`; the code of `below` is the last one so far.
  void addBetween(Bits below, Bits end) {
    const uint32_t last = codeAt(end);
    while (steps.codes.back() != last) {
      const uint32_t current = steps.codes.back();
      Bits from = firstOther(below, end, current);
      uint32_t next = from == end ? last : codeAt(from);
      add(from, next);
      below = from;
    }
  }

  /// The least key in (below, end] whose code is not `current`.
  Bits firstOther(Bits below, Bits end, uint32_t current) const {
    // Most steps lie at the middle of two values or beside one of them.
    Bits middle = keyOf(static_cast<T>((static_cast<double>(fromKey(below)) / 2) +
                                       (static_cast<double>(fromKey(end)) / 2)));
    for (Bits guess : {middle, middle + 1, below + 1, end})
      if (guess > below && guess <= end && codeAt(guess) != current) {
        if (guess == below + 1 || codeAt(guess - 1) == current)
          return guess;
        end = guess;
      }
    Bits from = end;
    while (from - below > 1) {
      Bits half = below + (from - below) / 2;
      (codeAt(half) == current ? below : from) = half;
    }
    return from;
  }

  const num::Format &format;
  const num::Conversion &policy;
  Steps steps;
};

} // namespace

const Steps &lpc::emit::encoderSteps(const num::Format &format, const num::Conversion &policy,
                                     unsigned bits) {
  using Id =
      std::tuple<const num::Format *, num::Rounding, num::Overflow, num::NaNPolicy, unsigned>;
  static auto *mutex = new std::mutex;
  static auto *cache = new std::map<Id, std::unique_ptr<const Steps>>;
  std::lock_guard lock(*mutex);
  std::unique_ptr<const Steps> &entry =
      (*cache)[Id(&format, policy.rounding, policy.overflow, policy.nan, bits)];
  if (!entry)
    entry =
        std::make_unique<const Steps>(bits == 64 ? Finder<double, int64_t>(format, policy).run()
                                                 : Finder<float, int32_t>(format, policy).run());
  return *entry;
}
