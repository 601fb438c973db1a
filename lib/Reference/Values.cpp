// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements in and out of the two working types, exact sums, and strided copies.
#include "Values.h"

#include "lpc/Numerics/Bulk.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace lpc::ref {

//===- reading
//----------------------------------------------------------------------------------------===//

/// Calls fn(i, element as int64) for an integer tensor.
template <typename Fn> static void forEachInt(const Tensor &t, Fn fn) {
  const DType &d = t.dtype();
  int64_t n = t.numElements();
  auto run = [&](auto tag) {
    using T = decltype(tag);
    const T *p = t.as<T>();
    for (int64_t i = 0; i < n; ++i)
      fn(i, static_cast<int64_t>(p[i]));
  };
  bool isUnsigned = d.isUnsigned();
  if (d.bits < 8 && d.kind != Kind::Bool) {
    const uint8_t *p = t.bytes();
    for (int64_t i = 0; i < n; ++i)
      fn(i, wrapTo(d, p[i]));
  } else if (d.size() == 1) {
    isUnsigned ? run(uint8_t()) : run(int8_t());
  } else if (d.size() == 2) {
    isUnsigned ? run(uint16_t()) : run(int16_t());
  } else if (d.size() == 4) {
    isUnsigned ? run(uint32_t()) : run(int32_t());
  } else {
    run(int64_t());
  }
}

static double halfToDouble(uint16_t bits) {
  int exponent = bits >> 10 & 31;
  int mantissa = bits & 1023;
  double x = exponent == 31  ? (mantissa ? std::numeric_limits<double>::quiet_NaN() : HUGE_VAL)
             : exponent == 0 ? std::ldexp(mantissa, -24)
                             : std::ldexp(mantissa + 1024, exponent - 25);
  return bits & 0x8000 ? -x : x;
}

Doubles::Doubles(const Tensor &t) : keep_(t) {
  int64_t n = t.numElements();
  const DType &d = t.dtype();
  if (d.kind == Kind::F64) {
    data_ = t.as<double>();
    return;
  }
  own_.resize(n);
  data_ = own_.data();
  switch (d.kind) {
  case Kind::F32: {
    const float *p = t.as<float>();
    for (int64_t i = 0; i < n; ++i)
      own_[i] = p[i];
    return;
  }
  case Kind::F16: {
    const uint16_t *p = t.as<uint16_t>();
    for (int64_t i = 0; i < n; ++i)
      own_[i] = halfToDouble(p[i]);
    return;
  }
  case Kind::BF16: {
    const uint16_t *p = t.as<uint16_t>();
    for (int64_t i = 0; i < n; ++i)
      own_[i] = std::bit_cast<float>(static_cast<uint32_t>(p[i]) << 16);
    return;
  }
  case Kind::SmallFloat: {
    const std::vector<double> &table = d.format->table();
    for (int64_t i = 0; i < n; ++i)
      own_[i] = table[t.bytes()[i] & (d.format->numCodes() - 1)];
    return;
  }
  case Kind::Code: {
    const std::vector<double> &table = d.format->table();
    for (int64_t i = 0; i < n; ++i)
      own_[i] = table[t.as<uint16_t>()[i]];
    return;
  }
  default:
    if (d.kind == Kind::UInt && d.bits == 64)
      forEachInt(t, [&](int64_t i, int64_t x) {
        own_[i] = static_cast<double>(static_cast<uint64_t>(x));
      });
    else
      forEachInt(t, [&](int64_t i, int64_t x) { own_[i] = static_cast<double>(x); });
  }
}

Ints::Ints(const Tensor &t) : keep_(t) {
  assert(t.dtype().isInt());
  if (t.dtype().bits == 64) {
    data_ = t.as<int64_t>();
    return;
  }
  own_.resize(t.numElements());
  data_ = own_.data();
  forEachInt(t, [&](int64_t i, int64_t x) { own_[i] = x; });
}

//===- writing
//----------------------------------------------------------------------------------------===//

/// Rounds to p bits of significand with least normal exponent emin; beyond `largest` is infinity.
static double roundBits(double x, int p, int emin, double largest) {
  if (x == 0 || !std::isfinite(x))
    return x;
  int e = std::max(std::ilogb(x), emin);
  // Scaling by powers of two is exact, nearbyint rounds once, ties to even.
  double y = std::ldexp(std::nearbyint(std::ldexp(x, p - 1 - e)), e - (p - 1));
  return std::fabs(y) > largest ? std::copysign(HUGE_VAL, x) : y;
}

static uint16_t doubleToHalf(double x) {
  uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  if (std::isnan(x))
    return sign | 0x7e00;
  x = std::fabs(roundBits(x, 11, -14, 65504));
  if (std::isinf(x))
    return sign | 0x7c00;
  if (x < 0x1p-14)
    return sign | static_cast<uint16_t>(x * 0x1p24);
  int e = std::ilogb(x);
  return sign |
         static_cast<uint16_t>((e + 15) << 10 | (static_cast<int>(std::ldexp(x, 10 - e)) - 1024));
}

