// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ranges of integer accumulators. Per output column: sum over k of the largest and of the least
// product that any activation code can form with the actual weight.
#include "lpc/Analysis/AccumulatorRange.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace lpc;
using namespace lpc::analysis;

unsigned IntegerRange::bits() const {
  unsigned n = 2;
  while (n < 127 && (lo < -(static_cast<__int128>(1) << (n - 1)) ||
                     hi > (static_cast<__int128>(1) << (n - 1)) - 1))
    ++n;
  return n;
}

static std::string decimal(__int128 x) {
  if (x == 0)
    return "0";
  std::string digits;
  for (unsigned __int128 m = x < 0 ? -static_cast<unsigned __int128>(x) : x; m; m /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(m % 10)));
  return x < 0 ? "-" + digits : digits;
}

std::string IntegerRange::str() const { return "[" + decimal(lo) + ", " + decimal(hi) + "]"; }

namespace {
/// Least and largest integer image of an operand, zero points included.
struct Images {
  int64_t lo, hi;
};

/// The widest images that sums in 128 bits have room for.
constexpr unsigned kWidestImage = 62;

/// Whether an operand has integer images: of its format's values and of its zero points.
bool hasImages(Value data, Value zero) {
  const num::Format *format = lp::formatOf(data.getType());
  if (!format || format->imageBits() > kWidestImage)
    return false;
  if (!zero)
    return true;
  const num::Format *zeroFormat = lp::formatOf(zero.getType());
  unsigned zeroBits =
      zeroFormat ? zeroFormat->imageBits() : getElementTypeOrSelf(zero).getIntOrFloatBitWidth();
  return zeroBits + format->fractionBits() <= kWidestImage;
}

/// One operand: its codes if constant, and how images are made from them.
class Operand {
public:
  Operand(Value data, Value zero) : format(*lp::formatOf(data.getType())) {
    for (uint32_t c = 0; c < format.numCodes(); ++c) {
      double v = std::ldexp(format.decodeToDouble(c), format.fractionBits());
      images.push_back(std::isfinite(v) ? static_cast<int64_t>(v) : 0);
    }
    readZero(zero);
    if (auto constant = data.getDefiningOp<lp::ConstantOp>())
      codes = lp::readCodes(constant.getValue());
  }

  bool isConstant() const { return codes.has_value(); }
  Images all() const {
    auto [lo, hi] = std::minmax_element(images.begin(), images.end());
    return {*lo - zeroHi, *hi - zeroLo};
  }
  const std::vector<uint16_t> &constantCodes() const { return *codes; }
  /// The image interval of each code.
  Images ofCode(uint32_t code) const { return {images[code] - zeroHi, images[code] - zeroLo}; }
  unsigned numCodes() const { return format.numCodes(); }

private:
  /// Zero points: the range of the constant's values, or of the format.
  void readZero(Value zero) {
    if (!zero)
      return;
    const num::Format *zeroFormat = lp::formatOf(zero.getType());
    double lo, hi;
    if (zeroFormat) {
      lo = zeroFormat->lowest();
      hi = zeroFormat->max();
    } else {
      unsigned bits = getElementTypeOrSelf(zero.getType()).getIntOrFloatBitWidth();
      hi = std::ldexp(1.0, std::min(bits, 62u) - 1);
      lo = -hi;
    }
    if (auto constant = zero.getDefiningOp<lp::ConstantOp>())
      if (std::optional<std::vector<uint16_t>> zeros = lp::readCodes(constant.getValue());
          zeros && !zeros->empty()) {
        lo = std::numeric_limits<double>::infinity(), hi = -lo;
        for (uint16_t c : *zeros) {
          lo = std::min(lo, zeroFormat->decodeToDouble(c));
          hi = std::max(hi, zeroFormat->decodeToDouble(c));
        }
      }
    zeroLo = static_cast<int64_t>(std::ldexp(lo, format.fractionBits()));
    zeroHi = static_cast<int64_t>(std::ldexp(hi, format.fractionBits()));
  }

