// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversion of whole arrays: branch-free loops for integers, fixed point and wide minifloats,
// tables for the rest, and the exact encoder for few elements of wide formats and for stochastic
// rounding.
#include "lpc/Numerics/Bulk.h"

#include "BulkLoops.h"
#include "CellTable.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

namespace lpc::num {

// -- random bits
// -----------------------------------------------------------------------------------------

/// The finalizer of splitmix64: a bijection in which every input bit reaches every output bit.
static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint32_t randomBits(uint64_t seed, uint64_t index, unsigned bits) {
  assert(bits >= 1 && bits <= 32 && "stochastic rounding takes 1 to 32 bits");
  constexpr uint64_t golden = 0x9e3779b97f4a7c15u;
  return static_cast<uint32_t>(mix(mix(seed + golden) + index * golden) >> (64 - bits));
}

// -- threshold tables
// ------------------------------------------------------------------------------------

namespace {

/// Floating-point bits as a signed integer that grows with the value: -NaN, -inf, ..., -0, +0, ...,
/// inf, NaN.
int32_t toKey(float x) {
  int32_t bits = std::bit_cast<int32_t>(x);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}
int64_t toKey(double x) {
  int64_t bits = std::bit_cast<int64_t>(x);
  return bits ^ ((bits >> 63) & 0x7fffffffffffffff);
}
float fromKey(int32_t key) { return std::bit_cast<float>(key ^ ((key >> 31) & 0x7fffffff)); }
double fromKey(int64_t key) {
  return std::bit_cast<double>(key ^ ((key >> 63) & 0x7fffffffffffffff));
}

/// The encoder as a step function of the key: codes[i] from firstKey[i] up to the next step.
template <typename T> class StepTable {
public:
  using Key = decltype(toKey(T()));

  StepTable(const Format &format, const Conversion &policy) {
    auto codeOf = [&](Key key) {
      return static_cast<uint16_t>(format.encode(static_cast<double>(fromKey(key)), policy));
    };
    // Between two neighbouring values there is at most one step, because rounding goes to one or
    // the other.
    std::vector<Key> anchors;
    const T inf = std::numeric_limits<T>::infinity();
    for (T x : {-inf, T(-0.0), T(0.0), inf})
      anchors.push_back(toKey(x));
    for (double v : format.table()) {
      if (!std::isfinite(v))
        continue;
      const auto x = static_cast<T>(v);
      anchors.push_back(toKey(x));
      // The value itself may lie beside x.
      if (!format.isDyadic() || static_cast<double>(x) != v)
        for (T to : {-inf, inf})
          anchors.push_back(toKey(std::nextafter(x, to)));
    }
    std::sort(anchors.begin(), anchors.end());
    anchors.erase(std::unique(anchors.begin(), anchors.end()), anchors.end());

    Key least = std::numeric_limits<Key>::min();
    addStep(least, codeOf(toKey(-std::numeric_limits<T>::quiet_NaN())));
    addStep(anchors.front(), codeOf(anchors.front()));
    for (size_t i = 1; i < anchors.size(); ++i) {
      uint16_t upper = codeOf(anchors[i]);
      if (upper == codes_.back())
        continue;
      Key below = anchors[i - 1], from = anchors[i];
      while (from - below > 1) {
        Key middle = below + (from - below) / 2;
        (codeOf(middle) == upper ? from : below) = middle;
      }
      addStep(from, upper);
    }
    addStep(toKey(inf) + 1, codeOf(toKey(std::numeric_limits<T>::quiet_NaN())));
    indexBuckets();
  }

  uint16_t operator()(T x) const {
    const Key key = toKey(x);
    const Key *next = firstKeys_.data() + 1;
    size_t at = start_[bucketOf(key)];
    // Comparisons as numbers: mispredicted branches would cost more than the whole search.
    for (unsigned i = 0; i < mostSteps_; ++i)
      at += next[at] <= key;
    return codes_[at];
  }

private:
  void addStep(Key key, uint16_t code) {
    if (!codes_.empty() && codes_.back() == code)
      return;
    firstKeys_.push_back(key);
    codes_.push_back(code);
  }

  /// Buckets are sign, exponent and three mantissa bits: a small index, and few steps within each
  /// bucket.
  static constexpr unsigned bucketBits = sizeof(T) == 4 ? 12 : 15;
  static constexpr unsigned keyShift = sizeof(T) * 8 - bucketBits;
  static size_t bucketOf(Key key) {
    return static_cast<size_t>((key >> keyShift) + (Key(1) << (bucketBits - 1)));
  }

  void indexBuckets() {
    start_.resize(size_t(1) << bucketBits);
    size_t at = 0;
    for (size_t bucket = 0; bucket < start_.size(); ++bucket) {
      Key first = (static_cast<Key>(bucket) - (Key(1) << (bucketBits - 1))) * (Key(1) << keyShift);
      Key last = first + ((Key(1) << keyShift) - 1);
      while (at + 1 < codes_.size() && firstKeys_[at + 1] <= first)
        ++at;
      start_[bucket] = static_cast<uint16_t>(at);
      size_t end = at;
      while (end + 1 < codes_.size() && firstKeys_[end + 1] <= last)
        ++end;
      mostSteps_ = std::max(mostSteps_, static_cast<unsigned>(end - at));
    }
    // A search from the last step runs into the padding, which repeats that step.
    firstKeys_.resize(codes_.size() + mostSteps_ + 1, std::numeric_limits<Key>::max());
    codes_.resize(firstKeys_.size(), uint16_t(codes_.back()));
  }

  std::vector<Key> firstKeys_;
  std::vector<uint16_t> codes_;
  std::vector<uint16_t> start_; ///< of each bucket: the last step at or before its first key
  unsigned mostSteps_ = 0;      ///< the most steps that begin inside of one bucket
};

} // namespace

/// The tables of one format and policy.
class detail::StepTables {
public:
  StepTables(const Format &format, const Conversion &policy) : format_(format), policy_(policy) {
    if (format.width() > widest)
      return;
    wide_.emplace(format, policy);
    cells_ = CellTable::make(format, policy);
    if (!cells_)
      narrow_.emplace(format, policy);
  }