static uint16_t doubleToBrain(double x) {
  if (std::isnan(x))
    return std::signbit(x) ? 0xffc0 : 0x7fc0;
  float y = static_cast<float>(roundBits(x, 8, -126, 0x1.fep127));
  return static_cast<uint16_t>(std::bit_cast<uint32_t>(y) >> 16);
}

double roundTo(const DType &d, double x) {
  switch (d.kind) {
  case Kind::F64:
    return x;
  case Kind::F32:
    return static_cast<float>(x);
  case Kind::F16:
    return roundBits(x, 11, -14, 65504);
  case Kind::BF16:
    return roundBits(x, 8, -126, 0x1.fep127);
  default: {
    num::Conversion policy;
    policy.overflow = num::Overflow::Infinity;
    return d.format->table()[d.format->encode(x, policy)];
  }
  }
}

Tensor fromDoubles(DType d, Shape shape, std::vector<double> values) {
  assert(d.isFloat());
  if (d.kind == Kind::F64) {
    auto keep = std::make_shared<std::vector<double>>(std::move(values));
    keep->reserve(1);
    const void *data = keep->data();
    return Tensor::view(d, std::move(shape), data, std::move(keep));
  }
  Tensor t = Tensor::make(d, std::move(shape));
  int64_t n = t.numElements();
  assert(static_cast<int64_t>(values.size()) == n);
  switch (d.kind) {
  case Kind::F32: {
    float *p = t.mutableAs<float>();
    for (int64_t i = 0; i < n; ++i)
      p[i] = static_cast<float>(values[i]);
    break;
  }
  case Kind::F16:
    for (int64_t i = 0; i < n; ++i)
      t.mutableAs<uint16_t>()[i] = doubleToHalf(values[i]);
    break;
  case Kind::BF16:
    for (int64_t i = 0; i < n; ++i)
      t.mutableAs<uint16_t>()[i] = doubleToBrain(values[i]);
    break;
  default: {
    num::Conversion policy;
    policy.overflow = num::Overflow::Infinity;
    for (int64_t i = 0; i < n; ++i)
      t.mutableBytes()[i] = static_cast<uint8_t>(d.format->encode(values[i], policy));
  }
  }
  return t;
}

int64_t wrapTo(const DType &d, int64_t x) {
  if (d.kind == Kind::Bool)
    return x != 0;
  if (d.bits >= 64)
    return x;
  unsigned shift = 64 - d.bits;
  uint64_t up = static_cast<uint64_t>(x) << shift;
  return d.kind == Kind::UInt ? static_cast<int64_t>(up >> shift)
                              : static_cast<int64_t>(up) >> shift;
}

Tensor fromInts(DType d, Shape shape, std::vector<int64_t> values) {
  assert(d.isInt());
  if (d.size() == 8) {
    auto keep = std::make_shared<std::vector<int64_t>>(std::move(values));
    keep->reserve(1);
    const void *data = keep->data();
    return Tensor::view(d, std::move(shape), data, std::move(keep));
  }
  Tensor t = Tensor::make(d, std::move(shape));
  int64_t n = t.numElements();
  assert(static_cast<int64_t>(values.size()) == n);
  if (d.size() == 4) {
    for (int64_t i = 0; i < n; ++i)
      t.mutableAs<uint32_t>()[i] = static_cast<uint32_t>(values[i]);
  } else if (d.size() == 2) {
    for (int64_t i = 0; i < n; ++i)
      t.mutableAs<uint16_t>()[i] = static_cast<uint16_t>(values[i]);
  } else if (d.kind == Kind::Bool) {
    for (int64_t i = 0; i < n; ++i)
      t.mutableBytes()[i] = values[i] != 0;
  } else {
    uint8_t mask = static_cast<uint8_t>((1u << d.bits) - 1);
    for (int64_t i = 0; i < n; ++i)
      t.mutableBytes()[i] = static_cast<uint8_t>(values[i]) & mask;
  }
  return t;
}

//===- exact sums
//-------------------------------------------------------------------------------------===//

double roundToOdd(double hi, double lo) {
  double s, e;
  twoSum(hi, lo, s, e);
  if (e == 0 || !std::isfinite(s) || std::bit_cast<uint64_t>(s) & 1)
    return std::isfinite(s) ? s : hi + lo;
  // s is even and not exact: the odd neighbour on the side of the rest.
  return std::nextafter(s, e > 0 ? HUGE_VAL : -HUGE_VAL);
}

void ExactSum::add(double x) {
  if (!std::isfinite(x)) {
    special_ += x;
    hasSpecial_ = true;
    return;
  }
  size_t kept = 0;
  for (double part : parts_) {
    double s, e;
    twoSum(x, part, s, e);
    if (e != 0)
      parts_[kept++] = e;
    x = s;
  }
  parts_.resize(kept);
  parts_.push_back(x);
}

