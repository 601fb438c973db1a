// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that move elements: all but concat and reshape are one copy by a table of offsets for
// each dimension.
#include "lpc/Reference/Kernels.h"

#include "Values.h"

#include <algorithm>

namespace lpc::ref {

Result<Tensor> reshape(const Tensor &x, const Shape &shape) {
  if (countElements(shape) != x.numElements())
    return Error{"cannot reshape " + shapeText(x.shape()) + " to " + shapeText(shape) +
                 ", which has another number of elements"};
  return x.reshaped(shape);
}

Tensor transpose(const Tensor &x, std::span<const int64_t> permutation) {
  Shape strides = stridesOf(x.shape()), shape;
  std::vector<std::vector<int64_t>> offsets;
  for (int64_t p : permutation) {
    shape.push_back(x.dim(p));
    offsets.push_back(progression(0, strides[p], x.dim(p)));
  }
  return mapped(x, shape, offsets);
}

Result<Tensor> concat(std::span<const Tensor> inputs, int64_t axis) {
  Shape shape = inputs.front().shape();
  shape[axis] = 0;
  for (const Tensor &t : inputs) {
    for (int64_t d = 0; d < t.rank(); ++d)
      if (d != axis && t.dim(d) != shape[d])
        return Error{"cannot concatenate shapes " + shapeText(inputs.front().shape()) + " and " +
                     shapeText(t.shape()) + " along axis " + std::to_string(axis)};
    shape[axis] += t.dim(axis);
  }
  Tensor out = Tensor::make(inputs.front().dtype(), shape);
  if (out.empty())
    return out;
  int64_t outer = 1;
  for (int64_t d = 0; d < axis; ++d)
    outer *= shape[d];
  uint8_t *p = out.mutableBytes();
  for (int64_t o = 0; o < outer; ++o)
    for (const Tensor &t : inputs) {
      int64_t bytes = t.numBytes() / outer;
      if (bytes)
        std::memcpy(p, t.bytes() + o * bytes, bytes);
      p += bytes;
    }
  return out;
}

Result<Tensor> slice(const Tensor &x, std::span<const int64_t> starts,
                     std::span<const int64_t> sizes, std::span<const int64_t> steps) {
  Shape strides = stridesOf(x.shape());
  std::vector<std::vector<int64_t>> offsets;
  for (int64_t d = 0; d < x.rank(); ++d) {
    if (sizes[d] < 0)
      return Error{"slice of negative size " + std::to_string(sizes[d]) + " along axis " +
                   std::to_string(d)};
    int64_t last = starts[d] + (sizes[d] - 1) * steps[d];
    if (sizes[d] > 0 && (starts[d] < 0 || starts[d] >= x.dim(d) || last < 0 || last >= x.dim(d)))
      return Error{"slice reads position " +
                   std::to_string(starts[d] < 0 || starts[d] >= x.dim(d) ? starts[d] : last) +
                   " of axis " + std::to_string(d) + ", which has size " +
                   std::to_string(x.dim(d))};
    offsets.push_back(progression(starts[d] * strides[d], steps[d] * strides[d], sizes[d]));
  }
  return mapped(x, Shape(sizes.begin(), sizes.end()), offsets);
}

/// Where position p of a padded dimension of size n comes from; -1: nowhere.
static int64_t paddedSource(int64_t p, int64_t n, PadMode mode) {
  if (p >= 0 && p < n)
    return p;
  switch (mode) {
  case PadMode::Constant:
    return -1;
  case PadMode::Edge:
    return p < 0 ? 0 : n - 1;
  case PadMode::Wrap:
    return (p % n + n) % n;
  case PadMode::Reflect: {
    if (n == 1)
      return 0;
    int64_t period = 2 * (n - 1), q = (p % period + period) % period;
    return q < n ? q : period - q;
  }
  }
  return -1;
}

Result<Tensor> pad(const Tensor &x, std::span<const int64_t> low, std::span<const int64_t> high,
                   PadMode mode, const Tensor *value) {
  Shape strides = stridesOf(x.shape()), shape;
  std::vector<std::vector<int64_t>> offsets;
  for (int64_t d = 0; d < x.rank(); ++d) {
    int64_t n = x.dim(d), size = low[d] + n + high[d];
    if (size < 0)
      return Error{"padding crops more than axis " + std::to_string(d) + " of size " +
                   std::to_string(n) + " has"};
    if (n == 0 && size > 0 && mode != PadMode::Constant)
      return Error{"cannot pad the empty axis " + std::to_string(d) + " from its own elements"};
    shape.push_back(size);
    std::vector<int64_t> &o = offsets.emplace_back(size);
    for (int64_t i = 0; i < size; ++i) {
      int64_t source = paddedSource(i - low[d], n, mode);
      o[i] = source < 0 ? -1 : source * strides[d];
    }
  }
  return mapped(x, shape, offsets, value ? value->bytes() : nullptr);
}

Tensor iota(DType dtype, const Shape &shape, int64_t axis) {
  std::vector<int64_t> line = progression(0, 1, shape[axis]);
  Tensor one = cast(fromInts(DType::i(64), {shape[axis]}, std::move(line)), dtype);
  Shape stretched(shape.size(), 1);
  stretched[axis] = shape[axis];
  return *broadcast(one.reshaped(stretched), shape);
}

} // namespace lpc::ref
