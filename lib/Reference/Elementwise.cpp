// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise kernels: functions of one, two and three elements.
#include "lpc/Reference/Kernels.h"

#include "Values.h"

#include <array>
#include <cmath>
#include <limits>

namespace lpc::ref {

//===- broadcasting
//-----------------------------------------------------------------------------------===//

Result<Shape> broadcastShape(std::span<const Shape> shapes) {
  size_t rank = 0;
  for (const Shape &s : shapes)
    rank = std::max(rank, s.size());
  Shape out(rank, 1);
  for (const Shape &s : shapes)
    for (size_t i = 0; i < s.size(); ++i) {
      int64_t &o = out[rank - s.size() + i];
      if (o == 1)
        o = s[i];
      else if (s[i] != 1 && s[i] != o)
        return Error{"shapes " + shapeText(shapes[0]) + " and " + shapeText(s) +
                     " do not broadcast"};
    }
  return out;
}

Result<Tensor> broadcast(const Tensor &x, const Shape &shape) {
  if (x.shape() == shape)
    return x;
  size_t skip = shape.size() - x.shape().size();
  if (x.shape().size() > shape.size())
    return Error{"cannot broadcast shape " + shapeText(x.shape()) + " to " + shapeText(shape)};
  Shape strides = stridesOf(x.shape());
  std::vector<std::vector<int64_t>> offsets;
  for (size_t d = 0; d < shape.size(); ++d) {
    bool repeat = d < skip || x.shape()[d - skip] == 1;
    if (!repeat && x.shape()[d - skip] != shape[d])
      return Error{"cannot broadcast shape " + shapeText(x.shape()) + " to " + shapeText(shape)};
    offsets.push_back(progression(0, repeat ? 0 : strides[d - skip], shape[d]));
  }
  return mapped(x, shape, offsets);
}

//===- one operand
//--------------------------------------------------------------------------------------===//

/// Functions in the working precision T: double for types narrower than f64, else long double.
template <typename T> static T unaryFloat(UnaryKind kind, T x) {
  switch (kind) {
  case UnaryKind::Neg:
    return -x;
  case UnaryKind::Abs:
    return std::fabs(x);
  case UnaryKind::Sign:
    return std::isnan(x) ? x : static_cast<T>((x > 0) - (x < 0));
  case UnaryKind::Sqrt:
    return std::sqrt(x);
  case UnaryKind::Rsqrt:
    return 1 / std::sqrt(x);
  case UnaryKind::Reciprocal:
    return 1 / x;
  case UnaryKind::Exp:
    return std::exp(x);
  case UnaryKind::Log:
    return std::log(x);
  case UnaryKind::Erf:
    return std::erf(x);
  case UnaryKind::Sin:
    return std::sin(x);
  case UnaryKind::Cos:
    return std::cos(x);
  case UnaryKind::Tan:
    return std::tan(x);
  case UnaryKind::Asin:
    return std::asin(x);
  case UnaryKind::Acos:
    return std::acos(x);
  case UnaryKind::Atan:
    return std::atan(x);
  case UnaryKind::Sinh:
    return std::sinh(x);
  case UnaryKind::Cosh:
    return std::cosh(x);
  case UnaryKind::Tanh:
    return std::tanh(x);
  case UnaryKind::Asinh:
    return std::asinh(x);
  case UnaryKind::Acosh:
    return std::acosh(x);
  case UnaryKind::Atanh:
    return std::atanh(x);
  case UnaryKind::Floor:
    return std::floor(x);
  case UnaryKind::Ceil:
    return std::ceil(x);
  case UnaryKind::Round:
    return std::nearbyint(x);
  case UnaryKind::Trunc:
    return std::trunc(x);
  case UnaryKind::Relu:
    return x <= 0 ? T(0) : x;
  case UnaryKind::Sigmoid:
    return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
  case UnaryKind::Silu:
    return x * unaryFloat<T>(UnaryKind::Sigmoid, x);
  case UnaryKind::Gelu: // 1 + erf(y) = erfc(-y), without cancellation
    return x / 2 * std::erfc(-x / std::sqrt(T(2)));
  case UnaryKind::GeluTanh: { // (1 + tanh(u)) / 2 = sigmoid(2u)
    T u = std::sqrt(2 / std::acos(T(-1))) * (x + T(0.044715L) * x * x * x);
    return x * unaryFloat<T>(UnaryKind::Sigmoid, 2 * u);
  }
  case UnaryKind::Softplus:
    return std::isnan(x) ? x : std::fmax(x, T(0)) + std::log1p(std::exp(-std::fabs(x)));
  case UnaryKind::HardSwish: {
    T h = x / 6 + T(0.5);
    return x * (h < 0 ? T(0) : h > 1 ? T(1) : h);
  }
  case UnaryKind::Not:
  case UnaryKind::IsNaN:
  case UnaryKind::IsInf:
    break;
  }
  return std::numeric_limits<T>::quiet_NaN();
}

static int64_t unaryInt(UnaryKind kind, int64_t x, const DType &d) {
  auto negated = static_cast<int64_t>(0 - static_cast<uint64_t>(x));
  bool negative = !d.isUnsigned() && x < 0;
  switch (kind) {
  case UnaryKind::Neg:
    return negated;
  case UnaryKind::Abs:
    return negative ? negated : x;
  case UnaryKind::Sign:
    return x == 0 ? 0 : negative ? -1 : 1;
  case UnaryKind::Not:
    return d.kind == Kind::Bool ? !x : ~x;
  case UnaryKind::Relu:
    return negative ? 0 : x;
  default:
    return x; // floor and the like; the verifier admits no other kind
  }
}

Tensor unary(UnaryKind kind, const Tensor &x) {
  int64_t n = x.numElements();
  if (kind == UnaryKind::IsNaN || kind == UnaryKind::IsInf) {
    Doubles in(x);
    Tensor out = Tensor::make(DType::boolean(), x.shape());
    for (int64_t i = 0; i < n; ++i)
      out.mutableBytes()[i] = kind == UnaryKind::IsNaN ? std::isnan(in[i]) : std::isinf(in[i]);
    return out;
  }
  if (x.dtype().isInt()) {
    Ints in(x);
    std::vector<int64_t> out(n);
    for (int64_t i = 0; i < n; ++i)
      out[i] = unaryInt(kind, in[i], x.dtype());
    return fromInts(x.dtype(), x.shape(), std::move(out));
  }
  Doubles in(x);
  std::vector<double> out(n);
  if (x.dtype().kind == Kind::F64)
    for (int64_t i = 0; i < n; ++i)
      out[i] = static_cast<double>(unaryFloat<long double>(kind, in[i]));
  else
    for (int64_t i = 0; i < n; ++i)
      out[i] = unaryFloat<double>(kind, in[i]);
  return fromDoubles(x.dtype(), x.shape(), std::move(out));
}

Tensor clamp(const Tensor &x, double lo, double hi) {
  int64_t n = x.numElements();
  const DType &d = x.dtype();
  if (d.isInt()) {
    // Bounds are rounded to the type and may lie beyond it.
    auto bound = [&](double b) -> int64_t {
      double least = static_cast<double>(lowestInt(d));
      double most = d.isUnsigned() ? static_cast<double>(static_cast<uint64_t>(highestInt(d)))
                                   : static_cast<double>(highestInt(d));
      if (!(b > least))
        return lowestInt(d);
      if (b >= most)
        return highestInt(d);
      return d.isUnsigned() ? static_cast<int64_t>(static_cast<uint64_t>(std::nearbyint(b)))
                            : static_cast<int64_t>(std::nearbyint(b));
    };
    int64_t a = bound(lo), b = bound(hi);
    Ints in(x);
    std::vector<int64_t> out(n);
    for (int64_t i = 0; i < n; ++i) {
      int64_t v = lessInt(in[i], a, d.isUnsigned()) ? a : in[i];
      out[i] = lessInt(b, v, d.isUnsigned()) ? b : v;
    }
    return fromInts(d, x.shape(), std::move(out));
  }
  lo = roundTo(d, lo);
  hi = roundTo(d, hi);
  Doubles in(x);
  std::vector<double> out(n);
  for (int64_t i = 0; i < n; ++i)
    out[i] = minimum(maximum(in[i], lo), hi);
  return fromDoubles(d, x.shape(), std::move(out));
}

//===- two operands
//-------------------------------------------------------------------------------------===//

static double binaryFloat(BinaryKind kind, double a, double b) {
  switch (kind) {
  case BinaryKind::Add:
    return a + b;
  case BinaryKind::Sub:
    return a - b;
  case BinaryKind::Mul:
    return a * b;
  case BinaryKind::Div:
    return a / b;
  case BinaryKind::Pow:
    return std::pow(a, b);
  case BinaryKind::Mod: {
    double r = std::fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
  case BinaryKind::Rem:
    return std::fmod(a, b);
  case BinaryKind::Min:
    return minimum(a, b);
  case BinaryKind::Max:
    return maximum(a, b);
  default:
    return std::numeric_limits<double>::quiet_NaN(); // logic and shifts: integers only
  }
}

static int64_t intPower(int64_t x, int64_t y, const DType &d) {
  if (!d.isUnsigned() && y < 0) // the truncated reciprocal
    return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;
  uint64_t result = 1, base = static_cast<uint64_t>(x);
  for (auto e = static_cast<uint64_t>(y); e; e >>= 1, base *= base)
    if (e & 1)
      result *= base;
  return static_cast<int64_t>(result);
}

static int64_t binaryInt(BinaryKind kind, int64_t a, int64_t b, const DType &d) {
  bool isUnsigned = d.isUnsigned();
  auto ua = static_cast<uint64_t>(a), ub = static_cast<uint64_t>(b);
  switch (kind) {
  case BinaryKind::Add:
    return d.kind == Kind::Bool ? (a ^ b) : static_cast<int64_t>(ua + ub);
  case BinaryKind::Sub:
    return d.kind == Kind::Bool ? (a ^ b) : static_cast<int64_t>(ua - ub);
  case BinaryKind::Mul:
    return static_cast<int64_t>(ua * ub);
  case BinaryKind::Div:
    if (b == 0)
      return 0;
    if (isUnsigned)
      return static_cast<int64_t>(ua / ub);
    return b == -1 ? static_cast<int64_t>(0 - ua) : a / b;
  case BinaryKind::Pow:
    return intPower(a, b, d);
  case BinaryKind::Mod:
  case BinaryKind::Rem: {
    if (b == 0)
      return 0;
    if (isUnsigned)
      return static_cast<int64_t>(ua % ub);
    int64_t r = b == -1 ? 0 : a % b;
    return kind == BinaryKind::Mod && r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
  case BinaryKind::Min:
    return lessInt(b, a, isUnsigned) ? b : a;
  case BinaryKind::Max:
    return lessInt(a, b, isUnsigned) ? b : a;
  case BinaryKind::And:
    return a & b;
  case BinaryKind::Or:
    return a | b;
  case BinaryKind::Xor:
    return a ^ b;
  case BinaryKind::Shl:
  case BinaryKind::Shr: {
    // The amount is unsigned in the type's width; too far gives 0, or the sign.
    uint64_t amount = ub & (d.bits == 64 ? ~uint64_t{0} : (uint64_t{1} << d.bits) - 1);
    bool far = amount >= d.bits;
    if (kind == BinaryKind::Shl)
      return far ? 0 : static_cast<int64_t>(ua << amount);
    if (isUnsigned)
      return far ? 0 : static_cast<int64_t>(ua >> amount);
    return a >> (far ? 63 : amount);
  }
  }
  return 0;
}

/// Both operands under their common shape.
static Result<std::array<Tensor, 2>> align(const Tensor &a, const Tensor &b) {
  if (a.shape() == b.shape())
    return std::array<Tensor, 2>{a, b};
  Shape shapes[] = {a.shape(), b.shape()};
  Result<Shape> shape = broadcastShape(shapes);
  if (!shape)
    return shape.takeError();
  return std::array<Tensor, 2>{*broadcast(a, *shape), *broadcast(b, *shape)};
}

Result<Tensor> binary(BinaryKind kind, const Tensor &lhs, const Tensor &rhs) {
  Result<std::array<Tensor, 2>> both = align(lhs, rhs);
  if (!both)
    return both.takeError();
  auto &[a, b] = *both;
  int64_t n = a.numElements();
  const DType &d = a.dtype();
  if (d.isInt()) {
    Ints x(a), y(b);
    std::vector<int64_t> out(n);
    for (int64_t i = 0; i < n; ++i)
      out[i] = binaryInt(kind, x[i], y[i], d);
    return fromInts(d, a.shape(), std::move(out));
  }
  Doubles x(a), y(b);
  std::vector<double> out(n);
  // One loop for each common kind, so that it vectorizes.
  auto loop = [&](auto fn) {
    for (int64_t i = 0; i < n; ++i)
      out[i] = fn(x[i], y[i]);
  };
  switch (kind) {
  case BinaryKind::Add:
    loop([](double p, double q) { return p + q; });
    break;
  case BinaryKind::Sub:
    loop([](double p, double q) { return p - q; });
    break;
  case BinaryKind::Mul:
    loop([](double p, double q) { return p * q; });
    break;
  case BinaryKind::Div:
    loop([](double p, double q) { return p / q; });
    break;
  case BinaryKind::Pow:
    if (d.kind == Kind::F64) {
      loop([](double p, double q) {
        return static_cast<double>(
            std::pow(static_cast<long double>(p), static_cast<long double>(q)));
      });
      break;
    }
    [[fallthrough]];
  default:
    loop([&](double p, double q) { return binaryFloat(kind, p, q); });
  }
  return fromDoubles(d, a.shape(), std::move(out));
}

Result<Tensor> compare(CompareKind kind, const Tensor &lhs, const Tensor &rhs) {
  Result<std::array<Tensor, 2>> both = align(lhs, rhs);
  if (!both)
    return both.takeError();
  auto &[a, b] = *both;
  Tensor out = Tensor::make(DType::boolean(), a.shape());
  uint8_t *o = out.mutableBytes();
  int64_t n = a.numElements();
  auto loop = [&](const auto &x, const auto &y, auto less) {
    for (int64_t i = 0; i < n; ++i)
      switch (kind) {
      case CompareKind::Eq:
        o[i] = x[i] == y[i];
        break;
      case CompareKind::Ne:
        o[i] = x[i] != y[i];
        break;
      case CompareKind::Lt:
        o[i] = less(x[i], y[i]);
        break;
      case CompareKind::Le:
        o[i] = less(x[i], y[i]) || x[i] == y[i];
        break;
      case CompareKind::Gt:
        o[i] = less(y[i], x[i]);
        break;
      case CompareKind::Ge:
        o[i] = less(y[i], x[i]) || x[i] == y[i];
        break;
      }
  };
  if (a.dtype().isInt()) {
    bool isUnsigned = a.dtype().isUnsigned();
    loop(Ints(a), Ints(b), [&](int64_t p, int64_t q) { return lessInt(p, q, isUnsigned); });
  } else {
    loop(Doubles(a), Doubles(b), [](double p, double q) { return p < q; });
  }
  return out;
}

Result<Tensor> select(const Tensor &condition, const Tensor &onTrue, const Tensor &onFalse) {
  Shape shapes[] = {condition.shape(), onTrue.shape(), onFalse.shape()};
  Result<Shape> shape = broadcastShape(shapes);
  if (!shape)
    return shape.takeError();
  Tensor c = *broadcast(condition, *shape), t = *broadcast(onTrue, *shape),
         f = *broadcast(onFalse, *shape);
  Tensor out = Tensor::make(onTrue.dtype(), *shape);
  const uint8_t *which = c.bytes();
  auto run = [&](auto tag) {
    using T = decltype(tag);
    const T *a = t.as<T>(), *b = f.as<T>();
    T *o = out.mutableAs<T>();
    for (int64_t i = 0, n = out.numElements(); i < n; ++i)
      o[i] = which[i] ? a[i] : b[i];
  };
  withWord(out.dtype().size(), run);
  return out;
}

} // namespace lpc::ref
