// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions, positions of extremes, running sums, top-k.
#include "lpc/Reference/Kernels.h"

#include "Values.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lpc::ref {

//===- reduce
//-------------------------------------------------------------------------------------------===//

static double reduceFloats(ReduceKind kind, const double *x, int64_t n, const DType &d) {
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Mean: {
    if (n == 1)
      return x[0];
    ExactSum sum;
    for (int64_t i = 0; i < n; ++i)
      sum.add(x[i]);
    if (kind == ReduceKind::Sum)
      return sum.result(d);
    return n ? sum.quotient(static_cast<double>(n), d) : std::numeric_limits<double>::quiet_NaN();
  }
  case ReduceKind::Max: {
    double m = lowestOf(d);
    for (int64_t i = 0; i < n; ++i)
      m = maximum(m, x[i]);
    return m;
  }
  case ReduceKind::Min: {
    double m = highestOf(d);
    for (int64_t i = 0; i < n; ++i)
      m = minimum(m, x[i]);
    return m;
  }
  case ReduceKind::Prod: {
    long double p =
        1; // wide enough in range for every partial product of narrower floats that matters
    for (int64_t i = 0; i < n; ++i)
      p *= x[i];
    return static_cast<double>(p);
  }
  }
  return 0;
}

static int64_t reduceInts(ReduceKind kind, const int64_t *x, int64_t n, const DType &d) {
  bool isUnsigned = d.isUnsigned();
  switch (kind) {
  case ReduceKind::Sum: {
    uint64_t s = 0;
    for (int64_t i = 0; i < n; ++i)
      s += static_cast<uint64_t>(x[i]);
    return static_cast<int64_t>(s);
  }
  case ReduceKind::Mean: {
    if (n == 0)
      return 0;
    __int128 s = 0;
    for (int64_t i = 0; i < n; ++i)
      s += isUnsigned ? static_cast<__int128>(static_cast<uint64_t>(x[i]))
                      : static_cast<__int128>(x[i]);
    return static_cast<int64_t>(s / n);
  }
  case ReduceKind::Max: {
    int64_t m = d.kind == Kind::Bool ? 0 : lowestInt(d);
    for (int64_t i = 0; i < n; ++i)
      m = lessInt(m, x[i], isUnsigned) ? x[i] : m;
    return m;
  }
  case ReduceKind::Min: {
    int64_t m = d.kind == Kind::Bool ? 1 : highestInt(d);
    for (int64_t i = 0; i < n; ++i)
      m = lessInt(x[i], m, isUnsigned) ? x[i] : m;
    return m;
  }
  case ReduceKind::Prod: {
    uint64_t p = 1;
    for (int64_t i = 0; i < n; ++i)
      p *= static_cast<uint64_t>(x[i]);
    return static_cast<int64_t>(p);
  }
  }
  return 0;
}

/// The tensor with `axes` moved to the end.
static Tensor axesLast(const Tensor &x, std::span<const int64_t> axes) {
  Shape order;
  for (int64_t d = 0; d < x.rank(); ++d)
    if (std::find(axes.begin(), axes.end(), d) == axes.end())
      order.push_back(d);
  order.insert(order.end(), axes.begin(), axes.end());
  return std::is_sorted(order.begin(), order.end()) ? x : transpose(x, order);
}

static Shape reducedShape(const Tensor &x, std::span<const int64_t> axes, bool keepDims) {
  Shape shape;
  for (int64_t d = 0; d < x.rank(); ++d) {
    bool reduced = std::find(axes.begin(), axes.end(), d) != axes.end();
    if (!reduced)
      shape.push_back(x.dim(d));
    else if (keepDims)
      shape.push_back(1);
  }
  return shape;
}

Tensor reduce(ReduceKind kind, const Tensor &x, std::span<const int64_t> axes, bool keepDims) {
  Shape shape = reducedShape(x, axes, keepDims);
  int64_t rows = countElements(shape), n = 1;
  for (int64_t a : axes)
    n *= x.dim(a);
  Tensor moved = axesLast(x, axes);
  if (x.dtype().isInt()) {
    Ints in(moved);
    std::vector<int64_t> out(rows);
    for (int64_t r = 0; r < rows; ++r)
      out[r] = reduceInts(kind, in.data() + r * n, n, x.dtype());
    return fromInts(x.dtype(), shape, std::move(out));
  }
  Doubles in(moved);
  std::vector<double> out(rows);
  for (int64_t r = 0; r < rows; ++r)
    out[r] = reduceFloats(kind, in.data() + r * n, n, x.dtype());
  return fromDoubles(x.dtype(), shape, std::move(out));
}

//===- positions
//------------------------------------------------------------------------------------------===//

/// A total order of floats for selection: NaN above everything, -0 equal to +0.
static bool lessFloat(double a, double b) {
  if (std::isnan(b))
    return !std::isnan(a);
  return a < b;
}