  /// Null where a table has not paid so far, or never does.
  const CellTable *cells(size_t elements) const {
    if (format_.width() <= widest)
      return cells_.get();
    // To find the steps takes as long as encoding this many elements.
    const size_t worthwhile = size_t(16) << format_.width();
    if (seen_.load(std::memory_order_relaxed) < worthwhile &&
        seen_.fetch_add(elements, std::memory_order_relaxed) + elements < worthwhile)
      return nullptr;
    std::call_once(once_, [&] { cells_ = CellTable::make(format_, policy_); });
    return cells_.get();
  }
  /// Null for wide formats.
  const StepTable<float> *narrow() const { return narrow_ ? &*narrow_ : nullptr; }
  const StepTable<double> *wide() const { return wide_ ? &*wide_ : nullptr; }

  /// The shared tables, or null where none apply: random rounding, wrapping, codes of more than 16
  /// bits.
  static const StepTables *find(const Format &format, const Conversion &policy) {
    if (format.width() > 16 || isStochastic(policy.rounding) ||
        (policy.overflow == Overflow::Wrap && FixedFormat::classof(&format)))
      return nullptr;
    using Id = std::tuple<const Format *, Rounding, Overflow, NaNPolicy>;
    static auto *mutex = new std::mutex;
    static auto *cache = new std::map<Id, std::unique_ptr<StepTables>>;
    std::lock_guard lock(*mutex);
    auto &entry = (*cache)[{&format, policy.rounding, policy.overflow, policy.nan}];
    if (!entry)
      entry = std::make_unique<StepTables>(format, policy);
    return entry.get();
  }

private:
  /// Up to here tables are made at once.
  static constexpr unsigned widest = 8;