  const num::Format &format;
  std::vector<int64_t> images;
  std::optional<std::vector<uint16_t>> codes;
  int64_t zeroLo = 0, zeroHi = 0;
};

/// Extremes of a product of two intervals, each widened to contain 0 products (partial sums may
/// leave terms out).
IntegerRange product(Images a, Images b) {
  __int128 p[] = {static_cast<__int128>(a.lo) * b.lo, static_cast<__int128>(a.lo) * b.hi,
                  static_cast<__int128>(a.hi) * b.lo, static_cast<__int128>(a.hi) * b.hi};
  IntegerRange r;
  for (__int128 x : p) {
    r.lo = std::min(r.lo, x);
    r.hi = std::max(r.hi, x);
  }
  return r;
}

/// Product intervals of all values of `a` with each code of `b`: weights have millions of elements,
/// but few codes.
std::vector<IntegerRange> productsByCode(const Operand &a, const Operand &b) {
  std::vector<IntegerRange> table;
  const Images left = a.all();
  for (uint32_t code = 0; code < b.numCodes(); ++code)
    table.push_back(product(left, b.ofCode(code)));
  return table;
}

void widen(IntegerRange &r, const IntegerRange &other) {
  r.lo = std::min(r.lo, other.lo);
  r.hi = std::max(r.hi, other.hi);
}

IntegerRange times(IntegerRange r, int64_t n) { return {r.lo * n, r.hi * n}; }
} // namespace

/// The terms of one integer sum: those of a group that lies within the groups of both sides.
static int64_t termsOf(lp::MatMulOp op, int64_t k) {
  auto own = [](Value data, Value scale, Value zero, std::optional<lp::ScaleAttr> block,
                int64_t fromEnd) {
    int64_t rank = cast<RankedTensorType>(data.getType()).getRank();
    return block && (scale || zero) ? block->getBlock()[rank - fromEnd] : lp::ScaleAttr::kAll;
  };
  int64_t group =
      std::gcd(own(op.getLhs(), op.getLhsScale(), op.getLhsZeroPoint(), op.getLhsBlock(), 1),
               own(op.getRhs(), op.getRhsScale(), op.getRhsZeroPoint(), op.getRhsBlock(), 2));
  return group == lp::ScaleAttr::kAll ? k : std::min(group, k);
}

FailureOr<IntegerRange> analysis::accumulatorRange(lp::MatMulOp op) {
  if (!hasImages(op.getLhs(), op.getLhsZeroPoint()) ||
      !hasImages(op.getRhs(), op.getRhsZeroPoint()))
    return failure();
  auto type = cast<RankedTensorType>(op.getRhs().getType());
  int64_t k = type.getDimSize(type.getRank() - 2), n = type.getShape().back();
  if (ShapedType::isDynamic(k))
    k = cast<RankedTensorType>(op.getLhs().getType()).getShape().back();
  Operand l(op.getLhs(), op.getLhsZeroPoint()), r(op.getRhs(), op.getRhsZeroPoint());
  if (!r.isConstant()) {
    // A dynamic number of terms: sequence lengths are below 2^32.
    int64_t terms = termsOf(op, ShapedType::isDynamic(k) ? int64_t(1) << 32 : k);
    return times(product(l.all(), r.all()), terms);
  }
  int64_t group = termsOf(op, k), matrices = type.getNumElements() / std::max<int64_t>(k * n, 1);
  IntegerRange result;
  std::vector<IntegerRange> table = productsByCode(l, r), columns(n);
  const uint16_t *codes = r.constantCodes().data();
  for (int64_t m = 0; m < matrices; ++m) {
    for (int64_t i = 0; i < k; ++i) {
      if (i % group == 0)
        std::fill(columns.begin(), columns.end(), IntegerRange());
      for (int64_t j = 0; j < n; ++j) {
        const IntegerRange &p = table[codes[(m * k + i) * n + j]];
        columns[j].lo += p.lo;
        columns[j].hi += p.hi;
      }
      if ((i + 1) % group == 0 || i + 1 == k)
        for (const IntegerRange &c : columns)
          widen(result, c);
    }
  }
  return result;
}

FailureOr<IntegerRange> analysis::accumulatorRange(lp::ConvOp op) {
  if (!hasImages(op.getInput(), op.getInputZeroPoint()) ||
      !hasImages(op.getFilter(), op.getFilterZeroPoint()))
    return failure();
  auto type = cast<RankedTensorType>(op.getFilter().getType());
  Operand x(op.getInput(), op.getInputZeroPoint()), w(op.getFilter(), op.getFilterZeroPoint());
  // Padding has image 0, which every product interval contains.
  int64_t terms = 1;
  for (int64_t d : type.getShape().drop_front())
    terms *= ShapedType::isDynamic(d) ? 1 << 16 : d;
  if (!w.isConstant())
    return times(product(x.all(), w.all()), terms);
  IntegerRange result;
  std::vector<IntegerRange> table = productsByCode(x, w);
  for (int64_t m = 0; m < type.getDimSize(0); ++m) {
    IntegerRange sum;
    for (int64_t i = 0; i < terms; ++i) {
      const IntegerRange &p = table[w.constantCodes()[m * terms + i]];
      sum.lo += p.lo;
      sum.hi += p.hi;
    }
    widen(result, sum);
  }
  return result;
}