/// Calls fn with the elements as an indexable object and their order.
template <typename Fn> static void withOrder(const Tensor &x, Fn fn) {
  if (x.dtype().isInt()) {
    bool isUnsigned = x.dtype().isUnsigned();
    fn(Ints(x), [=](int64_t a, int64_t b) { return lessInt(a, b, isUnsigned); });
  } else {
    fn(Doubles(x), lessFloat);
  }
}

Result<Tensor> argReduce(ReduceKind kind, const Tensor &x, int64_t axis, bool keepDims,
                         bool selectLast) {
  int64_t axes[] = {axis};
  Shape shape = reducedShape(x, axes, keepDims);
  int64_t rows = countElements(shape), n = x.dim(axis);
  if (n == 0 && rows > 0)
    return Error{"no largest or smallest element along axis " + std::to_string(axis) +
                 ", which is empty"};
  std::vector<int64_t> out(rows);
  withOrder(axesLast(x, axes), [&](const auto &in, auto less) {
    for (int64_t r = 0; r < rows; ++r) {
      int64_t best = 0;
      for (int64_t i = 1; i < n; ++i) {
        auto a = in[r * n + i], b = in[r * n + best];
        bool isBetter;
        if constexpr (std::is_floating_point_v<decltype(a)>)
          // NaN is both the largest and the smallest.
          isBetter = std::isnan(a) != std::isnan(b) ? std::isnan(a)
                     : kind == ReduceKind::Max      ? a > b
                                                    : a < b;
        else
          isBetter = kind == ReduceKind::Max ? less(b, a) : less(a, b);
        bool equal = a == b || (a != a && b != b);
        if (isBetter || (selectLast && equal))
          best = i;
      }
      out[r] = best;
    }
  });
  return fromInts(DType::i(64), shape, std::move(out));
}

Result<std::pair<Tensor, Tensor>> topK(const Tensor &x, int64_t k, int64_t axis, bool largest) {
  int64_t n = x.dim(axis);
  if (k < 0 || k > n)
    return Error{"cannot take " + std::to_string(k) + " elements of axis " + std::to_string(axis) +
                 ", which has size " + std::to_string(n)};
  int64_t axes[] = {axis};
  Tensor moved = axesLast(x, axes);
  int64_t rows = n ? x.numElements() / n : 0;
  Shape shape = moved.shape();
  shape.back() = k;
  Tensor values = Tensor::make(x.dtype(), shape);
  rows = k ? values.numElements() / k : 0;
  std::vector<int64_t> positions(rows * k);
  size_t width = x.dtype().size();
  withOrder(moved, [&](const auto &in, auto less) {
    for (int64_t r = 0; r < rows; ++r) {
      std::vector<int64_t> order = progression(0, 1, n);
      std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        auto u = in[r * n + a], v = in[r * n + b];
        bool before = largest ? less(v, u) : less(u, v), after = largest ? less(u, v) : less(v, u);
        return before || (!after && a < b);
      });
      for (int64_t i = 0; i < k; ++i) {
        positions[r * k + i] = order[i];
        std::memcpy(values.mutableBytes() + (r * k + i) * width,
                    moved.bytes() + (r * n + order[i]) * width, width);
      }
    }
  });
  Tensor indices = fromInts(DType::i(64), shape, std::move(positions));
  // The axis goes back to its place.
  Shape back;
  for (int64_t d = 0; d < x.rank(); ++d)
    back.push_back(d < axis ? d : d == axis ? x.rank() - 1 : d - 1);
  return std::pair<Tensor, Tensor>{transpose(values, back), transpose(indices, back)};
}

//===- scan
//-----------------------------------------------------------------------------------------------===//

Tensor scan(ReduceKind kind, const Tensor &x, int64_t axis, bool exclusive, bool reverse) {
  int64_t n = x.dim(axis), inner = 1, outer = 1;
  for (int64_t d = 0; d < x.rank(); ++d)
    (d < axis ? outer : inner) *= d == axis ? 1 : x.dim(d);
  auto run = [&](const auto &in, auto start, auto combine) {
    std::vector<decltype(start)> out(x.numElements());
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) {
        auto total = start;
        for (int64_t step = 0; step < n; ++step) {
          int64_t at = (o * n + (reverse ? n - 1 - step : step)) * inner + i;
          if (exclusive)
            out[at] = total;
          // The first element is taken as it is, so that -0 stays.
          total = step == 0 ? in[at] : combine(total, in[at]);
          if (!exclusive)
            out[at] = total;
        }
      }
    return out;
  };
  bool sum = kind == ReduceKind::Sum;
  const DType &d = x.dtype();
  if (d.isInt())
    return fromInts(d, x.shape(), run(Ints(x), int64_t(!sum), [&](int64_t a, int64_t b) {
                      auto u = static_cast<uint64_t>(a), v = static_cast<uint64_t>(b);
                      return static_cast<int64_t>(sum ? u + v : u * v);
                    }));
  return fromDoubles(d, x.shape(), run(Doubles(x), sum ? 0.0 : 1.0, [&](double a, double b) {
                       return roundTo(d, sum ? a + b : a * b);
                     }));
}

} // namespace lpc::ref