  const Format &format_;
  const Conversion policy_;
  std::optional<StepTable<double>> wide_;
  std::optional<StepTable<float>> narrow_;
  mutable std::atomic<size_t> seen_ = 0;
  mutable std::once_flag once_;
  mutable std::unique_ptr<CellTable> cells_;
};

// -- Encoder
// ---------------------------------------------------------------------------------------------

/// The path of each element by itself: wide formats, random rounding, wrapping integers.
template <typename T>
static void quantizeScalar(const Format &format, const Conversion &policy, std::span<const T> x,
                           T scale, int32_t zeroPoint, std::span<uint16_t> codes, RandomKey key) {
  const bool random = isStochastic(policy.rounding);
  const unsigned bits = std::clamp(policy.randomBits, 1u, 32u);
  const auto *integer =
      IntegerFormat::classof(&format) ? static_cast<const IntegerFormat *>(&format) : nullptr;
  for (size_t i = 0; i < x.size(); ++i) {
    uint32_t r = random ? randomBits(key.seed, key.firstIndex + i, bits) : 0;
    double y = static_cast<double>(x[i] / scale);
    uint32_t code =
        integer ? integer->encodeAffine(y, zeroPoint, policy, r) : format.encode(y, policy, r);
    codes[i] = static_cast<uint16_t>(code);
  }
}

template <typename T>
static void quantizeAny(const Format &format, const Conversion &policy,
                        const detail::StepTables *tables, std::span<const T> x, T scale,
                        int32_t zeroPoint, std::span<uint16_t> codes, RandomKey key) {
  assert(x.size() == codes.size() && "one code per element");
  assert((zeroPoint == 0 || IntegerFormat::classof(&format)) && "only integers have a zero point");
  assert(std::abs(zeroPoint) <= 1 << 16 && "the zero point must be near the range of the codes");
  if (IntegerFormat::classof(&format) && detail::hasLoop(policy))
    return detail::quantizeIntegers(static_cast<const IntegerFormat &>(format), policy, x.data(),
                                    x.size(), scale, T(1), zeroPoint, codes.data());
  if (FixedFormat::classof(&format) && detail::hasLoop(policy)) {
    const auto &fixed = static_cast<const FixedFormat &>(format);
    // A factor below 1 could lose bits of small numbers.
    if (fixed.fraction() > 0)
      return detail::quantizeIntegers(fixed.integer(), policy, x.data(), x.size(), scale,
                                      std::ldexp(T(1), fixed.fraction()), 0, codes.data());
  }
  if constexpr (std::is_same_v<T, float>) {
    if (format.width() > 8 && MinifloatFormat::classof(&format) && detail::hasLoop(policy)) {
      const auto &minifloat = static_cast<const MinifloatFormat &>(format);
      if (detail::hasMinifloatLoop(minifloat))
        return detail::withMode(policy.rounding, [&]<Rounding Mode>() {
          detail::minifloatLoop<Mode>(minifloat, policy, x, scale, codes.data());
        });
    }
  }
  if (!tables || zeroPoint != 0)
    return quantizeScalar(format, policy, x, scale, zeroPoint, codes, key);
  auto lookUp = [&](const auto *table) {
    for (size_t i = 0; table && i < x.size(); ++i)
      codes[i] = (*table)(x[i] / scale);
    return table != nullptr;
  };
  if constexpr (std::is_same_v<T, float>) {
    if (const detail::CellTable *cells = tables->cells(x.size()))
      return cells->quantize(x.data(), x.size(), scale, codes.data());
    if (lookUp(tables->narrow()))
      return;
  } else if (lookUp(tables->wide())) {
    return;
  }
  quantizeScalar(format, policy, x, scale, zeroPoint, codes, key);
}

Encoder::Encoder(const Format &format, const Conversion &policy)
    : format_(&format), policy_(policy) {
  // Integers have their own loop.
  if (!IntegerFormat::classof(&format))
    tables_ = detail::StepTables::find(format, policy);
}

// Dividing by 1 is exact, so encoding is quantizing with the scale 1.
void Encoder::encode(std::span<const float> x, std::span<uint16_t> codes, RandomKey key) const {
  quantizeAny(*format_, policy_, tables_, x, 1.0f, 0, codes, key);
}
void Encoder::encode(std::span<const double> x, std::span<uint16_t> codes, RandomKey key) const {
  quantizeAny(*format_, policy_, tables_, x, 1.0, 0, codes, key);
}
void Encoder::quantize(std::span<const float> x, float scale, int32_t zeroPoint,
                       std::span<uint16_t> codes, RandomKey key) const {
  quantizeAny(*format_, policy_, tables_, x, scale, zeroPoint, codes, key);
}
void Encoder::quantize(std::span<const double> x, double scale, int32_t zeroPoint,
                       std::span<uint16_t> codes, RandomKey key) const {
  quantizeAny(*format_, policy_, tables_, x, scale, zeroPoint, codes, key);
}

void encode(const Format &format, std::span<const float> x, std::span<uint16_t> codes,
            const Conversion &policy, RandomKey key) {
  Encoder(format, policy).encode(x, codes, key);
}
void encode(const Format &format, std::span<const double> x, std::span<uint16_t> codes,
            const Conversion &policy, RandomKey key) {
  Encoder(format, policy).encode(x, codes, key);
}
void quantize(const Format &format, std::span<const float> x, float scale, int32_t zeroPoint,
              std::span<uint16_t> codes, const Conversion &policy, RandomKey key) {
  Encoder(format, policy).quantize(x, scale, zeroPoint, codes, key);
}
void quantize(const Format &format, std::span<const double> x, double scale, int32_t zeroPoint,
              std::span<uint16_t> codes, const Conversion &policy, RandomKey key) {
  Encoder(format, policy).quantize(x, scale, zeroPoint, codes, key);
}

// -- decode
// ----------------------------------------------------------------------------------------------

template <typename T>
static void dequantizeAny(const Format &format, std::span<const uint16_t> codes, T scale,
                          int32_t zeroPoint, std::span<T> x) {
  assert(x.size() == codes.size() && "one value per code");
  const double *table = format.table().data();
  const double zero = zeroPoint;
  for (size_t i = 0; i < codes.size(); ++i)
    x[i] = static_cast<T>(table[codes[i]] - zero) * scale;
}

void decode(const Format &format, std::span<const uint16_t> codes, std::span<float> x) {
  dequantizeAny(format, codes, 1.0f, 0, x);
}
void decode(const Format &format, std::span<const uint16_t> codes, std::span<double> x) {
  dequantizeAny(format, codes, 1.0, 0, x);
}
void dequantize(const Format &format, std::span<const uint16_t> codes, float scale,
                int32_t zeroPoint, std::span<float> x) {
  dequantizeAny(format, codes, scale, zeroPoint, x);
}
void dequantize(const Format &format, std::span<const uint16_t> codes, double scale,
                int32_t zeroPoint, std::span<double> x) {
  dequantizeAny(format, codes, scale, zeroPoint, x);
}

} // namespace lpc::num
