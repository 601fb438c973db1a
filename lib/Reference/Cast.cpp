// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Changes of element type.
#include "lpc/Reference/Kernels.h"

#include "Values.h"

#include <cmath>

namespace lpc::ref {

/// Float to integer: truncation (into 4 and 2 bits: nearest even), clamped; NaN gives 0.
static int64_t floatToInt(double x, const DType &to) {
  if (std::isnan(x))
    return 0;
  x = to.bits <= 4 ? std::nearbyint(x) : std::trunc(x);
  // 2^63 and 2^64 are doubles; the largest integers below them are not.
  if (to.isUnsigned()) {
    if (x <= 0)
      return 0;
    return x >= std::ldexp(1.0, to.bits) ? highestInt(to)
                                         : static_cast<int64_t>(static_cast<uint64_t>(x));
  }
  double limit = std::ldexp(1.0, to.bits - 1);
  if (x >= limit)
    return highestInt(to);
  return x < -limit ? lowestInt(to) : static_cast<int64_t>(x);
}

/// An integer as a double that rounds once more without harm: beyond 2^53 the last bit is sticky.
static double intToDouble(int64_t x, bool isUnsigned, const DType &to) {
  double hi = isUnsigned ? static_cast<double>(static_cast<uint64_t>(x)) : static_cast<double>(x);
  if (to.kind == Kind::F64)
    return hi;
  __int128 wide =
      isUnsigned ? static_cast<__int128>(static_cast<uint64_t>(x)) : static_cast<__int128>(x);
  return roundToOdd(hi, static_cast<double>(wide - static_cast<__int128>(hi)));
}

static Tensor toSmallFloat(std::vector<double> values, const Tensor &x, DType to, bool saturate) {
  num::Conversion policy;
  policy.overflow = saturate ? num::Overflow::Saturate : num::Overflow::Infinity;
  Tensor out = Tensor::make(to, x.shape());
  for (size_t i = 0; i < values.size(); ++i)
    out.mutableBytes()[i] = static_cast<uint8_t>(to.format->encode(values[i], policy));
  return out;
}

Tensor cast(const Tensor &x, DType to, bool saturate) {
  if (x.dtype() == to)
    return x;
  int64_t n = x.numElements();
  bool fromInt = x.dtype().isInt();
  if (to.kind == Kind::Bool) {
    Tensor out = Tensor::make(to, x.shape());
    auto loop = [&](const auto &in) {
      for (int64_t i = 0; i < n; ++i)
        out.mutableBytes()[i] = in[i] != 0;
    };
    fromInt ? loop(Ints(x)) : loop(Doubles(x));
    return out;
  }
  if (to.isInt()) {
    std::vector<int64_t> out(n);
    if (fromInt) {
      Ints in(x);
      out.assign(in.data(), in.data() + n);
    } else {
      Doubles in(x);
      for (int64_t i = 0; i < n; ++i)
        out[i] = floatToInt(in[i], to);
    }
    return fromInts(to, x.shape(), std::move(out));
  }
  std::vector<double> out(n);
  if (fromInt) {
    Ints in(x);
    for (int64_t i = 0; i < n; ++i)
      out[i] = intToDouble(in[i], x.dtype().isUnsigned(), to);
  } else {
    Doubles in(x);
    out.assign(in.data(), in.data() + n);
  }
  if (to.kind == Kind::SmallFloat)
    return toSmallFloat(std::move(out), x, to, saturate);
  return fromDoubles(to, x.shape(), std::move(out));
}

Result<Tensor> bitcast(const Tensor &x, DType to) {
  if (x.dtype().bits != to.bits)
    return Error{"cannot read " + x.dtype().name() + " as " + to.name() +
                 ", which has another width"};
  if (x.dtype().size() == to.size())
    return x.retyped(to);
  // A code is kept in two bytes, the builtin type of its width in one.
  Tensor out = Tensor::make(to, x.shape());
  int64_t n = x.numElements();
  if (to.size() == 2)
    for (int64_t i = 0; i < n; ++i)
      out.mutableAs<uint16_t>()[i] = x.bytes()[i] & ((1u << to.bits) - 1);
  else
    for (int64_t i = 0; i < n; ++i)
      out.mutableBytes()[i] = static_cast<uint8_t>(x.as<uint16_t>()[i]);
  return out;
}

} // namespace lpc::ref