void ExactSum::leading(double &hi, double &lo) const {
  hi = lo = 0;
  if (parts_.empty())
    return;
  // The parts do not overlap, but neighbours may round into each other: renormalize from the top.
  size_t i = parts_.size() - 1;
  hi = parts_[i];
  while (i > 0) {
    double s, e;
    twoSum(hi, parts_[--i], s, e);
    hi = s;
    lo = e;
    if (lo != 0)
      break;
  }
  // What is below can only decide a tie of lo; as a sticky bit it is one unit further.
  if (lo != 0 && i > 0)
    lo = std::nextafter(lo, parts_[i - 1] > 0 ? HUGE_VAL : -HUGE_VAL);
}

double ExactSum::result(const DType &dtype) const {
  if (hasSpecial_)
    return special_;
  double hi, lo;
  leading(hi, lo);
  return dtype.kind == Kind::F64 ? hi + lo : roundToOdd(hi, lo);
}

double ExactSum::quotient(double n, const DType &dtype) const {
  if (hasSpecial_)
    return special_ / n;
  double hi, lo;
  leading(hi, lo);
  double q = hi / n;
  if (!std::isfinite(q))
    return q;
  double rest = (std::fma(-q, n, hi) + lo) / n;
  return dtype.kind == Kind::F64 ? q + rest : roundToOdd(q, rest);
}

//===- scalars
//------------------------------------------------------------------------------------------===//

double lowestOf(const DType &d) {
  return d.format && !d.format->hasInf() ? d.format->lowest() : -HUGE_VAL;
}
double highestOf(const DType &d) {
  return d.format && !d.format->hasInf() ? d.format->max() : HUGE_VAL;
}

int64_t lowestInt(const DType &d) {
  if (d.isUnsigned())
    return 0;
  return static_cast<int64_t>(~uint64_t{0} << (d.bits - 1));
}
int64_t highestInt(const DType &d) {
  if (d.isUnsigned())
    return static_cast<int64_t>(~uint64_t{0} >> (64 - d.bits));
  return static_cast<int64_t>(~(~uint64_t{0} << (d.bits - 1)));
}

double minimum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) ? a : b;
  if (a == b)
    return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
double maximum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) ? a : b;
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

//===- strided copies
//-----------------------------------------------------------------------------------===//

Shape stridesOf(const Shape &shape) {
  Shape strides(shape.size());
  int64_t n = 1;
  for (size_t d = shape.size(); d-- > 0; n *= shape[d])
    strides[d] = n;
  return strides;
}

std::vector<int64_t> progression(int64_t start, int64_t step, int64_t count) {
  std::vector<int64_t> v(count);
  for (int64_t i = 0; i < count; ++i)
    v[i] = start + i * step;
  return v;
}

template <typename T>
static void mapRows(const T *in, T *out, const Shape &shape,
                    const std::vector<std::vector<int64_t>> &offsets, T fill) {
  size_t rank = shape.size();
  if (rank == 0) {
    *out = *in;
    return;
  }
  const std::vector<int64_t> &inner = offsets.back();
  int64_t n = shape.back(), rows = 1;
  for (size_t d = 0; d + 1 < rank; ++d)
    rows *= shape[d];
  bool contiguous = n > 0 && inner[0] >= 0, anyHole = false;
  for (int64_t i = 0; i < n; ++i) {
    contiguous &= inner[i] == inner[0] + i;
    anyHole |= inner[i] < 0;
  }
  Shape at(rank, 0);
  for (int64_t row = 0; row < rows; ++row, out += n) {
    int64_t base = 0;
    bool hole = false;
    for (size_t d = 0; d + 1 < rank; ++d) {
      hole |= offsets[d][at[d]] < 0;
      base += offsets[d][at[d]];
    }
    if (hole) {
      std::fill_n(out, n, fill);
    } else if (contiguous) {
      std::memcpy(out, in + base + inner[0], n * sizeof(T));
    } else if (!anyHole) {
      for (int64_t i = 0; i < n; ++i)
        out[i] = in[base + inner[i]];
    } else {
      for (int64_t i = 0; i < n; ++i)
        out[i] = inner[i] < 0 ? fill : in[base + inner[i]];
    }
    for (size_t d = rank - 1; d-- > 0;) {
      if (++at[d] < shape[d])
        break;
      at[d] = 0;
    }
  }
}

Tensor mapped(const Tensor &in, const Shape &shape,
              const std::vector<std::vector<int64_t>> &offsets, const void *fill) {
  Tensor out = Tensor::make(in.dtype(), shape);
  if (out.empty())
    return out;
  auto run = [&](auto tag) {
    using T = decltype(tag);
    T f{};
    if (fill)
      std::memcpy(&f, fill, sizeof(T));
    mapRows<T>(in.as<T>(), out.mutableAs<T>(), shape, offsets, f);
  };
  withWord(in.dtype().size(), run);
  return out;
}

} // namespace lpc::ref
